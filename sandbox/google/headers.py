"""Header values the way Gmail shows them: unfolded, encoded words decoded, names quoted."""

import base64
import binascii
import re
from email.message import Message

from sandbox.google.charsets import decode, scrub

ADDRESSED = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender", "resent-from", "resent-to"})
ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]*)\?=")
GAP = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
FOLD = re.compile(r"\r?\n[ \t]?|\r")
NAME_AND_ADDRESS = re.compile(r"^(\s*)([^<]*?)(\s*<[^<>]*>\s*)$")


def shown_headers(part: Message) -> list[dict[str, str]]:
    """Every header of a part in order, as ``{"name", "value"}``."""
    return [
        {"name": scrub(text(name)), "value": shown_value(name, value)}
        for name, value in part._headers  # type: ignore[attr-defined]  # noqa: SLF001
    ]


def shown_value(name: str, value: str) -> str:
    """One header's value, unfolded and decoded; a decoded display name is quoted."""
    flat = FOLD.sub(" ", text(value)).strip()
    if "=?" not in flat:
        return scrub(flat)
    if name.lower() in ADDRESSED:
        return scrub(",".join(_decode_address(piece) for piece in split_commas(flat)))
    return scrub(decode_words(flat))


def text(value: object) -> str:
    """A raw header value as text: bytes beyond ASCII are UTF-8, or else Latin-1."""
    plain = str(value)
    if plain.isascii():
        return plain
    return decode(plain.encode("utf-8", "surrogateescape"), "utf-8")


def decode_words(value: str) -> str:
    """RFC 2047 encoded words decoded; what cannot be decoded stays as it is."""
    return ENCODED_WORD.sub(_decode_word, GAP.sub(r"\1", value))


def split_commas(value: str) -> list[str]:
    """An address list cut at commas that stand outside quotes and angle brackets."""
    pieces, start, quoted, depth = [], 0, False, 0
    for index, char in enumerate(value):
        if char == '"' and value[index - 1 : index] != "\\":
            quoted = not quoted
        elif not quoted and char in "<>":
            depth = 1 if char == "<" else 0
        elif char == "," and not quoted and not depth:
            pieces.append(value[start:index])
            start = index + 1
    return [*pieces, value[start:]]


def _decode_address(piece: str) -> str:
    match = NAME_AND_ADDRESS.match(piece)
    if not match or "=?" not in match[2]:
        return decode_words(piece)
    name = decode_words(match[2]).strip()
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{match[1]}{name}{match[3]}"


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, coded = match[1].split("*")[0], match[2].lower(), match[3]
    try:
        data = _word_bytes(encoding, coded)
    except (ValueError, binascii.Error):
        return match[0]
    return decode(data, charset)


def _word_bytes(encoding: str, coded: str) -> bytes:
    if encoding == "b":
        return base64.b64decode(coded.rstrip("=") + "=" * (-len(coded.rstrip("=")) % 4))
    return binascii.a2b_qp(coded.encode("utf-8"), header=True)
