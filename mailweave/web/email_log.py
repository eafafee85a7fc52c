"""Settings > E-mail log: every letter of the workspace, for admins; as much of it as they may see.

What they may see of other people's mail stays what it is elsewhere: the subject of a letter only if
its message opens to them, and never who got it in Bcc.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from mailweave.linking import flat
from mailweave.mail.models import Mailbox
from mailweave.mail.visibility import Level, Viewer, viewer_for
from mailweave.outbox import log, recipients
from mailweave.outbox.log import Filters
from mailweave.outbox.models import Submission
from mailweave.people import members as people
from mailweave.people.access import Member
from mailweave.people.member import members, require
from mailweave.web import letter_lines, outcomes
from mailweave.web.outcomes import Told

PAGE = 50
NAMED = 5
STATES: Mapping[str, str] = {
    "queued": "Queued",
    "sent": "Sent",
    "delayed": "Delayed",
    "bounced": "Bounced",
    "failed": "Not sent",
    "unknown": "Unclear",
    "canceled": "Canceled",
}
State = Submission.State


@dataclass(frozen=True, slots=True)
class Line:
    """One letter. ``subject`` is None where it is not the admin's to see; ``why`` says what became
    of it where that is no good news."""

    letter: Submission
    at: datetime
    to: str
    subject: str | None
    said: str
    state: str
    why: str
    is_mine: bool


@members
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """A page of the log, narrowed as its address says."""
    member = require(request, "manage integrations")
    filters = _asked(request)
    found = log.page(filters, _number(request.GET.get("before", "")), PAGE + 1)
    facts = {
        "lines": _lines(viewer_for(member), member, found[:PAGE]),
        "older": _query(filters, found[PAGE - 1].pk) if len(found) > PAGE else "",
        "filters": filters,
        "narrowed": filters != Filters(),
        "states": STATES.items(),
        "mailboxes": Mailbox.objects.order_by("address"),
        "writers": [row.user for row in people.everyone()],
    }
    return render(request, "settings/email_log.html", facts)


def _lines(viewer: Viewer, member: Member, letters: Sequence[Submission]) -> list[Line]:
    own = {one.pk for one in letters if _is_own(viewer, member, one)}
    told = outcomes.of_submissions(
        {one.pk: Level.OWN if one.pk in own else Level.METADATA for one in letters}
    )
    others = [one.message_id for one in letters if one.message_id and one.pk not in own]
    subjects = {row.id: row.subject for row in flat.rows(viewer, others)}
    return [
        Line(
            letter=one,
            at=one.sent_at or one.send_at,
            to=_to(one, whole=one.pk in own),
            subject=one.draft.subject if one.pk in own else subjects.get(one.message_id or 0),
            said=_said(one, told.get(one.pk, ())),
            state=letter_lines.became(told.get(one.pk, ())) or one.state,
            why=_why(one, told.get(one.pk, ()), whole=one.pk in own),
            is_mine=one.author_id == member.user_id,
        )
        for one in letters
    ]


def _is_own(viewer: Viewer, member: Member, letter: Submission) -> bool:
    return letter.author_id == member.user_id or letter.mailbox_id in viewer.own


def _to(letter: Submission, *, whole: bool) -> str:
    draft = letter.draft
    found = recipients.read([*draft.to, *draft.cc, *(draft.bcc if whole else [])])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(one.address for one in found[:NAMED]) + more


def _said(letter: Submission, told: Sequence[Told]) -> str:
    state = letter_lines.became(told)
    return letter_lines.BECAME[state][1] if state else letter_lines.SAID[State(letter.state)]


def _why(letter: Submission, told: Sequence[Told], *, whole: bool) -> str:
    """Why it did not arrive or go; what may name files of it is for those who may read it."""
    troubles = [one.said for one in told if one.mark]
    if troubles:
        return " ".join(troubles[:3])
    if whole and (letter.held_reason or letter.problem_text):
        return str(letter.held_reason or letter.problem_text)
    return f"{letter.get_problem_display()}." if letter.problem else ""


def _asked(request: HttpRequest) -> Filters:
    state = request.GET.get("state", "")
    if state and state not in STATES:
        raise Http404
    given = (_number(request.GET.get(name, "")) for name in ("mailbox", "writer"))
    return Filters(state, *given)


def _query(filters: Filters, before: int) -> str:
    given = {
        "state": filters.state,
        "mailbox": filters.mailbox_id,
        "writer": filters.author_id,
        "before": before,
    }
    return "?" + urlencode({name: value for name, value in given.items() if value})


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
