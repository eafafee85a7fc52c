"""Find my missing mail: the whole story of a message, and what its provider says of it now."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from mailweave.kit import scope
from mailweave.mail import reading
from mailweave.mail.models import Copy, Mailbox
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, networked
from mailweave.providers.base import Sought
from mailweave.providers.errors import ProviderError
from mailweave.sync import offers, tracing
from mailweave.web import links
from mailweave.web.errors import is_partial
from mailweave.web.links import Filing

CHOICES = (
    ("", "Whatever it looks like"),
    ("message_id", "A Message-ID"),
    ("subject", "Words of its subject"),
    ("sender", "Its sender's address"),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What we know of one message of the reader's: its copy, itself, and where it is filed."""

    copy: Copy
    message: MessageView | None
    filings: list[Filing]

    @property
    def linked(self) -> list[Filing]:
        """The records it is filed under."""
        return [one for one in self.filings if one.link.linked]


@members
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """The form, and the stories of what fits; providers are asked by the page, one by one."""
    text, by = _asked(request)
    soughts = tracing.read(text, by)
    member = member_of(request)
    viewer = viewer_for(member)
    boxes = Mailbox.objects.filter(pk__in=viewer.own, disconnected_at=None).order_by("address")
    facts = {
        "text": text,
        "by": by,
        "choices": CHOICES,
        "soughts": soughts,
        "stories": _stories(member, soughts) if soughts else [],
        "boxes": list(boxes),
        "query": urlencode({"q": text, "by": by}),
    }
    return render(request, "tracing/page.html", facts)


@networked
@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """What one mailbox's provider has that fits; or that it did not answer."""
    member = member_of(request)
    text, by = _asked(request)
    with scope.workspace(member.workspace_id):
        mailbox = _own(member, request.GET.get("mailbox", ""))
    facts = {
        "text": text,
        "mailbox": mailbox,
        "kind": offers.describe(mailbox.kind),
        "query": urlencode({"q": text, "by": by}),
    }
    try:
        found = tracing.ask(member.workspace_id, mailbox.pk, tracing.read(text, by))
    except ProviderError as error:
        facts["trouble"] = str(error)
    else:
        facts["found"] = found
        facts["absent"] = [one for one in found if one.why]
    template = "tracing/_asked.html" if is_partial(request) else "tracing/asked.html"
    with scope.workspace(member.workspace_id):
        return render(request, template, facts)


@members
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Have a message taken in that a rule leaves out, or that we were not told of."""
    given = request.POST
    mailbox = _own(member_of(request), given.get("mailbox", ""))
    if mailbox.disconnected_at:
        raise Http404
    tracing.take(mailbox.pk, given.get("remote_id", ""), given.get("remote_thread_id", ""))
    messages.success(request, "It is being taken in, and will be here in a moment.")
    if is_partial(request):
        return render(request, "tracing/_taken.html", {})
    query = urlencode({"q": given.get("q", ""), "by": given.get("by", "")})
    answer = redirect("find_mail")
    answer["Location"] += f"?{query}"
    return answer


def _asked(request: HttpRequest) -> tuple[str, str]:
    by = request.GET.get("by", "")
    return request.GET.get("q", "").strip()[:998], by if by in tracing.WAYS else ""


def _own(member: Member, number: str) -> Mailbox:
    """A mailbox the member reads as their own, else 404."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Http404
    viewer = viewer_for(member)
    found: Mailbox | None = Mailbox.objects.filter(pk=int(number)).first()
    if found is None or found.pk not in viewer.own:
        raise Http404
    return found


def _stories(member: Member, soughts: tuple[Sought, ...]) -> list[Story]:
    viewer = viewer_for(member)
    copies = tracing.here(viewer.own, soughts)
    ids = {one.message_id for one in copies if one.message_id}
    views = {one.id: one for one in reading.messages(viewer, ids)} if ids else {}
    filed = links.filings(ids, member) if ids else {}
    return [
        Story(one, views.get(one.message_id or 0), filed.get(one.message_id or 0, []))
        for one in copies
    ]
