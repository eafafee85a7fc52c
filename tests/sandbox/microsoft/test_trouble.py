"""Limits, and every switch for trouble at Microsoft, as a client meets them."""

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from sandbox.microsoft import tokens
from sandbox.stats import stats
from tests.sandbox.microsoft.conftest import ANA, APP, IMMUTABLE, Graph

DELTA = "mailFolders/inbox/messages/delta?$select=subject,isRead"


def test_an_error_says_who_asked_and_when(graph: Graph) -> None:
    answer = graph.get("mailFolders/clutter", **{"client-request-id": "mine"})
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", error["innerError"]["date"])
    assert error["innerError"]["client-request-id"] == "mine"
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    assert answer.headers["client-request-id"] == "mine"
    assert "ServerInfo" in answer.headers["x-ms-ags-diagnostic"]


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer nobody", "Basic x"])
def test_a_stranger_is_challenged(graph: Graph, token: str) -> None:
    graph.http.headers["Authorization"] = token
    answer = graph.get("messages")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="", authorization_uri=')


def test_permissions_are_asked_for(graph: Graph) -> None:
    account = graph.state.account(ANA)
    token, _ = tokens.make_access_token(graph.state, account, APP, frozenset({"User.Read"}))
    graph.http.headers["Authorization"] = f"Bearer {token}"
    assert graph.read("/v1.0/me")["mail"] == ANA
    assert graph.refused("messages") == (403, "ErrorAccessDenied")
    token, _ = tokens.make_access_token(graph.state, account, APP, frozenset({"Mail.Read"}))
    graph.http.headers["Authorization"] = f"Bearer {token}"
    assert graph.read("messages")["value"] == []
    moved = graph.http.post("/v1.0/me/mailFolders", json={"displayName": "x"})
    assert moved.status_code == 403
    assert graph.refused("/v1.0/me") == (403, "Authorization_RequestDenied")


def test_ten_minutes_of_requests_run_out(graph: Graph) -> None:
    graph.state.clock.freeze()
    graph.state.change_settings(graph_requests=3)
    assert stats(graph.state)["mailboxes"][ANA]["units_left"] == 3
    for _ in range(3):
        graph.read("mailFolders/inbox")
    assert stats(graph.state)["mailboxes"][ANA]["units_left"] == 0
    graph.state.clock.advance(100)
    answer = graph.get("mailFolders/inbox")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "500"
    assert answer.json()["error"]["code"] == "ApplicationThrottled"
    assert graph.state.quota.rejected[ANA] == 1
    other, _ = tokens.make_access_token(
        graph.state, graph.state.account(ANA), "another-app", frozenset({"Mail.Read"})
    )
    answer = graph.http.get("/v1.0/me/messages", headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 200, "each app has its own budget"
    graph.state.clock.advance(501)
    graph.read("mailFolders/inbox")
    graph.read("mailFolders/inbox")
    assert graph.refused("mailFolders/inbox")[0] == 429, "what was refused counted too"
    graph.state.change_settings(graph_requests=0)
    graph.read("mailFolders/inbox")


def test_four_at_a_time_and_how_long_they_took(graph: Graph) -> None:
    graph.state.change_settings(latency_ms=300)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(graph.get("mailFolders/inbox").status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 200, 429, 429]
    shown = stats(graph.state)["mailboxes"][ANA]
    assert (shown["calls"], shown["units"], shown["rejected"]) == (4, 4, 2)
    assert 1.2 <= shown["busy_seconds"] < 3
    graph.state.change_settings(latency_ms=0, graph_concurrency=0)
    with graph.state.quota.flight(ANA, APP, 0):
        graph.read("mailFolders/inbox")


@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("rate", {}, 429, "ApplicationThrottled"),
        ("concurrent", {}, 429, "ApplicationThrottled"),
        ("retry_after", {"status": 503}, 503, "ApplicationThrottled"),
        ("server_error", {}, 503, "ErrorServiceUnavailable"),
        ("server_error", {"status": 500}, 500, "ErrorInternalServerError"),
        ("server_error", {"status": 504}, 504, "UnknownError"),
        ("denied", {}, 403, "ErrorAccessDenied"),
        ("no_mailbox", {}, 404, "MailboxNotEnabledForRESTAPI"),
        ("unauthorized", {}, 401, "InvalidAuthenticationToken"),
        ("folder_gone", {}, 404, "ErrorSyncFolderNotFound"),
        ("folder_gone", {"code": "ErrorItemNotFound"}, 404, "ErrorItemNotFound"),
    ],
)
def test_refusals_on_demand(
    graph: Graph, kind: str, options: dict[str, Any], status: int, code: str
) -> None:
    graph.state.faults.add(kind, times=1, path="/delta", mailbox=ANA, **options)
    graph.read("mailFolders/inbox")
    assert graph.refused(DELTA) == (status, code)
    graph.read(DELTA)


@pytest.mark.parametrize(
    ("form", "right"),
    [
        ("", lambda wait: wait == "30"),
        ("fraction", lambda wait: wait == "30.128"),
        ("absurd", lambda wait: int(wait) > 10**9),
        ("missing", lambda wait: wait is None),
        ("date", lambda wait: 25 < (parsedate_to_datetime(wait) - datetime.now(UTC)).seconds < 35),
    ],
)
def test_retry_after_in_every_form(graph: Graph, form: str, right: Callable[[Any], bool]) -> None:
    graph.state.faults.add("retry_after", form=form, seconds=30)
    answer = graph.get("messages")
    assert answer.status_code == 429
    assert right(answer.headers.get("retry-after"))


def test_a_claims_challenge_and_an_empty_message(graph: Graph) -> None:
    graph.state.faults.add("unauthorized", form="claims")
    challenge = graph.get("messages").headers["www-authenticate"]
    assert 'error="insufficient_claims", claims="ey' in challenge
    graph.state.faults.add("unauthorized", form="blank")
    assert graph.get("messages").json()["error"]["message"] == ""


def test_an_error_can_be_empty(graph: Graph) -> None:
    graph.state.faults.add("empty_error")
    answer = graph.get("messages")
    assert (answer.status_code, answer.content) == (503, b"")


def test_tokens_end_in_every_way(graph: Graph) -> None:
    graph.fill(1)
    link = graph.read(DELTA)["@odata.deltaLink"]
    graph.state.faults.add("delta_expired")
    gone = graph.get(link)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert "location" in gone.headers
    graph.state.faults.add("delta_expired", location=False)
    assert "location" not in graph.get(link).headers
    graph.state.faults.add("delta_invalid")
    assert graph.refused(link) == (400, "syncStateInvalid")
    graph.state.faults.add("delta_invalid", code="resyncRequired", status=410)
    assert graph.refused(link) == (410, "resyncRequired")
    graph.state.faults.add("delta_expired")
    graph.read(DELTA)
    assert graph.state.faults.listed(), "a first call has no token to lose"


def test_partial_duplicate_and_replayed_entries(graph: Graph) -> None:
    ids = graph.fill(3)
    link = graph.read(DELTA, IMMUTABLE)["@odata.deltaLink"]
    graph.state.modify(ANA, ids[0], remove=["UNREAD"])
    graph.state.faults.add("delta_partial")
    (partial,) = graph.read(link, IMMUTABLE)["value"]
    assert set(partial) == {"@odata.type", "id", "isRead"}
    assert partial["isRead"] is True
    graph.state.faults.add("delta_duplicate")
    first, last = graph.read(link, IMMUTABLE)["value"]
    assert first["id"] == last["id"] == partial["id"]
    assert (first["isRead"], last["isRead"]) == (False, True)
    graph.state.faults.add("delta_replay")
    told = graph.read(link, IMMUTABLE)["value"]
    assert len({entry["id"] for entry in told}) == 3
    graph.state.modify(ANA, ids[1], add=["ARCHIVE"])
    graph.state.faults.add("delta_changed")
    removed = graph.read(link, IMMUTABLE)["value"][-1]
    assert removed["@removed"] == {"reason": "changed"}


def test_moves_that_are_told_badly(graph: Graph) -> None:
    (number,) = graph.fill(1)
    inbox = graph.read(DELTA, IMMUTABLE)["@odata.deltaLink"]
    archive = graph.read(DELTA.replace("inbox", "archive"), IMMUTABLE)["@odata.deltaLink"]
    graph.state.modify(ANA, number, add=["ARCHIVE"])
    graph.state.faults.add("delta_no_arrival")
    assert graph.read(archive, IMMUTABLE)["value"] == []
    graph.state.modify(ANA, number, add=["INBOX"])
    graph.state.faults.add("delta_lost_return")
    (entry,) = graph.read(inbox, IMMUTABLE)["value"]
    assert "@removed" in entry
    (entry,) = graph.read(inbox, IMMUTABLE)["value"]
    assert entry["subject"] == "Mail 0"


def test_ids_that_change(graph: Graph) -> None:
    graph.fill(2)
    page = graph.read(DELTA, IMMUTABLE)
    old = [entry["id"] for entry in page["value"]]
    number = graph.state.message_ids(ANA)[0]
    graph.state.faults.add("new_ids", id=number)
    assert graph.refused(f"messages/{old[0]}", IMMUTABLE) == (404, "ErrorItemNotFound")
    graph.read(f"messages/{old[1]}", IMMUTABLE)
    entries = graph.read(page["@odata.deltaLink"], IMMUTABLE)["value"]
    assert entries[0]["id"] == old[0]
    assert "@removed" in entries[0]
    assert entries[1]["subject"] == "Mail 1"
    opened = graph.read(f"messages/{entries[1]['id']}?$select=body", IMMUTABLE)
    assert opened["body"]["content"].startswith("Good morning")


def test_links_that_lead_elsewhere_or_nowhere(graph: Graph) -> None:
    graph.fill(12)
    for path in ("messages", DELTA, "mailFolders?$top=2"):
        graph.state.faults.add("next_foreign")
        assert graph.read(path)["@odata.nextLink"].startswith("https://graph.evil.example/v1.0/me/")
        if path != "mailFolders?$top=2":
            graph.state.faults.add("next_missing")
            page = graph.read(path)
            assert not {"@odata.nextLink", "@odata.deltaLink"} & set(page)


def test_an_empty_page_goes_on(graph: Graph) -> None:
    graph.fill(2)
    for path in ("messages?$select=id", DELTA):
        graph.state.faults.add("empty_page")
        page = graph.read(path)
        assert page["value"] == []
        assert len(graph.walk(page["@odata.nextLink"])[0]) == 2


def test_attachments_that_do_not_open(graph: Graph) -> None:
    raw = b"Content-Type: image/png; name=x.png\r\n\r\nPNG"
    graph.state.deliver(ANA, raw)
    identity = graph.read("messages")["value"][0]["id"]
    path = f"messages/{identity}/attachments"
    (one,) = graph.read(f"{path}?$select=name")["value"]
    graph.state.faults.add("attachment_error")
    assert graph.refused(f"{path}/{one['id']}/$value") == (500, "ErrorCannotOpenFileAttachment")
    assert graph.get(f"{path}/{one['id']}/$value").content == b"PNG"
    graph.state.faults.add("vanish", id=graph.state.message_ids(ANA)[0])
    assert graph.refused(f"messages/{identity}")[0] == 404


def test_a_clock_that_is_off(graph: Graph) -> None:
    graph.fill(1)
    right = graph.read("messages")["value"][0]["receivedDateTime"]
    graph.state.faults.add("clock_skew")
    answer = graph.get("messages")
    off = datetime.fromisoformat(answer.json()["value"][0]["receivedDateTime"])
    assert (off - datetime.fromisoformat(right)).total_seconds() == 300
    said = parsedate_to_datetime(answer.headers["date"])
    assert 290 < (said - datetime.now(UTC)).total_seconds() < 310


def test_the_wire_fails_here_as_everywhere(graph: Graph) -> None:
    graph.fill(3)
    graph.state.faults.add("html")
    assert "<html>" in graph.get("messages").text
    graph.state.faults.add("malformed")
    with pytest.raises(ValueError, match=r"[Uu]nterminated|[Ee]xpecting"):
        graph.get("messages").json()
    graph.state.faults.add("gzip_bomb", megabytes=3)
    assert len(graph.get("messages").content) > 3_000_000
    graph.state.faults.add("slow", seconds=0.3)
    started = time.monotonic()
    graph.read("messages")
    assert time.monotonic() - started > 0.25
    graph.state.faults.add("reset")
    with pytest.raises(ConnectionResetError):
        graph.get("messages")
    graph.state.faults.add("server_error", path="$batch")
    graph.read("messages")
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/me"}]}
    assert graph.http.post("/v1.0/$batch", json=batch).status_code == 503
    assert graph.http.post("/v1.0/$batch", json=batch).status_code == 200


HOSTILE = [
    "/v1.0/", "/v1.0//", "/v1.0/users", "/v1.0/users//", "/v1.0/me/()", "/v1.0/me/messages('')",
    "/v1.0/me/messages/%00", "/v1.0/me/mailFolders('')/messages",
    "/v1.0/me/mailFolders/inbox/childFolders/childFolders/childFolders", "/v1.0/me/mailFolders/x/y",
    "/v1.0/me/messages?$filter=" + "(" * 400,
    "/v1.0/me/messages?$filter=" + "not%20" * 400 + "isRead",
    "/v1.0/me/messages?$filter=receivedDateTime%20ge%200001-01-01T00:00:00%2B14:00",
    "/v1.0/me/messages?$filter=receivedDateTime%20ge%202026-13-45",
    "/v1.0/me/messages?$filter=parentFolderId%20eq%20'x'", "/v1.0/me/messages?$filter='a'%20eq%20'",
    "/v1.0/me/messages?$top=99999999999999999999", "/v1.0/me/messages?$skip=%F0%9F%98%80",
    "/v1.0/me/messages?$orderby=receivedDateTime%20sideways", "/v1.0/me/messages?$select=,,",
    "/v1.0/me/messages?$expand=attachments($select=", "/v1.0/me/messages/AAMkAA==/attachments/AA",
    "/v1.0/me/mailFolders/delta?$deltatoken=eJwDAAAAAAE", "/v1.0/me/mailFolders?$skip=-1",
    "/v1.0/me/mailFolders/inbox/messages/delta?$skiptoken=" + "A" * 5000,
]  # fmt: skip


def test_a_path_of_no_known_encoding(served: str, graph: Graph) -> None:
    token = {"Authorization": f"Bearer {graph.token}"}
    with httpx2.Client(trust_env=False, headers=token) as client:
        answer = client.get(f"{served}v1.0/me/messages/%FF%FE")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidIdMalformed")


@pytest.mark.parametrize("path", HOSTILE)
def test_what_nobody_should_send_is_refused_in_the_usual_form(graph: Graph, path: str) -> None:
    answer = graph.get(path)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"]


BODIES = [
    b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"isRead":[]}', b'{"destinationId":{}}',
    b'{"requests":7}', b'{"inputIds":[{}]}',
    b'{"requests":[{"id":"1","method":"GET","url":"http://["}]}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_bodies_nobody_should_send(graph: Graph, body: bytes) -> None:
    graph.fill(1)
    message = f"/v1.0/me/messages/{graph.read('messages')['value'][0]['id']}"
    for verb, path in (("PATCH", message), ("POST", f"{message}/move"), ("POST", "/v1.0/$batch"),
                       ("POST", "/v1.0/me/translateExchangeIds"), ("POST", "/v1.0/me/mailFolders"),
                       ("PATCH", "/v1.0/me/mailFolders/inbox")):  # fmt: skip
        answer = graph.http.request(verb, path, content=body)
        assert answer.status_code < 500
        assert answer.status_code >= 400 or "$batch" in path or verb == "PATCH"


def test_a_reset_leaves_nothing_behind(graph: Graph) -> None:
    ids = graph.fill(3)
    graph.state.modify(ANA, ids, add=["ARCHIVE"])
    graph.state.delete(ANA, ids[0])
    graph.state.reset()
    with graph.state.db.read() as connection:
        for table in ("messages", "message_labels", "contents", "items", "moves", "history"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0, table
