"""Which kinds of record mail can be about. Plug-ins come in here; the core never imports them.

A plug-in has a module ``linkables`` that calls :func:`register`; it is found at start-up.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from django.apps import apps
from django.db import transaction

from mailweave.people.access import Member
from mailweave.people.models import Scope

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Card:
    """A record in a few words, as a member may see it. ``url`` is the path of its page."""

    kind: str
    record_id: int
    title: str
    subtitle: str
    url: str


class Linkable(Protocol):
    """One kind of record. All of it is asked inside the workspace, many ids at a time."""

    @property
    def kind(self) -> str:
        """What is stored with each link; at most 32 characters, never changes."""

    @property
    def label(self) -> str:
        """What people call one such record."""

    def cards(self, ids: Collection[int], member: Member) -> Mapping[int, Card]:
        """Cards by id; those that do not exist, or the member may not see, are left out."""

    def search(self, text: str, member: Member, limit: int = 10) -> Sequence[Card]:
        """The records a person may mean by ``text``; at most ``limit``."""

    def sources(self, record_id: int) -> Sequence[tuple[str, int]]:
        """The records (kind, id) whose mail is shown on this record's page, foremost first."""


@runtime_checkable
class Adopting(Protocol):
    """A kind whose records can be given an address where their mail is shown."""

    def adopt(self, record_id: int, address: str, member: Member) -> bool:
        """Make a normalised address one of the record's, so that its mail is linked, now and in
        future; false if there is nothing to do, or no such record."""

    def release(self, record_id: int, address: str, member: Member) -> None:
        """Take it away again."""


@runtime_checkable
class Creating(Protocol):
    """A kind of which people make records from an address."""

    def creation_path(self, name: str, address: str, member: Member) -> str:
        """The path of a form that begins with these; empty if the member may make none."""


@runtime_checkable
class AtDomain(Protocol):
    """A kind that knows which of its records a mail domain belongs to."""

    def at_domain(self, domain: str, member: Member, limit: int = 10) -> Sequence[Card]:
        """Only what is worth suggesting: a domain never links."""


@runtime_checkable
class Making(Protocol):
    """A kind of which a rule makes records from an address, for people nobody knows yet."""

    def make(self, name: str, address: str, why: str) -> tuple[str, int]:
        """A new record with this normalised address, which says why it is there; its (kind,
        id)."""


@runtime_checkable
class Filed(Protocol):
    """A kind that no address leads to: mail is filed there by people, or by its module's rules."""

    @property
    def filed_by(self) -> str:
        """Who files it, in words."""


@runtime_checkable
class Addressed(Protocol):
    """A kind that says itself whom one writes to about one of its records."""

    def write_to(self, record_id: int) -> tuple[Sequence[str], Sequence[str]]:
        """Whom, and who gets a copy, as they are typed: ``Mara <mara@acme.example>``."""

    def subject(self, record_id: int) -> str:
        """What the subject of a letter about it says."""


@runtime_checkable
class Accompanied(Protocol):
    """A kind of which letters are about something else as well."""

    def along_with(self, record_id: int) -> Sequence[tuple[str, int]]:
        """What a letter that is written from one of its records' pages is about as well: a
        contact's open deal, the job a candidate applies for."""


class NotFound(KeyError):
    """No plug-in has registered this kind."""


_linkables: dict[str, Linkable] = {}


def register(linkable: Linkable) -> None:
    """Let mail be about ``linkable``'s records. Raises ValueError if its kind is taken."""
    if linkable.kind in _linkables:
        raise ValueError(f"{linkable.kind} is registered twice")
    _linkables[linkable.kind] = linkable


def get(kind: str) -> Linkable:
    """The plug-in of a kind; raises :class:`NotFound`."""
    try:
        return _linkables[kind]
    except KeyError:
        raise NotFound(kind) from None


def module_of(kind: str) -> str:
    """The module that a kind belongs to: its first word."""
    return kind.partition(".")[0]


def modules() -> dict[str, str]:
    """Every module whose kinds are registered, with what people call it."""
    words = dict.fromkeys(module_of(kind) for kind in _linkables)
    return {word: _called(word) for word in words}


def kinds() -> tuple[str, ...]:
    """Every registered kind, in the order of registration."""
    return tuple(_linkables)


def matched_kinds() -> tuple[str, ...]:
    """The kinds that mail can be matched to: by addresses, or along with a record that is."""
    return tuple(kind for kind, one in _linkables.items() if not isinstance(one, Filed))


def cards(records: Iterable[tuple[str, int]], member: Member) -> Mapping[tuple[str, int], Card]:
    """Cards of records of any kind. Kinds nobody registered, of modules the member does not have,
    or that fail, are left out."""
    wanted: dict[str, set[int]] = {}
    for kind, record_id in records:
        wanted.setdefault(kind, set()).add(record_id)
    found: dict[tuple[str, int], Card] = {}
    for kind, ids in wanted.items():
        if kind in _linkables and _has(member, kind):
            found.update({(kind, id_): card for id_, card in _cards(kind, ids, member).items()})
    return found


def sources(record: tuple[str, int], member: Member) -> list[tuple[str, int]]:
    """The records (kind, id) whose mail is shown on a record's page, foremost first: those of them
    that the member sees. The record is one that they see."""
    found = get(record[0]).sources(record[1])
    found = [one for one in found if _has(member, one[0])]
    if member.scope("see") == Scope.ALL:
        return found
    seen = cards(found, member)
    return [one for one in found if one in seen]


def search(
    text: str, member: Member, limit: int = 10, among: Iterable[str] | None = None
) -> list[Card]:
    """What ``text`` may mean, over all kinds, or those ``among`` which to look, in turn; at most
    ``limit`` of each."""
    asked = [kind for kind in (kinds() if among is None else among) if _has(member, kind)]
    return [card for kind in asked for card in _search(kind, text, member, limit)]


def adopts(kind: str) -> bool:
    """Whether records of this kind can be given addresses."""
    return isinstance(_linkables.get(kind), Adopting)


def adopt(record: tuple[str, int], address: str, member: Member) -> bool:
    """See :meth:`Adopting.adopt`; false for kinds that cannot."""
    kind = _linkables.get(record[0]) if _has(member, record[0]) else None
    return isinstance(kind, Adopting) and kind.adopt(record[1], address, member)


def release(record: tuple[str, int], address: str, member: Member) -> None:
    """See :meth:`Adopting.release`."""
    kind = _linkables.get(record[0]) if _has(member, record[0]) else None
    if isinstance(kind, Adopting):
        kind.release(record[1], address, member)


def creation_paths(name: str, address: str, member: Member) -> list[tuple[str, str]]:
    """(label, path) for every kind of which the member may make records from an address."""
    return [
        (kind.label, path)
        for kind in _linkables.values()
        if isinstance(kind, Creating) and _has(member, kind.kind)
        if (path := kind.creation_path(name, address, member))
    ]


def write_to(record: tuple[str, int]) -> tuple[Sequence[str], Sequence[str]] | None:
    """See :meth:`Addressed.write_to`; None for kinds that do not say. The record is one that
    whoever asks sees."""
    kind = _linkables.get(record[0])
    return kind.write_to(record[1]) if isinstance(kind, Addressed) else None


def subject(record: tuple[str, int]) -> str:
    """See :meth:`Addressed.subject`; empty for kinds that do not say. The record is one that
    whoever asks sees."""
    kind = _linkables.get(record[0])
    return kind.subject(record[1]) if isinstance(kind, Addressed) else ""


def along_with(record: tuple[str, int], member: Member) -> list[tuple[str, int]]:
    """See :meth:`Accompanied.along_with`: those of them that the member sees."""
    kind = _linkables.get(record[0])
    if not isinstance(kind, Accompanied):
        return []
    found = kind.along_with(record[1])
    seen = cards(found, member)
    return [one for one in found if one in seen]


def make(name: str, address: str, why: str) -> tuple[str, int] | None:
    """A new record for an address, of the first kind that makes some; None if none does."""
    kind = next((one for one in _linkables.values() if isinstance(one, Making)), None)
    return kind.make(name, address, why) if kind else None


def at_domain(domain: str, member: Member, limit: int = 10) -> list[Card]:
    """Records that a mail domain belongs to, over all kinds that know of such."""
    return [
        card
        for kind in _linkables.values()
        if isinstance(kind, AtDomain) and _has(member, kind.kind)
        for card in kind.at_domain(domain, member, limit)
    ]


def _has(member: Member, kind: str) -> bool:
    """Whether a kind is of a module the member has; what its plug-in lets them see comes after."""
    return member.has(module_of(kind))


def _called(module: str) -> str:
    try:
        return str(apps.get_app_config(module).verbose_name)
    except LookupError:
        return module.title()


def _cards(kind: str, ids: Collection[int], member: Member) -> Mapping[int, Card]:
    try:
        with transaction.atomic():  # a query that fails must not end the caller's transaction
            return get(kind).cards(ids, member)
    except Exception as error:  # noqa: BLE001 - a plug-in's bug must not take the page with it
        _note("cards", kind, error, ids)
        return {}


def _search(kind: str, text: str, member: Member, limit: int) -> Sequence[Card]:
    try:
        with transaction.atomic():
            return get(kind).search(text, member, limit)
    except Exception as error:  # noqa: BLE001 - a plug-in's bug must not take the page with it
        _note("search", kind, error)
        return ()


def _note(what: str, kind: str, error: Exception, ids: Collection[int] = ()) -> None:
    """Ids and the class of the error only: its message and traceback may hold people's data."""
    log.error("%s of %s failed: %s %s", what, kind, type(error).__name__, sorted(ids))
