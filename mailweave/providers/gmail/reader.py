"""Reads one Gmail mailbox: the questions of ``base.Reader``, each answered in a file of its own."""

from collections.abc import Iterator, Sequence

from mailweave.providers.base import (
    Changes,
    Fetched,
    Listed,
    Missing,
    Page,
    Profile,
    RemoteFolder,
    Sought,
    StateChange,
    Unreadable,
    Window,
)
from mailweave.providers.gmail import attachments, changes, fetching, listing, states
from mailweave.providers.gmail.client import Client


class GmailReader:
    """Implements :class:`mailweave.providers.base.Reader`; promises are written there."""

    reads_threads = True

    def __init__(self, client: Client, account_id: str = "") -> None:
        self.client = client
        self.account_id = account_id

    def profile(self) -> Profile:
        return listing.profile(self.client, self.account_id)

    def folders(self) -> list[RemoteFolder]:
        return listing.folders(self.client)

    def changes(self, cursor: str) -> Changes:
        return changes.changes(self.client, cursor)

    def page(self, window: Window, token: str | None) -> Page:
        return listing.page(self.client, window, token)

    def find(self, sought: Sought) -> list[Listed]:
        return listing.find(self.client, sought)

    def state_of(self, role_or_keyword: str) -> Iterator[Sequence[str]]:
        return listing.state_of(self.client, role_or_keyword)

    def fetch(self, wanted: Sequence[Listed]) -> Iterator[Fetched | Missing | Unreadable]:
        return fetching.fetch(self.client, wanted)

    def states(self, remote_ids: Sequence[str]) -> Iterator[StateChange | Missing | Unreadable]:
        return states.states(self.client, remote_ids)

    def attachment(self, remote_id: str, part_id: str) -> Iterator[bytes]:
        return attachments.read(self.client, remote_id, part_id)

    def raw(self, remote_id: str, cap: int) -> bytes:
        return attachments.raw(self.client, remote_id, cap)
