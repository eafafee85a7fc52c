"""Subscriptions at Microsoft: made, proved, renewed, forgotten; and what they tell."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.hooks import Reply, UnansweredError
from sandbox.microsoft import tokens
from sandbox.microsoft.ids import Ids
from sandbox.postman import Postman
from tests.sandbox.hooks import Listener
from tests.sandbox.microsoft.conftest import ANA, APP, IMMUTABLE, SCOPES, START, Graph

URL, LIFE = "https://mail.example/hooks/outlook/", "https://mail.example/hooks/life/"
INBOX = "me/mailFolders('inbox')/messages"
PATH = "/v1.0/subscriptions"


@pytest.fixture
def listener(graph: Graph) -> Listener:
    graph.state.clock = graph.state.quota.clock = Clock(frozen_at=START)
    with graph.state.db.write() as connection:
        connection.execute("UPDATE access_tokens SET expires = 1e12")
    graph.state.send = made = Listener()
    return made


def ask(graph: Graph, **changes: Any) -> Any:
    """Whatever comes back for a subscription like this."""
    body = {
        "changeType": "created,updated,deleted", "resource": INBOX, "notificationUrl": URL,
        "lifecycleNotificationUrl": LIFE, "clientState": "s3cret",
        "expirationDateTime": (START + timedelta(days=6)).isoformat(),
    } | changes  # fmt: skip
    given = {name: value for name, value in body.items() if value is not None}
    return graph.http.post(PATH, json=given, headers={"Prefer": IMMUTABLE})


def made(graph: Graph, **changes: Any) -> Any:
    answer = ask(graph, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def happen(graph: Graph, listener: Listener) -> list[Any]:
    Postman(graph.state).work()
    return listener.told()


def test_made_once_both_addresses_have_proved_themselves(graph: Graph, listener: Listener) -> None:
    one = made(graph)
    assert listener.proofs == [URL, LIFE]
    assert one["resource"] == INBOX
    assert one["expirationDateTime"] == "2026-03-07T08:00:00.0000000Z"
    assert graph.read(PATH)["value"] == [
        {name: one[name] for name in one if name != "@odata.context"} | {"clientState": None}
    ]
    assert graph.read(f"{PATH}/{one['id']}")["id"] == one["id"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(404), "HTTP status code is '404'"),
        (Reply(200, {"content-type": "text/html"}, b"x"), "200 OK"),
        (Reply(200, {"content-type": "text/plain"}, b"x"), "does not match"),
        (UnansweredError("late", late=True), "timed out"),
        (UnansweredError("ConnectionRefusedError"), "failed"),
    ],
)
@pytest.mark.parametrize("second", [False, True])
def test_unproved_addresses_are_refused(
    graph: Graph, listener: Listener, answer: Any, words: str, second: bool
) -> None:
    good = Listener()
    if second:
        graph.state.send = lambda url, *rest: (good if url.startswith(URL) else listener)(
            url, *rest
        )
    listener.answers = [answer]
    status, code, message = refusal(ask(graph))
    assert (status, code) == (400, "ValidationError")
    assert words in message
    assert graph.read(PATH)["value"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"notificationUrl": "http://127.0.0.1/hooks/"}, "must begin with https"),
        ({"lifecycleNotificationUrl": "http://mail.example/"}, "must begin with https"),
        ({"notificationUrl": "https:///nowhere"}, "no address"),
        ({"notificationUrl": None}, "notificationUrl is a required property"),
        ({"expirationDateTime": None}, "expirationDateTime is a required property"),
        ({"expirationDateTime": "soon"}, "camelCased"),
        ({"expirationDateTime": "2026-03-08T08:01:00Z"}, "can only be 10080 minutes"),
        ({"expirationDateTime": "2026-03-01T07:59:00Z"}, "must be in the future"),
        ({"clientState": "x" * 129}, "at most 128 characters"),
        ({"changeType": "created,moved"}, "Invalid 'changeType'"),
        ({"resource": "me/events"}, "is not supported"),
        ({"resource": f"{INBOX}?$filter=isRead eq false"}, "is not supported"),
        ({"ressource": INBOX}, "camelCased"),
        ({"includeResourceData": True}, "includeResourceData"),
    ],
)
def test_what_cannot_be_is_refused(
    graph: Graph, listener: Listener, changes: dict[str, Any], words: str
) -> None:
    status, code, message = refusal(ask(graph, **changes))
    assert (status, code) == (400, "ValidationError")
    assert words in message


def test_loopback_will_do_where_it_is_allowed(graph: Graph, listener: Listener) -> None:
    graph.state.change_settings(http_hooks=True)
    made(graph, notificationUrl="http://127.0.0.1:8000/hooks/outlook/")
    assert ask(graph, notificationUrl="http://mail.example/", resource="me/messages").is_error


def test_folders_that_are_not_there_and_mailboxes_of_others(
    graph: Graph, listener: Listener
) -> None:
    graph.state.add_account("team@contoso.example", company="microsoft")
    gone = ask(graph, resource="me/mailFolders('clutter')/messages")
    assert refusal(gone)[:2] == (404, "ExtensionError")
    shared = ask(graph, resource="users/team@contoso.example/messages")
    assert refusal(shared)[:2] == (403, "ExtensionError")
    assert made(graph, resource=f"/users/{ANA}/mailFolders/inbox/messages")


def test_one_of_a_kind_however_it_is_written(graph: Graph, listener: Listener) -> None:
    one = made(graph)
    inbox = graph.read("mailFolders/inbox")["id"]
    for again in (INBOX, f"me/mailFolders/{inbox}/messages"):
        status, code, message = refusal(ask(graph, resource=again))
        assert (status, code) == (409, "ExtensionError")
        assert one["id"] in message
    assert made(graph, changeType="created")
    assert made(graph, resource="me/messages")


def test_less_than_three_quarters_of_an_hour_is_made_that(graph: Graph, listener: Listener) -> None:
    soon = made(graph, expirationDateTime="2026-03-01T08:01:00Z")
    assert soon["expirationDateTime"] == "2026-03-01T08:45:00.0000000Z"


def test_renewed_ended_and_forgotten(graph: Graph, listener: Listener) -> None:
    path = f"{PATH}/{made(graph)['id']}"
    graph.state.clock.advance(timedelta(days=3))
    later = {"expirationDateTime": "2026-03-11T00:00:00Z"}
    answer = graph.http.patch(path, json=later)
    assert answer.json()["expirationDateTime"] == "2026-03-11T00:00:00.0000000Z"
    assert graph.http.post(f"{path}/reauthorize").status_code == 204
    assert graph.http.delete(path).status_code == 204
    for gone in (graph.http.delete(path), graph.http.patch(path, json=later), graph.get(path)):
        assert refusal(gone)[:2] == (404, "ResourceNotFound")


def test_foreign_and_expired_ones_are_not_there(graph: Graph, listener: Listener) -> None:
    path = f"{PATH}/{made(graph)['id']}"
    ben = graph.state.add_account("ben@contoso.example", company="microsoft")
    for account, app in ((ben, APP), (graph.state.account(ANA), "another-app")):
        token, _ = tokens.make_access_token(graph.state, account, app, SCOPES)
        other = {"Authorization": f"Bearer {token}"}
        assert graph.http.delete(path, headers=other).status_code == 404
        assert graph.http.get(PATH, headers=other).json()["value"] == []
    graph.state.clock.advance(timedelta(days=6))
    assert graph.get(path).status_code == 404
    assert graph.read(PATH)["value"] == []
    made(graph, expirationDateTime="2026-03-09T00:00:00Z")


def test_another_address_has_to_prove_itself(graph: Graph, listener: Listener) -> None:
    path = f"{PATH}/{made(graph)['id']}"
    new = {"notificationUrl": "https://new.example/hooks/"}
    listener.answers = [Reply(500)]
    assert refusal(graph.http.patch(path, json=new))[0] == 400
    assert graph.http.patch(path, json=new).json()["notificationUrl"] == new["notificationUrl"]


def test_the_list_comes_in_pages(graph: Graph, listener: Listener) -> None:
    for number in range(25):
        made(graph, resource=f"me/mailFolders/{folder(graph, f'Folder {number}')}/messages")
    entries, _ = graph.walk(PATH)
    assert len({one["id"] for one in entries}) == 25


def test_nobody_without_the_permission(graph: Graph, listener: Listener) -> None:
    account = graph.state.account(ANA)
    token, _ = tokens.make_access_token(graph.state, account, APP, frozenset({"User.Read"}))
    answer = graph.http.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert refusal(answer)[:2] == (403, "ErrorAccessDenied")


def test_what_happens_in_a_folder_is_told(graph: Graph, listener: Listener) -> None:
    one = made(graph)
    (number,) = graph.fill(1)
    account = graph.state.account(ANA)
    identity = Ids(account).message(int(number, 16), None)
    (notice,) = happen(graph, listener)
    etag = notice["resourceData"].pop("@odata.etag")
    assert etag.startswith('W/"')
    resource = f"Users/{account.oid}/Messages/{identity}"
    assert notice == {
        "subscriptionId": one["id"],
        "subscriptionExpirationDateTime": one["expirationDateTime"],
        "clientState": "s3cret",
        "tenantId": account.tenant,
        "changeType": "created",
        "resource": resource,
        "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource,
                         "id": identity},
    }  # fmt: skip
    graph.state.modify(ANA, number, remove=["UNREAD"])
    graph.state.modify(ANA, number, add=["ARCHIVE"])
    graph.state.modify(ANA, number, add=["STARRED"])
    graph.state.modify(ANA, number, add=["INBOX"])
    graph.state.delete(ANA, number)
    told = happen(graph, listener)
    assert [one["changeType"] for one in told] == ["updated", "deleted", "created", "deleted"]
    assert {one["resourceData"]["id"] for one in told} == {identity}
    assert happen(graph, listener) == []


def test_a_whole_mailbox_and_only_what_was_asked_for(graph: Graph, listener: Listener) -> None:
    made(graph, resource="me/messages", changeType="updated")
    (number,) = graph.fill(1)
    graph.state.modify(ANA, number, remove=["UNREAD"])
    assert [one["changeType"] for one in happen(graph, listener)] == ["updated"]


def test_many_things_come_in_one_request(graph: Graph, listener: Listener) -> None:
    made(graph)
    made(graph, resource="me/messages", clientState="other")
    graph.fill(60)
    assert Postman(graph.state).work() == 3
    assert [len(listener.told())] == [120]


def test_moving_many_at_once_is_said_to_have_been_missed(graph: Graph, listener: Listener) -> None:
    made(graph)
    ids = graph.fill(30)
    happen(graph, listener)
    graph.state.modify(ANA, ids, add=["ARCHIVE"])
    (event,) = happen(graph, listener)
    assert event["lifecycleEvent"] == "missed"


def test_what_nobody_takes_comes_again_for_four_hours(graph: Graph, listener: Listener) -> None:
    made(graph)
    graph.fill(1)
    listener.answers = [Reply(500), UnansweredError("late", late=True), Reply(302)]
    postman = Postman(graph.state)
    for wait in (10, 20, 40):
        assert postman.work() == 1
        assert postman.work() == 0
        graph.state.clock.advance(wait)
    assert postman.work() == 1
    assert postman.work() == 0
    assert len({body for _, body, _, _ in listener.requests}) == 1
    assert {seconds for *_, seconds in listener.requests} == {3.0}
    graph.fill(1)
    listener.answers = [Reply(503)] * 1000
    for _ in range(300):
        postman.work()
        graph.state.clock.advance(60)
    listener.answers.clear()
    assert postman.work() == 0


def test_nothing_is_told_after_the_end(graph: Graph, listener: Listener) -> None:
    path = f"{PATH}/{made(graph)['id']}"
    listener.answers = [Reply(503)]
    graph.fill(1)
    happen(graph, listener)
    graph.http.delete(path)
    graph.state.clock.advance(3600)
    graph.fill(1)
    assert happen(graph, listener) == []


def test_with_its_grant_a_subscription_ends_and_says_so(graph: Graph, listener: Listener) -> None:
    one = made(graph)
    graph.state.revoke(ANA)
    (event,) = happen(graph, listener)
    assert event == {
        "subscriptionId": one["id"],
        "subscriptionExpirationDateTime": one["expirationDateTime"],
        "clientState": "s3cret",
        "tenantId": graph.state.account(ANA).tenant,
        "lifecycleEvent": "subscriptionRemoved",
    }


@pytest.mark.parametrize(
    ("kind", "options", "counts"),
    [
        ("notice_lost", {}, [0, 1]),
        ("notice_twice", {}, [2, 1]),
        ("notice_late", {"seconds": 90}, [0, 2]),
    ],
)
def test_accidents(
    graph: Graph, listener: Listener, kind: str, options: dict[str, Any], counts: list[int]
) -> None:
    made(graph)
    graph.state.faults.add(kind, 1, path="/hooks/outlook/", mailbox=ANA, **options)
    found = []
    for _ in counts:
        graph.fill(1)
        found.append(len(happen(graph, listener)))
        graph.state.clock.advance(100)
    assert found == counts


def test_backwards(graph: Graph, listener: Listener) -> None:
    made(graph)
    graph.state.faults.add("notice_disorder")
    (number,) = graph.fill(1)
    graph.state.modify(ANA, number, add=["STARRED"])
    assert [one["changeType"] for one in happen(graph, listener)] == ["updated", "created"]


def test_somebody_elses(graph: Graph, listener: Listener) -> None:
    made(graph)
    graph.state.faults.add("notice_forged")
    graph.state.faults.add("notice_forged", form="missing")
    graph.fill(3)
    states = [one.get("clientState") for one in happen(graph, listener)]
    assert states == ["somebody-else", None, "s3cret"]


def folder(graph: Graph, name: str) -> str:
    answer = graph.http.post("/v1.0/me/mailFolders", json={"displayName": name})
    return str(answer.json()["id"])
