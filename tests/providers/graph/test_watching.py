"""What Microsoft Graph may answer when it is asked to tell us."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Hook, Watch
from mailweave.providers.errors import ConsentNeeded, RateLimited, Refused, Unavailable
from mailweave.providers.graph import watching
from mailweave.providers.graph.folders import Folders
from mailweave.providers.graph.watching import LIFE, GraphWatcher
from tests.providers.graph.stub import (
    API,
    DENIED,
    NOT_FOUND,
    NOW,
    QUOTA,
    Inner,
    Mailbox,
    client,
    each,
    folder,
    refusal,
    reply,
    stamp,
)

HOOK = Hook("https://mail.example/hooks/outlook/", "https://mail.example/hooks/life/", "secret")
TAKEN = refusal(409, "Conflict", "Subscription Id 7f already exists for the requested combination")
UNPROVEN = refusal(400, "ValidationError", "Subscription validation request timed out.")
WATCH = Watch("f-inbox", "s1", NOW)


def standing(remote_id: str = "s1", **changes: Any) -> dict[str, Any]:
    return {
        "id": remote_id,
        "resource": "me/mailFolders('f-inbox')/messages",
        "notificationUrl": HOOK.url,
        "lifecycleNotificationUrl": HOOK.lifecycle_url,
        "clientState": None,
        "expirationDateTime": stamp(NOW + LIFE),
    } | changes


class Graph:
    """Answers in turn; ``asked`` is what for, ``sent`` the last body."""

    def __init__(self, *inner: Inner) -> None:
        self.waiting = list(inner)
        self.asked: list[str] = []
        self.sent: dict[str, Any] = {}
        self.prefer: set[str] = set()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.raw_path.decode().removeprefix("/v1.0/subscriptions")
        self.asked.append(f"{request.method} {path}".strip())
        self.sent = json.loads(request.content) if request.content else self.sent
        self.prefer.add(request.headers["prefer"])
        return reply(self.waiting.pop(0))


@contextmanager
def watcher(graph: Any) -> Iterator[GraphWatcher]:
    with clock.use(clock.Hands(NOW)), client(graph) as made:
        yield GraphWatcher(made, Folders(made))


def test_a_folder_is_watched() -> None:
    graph = Graph((201, standing()))
    with watcher(graph) as outlook:
        watch = outlook.watch("f-inbox", HOOK)
    assert watch == Watch("f-inbox", "s1", NOW + LIFE)
    assert graph.asked == ["POST"]
    assert graph.prefer == {'IdType="ImmutableId"'}
    assert graph.sent == {
        "changeType": "created,updated,deleted",
        "resource": "me/mailFolders('f-inbox')/messages",
        "notificationUrl": HOOK.url,
        "lifecycleNotificationUrl": HOOK.lifecycle_url,
        "clientState": "secret",
        "expirationDateTime": stamp(NOW + LIFE),
    }
    assert timedelta(minutes=10_080) > LIFE


def test_the_whole_mailbox_is_watched_and_no_empty_word_is_sent() -> None:
    graph = Graph((201, standing(resource="me/messages", expirationDateTime=None)))
    with watcher(graph) as outlook:
        assert outlook.watch("", Hook(HOOK.url)).expires_at == NOW + LIFE
    assert graph.sent["resource"] == "me/messages"
    assert set(graph.sent) == {"changeType", "resource", "notificationUrl", "expirationDateTime"}


@pytest.mark.parametrize(
    "spelling",
    [
        "me/mailFolders('f-inbox')/messages",
        "/me/MailFolders/f-inbox/messages",
        "users/12-34/mailFolders('f-inbox')/messages",
        "Users('12-34')/mailFolders/f-inbox/messages",
    ],
)
def test_what_stands_already_is_found_however_it_is_written(spelling: str) -> None:
    other = standing("s0", resource="me/mailFolders/F-Inbox/messages")
    pages = ({"value": [other], "@odata.nextLink": f"{API}/v1.0/subscriptions?p=2"},
             {"value": [standing("s7", resource=spelling)]})  # fmt: skip
    graph = Graph(TAKEN, (200, pages[0]), (200, pages[1]), (200, standing("s7")))
    with watcher(graph) as outlook:
        assert outlook.watch("f-inbox", HOOK).remote_id == "s7"
    assert graph.asked == ["POST", "GET", "GET ?p=2", "PATCH /s7"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"notificationUrl": "https://old.example/hooks/outlook/"},
        {"lifecycleNotificationUrl": "https://old.example/hooks/life/"},
        {"clientState": "another"},
    ],
)
def test_what_stands_already_and_leads_elsewhere_is_replaced(elsewhere: dict[str, str]) -> None:
    old = standing("s7", **elsewhere)
    graph = Graph(TAKEN, (200, {"value": [old]}), (200, old), (204, ""), (201, standing("s8")))
    with watcher(graph) as outlook:
        assert outlook.watch("f-inbox", HOOK).remote_id == "s8"
    assert graph.asked == ["POST", "GET", "PATCH /s7", "DELETE /s7", "POST"]


def test_what_stands_in_the_way_and_cannot_be_found_is_refused() -> None:
    graph = Graph(TAKEN, (200, {"value": []}), TAKEN)
    with watcher(graph) as outlook, pytest.raises(Refused):
        outlook.watch("f-inbox", HOOK)


def test_a_list_in_circles_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_MOST_PAGES", 3)
    page = {"value": [], "@odata.nextLink": f"{API}/v1.0/subscriptions?p=2"}
    graph = Graph(TAKEN, *[(200, page)] * 9)
    with watcher(graph) as outlook, pytest.raises(Unavailable):
        outlook.watch("f-inbox", HOOK)


def test_renewing_moves_the_end() -> None:
    graph = Graph((200, standing()))
    with watcher(graph) as outlook:
        assert outlook.renew(WATCH, HOOK) == Watch("f-inbox", "s1", NOW + LIFE)
    assert graph.asked == ["PATCH /s1"]
    assert graph.sent == {"expirationDateTime": stamp(NOW + LIFE)}


def test_what_was_forgotten_is_made_anew() -> None:
    graph = Graph(NOT_FOUND, (201, standing("s2")))
    with watcher(graph) as outlook:
        assert outlook.renew(WATCH, HOOK).remote_id == "s2"
    assert graph.asked == ["PATCH /s1", "POST"]


def test_renewing_at_another_address_makes_it_anew() -> None:
    graph = Graph((200, standing()), NOT_FOUND, (201, standing("s2")))
    moved = Hook("https://new.example/hooks/outlook/", "https://new.example/hooks/life/", "secret")
    with watcher(graph) as outlook:
        assert outlook.renew(WATCH, moved).remote_id == "s2"
    assert graph.asked == ["PATCH /s1", "DELETE /s1", "POST"]
    assert graph.sent["notificationUrl"] == moved.url


def test_ending_what_has_ended_is_fine() -> None:
    graph = Graph((204, ""), NOT_FOUND)
    with watcher(graph) as outlook:
        outlook.unwatch(WATCH)
        outlook.unwatch(WATCH)
    assert graph.asked == ["DELETE /s1"] * 2


def test_an_address_microsoft_cannot_reach_is_said_so() -> None:
    with watcher(Graph(UNPROVEN)) as outlook, pytest.raises(Refused, match="cannot reach") as found:
        outlook.watch("f-inbox", HOOK)
    assert HOOK.url in str(found.value)


@pytest.mark.parametrize(("answer", "error"), [(DENIED, ConsentNeeded), (QUOTA, RateLimited)])
def test_other_refusals_are_as_everywhere(answer: Inner, error: type[Exception]) -> None:
    with watcher(Graph(answer)) as outlook, pytest.raises(error):
        outlook.watch("f-inbox", HOOK)


def test_the_folders_that_are_followed_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = Mailbox()
    mailbox.folders.append(folder("customers"))
    with watcher(each(mailbox)) as outlook:
        every = outlook.resources(frozenset())
        assert set(every) == {"f-inbox", "f-sent", "f-archive", "f-customers"}
        assert outlook.resources(frozenset({"sent"})) == ["f-sent"]
        monkeypatch.setattr(watching, "MOST", 3)
        assert outlook.resources(frozenset()) == [""]
