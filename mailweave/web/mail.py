"""The Mail page: the list of threads, and the place where one is read."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mailweave.linking import unlinked
from mailweave.linking.registry import Card
from mailweave.mail.models import Mailbox
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.sync import backfill, offers
from mailweave.sync.backfill import OPEN, Progress
from mailweave.sync.models import Backfill
from mailweave.web import lists
from mailweave.web.lists import MANY_UNREAD, Wanted


@dataclass(frozen=True, slots=True)
class Import:
    """An import under way, for those who wait for its mail."""

    address: str
    progress: Progress


@members
@require_GET
def mail(request: HttpRequest) -> HttpResponse:
    """The list with nothing open; only the list, or only its rows, where a page asks for them."""
    facts = pane(request, member_of(request))
    parts = {"threads": "mail/_threads.html", "rows": "mail/_rows.html"}
    template = parts.get(request.GET.get("part", ""), "mail/page.html")
    response = render(request, template, facts)
    response["Unread-Conversations"] = facts["unread"]
    return response


def pane(request: HttpRequest, member: Member) -> dict[str, Any]:
    """What the list's side of the page needs."""
    viewer = viewer_for(member)
    wanted = lists.asked(request)
    shown = lists.listing(viewer, member, wanted)
    facts: dict[str, Any] = {
        "listing": shown,
        "wanted": wanted,
        "unread": _few(lists.unread(viewer)),
    }
    if request.GET.get("part") == "rows":
        return facts
    facts |= _filters(viewer, member, wanted)
    if not shown.lines:
        facts["imports"] = imports(viewer)
    return facts


def imports(viewer: Viewer) -> list[Import]:
    """The imports under way in mailboxes the viewer sees anything of."""
    running = Backfill.objects.filter(OPEN, mailbox_id__in=[*viewer.own, *viewer.shared])
    return [Import(row.mailbox.address, backfill.progress(row)) for row in _with_mailbox(running)]


def _with_mailbox(rows: Any) -> Any:
    return rows.select_related("mailbox").order_by("pk")


def _filters(viewer: Viewer, member: Member, wanted: Wanted) -> dict[str, Any]:
    boxes = lists.accounts(viewer)
    return {
        "waiting": _few(unlinked.waiting(viewer, MANY_UNREAD + 1)),
        "accounts": [(box, wanted.to(account=box.pk, record=None)) for box in boxes],
        "account": next((box for box in boxes if box.pk == wanted.account), None),
        "record": _card(wanted, member),
        "to_all": wanted.to(unread=False, record=None),
        "to_unread": wanted.to(unread=True, record=None),
        "to_any_account": wanted.to(account=None),
        "to_any_address": wanted.to(address=""),
        "to_any_record": wanted.to(record=None),
        "to_any_text": wanted.to(text=""),
        "never_imported": _never_imported(viewer, boxes),
        "offered": [offers.describe(kind) for kind in offers.kinds()],
    }


def _few(count: int) -> str:
    """How many there are, in as few signs as a chip has room for."""
    return f"{MANY_UNREAD}+" if count > MANY_UNREAD else str(count or "")


def _card(wanted: Wanted, member: Member) -> Card | None:
    return lists.card_of(wanted.record, member) if wanted.record else None


def _never_imported(viewer: Viewer, boxes: list[Mailbox]) -> Mailbox | None:
    """A mailbox of the viewer's own whose past was never asked for."""
    asked = set(
        Backfill.objects.filter(mailbox_id__in=viewer.own).values_list("mailbox_id", flat=True)
    )
    mine = (box for box in boxes if box.pk in viewer.own and not box.disconnected_at)
    return next((box for box in mine if box.pk not in asked), None)
