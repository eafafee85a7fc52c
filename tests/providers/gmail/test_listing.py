"""Queries as Gmail wants them, and listings that end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mailweave.kit import clock
from mailweave.providers.base import Role, Window
from mailweave.providers.errors import CursorExpired, Unavailable
from mailweave.providers.gmail import listing
from mailweave.providers.gmail.failures import Invalid
from tests.providers.stub import NOW, Inner, each, found, reader, told

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


def query_for(window: Window, token: str | None = None) -> dict[str, str]:
    seen: list[str] = []

    def answer(path: str) -> Inner:
        seen.append(path)
        return found({})

    with reader(each(answer)) as made:
        made.page(window, token)
    asked = parse_qs(urlsplit(seen[0]).query)
    return {name: values[0] for name, values in asked.items()}


@pytest.mark.parametrize(
    ("since", "roles", "q", "wide"),
    [
        (None, (), "-in:chats -in:drafts", "false"),
        (SINCE, (), "-in:chats -in:drafts after:1767225599", "false"),
        (SINCE, ("inbox",), "-in:chats -in:drafts after:1767225599 in:inbox", "false"),
        (None, ("sent", "inbox"), "-in:chats -in:drafts {in:inbox in:sent}", "false"),
        (None, ("trash",), "-in:chats -in:drafts in:trash", "true"),
        (None, ("drafts", "junk"), "-in:chats {in:drafts in:spam}", "true"),
    ],
)
def test_a_window_becomes_a_search(
    since: datetime | None, roles: tuple[Role, ...], q: str, wide: str
) -> None:
    asked = query_for(Window(since, frozenset(roles)))
    assert asked["q"] == q
    assert asked["includeSpamTrash"] == wide
    assert asked["maxResults"] == "500"
    assert "pageToken" not in asked


def page(answer: dict[str, Any] | Inner, token: str | None = None) -> Any:
    inner = answer if isinstance(answer, tuple) else found(answer)
    with reader(each(lambda _: inner)) as made:
        return made.page(Window(None), token)


def test_a_page_and_the_way_to_the_next() -> None:
    first = page(
        {
            "messages": [{"id": "a", "threadId": "t"}, {"id": "b"}],
            "nextPageToken": "0987",
            "resultSizeEstimate": 201,
        }
    )
    assert [(one.remote_id, one.remote_thread_id) for one in first.listed] == [
        ("a", "t"),
        ("b", "b"),
    ]
    assert first.estimate == 201
    assert query_for(Window(None), first.next_token)["pageToken"] == "0987"


def test_an_empty_page_may_have_a_next_one() -> None:
    got = page({"nextPageToken": "0"})
    assert got.listed == ()
    assert got.next_token is not None


def test_the_same_token_again_is_a_circle() -> None:
    first = page({"nextPageToken": "77"})
    with pytest.raises(Unavailable, match="circles"):
        page({"nextPageToken": "77"}, first.next_token)


def test_circles_of_any_size_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_PAGES", 40)
    token: str | None = None
    with reader(each(lambda path: found({"nextPageToken": "b" if "=a" in path else "a"}))) as made:
        for _ in range(40):
            token = made.page(Window(None), token).next_token
        with pytest.raises(Unavailable, match="circles"):
            made.page(Window(None), token)


def test_a_token_gmail_has_forgotten() -> None:
    refused = (400, told(400, "Invalid pageToken", "invalidArgument"))
    with pytest.raises(CursorExpired):
        page(refused, "3:0987")
    with pytest.raises(Invalid):
        page(refused)


@pytest.mark.parametrize("token", ["", "x", "x:y", ":", "-1:y", "²:y"])
def test_a_token_that_is_not_ours_begins_anew(token: str) -> None:
    assert "pageToken" not in query_for(Window(None), token)


def test_states_go_through_all_pages_and_end_in_circles() -> None:
    pages = {
        "": {"messages": [{"id": "a"}], "nextPageToken": "1"},
        "1": {"nextPageToken": "2"},
        "2": {"messages": [{"id": "b"}]},
    }

    def answer(path: str) -> Inner:
        asked = parse_qs(urlsplit(path).query)
        assert asked["labelIds"] == ["UNREAD"]
        assert asked["includeSpamTrash"] == ["true"]
        return found(pages[asked.get("pageToken", [""])[0]])

    with reader(each(answer)) as made:
        assert list(made.state_of("unseen")) == [("a",), (), ("b",)]
        pages["2"] = {"nextPageToken": "1"}
        with pytest.raises(Unavailable, match="circles"):
            list(made.state_of("unseen"))


def test_folders_and_their_roles() -> None:
    labels = [
        {"id": "INBOX", "name": "INBOX", "type": "system"},
        {"id": "SPAM", "name": "SPAM", "type": "system"},
        {"id": "UNREAD", "name": "UNREAD", "type": "system"},
        {"id": "STARRED", "name": "STARRED", "type": "system"},
        {"id": "CATEGORY_SOCIAL", "name": "CATEGORY_SOCIAL", "type": "system"},
        {"id": "YELLOW_STAR", "type": "system"},
        {"id": "Label_7", "name": "Customers/North", "type": "user"},
        {"id": "Label_8", "name": "Made by us"},
    ]
    with reader(each(lambda _: found({"labels": labels}))) as made:
        got = [(one.remote_id, one.name, one.role, one.hidden) for one in made.folders()]
    assert got == [
        ("INBOX", "Inbox", "inbox", False),
        ("SPAM", "Spam", "junk", False),
        ("UNREAD", "UNREAD", "", True),
        ("STARRED", "STARRED", "", True),
        ("CATEGORY_SOCIAL", "CATEGORY_SOCIAL", "", True),
        ("YELLOW_STAR", "YELLOW_STAR", "", True),
        ("Label_7", "Customers/North", "", False),
        ("Label_8", "Made by us", "", False),
    ]


def test_the_profile_asks_who_it_is_only_when_nobody_said() -> None:
    asked: list[str] = []

    def answer(path: str) -> Inner:
        asked.append(path.partition("?")[0])
        if path == "/userinfo":
            return found({"sub": "42", "name": "Ana"})
        return found({"emailAddress": "ana@example.com", "historyId": "9", "messagesTotal": 3})

    with reader(each(answer), account_id="1090") as made:
        assert made.profile().account_id == "1090"
    with reader(each(answer), account_id="") as made:
        got = made.profile()
    assert (got.account_id, got.address, got.name, got.messages_total, got.cursor) == (
        "42",
        "ana@example.com",
        "Ana",
        3,
        "9",
    )
    assert asked == ["/gmail/v1/users/me/profile"] * 2 + ["/userinfo"]
