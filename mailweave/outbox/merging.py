"""Templates filled in with what is known of a record.

A field without a value is never silently empty: it stands out, and is named, until somebody writes
something there; the template may also say what stands there instead
(``{{ contact.first_name | default: "there" }}``).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import TypeAlias

from mailweave.mime import writing
from mailweave.mime.fields import line
from mailweave.mime.text import clean
from mailweave.outbox import syntax
from mailweave.outbox.syntax import FILTERS, Unmergeable

__all__ = [
    "Merged",
    "Unmergeable",
    "Value",
    "check",
    "html",
    "left_in",
    "refers_to",
    "subject",
    "text",
]

Value: TypeAlias = "str | int | Sequence[Value] | Mapping[str, Value] | None"
"""What a field may be. Dates and amounts come as words; None and "" are no value."""

_MARKUP = re.compile(r"<[^<>]*>")
_FIELD = re.compile(r"\{\{\s*([a-z_]+(?:\.[a-z0-9_]+)*)\s*(?:\|[^{}]*)?\}\}")
_TYPED = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\xa0": " "})  # noqa: RUF001
"""What phones and word processors make of quotes and blanks."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A filled-in template, and the fields in it that have no value, each once."""

    content: str
    unresolved: tuple[str, ...] = ()


def html(source: str, values: Mapping[str, Value]) -> Merged:
    """HTML from a template of HTML; raises Unmergeable.

    Values are escaped, and the result is cleaned by :func:`mailweave.mime.writing.clean`. A field
    without a value stands as ``<mark data-unresolved="contact.first_name">``.
    """
    source = _code(source, html=True)
    content, unresolved = syntax.render(syntax.parse(source, html=True), _given(values), source)
    return Merged(writing.clean(content).html, unresolved)


def text(source: str, values: Mapping[str, Value]) -> Merged:
    """Plain text from a template; raises Unmergeable. A field without a value stays in braces."""
    source = _code(source, html=False)
    return Merged(*syntax.render(syntax.parse(source, html=False), _given(values), source))


def subject(source: str, values: Mapping[str, Value]) -> Merged:
    """As :func:`text`, on one line and without anything that could end a header."""
    done = text(source, values)
    return Merged(line(done.content), done.unresolved)


def left_in(content: str, known: Collection[str]) -> tuple[str, ...]:
    """The fields that stand unfilled in a subject or a plain text, each once.

    Only those that begin with a ``known`` name ("contact"): people write about braces, too.
    """
    found = (match[1] for match in _FIELD.finditer(content))
    return tuple(dict.fromkeys(one for one in found if one.partition(".")[0] in known))


def refers_to(source: str, *, html: bool) -> tuple[str, ...]:
    """The fields a template names, sorted; raises Unmergeable."""
    groups = syntax.parse(_code(source, html=html), html=html).analyze().globals.values()
    return tuple(sorted({str(one) for group in groups for one in group}))


def check(source: str, known: Collection[str], *, html: bool) -> None:
    """Raises Unmergeable for a mistake, or for a filter or field that does not exist.

    ``known`` are the fields there are, such as "contact.first_name".
    """
    code = _code(source, html=html)
    analysis = syntax.parse(code, html=html).analyze()
    for name, spans in analysis.filters.items():
        if name not in FILTERS:
            said = f"there is no filter called “{name}”"
            raise Unmergeable(syntax.at(code, spans[0].index, said))
    for one in (variable for group in analysis.globals.values() for variable in group):
        if not any(f"{one}.".startswith(f"{field}.") for field in known):
            said = f"there is no field called “{one}”"
            raise Unmergeable(syntax.at(code, one.span.index, said))


def _code(source: str, *, html: bool) -> str:
    """A template whose code reads, whatever editors made of the characters in it."""

    def typed(match: re.Match[str]) -> str:
        code = unescape(_MARKUP.sub("", match[0])) if html else match[0]
        return code.translate(_TYPED)

    return syntax.CODE.sub(typed, source)


def _given(values: Mapping[str, Value]) -> dict[str, object]:
    """Copies of plain values only, without those that say nothing."""
    copied = {str(name): _plain(value) for name, value in values.items()}
    return {name: value for name, value in copied.items() if value is not None}


def _plain(value: Value) -> object:
    if isinstance(value, str):
        # A plain str also of one that claims to be safe HTML.
        return clean(str.__str__(value)) if value.strip() else None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return _given(value)
    if isinstance(value, Sequence):
        return [one for one in map(_plain, value) if one is not None]
    raise TypeError(f"a template is given words, not {type(value).__name__}")
