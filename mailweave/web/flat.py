"""The mail of a record as one flat list, newest first: a tab of its page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from mailweave.linking import flat as lines_of
from mailweave.linking import registry
from mailweave.linking.flat import MessageRow, Way
from mailweave.linking.registry import Card
from mailweave.mail.models import Mailbox, Message
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import lists, mail, outcomes

SHOWN = 20
WAYS: tuple[tuple[Way, str], ...] = (("", "All"), ("in", "Received"), ("out", "Sent"))


@dataclass(frozen=True, slots=True)
class Line:
    """One message: who it is from or to, where it opens and which providers it came by."""

    row: MessageRow
    names: str
    url: str
    sources: tuple[tuple[str, str], ...]
    mark: str = ""
    """That it did not reach everybody, in a word or two."""

    @property
    def inbound(self) -> bool:
        """Whether it was received."""
        return self.row.direction == Message.Direction.INBOUND


@dataclass(frozen=True, slots=True)
class Flat:
    """What the tab shows. ``older`` is where the next lines are, empty at the end."""

    card: Card
    way: Way
    ways: tuple[tuple[str, str, str], ...]
    lines: tuple[Line, ...]
    older: str
    in_mail: str


@members
@require_GET
def flat(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """The list, its next lines or, without script, a page; 404 for what one may not see."""
    member = member_of(request)
    card = lists.card_of((kind, record_id), member)
    facts = found(request, viewer_for(member), member, card)
    template = "panels/flat.html"
    if request.headers.get("HX-Request-Type") == "partial":
        more = request.GET.get("part") == "rows"
        template = "panels/_flat_rows.html" if more else "panels/_flat.html"
    response = render(request, template, facts)
    response["Vary"] = "HX-Request-Type"
    return response


def found(request: HttpRequest, viewer: Viewer, member: Member, card: Card) -> dict[str, Any]:
    """What the list of a record needs, as this request asks for it."""
    given = request.GET.get("way", "")
    way: Way = "in" if given == "in" else "out" if given == "out" else ""
    after = request.GET.get("after", "")[:200]
    facts: dict[str, Any] = {"flat": make(viewer, member, card, way, after)}
    if not facts["flat"].lines:
        facts |= {"imports": mail.imports(viewer), "accounts": viewer.mailbox_ids}
    return facts


def make(viewer: Viewer, member: Member, card: Card, way: Way, after: str) -> Flat:
    """A page of the list."""
    sources = registry.sources((card.kind, card.record_id), member)
    page = lines_of.messages_of(viewer, sources, way, after or None, SHOWN)
    mine = lists.own_addresses(viewer)
    marks = outcomes.marks(page.rows)
    here = reverse("flat", args=[card.kind, card.record_id])
    return Flat(
        card=card,
        way=way,
        ways=tuple((one, label, _to(here, way=one)) for one, label in WAYS),
        lines=tuple(line(row, mine, marks.get(row.id, "")) for row in page.rows),
        older=_to(here, way=way, after=page.next) if page.next else "",
        in_mail=reverse("mail") + lists.Wanted(record=(card.kind, card.record_id)).query,
    )


def line(row: MessageRow, mine: frozenset[str], mark: str = "") -> Line:
    """A message as a line; ``mine`` are the addresses that "You" stands for."""
    names = lists.names(row.people, mine)
    more = row.people_count - len(row.people)
    if row.direction == Message.Direction.OUTBOUND:
        names = f"To {names}" if row.people else "To nobody named"
    return Line(
        row,
        f"{names} and {more} more" if more > 0 else names,
        reverse("thread", args=[row.thread_id]) + f"#message-{row.id}",
        tuple((kind, Mailbox.Kind(kind).label) for kind in row.kinds),
        mark,
    )


def _to(here: str, **given: str) -> str:
    said = urlencode({name: value for name, value in given.items() if value})
    return f"{here}?{said}" if said else here
