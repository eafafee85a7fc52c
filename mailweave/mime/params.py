"""Structured header values, "type; name=value; …", with RFC 2231 and what programs make of it."""

import re
from urllib.parse import unquote_to_bytes

from mailweave.mime import charsets
from mailweave.mime.headers import decode, strip_controls

MAX_PARAMS = 100
MAX_INPUT = 16 * 1024
MAX_FILENAME = 200

_PARAM = re.compile(
    r"[;\s]*+([^=;\s\"]++)\s*+=\s*+(\"(?:[^\"\\]++|\\.)*+\"?+|[^;\s]*+)|[^;]++|;", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PIECE = re.compile(r"(.+?)\*(\d{1,3})(\*?)")
_SEPARATORS = re.compile(r"[/\\]")


def params(value: str) -> tuple[str, dict[str, str]]:
    """(main value in lower case, parameters by lower-case name) of a header like Content-Type.

    At most 100 parameters in 16 KB are read. An RFC 2231 form wins over a plain one. Never raises.
    """
    main, _, rest = value[:MAX_INPUT].partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, match in enumerate(_PARAM.finditer(rest)):
        if count >= 2 * MAX_PARAMS or len(plain) + len(pieces) >= MAX_PARAMS:
            break
        if match[1]:
            _file(match[1].lower(), _unquote(match[2]), plain, pieces)
    joined = {name: _join(parts) for name, parts in pieces.items()}
    return strip_controls(main).strip().lower(), plain | joined


def filename(value: str) -> str:
    """A file name as it may be shown and stored: decoded, one line, no path, at most 200 chars.

    The end of an over-long name stays, since it says what kind of file it is.
    """
    name = " ".join(decode(value).split())
    name = _SEPARATORS.split(name)[-1].strip(". ") or _SEPARATORS.sub("_", name).strip(". ")
    if len(name) <= MAX_FILENAME:
        return name
    return f"{name[: MAX_FILENAME - 41]}…{name[-40:]}"


def _file(
    name: str,
    value: str,
    plain: dict[str, str],
    pieces: dict[str, dict[int, tuple[str, bool]]],
) -> None:
    """Put one parameter where it belongs: ``name``, ``name*``, ``name*0`` or ``name*0*``."""
    match = _PIECE.fullmatch(name)
    if match:
        pieces.setdefault(match[1], {}).setdefault(int(match[2]), (value, bool(match[3])))
    elif name.endswith("*"):
        pieces.setdefault(name[:-1], {}).setdefault(0, (value, True))
    else:
        plain.setdefault(name, value)


def _join(parts: dict[int, tuple[str, bool]]) -> str:
    charset, data = "", b""
    for number in sorted(parts):
        value, encoded = parts[number]
        if encoded and number == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return charsets.decode(data, charset)


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _ESCAPE.sub(r"\1", value[1:].removesuffix('"'))
