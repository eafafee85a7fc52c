"""The files of a draft: uploaded piece by piece, or carried over from a message."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Sum

from mailweave.kit.errors import Expected
from mailweave.mail.models import Part
from mailweave.outbox.models import Draft, DraftFile, FilePiece

PIECE = 1024 * 1024
"""At most so many bytes are taken, kept and given at a time."""
LARGEST = 25 * 1024 * 1024
"""Bytes of all files of a letter together: what providers' own programs let people send."""
MOST = 100
"""Files of a letter."""
_CHUNK = 4096


class FileRefused(Expected):
    """Why a file cannot go with this draft, in words."""


def listed(draft_id: int) -> list[DraftFile]:
    """The files of a draft, in the order they came."""
    return list(DraftFile.objects.filter(draft_id=draft_id).order_by("pk"))


def begin(
    draft: Draft, name: str, content_type: str, size: int, *, content_id: str = ""
) -> DraftFile:
    """A file whose bytes are to follow. Raises :class:`FileRefused` if there is no room for it."""
    _make_room(draft, size)
    made: DraftFile = DraftFile.objects.create(
        draft=draft,
        name=name[:255] or "file",
        content_type=content_type[:127] or "application/octet-stream",
        content_id=content_id[:255],
        size=size,
        ready=size == 0,
    )
    return made


def carry(draft: Draft, part: Part, *, shown: bool) -> DraftFile:
    """An attachment of a stored message goes along; its bytes are fetched when the letter goes.

    With ``shown`` it is an image of the quoted HTML.
    """
    _make_room(draft, part.size)
    made: DraftFile = DraftFile.objects.create(
        draft=draft,
        name=part.filename or "attachment",
        content_type=part.content_type,
        content_id=part.content_id if shown else "",
        size=part.size,
        part=part,
    )
    return made


def put(file: DraftFile, start: int, data: bytes) -> int:
    """Keep bytes from ``start`` on; the same again does no harm. Returns how many are here now.

    Raises :class:`FileRefused` for bytes that leave a gap or go beyond the file's size.
    """
    here = held(file.pk)
    if start > here or start + len(data) > file.size:
        raise FileRefused("These bytes do not follow those that are here.")
    if start + len(data) > here:
        fresh = data[here - start :]
        pieces = [
            FilePiece(file=file, start=here + at, data=fresh[at : at + PIECE])
            for at in range(0, len(fresh), PIECE)
        ]
        FilePiece.objects.bulk_create(pieces)
        here += len(fresh)
    if here == file.size:
        DraftFile.objects.filter(pk=file.pk).update(ready=True)
    return here


def fill(file: DraftFile, data: bytes) -> None:
    """The bytes of a file that was carried over, as they came from its mailbox."""
    FilePiece.objects.filter(file=file).delete()
    DraftFile.objects.filter(pk=file.pk).update(size=len(data))
    file.size = len(data)
    put(file, 0, data)
    DraftFile.objects.filter(pk=file.pk).update(ready=True)


def held(file_id: int) -> int:
    """How many bytes of a file are here."""
    last = FilePiece.objects.filter(file_id=file_id).order_by("-start").first()
    return int(last.start + len(last.data)) if last else 0


def read(file_id: int) -> Iterator[bytes]:
    """The bytes that are here, a piece at a time."""
    for piece in FilePiece.objects.filter(file_id=file_id).order_by("start").iterator(_CHUNK):
        yield bytes(piece.data)


def drop(draft_id: int, file_id: int) -> None:
    """Take a file out of its draft."""
    DraftFile.objects.filter(draft_id=draft_id, pk=file_id).delete()


def drop_bytes(draft_id: int) -> None:
    """Let go of the bytes of what was sent: they lie in the mailbox it was sent from."""
    FilePiece.objects.filter(file__draft_id=draft_id).delete()


def _make_room(draft: Draft, size: int) -> None:
    rows: Any = DraftFile.objects.filter(draft=draft)
    if rows.count() >= MOST:
        raise FileRefused(f"At most {MOST} files go with one message.")
    taken = rows.aggregate(total=Sum("size"))["total"] or 0
    if size < 0 or taken + size > LARGEST:
        room = max(0, LARGEST - taken) / 1024 / 1024
        raise FileRefused(
            f"All files of a message together may have {LARGEST // 1024 // 1024} MB; there is room"
            f" for {room:.1f} MB more."
        )
