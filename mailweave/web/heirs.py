"""What becomes of shared mailboxes when the one is disconnected through which they are opened."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.sync import delegates, shared


@dataclass(frozen=True, slots=True)
class Heir:
    """A shared mailbox that ends with its delegate's, unless somebody else opens it."""

    mailbox: Mailbox
    others: tuple[Mailbox, ...]

    @property
    def field(self) -> str:
        """The name of the form's field about it."""
        return f"shared-{self.mailbox.pk}"


def listed(member: Member, mailbox: Mailbox) -> list[Heir]:
    """The shared mailboxes that are opened through this one, and who else could open each."""
    found = []
    for one in delegates.opened_by(mailbox.pk):
        able = delegates.able(member, one)
        found.append(Heir(one, tuple(other for other in able if other.pk != mailbox.pk)))
    return found


def bequeath(member: Member, ending: list[Heir], given: Mapping[str, str]) -> None:
    """Hand over what a form says; raises Expected at the first that cannot be. Network."""
    for one in ending:
        if delegate_id := number(given.get(one.field, "")):
            shared.hand_over(member, one.mailbox, delegate_id)


def number(text: str) -> int:
    """A number a form sent; 0 for nonsense."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0
