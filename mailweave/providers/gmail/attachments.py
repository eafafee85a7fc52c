"""The bytes of one part, or of a whole message, streamed from JSON."""

import binascii
import re
from collections.abc import Iterator

from mailweave.kit import http
from mailweave.providers.errors import Refused, Unavailable
from mailweave.providers.gmail import calls, payload, wire
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import TooBig

_CAP = 128 * http.MEGABYTE
"""Gmail takes mail of up to 50 MB, a third more in base64."""
_START = re.compile(rb'"(?:data|raw)"\s*:\s*"')
_PREAMBLE = 4096
_URLSAFE = bytes.maketrans(b"-_", b"+/")


def read(client: Client, remote_id: str, part_id: str) -> Iterator[bytes]:
    """The decoded bytes of a part, in chunks; raises Refused if it does not exist."""
    part = _find(client, remote_id, part_id)
    if part.body.attachment_id:
        call = calls.attachment(remote_id, part.body.attachment_id)
        yield from _decoded(_quoted(client.stream(call, cap=_CAP)))
    elif part.body.data:
        yield payload.decode(part.body.data)


def raw(client: Client, remote_id: str, cap: int) -> bytes:
    """See :class:`mailweave.providers.base.Reader`."""
    pieces = client.stream(calls.raw(remote_id), cap=cap * 4 // 3 + _PREAMBLE)
    whole = b"".join(_decoded(_quoted(pieces)))
    if len(whole) > cap:
        raise TooBig("This message is larger than can be taken.")
    return whole


def _find(client: Client, remote_id: str, part_id: str) -> wire.Part:
    """The part as the message has it now: attachment ids change from one call to the next.

    A part small enough to lie in the message itself has no such id, and needs the whole payload.
    """
    part = _within(client, remote_id, part_id, _mask(part_id))
    if part.body.attachment_id or not part.body.size:
        return part
    return _within(client, remote_id, part_id, "payload")


def _within(client: Client, remote_id: str, part_id: str, fields: str) -> wire.Part:
    call = calls.message_parts(remote_id, f"id,{fields}")
    root = client.ask(call, wire.MESSAGE).payload
    waiting = [root] if root else []
    while waiting:
        part = waiting.pop()
        if part.part_id == part_id:
            return part
        waiting += part.parts
    raise Refused("This attachment no longer exists.")


def _mask(part_id: str) -> str:
    """Field names down to the part's own depth: ``0.1`` lies two levels below the root."""
    depth = min(part_id.count(".") + 2 if part_id else 1, payload.DEPTH)
    mask = own = "partId,body(attachmentId,size)"
    for _ in range(depth - 1):
        mask = f"{own},parts({mask})"
    return f"payload({mask})"


def _quoted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What stands in the string, data or raw: base64url needs no escapes but one for ``=``."""
    head = b""
    for piece in pieces:
        head += piece
        found = _START.search(head)
        if found:
            head = head[found.end() :]
            break
        if len(head) > _PREAMBLE:
            break
    else:
        found = None
    if not found:
        raise Unavailable("Gmail's answer holds no such bytes.")
    while b'"' not in head:
        yield head
        following = next(pieces, None)
        if following is None:
            raise Unavailable("Gmail's answer ends in the middle.")
        head = following
    yield head.partition(b'"')[0]


def _decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """base64url, undone four characters at a time; whatever starts the padding ends it."""
    rest = b""
    for piece in pieces:
        text = rest + piece.translate(_URLSAFE)
        end = min((at for at in (text.find(b"="), text.find(b"\\")) if at >= 0), default=None)
        if end is not None:
            yield _bytes(text[:end])
            return
        whole = len(text) - len(text) % 4
        rest = text[whole:]
        if whole:
            yield _bytes(text[:whole])
    if rest:
        yield _bytes(rest)


def _bytes(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text + b"==")
    except binascii.Error:
        raise Unavailable("Gmail's answer is not base64.") from None
