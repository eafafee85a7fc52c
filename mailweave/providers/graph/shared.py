"""A mailbox that its organisation shares: opened at its own address, by the token of a delegate.

https://learn.microsoft.com/en-us/graph/outlook-share-messages-folders. To whom it is closed it
answers as if nothing were there, so that a 404 is believed only while its doors are open: they are
tried before a mailbox is added, and whenever something is said to be gone.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from mailweave.kit import clock
from mailweave.providers.base import Profile
from mailweave.providers.errors import NoAccess, ProviderError
from mailweave.providers.graph import calls, position, wire
from mailweave.providers.graph.calls import VERSION
from mailweave.providers.graph.client import Client, Outcome, final
from mailweave.providers.graph.failures import Gone, Homeless, Nobody

_ME = f"{VERSION}/me/"
_DOORS = ("inbox", "sentitems", "msgfolderroot")
"""Who may open these may open all: the rights to single folders are given one by one."""


class SharedClient(Client):
    """Asks the mailbox at ``address`` whatever is written for ``/me``."""

    def __init__(self, address: str, *given: Any) -> None:
        super().__init__(*given)
        self.address = address
        self._there = f"{VERSION}/users/{quote(address, safe='@')}/"

    def there(self, path: str) -> str:
        return self._there + path.removeprefix(_ME) if path.startswith(_ME) else path

    def settle(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Nothing is gone from a mailbox that is closed to us."""
        settled = super().settle(outcomes)
        doubtful = [isinstance(one, Gone | Homeless) for one in settled]
        closed = self._closed() if any(doubtful) else None
        if closed is None:
            return settled
        return [closed if doubt else one for doubt, one in zip(doubtful, settled, strict=True)]

    def open(self) -> str:
        """Try all doors; the inbox's id, or raises NoAccess, or ConsentNeeded without the scope."""
        inbox, *_ = [self.ask(calls.folder(door), wire.NAMED).id for door in _DOORS]
        return inbox

    def _closed(self) -> ProviderError | None:
        """What keeps us out, or keeps us from knowing."""
        for door in _DOORS:
            outcome = self.once(calls.folder(door))
            if isinstance(outcome, ProviderError):
                return _why(self.address, door, outcome)
        return None


def profile(client: SharedClient, account_id: str) -> Profile:
    """Whose mailbox this is: it may be read, but what its owner is called may not."""
    return Profile(
        account_id=account_id,
        address=client.address,
        name="",
        messages_total=None,
        cursor=position.begin(clock.now()),
        inbox_id=client.open(),
    )


def _why(address: str, door: str, error: ProviderError) -> ProviderError:
    match error:
        case Nobody():
            words, why = _UNKNOWN, "unknown"
        case Homeless():
            words, why = _NO_MAILBOX, "no_mailbox"
        case Gone():
            words, why = (_CLOSED, "closed") if door == _DOORS[0] else (_PARTIAL, "partial")
        case _:
            return final(error)
    return NoAccess(words.format(address), why)


_ASK = (
    "Ask an Exchange administrator for Full Access (Read and manage) to it; that takes up to two "
    "hours to work."
)
_UNKNOWN = (
    "Microsoft knows no mailbox {} in your organisation. Check the address: a new one takes a "
    "while to be known, and those of other organisations cannot be opened."
)
_NO_MAILBOX = (
    "{} has no mailbox that Microsoft 365 can open: it has no licence, was deleted, or lies on an "
    "Exchange server of the organisation's own."
)
_CLOSED = (
    f"Microsoft does not open {{}} to this account. {_ASK} It may also be a group, which has no "
    "mailbox."
)
_PARTIAL = f"Microsoft opens only some folders of {{}} to this account. {_ASK}"
