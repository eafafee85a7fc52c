"""The never-sync lists: who is on them, and which messages that concerns.

A message is with somebody who stands in its From, Sender, To or Cc, or whom its sender copied in
secret (Bcc). One such person is enough, whoever else it went to. A mailbox's own address is never
a reason: everything in it would be.
"""

import re
from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from django.db.models import Q, QuerySet

from mailweave.kit.errors import Expected
from mailweave.mail.models import Mailbox, NeverSync, Participant
from mailweave.mime import address as addresses

ROLES = (
    Participant.Role.FROM,
    Participant.Role.SENDER,
    Participant.Role.TO,
    Participant.Role.CC,
)
MOST = 20_000
"""Entries of one list: more than any person looks through."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_Key = TypeVar("_Key", bound=Hashable)


def read(text: str) -> tuple[NeverSync.Kind, str]:
    """What a person typed, as an entry: an address, or a domain with or without "@" before it.

    Raises Expected, in words, for anything else.
    """
    typed = text.strip()
    if not typed:
        raise Expected(
            "Enter an address such as ann@acme.example, or a domain such as acme.example."
        )
    shown = typed if len(typed) < 80 else f"{typed[:80]}…"
    is_domain = "@" not in typed.removeprefix("@")
    if not is_domain:
        address = addresses.normalise(typed)
        if address is None:
            raise Expected(f"“{shown}” is no e-mail address. Check how it is spelled.")
        return NeverSync.Kind.ADDRESS, address
    bare = typed.removeprefix("@").removeprefix("*.").removesuffix(".")
    domain = (addresses.normalise(f"x@{bare}") or "").removeprefix("x@")
    if not _DOMAIN.fullmatch(domain):
        raise Expected(f"“{shown}” is neither an e-mail address nor a domain.")
    if "." not in domain:
        raise Expected(
            f"“{shown}” would leave out everybody under .{domain}. Enter a whole domain, "
            f"such as acme.{domain}."
        )
    return NeverSync.Kind.DOMAIN, domain


def check(value: str, user_id: int | None) -> None:
    """Raise Expected for a mailbox's own address, and for what the list has or cannot hold."""
    boxes = Mailbox.objects.filter(address__iexact=value)
    if user_id is not None:
        boxes = boxes.filter(owner_id=user_id)
    if boxes.exists():
        raise Expected(
            f"{value} is a connected mailbox itself. To stop reading it, disconnect it; to leave "
            "out single people, enter theirs."
        )
    entries = of(user_id)
    if entries.filter(value=value).exists():
        raise Expected(f"{value} is on the list already.")
    if entries.count() >= MOST:
        raise Expected(f"The list is full: it holds {MOST:,} entries.")


def add(entry: NeverSync, user_id: int) -> None:
    """Put an entry that was checked on its list, as made by somebody. The store is held."""
    entry.made_by_id = user_id
    entry.save()


def drop(entry: NeverSync) -> None:
    """Take an entry off its list."""
    entry.delete()


def of(user_id: int | None) -> QuerySet[NeverSync]:
    """The list of a person, or (None) of the workspace."""
    return NeverSync.objects.filter(user_id=user_id)


def keys(address: str) -> set[str]:
    """What an entry may be that concerns this address: itself, its domain, and those above it."""
    labels = address.rpartition("@")[2].split(".")
    return {address, *(".".join(labels[place:]) for place in range(len(labels)))}


def find(
    people: Mapping[_Key, Collection[str]], *, owner_id: int, own: str
) -> dict[_Key, int | None]:
    """Those of some messages that are with somebody on a list, however long the lists are.

    ``people`` are the normalised addresses by message; the answer says whose list it is: None for
    the workspace's, which goes first, else the owner's. One query.
    """
    wanted = {one for many in people.values() for one in many} - {own.lower()}
    named = {address: keys(address) for address in wanted}
    mine = Q(user_id__isnull=True) | Q(user_id=owner_id)
    rows = NeverSync.objects.filter(mine, value__in=set[str]().union(*named.values()))
    whose: dict[str, int | None] = {}
    for value, user_id in rows.values_list("value", "user_id"):
        whose[value] = user_id if whose.get(value, user_id) is not None else None
    found: dict[_Key, int | None] = {}
    if not whose:
        return found
    for key, many in people.items():
        hits = [whose[one] for who in many for one in named.get(who, ()) if one in whose]
        if hits:
            found[key] = None if None in hits else owner_id
    return found
