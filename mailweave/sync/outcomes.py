"""How connecting can end without a mailbox, in words that say whose move it is."""

from mailweave.kit.errors import Expected
from mailweave.providers.base import Kind
from mailweave.providers.errors import (
    AdminNeeded,
    AuthExpired,
    Blocked,
    ConsentNeeded,
    Misconfigured,
    NoAccess,
    ProofNeeded,
    ProviderError,
)
from mailweave.providers.hints import DECLINED, hint
from mailweave.providers.refusals import refusal


class NotConnected(Expected):
    """The connection did not come about. The message says whose move it is."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def admin_may_help(self) -> bool:
        """Whether an administrator's consent may be what is missing."""
        return self.code in {"admin_consent", "declined", "consent"}


def no_client(kind: Kind) -> NotConnected:
    """Nobody has set this kind up here."""
    return NotConnected(
        f"{kind.label} is not set up here yet: an admin has to enter an OAuth client first.",
        code="no_client",
    )


def unknown_state() -> NotConnected:
    """The answer belongs to nothing that was begun; strangers learn no more than that."""
    return NotConnected(
        "This sign-in was not started here, took longer than ten minutes, or was used before. "
        "Nothing was connected. Start again from Integrations.",
        code="state",
    )


def sent_back(kind: Kind, error: str, description: str, *, asks_admin: bool) -> NotConnected:
    """What an ``error`` in the address that the provider sent a person back to means."""
    failure = refusal(error, description)
    if is_declined(error, description):
        return NotConnected(
            "You declined, so nothing was connected. You can connect at any time.", code="declined"
        )
    if isinstance(failure, ConsentNeeded | ProofNeeded | Misconfigured) or hint(description):
        return refused(kind, failure, asks_admin=asks_admin)
    return NotConnected(
        "The provider ended the sign-in without a result. Nothing was connected; try again.",
        code="provider_error",
    )


def is_declined(error: str, description: str) -> bool:
    """Whether somebody who could have allowed it said no, and nothing else was in the way."""
    return error == "access_denied" and hint(description) in (None, DECLINED)


def refused(kind: Kind, failure: ProviderError, *, asks_admin: bool) -> NotConnected:
    """What a provider's refusal means for somebody who is connecting."""
    if isinstance(failure, AdminNeeded) and asks_admin:
        return NotConnected(
            "Your organisation lets only an administrator allow Mailweave to reach mail. Nothing "
            "was connected. Ask yours: you get a link to send.",
            code="admin_consent",
        )
    if isinstance(failure, AdminNeeded):
        return NotConnected(
            "Your organisation does not let this app read mail. Ask its administrator at "
            f"{kind.company} to allow it, then connect again.",
            code="admin_policy",
        )
    if isinstance(failure, Misconfigured):
        return NotConnected(
            f"{kind.company} does not accept this installation's OAuth client "
            f"({failure}) An admin can correct it; you did nothing wrong.",
            code="client_refused",
        )
    return NotConnected(f"{failure} Nothing was connected.", code=_code(failure))


def scope_missing(kind: Kind) -> NotConnected:
    """The person, or their organisation, gave less than was asked for."""
    return NotConnected(
        f"{kind.company} signed you in, but the box that lets Mailweave read your mail was not "
        "ticked, or a permission was taken out. Nothing was connected. Connect again and allow "
        "all of it.",
        code="scope_missing",
    )


def shared_scope_missing(delegate: str) -> NotConnected:
    """The permission covers one's own mailbox only."""
    return NotConnected(
        f"{delegate} has not been allowed to open shared mailboxes yet. Choose “Allow shared "
        "mailboxes” for it first. Nothing was changed.",
        code="shared_scope",
    )


def not_opened(failure: ProviderError, delegate: str) -> NotConnected:
    """What a provider's refusal means for somebody who is adding a shared mailbox."""
    if isinstance(failure, AuthExpired):
        return reconnect_first(delegate)
    if isinstance(failure, ConsentNeeded):
        return shared_scope_missing(delegate)
    code = failure.why if isinstance(failure, NoAccess) else _code(failure)
    return NotConnected(f"{failure} Nothing was changed.", code=code)


def reconnect_first(delegate: str) -> NotConnected:
    """The mailbox whose permission is wanted has none."""
    return NotConnected(
        f"The permission of {delegate} has ended. Reconnect it first. Nothing was changed.",
        code="reconnect",
    )


def not_offered(reason: str) -> NotConnected:
    """There is no such thing with this account."""
    return NotConnected(f"{reason} Nothing was changed.", code="not_offered")


def own_mailbox(address: str, own: str) -> NotConnected:
    """Somebody adds their own mailbox as a shared one, perhaps by another of its addresses."""
    alias = "" if address == own else f" {address} is another address of it."
    return NotConnected(
        f"That is your own mailbox, which is connected already.{alias} Nothing was added.",
        code="own",
    )


def taken(address: str, known: str) -> NotConnected:
    """Somebody has connected the mailbox as their own: it is not the workspace's."""
    alias = "" if address == known else f", as {known}"
    return NotConnected(
        f"{address} is connected here already as somebody's own mailbox{alias}. What of it others "
        "see is for them to choose. Nothing was added.",
        code="taken",
    )


def no_address() -> NotConnected:
    """What was typed is no address."""
    return NotConnected(
        "Enter the mailbox's whole e-mail address, such as support@company.example.", code="address"
    )


def _code(failure: ProviderError) -> str:
    codes = {Blocked: "blocked", ProofNeeded: "proof", ConsentNeeded: "consent"}
    return codes.get(type(failure), "refused")
