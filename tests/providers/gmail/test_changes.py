"""History folded: the last word on each message, and only positions that were told."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.errors import CursorExpired, Unavailable
from mailweave.providers.gmail import changes
from tests.providers.stub import NOT_FOUND, NOW, each, found, reader, told


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


def record(number: int, **events: tuple[str, list[str]]) -> dict[str, Any]:
    """One record; an event is a message id and the labels right after it."""
    made: dict[str, Any] = {"id": str(number), "messages": [{"id": "x", "threadId": "x"}]}
    for name, (remote_id, labels) in events.items():
        named: dict[str, Any] = {"id": remote_id, "threadId": f"t-{remote_id}"}
        made[name] = [{"message": named | ({"labelIds": labels} if labels else {})}]
    return made


class Log:
    """Pages of records, asked for by token; remembers the queries."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = pages
        self.queries: list[dict[str, list[str]]] = []

    def __call__(self, path: str) -> tuple[int, bytes]:
        query = parse_qs(urlsplit(path).query)
        self.queries.append(query)
        return found(self.pages[int(query.get("pageToken", ["0"])[0])])


def test_the_last_record_of_each_message_counts() -> None:
    log = Log(
        {
            "history": [
                record(11, messagesAdded=("a", ["INBOX", "UNREAD"])),
                record(12),
                record(13, labelsRemoved=("b", [])),
                record(14, labelsAdded=("a", ["INBOX", "UNREAD", "STARRED"])),
                record(15, labelsRemoved=("a", ["INBOX", "STARRED"])),
                record(16, messagesDeleted=("c", ["TRASH"])),
                record(17, messagesAdded=("d", ["INBOX"])),
                record(18, messagesDeleted=("d", [])),
                record(19, messagesDeleted=("e", [])),
                record(20, messagesAdded=("e", ["INBOX"])),
            ],
            "historyId": "30",
        }
    )
    with reader(each(log)) as made:
        got = made.changes("10")
    assert [(one.remote_id, one.folder_ids, one.seen, one.flagged) for one in got.created] == [
        ("a", ("INBOX", "STARRED"), True, True),
        ("e", ("INBOX",), True, False),
    ]
    assert [(one.remote_id, one.folder_ids, one.seen) for one in got.updated] == [("b", (), True)]
    assert got.created[0].remote_thread_id == "t-a"
    assert got.destroyed == ("c", "d")
    assert (got.cursor, got.has_more) == ("30", False)


def test_drafts_and_chats_are_left_out() -> None:
    log = Log(
        {
            "history": [
                record(11, messagesAdded=("a", ["DRAFT"])),
                record(12, messagesAdded=("b", ["CHAT"])),
                record(13, messagesDeleted=("a", ["DRAFT"])),
            ],
            "historyId": "13",
        }
    )
    with reader(each(log)) as made:
        got = made.changes("10")
    assert (got.created, got.updated, got.destroyed) == ((), (), ())


def test_paging_keeps_the_start_and_takes_the_last_position() -> None:
    log = Log(
        {"history": [record(11, messagesAdded=("a", []))], "nextPageToken": "1", "historyId": "99"},
        {"nextPageToken": "2", "historyId": "100"},
        {"history": [record(101, messagesAdded=("b", []))], "historyId": "102"},
    )
    with reader(each(log)) as made:
        got = made.changes("10")
    assert [one.remote_id for one in got.created] == ["a", "b"]
    assert got.cursor == "102"
    assert [query["startHistoryId"] for query in log.queries] == [["10"]] * 3
    assert all(query["maxResults"] == ["500"] for query in log.queries)
    assert not any("historyTypes" in query for query in log.queries)


def test_a_long_history_comes_in_parts_that_end_at_a_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "PAGES", 2)
    log = Log(
        {"history": [record(11, messagesAdded=("a", []))], "nextPageToken": "1", "historyId": "99"},
        {"history": [record(12, messagesAdded=("b", []))], "nextPageToken": "2", "historyId": "99"},
    )
    with reader(each(log)) as made:
        got = made.changes("10")
    assert (got.cursor, got.has_more) == ("12", True)


@pytest.mark.parametrize(
    ("page", "cursor"),
    [
        ({"historyId": "9"}, "10"),
        ({}, "10"),
        ({"historyId": "abc"}, "10"),
        ({"historyId": "18446744073709551615"}, "18446744073709551615"),
        ({"history": [record(100, messagesAdded=("a", []))], "historyId": "99"}, "100"),
    ],
)
def test_the_position_never_goes_back(page: dict[str, Any], cursor: str) -> None:
    with reader(each(Log(page))) as made:
        assert made.changes("10").cursor == cursor


def test_pages_in_circles_end() -> None:
    log = Log({"nextPageToken": "1"}, {"nextPageToken": "1"})
    with reader(each(log)) as made, pytest.raises(Unavailable, match="circles"):
        made.changes("10")


def test_endless_pages_without_a_record_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_MOST_PAGES", 30)
    count = iter(range(10_000))

    def say(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=json.dumps({"nextPageToken": str(next(count))}))

    with reader(say) as made, pytest.raises(Unavailable, match="circles"):
        made.changes("10")
    assert next(count) == 30


@pytest.mark.parametrize(
    "answer", [NOT_FOUND, (400, told(400, "Invalid value at 'start_history_id'", "invalid"))]
)
def test_a_position_gmail_does_not_know(answer: tuple[int, bytes]) -> None:
    with reader(each(lambda _: answer)) as made, pytest.raises(CursorExpired):
        made.changes("10")


def test_a_404_from_somebody_else_is_no_expired_cursor() -> None:
    page = httpx2.Response(404, content=b"<html>")
    with reader(lambda _: page) as made, pytest.raises(Unavailable):
        made.changes("10")
