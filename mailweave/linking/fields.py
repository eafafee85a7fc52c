"""What templates may say of records: plug-ins bring their fields here.

A field is named by the word of its kind and its own: ``contact.first_name``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mailweave.linking import registry
from mailweave.people.access import Member

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one kind: ``labels`` by name, in the order of a menu; ``values`` reads those of
    a record that the member sees, all words, "" where nothing is known."""

    kind: str
    word: str
    labels: Mapping[str, str]
    values: Callable[[int, Member], Values]


_fields: dict[str, Fields] = {}


def register(fields: Fields) -> None:
    """Let templates use these. Raises ValueError if the kind or its word is taken."""
    if any(fields.kind == one.kind or fields.word == one.word for one in _fields.values()):
        raise ValueError(f"the fields of {fields.kind} are registered twice")
    _fields[fields.kind] = fields


def known() -> dict[str, str]:
    """Every field there is, with what people call it."""
    return {
        f"{one.word}.{name}": f"{registry.get(one.kind).label}: {label}"
        for one in _fields.values()
        for name, label in one.labels.items()
    }


def values(records: Sequence[tuple[str, int]], member: Member) -> dict[str, Values]:
    """By word, what is known of these records and of those they are about, as far as the member
    sees them; of several of a kind the first counts."""
    found: dict[str, Values] = {}
    seen = registry.cards(records, member)
    related = [one for record in records if record in seen for one in _around(record, member)]
    for kind, record_id in [*(one for one in records if one in seen), *related]:
        one = _fields.get(kind)
        if one and one.word not in found:
            found[one.word] = one.values(record_id, member)
    return found


def first_name(name: str) -> str:
    """The given name in a full one, as far as one can tell: "Silva, Ana" and "Ana Silva"."""
    _, comma, given = name.partition(",")
    words = (given if comma else name).split()
    return words[0] if words else ""


def _around(record: tuple[str, int], member: Member) -> Sequence[tuple[str, int]]:
    sources = registry.sources(record, member)
    seen = registry.cards(sources, member)
    return [one for one in sources if one in seen]
