"""Bytes to text under whatever charset a message claims; never raises, never trusts."""

import re

ALIASES = {
    "ascii": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "iso-8859-9": "cp1254", "iso-8859-8-i": "iso-8859-8", "gb2312": "gb18030", "gbk": "gb18030",
    "x-gbk": "gb18030", "x-sjis": "cp932", "shift-jis": "cp932", "ks-c-5601-1987": "cp949",
    "euc-kr": "cp949", "big5": "big5hkscs", "iso-2022-jp": "iso2022_jp_ext", "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
"""What people send under these names, as browsers read them."""

REFUSED = frozenset({"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Python codecs that no mail is written in, some of them slow on hostile input."""


def decode(data: bytes, charset: str | None) -> str:
    """Text in the claimed charset, else UTF-8, else Windows-1252; always encodable again."""
    claimed = codec_for(charset)
    for name in (claimed, "utf-8", "cp1252"):
        try:
            return scrub(data.decode(name))
        except (UnicodeError, ValueError):
            continue
    return scrub(data.decode(claimed, "replace"))


def codec_for(charset: str | None) -> str:
    """The Python codec for a claimed charset; UTF-8 when none or an unknown one is claimed."""
    claimed = re.sub(r"[^a-z0-9.-]", "", (charset or "").lower().replace("_", "-"))[:40]
    name = ALIASES.get(claimed, claimed)
    if name in REFUSED:
        return "utf-8"
    try:
        b"x".decode(name)
    except LookupError:  # unknown, or not about text at all (rot13, zip)
        return "utf-8"
    except ValueError:  # known, and one byte is no character in it
        return name
    return name


def scrub(text: str) -> str:
    """The text without lone surrogates, which JSON in UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
