"""What changes of records goes into their journals: who owns them, where they stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailweave.journal import entries
from mailweave.people.access import Member
from mailweave.records.crm import companies, contacts, deals, leads

Say = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Told:
    """What stood before: by what a field is called, its words, or the company it names."""

    words: Mapping[str, str]
    companies: Mapping[str, int | None]


def _owner(row: Any) -> str:
    return row.owner.name if row.owner else ""


_WORDS: Mapping[str, Mapping[str, Say]] = {
    contacts.KIND: {"Owner": _owner},
    companies.KIND: {"Owner": _owner},
    leads.KIND: {"Status": lambda row: str(row.state), "Owner": _owner},
    deals.KIND: {"Stage": lambda row: str(row.get_stage_display()), "Owner": _owner},
}
_COMPANIES: Mapping[str, Mapping[str, str]] = {
    contacts.KIND: {"Company": "company_id"},
    companies.KIND: {"Part of": "parent_id"},
    leads.KIND: {},
    deals.KIND: {"Company": "company_id"},
}


def told(kind: str, row: Any) -> Told | None:
    """What stands now; nothing of a record that has not been saved."""
    if not row.pk:
        return None
    return Told(
        {what: say(row) for what, say in _WORDS[kind].items()},
        {what: getattr(row, field) for what, field in _COMPANIES[kind].items()},
    )


def note(member: Member, kind: str, row: Any, before: Told | None) -> None:
    """Write down what says something else than ``before``, in the transaction that changed it."""
    after, record = told(kind, row), (kind, row.pk)
    if before is None or after is None:
        return
    for what, old in before.words.items():
        entries.note_change(member, record, what, old, after.words[what])
    for what, pk in before.companies.items():
        entries.note_move(member, record, what, _company(pk), _company(after.companies[what]))


def _company(pk: int | None) -> entries.Record | None:
    return (companies.KIND, pk) if pk else None
