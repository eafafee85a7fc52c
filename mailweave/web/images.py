"""Remote images of mail, fetched for the reader: the sender learns neither who looks nor where.

An address names one image for one user and one message until a day or two from now, and is signed,
so that this is nobody's open proxy. Every refusal looks the same: a transparent pixel.
"""

import base64
import logging
from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from mailweave.kit import clock, fetch, scope
from mailweave.mail import reading
from mailweave.mail.visibility import NotFound, viewer_for
from mailweave.mime.images import PLACEHOLDER, ImageRewriter
from mailweave.people.access import Member
from mailweave.people.member import member_of, networked

log = logging.getLogger(__name__)

MAX_URL = 4_000
_SIGNER = signing.Signer(salt="mailweave.images")
_DAY = timedelta(days=1)
_REFUSALS = (fetch.Forbidden, fetch.NotAnImage, fetch.TooLarge, fetch.FetchFailed)
_PIXEL = base64.b64decode(PLACEHOLDER.partition(",")[2])


def addresser(member: Member, message_id: int) -> ImageRewriter:
    """Gives the images of a message their addresses with us, for one member.

    They stay the same within a day, so that browsers keep what they fetched.
    """
    end = int((clock.now() + 2 * _DAY).timestamp()) // 86_400 * 86_400

    def address(url: str) -> str:
        if len(url) > MAX_URL:
            return PLACEHOLDER
        facts = [member.workspace_id, member.user_id, message_id, end, url]
        token = _SIGNER.sign_object(facts, compress=True)
        return reverse("image", args=[token])

    return address


@networked
@require_GET
def image(request: HttpRequest, token: str) -> HttpResponse:
    """The image behind an address of ours, or a pixel."""
    member = member_of(request)
    url = _read(member, token)
    if url is None:
        return _answer(_PIXEL, "image/gif", 403)
    try:
        picture = fetch.fetch_image(url)
    except _REFUSALS as error:
        log.info("an image was refused: %s", type(error).__name__)
        return _answer(_PIXEL, "image/gif", 415)
    return _answer(picture.content, picture.content_type, 200)


def _read(member: Member, token: str) -> str | None:
    """The image's own address, if this member may still ask for it."""
    try:
        workspace_id, user_id, message_id, end, url = _SIGNER.unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if (workspace_id, user_id) != (member.workspace_id, member.user_id):
        return None
    if end <= clock.now().timestamp():
        return None
    with scope.workspace(member.workspace_id):
        try:
            reading.body(viewer_for(member), message_id)
        except NotFound:
            return None
    return str(url)


def _answer(body: bytes, content_type: str, status: int) -> HttpResponse:
    response = HttpResponse(body, content_type=content_type, status=status)
    response["Cache-Control"] = "private, max-age=86400" if status == 200 else "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response
