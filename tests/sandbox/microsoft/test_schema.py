"""Every answer is held against what the published metadata of Graph v1.0 says of its types."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.postman import Postman
from sandbox.world.making import build as build_world
from tests.sandbox.hooks import Listener
from tests.sandbox.microsoft.conftest import ANA, IMMUTABLE, Graph

# Properties with their types, from the CSDL of v1.0: a question mark is Nullable, [] a collection.
TYPES: dict[str, dict[str, str]] = {
    "entity": {"id": "string"},
    "outlookItem < entity": {
        "categories": "string?[]", "changeKey": "string?", "createdDateTime": "moment?",
        "lastModifiedDateTime": "moment?",
    },
    "message < outlookItem": {
        "bccRecipients": "recipient[]", "body": "itemBody?", "bodyPreview": "string?",
        "ccRecipients": "recipient[]", "conversationId": "string?", "conversationIndex": "binary?",
        "flag": "followupFlag?", "from": "recipient?", "hasAttachments": "boolean?",
        "importance": "low|normal|high?", "inferenceClassification": "focused|other?",
        "internetMessageHeaders": "internetMessageHeader[]", "internetMessageId": "string?",
        "isDeliveryReceiptRequested": "boolean?", "isDraft": "boolean?", "isRead": "boolean?",
        "isReadReceiptRequested": "boolean?", "parentFolderId": "string?",
        "receivedDateTime": "moment?", "replyTo": "recipient[]", "sender": "recipient?",
        "sentDateTime": "moment?", "subject": "string?", "toRecipients": "recipient[]",
        "uniqueBody": "itemBody?", "webLink": "string?", "attachments": "attachment[]",
    },
    "eventMessage < message": {
        "endDateTime": "string?", "isAllDay": "boolean?", "isDelegated": "boolean?",
        "isOutOfDate": "boolean?", "type": "string?",
        "meetingMessageType": "none|meetingRequest|meetingCancelled|meetingAccepted"
        "|meetingTenativelyAccepted|meetingDeclined?",
    },
    "eventMessageRequest < eventMessage": {"allowNewTimeProposals": "boolean",
                                           "meetingRequestType": "string?"},
    "eventMessageResponse < eventMessage": {"responseType": "string?"},
    "mailFolder < entity": {
        "childFolderCount": "integer?", "displayName": "string?", "isHidden": "boolean?",
        "parentFolderId": "string?", "totalItemCount": "integer?", "unreadItemCount": "integer?",
    },
    "mailSearchFolder < mailFolder": {
        "filterQuery": "string?", "includeNestedFolders": "boolean?", "isSupported": "boolean?",
        "sourceFolderIds": "string?[]",
    },
    "attachment < entity": {
        "contentType": "string?", "isInline": "boolean", "lastModifiedDateTime": "moment?",
        "name": "string?", "size": "integer",
    },
    "fileAttachment < attachment": {"contentBytes": "binary?", "contentId": "string?",
                                    "contentLocation": "string?"},
    "itemAttachment < attachment": {"item": "message?"},
    "user < entity": {
        "businessPhones": "string[]", "displayName": "string?", "givenName": "string?",
        "jobTitle": "string?", "mail": "string?", "mobilePhone": "string?",
        "officeLocation": "string?", "preferredLanguage": "string?", "surname": "string?",
        "userPrincipalName": "string?",
    },
    "subscription < entity": {
        "applicationId": "string?", "changeType": "string", "clientState": "string?",
        "creatorId": "string?", "encryptionCertificate": "string?",
        "encryptionCertificateId": "string?", "expirationDateTime": "moment",
        "includeResourceData": "boolean?", "latestSupportedTlsVersion": "string?",
        "lifecycleNotificationUrl": "string?", "notificationQueryOptions": "string?",
        "notificationUrl": "string", "notificationUrlAppId": "string?", "resource": "string",
    },
    "changeNotification": {
        "changeType": "created|updated|deleted", "clientState": "string?", "id": "string?",
        "lifecycleEvent": "missed|subscriptionRemoved|reauthorizationRequired?",
        "resource": "string", "resourceData": "resourceData?",
        "subscriptionExpirationDateTime": "moment", "subscriptionId": "string",
        "tenantId": "string",
    },
    "resourceData": {"id": "string?"},
    "recipient": {"emailAddress": "emailAddress?"},
    "emailAddress": {"address": "string?", "name": "string?"},
    "itemBody": {"content": "string?", "contentType": "text|html?"},
    "followupFlag": {"completedDateTime": "moment?", "dueDateTime": "moment?",
                     "flagStatus": "notFlagged|complete|flagged?", "startDateTime": "moment?"},
    "internetMessageHeader": {"name": "string?", "value": "string?"},
    "convertIdResult": {"sourceId": "string?", "targetId": "string?"},
}  # fmt: skip
ANNOTATION = re.compile(
    r"@odata\.(context|type|etag|nextLink|deltaLink|count|mediaContentType)|@removed"
)


def properties(kind: str) -> dict[str, str]:
    """All properties of a type, those of its bases included."""
    for name, own in TYPES.items():
        this, _, base = name.partition(" < ")
        if this == kind:
            return {**(properties(base) if base else {}), **own}
    raise AssertionError(f"unknown type {kind}")


def problems(value: Any, kind: str, at: str = "") -> list[str]:
    """Where a value is not what the metadata says."""
    if kind.endswith("[]"):
        if not isinstance(value, list):
            return [f"{at}: no collection"]
        return [found for item in value for found in problems(item, kind[:-2], f"{at}[]")]
    if value is None:
        return [] if kind.endswith("?") else [f"{at}: null"]
    kind = kind.removesuffix("?")
    if kind in CHECKS:
        return [] if CHECKS[kind](value) else [f"{at}: {value!r} is no {kind}"]
    if "|" in kind:
        return [] if value in kind.split("|") else [f"{at}: {value!r} is none of {kind}"]
    if not isinstance(value, dict):
        return [f"{at}: no {kind}"]
    kind = value.get("@odata.type", kind).removeprefix("#microsoft.graph.")
    known = properties(kind)
    found = [f"{at}: {kind} has no {name}" for name in value
             if name not in known and not ANNOTATION.fullmatch(name)]  # fmt: skip
    return found + [one for name, item in value.items() if name in known
                    for one in problems(item, known[name], f"{at}.{name}")]  # fmt: skip


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value)
    )


def is_binary(value: Any) -> bool:
    return isinstance(value, str) and base64.b64encode(base64.b64decode(value)).decode() == value


CHECKS = {
    "string": lambda value: isinstance(value, str), "moment": is_moment, "binary": is_binary,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}  # fmt: skip


def test_the_judge_sees_what_is_wrong() -> None:
    wrong = {"id": None, "isRead": "no", "size": 5, "categories": "x", "importance": "huge",
             "flag": {"flagStatus": None, "x": 1}, "receivedDateTime": "today"}  # fmt: skip
    assert problems(wrong, "message") == [
        ": message has no size", ".id: null", ".isRead: 'no' is no boolean",
        ".categories: no collection", ".importance: 'huge' is none of low|normal|high",
        ".flag: followupFlag has no x", ".receivedDateTime: 'today' is no moment",
    ]  # fmt: skip
    assert problems({"@odata.type": "#microsoft.graph.fileAttachment", "size": None},
                    "attachment") == [".size: null"]  # fmt: skip


@pytest.fixture
def full(graph: Graph) -> Graph:
    """A mailbox with everything the invented world has, however odd."""
    world = build_world(7, now=datetime(2026, 11, 16, 9, tzinfo=UTC), threaded=60)
    chosen = list({tag: one for one in world.deliveries for tag in one.tags}.values())
    fit = [one for one in [*chosen, *world.deliveries[:40]] if len(one.raw) < 300_000]
    graph.ids = graph.state.deliver_many(ANA, [(one.raw, ["INBOX"], None) for one in fit])
    graph.state.change_settings(graph_requests=0)
    return graph


def test_messages_of_every_kind(full: Graph) -> None:
    every = "internetMessageHeaders,uniqueBody,body,subject,from"
    for query in ("$top=1000", f"$top=1000&$select={every}", "$top=1000&$expand=attachments"):
        for prefer in ("", f'outlook.body-content-type="text", {IMMUTABLE}'):
            page = full.read(f"messages?{query}", prefer)
            assert len(page["value"]) == len(full.ids)
            assert problems(page["value"], "message[]") == []
            assert all(len(one.get("bodyPreview", "")) <= 255 for one in page["value"])


def test_each_message_and_its_attachments(full: Graph) -> None:
    kinds = set()
    for identity in [one["id"] for one in full.read("messages?$top=1000&$select=id")["value"]]:
        message = full.read(f"messages/{identity}")
        assert problems(message, "message") == []
        assert full.get(f"messages/{identity}/$value").status_code == 200
        attachments = full.read(f"messages/{identity}/attachments")["value"]
        assert problems(attachments, "attachment[]") == []
        assert message["hasAttachments"] == any(not one["isInline"] for one in attachments)
        for one in attachments:
            kinds.add(one["@odata.type"])
            data = full.get(f"messages/{identity}/attachments/{one['id']}/$value").content
            if "contentBytes" in one:
                assert base64.b64decode(one["contentBytes"]) == data
                assert one["size"] == len(data)
                continue
            path = f"messages/{identity}/attachments/{one['id']}"
            opened = full.read(f"{path}?$expand=microsoft.graph.itemattachment/item")
            assert problems(opened, "attachment") == []
    assert kinds == {"#microsoft.graph.fileAttachment", "#microsoft.graph.itemAttachment"}


def test_deltas_folders_people_and_ids(full: Graph) -> None:
    entries, link = full.walk("mailFolders/inbox/messages/delta", "odata.maxpagesize=50")
    assert problems(entries, "message[]") == []
    full.state.modify(ANA, full.ids[:3], add=["STARRED"])
    full.state.modify(ANA, full.ids[3:6], add=["Kunden/Alpha"])
    changed, _ = full.walk(link)
    assert len(changed) == 6
    assert problems(changed, "message[]") == []
    folders = full.read("mailFolders?$top=100&includeHiddenFolders=true")["value"]
    assert problems(folders, "mailFolder[]") == []
    tree, _ = full.walk("mailFolders/delta")
    assert problems(tree, "mailFolder[]") == []
    assert problems(full.read("/v1.0/me"), "user") == []
    inputs = [entry["id"] for entry in entries[:2]]
    asked = {"inputIds": inputs, "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    made = full.http.post("/v1.0/me/translateExchangeIds", json=asked).json()["value"]
    assert problems(made, "convertIdResult[]") == []


def test_subscriptions_and_notices(full: Graph) -> None:
    full.state.send = listener = Listener()
    asked = {"changeType": "created,deleted", "resource": "me/messages",
             "notificationUrl": "https://mail.example/hooks/",
             "expirationDateTime": (datetime.now(UTC) + timedelta(days=1)).isoformat()}  # fmt: skip
    made = full.http.post("/v1.0/subscriptions", json=asked).json()
    assert problems(made, "subscription") == []
    assert problems(full.read("/v1.0/subscriptions")["value"], "subscription[]") == []
    full.fill(1)
    full.state.delete(ANA, full.ids[:3])
    Postman(full.state).work()
    told = listener.told()
    assert len(told) == 4
    for one in told:
        assert one["resourceData"].pop("@odata.type") == "#Microsoft.Graph.Message"
        assert one["resourceData"].pop("@odata.id") == one["resource"]
    assert problems(told, "changeNotification[]") == []
