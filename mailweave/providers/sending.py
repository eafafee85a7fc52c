"""Sending from one mailbox in two steps, so that a letter goes out once and never twice.

``stage`` leaves a draft at the provider and sends nothing; ``release`` sends that draft. Where a
step ends in doubt, ``fate`` finds out from the provider what became of it: nothing is repeated on
a guess. A letter is known again by its key, which is in its headers and, where the provider has a
better place, there too.

::

    stage -> Staged -> release -> Sent
                          |
                       InDoubt -> fate -> Waiting    it was not sent: release again
                                       -> Sent       it was
                                       -> Untraced   neither can be found: ask again later
"""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Protocol

KEY_HEADER = "X-Mailweave-Key"
"""The header of a letter that has its key."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent, finished: nothing in it is decided by a provider's code any more."""

    raw: bytes
    """RFC 5322 with CRLF, Bcc included: the provider reads the recipients from the headers, and
    takes Bcc out of what others get."""
    key: str
    """32 hex digits, of this letter alone; ``raw`` has it in ``X-Mailweave-Key``."""
    message_id: str
    """The Message-ID in ``raw``, without brackets. Providers may replace it on the way out."""
    remote_thread_id: str = ""
    """The provider's thread this belongs to; empty begins a new one."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A letter that lies at the provider as a draft of ours. Keep it: it is all that is needed."""

    draft_id: str
    key: str
    message_id: str
    """Without brackets, as the letter has it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has accepted it for delivery, which says nothing of its arrival."""

    remote_id: str
    """Of the sent copy, as a listing will name it; empty if that is not known yet."""
    remote_thread_id: str
    """Empty if that is not known yet."""
    message_id: str
    """Without brackets, as the provider has it now; empty if that is not known yet."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The draft is there and was not sent."""


@dataclass(frozen=True, slots=True)
class Untraced:
    """Neither the draft nor a sent copy can be found now; the copy may only be late."""


@dataclass(frozen=True, slots=True)
class SendAs:
    """An address this mailbox may send as, in the provider's view."""

    address: str
    name: str
    signature_html: str
    """As the provider keeps it, so somebody else's HTML; empty if it keeps none."""
    is_primary: bool
    """The mailbox's own address."""
    is_default: bool
    """The one the provider offers first."""
    ready: bool
    why: str
    """Why it cannot be used, in words; empty if it can."""


def sender_of(raw: bytes) -> tuple[str, str]:
    """Name and address a letter is from; empty where it does not say."""
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    found = message_from_bytes(head, policy=default)["From"]
    one = found.addresses[0] if found and found.addresses else None
    return (one.display_name, one.addr_spec) if one else ("", "")


class Sender(Protocol):
    """Sends from one mailbox; of the steps see this module.

    Refused, or one of its kin, is said only of what certainly was not sent: a change or a decision
    is needed. SendAsDenied names who must grant what. RateLimited and the errors of grants are
    certain as well.
    """

    largest: int
    """How many bytes of ``Letter.raw`` the provider takes."""

    def identities(self) -> list[SendAs]:
        """The addresses to send as, the mailbox's own first."""
        ...

    def stage(self, letter: Letter) -> Staged:
        """Put the letter there as a draft. Nothing is sent, and again does no harm.

        What an earlier try left is found by its key and taken, if it is whole, or replaced. Raises
        SendAsDenied where the provider would put another address than the letter's into From.
        """
        ...

    def release(self, staged: Staged) -> Sent:
        """Send the draft, in one attempt.

        Raises InDoubt when it may or may not have been sent: then ask ``fate``. That goes for a
        draft that is gone as well: somebody may have sent it. Any other error means that it
        certainly was not sent.
        """
        ...

    def fate(self, staged: Staged, since: datetime) -> Waiting | Sent | Untraced:
        """What became of it. ``since`` (aware) is before the first release.

        Only reads. Soon after a release that ended in doubt, neither Waiting nor Untraced means
        much: the provider may still be at it, and sent copies come late.
        """
        ...

    def discard(self, staged: Staged) -> None:
        """Take our own unsent draft away again; gone already is fine, and so is sent."""
        ...
