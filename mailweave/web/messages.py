"""One message: what stands in its card, its body in a document of its own, and its headers."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from mailweave.kit import scope
from mailweave.mail import reading, showing
from mailweave.mail.models import ImageConsent, Message
from mailweave.mail.reading import AttachmentView, MessageView
from mailweave.mail.showing import Shown
from mailweave.mail.visibility import NotFound, Viewer, viewer_for
from mailweave.mime import frame
from mailweave.mime.html import SANITISER_VERSION
from mailweave.mime.images import PLACEHOLDER
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, networked
from mailweave.people.models import User
from mailweave.web import images, links
from mailweave.web.finding import Found, find
from mailweave.web.links import Filing

# A blocked image keeps its width, but a pixel would make it as high as it is wide.
_BLOCKED = (
    f'<style>img[src="{PLACEHOLDER}"]'
    "{max-height:4rem;border-radius:6px;background:light-dark(#e6e9ef,#262c38)}</style>"
)
_THEMES = {
    theme: f"<style>:root{{color-scheme:{theme}}}</style>"
    for theme in (User.Theme.LIGHT.value, User.Theme.DARK.value)
}
LAYOUT = 3
"""Raise it when the document around a body changes, so that browsers ask again."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The inside of a message's card. ``always``: this viewer trusts the sender's images.
    ``newest``: it is the last of its thread."""

    message: MessageView
    newest: bool
    shown: Shown
    images: bool
    always: bool
    as_text: bool
    attachments: tuple[AttachmentView, ...]
    filings: Sequence[Filing]
    sandbox: str
    may_edit: bool

    @property
    def says_people(self) -> bool:
        """Whether there is more to say of the people than the card's first line says."""
        one = self.message
        return bool(one.cc or one.bcc or one.reply_to or len(one.to) != 1)

    @property
    def src(self) -> str:
        """Where the body is."""
        query = "?as=text" if self.as_text else "?images=1" if self.images else ""
        return reverse("message_body", args=[self.message.id]) + query


@networked
@require_GET
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """The inside of a message's card, as an opened card asks for it."""
    member = member_of(request)
    with scope.workspace(member.workspace_id):
        viewer = viewer_for(member)
        found = find(viewer, pk)
    return _render(request, viewer, found)


@networked
@require_POST
def always(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Trust the images of a message's sender from now on, or not any more."""
    member = member_of(request)
    with scope.workspace(member.workspace_id):
        viewer = viewer_for(member)
        found = find(viewer, pk)
        sender_id = Message.objects.values_list("sender_id", flat=True).get(pk=found.message.id)
        if verb not in {"always", "never"} or sender_id is None:
            raise Http404
        _trust(member, sender_id, verb == "always")
    if request.headers.get("HX-Request") != "true":
        return redirect("thread", found.thread_id)
    return _render(request, viewer, found)


@networked
@require_GET
def body(request: HttpRequest, pk: int) -> HttpResponse:
    """The body as a document for the frame, under rules of its own. The caller has consented to
    remote images where ``images=1`` says so; they come through our proxy."""
    member = member_of(request)
    with scope.workspace(member.workspace_id):
        viewer = viewer_for(member)
    wants_images = request.GET.get("images") == "1"
    try:
        if request.GET.get("as") == "text":
            shown = showing.show_text(viewer, pk)
        elif wants_images:
            address = images.addresser(member, pk)
            shown = showing.show_with_images(viewer, pk, inline, address)
        else:
            shown = showing.show(viewer, pk, inline)
    except NotFound:
        raise Http404 from None
    ours = _BLOCKED + ("" if shown.styled else _THEMES.get(_theme(request), ""))
    text = frame.document(ours + shown.html, styled=shown.styled)
    return _framed(request, text, wants_images)


@members
@require_GET
def headers(request: HttpRequest, pk: int) -> HttpResponse:
    """The headers of a message, for those who want to know exactly."""
    viewer = viewer_for(member_of(request))
    facts = {"message": find(viewer, pk).message, "headers": reading.headers(viewer, pk)}
    part = request.headers.get("HX-Request-Type") == "partial"
    template = "messages/_headers.html" if part else "messages/headers.html"
    return render(request, template, facts)


def insides(
    request: HttpRequest,
    viewer: Viewer,
    messages: Sequence[MessageView],
    newest: int,
    filings: Mapping[int, Sequence[Filing]],
    *,
    shown_once: bool = False,
) -> Mapping[int, Inside]:
    """The insides of the cards of messages the viewer may read, which are filed as ``filings``
    says; ``newest`` is the id of the last one of their thread. Opens short transactions; 404 if a
    right ended meanwhile."""
    member = member_of(request)
    try:
        shown = showing.show_all(viewer, [one.id for one in messages], inline)
    except NotFound:
        raise Http404 from None
    with scope.workspace(member.workspace_id):
        trusted = _trusted(member, messages)
    return {
        one.id: Inside(
            message=one,
            newest=one.id == newest,
            shown=shown[one.id],
            images=bool(shown[one.id].blocked) and (one.sender.address in trusted or shown_once),
            always=one.sender.address in trusted,
            as_text=request.GET.get("as") == "text",
            attachments=tuple(
                part for part in one.attachments if not _is_in_text(part, shown[one.id])
            ),
            filings=filings.get(one.id, []),
            sandbox=frame.SANDBOX,
            may_edit=member.may("edit records"),
        )
        for one in messages
    }


def _trusted(member: Member, messages: Sequence[MessageView]) -> frozenset[str]:
    """Those of the senders whose images the member always wants to see."""
    mine = ImageConsent.objects.filter(user_id=member.user_id)
    senders = {one.sender.address for one in messages if one.sender.address}
    found = mine.filter(sender__address__in=senders)
    return frozenset(found.values_list("sender__address", flat=True))


def inline(part_id: int) -> str:
    """The address of an inline image."""
    return reverse("attachment", args=[part_id]) + "?inline=1"


def _render(request: HttpRequest, viewer: Viewer, found: Found) -> HttpResponse:
    once = request.GET.get("images") == "1"
    one = found.message
    newest = one.id if found.newest else 0
    with scope.workspace(viewer.workspace_id):
        filings = links.filings([one.id], member_of(request))
    made = insides(request, viewer, [one], newest, filings, shown_once=once)[one.id]
    with scope.workspace(viewer.workspace_id):
        part = request.headers.get("HX-Request") == "true"
        template = "messages/_inside.html" if part else "messages/page.html"
        return render(request, template, {"inside": made})


def _trust(member: Member, sender_id: int, wanted: bool) -> None:
    if not wanted:
        ImageConsent.objects.filter(user_id=member.user_id, sender_id=sender_id).delete()
        return
    try:
        with transaction.atomic():
            ImageConsent.objects.create(user_id=member.user_id, sender_id=sender_id)
    except IntegrityError:
        return  # a second click


def _is_in_text(part: AttachmentView, shown: Shown) -> bool:
    """Whether an inline image is shown where it belongs, in the text."""
    return part.inline and bool(part.content_id) and inline(part.id) in shown.html


def _theme(request: HttpRequest) -> str:
    """The theme the reader chose; a frame does not learn it from the page around."""
    return request.user.theme if isinstance(request.user, User) else ""


def _framed(request: HttpRequest, text: str, wants_images: bool) -> HttpResponse:
    sources = [request.build_absolute_uri("/mail/attachments/")]
    if wants_images:
        sources.append(request.build_absolute_uri("/mail/img/"))
    policy = frame.CSP(" ".join(sources))
    facts = f"{LAYOUT}|{SANITISER_VERSION}|{policy}|{text}"
    tag = f'"{hashlib.blake2b(facts.encode(errors="replace"), digest_size=12).hexdigest()}"'
    is_same = request.headers.get("If-None-Match") == tag
    response = HttpResponseNotModified() if is_same else HttpResponse(text)
    response["ETag"] = tag
    response["Content-Security-Policy"] = policy
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    return response
