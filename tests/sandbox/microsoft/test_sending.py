"""Letters are written, completed and sent through Graph, and what becomes of them there."""

import base64
import email
from email import policy
from typing import Any

import pytest

from sandbox import delivery, transit
from sandbox.microsoft import delegates, tokens
from tests.sandbox.microsoft.conftest import ANA, APP, IMMUTABLE, SCOPES, Graph, letter
from tests.sandbox.microsoft.test_schema import problems

BEN, SUPPORT = "ben@contoso.example", "support@contoso.example"
NAME = "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name Key"
TO_BEN = [{"emailAddress": {"name": "Ben", "address": BEN}}]
PROPERTY = {"singleValueExtendedProperties": [{"id": NAME, "value": "k1"}]}
EXPAND = f"$expand=singleValueExtendedProperties($filter=id eq '{NAME}')"
MIME = (
    f"From: somebody@else.example\r\nTo: Ben <{BEN}>\r\nBcc: cy@away.example\r\n"
    "Subject: Re: Hello\r\nMessage-ID: <own@contoso.example>\r\nIn-Reply-To: <1@client.example>\r\n"
    "References: <1@client.example>\r\nX-Mailweave-Key: k1\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Good morning</p>\r\n"
).encode()


@pytest.fixture(autouse=True)
def _ben(graph: Graph) -> None:
    graph.state.add_account(BEN, "Ben Ode", "microsoft")


def post(graph: Graph, path: str, body: Any = None, **headers: str) -> Any:
    headers = {"Prefer": IMMUTABLE} | headers
    url = path if path.startswith("/v1.0") else f"/v1.0/me/{path}"
    if isinstance(body, bytes):
        coded = base64.b64encode(body)
        return graph.http.post(url, content=coded, headers=headers | {"Content-Type": "text/plain"})
    return graph.http.post(url, json=body, headers=headers)


def draft(graph: Graph, **more: Any) -> Any:
    body = {"subject": "Hello", "body": {"contentType": "html", "content": "<p>Grüße</p>"},
            "toRecipients": TO_BEN} | more  # fmt: skip
    answer = post(graph, "messages", body)
    assert answer.status_code == 201, answer.text
    assert (
        problems({k: v for k, v in answer.json().items() if k != "@odata.context"}, "message") == []
    )
    return answer.json()


def sent(graph: Graph, path: str = "") -> Any:
    return graph.read(f"mailFolders/sentitems/messages{path}", IMMUTABLE)["value"]


def mime(graph: Graph, identity: str) -> Any:
    raw = graph.get(f"messages/{identity}/$value", IMMUTABLE).content
    return email.message_from_bytes(raw, policy=policy.default)


def came(graph: Graph, address: str = BEN) -> list[Any]:
    """What lies in a mailbox of the same organization, newest first."""
    account = graph.state.account(address)
    token, _ = tokens.make_access_token(graph.state, account, APP, SCOPES)
    theirs = Graph(graph.state, graph.http, token)
    auth = {"Authorization": f"Bearer {token}"}
    listed = graph.http.get("/v1.0/me/mailFolders/inbox/messages?$top=50", headers=auth).json()
    raws = [graph.http.get(f"/v1.0/me/messages/{one['id']}/$value", headers=auth).content
            for one in listed["value"]]  # fmt: skip
    assert theirs
    return [email.message_from_bytes(raw, policy=policy.default) for raw in raws]


def test_a_draft_is_made_changed_completed_and_sent(graph: Graph) -> None:
    made = draft(graph, **PROPERTY, internetMessageHeaders=[{"name": "X-Key", "value": "k1"}])
    assert (made["isDraft"], made["from"]["emailAddress"]["address"]) == (True, ANA)
    where = f"messages/{made['id']}"
    changed = graph.http.patch(f"/v1.0/me/{where}", json={"subject": "Über uns"})
    assert changed.json()["subject"] == "Über uns"
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "prüfung.bin",
            "contentBytes": base64.b64encode(b"\x00\xff" * 99).decode()}  # fmt: skip
    logo = {**file, "name": "logo.png", "contentType": "image/png", "isInline": True,
            "contentId": "logo@x"}  # fmt: skip
    for one in (file, logo):
        answer = post(graph, f"{where}/attachments", one)
        assert answer.status_code == 201, answer.text
        assert answer.json()["name"] == one["name"]
    listed = graph.read(f"{where}/attachments", IMMUTABLE)["value"]
    assert {(one["name"], one["isInline"]) for one in listed} == {
        ("prüfung.bin", False), ("logo.png", True),
    }  # fmt: skip
    answer = post(graph, f"{where}/send")
    assert (answer.status_code, answer.content) == (202, b"")
    (one,) = sent(graph, f"?{EXPAND}")
    assert (one["id"], one["isDraft"], one["internetMessageId"]) == (
        made["id"], False, made["internetMessageId"],
    )  # fmt: skip
    assert one["singleValueExtendedProperties"] == [{"id": NAME, "value": "k1"}]
    (mail,) = came(graph)
    assert (mail["Subject"], mail["X-Key"], mail["To"]) == ("Über uns", "k1", f"Ben <{BEN}>")
    attached = {
        part.get_filename(): part.get_content() for part in mail.walk() if part.get_filename()
    }
    assert attached == {"prüfung.bin": b"\x00\xff" * 99, "logo.png": b"\x00\xff" * 99}
    assert "Grüße" in mail.get_body(("html",)).get_content()


def test_a_draft_comes_as_mime_and_is_from_the_mailbox(graph: Graph) -> None:
    graph.state.deliver(ANA, letter())
    (original,) = graph.read("messages", IMMUTABLE)["value"]
    made = post(graph, "messages", MIME).json()
    assert made["conversationId"] == original["conversationId"]
    assert made["internetMessageId"] == "<own@contoso.example>"
    assert made["from"]["emailAddress"]["address"] == ANA
    assert post(graph, "messages", b"").json()["error"]["code"] == (
        "ErrorMimeContentInvalidBase64String"
    )
    graph.http.patch(f"/v1.0/me/messages/{made['id']}", json=PROPERTY)
    assert post(graph, f"messages/{made['id']}/send").status_code == 202
    (mail,) = came(graph)
    assert (mail["References"], mail["X-Mailweave-Key"], mail["Bcc"]) == (
        "<1@client.example>", "k1", None,
    )  # fmt: skip
    (told,) = transit.posted(graph.state, key="k1")
    assert told["recipients"] == [BEN, "cy@away.example"]


def test_drafts_are_found_by_their_properties_and_names(graph: Graph) -> None:
    made = draft(graph, **PROPERTY)
    draft(graph, subject="Another")
    key = f"singleValueExtendedProperties/Any(ep: ep/id eq '{NAME}' and ep/value eq 'k1')"
    name = f"internetMessageId eq '{made['internetMessageId']}'"
    for condition in (key, name, f"isDraft eq true and {key}"):
        found = graph.read(f"messages?$filter={condition}", IMMUTABLE)["value"]
        assert [one["id"] for one in found] == [made["id"]]
    assert graph.read(f"messages?$filter={key.replace('k1', 'k2')}")["value"] == []
    assert graph.refused("messages?$expand=singleValueExtendedProperties")[0] == 400


def test_answers_have_their_headers(graph: Graph) -> None:
    graph.state.deliver(ANA, letter(extra=f"Cc: {ANA}, Di <di@away.example>\r\n"))
    (original,) = graph.read("messages", IMMUTABLE)["value"]
    where = f"messages/{original['id']}"
    body = {"comment": "Thank you"}
    reply = post(graph, f"{where}/createReply", body).json()
    assert (reply["subject"], reply["conversationId"]) == ("Re: Hello", original["conversationId"])
    raw = mime(graph, reply["id"])
    assert (raw["To"], raw["In-Reply-To"]) == (
        "Cy Twombly <cy@client.example>",
        "<1@client.example>",
    )
    assert "Thank you" in reply["body"]["content"]
    everybody = post(graph, f"{where}/createReplyAll", {}).json()
    assert mime(graph, everybody["id"])["Cc"] == "Di <di@away.example>"
    passed = {"message": {"toRecipients": TO_BEN}}
    forward = post(graph, f"{where}/createForward", passed).json()
    assert (forward["subject"], mime(graph, forward["id"])["To"]) == ("Fw: Hello", f"Ben <{BEN}>")
    both = {"comment": "x", "message": {"body": {"contentType": "text", "content": "y"}}}
    assert post(graph, f"{where}/createReply", both).status_code == 400


def test_large_attachments_come_in_pieces_to_an_address_of_their_own(graph: Graph) -> None:
    made, data = draft(graph), bytes(range(256)) * 4096 * 5
    item = {"attachmentType": "file", "name": "big.bin", "size": len(data)}
    where = f"messages/{made['id']}/attachments"
    session = post(graph, f"{where}/createUploadSession", {"AttachmentItem": item})
    assert session.status_code == 201
    url, step = session.json()["uploadUrl"], 4 * 1024 * 1024
    assert "/v1.0/" not in url
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        said = f"bytes {start}-{start + len(piece) - 1}/{len(data)}"
        request = graph.http.build_request(
            "PUT", url, content=piece, headers={"Content-Range": said}
        )
        assert graph.http.send(request).status_code == 401, "a token is no business of theirs"
        del request.headers["Authorization"]
        answer = graph.http.send(request)
        last = start + len(piece) == len(data)
        assert answer.status_code == (201 if last else 200)
        if not last:
            assert answer.json()["nextExpectedRanges"] == [str(start + len(piece))]
            assert graph.http.send(request).status_code == 416, "pieces come in their order"
    (listed,) = graph.read(where, IMMUTABLE)["value"]
    assert listed["id"] in answer.headers["location"]
    assert base64.b64decode(listed["contentBytes"]) == data
    assert graph.http.delete(f"/v1.0/me/{where}/{listed['id']}").status_code == 204
    small = post(graph, f"{where}/createUploadSession", {"AttachmentItem": item | {"size": 5}})
    assert small.status_code == 400
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "x",
            "contentBytes": base64.b64encode(data[: 3 * 1024 * 1024]).decode()}  # fmt: skip
    assert post(graph, where, file).status_code == 413


def test_mail_is_sent_in_one_call(graph: Graph) -> None:
    message = {"subject": "Hi", "toRecipients": TO_BEN, "body": {"content": "x"}}
    assert post(graph, "sendMail", {"Message": message}).status_code == 202
    assert (
        post(graph, "sendMail", {"message": message, "saveToSentItems": False}).status_code == 202
    )
    assert post(graph, "sendMail", MIME).status_code == 202
    assert [one["subject"] for one in sent(graph)] == ["Re: Hello", "Hi"]
    assert len(came(graph)) == 3
    nobody = {"message": {"subject": "x"}}
    assert post(graph, "sendMail", nobody).json()["error"]["code"] == "ErrorInvalidRecipients"
    assert len(transit.posted(graph.state)) == 3


def test_the_id_of_a_copy_that_is_still_to_come_is_nobody_elses(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.state.change_settings(graph_sent_seconds=60)
    monkeypatch.setattr(graph.state.clock, "milliseconds", lambda: 1_795_262_400_000)
    monkeypatch.setattr(delivery.random, "randint", lambda low, high: low)
    draft(graph)
    assert post(graph, f"messages/{draft(graph)['id']}/send").status_code == 202
    draft(graph)
    graph.state.clock.advance(61)
    assert len(sent(graph)) == 1


def test_the_sent_copy_may_be_late_and_another(graph: Graph) -> None:
    graph.state.change_settings(
        graph_sent_seconds=30, graph_new_sent_ids=True, graph_new_message_ids=True
    )
    made = draft(graph, **PROPERTY)
    assert post(graph, f"messages/{made['id']}/send").status_code == 202
    assert graph.refused(f"messages/{made['id']}", IMMUTABLE) == (404, "ErrorItemNotFound")
    assert sent(graph) == []
    assert len(came(graph)) == 1
    graph.state.clock.advance(31)
    (one,) = sent(graph, f"?{EXPAND}")
    assert one["id"] != made["id"]
    assert one["internetMessageId"] != made["internetMessageId"]
    assert one["singleValueExtendedProperties"][0]["value"] == "k1"
    assert one["conversationId"] == made["conversationId"]


def test_so_many_a_minute(graph: Graph) -> None:
    graph.state.change_settings(graph_sends_a_minute=1)
    assert post(graph, "sendMail", MIME).status_code == 202
    answer = post(graph, "sendMail", MIME)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


@pytest.mark.parametrize(("send", "status", "sender"), [
    ("as", 202, None), ("behalf", 202, f"Ana Ng <{ANA}>"), ("none", 403, None),
])  # fmt: skip
def test_who_may_send_as_whom(graph: Graph, send: str, status: int, sender: str | None) -> None:
    graph.state.add_account(SUPPORT, "Support", "microsoft", shared=True)
    delegates.allow(graph.state, SUPPORT, ANA, send=send)
    scopes = SCOPES | {"Mail.ReadWrite.Shared", "Mail.Send.Shared"}
    account = graph.state.account(ANA)
    token, _ = tokens.make_access_token(graph.state, account, APP, scopes)
    plain = post(graph, "sendMail", {"message": {
        "from": {"emailAddress": {"address": SUPPORT}}, "toRecipients": TO_BEN,
    }})  # fmt: skip
    assert plain.json()["error"]["code"] == "ErrorAccessDenied", "the permission is missing"
    auth = {"Authorization": f"Bearer {token}"}
    there = f"/v1.0/users/{SUPPORT}/messages"
    made = post(graph, there, MIME, **auth).json()
    assert made["from"]["emailAddress"]["address"] == SUPPORT
    answer = post(graph, f"{there}/{made['id']}/send", **auth)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "ErrorSendAsDenied"
        assert came(graph) == []
        return
    (mail,) = came(graph)
    assert (mail["From"], mail["Sender"]) == (f"Support <{SUPPORT}>", sender)
    assert sent(graph) == []


def test_aliases_are_told_and_sent_from(graph: Graph) -> None:
    delegates.add_alias(graph.state, ANA, "a.ng@contoso.example")
    told = graph.read("/v1.0/me?$select=mail,proxyAddresses")
    assert told["proxyAddresses"] == [f"SMTP:{ANA}", "smtp:a.ng@contoso.example"]
    alias = {"from": {"emailAddress": {"address": "a.ng@contoso.example"}}}
    for allowed, seen in ((True, "a.ng@contoso.example"), (False, f"Ana Ng <{ANA}>")):
        graph.state.change_settings(graph_from_aliases=allowed)
        made = draft(graph, **alias)
        assert post(graph, f"messages/{made['id']}/send").status_code == 202
        assert came(graph)[0]["From"] == seen
    stranger = draft(graph, **{"from": {"emailAddress": {"address": "cy@client.example"}}})
    answer = post(graph, f"messages/{stranger['id']}/send")
    assert answer.json()["error"]["code"] == "ErrorSendAsDenied"


def test_exchange_reports_in_its_own_words(graph: Graph) -> None:
    message = {"toRecipients": [{"emailAddress": {"address": "nobody@contoso.example"}}],
               "subject": "Hello"}  # fmt: skip
    assert post(graph, "sendMail", {"message": message}).status_code == 202
    graph.state.clock.advance(2)
    (report,) = came(graph, ANA)
    assert report["Subject"] == "Undeliverable: Hello"
    assert report["X-MS-Exchange-Message-Is-Ndr"] == ""
    text = next(part for part in report.walk() if "delivery-status" in part.get_content_type())
    assert "Status: 5.1.10" in text.as_string()


@pytest.mark.parametrize(("kind", "count"), [("lost_request", 0), ("lost_answer", 1)])
@pytest.mark.parametrize(("form", "error"), [
    ("reset", ConnectionError), ("timeout", TimeoutError), ("error", None),
])  # fmt: skip
def test_calls_and_answers_get_lost(
    graph: Graph, kind: str, count: int, form: str, error: type[Exception] | None
) -> None:
    made = draft(graph)
    graph.state.faults.add(kind, path="/send", form=form)
    if error:
        with pytest.raises(error):
            post(graph, f"messages/{made['id']}/send")
    else:
        assert post(graph, f"messages/{made['id']}/send").status_code == 503
    assert len(transit.posted(graph.state)) == count
