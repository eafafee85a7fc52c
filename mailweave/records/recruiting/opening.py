"""Messages that a colleague forwarded as an attachment: fetched, opened, and then decided about."""

from django.db.models import F

from mailweave.kit import clock, live, scope
from mailweave.linking.models import Handed
from mailweave.mail import store
from mailweave.mail.models import Message
from mailweave.records.recruiting import facts, fetching, forwards, reading
from mailweave.records.recruiting.deciding import Outcome, decide
from mailweave.records.recruiting.fetching import GONE, MOST_LETTER, PAUSES
from mailweave.records.recruiting.forwards import Letter
from mailweave.records.recruiting.models import IntakeEntry
from mailweave.sync.attachments import UnfetchedError

SAY_WHO = "It was forwarded as an attachment, which could not be opened. Say who applies."
CHANGED = "The intake was changed before it could be opened."


def open_(workspace_id: int, entry_id: int) -> None:
    """Open one that is due: taken, fetched outside any transaction, decided about."""
    with scope.workspace(workspace_id):
        due = IntakeEntry.objects.filter(pk=entry_id, due_at__lte=clock.now())
        rows = due.filter(outcome=Outcome.OPENING).select_related("intake")
        entry = rows.select_for_update(of=("self",), skip_locked=True).first()
        if entry is None:
            return
        pause = PAUSES[min(entry.attempts, len(PAUSES) - 1)]
        due.update(attempts=F("attempts") + 1, due_at=clock.now() + pause)
        source = fetching.source_of(entry.intake.mailbox_id, entry.nested or 0)
    if source is None:
        _give_up(workspace_id, entry_id, GONE)
        return
    try:
        raw = fetching.whole(workspace_id, source, MOST_LETTER)
    except UnfetchedError as error:
        note = _give_up if error.for_good else _put_off
        note(workspace_id, entry_id, str(error))
    else:
        _decide(workspace_id, entry_id, forwards.open_letter(raw))


def _decide(workspace_id: int, entry_id: int, letter: Letter) -> None:
    with scope.workspace(workspace_id):
        entry = _held(entry_id)
        if entry is None:
            return
        message = Message.objects.select_related("sender").get(pk=entry.message_id)
        mailbox_id = entry.intake.mailbox_id
        row = Handed(message=message, mailbox_id=mailbox_id, received_at=entry.received_at)
        found = facts.gather(row, message, facts.rules_of(mailbox_id))
        decision = decide(facts.opened(found, letter))
        if decision is None or decision.rule.id != entry.intake_id:
            _wait(entry, CHANGED)
        else:
            reading.settle(entry, decision)


def _give_up(workspace_id: int, entry_id: int, why: str) -> None:
    with scope.workspace(workspace_id):
        if entry := _held(entry_id):
            _wait(entry, why)


def _put_off(workspace_id: int, entry_id: int, why: str) -> None:
    said = f"It was forwarded as an attachment, which is still to be opened. {why}"
    with scope.workspace(workspace_id):
        rows = IntakeEntry.objects.filter(pk=entry_id, outcome=Outcome.OPENING)
        rows.update(reason=said[:400])
        live.tell(reading.TOPIC)


def _held(entry_id: int) -> IntakeEntry | None:
    store.hold()  # before any row: what is decided links mail
    rows = IntakeEntry.objects.filter(pk=entry_id, outcome=Outcome.OPENING)
    held = rows.select_related("intake").select_for_update(of=("self",))
    found: IntakeEntry | None = held.first()
    return found


def _wait(entry: IntakeEntry, why: str) -> None:
    entry.outcome, entry.reason = Outcome.WAITING, f"{SAY_WHO} {why}"[:400]
    entry.save(update_fields=["outcome", "reason"])
    live.tell(reading.TOPIC)
