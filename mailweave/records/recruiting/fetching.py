"""Attachments of candidates' mail, fetched from the provider and kept as résumés.

A candidate's page says what is still to be fetched for as long as it is.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import F

from mailweave.kit import clock, live, scope
from mailweave.kit import jobs as nudges
from mailweave.kit.errors import Expected
from mailweave.mail import reading
from mailweave.mail.models import Mailbox
from mailweave.mail.visibility import NotFound, Viewer
from mailweave.mime.parse import content
from mailweave.records.recruiting import candidates, resumes
from mailweave.records.recruiting.models import Candidate, WantedFile
from mailweave.sync import attachments
from mailweave.sync.attachments import UnfetchedError

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=4))
"""Until the next try, after each failure; the last one again and again."""
MOST_LETTER = 30 * 2**20
"""Bytes of a message that was forwarded whole."""
GONE = "The message was deleted in its mailbox before its attachments were fetched."


def want(
    candidate: Candidate, mailbox_id: int, message_id: int, parts: Iterable[tuple[int, str, str]]
) -> None:
    """Have these attachments (part, name, and what inside of it) of a message fetched soon."""
    rows = [
        WantedFile(
            candidate=candidate,
            mailbox_id=mailbox_id,
            message_id=message_id,
            part_id=part_id,
            inner=inner,
            name=name[:255] or "attachment",
        )
        for part_id, name, inner in parts
    ]
    WantedFile.objects.bulk_create(rows, ignore_conflicts=True)
    for pk in WantedFile.objects.filter(candidate=candidate).values_list("pk", flat=True):
        _nudge(pk)


def of(candidate_id: int) -> list[WantedFile]:
    """What is still to be fetched for a candidate, or was not kept."""
    return list(WantedFile.objects.filter(candidate=candidate_id).order_by("pk"))


def again(row: WantedFile) -> None:
    """A person asks for it at once."""
    WantedFile.objects.filter(pk=row.pk).update(
        state=WantedFile.State.WAITING, due_at=clock.now(), fault=""
    )
    _nudge(row.pk)


def fetch(workspace_id: int, wanted_id: int) -> None:
    """Fetch one of them, if it is due: taken, fetched outside any transaction, kept."""
    with scope.workspace(workspace_id):
        due = WantedFile.objects.filter(pk=wanted_id, due_at__lte=clock.now())
        rows = due.filter(state=WantedFile.State.WAITING).select_for_update(skip_locked=True)
        row = rows.first()
        if row is None:
            return
        pause = PAUSES[min(row.attempts, len(PAUSES) - 1)]
        WantedFile.objects.filter(pk=row.pk).update(
            attempts=F("attempts") + 1, due_at=clock.now() + pause
        )
        source = source_of(row.mailbox_id, row.part_id)
    if source is None:
        _note(workspace_id, row, GONE, refused=True)
        return
    try:
        most = MOST_LETTER if row.inner else settings.RESUME_BYTES
        data = whole(workspace_id, source, most)
        data = (content(data, row.inner) or b"") if row.inner else data
        _keep(workspace_id, row, data)
    except UnfetchedError as error:
        _note(workspace_id, row, str(error), refused=error.for_good)
    except Expected as error:
        _note(workspace_id, row, str(error), refused=True)


def whole(workspace_id: int, source: reading.PartSource, most: int) -> bytes:
    """All bytes of an attachment; see :func:`sync.attachments.whole`. No transaction is open."""
    return attachments.whole(workspace_id, source, most)


def source_of(mailbox_id: int, part_id: int) -> reading.PartSource | None:
    """Where an attachment can be fetched: seen with the eyes of the mailbox that it came to."""
    owner_id = Mailbox.objects.values_list("owner_id", flat=True).get(pk=mailbox_id)
    eyes = Viewer(scope.current(), owner_id, (mailbox_id,), {})
    try:
        return reading.part(eyes, part_id)
    except NotFound:
        return None


def _keep(workspace_id: int, row: WantedFile, data: bytes) -> None:
    with scope.workspace(workspace_id):
        candidate = candidates.hold(row.candidate_id)
        if candidate is not None and WantedFile.objects.filter(pk=row.pk).exists():
            resumes.keep(candidate, row.name, data, message_id=row.message_id)
            WantedFile.objects.filter(pk=row.pk).delete()


def _note(workspace_id: int, row: WantedFile, fault: str, *, refused: bool) -> None:
    state = WantedFile.State.REFUSED if refused else WantedFile.State.WAITING
    with scope.workspace(workspace_id):
        WantedFile.objects.filter(pk=row.pk).update(state=state, fault=fault[:300])
        live.tell(resumes.topic(row.candidate_id))


def _nudge(wanted_id: int) -> None:
    nudges.nudge("recruiting.fetch", workspace_id=scope.current(), wanted_id=wanted_id)
