"""Drafts and the outbox: what is being written, what is to go, and what became of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import drafts, identities, submissions
from mailweave.outbox.models import Draft, Submission
from mailweave.outbox.submissions import When
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import composer, letter_lines, letters
from mailweave.web.errors import is_partial
from mailweave.web.templatetags.ui import clock_time

State = Submission.State
PAGE = 30
SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "waiting": ("Waiting to go", (State.SCHEDULED, State.SENDING)),
    "trouble": ("Not sent", (State.FAILED, State.UNKNOWN)),
    "sent": ("Sent", (State.SENT,)),
}
"""The lists of the outbox: what each is called, and the states it holds."""
TOO_LATE = "It is too late for that: the message is on its way. Nothing was changed."


@members
@require_GET
def drafts_page(request: HttpRequest) -> HttpResponse:
    """What the member is writing, last saved first."""
    member = member_of(request)
    found = drafts.listed(member, limit=PAGE + 1, before=_place(request))
    older = found[PAGE - 1] if len(found) > PAGE else None
    facts = {"lines": letter_lines.of_drafts(found[:PAGE]), "older": older}
    return render(request, "outbox/drafts.html", facts)


@members
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What the member ordered to be sent: what waits with the next first, the rest newest first."""
    member = member_of(request)
    shown = request.GET.get("show", "waiting")
    if shown not in SHOWN:
        raise Http404
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    if shown == "waiting":
        found = submissions.waiting(member, after=number, limit=PAGE + 1)
    else:
        found = submissions.listed(member, SHOWN[shown][1], before=number, limit=PAGE + 1)
    facts = {
        "shown": shown,
        "tabs": [(word, label) for word, (label, _) in SHOWN.items()],
        "lines": letter_lines.of_submissions(found[:PAGE]),
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "counts": submissions.count(member),
        "zone_name": timezone.get_current_timezone_name(),
    }
    return render(request, "outbox/page.html", facts)


@members
@require_GET
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter: from where and to whom it goes or went, and what became of it."""
    found = find(member_of(request), pk)
    (line,) = letter_lines.of_submissions([found])
    draft = found.draft
    fields = (("To", draft.to), ("Cc", draft.cc), ("Bcc", draft.bcc))
    facts = {
        "line": line,
        "later": submissions.next_try(found),
        "fields": [(label, ", ".join(entries)) for label, entries in fields if entries],
        "shown": next((word for word, (_, held) in SHOWN.items() if found.state in held), ""),
    }
    return render(request, "outbox/letter.html", facts)


@members
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a letter back, and go on writing it."""
    member = member_of(request)
    found = find(member, pk)
    if not submissions.cancel(member, pk):
        raise Expected(TOO_LATE)
    if found.author_id != member.user_id:
        messages.success(request, "It will not be sent. Its writer has it as a draft again.")
        return redirect("outbox")
    messages.success(request, "It was not sent. Here it is again.")
    return composer.docked(request, member, composer.find(member, found.draft_id))


@members
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """What can be done about a letter: send it now, try again, look again, say what happened."""
    member = member_of(request)
    found = find(member, pk)
    if verb not in VERBS:
        raise Http404
    messages.success(request, VERBS[verb](Order(request, member, found)))
    shown = request.POST.get("back", "")
    return redirect(reverse("outbox") + (f"?show={shown}" if shown in SHOWN else ""))


@members
@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Another time for a letter that waits."""
    member = member_of(request)
    found = find(member, pk)
    if request.method == "POST":
        local = request.POST.get("at") or request.POST.get("local_time", "")
        when = When(local, timezone.get_current_timezone_name())
        if not submissions.reschedule(member, pk, when):
            raise Expected(TOO_LATE)
        found.refresh_from_db()
        messages.success(request, f"It will be sent {clock_time(found.send_at)} ({found.zone}).")
        return redirect("outbox")
    facts = {
        "submission": found,
        "presets": letters.presets(),
        "zone_name": timezone.get_current_timezone_name(),
    }
    part = is_partial(request)
    return render(request, "outbox/_schedule.html" if part else "outbox/schedule.html", facts)


def find(member: Member, pk: int) -> Submission:
    """A letter on its way that the member may see, else 404."""
    try:
        return submissions.find(member, pk)
    except submissions.NotFound:
        raise Http404 from None


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for about a letter."""

    request: HttpRequest
    member: Member
    submission: Submission


def _now(order: Order) -> str:
    if not submissions.send_now(order.member, order.submission.pk):
        raise Expected(TOO_LATE)
    return "It goes out now."


def _retry(order: Order) -> str:
    """Once more, as it stands: only what was certainly not sent."""
    draft: Draft = order.submission.draft
    if order.submission.state != State.FAILED or draft.author_id != order.member.user_id:
        raise Expected("Only what was not sent, and what you wrote, can be sent again by you.")
    if submissions.next_try(order.submission):
        raise Expected("It was tried again already. Nothing was changed.")
    choice = identities.find(order.member, draft.mailbox_id, draft.address)
    if choice and choice.refused:
        identities.forgive(choice)
    viewer = viewer_for(order.member)
    answered = order.submission.problem == Submission.Problem.ANSWERED
    submissions.submit(order.member, viewer, draft.pk, draft.version, in_spite=answered)
    return "It goes out once more."


def _look(order: Order) -> str:
    submissions.look_again(order.member, order.submission.pk)
    return "The mailbox is asked again what became of it."


def _sent(order: Order) -> str:
    return _declare(order, sent=True)


def _unsent(order: Order) -> str:
    return _declare(order, sent=False)


def _declare(order: Order, *, sent: bool) -> str:
    if not submissions.declare(order.member, order.submission.pk, sent=sent):
        raise Expected("Meanwhile it is known what became of it. Nothing was changed.")
    return "Noted: it was sent." if sent else "Noted: it was not sent. You can send it again."


VERBS: Mapping[str, Callable[[Order], str]] = {
    "now": _now,
    "retry": _retry,
    "look": _look,
    "sent": _sent,
    "unsent": _unsent,
}


def _place(request: HttpRequest) -> tuple[datetime, int] | None:
    """Where the page before ended: a draft's number, looked up."""
    number = request.GET.get("before", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    row = Draft.objects.filter(pk=int(number), author_id=member_of(request).user_id).first()
    return (row.saved_at, row.pk) if row else None
