"""What is being written, and on its way, where it belongs: in its conversation, on its record; and
how one answers there."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mailweave.linking import history
from mailweave.mail import opening
from mailweave.mail.visibility import NotFound, Viewer, viewer_for
from mailweave.outbox import drafts, identities, submissions
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import letter_lines, lists
from mailweave.web.letter_lines import Line


@dataclass(frozen=True, slots=True)
class Ways:
    """How a conversation goes on: letters on their way, drafts, and the message to be answered."""

    thread_id: int
    lines: list[Line]
    newest: int | None


@members
@require_GET
def thread(request: HttpRequest, pk: int) -> HttpResponse:
    """The end of a conversation, as its page asks for it again."""
    member = member_of(request)
    viewer = viewer_for(member)
    try:
        opening.open_thread(viewer, pk)
    except NotFound:
        raise Http404 from None
    return render(request, "threads/_ways.html", {"ways": of_thread(viewer, member, pk)})


@members
@require_GET
def record(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """What is on its way about a record, as its page asks for it again."""
    member = member_of(request)
    card = lists.card_of((kind, record_id), member)
    facts = {"card": card, "lines": of_record(member, kind, record_id)}
    return render(request, "panels/_pending.html", facts)


def of_thread(viewer: Viewer, member: Member, thread_id: int) -> Ways:
    """What stands at the end of a conversation that the viewer sees."""
    found = submissions.pending_in(member, [thread_id])
    mine = drafts.in_threads(member, [thread_id])
    lines = [*letter_lines.of_submissions(found), *letter_lines.of_drafts(mine)]
    may_answer = bool(identities.choices(member))
    newest = opening.newest_readable(viewer, thread_id) if may_answer else None
    return Ways(thread_id, lines, newest)


def of_record(member: Member, kind: str, record_id: int) -> list[Line]:
    """Letters on their way about a record that the member sees, and what they write about it."""
    found = submissions.pending_about(member, kind, record_id)
    mine = drafts.about(member, (kind, record_id))
    return [*letter_lines.of_submissions(found), *letter_lines.of_drafts(mine)]


def facts_of(viewer: Viewer, member: Member, kind: str, record_id: int) -> dict[str, Any]:
    """What a record's mail shows of what is written about it."""
    return {
        "lines": of_record(member, kind, record_id),
        "may_write": bool(identities.choices(member)),
        "newest": newest_about(viewer, kind, record_id),
    }


def newest_about(viewer: Viewer, kind: str, record_id: int) -> int | None:
    """The message that an answer from a record's page answers: the newest of its own mail."""
    rows = history.threads_of(viewer, [(kind, record_id)], limit=1).rows
    return opening.newest_readable(viewer, rows[0].thread_id) if rows else None
