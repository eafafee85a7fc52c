"""The first pass over foreign HTML: read it once, write down only what is wanted.

The parsers behind us (libxml2, html5ever) are correct but not made for enemies: a tag with 250,000
attributes takes them minutes, 12,000 open elements end the process. This reader is linear, decides
alone what is a tag and what is text, and writes it anew, so that nothing it has not counted
reaches them. It is no sanitiser: values pass as they are.
"""

import re
from dataclasses import dataclass, field

from mailweave.mime.vocabulary import ATTRIBUTES, ATTRIBUTES_OF, HIDDEN, RAW, TAGS, VOID

MAX_BYTES = 2 * 1024 * 1024
MAX_TAGS = 50_000
MAX_ATTRIBUTES = 64
MAX_SHEET = 128 * 1024

_BARE_ATTRIBUTE = r"[\s/]*+[^\s/>][^\s/>=]*+"
_VALUE = r"\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|(?![\"'])[^\s>]*+)"
_MARKUP = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"  # a comment
    rf"|<(/?)([a-zA-Z][^\s/>]*+)((?:{_BARE_ATTRIBUTE}(?:{_VALUE})?+)*+)[\s/]*+(?:>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)",  # a bogus comment
    re.DOTALL,
)
_ATTRIBUTES = re.compile(rf"[\s/]*+([^\s/>][^\s/>=]*+)({_VALUE})?+")
_BREAKS = re.compile(r"[\t\r\n]+")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202d\u202e\ufffe\uffff]")
"""What XML cannot hold, and the two characters that turn words around."""


class OverCap(Exception):
    """The HTML is larger or more tangled than a mail has reason to be."""


@dataclass(slots=True)
class Tidy:
    """``html`` with known tags and attributes only, the sheets it carried, what its body wore."""

    html: str
    sheet: str
    body: dict[str, str] = field(default_factory=dict)


def tidy(html: str, marks: frozenset[str] = frozenset()) -> Tidy:
    """Rewrite foreign HTML, with attributes called ``marks`` too; raises OverCap."""
    if len(html) > MAX_BYTES or html.count("<") > MAX_TAGS:
        raise OverCap
    return _Writer(_ILLEGAL.sub("", html), marks).write()


class _Writer:
    def __init__(self, html: str, marks: frozenset[str]) -> None:
        self._html = html
        self._everywhere = ATTRIBUTES | marks
        self._out: list[str] = []
        self._sheets: list[str] = []
        self._body: dict[str, str] = {}

    def write(self) -> Tidy:
        position = 0
        while (start := self._html.find("<", position)) >= 0:
            self._text(position, start)
            match = _MARKUP.match(self._html, start)
            if match is None:  # "<" followed by anything else is text
                self._out.append("&lt;")
                position = start + 1
            elif match[2] is None:
                position = match.end()
            else:
                position = self._tag(match)
        self._text(position, len(self._html))
        return Tidy("".join(self._out), "\n".join(self._sheets)[:MAX_SHEET], self._body)

    def _text(self, start: int, end: int) -> None:
        if start < end:
            self._out.append(self._html[start:end].replace(">", "&gt;"))

    def _tag(self, match: re.Match[str]) -> int:
        """Write one tag, or skip what it hides; answers where reading goes on."""
        name = match[2].lower()
        if match[1]:
            if name in TAGS:
                self._out.append(f"</{name}>")
        elif name in RAW:
            return self._skip_raw(name, match.end())
        elif name in HIDDEN:
            return self._skip_hidden(name, match.end())
        elif name in ("body", "html"):
            self._body = {**self._attributes("body", match[3]), **self._body}
        elif name in TAGS:
            pairs = self._attributes(name, match[3]).items()
            written = "".join(f' {key}="{value}"' for key, value in pairs)
            self._out.append(f"<{name}{written}>")
        return match.end()

    def _attributes(self, tag: str, text: str) -> dict[str, str]:
        allowed = ATTRIBUTES_OF.get(tag, frozenset())
        found: dict[str, str] = {}
        for count, match in enumerate(_ATTRIBUTES.finditer(text)):
            if count >= MAX_ATTRIBUTES:
                raise OverCap
            name = match[1].lower()
            if name in found or not (name in self._everywhere or name in allowed):
                continue
            value = _unquote(match[2] or "").strip()
            if name in ("href", "src"):  # browsers would ignore them there
                value = _BREAKS.sub("", value)
            found[name] = value.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
        return found

    def _skip_raw(self, name: str, position: int) -> int:
        """Pass over an element whose content is no markup; style sheets are kept aside."""
        if name == "plaintext":
            return len(self._html)
        end = re.compile(rf"</{name}(?=[\s/>])[^>]*+>?", re.IGNORECASE).search(self._html, position)
        if name == "style":
            self._sheets.append(self._html[position : end.start() if end else None])
        return end.end() if end else len(self._html)

    def _skip_hidden(self, name: str, position: int) -> int:
        """Pass over an element with all its children; over the rest if it never ends."""
        if name in VOID:
            return position
        depth = 1
        for match in re.compile(rf"<(/?){name}(?=[\s/>])", re.IGNORECASE).finditer(
            self._html, position
        ):
            depth += -1 if match[1] else 1
            if depth == 0:
                end = self._html.find(">", match.end())
                return end + 1 if end >= 0 else len(self._html)
        return len(self._html)


def _unquote(value: str) -> str:
    """The value in ``= "value"``, ``='value'`` or ``=value``."""
    value = value.lstrip().removeprefix("=").lstrip()
    return value[1:].removesuffix(value[0]) if value[:1] in ("'", '"') else value
