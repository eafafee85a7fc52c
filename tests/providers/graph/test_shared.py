"""A mailbox that is shared: where its calls go, what its doors say, and what a 404 is worth."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock, http
from mailweave.providers import kinds
from mailweave.providers.base import Listed, Missing, Window
from mailweave.providers.errors import ConsentNeeded, NoAccess, ProviderError, Refused
from mailweave.providers.graph import calls, position
from mailweave.providers.graph.failures import Gone
from mailweave.providers.graph.reader import GraphReader
from mailweave.providers.graph.shared import SharedClient
from tests.providers.graph import stub
from tests.providers.graph.stub import API, ENDPOINTS, NOW, budget, refusal, reply

SUPPORT = "o'brien+team@contoso.example"
BASE = "/v1.0/users/o%27brien%2Bteam@contoso.example/"
DOORS = ("inbox", "sentitems", "msgfolderroot")
CLOSED = refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


class Server:
    """Doors that are open or not, and one thing to say to everything else."""

    def __init__(self, answer: Any = CLOSED) -> None:
        self.answer = answer
        self.doors: dict[str, Any] = {name: (200, {"id": f"id-{name}"}) for name in DOORS}
        self.paths: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.raw_path.decode()
        if path.endswith("/$batch"):
            asked = json.loads(request.content)["requests"]
            self.paths += [f"/v1.0{one['url']}" for one in asked]
            told = [
                {"id": one["id"], "status": status, "headers": {}, "body": body}
                for one in asked
                for status, body in [self._say(one["url"])]
            ]
            return reply((200, {"responses": told}))
        self.paths.append(path)
        return reply(self._say(path))

    def _say(self, path: str) -> Any:
        door = path.partition("?")[0].rpartition("mailFolders/")[2]
        return self.doors.get(door, self.answer)


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def reader(server: Server) -> Iterator[GraphReader]:
    with http.client(transport=httpx2.MockTransport(server)) as web:
        given = (web, ENDPOINTS, lambda: "t0", lambda stale: stale, budget())
        yield GraphReader(SharedClient(SUPPORT, *given), "tenant.support")


def test_every_call_goes_to_the_mailbox_and_none_to_the_delegates(
    server: Server, reader: GraphReader
) -> None:
    server.answer = (200, {"id": "some", "value": []})
    reader.folders()
    reader.page(Window(None), None)
    list(reader.state_of("unseen"))
    assert server.paths
    assert all(path.startswith(BASE) for path in server.paths), server.paths


def test_a_link_is_followed_as_it_was_given(server: Server, reader: GraphReader) -> None:
    server.answer = (200, {"value": []})
    link = reader.client.link(f"{API}/v1.0/users('support')/mailFolders('x')/messages?$skiptoken=1")
    reader.client.get(calls.following(link))
    assert server.paths == ["/v1.0/users('support')/mailFolders('x')/messages?$skiptoken=1"]


def test_the_profile_is_the_mailboxes_and_asks_nothing_of_the_person(
    server: Server, reader: GraphReader
) -> None:
    found = reader.profile()
    assert (found.account_id, found.address) == ("tenant.support", SUPPORT)
    assert found.inbox_id == "id-inbox"
    assert position.read(found.cursor).folders == {}
    assert [path.partition("?")[0] for path in server.paths] == [
        f"{BASE}mailFolders/{name}" for name in DOORS
    ]


@pytest.mark.parametrize(
    ("door", "answer", "why"),
    [
        ("inbox", CLOSED, "closed"),
        ("sentitems", CLOSED, "partial"),
        ("msgfolderroot", CLOSED, "partial"),
        ("inbox", refusal(404, "ErrorInvalidUser"), "unknown"),
        ("inbox", refusal(404, "MailboxNotEnabledForRESTAPI"), "no_mailbox"),
    ],
)
def test_each_closed_door_says_why(
    server: Server, reader: GraphReader, door: str, answer: Any, why: str
) -> None:
    server.doors[door] = answer
    with pytest.raises(NoAccess) as caught:
        reader.profile()
    assert caught.value.why == why
    assert SUPPORT in str(caught.value)


def test_a_missing_permission_is_told_from_a_closed_door(
    server: Server, reader: GraphReader
) -> None:
    server.doors["inbox"] = refusal(403, "ErrorAccessDenied")
    with pytest.raises(ConsentNeeded):
        reader.profile()


def test_gone_is_believed_while_the_doors_are_open(server: Server, reader: GraphReader) -> None:
    with pytest.raises(Gone):
        reader.client.get(calls.message("x"))
    assert list(reader.fetch([Listed("x", "x")])) == [Missing("x")]


@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_gone_from_a_mailbox_that_is_closed(
    server: Server, reader: GraphReader, door: str
) -> None:
    server.doors[door] = CLOSED
    with pytest.raises(NoAccess):
        reader.client.get(calls.message("x"))
    with pytest.raises(NoAccess):
        list(reader.fetch([Listed("x", "x"), Listed("y", "y")]))
    with pytest.raises(NoAccess):
        list(reader.client.stream(calls.attachment("x", "y")))
    outcomes = reader.client.ask_all([calls.message("x"), calls.folder(DOORS[0])])
    assert isinstance(outcomes[0], NoAccess)
    with pytest.raises(NoAccess):
        reader.folders()
    at_inbox = position.begin(NOW)
    with pytest.raises(NoAccess):
        reader.changes(at_inbox)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_who_cannot_know_says_so(server: Server, reader: GraphReader, status: int) -> None:
    server.doors["inbox"] = (status, {"error": {"code": "Any", "message": "Later."}})
    with pytest.raises(ProviderError) as caught:
        reader.client.get(calls.message("x"))
    assert not isinstance(caught.value, Refused | NoAccess)


def test_one_look_at_the_doors_does_for_a_batch(server: Server, reader: GraphReader) -> None:
    outcomes = reader.client.ask_all([calls.message(str(n)) for n in range(20)])
    assert all(isinstance(one, Gone) for one in outcomes)
    assert len(server.paths) == 20 + len(DOORS)
    assert reader.client.budget.spent == 20 + len(DOORS)


def test_an_own_mailbox_is_asked_once(server: Server) -> None:
    with stub.client(server) as own, pytest.raises(Gone):
        own.get(calls.message("x"))
    assert server.paths == ["/v1.0/me/messages/x?" + server.paths[0].partition("?")[2]]


def test_the_inbox_of_an_own_mailbox_is_told(server: Server) -> None:
    server.answer = (200, {"id": "me", "mail": "ana@contoso.example"})
    with stub.reader(server) as own:
        assert own.profile().inbox_id == "id-inbox"


def test_gmail_has_none_and_says_so() -> None:
    gmail = kinds.describe("gmail")
    assert gmail.shared is None
    assert "Google" in gmail.unshared
    with http.client() as web, pytest.raises(Refused):
        kinds.connect(
            "gmail", endpoints=ENDPOINTS, access_token=lambda: "t", refresh=lambda t: t,
            budget=budget(), web=web, shared_address=SUPPORT,
        )  # fmt: skip


def test_personal_accounts_know_none() -> None:
    shared = kinds.describe("outlook").shared
    assert shared
    assert "Outlook.com" in shared.why_not("9188040d-6c67-4c5b-b112-36a304b66dad.0000")
    assert shared.why_not("11111111-6c67-4c5b-b112-36a304b66dad.0000") == ""
