"""What recruiting knows of a message handed to it, looked up before anything is decided."""

from dataclasses import replace
from datetime import timedelta

from mailweave.kit import clock
from mailweave.linking.models import Handed
from mailweave.mail import colleagues
from mailweave.mail.colleagues import Own
from mailweave.mail.models import Body, Mailbox, Message, Part, Participant
from mailweave.mime.address import normalise
from mailweave.records.recruiting import candidates, forwards
from mailweave.records.recruiting.deciding import Facts, Known, Opening, Paper, Rule
from mailweave.records.recruiting.forwards import Letter, Person
from mailweave.records.recruiting.models import Application, Intake, IntakeEntry, Job

HOUR = timedelta(hours=1)
SUBJECT = 1_000
TEXT = 50_000
MOST_PARTS = 100
LETTER = "message/rfc822"
TAKEN_IN = (IntakeEntry.Outcome.MADE, IntakeEntry.Outcome.JOINED, IntakeEntry.Outcome.WAITING)


def rules_of(mailbox_id: int) -> tuple[Rule, ...]:
    """The active intakes of a mailbox, in the order they were made."""
    rows = Intake.objects.filter(mailbox=mailbox_id, active=True).order_by("pk")
    return tuple(
        Rule(one.pk, one.mode, one.suffix, tuple(one.retired), one.code, one.job_id) for one in rows
    )


def gather(row: Handed, message: Message, rules: tuple[Rule, ...]) -> Facts:
    """The facts of a message in the mailbox it was handed from."""
    own = colleagues.own()
    sender = _sender(message)
    is_ours = _is_of(sender, own)
    parts = list(Part.objects.filter(message=message).order_by("pk")[:MOST_PARTS])
    original = forwards.original(_text(message)) if is_ours else None
    return Facts(
        mailbox=normalise(Mailbox.objects.get(pk=row.mailbox_id).address) or "",
        rules=rules,
        recipients=_recipients(message),
        sender=sender,
        subject=str(message.subject)[:SUBJECT],
        automatic=bool(message.automatic),
        sent=message.direction == Message.Direction.OUTBOUND,
        colleague=is_ours,
        original=original,
        original_is_ours=_is_of(original, own),
        nested=next((one.pk for one in parts if one.content_type.lower() == LETTER), None),
        papers=tuple(Paper(one.pk, one.filename, one.content_type) for one in parts),
        jobs=_jobs(),
        known=_known([one for one in (sender, original) if one]),
        lately=_lately(),
    )


def opened(facts: Facts, letter: Letter) -> Facts:
    """The facts with what the message that it carried turned out to be."""
    people = [one for one in (facts.sender, letter.sender) if one]
    return replace(
        facts,
        subject=f"{facts.subject} {letter.subject}"[:SUBJECT],
        original=letter.sender,
        original_is_ours=_is_of(letter.sender, colleagues.own()),
        nested=None,
        papers=tuple(
            Paper(facts.nested or 0, name, kind, inner) for inner, name, kind in letter.parts
        ),
        known=_known(people),
    )


def _sender(message: Message) -> Person | None:
    if message.sender is None:
        return None
    return Person(str(message.sender_name), str(message.sender.address))


def _recipients(message: Message) -> tuple[str, ...]:
    roles = (Participant.Role.TO, Participant.Role.CC)
    rows = Participant.objects.filter(message=message, role__in=roles)
    return tuple(rows.order_by("role", "position").values_list("address__address", flat=True))


def _text(message: Message) -> str:
    text = Body.objects.filter(message=message).values_list("text", flat=True).first()
    return (text or "")[:TEXT]


def _is_of(person: Person | None, own: Own) -> bool:
    address = person.address if person else ""
    return address in own.addresses or address.rpartition("@")[2] in own.domains


def _jobs() -> tuple[Opening, ...]:
    """Those that may be meant: the open ones first, then the newest."""
    rows = Job.objects.order_by("-pk").values_list("pk", "name", "code", "status")[:1_000]
    ordered = sorted(rows, key=lambda row: row[3] != Job.Status.OPEN)
    return tuple(Opening(*row) for row in ordered)


def _known(people: list[Person]) -> dict[str, Known]:
    found = {}
    for person in people:
        if candidate := candidates.known(person.address):
            applied = Application.objects.filter(candidate=candidate)
            jobs = frozenset(applied.values_list("job_id", flat=True))
            found[person.address] = Known(candidate.pk, candidate.name, jobs)
    return found


def _lately() -> int:
    since = clock.now() - HOUR
    rows = IntakeEntry.objects.filter(received_at__gt=since, outcome__in=TAKEN_IN)
    return int(rows.count())
