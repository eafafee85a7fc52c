"""What went wrong at a provider, in the few classes that say what to do next.

Each class is an instruction: wait, reconnect, ask again with more consent, ask an administrator,
restart the stream, skip, tell the operator, find out, or try later. The text is for people; it
never holds a token or mail.
"""

from datetime import datetime


class ProviderError(Exception):
    """Any refusal or failure of a provider.

    ``claims`` is what it wants asked at the next sign-in (OpenID Connect Core 5.5), or empty.
    """

    claims: str = ""


class AuthExpired(ProviderError):
    """The grant is gone (revoked, expired, password changed): a person must reconnect."""


class ProofNeeded(AuthExpired):
    """The provider wants more at sign-in, such as a second factor: a person must reconnect."""


class ConsentNeeded(ProviderError):
    """The grant lacks a scope this call needs: a person must reconnect and tick it."""


class AdminNeeded(ConsentNeeded):
    """An administrator of the mailbox's organisation must allow us; then a person reconnects."""


class Blocked(ConsentNeeded):
    """A rule of the mailbox's organisation keeps us out: its administrator must change it."""


class NoAccess(ProviderError):
    """A mailbox that is shared is closed to whom we come for: whoever runs it must let them in.

    ``why`` is ``unknown`` (no such address), ``no_mailbox``, ``closed`` or ``partial`` (only some
    of its folders are open).
    """

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class RateLimited(ProviderError):
    """The provider asks us to slow down; try again at ``retry_at`` (aware UTC)."""

    def __init__(self, message: str, retry_at: datetime) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class OverBudget(RateLimited):
    """Our own pace for this mailbox is used up until ``retry_at``; nobody complained."""


class CursorExpired(ProviderError):
    """The provider no longer knows this position: list again and reconcile."""


class Misconfigured(ProviderError):
    """Our OAuth client or project is at fault: the operator must act, mailboxes are fine."""


class Refused(ProviderError):
    """The provider will never accept this request as it stands."""


class SendAsDenied(Refused):
    """The mailbox may not send as this address; the text says who must grant what."""


class InDoubt(ProviderError):
    """It may or may not have been sent: find out before anything is done again."""


class Unavailable(ProviderError):
    """The provider or the network failed for now: try again later."""
