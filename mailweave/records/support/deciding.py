"""What becomes of a message: one pure function, so that every case can stand in a table.

In this order:

1. It is in a ticket already (it came to another mailbox before): nothing more.
2. It belongs to a ticket: by its conversation, by [TKT-0042] in its subject or by the address
   support+tkt-0042@. Believed only of somebody who takes part there, of colleagues, and of reports
   about what we sent. What people write reopens a ticket that waited, was resolved or, as the
   processor has it, closed; what we send, and what machines send, never does.
3. It can open none: we sent it, a machine did, a colleague did, or nobody did.
4. A processor of the mailbox wants it: a new ticket, unless its sender has opened too many lately.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailweave.records.support.models import Processor, Reading, Ticket

Outcome = Reading.Outcome
Status = Ticket.Status
Reopening = Processor.Reopening


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that a message may belong to; ``party`` is whether its sender takes part there."""

    id: int
    reference: str
    status: str = Status.OPEN
    party: bool = False
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a processor wants and does. Filters are in small letters; empty ones let all through."""

    id: int
    name: str
    sender: str = ""
    subject: str = ""
    recipient: str = ""
    reopening: str = Reopening.ALWAYS
    reopening_days: int = 14

    def wants(self, facts: "Facts") -> bool:
        """Whether a message passes its filters."""
        return (
            self.sender in f"{facts.sender_name} <{facts.sender}>".lower()
            and self.subject in facts.subject.lower()
            and (not self.recipient or any(self.recipient in one for one in facts.recipients))
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """A message as support looks at it, in the mailbox it came to.

    ``automatic`` says in words how one can tell that a machine sent it, empty if it did not;
    ``report`` that it tells of mail that was not delivered. ``named`` is the ticket whose number
    its subject or an address of ours bears, which ``named_by`` says. ``lately`` counts the tickets
    that its sender opened within the hour, of ``hourly`` that are let through.
    """

    received_at: datetime
    sender: str
    sender_name: str = ""
    subject: str = ""
    recipients: tuple[str, ...] = ()
    sent: bool = False
    ours: bool = False
    colleague: bool = False
    private: bool = False
    automatic: str = ""
    report: bool = False
    filed: Found | None = None
    thread: Found | None = None
    named: Found | None = None
    named_by: str = "subject"
    lately: int = 0
    hourly: int = 20


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done, and why, in a sentence. ``ticket`` is the one that a message joins, or that a
    new one follows; ``named`` the one whose number it bears without taking part."""

    outcome: str
    reason: str
    ticket: Found | None = None
    rule: Rule | None = None
    reopens: bool = False
    answers: bool = False
    named: Found | None = None


def decide(facts: Facts, rules: Sequence[Rule]) -> Decision:
    """What becomes of a message."""
    if facts.filed:
        return Decision(Outcome.JOINED, f"It is in {facts.filed.reference} already.", facts.filed)
    rule = next((one for one in rules if one.wants(facts)), None)
    home, why = _home(facts)
    if home:
        return _join(facts, home, why, rule)
    if reason := _never_opens(facts):
        return Decision(Outcome.IGNORED, reason + _beside(facts), rule=rule)
    if rule is None:
        said = "No processor of this mailbox lets it through." if rules else "No processor asks."
        return Decision(Outcome.IGNORED, said + _beside(facts))
    reason = f"New mail to {rule.name}.{_beside(facts)}"
    return _guarded(facts, Decision(Outcome.OPENED, reason, rule=rule, named=facts.named))


def _home(facts: Facts) -> tuple[Found | None, str]:
    """The ticket it belongs to, and how that is known."""
    known = facts.sent or facts.colleague or facts.ours
    thread, named = facts.thread, facts.named
    if thread and (known or thread.party or facts.report):
        return thread, f"It answers mail of {thread.reference}."
    if named and (known or named.party):
        return named, f"Its {facts.named_by} names {named.reference}."
    return None, ""


def _join(facts: Facts, home: Found, why: str, rule: Rule | None) -> Decision:
    joined = Decision(Outcome.JOINED, why, home, rule)
    if facts.automatic:
        return Decision(
            Outcome.JOINED, f"{why} It was sent automatically ({facts.automatic}).", home, rule
        )
    if facts.sent or facts.ours or facts.colleague:
        return Decision(Outcome.JOINED, why, home, rule, answers=facts.sent)
    if home.closed_at and facts.received_at <= home.closed_at:
        return joined
    if home.status != Status.CLOSED:
        waited = home.status in {Status.WAITING, Status.RESOLVED}
        return Decision(Outcome.JOINED, why, home, rule, reopens=waited)
    if rule is None or _reopens(facts, home, rule):
        return Decision(Outcome.JOINED, f"{why} It was reopened.", home, rule, reopens=True)
    said = f"{why} That is closed, and {rule.name} opens a new ticket then."
    return _guarded(facts, Decision(Outcome.FOLLOWED, said, home, rule))


def _reopens(facts: Facts, home: Found, rule: Rule) -> bool:
    if rule.reopening == Reopening.WITHIN and home.closed_at:
        return facts.received_at - home.closed_at <= timedelta(days=rule.reopening_days)
    return rule.reopening == Reopening.ALWAYS


def _never_opens(facts: Facts) -> str:
    if facts.sent:
        return "We sent it, and it answers no ticket."
    if facts.automatic:
        return f"It was sent automatically ({facts.automatic}): such mail opens no ticket."
    if facts.ours:
        return "It comes from a mailbox of ours: such mail opens no ticket."
    if facts.private:
        return "A colleague wrote it: mail among us is nobody's ticket, as the policy has it."
    return "" if facts.sender else "It says of nobody that they sent it."


def _guarded(facts: Facts, decision: Decision) -> Decision:
    if facts.lately < facts.hourly:
        return decision
    said = f"{facts.sender} has opened {facts.lately} tickets within an hour. {decision.reason}"
    return Decision(Outcome.HELD, said, decision.ticket, decision.rule, named=decision.named)


def _beside(facts: Facts) -> str:
    """What it claims to belong to, where that is not believed."""
    if facts.named:
        how = f"Its {facts.named_by} names {facts.named.reference}"
    elif facts.thread:
        how = f"It refers to mail of {facts.thread.reference}"
    else:
        return ""
    return f" {how}, but {facts.sender or 'nobody'} is not part of that conversation."
