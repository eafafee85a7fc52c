"""Following a folder: rounds, their pages, what they tell of each change, and where they end."""

import random
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.microsoft.conftest import ANA, IMMUTABLE, START, Graph

INBOX = "mailFolders/inbox/messages/delta?$select=subject,isRead,flag,parentFolderId"
REMOVED = {"reason": "deleted"}


def rounds(graph: Graph, link: str, prefer: str = IMMUTABLE) -> tuple[list[Any], str]:
    """The entries of a round, and where the next begins."""
    entries, delta = graph.walk(link, prefer)
    assert delta
    return entries, delta


def test_a_first_round_counts_what_is_there_page_by_page(graph: Graph) -> None:
    graph.fill(25)
    prefer = f"odata.maxpagesize=10, {IMMUTABLE}"
    answer = graph.get(INBOX, prefer)
    assert answer.headers["preference-applied"] == prefer
    page = answer.json()
    assert len(page["value"]) == 10
    assert "$skiptoken=" in page["@odata.nextLink"]
    assert "@odata.deltaLink" not in page
    assert page["value"][0]["@odata.type"] == "#microsoft.graph.message"
    assert set(page["value"][0]) == {"@odata.type", "@odata.etag", "id", "subject", "isRead",
                                     "flag", "parentFolderId"}  # fmt: skip
    entries, link = rounds(graph, INBOX)
    assert [entry["subject"] for entry in entries] == [f"Mail {n}" for n in range(24, -1, -1)]
    assert "$deltatoken=" in link
    assert rounds(graph, link)[0] == []


@pytest.mark.parametrize(
    "form",
    [
        "mailFolders('inbox')/messages/delta()",
        "mailfolders/Inbox/messages/microsoft.graph.delta",
        "mailFolders/inbox/messages/microsoft.graph.delta()",
    ],
)
def test_every_spelling_of_the_address(graph: Graph, form: str) -> None:
    graph.fill(1)
    entries, link = rounds(graph, form)
    assert len(entries) == 1
    assert rounds(graph, link)[0] == []


def test_changes_are_told_once_with_the_state_as_it_is_now(graph: Graph) -> None:
    ids = graph.fill(4)
    first, link = rounds(graph, INBOX)
    known = {entry["subject"]: entry["id"] for entry in first}
    graph.state.modify(ANA, ids[0], remove=["UNREAD"])
    graph.state.modify(ANA, ids[0], add=["STARRED"])
    graph.state.modify(ANA, ids[1], add=["ARCHIVE"])
    graph.state.delete(ANA, ids[2])
    graph.state.deliver(ANA, graph.letter("New", number="n"))
    entries, _ = rounds(graph, link)
    told = {entry["id"]: entry for entry in entries}
    assert len(told) == len(entries) == 4
    assert told[known["Mail 0"]]["isRead"] is True
    assert told[known["Mail 0"]]["flag"] == {"flagStatus": "flagged"}
    assert told[known["Mail 1"]]["@removed"] == told[known["Mail 2"]]["@removed"] == REMOVED
    assert entries[-1]["subject"] == "New"
    again, _ = rounds(graph, link)
    assert again == entries, "the same link answers the same"


def test_a_move_is_told_in_both_folders(graph: Graph) -> None:
    (number,) = graph.fill(1)
    (before,), inbox = rounds(graph, INBOX)
    _, archive = rounds(graph, INBOX.replace("inbox", "archive"))
    graph.state.modify(ANA, number, add=["ARCHIVE"])
    gone = {"@odata.type": "#microsoft.graph.message", "id": before["id"], "@removed": REMOVED}
    assert rounds(graph, inbox)[0] == [gone]
    assert rounds(graph, archive)[0][0]["id"] == before["id"]


def test_default_ids_are_removed_under_the_name_they_had(graph: Graph) -> None:
    (number,) = graph.fill(1)
    (before,), link = rounds(graph, INBOX, "")
    graph.state.modify(ANA, number, add=["ARCHIVE"])
    graph.state.modify(ANA, number, add=["INBOX"])
    removed, back = rounds(graph, link, "")[0]
    assert (removed["id"], removed["@removed"]) == (before["id"], REMOVED)
    assert back["subject"] == "Mail 0"
    assert back["id"] != before["id"]
    graph.state.delete(ANA, number)
    assert back["id"] in [entry["id"] for entry in rounds(graph, link, "")[0]]


def test_what_comes_in_the_middle_of_a_first_round_is_told_in_the_next(graph: Graph) -> None:
    graph.fill(3)
    page = graph.read(INBOX, f"odata.maxpagesize=1, {IMMUTABLE}")
    graph.state.deliver(ANA, graph.letter("Later", number="l"))
    entries, link = rounds(graph, page["@odata.nextLink"])
    assert [entry["subject"] for entry in entries] == ["Mail 1", "Mail 0"]
    assert [entry["subject"] for entry in rounds(graph, link)[0]] == ["Later"]


def test_many_changes_by_one_action_come_in_pages(graph: Graph) -> None:
    ids = graph.fill(23)
    _, link = rounds(graph, INBOX)
    graph.state.modify(ANA, ids, remove=["UNREAD"])
    page = graph.read(link, f"odata.maxpagesize=5, {IMMUTABLE}")
    assert len(page["value"]) == 5
    entries, _ = rounds(graph, link, f"odata.maxpagesize=5, {IMMUTABLE}")
    assert sorted(entry["subject"] for entry in entries) == sorted(f"Mail {n}" for n in range(23))
    assert all(entry["isRead"] for entry in entries)


def test_top_caps_the_round_and_a_filter_only_says_since_when(graph: Graph) -> None:
    graph.fill(8)
    assert len(rounds(graph, INBOX + "&$top=5")[0]) == 5
    since = quote(f"receivedDateTime ge {START.replace(minute=6):%Y-%m-%dT%H:%M:%SZ}")
    entries, link = rounds(graph, f"{INBOX}&$filter={since}&$orderby=receivedDateTime desc")
    assert [entry["subject"] for entry in entries] == ["Mail 7", "Mail 6"]
    for wrong in ("$filter=isRead eq true", "$filter=receivedDateTime lt 2026-01-01T00:00:00Z",
                  "$orderby=subject", "$orderby=receivedDateTime", "$search=x", "$expand=x",
                  "changeType=moved"):  # fmt: skip
        assert graph.get(f"{INBOX}&{wrong}").status_code == 400, wrong
    assert graph.refused("messages/delta")[0] == 400
    assert rounds(graph, link)[0] == []


def test_a_filter_reaches_five_thousand_messages_and_no_more(graph: Graph) -> None:
    graph.fill(5003)
    prefer = f"odata.maxpagesize=1000, {IMMUTABLE}"
    link = "mailFolders/inbox/messages/delta?$select=id"
    since = quote("receivedDateTime ge 2020-01-01T00:00:00Z")
    assert len(rounds(graph, f"{link}&$filter={since}", prefer)[0]) == 5000
    assert len(rounds(graph, link, prefer)[0]) == 5003


def test_kinds_of_changes_can_be_chosen(graph: Graph) -> None:
    ids = graph.fill(3)
    links = {kind: rounds(graph, f"{INBOX}&changeType={kind}")[1]
             for kind in ("created", "updated", "deleted")}  # fmt: skip
    graph.state.modify(ANA, ids[0], remove=["UNREAD"])
    graph.state.delete(ANA, ids[1])
    graph.state.deliver(ANA, graph.letter("New", number="n"))
    told = {kind: rounds(graph, link)[0] for kind, link in links.items()}
    assert [entry["subject"] for entry in told["created"]] == ["New"]
    assert [entry["subject"] for entry in told["updated"]] == ["Mail 0"]
    assert [entry["@removed"] for entry in told["deleted"]] == [REMOVED]


def test_a_token_that_is_too_old_is_gone_and_nonsense_is_badly_formed(graph: Graph) -> None:
    graph.fill(1)
    _, link = rounds(graph, INBOX)
    graph.state.modify(ANA, graph.state.message_ids(ANA), remove=["UNREAD"])
    graph.state.change_settings(history_days=0)
    graph.state.clock.advance(1)
    answer = graph.get(link, IMMUTABLE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert answer.headers["location"].endswith("?$deltatoken=")
    assert len(rounds(graph, answer.headers["location"])[0]) == 1
    path = link.split("?")[0]
    for wrong in ("x", "%%%", "eJwDAAAAAAE", "eyJhIjoxfQ"):
        assert graph.refused(f"{path}?$deltatoken={wrong}") == (400, "BadRequest")
    assert graph.refused(link.replace("inbox", "archive")) == (400, "BadRequest")


def test_a_forgotten_log_ends_every_round(graph: Graph) -> None:
    graph.fill(1)
    _, link = rounds(graph, INBOX)
    graph.state.expire_history(ANA)
    assert graph.refused(link) == (410, "SyncStateNotFound")


def test_a_folder_that_was_deleted_is_not_found(graph: Graph) -> None:
    made = graph.http.post("/v1.0/me/mailFolders", json={"displayName": "One"}).json()
    _, link = rounds(graph, f"mailFolders/{made['id']}/messages/delta")
    graph.http.delete(f"/v1.0/me/mailFolders/{made['id']}")
    assert graph.refused(link) == (404, "ErrorItemNotFound")


def test_folders_have_their_own_stream(graph: Graph) -> None:
    path = "mailFolders/delta?$select=displayName,parentFolderId"
    page = graph.read(path)
    assert len(page["value"]) == 9
    assert "@odata.deltaLink" in page
    link = page["@odata.deltaLink"]
    assert rounds(graph, link)[0] == []
    made = graph.http.post("/v1.0/me/mailFolders", json={"displayName": "One"}).json()
    graph.state.deliver(ANA, graph.letter(), ["One"])
    (entry,), link = rounds(graph, link)
    assert entry == {"@odata.type": "#microsoft.graph.mailFolder", "id": made["id"],
                     "displayName": "One", "parentFolderId": made["parentFolderId"]}  # fmt: skip
    graph.http.delete(f"/v1.0/me/mailFolders/{made['id']}")
    (gone,), link = rounds(graph, link)
    assert (gone["id"], gone["@removed"]) == (made["id"], REMOVED)
    small, _ = rounds(graph, path, "odata.maxpagesize=2")
    assert len({entry["id"] for entry in small}) == len(small) == 9


class Follower:
    """A client that does what the documentation says: folders as memberships, the last entry of a
    round counts, an entry without an etag changes only what it names, and what left a folder is
    looked up. A lost token means a full round and a comparison."""

    def __init__(self, graph: Graph, folders: list[str]) -> None:
        self.graph, self.folders = graph, folders
        self.links: dict[str, str] = {}
        self.is_lost = False
        self.known: dict[str, dict[str, Any]] = {}
        self.keys = {name: graph.read(f"mailFolders/{name}")["id"] for name in folders}

    def follow(self) -> None:
        doubtful = self._rounds()
        while self.is_lost:
            # What moved from a folder that is read anew may be told in no other: read them all.
            self.links.clear()
            doubtful |= self._rounds()
        for identity in doubtful:
            answer = self.graph.get(f"messages/{identity}?$select=isRead,flag,parentFolderId",
                                    IMMUTABLE)  # fmt: skip
            self._believe(identity, answer.json() if answer.status_code == 200 else None)

    def _rounds(self) -> set[str]:
        self.is_lost = False
        return set().union(*(self._round(name) for name in self.folders))

    def _round(self, name: str) -> set[str]:
        path = f"mailFolders/{name}/messages/delta?$select=isRead,flag,parentFolderId"
        link = self.links.get(name, path)
        size = random.choice([1, 3, 50])
        entries: dict[str, Any] = {}
        doubtful: set[str] = set()
        seen: set[str] = set()
        while True:
            answer = self.graph.get(link, f"odata.maxpagesize={size}, {IMMUTABLE}")
            if answer.status_code in {400, 404, 410}:
                link, seen = path, set()
                self.is_lost = self.is_lost or name in self.links
                self.links.pop(name, None)
                continue
            page = answer.json()
            for entry in page["value"]:
                seen.add(entry["id"])
                if "@removed" in entry:
                    doubtful.add(entry["id"])
                elif "@odata.etag" in entry:
                    entries[entry["id"]] = entry
                else:
                    entries[entry["id"]] = {**entries.get(entry["id"], {}), **entry}
            if "@odata.deltaLink" in page:
                break
            link = page["@odata.nextLink"]
        if name not in self.links:
            doubtful |= {one for one, was in self.known.items()
                         if was["parentFolderId"] == self.keys[name]} - seen  # fmt: skip
        self.links[name] = page["@odata.deltaLink"]
        for identity, entry in entries.items():
            self._believe(identity, {**self.known.get(identity, {}), **entry})
        return doubtful

    def _believe(self, identity: str, found: dict[str, Any] | None) -> None:
        if found is None:
            self.known.pop(identity, None)
            return
        self.known[identity] = {
            name: found.get(name) for name in ("isRead", "flag", "parentFolderId")
        }


ODDITIES = ("delta_partial", "delta_duplicate", "delta_replay", "delta_changed",
            "delta_lost_return", "delta_no_arrival", "empty_page", "delta_expired",
            "delta_invalid", "new_ids", "list_noise")  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_whoever_follows_the_rules_ends_with_the_truth(graph: Graph, seed: int) -> None:
    random.seed(seed)
    folders = ["inbox", "archive", "sentitems", "deleteditems"]
    labels = ["INBOX", "ARCHIVE", "SENT", "TRASH"]
    graph.fill(12)
    follower = Follower(graph, folders)
    for step in range(25):
        for _ in range(random.randint(0, 5)):
            _edit(graph, labels, step)
        for kind in random.sample(ODDITIES, random.randint(0, 4)):
            graph.state.faults.add(kind, times=random.randint(1, 4))
        follower.follow()
        if not random.randint(0, 2):
            graph.state.faults.clear()
            follower.follow()
            truth, _ = graph.walk("messages?$select=isRead,flag,parentFolderId&$top=7", IMMUTABLE)
            right = {
                one["id"]: {name: one[name] for name in ("isRead", "flag", "parentFolderId")}
                for one in truth
            }
            assert follower.known == right


def _edit(graph: Graph, labels: list[str], step: int) -> None:
    ids = graph.state.message_ids(ANA)
    kind = random.choice(["deliver", "read", "flag", "move", "away_and_back", "delete"])
    if kind == "deliver" or not ids:
        graph.state.deliver(ANA, graph.letter(f"New {step}", number=f"{step}-{random.random()}"))
        return
    some = random.sample(ids, min(len(ids), random.randint(1, 3)))
    if kind == "read":
        change = {random.choice(["add", "remove"]): ["UNREAD"]}
        graph.state.modify(ANA, some, **change)
    elif kind == "flag":
        graph.state.modify(ANA, some, **{random.choice(["add", "remove"]): ["STARRED"]})
    elif kind == "move":
        graph.state.modify(ANA, some, add=[random.choice(labels)])
    elif kind == "away_and_back":
        there, back = random.sample(labels, 2)
        graph.state.modify(ANA, some, add=[there])
        graph.state.modify(ANA, some, add=[back])
        graph.state.modify(ANA, some, add=[there])
    else:
        graph.state.delete(ANA, some[:1])
