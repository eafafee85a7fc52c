"""Files put on a draft: small ones in one call, large ones in pieces.

https://learn.microsoft.com/en-us/graph/outlook-large-attachments
"""

from mailweave.kit import clock
from mailweave.providers.errors import ConsentNeeded, Refused, Unavailable
from mailweave.providers.graph import calls, wire
from mailweave.providers.graph.client import PATIENCE, Client
from mailweave.providers.graph.failures import Gone
from mailweave.providers.graph.shared import SharedClient
from mailweave.providers.graph.skeleton import File

SMALL = 3_000_000
"""Bytes of a file from which on it goes in pieces."""
PIECE = 10 * 320 * 1024
"""Less than four megabytes, and a multiple of what Microsoft likes."""

NOT_FROM_SHARED = (
    "Microsoft takes no file of more than 3 MB into a mailbox that is shared. Send it from a "
    "mailbox of your own, or send a link to it."
)


def attach(client: Client, draft_id: str, file: File) -> None:
    """Put a file on a draft, once: what fails leaves the draft unfinished."""
    if len(file.data) < SMALL:
        client.settled(client.once(calls.attach(draft_id, file)))
        return
    try:
        url = client.ask(calls.upload(draft_id, file), wire.SESSION).upload_url
    except ConsentNeeded:
        if isinstance(client, SharedClient):
            raise Refused(NOT_FROM_SHARED) from None
        raise
    _send(client, url, file.data)


def _send(client: Client, url: str, data: bytes) -> None:
    """All pieces in their order; after a failure from where Microsoft says."""
    start, patience, doubtful = 0, list(PATIENCE), False
    while start < len(data):
        try:
            start = _next(client, url, start) if doubtful else start
            piece = data[start : start + PIECE]
            client.upload(url, piece, f"bytes {start}-{start + len(piece) - 1}/{len(data)}")
        except Unavailable:
            if not patience:
                raise
            clock.sleep(patience.pop(0))
            doubtful = True
        else:
            start, doubtful = start + len(piece), False


def _next(client: Client, url: str, start: int) -> int:
    """Where to go on: the piece may have arrived all the same."""
    try:
        told = client.read(wire.SESSION, client.upload(url, None, "")).next_expected_ranges
        return int((told or [""])[0].partition("-")[0])
    except ValueError:
        return start
    except Gone:
        raise Unavailable("The upload to Microsoft has ended early.") from None
