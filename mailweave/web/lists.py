"""Lists of threads as pages show them: which one is asked for, and its lines."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from mailweave.linking import history, registry
from mailweave.linking.registry import Card
from mailweave.mail import inbox, search
from mailweave.mail.inbox import Filters
from mailweave.mail.models import Mailbox, Message, ThreadMailbox
from mailweave.mail.rows import Correspondent, ThreadPage, ThreadRow
from mailweave.mail.visibility import NotFound, Viewer
from mailweave.mime import address as addresses
from mailweave.people.access import Member

PAGE = 50
MANY_UNREAD = 99
MAX_TEXT = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list is asked for, as the address of its page says it."""

    unread: bool = False
    account: int | None = None
    address: str = ""
    text: str = ""
    record: tuple[str, int] | None = None
    after: str = ""

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return replace(self, after="") != Wanted()

    @property
    def query(self) -> str:
        """The address's query, with its question mark, without the place in the list."""
        return self.to()

    def at(self, place: str) -> "Wanted":
        """The same list from another place on."""
        return replace(self, after=place)

    def to(self, **changes: Any) -> str:
        """The query of a neighbouring list."""
        there = replace(self, **{"after": "", **changes})
        record = f"{there.record[0]}:{there.record[1]}" if there.record else ""
        given = {
            "q": there.text,
            "unread": "1" if there.unread else "",
            "account": there.account or "",
            "address": there.address,
            "record": record,
            "after": there.after,
        }
        said = urlencode({name: value for name, value in given.items() if value})
        return f"?{said}" if said else ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the thread, who is in it, where it opens and which providers it came by."""

    row: ThreadRow
    names: str
    url: str
    sources: tuple[tuple[str, str], ...]
    mine: bool
    """Some of it lies in a mailbox of the viewer's own, who may mark it as read or unread."""
    mark: str = ""
    """That something of it did not reach everybody, in a word or two."""

    @property
    def inbound(self) -> bool:
        """Whether its newest message was received."""
        return self.row.direction == Message.Direction.INBOUND


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as a page shows it. ``older`` is the query of the next page, empty at the end;
    ``reached`` is how far a search came that stopped before its page was full."""

    wanted: Wanted
    lines: tuple[Line, ...]
    older: str
    reached: datetime | None


def asked(request: HttpRequest) -> Wanted:
    """The list this request asks for; 404 for what no link of ours says."""
    given: Any = request.GET
    account = given.get("account", "")
    address = given.get("address", "").strip()[:320]
    return Wanted(
        unread=given.get("unread", "") == "1",
        account=_number(account) if account else None,
        address=addresses.normalise(address) or address,
        text=given.get("q", "").strip()[:MAX_TEXT],
        record=_record(given.get("record", "")),
        after=given.get("after", "")[:200],
    )


def find(viewer: Viewer, member: Member, wanted: Wanted) -> ThreadPage:
    """A page of the list; 404 for a mailbox or a record the viewer may not know of."""
    filters = Filters(wanted.account, wanted.address or None, wanted.unread)
    try:
        if wanted.record:
            records = _sources(wanted.record, member)
            return history.threads_of(viewer, records, wanted.after or None, PAGE)
        if wanted.text:
            return search.search(viewer, wanted.text, filters, wanted.after or None, PAGE)
        return inbox.page(viewer, filters, wanted.after or None, PAGE)
    except NotFound:
        raise Http404 from None


def listing(viewer: Viewer, member: Member, wanted: Wanted) -> Listing:
    """The list, ready to be shown."""
    page = find(viewer, member, wanted)
    older = wanted.to(after=page.next) if page.next else ""
    return Listing(wanted, lines(viewer, page.rows, wanted.query), older, page.reached)


def lines(viewer: Viewer, rows: Iterable[ThreadRow], query: str = "") -> tuple[Line, ...]:
    """The rows with all that templates need. One query."""
    mine = own_addresses(viewer)
    return tuple(
        Line(
            row,
            names(row.people, mine),
            reverse("thread", args=[row.thread_id]) + query,
            tuple((kind, Mailbox.Kind(kind).label) for kind in row.kinds),
            not set(viewer.own).isdisjoint(row.mailbox_ids),
        )
        for row in rows
    )


def own_addresses(viewer: Viewer) -> frozenset[str]:
    """The addresses of the viewer's own mailboxes: what "You" stands for."""
    boxes = Mailbox.objects.filter(pk__in=set(viewer.own) - viewer.common)
    mine = boxes.values_list("address", flat=True)
    return frozenset(addresses.normalise(one) or one for one in mine)


def names(people: Collection[Correspondent], mine: Collection[str]) -> str:
    """Who is in a thread, in few words: one by their whole name, several by the first."""
    called = ["You" if one.address in mine else one.name or one.address for one in people]
    if len(called) > 1:
        called = [one if "@" in one else one.split()[0] for one in map(_shown, called)]
    return ", ".join(dict.fromkeys(called)) or "Unknown sender"


def accounts(viewer: Viewer) -> list[Mailbox]:
    """The mailboxes whose mail the viewer may see, own ones first."""
    rows = Mailbox.objects.filter(pk__in=viewer.mailbox_ids).select_related("owner")
    return sorted(rows, key=lambda box: (box.pk not in viewer.own, box.address))


def unread(viewer: Viewer) -> int:
    """How many threads of the viewer's own mailboxes are unread; it stops after a hundred rows."""
    rows = ThreadMailbox.objects.filter(mailbox_id__in=viewer.own, unread_count__gt=0)
    found = list(rows.order_by().values_list("thread_id", flat=True)[: MANY_UNREAD + 1])
    return len(found) if len(found) > MANY_UNREAD else len(set(found))


def card_of(record: tuple[str, int], member: Member) -> Card:
    """The record as the member sees it, else 404."""
    found = registry.cards([record], member).get(record)
    if found is None:
        raise Http404
    return found


def _shown(name: str) -> str:
    return name.strip() or "Unknown"


def _sources(record: tuple[str, int], member: Member) -> list[tuple[str, int]]:
    card_of(record, member)
    return registry.sources(record, member)


def _record(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    kind, _, number = text.rpartition(":")
    return kind, _number(number)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text)
