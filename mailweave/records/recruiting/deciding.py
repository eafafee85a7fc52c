"""What becomes of a message that came to an intake: one pure function of what is known of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailweave.records.recruiting.forwards import Person
from mailweave.records.recruiting.models import Intake, IntakeEntry

Outcome = IntakeEntry.Outcome
Mode = Intake.Mode

HOURLY = 60
"""Applications that come in within an hour before they are held back for a person to look at."""
MOST_PAPERS = 5
ENDINGS = (".pdf", ".doc", ".docx")
TYPES = (
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """An active intake of the mailbox. ``job`` is its default one."""

    id: int
    mode: str
    suffix: str = ""
    retired: tuple[str, ...] = ()
    code: str = ""
    job: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A job that may be meant."""

    id: int
    name: str
    code: str = ""
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Known:
    """A candidate there is, with the jobs they have applied for."""

    id: int
    name: str
    jobs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Paper:
    """An attachment, as its message describes it."""

    part_id: int
    name: str
    content_type: str
    inner: str = ""
    """Where it lies inside of that part, if that is a message."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a message. Addresses are normalised; ``mailbox`` is the mailbox's own.

    ``colleague``: its sender is one of us. ``original`` is whose message it forwards, as its text
    says; ``nested``, the attachment that is a whole message and has not been opened. ``known`` are
    candidates by address, of the sender and of ``original``. ``lately`` counts what came in within
    the hour.
    """

    mailbox: str
    rules: tuple[Rule, ...]
    recipients: tuple[str, ...] = ()
    sender: Person | None = None
    subject: str = ""
    automatic: bool = False
    sent: bool = False
    colleague: bool = False
    original: Person | None = None
    original_is_ours: bool = False
    nested: int | None = None
    papers: tuple[Paper, ...] = ()
    jobs: tuple[Opening, ...] = ()
    known: Mapping[str, Known] | None = None
    lately: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome with its reason, for people; and who applies for what, with which papers."""

    rule: Rule
    outcome: str
    reason: str
    person: Person | None = None
    job: int | None = None
    candidate: int | None = None
    papers: tuple[Paper, ...] = ()
    nested: int | None = None


def decide(facts: Facts) -> Decision | None:
    """What to do with a message; None for mail that did not come to any intake's address.

    1. To which intake? Mail that we sent, or that came elsewhere, is not its business.
    2. An address that is retired, a machine's mail, a missing code: left alone.
    3. Who applies: the sender; of what a colleague forwards, who wrote the original.
    4. For which job: by code, then by title, in the subject; else the default one.
    5. A candidate there is joined; else one is made. The mode says whether a person is asked.
    """
    addressed = None if facts.sent else _addressed(facts)
    if addressed is None:
        return None
    rule, extra, is_retired = addressed
    if reason := _against(facts, rule, extra, is_retired):
        return Decision(rule, Outcome.LEFT, reason)
    person, reason = _person(facts)
    if person is None:
        outcome = Outcome.OPENING if facts.nested else Outcome.LEFT
        return Decision(rule, outcome, reason, nested=facts.nested)
    return _judge(facts, rule, person, reason, _job(facts, rule, extra))


def _judge(
    facts: Facts, rule: Rule, person: Person, reason: str, job: tuple[int | None, str]
) -> Decision:
    papers, known = _papers(facts.papers), (facts.known or {}).get(person.address)
    job_id, job_reason = job
    if known and not papers and (job_id is None or job_id in known.jobs):
        said = f"From {known.name}, who is a candidate already; it brings nothing new."
        return Decision(rule, Outcome.LEFT, said, person, job_id, known.id)
    outcome = Outcome.JOINED if known else Outcome.MADE
    said = f"{reason} {job_reason} {_paper_reason(papers)}"
    if rule.mode == Mode.NOTIFY:
        outcome = Outcome.TOLD
    elif rule.mode == Mode.REVIEW:
        outcome = Outcome.WAITING
    elif facts.lately >= HOURLY:
        outcome = Outcome.WAITING
        said = f"Held back: {facts.lately} applications came in within an hour. {said}"
    return Decision(rule, outcome, said, person, job_id, known.id if known else None, papers)


def _addressed(facts: Facts) -> tuple[Rule, str, bool] | None:
    """The intake it came to, what stands behind the suffix, and whether that is retired."""
    box, _, domain = facts.mailbox.rpartition("@")
    tags = []
    for one in facts.recipients:
        local, _, where = one.rpartition("@")
        if where == domain and local.startswith(f"{box}+"):
            tags.append(local[len(box) + 1 :])
    for tag in tags:
        for rule in facts.rules:
            suffix, _, extra = tag.partition(".")
            if suffix and suffix == rule.suffix:
                return rule, extra, False
            if suffix in rule.retired:
                return rule, extra, True
    plain = next((rule for rule in facts.rules if not rule.suffix), None)
    return (plain, "", False) if plain else None


def _against(facts: Facts, rule: Rule, extra: str, is_retired: bool) -> str:
    """Why it is left alone, if it is."""
    if is_retired:
        return (
            "It came to an address of this intake that is not used any more. Tell the sender the "
            "new one, or add the candidate by hand."
        )
    if facts.automatic:
        return "A machine sent it: an automatic answer, a notice or mail to many."
    if facts.sender is None:
        return "It names no sender."
    if rule.code and not _holds(f"{facts.subject} {extra}", rule.code):
        return "The code of this intake stands neither in its subject nor in the address."
    return ""


def _person(facts: Facts) -> tuple[Person | None, str]:
    """Who applies, and how that is known; nobody, and why not."""
    if not facts.colleague:
        return facts.sender, "The sender applies."
    by = facts.sender.name or facts.sender.address if facts.sender else "a colleague"
    if facts.original and not facts.original_is_ours:
        return facts.original, f"Forwarded by {by}."
    if facts.nested:
        return None, f"{by} forwarded it as an attachment, which is being opened."
    if facts.original:
        return None, f"{by} forwarded what a colleague wrote."
    return None, f"{by} is a colleague, and it forwards nobody's application."


def _job(facts: Facts, rule: Rule, extra: str) -> tuple[int | None, str]:
    said = f"{facts.subject} {extra}"
    coded = next((one for one in facts.jobs if one.code and _holds(said, one.code)), None)
    if coded:
        return coded.id, f"Its code names {_named(coded)}."
    by_length = sorted(facts.jobs, key=lambda one: -len(one.name))
    titled = next((one for one in by_length if _holds(facts.subject, one.name)), None)
    if titled:
        return titled.id, f"Its subject names {_named(titled)}."
    usual = next((one for one in facts.jobs if one.id == rule.job), None)
    if usual:
        return usual.id, f"It names no job, so it is for {_named(usual)}."
    return None, "It names no job, and the intake has no default one."


def _named(job: Opening) -> str:
    return job.name if job.status == "open" else f"{job.name}, which is not open now"


def _holds(text: str, word: str) -> bool:
    """Whether the word stands in the text for itself, in any case of letters."""
    wanted = re.escape(" ".join(word.lower().split()))
    return re.search(rf"(?<!\w){wanted}(?!\w)", " ".join(text.lower().split())) is not None


def _papers(parts: Sequence[Paper]) -> tuple[Paper, ...]:
    """The attachments that may be résumés: documents by name or type, whatever lies in the text."""
    found = [
        one
        for one in parts
        if one.name.lower().endswith(ENDINGS) or one.content_type.lower() in TYPES
    ]
    return tuple(found[:MOST_PAPERS])


def _paper_reason(papers: Sequence[Paper]) -> str:
    if not papers:
        return "No document is attached."
    return f"{len(papers)} document{'s' if len(papers) > 1 else ''} attached."
