"""A mailbox that tells its changes folder by folder, as oddly as Exchange does."""

import random
from dataclasses import dataclass
from typing import Any

from tests.providers.graph import stub
from tests.providers.graph.stub import ALIASES, API, NOW, Inner, minutes

FOLLOWED = ("f-inbox", "f-sent", "f-archive", "f-own")


@dataclass
class Mail:
    folder: str
    read: bool = False
    flagged: bool = False
    draft: bool = False
    age: int = 60
    """Minutes ago."""


class Deltas:
    """Messages, and for each folder what happened in it, by number."""

    def __init__(self, chance: int = 0, *, odd: bool = False) -> None:
        self.mail: dict[str, Mail] = {}
        self.folders = [stub.folder(one.removeprefix("f-")) for one in ALIASES.values()]
        self.folders.append(stub.folder("own"))
        self.log: list[tuple[str, str, str]] = []
        """Folder, message, and what happened: "in", "out", or "read" (a mere toggle)."""
        self.page = 3
        self.asked: list[str] = []
        self.expired: set[str] = set()
        """Beginnings of paths whose position is lost."""
        self.broken: dict[str, Inner] = {}
        self.odd = odd
        self._snapshots: list[list[dict[str, Any]]] = []
        self._dice = random.Random(chance)

    # What its owner does

    def deliver(self, remote_id: str, folder: str = "f-inbox", **more: Any) -> None:
        self.mail[remote_id] = Mail(folder, **more)
        self.log.append((folder, remote_id, "in"))

    def read(self, remote_id: str, value: bool = True) -> None:
        self.mail[remote_id].read = value
        self.log.append((self.mail[remote_id].folder, remote_id, "read"))

    def flag(self, remote_id: str) -> None:
        self.mail[remote_id].flagged = not self.mail[remote_id].flagged
        self.log.append((self.mail[remote_id].folder, remote_id, "in"))

    def move(self, remote_id: str, folder: str) -> None:
        one = self.mail[remote_id]
        if one.folder != folder:
            self.log += [(one.folder, remote_id, "out"), (folder, remote_id, "in")]
            one.folder = folder

    def delete(self, remote_id: str) -> None:
        self.log.append((self.mail.pop(remote_id).folder, remote_id, "out"))

    def forget(self) -> None:
        """No position given so far is known any more."""
        self.expired |= {f"/me/mailFolders/{one}/messages/delta?$deltatoken=" for one in FOLLOWED}

    # What Graph answers

    def __call__(self, path: str) -> Inner:
        self.asked.append(path)
        for start, inner in self.broken.items():
            if path.startswith(start):
                return inner
        if any(path.startswith(start) for start in self.expired):
            return stub.LOST
        where, _, query = path.partition("?")
        match where.strip("/").split("/"):
            case ["me"]:
                return 200, {"id": "person"}
            case ["me", "mailFolders"]:
                return 200, {"value": self.folders}
            case ["me", "mailFolders", name]:
                return (200, {"id": ALIASES[name]}) if name in ALIASES else stub.NOT_FOUND
            case ["me", "messages", remote_id]:
                return self._one(remote_id)
            case ["me", "mailFolders", folder, "messages", "delta"]:
                return self._delta(folder, query)
        raise AssertionError(path)

    def _one(self, remote_id: str) -> Inner:
        return (200, self._entry(remote_id)) if remote_id in self.mail else stub.NOT_FOUND

    def _entry(self, remote_id: str) -> dict[str, Any]:
        one = self.mail[remote_id]
        return stub.entry(
            remote_id,
            parentFolderId=one.folder,
            isRead=one.read,
            isDraft=one.draft,
            flag={"flagStatus": "flagged" if one.flagged else "notFlagged"},
            receivedDateTime=stub.stamp(NOW - minutes(one.age)),
        )

    def _delta(self, folder: str, query: str) -> Inner:
        if not any(one["id"] == folder for one in self.folders):
            return stub.NOT_FOUND
        options = dict(one.partition("=")[::2] for one in query.split("&"))
        if "$skiptoken" in options:
            number, start, mark = (int(one) for one in options["$skiptoken"].split("."))
        else:
            mark, start = len(self.log), 0
            since = int(options.get("$deltatoken", "-1"))
            self._snapshots.append(self._entries(folder, since))
            number = len(self._snapshots) - 1
        whole = self._snapshots[number]
        base = f"{API}/v1.0/me/mailFolders/{folder}/messages/delta"
        page: dict[str, Any] = {"value": whole[start : start + self.page]}
        if start + self.page < len(whole):
            page["@odata.nextLink"] = f"{base}?$skiptoken={number}.{start + self.page}.{mark}"
        else:
            page["@odata.deltaLink"] = f"{base}?$deltatoken={mark}"
        return 200, page

    def _entries(self, folder: str, since: int) -> list[dict[str, Any]]:
        if since < 0:
            return [self._entry(one) for one, what in self.mail.items() if what.folder == folder]
        told: list[dict[str, Any]] = []
        happened: dict[str, list[str]] = {}
        for where, remote_id, what in self.log[since:]:
            if where == folder:
                happened.setdefault(remote_id, []).append(what)
        for remote_id, events in happened.items():
            told += self._told(folder, remote_id, events)
        if self.odd and self._dice.random() < 0.3:  # old news again
            told += [self._entry(one) for one, what in self.mail.items() if what.folder == folder]
        return told

    def _told(self, folder: str, remote_id: str, events: list[str]) -> list[dict[str, Any]]:
        there = remote_id in self.mail and self.mail[remote_id].folder == folder
        if not there or (self.odd and "out" in events):  # it came back: still only told as gone
            reason = self._dice.choice(["deleted", "changed"])
            return [{"id": remote_id, "@removed": {"reason": reason}}]
        if set(events) == {"read"} and self.odd:
            return [{"id": remote_id, "isRead": self.mail[remote_id].read}]
        return [self._entry(remote_id)] * (self._dice.choice([1, 2]) if self.odd else 1)
