"""What changes of records goes into their journals: who owns them, where they stand."""

from collections.abc import Callable, Mapping
from typing import Any

from mailweave.journal import entries
from mailweave.people.access import Member
from mailweave.records.crm import companies, contacts, deals, leads

Told = Mapping[str, str]
"""By what a field is called, what it says."""


def _name(row: Any) -> str:
    return row.name if row else ""


_OWNER: tuple[str, Callable[[Any], str]] = ("Owner", lambda row: _name(row.owner))
_TOLD: Mapping[str, tuple[tuple[str, Callable[[Any], str]], ...]] = {
    contacts.KIND: (_OWNER, ("Company", lambda row: _name(row.company))),
    companies.KIND: (_OWNER, ("Part of", lambda row: _name(row.parent))),
    leads.KIND: (("Status", lambda row: row.state), _OWNER),
    deals.KIND: (
        ("Stage", lambda row: row.get_stage_display()),
        _OWNER,
        ("Company", lambda row: _name(row.company)),
    ),
}


def told(kind: str, row: Any) -> Told:
    """What stands now; nothing of a record that has not been saved."""
    return {what: say(row) for what, say in _TOLD[kind]} if row.pk else {}


def note(member: Member, kind: str, row: Any, before: Told) -> None:
    """Write down what says something else than ``before``, in the transaction that changed it."""
    for what, old in before.items():
        entries.note_change(member, (kind, row.pk), what, old, told(kind, row)[what])
