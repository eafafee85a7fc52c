"""Messages, folders and attachments as Graph shows them, and what becomes of changes."""

import base64
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.microsoft.conftest import ANA, IMMUTABLE, START, Graph

RICH = b"\r\n".join([
    b"From: =?utf-8?b?Sm9zw6k=?= <jose@client.example>", b"Sender: office@client.example",
    b"To: ana@contoso.example, \"Ode, Ben\" <ben@contoso.example>",
    b"Cc: team: x@client.example;", b"Reply-To: desk@client.example",
    b"Subject: =?utf-8?b?w5xiZXI=?=", b" =?utf-8?b?c2ljaHQ=?=",
    b"Message-ID: <rich@client.example>",
    b"Importance: High", b"Received: by a", b"Received: by b", b"MIME-Version: 1.0",
    b"Content-Type: multipart/mixed; boundary=o", b"",
    b"--o", b"Content-Type: multipart/related; boundary=r", b"",
    b"--r", b"Content-Type: multipart/alternative; boundary=i", b"",
    b"--i", b"Content-Type: text/plain; charset=utf-8", b"", b"Gr\xc3\xbc\xc3\x9fe",
    b"--i", b"Content-Type: text/html; charset=utf-8", b"",
    b"<html><head><title>x</title></head><body><p>Gr\xc3\xbc\xc3\x9fe <img src=cid:logo>",
    b"<script>bad()</script></p></body></html>",
    b"--i--",
    b"--r", b"Content-Type: image/png; name=logo.png", b"Content-ID: <logo>",
    b"Content-Disposition: inline", b"Content-Transfer-Encoding: base64", b"", b"AAAA",
    b"--r--",
    b"--o", b"Content-Type: application/pdf", b"Content-Transfer-Encoding: base64",
    b'Content-Disposition: attachment; filename="=?utf-8?q?pr=C3=A9cis.pdf?="', b"",
    base64.b64encode(b"%PDF-1.4 tiny"),
    b"--o", b"Content-Type: message/rfc822", b"", b"From: inner@client.example",
    b"Subject: inside", b"", b"inner text",
    b"--o--", b"",
])  # fmt: skip
INLINE_ONLY = RICH.split(b"--o\r\nContent-Type: application/pdf")[0] + b"--o--\r\n"


def one(graph: Graph, raw: bytes = RICH, query: str = "", prefer: str = "") -> Any:
    graph.state.deliver(ANA, raw, ["INBOX"])
    identity = graph.read("messages?$select=id")["value"][0]["id"]
    return graph.read(f"messages/{identity}{query}", prefer)


def test_a_message_in_full(graph: Graph) -> None:
    message = one(graph)
    person = {"emailAddress": {"name": "José", "address": "jose@client.example"}}
    assert message["from"] == person
    assert message["sender"]["emailAddress"]["address"] == "office@client.example"
    assert [to["emailAddress"]["name"] for to in message["toRecipients"]] == [ANA, "Ode, Ben"]
    assert message["ccRecipients"][0]["emailAddress"]["address"] == "x@client.example"
    assert message["replyTo"][0]["emailAddress"]["address"] == "desk@client.example"
    assert message["subject"] == "Übersicht"
    assert message["internetMessageId"] == "<rich@client.example>"
    assert message["importance"] == "high"
    assert message["hasAttachments"] is True
    assert message["isRead"] is True
    assert message["bodyPreview"] == "Grüße"
    assert message["flag"] == {"flagStatus": "notFlagged"}
    assert "internetMessageHeaders" not in message
    assert "uniqueBody" not in message
    assert message["@odata.context"].endswith("/messages/$entity")
    assert message["sentDateTime"] == message["receivedDateTime"], "there is no Date header"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", message["receivedDateTime"])


def test_html_comes_with_exchanges_head_and_without_scripts(graph: Graph) -> None:
    content = one(graph)["body"]["content"]
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    assert content.startswith(f"<html><head>\r\n{meta}<title>x</title>")
    assert "cid:logo" in content
    assert "bad()" not in content
    bare = one(graph, b"Content-Type: text/html\r\n\r\n<p>x")["body"]
    assert bare["content"].startswith(f"<html><head>\r\n{meta}</head><body><p>x")


def test_bodies_are_text_when_text_is_asked_for_or_all_there_is(graph: Graph) -> None:
    body = one(graph, prefer='outlook.body-content-type="text"')["body"]
    assert body == {"contentType": "text", "content": "Grüße"}
    plain = one(graph, graph.letter(text="1 < 2"))["body"]
    assert plain == {"contentType": "text", "content": "1 < 2\r\n"}
    graph.state.change_settings(graph_plain_as_html=True)
    shown = one(graph, graph.letter(text="1 < 2"))["body"]
    assert shown["contentType"] == "html"
    assert "1 &lt; 2" in shown["content"]


def test_headers_come_only_when_selected_and_are_not_decoded(graph: Graph) -> None:
    message = one(graph, query="?$select=internetMessageHeaders")
    assert set(message) == {"@odata.context", "@odata.etag", "id", "internetMessageHeaders"}
    headers = [(h["name"], h["value"]) for h in message["internetMessageHeaders"]]
    assert ("Subject", "=?utf-8?b?w5xiZXI=?= =?utf-8?b?c2ljaHQ=?=") in headers
    assert [value for name, value in headers if name == "Received"] == ["by a", "by b"]


def test_mime_is_what_was_delivered(graph: Graph) -> None:
    identity = one(graph)["id"]
    for end in ("$value", "%24value"):
        answer = graph.get(f"messages/{identity}/{end}")
        assert answer.content == RICH
        assert answer.headers["content-type"].startswith("text/plain")


def test_attachments_are_listed_opened_and_downloaded(graph: Graph) -> None:
    identity = one(graph)["id"]
    listed = graph.read(f"messages/{identity}/attachments")["value"]
    logo, pdf, inner = listed
    assert [a["@odata.type"].rpartition(".")[2] for a in listed] == [
        "fileAttachment", "fileAttachment", "itemAttachment",
    ]  # fmt: skip
    assert (logo["isInline"], logo["contentId"], pdf["isInline"]) == (True, "logo", False)
    assert (pdf["name"], pdf["size"], pdf["contentType"]) == ("précis.pdf", 13, "application/pdf")
    assert base64.b64decode(pdf["contentBytes"]) == b"%PDF-1.4 tiny"
    assert (inner["name"], inner["contentType"]) == ("inside", None)
    assert "contentBytes" not in inner
    path = f"messages/{identity}/attachments"
    assert graph.get(f"{path}/{pdf['id']}/$value").content == b"%PDF-1.4 tiny"
    assert b"inner text" in graph.get(f"{path}/{inner['id']}/$value").content
    opened = graph.read(f"{path}/{inner['id']}?$expand=microsoft.graph.itemattachment/item")
    assert opened["item"]["subject"] == "inside"
    assert opened["item"]["body"] == {"contentType": "text", "content": "inner text"}
    other = one(graph, graph.letter())["id"]
    assert graph.refused(f"messages/{other}/attachments/{pdf['id']}")[0] == 404


def test_what_only_files_have_is_selected_with_a_cast(graph: Graph) -> None:
    identity = one(graph)["id"]
    path = f"messages/{identity}/attachments?$select=id,name"
    assert graph.refused(f"{path},contentId") == (400, "RequestBroker--ParseUri")
    listed = graph.read(f"{path},microsoft.graph.fileAttachment/contentId")["value"]
    assert listed[0]["contentId"] == "logo"
    assert "contentBytes" not in listed[0]
    assert set(listed[2]) == {"@odata.type", "id", "name"}
    expanded = graph.read(f"messages/{identity}?$expand=attachments%28%24select%3Dname%29")
    assert [set(item) - {"@odata.mediaContentType"} for item in expanded["attachments"]] == [
        {"@odata.type", "id", "name"}
    ] * 3


def test_an_inline_picture_is_no_attachment(graph: Graph) -> None:
    message = one(graph, INLINE_ONLY)
    assert message["hasAttachments"] is False
    assert len(graph.read(f"messages/{message['id']}/attachments")["value"]) == 1
    assert graph.read("messages?$filter=hasAttachments eq true")["value"] == []


def test_an_invitation_is_an_event_message_and_its_calendar_no_file(graph: Graph) -> None:
    raw = (
        b"From: a@client.example\r\nSubject: Lunch\r\nContent-Type: multipart/alternative;"
        b" boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nCome\r\n"
        b"--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n"
    )
    message = one(graph, raw)
    assert message["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert message["meetingMessageType"] == "meetingRequest"
    assert message["hasAttachments"] is False
    assert graph.read(f"messages/{message['id']}/attachments")["value"] == []


def test_replies_share_their_conversation(graph: Graph) -> None:
    first = one(graph, graph.letter(number="1"))
    reply = one(graph, graph.letter("Re: Hello", number="2", refs="<1@client.example>"))
    assert reply["conversationId"] == first["conversationId"]
    wanted = quote(f"conversationId eq '{first['conversationId']}'")
    assert len(graph.read(f"messages?$filter={wanted}")["value"]) == 2


def test_default_ids_change_with_a_move_and_immutable_ones_stay(graph: Graph) -> None:
    graph.fill(1)
    default = graph.read("messages?$select=id")["value"][0]["id"]
    fixed = graph.read("messages?$select=id", IMMUTABLE)["value"][0]["id"]
    assert fixed != default
    assert graph.read(f"messages/{default}", IMMUTABLE)["id"] == fixed
    moved = graph.http.post(f"/v1.0/me/messages/{fixed}/move", json={"DestinationId": "archive"})
    assert moved.status_code == 201
    assert moved.json()["id"] not in {default, fixed}
    assert graph.refused(f"messages/{default}") == (404, "ErrorItemNotFound")
    assert graph.read(f"messages/{fixed}", IMMUTABLE)["id"] == fixed
    archive = graph.read("mailFolders/archive")["id"]
    assert graph.read(f"messages/{fixed}")["parentFolderId"] == archive
    assert graph.refused(f"messages/{fixed.swapcase()}")[1] == "ErrorInvalidIdMalformed"
    translated = graph.http.post("/v1.0/me/translateExchangeIds", json={
        "inputIds": [fixed], "sourceIdType": "restImmutableEntryId", "targetIdType": "restId",
    }).json()  # fmt: skip
    assert translated["value"] == [{"sourceId": fixed, "targetId": moved.json()["id"]}]


def test_what_can_change_changes_and_the_rest_is_refused(graph: Graph) -> None:
    graph.fill(1)
    message = graph.read("messages")["value"][0]
    path = f"/v1.0/me/messages/{message['id']}"
    changed = graph.http.patch(path, json={
        "isRead": True, "flag": {"flagStatus": "flagged"}, "categories": ["Red"],
        "importance": "low",
    }).json()  # fmt: skip
    assert changed["isRead"] is True
    assert changed["flag"] == {"flagStatus": "flagged"}
    assert (changed["categories"], changed["importance"]) == (["Red"], "low")
    assert changed["@odata.etag"] != message["@odata.etag"]
    done = graph.http.patch(path, json={"flag": {"flagStatus": "complete"}}).json()
    assert done["flag"] == {"flagStatus": "complete"}
    stale = graph.http.patch(path, json={"isRead": False},
                             headers={"If-Match": message["@odata.etag"]})  # fmt: skip
    assert stale.status_code == 412
    for wrong in ({"subject": "x"}, {"isRead": "no"}, {"importance": "huge"}, {"flag": 1}, [1]):
        assert graph.http.patch(path, json=wrong).status_code == 400
    assert graph.read("messages?$filter=flag/flagStatus eq 'complete'")["value"]
    assert not graph.read("messages?$filter=flag/flagStatus eq 'flagged'")["value"]


def test_deleting_bins_first_and_ends_it_the_second_time(graph: Graph) -> None:
    graph.fill(1)
    fixed = graph.read("messages?$select=id", IMMUTABLE)["value"][0]["id"]
    path = f"/v1.0/me/messages/{fixed}"
    assert graph.http.delete(path).status_code == 204
    assert len(graph.read("mailFolders/deleteditems/messages")["value"]) == 1
    assert graph.http.delete(path).status_code == 204
    assert graph.http.delete(path).status_code == 404


def test_lists_are_newest_first_in_pages_of_ten(graph: Graph) -> None:
    graph.fill(25)
    page = graph.read("mailFolders/inbox/messages?$select=subject&$count=true")
    assert [m["subject"] for m in page["value"]] == [f"Mail {n}" for n in range(24, 14, -1)]
    assert page["@odata.count"] == 25
    start = "http://inside/v1.0/me/mailFolders/inbox/messages?"
    assert page["@odata.nextLink"] == f"{start}$select=subject&$count=true&$skip=10"
    found, _ = graph.walk("mailFolders('inbox')/messages?%24top=7&$orderby=receivedDateTime")
    assert [m["subject"] for m in found] == [f"Mail {n}" for n in range(25)]
    for wrong in ("$top=0", "$top=1001", "$top=x", "$skip=-1", "$select=size", "$orderby=x",
                  "$expand=extensions", "$filter=foo eq 1", "$filter=isRead", "$search=x",
                  "$filter=isRead eq 'x'", "$filter=(isRead eq true"):  # fmt: skip
        assert graph.get(f"messages?{wrong}").status_code == 400, wrong


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("receivedDateTime ge {3}", [3, 4, 5]),
        ("receivedDateTime gt {3}", [4, 5]),
        ("receivedDateTime lt {3}", [0, 1, 2]),
        ("receivedDateTime le {3}", [0, 1, 2, 3]),
        ("receivedDateTime eq {3}", [3]),
        ("receivedDateTime ge {1} and receivedDateTime lt {4} and isRead eq true", [2]),
        ("not (isRead eq true) and receivedDateTime lt {3}", [1]),
        ("isRead eq false or receivedDateTime eq {0}", [0, 1, 3, 5]),
        ("internetMessageId eq '<4@client.example>'", [4]),
        ("isRead ne true", [1, 3, 5]),
    ],
)
def test_filters(graph: Graph, wanted: str, found: list[int]) -> None:
    ids = graph.fill(6)
    graph.state.modify(ANA, ids[::2], remove=["UNREAD"])
    times = [(START.replace(minute=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(6)]
    for folder in ("", "mailFolders/inbox/"):
        text = quote(wanted.format(*times))
        shown = graph.read(f"{folder}messages?$select=subject&$filter={text}")["value"]
        assert sorted(m["subject"] for m in shown) == [f"Mail {n}" for n in found]


def test_an_order_must_be_in_the_filter_too_and_first(graph: Graph) -> None:
    order = "&$orderby=receivedDateTime desc"
    refusal = (400, "InefficientFilter")
    since = "receivedDateTime ge 2026-01-01T00:00:00Z"
    assert graph.refused(f"messages?$filter=isRead eq true{order}") == refusal
    assert graph.refused(f"messages?$filter=isRead eq true and {since}{order}") == refusal
    assert graph.read(f"messages?$filter={since} and isRead eq true{order}")["value"] == []


def test_folders_are_a_tree_with_hidden_and_search_folders(graph: Graph) -> None:
    for name in ("Kunden", "Kunden/Alpha/Beta", "Kunden/Alpha"):
        graph.state.label(ANA, name)
    graph.state.deliver(ANA, graph.letter(), ["Kunden/Alpha", "UNREAD"])
    top = graph.read("mailFolders?$top=100")["value"]
    names = [folder["displayName"] for folder in top]
    assert names[:2] == ["Inbox", "Sent Items"]
    assert "Kunden" in names
    assert "Sync Issues" not in names
    assert len(graph.read("mailFolders")["value"]) == 10
    hidden = graph.read("mailFolders?$top=100&includeHiddenFolders=true")["value"]
    assert "Sync Issues" in [folder["displayName"] for folder in hidden if folder["isHidden"]]
    search = next(f for f in top if f.get("@odata.type") == "#microsoft.graph.mailSearchFolder")
    assert len(graph.read(f"mailFolders/{search['id']}/messages")["value"]) == 1
    parent = next(folder for folder in top if folder["displayName"] == "Kunden")
    assert parent["childFolderCount"] == 1
    (child,) = graph.read(f"mailFolders/{parent['id']}/childFolders")["value"]
    assert (child["displayName"], child["totalItemCount"], child["unreadItemCount"]) == (
        "Alpha", 1, 1,
    )  # fmt: skip
    root = graph.read("mailFolders/msgfolderroot")
    assert parent["parentFolderId"] == root["id"]
    deep = f"mailFolders/{parent['id']}/childFolders/{child['id']}/messages"
    assert len(graph.read(deep)["value"]) == 1
    graph.state.change_settings(graph_language="de")
    assert graph.read("mailFolders/Inbox")["displayName"] == "Posteingang"
    assert graph.refused("mailFolders/inbox?$select=wellKnownName")[0] == 400
    assert graph.refused("mailFolders/clutter") == (404, "ErrorItemNotFound")


def test_folders_are_made_renamed_and_deleted(graph: Graph) -> None:
    made = graph.http.post("/v1.0/me/mailFolders", json={"displayName": "One"})
    assert made.status_code == 201
    path = f"/v1.0/me/mailFolders/{made.json()['id']}"
    graph.http.post(f"{path}/childFolders", json={"displayName": "Two"})
    graph.state.deliver(ANA, graph.letter(), ["One/Two"])
    assert graph.http.patch(path, json={"displayName": "Eins"}).json()["displayName"] == "Eins"
    assert graph.read(f"{path}/childFolders")["value"][0]["displayName"] == "Two"
    taken = graph.http.post("/v1.0/me/mailFolders", json={"displayName": "EINS"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "ErrorFolderExists")
    assert graph.http.delete(path).status_code == 204
    assert graph.refused(path)[0] == 404
    assert graph.read("messages")["value"] == []
    assert graph.http.delete("/v1.0/me/mailFolders/inbox").status_code == 403


def test_the_person_and_nobody_else(graph: Graph) -> None:
    me = graph.read("/v1.0/me")
    assert (me["mail"], me["userPrincipalName"], me["displayName"]) == (ANA, ANA, "Ana Ng")
    assert me["id"] == graph.state.account(ANA).oid
    assert graph.read("/v1.0/me?$select=id,mail").keys() == {"@odata.context", "id", "mail"}
    assert graph.read(f"/v1.0/users/{quote(ANA)}/mailFolders/inbox")["displayName"] == "Inbox"
    assert graph.read(f"/v1.0/users('{me['id']}')/messages")["value"] == []
    assert graph.refused("/v1.0/users/ben@contoso.example/messages") == (403, "ErrorAccessDenied")
    assert graph.refused("/v1.0/groups")[0] == 400
    assert graph.refused("/v1.0/me/calendars") == (400, "BadRequest")


@pytest.mark.parametrize("path", ["/v1.0/ME/MAILFOLDERS/Inbox", "/v1.0/me/mailfolders('INBOX')",
                                  "/v1.0/me/mailFolders/inbox/"])  # fmt: skip
def test_addresses_in_any_case_and_either_form(graph: Graph, path: str) -> None:
    assert graph.read(path)["displayName"] == "Inbox"
