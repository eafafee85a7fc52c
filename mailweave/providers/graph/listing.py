"""Which messages there are: by window, or by state.

Pages are cut by moment rather than by number: numbers shift when mail comes in, and Graph fails
when told to skip many. https://learn.microsoft.com/en-us/graph/api/user-list-messages
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mailweave.kit import clock
from mailweave.providers.base import Listed, Page, Profile, Sought, Window
from mailweave.providers.errors import CursorExpired, Unavailable
from mailweave.providers.graph import calls, payload, position, wire
from mailweave.providers.graph.calls import Stretch
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone, Invalid
from mailweave.providers.graph.folders import ALIAS_OF, Folders

_MOST_PAGES = 20_000
_NOTED = 40
"""Messages of one second that fit into a token one by one."""
_MARK = 5
_SECOND = timedelta(seconds=1)
_CONDITION = {"unseen": "isRead eq false", "flagged": "flag/flagStatus eq 'flagged'"}


def profile(client: Client, account_id: str) -> Profile:
    """Whose mailbox this is, and the proof that it answers.

    An account is known by tenant and person together; Graph tells only the latter.
    """
    told = client.ask(calls.person(), wire.PERSON)
    inbox = client.ask(calls.inbox(), wire.NAMED)
    return Profile(
        account_id=account_id or told.id,
        address=told.mail or told.user_principal_name or "",
        name=told.display_name or "",
        messages_total=None,
        cursor=position.begin(clock.now()),
        inbox_id=inbox.id,
    )


def page(client: Client, folders: Folders, window: Window, token: str | None) -> Page:
    """One page of a listing. A page may be empty and still have a next one."""
    place = _unpack(token)
    tree = folders.recent()
    told = _read(client, replace(place, since=window.since), "", counted=token is None)
    listed = []
    for one in told.fresh:
        folder = tree.get(one.parent_folder_id or "")
        shown = folder.is_listed(window.roles) if folder else not window.roles
        if shown and (not one.is_draft or "drafts" in window.roles):
            listed.append(_listed(one))
    following = told.following
    return Page(tuple(listed), following.pack() if following else None, told.count)


def find(client: Client, sought: Sought) -> list[Listed]:
    """Messages that fit, wherever they lie; see ``base.Reader``."""
    told, _ = client.read_page(wire.STATES, client.get(calls.search(sought)))
    return [_listed(one) for one in told.value if not one.is_draft]


def state_of(client: Client, role_or_keyword: str) -> Iterator[Sequence[str]]:
    """Pages of ids that are in a role's folder or in a state; see ``base.Reader``."""
    also = _CONDITION.get(role_or_keyword, "")
    folder_id = "" if also else _ALIASES[role_or_keyword]
    place: _Place | None = _Place(also=also)
    while place:
        try:
            told = _read(client, place, folder_id)
        except Gone:
            return
        yield tuple([one.id for one in told.fresh])
        place = told.following


_ALIASES: dict[str, str] = dict(ALIAS_OF.items())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a listing goes on: in the second ``at``, of which some were told already.

    Those are known by ``marks`` of their ids; if there are too many, the first ``skip`` are
    skipped.
    """

    at: datetime | None = None
    marks: frozenset[str] = frozenset()
    skip: int = 0
    number: int = 0
    since: datetime | None = None
    also: str = ""

    def stretch(self) -> Stretch:
        """What to ask for: the second we are in once more, and everything before it."""
        return Stretch(self.since, self.at + _SECOND if self.at else None, self.also)

    def has_told(self, one: wire.State) -> bool:
        """Whether an entry was on the page before."""
        return bool(self.marks) and _second(one) == self.at and _mark(one.id) in self.marks

    def pack(self) -> str:
        """As a token of at most 255 characters."""
        at = int(self.at.timestamp()) if self.at else 0
        return f"{self.number}:{at}:{self.skip}:{''.join(sorted(self.marks))}"


def _unpack(token: str | None) -> _Place:
    """Raises CursorExpired for what is no token of ours: the listing begins anew."""
    if token is None:
        return _Place()
    try:
        number, at, skip, marks = token.split(":")
        moment = datetime.fromtimestamp(int(at), UTC)
        cut = frozenset(marks[n : n + _MARK] for n in range(0, len(marks), _MARK))
        return _Place(moment, cut, int(skip), int(number))
    except (ValueError, OverflowError, OSError):
        raise CursorExpired("This place in the listing is unknown.") from None


@dataclass(frozen=True, slots=True)
class _Told:
    """What a page told for the first time, and where the next one begins."""

    fresh: list[wire.State]
    following: _Place | None
    count: int | None


def _read(client: Client, place: _Place, folder_id: str, *, counted: bool = False) -> _Told:
    asked = place.stretch()
    call = calls.listing(asked, folder_id=folder_id, skip=place.skip, counted=counted)
    try:
        body = client.get(call)
    except Invalid:
        if not counted:
            raise
        body = client.get(calls.listing(asked, folder_id=folder_id, skip=place.skip))
    told, odd = client.read_page(wire.STATES, body)
    more = bool(told.next_link) or len(told.value) + len(odd) >= calls.PAGE
    fresh = [one for one in told.value if not place.has_told(one)]
    following = _following(place, told.value) if more else None
    return _Told(fresh, following, told.count)


def _following(place: _Place, told: Sequence[wire.State]) -> _Place:
    """The place after a page. A page within a single second moves on by number."""
    seconds = [second for one in told if (second := _second(one))]
    if not seconds or place.number > _MOST_PAGES or (place.at and max(seconds) > place.at):
        raise Unavailable("Microsoft's listing runs in circles.")
    last = min(seconds)
    there = [one.id for one in told if _second(one) == last]
    few = len(there) < len(seconds) and len(there) <= _NOTED
    before = place.skip if place.at == last else 0
    return replace(
        place,
        at=last,
        marks=frozenset(map(_mark, there)) if few else frozenset(),
        skip=0 if few else before + len(there),
        number=place.number + 1,
    )


def _listed(one: wire.State) -> Listed:
    received = payload.moment(one.received_date_time)
    return Listed(one.id, one.conversation_id or one.id, received)


def _second(one: wire.State) -> datetime | None:
    moment = payload.moment(one.received_date_time)
    return moment.replace(microsecond=0) if moment else None


def _mark(remote_id: str) -> str:
    """A short name for an id: two in one second share theirs once in a thousand million times."""
    digest = hashlib.blake2b(remote_id.encode("utf-8", "replace"), digest_size=6).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_MARK]
