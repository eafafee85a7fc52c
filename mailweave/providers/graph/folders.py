"""The tree of folders: what they are for, which hold mail, and which are followed.

https://learn.microsoft.com/en-us/graph/api/resources/mailfolder. Names are in the owner's
language, so that what a folder is for is asked by its well-known name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailweave.kit import clock
from mailweave.providers.base import RemoteFolder, Role
from mailweave.providers.errors import ConsentNeeded, ProviderError, Refused, Unavailable
from mailweave.providers.graph import calls, wire
from mailweave.providers.graph.client import Client, Outcome
from mailweave.providers.graph.failures import Gone

NAMES: dict[Role, str] = {
    "inbox": "Inbox",
    "sent": "Sent Items",
    "drafts": "Drafts",
    "junk": "Junk Email",
    "trash": "Deleted Items",
    "archive": "Archive",
    "chat": "Conversation History",
}
ALIAS_OF: dict[Role, str] = {
    "inbox": "inbox",
    "sent": "sentitems",
    "drafts": "drafts",
    "junk": "junkemail",
    "trash": "deleteditems",
    "archive": "archive",
    "chat": "conversationhistory",
}
"""Roles by the well-known name that stands for a folder's id."""

_MACHINERY = (
    "outbox",
    "syncissues",
    "conflicts",
    "localfailures",
    "serverfailures",
    "scheduled",
    "searchfolders",
    "recoverableitemsdeletions",
)
"""Folders that hold no mail yet, or none any more; shown to nobody."""

_UNLISTED: frozenset[Role] = frozenset({"drafts", "junk", "trash", "chat"})
"""Roles left out of a listing unless they are asked for."""
_INHERITED: frozenset[Role] = frozenset({"junk", "trash", "drafts", "chat"})
"""What lies in a folder below these is junk, deleted and so on as well."""
_MOST = 5000
_FRESH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder at its place. A ``closed`` one never holds mail for people."""

    id: str
    name: str
    role: Role = ""
    closed: bool = False

    @property
    def is_followed(self) -> bool:
        """Whether its changes are followed; others are asked about message by message."""
        return not self.closed and self.role not in _UNLISTED

    def is_listed(self, roles: frozenset[Role]) -> bool:
        """Whether a window limited to these roles shows it; no role is every usual folder."""
        return not self.closed and self.role in roles if roles else self.is_followed


Tree = Mapping[str, Folder]
"""Every folder by its id, those above before those below."""


class Folders:
    """The tree of one mailbox, read when needed and good for a minute."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tree: Tree = {}
        self._read_at: datetime | None = None

    def read(self) -> Tree:
        """The tree as it is now."""
        self._tree, self._read_at = _tree(self._client), clock.now()
        return self._tree

    def recent(self) -> Tree:
        """The tree as it was not long ago."""
        if self._read_at and clock.now() < self._read_at + _FRESH:
            return self._tree
        return self.read()


def shown(tree: Tree) -> list[RemoteFolder]:
    """The tree as everyone else knows it."""
    return [RemoteFolder(one.id, one.name, one.role, one.closed) for one in tree.values()]


def _tree(client: Client) -> Tree:
    roles, machinery = _known(client)
    tree: dict[str, Folder] = {}
    level: Sequence[tuple[str, list[wire.Folder]]] = [("", _all(client, calls.folders()))]
    while level:
        below: list[str] = []
        for parent, found in level:
            for one in found:
                if one.id in tree:
                    continue
                tree[one.id] = _folder(one, tree.get(parent), roles, machinery)
                if one.child_folder_count and not _is_search(one):
                    below.append(one.id)
        if len(tree) > _MOST:
            raise Unavailable("This mailbox has more folders than anybody can have made.")
        level = _children(client, below)
    return tree


def _known(client: Client) -> tuple[dict[str, Role], frozenset[str]]:
    """Roles by folder id, and the ids of the machinery; not every mailbox has all of them."""
    aliases = [*ALIAS_OF.values(), *_MACHINERY]
    ids: dict[str, str] = {}
    outcomes = client.ask_all([calls.folder(alias) for alias in aliases])
    for alias, outcome in zip(aliases, outcomes, strict=True):
        if isinstance(outcome, Refused) or (alias in _MACHINERY and _is_shut(outcome)):
            continue
        if isinstance(outcome, ProviderError):
            raise outcome
        ids[alias] = client.read(wire.NAMED, outcome).id
    roles = {ids[alias]: role for role, alias in ALIAS_OF.items() if alias in ids}
    return roles, frozenset(ids[alias] for alias in _MACHINERY if alias in ids)


def _is_shut(outcome: Outcome) -> bool:
    """Some of the machinery is closed to everybody: that is no missing permission of ours."""
    return isinstance(outcome, ConsentNeeded)


def _folder(
    told: wire.Folder, parent: Folder | None, roles: Mapping[str, Role], machinery: frozenset[str]
) -> Folder:
    role = roles.get(told.id, "")
    name = NAMES[role] if role else told.display_name or told.id
    above = parent.role if parent and parent.role in _INHERITED else ""
    closed = told.id in machinery or bool(told.is_hidden) or _is_search(told)
    return Folder(
        id=told.id,
        name=f"{parent.name}/{name}" if parent else name,
        role=role or above,
        closed=closed or bool(parent and parent.closed),
    )


def _children(client: Client, parents: Sequence[str]) -> list[tuple[str, list[wire.Folder]]]:
    """The folders right below each of these; one that is gone by now has none."""
    found: list[tuple[str, list[wire.Folder]]] = []
    outcomes = client.ask_all([calls.folders(parent) for parent in parents])
    for parent, outcome in zip(parents, outcomes, strict=True):
        if isinstance(outcome, Gone):
            continue
        if isinstance(outcome, ProviderError):
            raise outcome
        page = client.read(wire.FOLDERS, outcome)
        found.append((parent, [*page.value, *_rest(client, page.next_link)]))
    return found


def _all(client: Client, call: calls.Call) -> list[wire.Folder]:
    page = client.ask(call, wire.FOLDERS)
    return [*page.value, *_rest(client, page.next_link)]


def _rest(client: Client, link: str | None) -> Iterator[wire.Folder]:
    """The pages after the first."""
    seen: set[str] = set()
    while link:
        if link in seen or len(seen) > _MOST:
            raise Unavailable("Microsoft's list of folders runs in circles.")
        seen.add(link)
        page = client.ask(calls.following(client.link(link)), wire.FOLDERS)
        yield from page.value
        link = page.next_link


def _is_search(folder: wire.Folder) -> bool:
    """A search that looks like a folder: its messages lie elsewhere."""
    return "mailsearchfolder" in (folder.odata_type or "").lower()
