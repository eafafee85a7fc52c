"""The header of a message as bytes: read, taken out, put in, and nothing else touched."""

import re
from email.utils import getaddresses

END = re.compile(rb"\r?\n(?=\r?\n)")
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\n]|\n[ \t])*)(?:\n|\Z)")
FOLD = re.compile(r"\r?\n(?=[ \t])")


def cut(raw: bytes) -> tuple[bytes, bytes]:
    """The header with its last line end, and what follows: the empty line and the body."""
    end = END.search(raw)
    if end is None:
        return raw, b"\r\n"
    return raw[: end.end()], raw[end.end() :]


def every(raw: bytes, name: str) -> list[str]:
    """The values of all fields of that name, unfolded and not decoded."""
    wanted = name.lower().encode()
    return [
        FOLD.sub("", match[2].decode("utf-8", "replace")).strip()
        for match in FIELD.finditer(cut(raw)[0])
        if match[1].lower() == wanted
    ]


def first(raw: bytes, name: str) -> str:
    """The value of the first field of that name, or nothing."""
    return next(iter(every(raw, name)), "")


def drop(raw: bytes, *names: str) -> bytes:
    """Without the fields of those names."""
    gone = {name.lower().encode() for name in names}
    head, rest = cut(raw)
    kept = FIELD.sub(lambda match: b"" if match[1].lower() in gone else match[0], head)
    return kept + rest


def put(raw: bytes, name: str, value: str) -> bytes:
    """With one field of that name, at the place of the first there was, or at the end."""
    line = f"{name}: {value}\r\n".encode()
    head, rest = cut(raw)
    place = next((m.start() for m in FIELD.finditer(head) if m[1].lower() == name.lower().encode()),
                 None)  # fmt: skip
    if place is None:
        return head + line + rest
    before, after = head[:place], drop(head[place:] + b"\r\n", name)[:-2]
    return before + line + after + rest


def addresses(raw: bytes, *names: str) -> list[str]:
    """The addresses in the fields of those names, each once, in lower case."""
    values = [value for name in names for value in every(raw, name)]
    found = (address.strip().lower() for _, address in getaddresses(values))
    return list(dict.fromkeys(address for address in found if "@" in address))
