"""Microsoft's own request stack, msgraph-core on kiota, reads the mailbox and believes it."""

import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.authentication.anonymous_authentication_provider import (
    AnonymousAuthenticationProvider,
)
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.serialization import (
    AdditionalDataHolder,
    Parsable,
    ParseNode,
    ParseNodeFactoryRegistry,
    SerializationWriter,
    SerializationWriterFactoryRegistry,
)
from kiota_http.middleware import retry_handler
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer_factory import (
    JsonSerializationWriterFactory,
)
from msgraph_core import BaseGraphRequestAdapter, PageIterator
from msgraph_core.models import LargeFileUploadSession
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

from sandbox import transit
from sandbox.postman import Postman
from tests import loops
from tests.sandbox.hooks import Listener
from tests.sandbox.microsoft.conftest import ANA, IMMUTABLE, Graph

ParseNodeFactoryRegistry().CONTENT_TYPE_ASSOCIATED_FACTORIES["application/json"] = (
    JsonParseNodeFactory()
)
SerializationWriterFactoryRegistry().CONTENT_TYPE_ASSOCIATED_FACTORIES["application/json"] = (
    JsonSerializationWriterFactory()
)


class Thing(AdditionalDataHolder, Parsable):
    """Some JSON object: a few properties with the types a generated client gives them."""

    def __init__(self) -> None:
        self.additional_data: dict[str, Any] = {}
        self.id: str | None = None
        self.is_read: bool | None = None
        self.received: datetime | None = None
        self.expires: datetime | None = None

    @staticmethod
    def create_from_discriminator_value(_: ParseNode) -> "Thing":
        return Thing()

    def get_field_deserializers(self) -> dict[str, Callable[[ParseNode], None]]:
        return {
            "id": lambda node: setattr(self, "id", node.get_str_value()),
            "isRead": lambda node: setattr(self, "is_read", node.get_bool_value()),
            "receivedDateTime": lambda node: setattr(self, "received", node.get_datetime_value()),
            "expirationDateTime": lambda node: setattr(self, "expires", node.get_datetime_value()),
        }

    def serialize(self, writer: SerializationWriter) -> None:
        writer.write_bool_value("isRead", self.is_read)
        writer.write_additional_data_value(self.additional_data)


class Page(Parsable):
    """A collection response as generated clients have it."""

    def __init__(self) -> None:
        self.odata_next_link: str | None = None
        self.odata_delta_link: str | None = None
        self.value: list[Thing] | None = None

    @staticmethod
    def create_from_discriminator_value(_: ParseNode) -> "Page":
        return Page()

    def get_field_deserializers(self) -> dict[str, Callable[[ParseNode], None]]:
        return {
            "@odata.nextLink": lambda n: setattr(self, "odata_next_link", n.get_str_value()),
            "@odata.deltaLink": lambda n: setattr(self, "odata_delta_link", n.get_str_value()),
            "value": lambda n: setattr(self, "value", n.get_collection_of_object_values(Thing)),
        }

    def serialize(self, writer: SerializationWriter) -> None:
        raise NotImplementedError


class Refused(APIError, AdditionalDataHolder, Parsable):
    """An ODataError as generated clients have it."""

    def __init__(self) -> None:
        super().__init__()
        self.additional_data: dict[str, Any] = {}

    @staticmethod
    def create_from_discriminator_value(_: ParseNode) -> "Refused":
        return Refused()

    def get_field_deserializers(self) -> dict[str, Callable[[ParseNode], None]]:
        return {}

    def serialize(self, writer: SerializationWriter) -> None:
        raise NotImplementedError

    @property
    def code(self) -> str:
        return str(self.additional_data["error"]["code"])


ERRORS: Any = {"XXX": Refused}


class Tokens(AccessTokenProvider):
    """Hands out one token, on loopback only."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


class Stranger:
    """The stack, pointed at the sandbox."""

    def __init__(self, graph: Graph, root: str) -> None:
        self.adapter = BaseGraphRequestAdapter(
            BaseBearerTokenAuthenticationProvider(Tokens(graph.token))
        )
        self.adapter.base_url = f"{root}v1.0"

    def asked(self, path: str, prefer: str = IMMUTABLE, method: Method = Method.GET,
              body: Thing | None = None, **query: Any) -> RequestInformation:  # fmt: skip
        """A request as generated code builds it: from a template, with encoded options."""
        names = ",".join(f"%24{name}" for name in query)
        template = "{+baseurl}/" + path + (f"{{?{names}}}" if names else "")
        request = RequestInformation(method, template, {"baseurl": self.adapter.base_url})
        request.query_parameters = {f"%24{name}": value for name, value in query.items()}
        request.headers.try_add("Accept", "application/json")
        if prefer:
            request.headers.try_add("Prefer", prefer)
        if body is not None:
            request.set_content_from_parsable(self.adapter, "application/json", body)
        return request

    async def thing(self, request: RequestInformation) -> Thing:
        found = await self.adapter.send_async(request, Thing, ERRORS)
        assert isinstance(found, Thing)
        return found

    async def page(self, request: RequestInformation) -> Page:
        found = await self.adapter.send_async(request, Page, ERRORS)
        assert isinstance(found, Page)
        return found


@pytest.fixture
def play(graph: Graph, served: str) -> Callable[[Callable[[Stranger], Awaitable[None]]], None]:
    """Runs a scene with a stranger in it."""

    def run(scene: Callable[[Stranger], Awaitable[None]]) -> None:
        loops.run(_play(scene, Stranger(graph, served)))

    async def _play(scene: Callable[[Stranger], Awaitable[None]], stranger: Stranger) -> None:
        try:
            await scene(stranger)
        finally:
            client = stranger.adapter._http_client
            await client._transport.transport.aclose()  # its own close forgets what is below

    return run


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the stack waits before trying again, without waiting."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(retry_handler.asyncio, "sleep", sleep)
    return waited


def test_pages_are_iterated_to_the_end(graph: Graph, play: Any) -> None:
    graph.fill(23)
    seen: list[Thing] = []

    async def scene(stranger: Stranger) -> None:
        request = stranger.asked(
            "me/mailFolders/inbox/messages", select="id,isRead,receivedDateTime", top=5
        )
        iterator = PageIterator(await stranger.page(request), stranger.adapter)
        iterator.headers.try_add("Prefer", IMMUTABLE)
        await iterator.iterate(lambda item: seen.append(item) or True)

    play(scene)
    assert len({thing.id for thing in seen}) == 23
    assert [thing.received for thing in seen] == sorted(
        (thing.received for thing in seen), reverse=True
    )
    assert seen[-1].received == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert seen[0].is_read is False


def test_delta_links_are_followed(graph: Graph, play: Any) -> None:
    (number, *_) = graph.fill(3)

    async def scene(stranger: Stranger) -> None:
        first = stranger.asked("me/mailFolders/inbox/messages/delta()", select="id,isRead",
                               prefer=f"odata.maxpagesize=2, {IMMUTABLE}")  # fmt: skip
        page = await stranger.page(first)
        assert page.odata_next_link
        assert page.value is not None
        assert len(page.value) == 2
        request = stranger.asked("")
        request.url = page.odata_next_link
        page = await stranger.page(request)
        assert page.odata_delta_link
        graph.state.modify(ANA, number, remove=["UNREAD"])
        request.url = page.odata_delta_link
        page = await stranger.page(request)
        assert page.value is not None
        assert [thing.is_read for thing in page.value] == [True]
        graph.state.modify(ANA, number, add=["ARCHIVE"])
        assert page.odata_delta_link
        request.url = page.odata_delta_link
        page = await stranger.page(request)
        assert page.value is not None
        assert page.value[0].additional_data["@removed"] == {"reason": "deleted"}

    play(scene)


def test_a_message_is_changed_and_moved(graph: Graph, play: Any) -> None:
    graph.fill(1)

    async def scene(stranger: Stranger) -> None:
        page = await stranger.page(stranger.asked("me/messages"))
        assert page.value is not None
        (message,) = page.value
        body = Thing()
        body.is_read = True
        path = f"me/messages/{message.id}"
        changed = await stranger.thing(stranger.asked(path, method=Method.PATCH, body=body))
        assert changed.is_read is True
        where = Thing()
        where.additional_data = {"DestinationId": "archive"}
        moved = await stranger.thing(
            stranger.asked(f"{path}/microsoft.graph.move", method=Method.POST, body=where)
        )
        assert moved.id == message.id
        mime = await stranger.adapter.send_primitive_async(
            stranger.asked(f"{path}/$value"), "bytes", ERRORS
        )
        assert b"Subject: Mail 0" in mime

    play(scene)


@pytest.mark.parametrize(
    ("kind", "options", "least"),
    [
        ("rate", {"seconds": 7}, 7),
        ("concurrent", {"seconds": 3}, 3),
        ("retry_after", {"form": "fraction", "seconds": 2}, 2.1),
        ("server_error", {"status": 504}, 0.1),
        ("empty_error", {}, 0.1),
    ],
)
def test_the_stack_waits_as_long_as_it_is_told(
    graph: Graph, play: Any, waits: list[float], kind: str, options: dict[str, Any], least: float
) -> None:
    graph.state.faults.add(kind, times=2, **options)

    async def scene(stranger: Stranger) -> None:
        await stranger.thing(stranger.asked("me"))

    play(scene)
    assert len(waits) == 2
    assert min(waits) >= least


def test_mail_is_sent_and_files_are_put_on_drafts(graph: Graph, play: Any) -> None:
    data = bytes(range(256)) * 40_000

    async def scene(stranger: Stranger) -> None:
        body, file, item = Thing(), Thing(), Thing()
        to = [{"emailAddress": {"address": "cy@client.example"}}]
        message = {"subject": "Hello", "toRecipients": to}
        body.additional_data = {"Message": message, "SaveToSentItems": True}
        sending = stranger.asked("me/microsoft.graph.sendMail", method=Method.POST, body=body)
        await stranger.adapter.send_no_response_content_async(sending, ERRORS)
        body.additional_data = message
        made = await stranger.thing(stranger.asked("me/messages", method=Method.POST, body=body))
        file.additional_data = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.bin",
                                "contentBytes": "AAE="}  # fmt: skip
        there = f"me/messages/{made.id}/attachments"
        await stranger.thing(stranger.asked(there, method=Method.POST, body=file))
        item.additional_data = {"AttachmentItem": {
            "attachmentType": "file", "name": "b.bin", "size": len(data),
        }}  # fmt: skip
        begin = stranger.asked(f"{there}/createUploadSession", method=Method.POST, body=item)
        session = await stranger.adapter.send_async(begin, LargeFileUploadSession, ERRORS)
        assert session is not None
        nobody = BaseGraphRequestAdapter(AnonymousAuthenticationProvider())
        size = 320 * 1024 * 10
        # Its own task for this reads no range but one with an end: the pieces go by hand.
        for start in range(0, len(data), size):
            piece, info = data[start : start + size], RequestInformation()
            info.url, info.http_method = session.upload_url, Method.PUT
            said = f"bytes {start}-{start + len(piece) - 1}/{len(data)}"
            info.headers.try_add("Content-Range", said)
            info.set_stream_content(piece)
            await nobody.send_primitive_async(info, "bytes", ERRORS)
        await nobody._http_client._transport.transport.aclose()
        sending = stranger.asked(f"me/messages/{made.id}/send", method=Method.POST)
        await stranger.adapter.send_no_response_content_async(sending, ERRORS)

    play(scene)
    newest, _ = graph.read("mailFolders/sentitems/messages?$expand=attachments")["value"]
    told = {one["name"]: base64.b64decode(one["contentBytes"]) for one in newest["attachments"]}
    assert told == {"a.bin": b"\x00\x01", "b.bin": data}


def test_a_draft_is_written_and_sent(graph: Graph, play: Any, waits: list[float]) -> None:
    """And what its habit of asking again does, when only the answer was lost."""

    async def scene(stranger: Stranger) -> None:
        body = Thing()
        to = [{"emailAddress": {"address": "cy@client.example"}}]
        body.additional_data = {"subject": "Hello", "toRecipients": to}
        made = await stranger.thing(stranger.asked("me/messages", method=Method.POST, body=body))
        graph.state.faults.add("lost_answer", path="/send", form="error")
        sending = stranger.asked(f"me/messages/{made.id}/send", method=Method.POST)
        await stranger.adapter.send_no_response_content_async(sending, ERRORS)

    play(scene)
    assert len(waits) == 1
    assert [one["subject"] for one in transit.posted(graph.state)] == ["Hello", "Hello"]


def test_refusals_keep_their_code(graph: Graph, play: Any) -> None:
    async def scene(stranger: Stranger) -> None:
        with pytest.raises(Refused) as caught:
            await stranger.thing(stranger.asked("me/mailFolders/clutter"))
        assert caught.value.code == "ErrorItemNotFound"
        assert caught.value.response_status_code == 404
        inner = caught.value.additional_data["error"]["innerError"]
        assert set(inner) == {"date", "request-id", "client-request-id"}
        graph.state.faults.add("unauthorized")
        with pytest.raises(Refused) as caught:
            await stranger.thing(stranger.asked("me"))
        assert caught.value.code == "InvalidAuthenticationToken"

    play(scene)


def test_batches_are_answered_part_by_part(graph: Graph, play: Any) -> None:
    graph.fill(1)
    fixed = graph.read("messages?$select=id", IMMUTABLE)["value"][0]["id"]
    paths = {"me": "me", "mime": f"me/messages/{fixed}/$value", "none": "me/mailFolders/clutter"}

    async def scene(stranger: Stranger) -> None:
        batch = BatchRequestContent()
        for name, path in paths.items():
            batch.add_request(name, BatchRequestItem(stranger.asked(path), id=name))
        answer = await BatchRequestBuilder(stranger.adapter, ERRORS).post(batch)
        assert answer.get_response_status_codes() == {"me": 200, "mime": 200, "none": 404}
        # Of a part's body the stack understands only what is no JSON.
        mime = answer.get_response_by_id("mime").body
        assert b"Subject: Mail 0" in mime

    play(scene)


def test_subscriptions_are_made_listed_renewed_and_ended(graph: Graph, play: Any) -> None:
    graph.state.send = listener = Listener()
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=6)

    def body(**values: Any) -> Thing:
        thing = Thing()
        thing.additional_data = values | {"expirationDateTime": ends.isoformat()}
        return thing

    async def scene(stranger: Stranger) -> None:
        wanted = body(changeType="created,updated,deleted", clientState="s3cret",
                      resource="me/mailFolders('inbox')/messages",
                      notificationUrl="https://mail.example/hooks/",
                      lifecycleNotificationUrl="https://mail.example/life/")  # fmt: skip
        asked = stranger.asked("subscriptions", method=Method.POST, body=wanted)
        made = await stranger.thing(asked)
        assert made.id
        assert made.expires == ends
        with pytest.raises(Refused) as caught:
            await stranger.thing(asked)
        assert caught.value.response_status_code == 409
        page = await stranger.page(stranger.asked("subscriptions"))
        assert page.value is not None
        assert [one.id for one in page.value] == [made.id]
        one = f"subscriptions/{made.id}"
        renewed = await stranger.thing(stranger.asked(one, method=Method.PATCH, body=body()))
        assert renewed.expires == ends
        for method, path in ((Method.POST, f"{one}/reauthorize"), (Method.DELETE, one)):
            await stranger.adapter.send_no_response_content_async(
                stranger.asked(path, method=method), ERRORS
            )
        with pytest.raises(Refused) as caught:
            await stranger.thing(stranger.asked(one))
        assert caught.value.code == "ResourceNotFound"

    play(scene)
    assert len(listener.proofs) == 2


def test_a_notice_is_a_collection_to_the_stack(graph: Graph) -> None:
    graph.state.send = listener = Listener()
    made = graph.http.post("/v1.0/subscriptions", json={
        "changeType": "created", "resource": "me/messages",
        "notificationUrl": "https://mail.example/hooks/", "clientState": "s3cret",
        "expirationDateTime": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }).json()  # fmt: skip
    graph.fill(2)
    Postman(graph.state).work()
    node = JsonParseNodeFactory().get_root_parse_node("application/json", listener.requests[0][1])
    page = node.get_object_value(Page)
    assert page.value is not None
    assert [str(one.additional_data["subscriptionId"]) for one in page.value] == [made["id"]] * 2
