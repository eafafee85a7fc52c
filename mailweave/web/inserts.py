"""What is put into a letter while it is written: a template filled in, the signature that goes with
where it is written from, or another one."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from mailweave.outbox import identities, signing, submissions, templates
from mailweave.outbox.models import Draft
from mailweave.people.member import member_of, members
from mailweave.web import composer, letters


@members
@require_GET
def signature(request: HttpRequest, pk: int) -> HttpResponse:
    """The signatures a letter can close with, for the entry of From that is asked for; ``usual`` is
    the one that goes with it, "" if none does."""
    member = member_of(request)
    draft = composer.find(member, pk)
    choice = letters.choice_of(member, request.GET.get("sender", ""))
    if choice is None:
        raise Http404
    is_answer = draft.act != Draft.Act.NEW
    usual = identities.signature(member, choice.mailbox_id, reply=is_answer)
    fitting = [
        {"id": str(one.pk), "name": one.name, "html": one.html, "shared": one.user_id is None}
        for one in signing.fitting(member, choice.mailbox_id)
    ]
    return JsonResponse({"signatures": fitting, "usual": str(usual.pk) if usual else ""})


@members
@require_POST
def fill(request: HttpRequest, pk: int, template_id: int) -> HttpResponse:
    """A template filled in with what is known of what the draft is about. What has no value is
    marked in it, and named in words."""
    member = member_of(request)
    draft = composer.find(member, pk)
    try:
        found = templates.find(member, template_id)
    except templates.NotFound:
        raise Http404 from None
    words = templates.known()
    filled = templates.fill(member, found, submissions.records(draft), draft.address)
    return JsonResponse(
        {
            "subject": filled.subject.content,
            "html": filled.html.content,
            "open": [words.get(one, one) for one in filled.unresolved],
        }
    )
