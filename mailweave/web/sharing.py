"""How much colleagues see of one conversation: told on its page, and chosen there."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mailweave.mail import sharing
from mailweave.mail.models import Mailbox
from mailweave.mail.sharing import Shared
from mailweave.mail.visibility import NotFound, Viewer, viewer_for
from mailweave.people.member import member_of, members

WORDS = {
    Mailbox.Sharing.FULL: "everything",
    Mailbox.Sharing.SUBJECT: "subject, people and dates",
    Mailbox.Sharing.METADATA: "people and dates",
    Mailbox.Sharing.PRIVATE: "nothing",
}
USUAL = "usual"
"""In the address of the form: shared as its mailbox is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the ways a conversation can be shared, where it is chosen and whether it is."""

    label: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """What colleagues see of the conversation through a mailbox of the viewer's, in words."""

    mailbox: Mailbox
    sees: str
    linked: bool
    choices: tuple[Choice, ...]


@members
@require_POST
def choose(request: HttpRequest, pk: int, mailbox_id: int, verb: str) -> HttpResponse:
    """Share a conversation so far, as one mailbox has it."""
    wanted = "" if verb == USUAL else verb
    if wanted and wanted not in sharing.LEVELS:
        raise Http404
    try:
        was = sharing.choose(viewer_for(member_of(request)), pk, mailbox_id, wanted)
    except NotFound:
        raise Http404 from None
    undo = "" if was.chosen == wanted else _path(pk, was, was.chosen)
    sees = WORDS[Mailbox.Sharing(wanted or was.usual)]
    said = f"Of this conversation colleagues see {sees}."
    messages.success(request, said, extra_tags=undo)
    return _back(request, pk)


def chips(viewer: Viewer, thread_id: int) -> tuple[list[Chip], frozenset[int]]:
    """What the viewer decides about a conversation; and in which mailboxes it is shared otherwise
    than the rest of their mail. One query."""
    found = sharing.of_thread(viewer, thread_id)
    apart = frozenset(one.mailbox.pk for one in found if one.chosen)
    return [_chip(thread_id, one) for one in found if one.mine], apart


def _chip(thread_id: int, shared: Shared) -> Chip:
    usual = WORDS[Mailbox.Sharing(shared.usual)]
    labels = {"": f"As the mailbox shares its mail: {usual}"}
    labels |= {str(name): text.capitalize() for name, text in WORDS.items()}
    return Chip(
        shared.mailbox,
        WORDS[Mailbox.Sharing(shared.chosen or shared.usual)],
        shared.linked or shared.mailbox.is_shared,
        tuple(
            Choice(label, _path(thread_id, shared, name), name == shared.chosen)
            for name, label in labels.items()
        ),
    )


def _path(thread_id: int, shared: Shared, name: str) -> str:
    return reverse("thread_sharing", args=[thread_id, shared.mailbox.pk, name or USUAL])


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation as it was open, beside the same list."""
    back = request.headers.get("Referer", "")
    here = reverse("thread", args=[pk])
    fits = url_has_allowed_host_and_scheme(back, {request.get_host()}) and here in back
    return redirect(back if fits else here)
