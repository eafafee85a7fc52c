"""Opening a thread: its messages, where it is filed and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mailweave.kit import scope
from mailweave.linking import history
from mailweave.mail import opening
from mailweave.mail.models import Mailbox, Message
from mailweave.mail.opening import ThreadView
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import Level, NotFound, Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, networked
from mailweave.web import links, lists, mail, messages, outcomes, pending, sharing
from mailweave.web.links import Filing
from mailweave.web.messages import Inside
from mailweave.web.outcomes import Told

Filings = Mapping[int, Sequence[Filing]]
MAX_OPEN = 12
"""How many messages stand open when a thread is opened."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of the thread as the page shows it: collapsed unless it has an ``inside``."""

    message: MessageView
    sender: str
    to: str
    kind: str
    shared_by: str
    inside: Inside | None
    apart: bool = False
    """The conversation is shared otherwise than the rest of its mailbox."""
    told: tuple[Told, ...] = ()
    """What mail servers said, if it was sent from here and had trouble."""

    @property
    def inbound(self) -> bool:
        """Whether it was received."""
        return self.message.direction == Message.Direction.INBOUND


@networked
@require_GET
def thread(request: HttpRequest, pk: int) -> HttpResponse:
    """The thread beside the list; where a page asks for it, only the thread, or only the older
    messages before those it has."""
    member = member_of(request)
    before = request.GET.get("before", "")[:200]
    viewer, found, filings = _open(request, member, pk, before)
    insides: Mapping[int, Inside] = {}
    if not before:
        newest = found.messages[-1].id
        insides = messages.insides(request, viewer, opened(found), newest, filings)
    part = request.headers.get("HX-Request-Type") == "partial"
    older = part and request.GET.get("part") == "older"
    with scope.workspace(member.workspace_id):
        chips, apart = sharing.chips(viewer, pk)
        facts = _facts(found, insides, filings, member, apart) | {"chips": chips}
        facts |= {"wanted": lists.asked(request), "before": before}
        facts |= {} if before else {"ways": pending.of_thread(viewer, member, pk)}
        facts |= {} if part else mail.pane(request, member)
        beside = "threads/_older.html" if older else "threads/_thread.html"
        response = render(request, beside if part else "mail/page.html", facts)
    response["Vary"] = "HX-Request-Type"
    return response


def opened(thread: ThreadView) -> list[MessageView]:
    """The messages that stand open: the newest, and what is unread; of these the last few."""
    readable = [one for one in thread.messages if one.level >= Level.FULL]
    wanted = [one for one in readable if not one.seen or one is thread.messages[-1]]
    return wanted[-MAX_OPEN:]


def _open(
    request: HttpRequest, member: Member, pk: int, before: str
) -> tuple[Viewer, ThreadView, Filings]:
    since = request.GET.get("since", "")
    is_number = since.isascii() and since.isdecimal() and len(since) < 19
    with scope.workspace(member.workspace_id):
        viewer = viewer_for(member)
        try:
            found = opening.open_thread(viewer, pk, before, int(since) if is_number else None)
        except NotFound:
            raise Http404 from None
        wanted = history.telling(found.ids) | {one.id for one in opened(found)}
        return viewer, found, links.filings(wanted, member)


def _facts(
    thread: ThreadView,
    insides: Mapping[int, Inside],
    filings: Filings,
    member: Member,
    apart: Collection[int],
) -> dict[str, Any]:
    return {
        "thread": thread,
        "heading": heading(thread),
        "entries": _entries(thread, insides, member, apart),
        "filed": _filed(filings.values()),
        "collapsed": len(insides) < len(thread.messages),
        "mine": any(one.level == Level.OWN and not one.gone for one in thread.messages),
    }


def heading(thread: ThreadView) -> str:
    """What to call the thread."""
    if thread.subject is None:
        return "Subject not shared"
    return thread.subject.strip() or "(no subject)"


def _filed(filings: Collection[Sequence[Filing]]) -> list[Filing]:
    """Each record once, with the plainest reason any of the messages gives."""
    found: dict[tuple[str, int], Filing] = {}
    for one in (filing for each in filings for filing in each if filing.link.linked):
        key = (one.link.kind, one.link.record_id)
        if key not in found or found[key].link.reason == "thread":
            found[key] = one
    return list(found.values())


def _entries(
    thread: ThreadView, insides: Mapping[int, Inside], member: Member, apart: Collection[int]
) -> list[Entry]:
    ids = {one.mailbox_id for one in thread.messages}
    boxes = {one.pk: one for one in Mailbox.objects.filter(pk__in=ids).select_related("owner")}
    mine = {
        one.address
        for one in boxes.values()
        if one.owner_id == member.user_id and not one.is_shared
    }
    told = outcomes.of_messages(thread.messages)
    return [
        Entry(
            message=one,
            sender="You" if one.sender.address in mine else _name(one.sender),
            to=", ".join("me" if who.address in mine else _name(who) for who in one.to[:4])
            + (f" and {len(one.to) - 4} more" if len(one.to) > 4 else ""),
            kind=Mailbox.Kind(one.mailbox_kind).label,
            shared_by="" if one.level == Level.OWN else boxes[one.mailbox_id].owner.name,
            inside=insides.get(one.id),
            apart=one.mailbox_id in apart,
            told=told.get(one.id, ()),
        )
        for one in thread.messages
    ]


def _name(who: Any) -> str:
    return str(who.name or who.address) or "Unknown sender"
