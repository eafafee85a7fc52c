"""What is attached to a message, and the bytes of one attachment or of the whole.

https://learn.microsoft.com/en-us/graph/api/message-list-attachments
"""

import re
from collections.abc import Iterator

from mailweave.providers.errors import Refused, Unavailable
from mailweave.providers.graph import calls, wire
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Corrupt, Gone, Invalid
from mailweave.providers.graph.message import REFERENCE, kind_of, part_ids

_MOST_PAGES = 50
_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:")

IN_THE_CLOUD = (
    "This attachment is a link to a file in the cloud; open the message in Outlook to get it."
)


def read(client: Client, remote_id: str, part_id: str) -> Iterator[bytes]:
    """The bytes of an attachment, in chunks; raises Refused if it does not exist.

    An attached message or contact comes as Exchange writes it down.
    """
    found = _find(client, remote_id, part_id)
    if kind_of(found) == REFERENCE:
        raise Refused(IN_THE_CLOUD)
    try:
        yield from client.stream(calls.attachment(remote_id, found.id))
    except (Gone, Invalid, Corrupt) as error:
        raise Refused(f"This attachment cannot be had: {error}") from None


def raw(client: Client, remote_id: str, cap: int) -> bytes:
    """See :class:`mailweave.providers.base.Reader`: Exchange writes it anew from what it keeps."""
    try:
        whole = b"".join(client.stream(calls.raw(remote_id, cap)))
    except (Gone, Invalid, Corrupt) as error:
        raise Refused(f"This message cannot be had: {error}") from None
    if not _FIELD.match(whole):
        raise Unavailable("Microsoft Graph answered with something other than a message.")
    return whole


def more(client: Client, link: str | None) -> Iterator[wire.Attachment]:
    """The attachments of the pages behind ``link``."""
    for _ in range(_MOST_PAGES):
        if not link:
            return
        page = client.ask(calls.following(client.link(link)), wire.ATTACHMENTS)
        yield from page.value
        link = page.next_link
    raise Unavailable("Microsoft's list of attachments runs in circles.")


def _find(client: Client, remote_id: str, part_id: str) -> wire.Attachment:
    try:
        page = client.ask(calls.attachments(remote_id, content_ids=False), wire.ATTACHMENTS)
    except (Gone, Invalid) as error:
        raise Refused(f"This attachment no longer exists: {error}") from None
    attached = [*page.value, *more(client, page.next_link)]
    for one, name in zip(attached, part_ids(attached), strict=True):
        if name == part_id:
            return one
    raise Refused("This attachment no longer exists.")
