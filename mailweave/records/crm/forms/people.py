"""Choosing a deal's contacts: those chosen, then those found by a search, each with a box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from mailweave.people.access import Member
from mailweave.records.crm import contacts

MAX_CHOSEN = 100
MAX_FOUND = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A contact that is, or may be, part of a deal."""

    contact: Any
    chosen: bool
    primary: bool


@dataclass(frozen=True, slots=True)
class People:
    """What the form shows. ``missing`` counts chosen contacts that do not exist."""

    choices: Sequence[Choice]
    text: str = ""
    missing: int = 0

    @property
    def chosen(self) -> list[int]:
        """Ids of the chosen contacts, the primary one first."""
        picked = [choice for choice in self.choices if choice.chosen]
        return [each.contact.pk for each in sorted(picked, key=lambda each: not each.primary)]


def show(member: Member | None, ids: Sequence[int], text: str = "") -> People:
    """These contacts chosen, the first one primary, with those that ``text`` finds; only those that
    the member sees."""
    known = contacts.find(member).in_bulk(ids)
    chosen = [known[id_] for id_ in dict.fromkeys(ids) if id_ in known]
    choices = [Choice(contact, True, not at) for at, contact in enumerate(chosen)]
    offered = contacts.find(member, text).exclude(pk__in=known).order_by("sort_name", "pk")
    limit = MAX_FOUND if text or not chosen else 0
    others = [Choice(contact, False, False) for contact in offered[:limit]]
    return People([*choices, *others], text, len(set(ids)) - len(chosen))


def read(member: Member | None, data: QueryDict) -> People:
    """What was ticked and looked for."""
    ids = [id_ for value in data.getlist("contact")[:MAX_CHOSEN] if (id_ := number(value))]
    primary = number(data.get("primary", ""))
    ids.sort(key=lambda id_: id_ != primary)
    return show(member, ids, data.get("find", "").replace("\0", "").strip()[:200])


def number(value: str) -> int | None:
    """An id somebody sent; None when it is none."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None
