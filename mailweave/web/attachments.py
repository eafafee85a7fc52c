"""Attachments, streamed from the provider to whoever may read the message now."""

import logging
from collections.abc import AsyncIterator, Iterator
from itertools import chain

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from mailweave.kit import fetch, scope
from mailweave.kit.downloads import file_name, guard
from mailweave.mail import reading
from mailweave.mail.models import Part
from mailweave.mail.reading import PartSource
from mailweave.mail.visibility import NotFound, Viewer, viewer_for
from mailweave.people.member import member_of, networked
from mailweave.providers.errors import AuthExpired, ConsentNeeded, ProviderError, Refused
from mailweave.sync import attachments

log = logging.getLogger(__name__)

KNOWN = frozenset(
    ("application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain")
)
"""What is named as it is; everything else is a file without a type."""


@networked
@require_GET
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The attachment, to be saved; an image of the text itself with ``?inline=1``."""
    member = member_of(request)
    with scope.workspace(member.workspace_id):
        viewer = viewer_for(member)
        try:
            source = reading.part(viewer, pk)
        except NotFound:
            return _vanished(request, viewer, pk)
    chunks = attachments.stream(member.workspace_id, source)
    try:
        first = next(chunks, b"")
    except ProviderError as error:
        return _explain(request, error)
    return _stream(request, source, first, chunks)


def _stream(
    request: HttpRequest, source: PartSource, first: bytes, rest: Iterator[bytes]
) -> HttpResponseBase:
    inline = request.GET.get("inline") == "1"
    seen = sniff(first)
    if inline and seen is None:
        return guard(HttpResponse("This is not an image.", "text/plain", 415))
    kind = source.content_type if source.content_type in KNOWN else "application/octet-stream"
    chunks = _whole(chain([first], rest), source)
    response = StreamingHttpResponse(
        _async(chunks) if isinstance(request, ASGIRequest) else chunks,
        content_type=seen if inline else kind,
    )
    name = file_name(source.filename, source.content_type)
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["Cache-Control"] = "private, max-age=3600" if inline else "private, no-store"
    return guard(response)


def sniff(head: bytes) -> str | None:
    """The type of an image by its first bytes; None unless it is one that may be shown."""
    try:
        return fetch.sniff(head)
    except fetch.NotAnImage:
        return None


def _whole(chunks: Iterator[bytes], source: PartSource) -> Iterator[bytes]:
    """The chunks. What breaks off in the middle ends the connection, so that nobody takes half a
    file for the whole."""
    try:
        yield from chunks
    except ProviderError:
        log.warning("an attachment broke off: mailbox %s", source.mailbox_id)
        raise


async def _async(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    def following() -> bytes:
        return next(chunks, b"")

    while chunk := await sync_to_async(following)():
        yield chunk


def _vanished(request: HttpRequest, viewer: Viewer, pk: int) -> HttpResponse:
    """No copy is left to fetch it from; who may not read the message learns nothing."""
    message_id = Part.objects.filter(pk=pk).values_list("message_id", flat=True).first()
    try:
        reading.body(viewer, message_id or 0)
    except NotFound:
        raise Http404 from None
    text = "This message was deleted in its mailbox, and its attachments with it."
    return _sorry(request, text, 410)


def _explain(request: HttpRequest, error: ProviderError) -> HttpResponse:
    if isinstance(error, AuthExpired | ConsentNeeded):
        text = "The mailbox this attachment lies in must be reconnected first."
        return _sorry(request, text, 409)
    if isinstance(error, Refused):
        text = "The provider does not have this attachment any more: it was deleted there."
        return _sorry(request, text, 410)
    return _sorry(request, "The provider did not answer. Try again in a moment.", 503)


def _sorry(request: HttpRequest, text: str, status: int) -> HttpResponse:
    return render(request, "messages/no_attachment.html", {"message": text}, status=status)
