"""CSS in mail: which declarations and which rules are let through."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2

from mailweave.mime.vocabulary import BACKGROUNDS, FUNCTIONS, PROPERTIES

MAX_VALUE = 500
MAX_SHEET_VALUE = 200
MAX_STYLE = 10_000
MAX_DEPTH = 3
MATCHING_BUDGET = 100_000_000
"""How many element comparisons a mail's selectors may cost at worst."""
MAX_STYLED_ELEMENTS = 10_000

_TEXT = re.compile(r"[^\\<>()'\"\x00-\x1f\x7f]*")
_IDENT = re.compile(r"-?[a-zA-Z_][\w-]*", re.ASCII)
# No viewport units: the frame is as high as its content, and would grow for ever.
_UNIT = re.compile(r"(?![sld]?v(?:w|h|i|b|min|max))[a-z]{1,5}", re.IGNORECASE)
_REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_COLOURLESS = frozenset(
    (
        *("inherit", "initial", "unset", "revert", "transparent", "none", "currentcolor"),
        *("repeat", "no-repeat", "windowtext", "auto", "0"),
    )
)
_COLOUR_SPACES = frozenset(("rgb", "hsl"))
_NUMERIC = frozenset(("number", "percentage", "dimension"))
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACE = re.compile(r"[{}]")
_COMPOUNDS = re.compile(r"[\s>+]+")
_SELECTOR = re.compile(r"[\w\s.#*>+:\[\]=\"'-]{1,200}")


@dataclass(frozen=True, slots=True)
class Style:
    """What may stay of a style attribute, how many remote images it named, if it sets colours."""

    text: str
    remote: int
    coloured: bool


def style(value: str) -> Style:
    """Filter the value of a style attribute; what is kept is written anew, token by token.

    No value holds a URL, or a function other than for colours and sums.
    """
    kept: list[str] = []
    remote, coloured = 0, False
    for node in tinycss2.parse_declaration_list(
        value[:MAX_STYLE], skip_comments=True, skip_whitespace=True
    ):
        if node.type != "declaration":
            continue
        name = node.lower_name
        remote += _remote_images(node.value) if name in BACKGROUNDS or name[:2] == "--" else 0
        name, text = _declaration(name, node.value)
        if text:
            kept.append(f"{name}:{text}")
            coloured = coloured or _colours(name, text)
    return Style(";".join(kept), remote, coloured)


def sheet(text: str, elements: int, depth: int) -> str:
    """The plain rules of a style sheet, as many as can be matched in reasonable time.

    At-rules go (a mail is shown at one width), and so do selectors with functions or "~".
    """
    if elements > MAX_STYLED_ELEMENTS:
        return ""
    budget = MATCHING_BUDGET
    kept: list[str] = []
    for prelude, content in _rules(_COMMENT.sub("", text).replace("<", "")):
        selectors = []
        for selector in filter(_SELECTOR.fullmatch, map(str.strip, prelude.split(","))):
            cost = elements * depth ** min(len(_COMPOUNDS.split(selector)) - 1, 6)
            if cost <= budget:
                budget -= cost
                selectors.append(selector)
        declarations = _known(content)
        if selectors and declarations:
            kept.append(f"{','.join(selectors)}{{{declarations}}}")
    return "\n".join(kept)


def _rules(text: str) -> Iterable[tuple[str, str]]:
    """(selectors, declarations) of each rule that stands outside any at-rule."""
    text = text.replace("<!--", "").replace("-->", "")
    depth, start, prelude = 0, 0, ""
    for match in _BRACE.finditer(text):
        if match[0] == "{":
            if depth == 0:
                prelude, start = text[start : match.start()], match.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                prelude, content = prelude.rpartition(";")[2], text[start : match.start()]
                if "@" not in prelude and "{" not in content:
                    yield prelude, content
                start = match.end()


def _known(content: str) -> str:
    """The declarations of properties we know; values are judged later, where they land."""
    kept = []
    for declaration in content[:MAX_STYLE].split(";"):
        name, _, value = declaration.partition(":")
        known = name.strip().lower() in PROPERTIES or name.strip().lower() in BACKGROUNDS
        if known and 0 < len(value.strip()) <= MAX_SHEET_VALUE:
            kept.append(f"{name.strip()}:{value.strip()}")
    return ";".join(kept)


def _declaration(name: str, value: Sequence[Any]) -> tuple[str, str]:
    """One declaration as it may stay: (property, value), the value "" if it may not."""
    if name not in PROPERTIES:
        return name, ""
    text = _text(value, 0)
    if text is None and name == "background":
        name, text = "background-color", _text([t for t in value if _is_colour(t)][:1], 0)
    if text is None or len(text) > MAX_VALUE:
        return name, ""
    if name.startswith(("margin", "text-indent")) and (_has_negative(value) or "calc" in text):
        return name, ""
    return name, " ".join(text.split())


def _text(tokens: Sequence[Any], depth: int) -> str | None:
    """Tokens written out by us; None when one of them is not allowed."""
    parts = [_token(token, depth) for token in tokens]
    return None if None in parts else "".join(part for part in parts if part is not None)


def _token(token: Any, depth: int) -> str | None:
    kind = token.type
    if kind in ("whitespace", "comment"):
        return " "
    if kind == "ident":
        return str(token.value) if _IDENT.fullmatch(token.value) else None
    if kind == "hash":
        return f"#{token.value}" if token.value.isalnum() and token.value.isascii() else None
    if kind in ("number", "percentage"):
        return f"{token.value:.6g}{'%' if kind == 'percentage' else ''}"
    if kind == "dimension":
        return f"{token.value:.6g}{token.unit}" if _UNIT.fullmatch(token.unit) else None
    if kind == "string":
        return f"'{token.value}'" if _is_plain(token.value) else None
    if kind == "literal":
        return str(token.value) if token.value in (",", "/", "+", "-", "*") else None
    if kind == "function" and token.lower_name in FUNCTIONS and depth < MAX_DEPTH:
        inner = _text(token.arguments, depth + 1)
        return None if inner is None else f"{token.lower_name}({inner})"
    return None


def _is_plain(text: str) -> bool:
    return _TEXT.fullmatch(text) is not None and "//" not in text


def _is_colour(token: Any) -> bool:
    if token.type == "ident":
        return token.lower_value not in _COLOURLESS and _text([token], 0) is not None
    return token.type == "hash" or (
        token.type == "function" and token.lower_name[:3] in _COLOUR_SPACES
    )


def _has_negative(tokens: Sequence[Any]) -> bool:
    return any(getattr(t, "value", 0) < 0 for t in tokens if t.type in _NUMERIC)


def _colours(name: str, text: str) -> bool:
    return name in ("color", "background", "background-color") and text.lower() not in _COLOURLESS


def _remote_images(tokens: Sequence[Any], depth: int = 0) -> int:
    """Remote URLs among the tokens, also inside image-set() and its like."""
    found = 0
    for token in tokens:
        if token.type in ("url", "string"):
            found += bool(_REMOTE.match(token.value))
        elif token.type == "function" and depth < MAX_DEPTH:
            found += _remote_images(token.arguments, depth + 1)
    return found
