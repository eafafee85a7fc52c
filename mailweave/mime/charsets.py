"""Bytes to Unicode for whatever charset a mail claims. Never raises."""

import codecs
from functools import lru_cache

# Codecs that are no character sets, or that take quadratic time on hostile bytes.
_REFUSED = frozenset(
    ("idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "undefined")
)
# What senders write, and the superset they mean (https://encoding.spec.whatwg.org/#names-and-labels).
_MEANT = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}


def decode(data: bytes, charset: str = "") -> str:
    """``data`` as text: by ``charset`` if it fits, else as UTF-8, else as Latin-1.

    The answer may hold NULs and control characters, never lone surrogates.
    """
    codec = codec_of(charset)
    for candidate in (codec, "utf-8", "cp1252"):
        try:
            return data.decode(candidate)
        except ValueError:
            continue
    if codec not in ("utf-8", "cp1252"):
        return data.decode(codec, "replace")
    return data.decode("latin-1")


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str:
    """The Python codec for a charset label; "utf-8" when there is none to trust."""
    label = charset.strip().strip("\"'").partition("*")[0].lower()
    if not label.isascii() or not label.isprintable() or not 0 < len(label) <= 60:
        return "utf-8"
    try:
        info = codecs.lookup(label)
        b"a".decode(
            label, "replace"
        )  # refuses codecs that are not of text; no bytes are not looked at
    except (LookupError, ValueError):
        return "utf-8"
    if info.name in _REFUSED:
        return "utf-8"
    return _MEANT.get(info.name, info.name)
