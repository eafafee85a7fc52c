"""The bytes of an attachment, fetched from the provider when somebody asks for them."""

from collections.abc import Iterator
from itertools import chain

from mailweave.kit.errors import Expected
from mailweave.mail.reading import PartSource
from mailweave.mime.headers import decode
from mailweave.providers.base import Attachment, Fetched, Listed, Reader
from mailweave.providers.errors import AuthExpired, ConsentNeeded, ProviderError, Refused
from mailweave.sync import hands


class UnfetchedError(Expected):
    """Why it could not be fetched, in words; ``for_good`` if asking again is of no use."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


def whole(workspace_id: int, source: PartSource, most: int) -> bytes:
    """All bytes of an attachment of at most ``most``, for rooms that keep it. Talks to the network
    as :func:`stream`. Raises :class:`UnfetchedError`."""
    found = bytearray()
    try:
        for chunk in stream(workspace_id, source):
            found += chunk
            if len(found) > most:
                raise UnfetchedError(f"It is larger than {most // 2**20} MB.", for_good=True)
    except (AuthExpired, ConsentNeeded) as error:
        raise UnfetchedError("Its mailbox must be reconnected first.") from error
    except Refused as error:
        text = "The provider does not have it any more."
        raise UnfetchedError(text, for_good=True) from error
    except ProviderError as error:
        raise UnfetchedError("The provider did not answer.") from error
    return bytes(found)


def stream(workspace_id: int, source: PartSource) -> Iterator[bytes]:
    """The decoded bytes in chunks. Talks to the network: no transaction may be open.

    Nothing is asked before the first chunk is. Raises the errors of
    :mod:`mailweave.providers.errors`: AuthExpired if the mailbox must be reconnected, Refused if
    the attachment is not there any more. A person waits, so that the import's pace does not hold
    this back; what it costs is booked.

    The description may come from a copy at another provider, which names its parts otherwise. Then
    the part is looked for in this copy by what people call it.
    """
    with hands.visit(workspace_id, source.mailbox_id) as provider:
        yield from _read(provider.reader, source)


def _read(reader: Reader, source: PartSource) -> Iterator[bytes]:
    chunks = reader.attachment(source.remote_id, source.part_id)
    try:
        first = next(chunks, b"")
    except Refused as refusal:
        part_id = _find(reader, source)
        if not part_id or part_id == source.part_id:
            raise refusal from None
        return reader.attachment(source.remote_id, part_id)
    return chain([first], chunks)


def _find(reader: Reader, source: PartSource) -> str:
    """What this copy's provider calls the part; empty when it has none like it.

    Sizes only choose between parts of one name: each provider counts in its own way.
    """
    wanted = [Listed(source.remote_id, source.remote_id)]
    parts = [
        part
        for one in reader.fetch(wanted)
        if isinstance(one, Fetched) and one.remote_id == source.remote_id
        for part in one.attachments
        if _is_like(part, source)
    ]
    nearest = min(parts, key=lambda part: abs(part.size - source.size), default=None)
    return nearest.part_id if nearest else ""


def _is_like(part: Attachment, source: PartSource) -> bool:
    if source.content_id and part.content_id:
        return decode(part.content_id)[:255] == source.content_id
    return decode(part.filename)[:255] == source.filename
