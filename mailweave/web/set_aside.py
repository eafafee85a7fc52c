"""Messages that could not be taken in: since when, why, and another try whose end is told; and
reports about sent mail that could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mailweave.mail import reading
from mailweave.mail.models import Copy, Mailbox
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import unread
from mailweave.outbox.models import Report
from mailweave.people.member import member_of, members
from mailweave.sync import stuck
from mailweave.sync.stuck import Explained
from mailweave.web.errors import is_partial
from mailweave.web.mailboxes import own
from mailweave.web.templatetags.ui import count

PAGE = 100


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that was set aside; ``message`` only if it had been here before."""

    copy: Copy
    why: Explained
    message: MessageView | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A report about sent mail that could not be read; ``message`` as far as the viewer may."""

    report: Report
    message: MessageView | None


@members
@require_http_methods(["GET", "POST"])
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """The list, and another try for one or for all of it; without script, the page again."""
    mailbox = own(request, pk)
    if request.method == "POST" and "report" in request.POST:
        if unread.retry(mailbox.pk, _numbers(request.POST["report"])):
            messages.info(request, "The report is being read again.")
        if not is_partial(request):
            return redirect("mailbox_set_aside", mailbox.pk)
    elif request.method == "POST":
        only = request.POST.get("only")
        tried = stuck.retry(mailbox.pk, None if only is None else _numbers(only))
        request.session[f"tried-{pk}"] = [*_watched(request, pk), *tried]
        if not is_partial(request):
            messages.success(request, f"Trying {count(len(tried), 'message')} again.")
            return redirect("mailbox_set_aside", mailbox.pk)
    facts = _facts(request, mailbox, _tell(request, mailbox))
    template = "mailboxes/_set_aside.html" if is_partial(request) else "mailboxes/set_aside.html"
    return render(request, template, facts)


def _facts(request: HttpRequest, mailbox: Mailbox, tried: Sequence[int]) -> dict[str, object]:
    rows = Copy.objects.filter(mailbox_id=mailbox.pk, state=Copy.State.STUCK).order_by("-pk")
    shown, reports = list(rows[:PAGE]), list(unread.of(mailbox.pk)[:PAGE])
    ids = {one.message_id for one in (*shown, *reports) if one.message_id}
    views = reading.messages(viewer_for(member_of(request)), ids) if ids else []
    known = {one.id: one for one in views}
    return {
        "mailbox": mailbox,
        "asides": [
            Aside(one, stuck.explain(one.reason), known.get(one.message_id or 0)) for one in shown
        ],
        "reports": [Unread(one, known.get(one.message_id)) for one in reports],
        "total": rows.count(),
        "tried": tried,
    }


def _watched(request: HttpRequest, pk: int) -> list[int]:
    """What was tried again here and has not been told of. In the session, not on the page: an
    answer that was under way when somebody pressed the button may come last."""
    found: list[int] = request.session.get(f"tried-{pk}", [])
    return found[-PAGE:]


def _tell(request: HttpRequest, mailbox: Mailbox) -> list[int]:
    """Tell how tries ended, once; returns those still under way."""
    tried = _watched(request, mailbox.pk)
    rows = Copy.objects.filter(mailbox_id=mailbox.pk, pk__in=tried)
    states = dict(rows.values_list("pk", "state"))
    waiting = [pk for pk, state in states.items() if state == Copy.State.LISTED]
    again = sum(state == Copy.State.STUCK for state in states.values())
    if done := len(states) - len(waiting) - again:
        messages.success(request, f"{count(done, 'message')} that had been set aside: settled now.")
    if again:
        messages.warning(
            request, f"{count(again, 'message')} could not be taken in this time either."
        )
    if waiting != tried:
        request.session[f"tried-{mailbox.pk}"] = waiting
    return waiting


def _numbers(text: str) -> list[int]:
    pieces = [one for one in text.split(",")[:PAGE] if one.isascii() and one.isdecimal()]
    return [int(one) for one in pieces if len(one) < 19]
