"""The calls we make, as paths below the API's address.

https://learn.microsoft.com/en-us/graph/api/resources/mail-api-overview. Every request counts one
towards a mailbox's limit, whatever it asks for; a batch counts what it holds.

``/me/`` is the mailbox a client is for, its own or one that is shared: see ``Client.there``.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from mailweave.kit import http
from mailweave.providers.base import Hook, Sought
from mailweave.providers.graph.skeleton import File

VERSION = "/v1.0"
PAGE = 1000
"""Ids to a page of a listing, the most there can be."""
CHANGES = 500
"""Entries to a page of changes, if Microsoft likes; ``$top`` would end the whole round there."""
FOLDERS = 250
FOUND = 20

IMMUTABLE = 'IdType="ImmutableId"'
"""Ids that stay when a message is moved:
https://learn.microsoft.com/en-us/graph/outlook-immutable-id. Wanted with every single call."""

NAMED = "id,conversationId,receivedDateTime,parentFolderId,isDraft"
STATE = "id,parentFolderId,conversationId,receivedDateTime,isRead,flag,isDraft"
WHOLE = (
    "id,conversationId,parentFolderId,receivedDateTime,sentDateTime,subject,internetMessageId,"
    "from,sender,replyTo,toRecipients,ccRecipients,bccRecipients,isRead,isDraft,flag,"
    "hasAttachments,bodyPreview,body,internetMessageHeaders"
)
MAIL = "id,conversationId,internetMessageId,isDraft"
KEY_PROPERTY = "String {7f0a1c52-5a0e-4c43-9a3b-6d5a3c1e8f21} Name MailweaveKey"
"""Where a letter's key is, beside it."""
_ATTACHMENT = "id,name,contentType,size,isInline"
_CONTENT_ID = "microsoft.graph.fileAttachment/contentId"
_FOLDER = "id,displayName,parentFolderId,childFolderCount,isHidden"
_NEWEST_FIRST = "receivedDateTime desc"
_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
"""Older than any mail: what is sorted by must also be filtered by."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request. ``path`` carries version and query and is safe to put on the wire."""

    path: str
    prefer: str = IMMUTABLE
    cap: int = http.CAP
    """How many bytes of an answer are read."""
    method: str = "GET"
    body: bytes | None = None
    """JSON, where there is something to say."""
    content_type: str = "application/json"


def addresses() -> Call:
    """Who this is, and every address of theirs."""
    return Call(_with("/me", select="id,displayName,mail,userPrincipalName,proxyAddresses"))


def person() -> Call:
    """Who this is."""
    return Call(_with("/me", select="id,displayName,mail,userPrincipalName"))


def inbox() -> Call:
    """The folder every mailbox has."""
    return Call(_with("/me/mailFolders/inbox", select="id"))


def folder(name: str) -> Call:
    """One folder by its id or well-known name."""
    return Call(_with(f"/me/mailFolders/{_safe(name)}", select="id"))


def folders(parent: str = "") -> Call:
    """The folders below ``parent``, or at the top."""
    path = f"/me/mailFolders/{_safe(parent)}/childFolders" if parent else "/me/mailFolders"
    return Call(_with(path, includeHiddenFolders="true", top=str(FOLDERS), select=_FOLDER))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages received at or after ``since`` and before ``until``; whole seconds count."""

    since: datetime | None = None
    until: datetime | None = None
    also: str = ""
    """A further condition, in OData's words."""

    def filter(self) -> str:
        """The same in OData's words, what is sorted by first."""
        conditions = [f"receivedDateTime ge {_moment(self.since or _BEGINNING)}"]
        if self.until:
            conditions.append(f"receivedDateTime lt {_moment(self.until)}")
        return " and ".join([*conditions, *filter(None, [self.also])])


def listing(stretch: Stretch, *, folder_id: str = "", skip: int = 0, counted: bool = False) -> Call:
    """One page of ids, newest first, in the whole mailbox or one folder."""
    path = f"/me/mailFolders/{_safe(folder_id)}/messages" if folder_id else "/me/messages"
    query = {"filter": stretch.filter(), "orderby": _NEWEST_FIRST, "top": str(PAGE)}
    query |= {"skip": str(skip)} if skip else {}
    query |= {"count": "true"} if counted else {}
    return Call(_with(path, **query, select=NAMED))


def search(sought: Sought) -> Call:
    """Ids of messages that fit, wherever they lie. No order: Graph sorts only by what it filters.
    https://learn.microsoft.com/en-us/graph/filter-query-parameter"""
    text = sought.text.replace("'", "''")
    conditions = {
        "message_id": _named(sought.text),
        "subject": f"contains(subject,'{text}')",
        "sender": f"from/emailAddress/address eq '{text}'",
    }
    query = {"filter": conditions[sought.by], "top": str(FOUND), "select": NAMED}
    return Call(_with("/me/messages", **query))


def messages(stretch: Stretch, top: int, *, attached: bool, content_ids: bool) -> Call:
    """One page of whole messages, newest first; with ``attached`` also what is attached to them."""
    query = {"filter": stretch.filter(), "orderby": _NEWEST_FIRST, "top": str(top)}
    query |= {"select": WHOLE}
    query |= (
        {"expand": f"attachments($select={_attachment_fields(content_ids)})"} if attached else {}
    )
    return Call(_with("/me/messages", **query), cap=16 * http.MEGABYTE)


def message(remote_id: str) -> Call:
    """One whole message."""
    return Call(_with(f"/me/messages/{_safe(remote_id)}", select=WHOLE))


def state(remote_id: str) -> Call:
    """What there is to know of a message's state."""
    return Call(_with(f"/me/messages/{_safe(remote_id)}", select=STATE))


def mark(remote_id: str, *, seen: bool) -> Call:
    """Mark a message as read, or as unread; the answer need not tell all of it."""
    path = _with(f"/me/messages/{_safe(remote_id)}", select="id")
    return Call(path, method="PATCH", body=json.dumps({"isRead": seen}).encode())


def attachments(remote_id: str, *, content_ids: bool) -> Call:
    """What is attached, without the bytes; a Content-ID belongs to one of the types only."""
    path = f"/me/messages/{_safe(remote_id)}/attachments"
    return Call(_with(path, select=_attachment_fields(content_ids)))


def attachment(remote_id: str, attachment_id: str) -> Call:
    """The bytes of one attachment."""
    path = f"/me/messages/{_safe(remote_id)}/attachments/{_safe(attachment_id)}/$value"
    return Call(VERSION + path)


def raw(remote_id: str, cap: int) -> Call:
    """A whole message as RFC 5322: https://learn.microsoft.com/en-us/graph/outlook-get-mime-message"""
    return Call(f"{VERSION}/me/messages/{_safe(remote_id)}/$value", cap=cap)


def mail(remote_id: str) -> Call:
    """A letter of ours by its id."""
    return Call(_with(f"/me/messages/{_safe(remote_id)}", select=MAIL))


def keyed(key: str) -> Call:
    """Letters of ours by the key beside them, wherever they lie."""
    condition = f"ep/id eq '{KEY_PROPERTY}' and ep/value eq '{key}'"
    return _mails("", f"singleValueExtendedProperties/Any(ep: {condition})")


def named(message_id: str) -> Call:
    """Messages by their Message-ID, wherever they lie."""
    return _mails("", _named(message_id))


def drafts_named(message_id: str) -> Call:
    """Drafts by their Message-ID, with the key beside them."""
    return _mails("drafts", _named(message_id))


def sent_named(message_id: str) -> Call:
    """Sent copies by their Message-ID."""
    return _mails("sentitems", _named(message_id))


def newest_sent(since: datetime) -> Call:
    """What was sent since then, with all headers."""
    query = {"filter": f"receivedDateTime ge {_moment(since)}", "orderby": _NEWEST_FIRST}
    query |= {"top": "50", "select": f"{MAIL},internetMessageHeaders"}
    return Call(_with("/me/mailFolders/sentitems/messages", **query))


def make_draft(raw: bytes) -> Call:
    """A draft from MIME."""
    path, body = f"{VERSION}/me/messages", base64.b64encode(raw)
    return Call(path, method="POST", body=body, content_type="text/plain")


def seal(draft_id: str, key: str, name: str, address: str) -> Call:
    """Write its key beside a draft, and whom it is from: of MIME, Microsoft reads all but that."""
    said: dict[str, Any] = {"singleValueExtendedProperties": [{"id": KEY_PROPERTY, "value": key}]}
    said |= {"from": {"emailAddress": {"name": name, "address": address}}} if address else {}
    path = _with(f"/me/messages/{_safe(draft_id)}", select="id")
    return Call(path, method="PATCH", body=json.dumps(said).encode())


def attach(draft_id: str, file: File) -> Call:
    """Put a file on a draft in one go."""
    said = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": file.name,
        "contentType": file.content_type,
        "contentBytes": base64.b64encode(file.data).decode(),
        **({"isInline": True, "contentId": file.content_id} if file.content_id else {}),
    }
    path = f"{VERSION}/me/messages/{_safe(draft_id)}/attachments"
    return Call(path, method="POST", body=json.dumps(said).encode())


def upload(draft_id: str, file: File) -> Call:
    """Begin to put a large file on a draft."""
    item = {
        "attachmentType": "file",
        "name": file.name,
        "size": len(file.data),
        "contentType": file.content_type,
        **({"isInline": True, "contentId": file.content_id} if file.content_id else {}),
    }
    path = f"{VERSION}/me/messages/{_safe(draft_id)}/attachments/createUploadSession"
    return Call(path, method="POST", body=json.dumps({"AttachmentItem": item}).encode())


def send(draft_id: str) -> Call:
    """Send a draft as it is."""
    return Call(f"{VERSION}/me/messages/{_safe(draft_id)}/send", method="POST")


def drop(draft_id: str) -> Call:
    """Take a draft away: https://learn.microsoft.com/en-us/graph/api/message-permanentdelete"""
    return Call(f"{VERSION}/me/messages/{_safe(draft_id)}/permanentDelete", method="POST")


def throw_away(draft_id: str) -> Call:
    """Into Deleted Items with a draft: not every cloud of Microsoft's knows more."""
    return Call(f"{VERSION}/me/messages/{_safe(draft_id)}", method="DELETE")


def _mails(folder: str, condition: str) -> Call:
    path = f"/me/mailFolders/{folder}/messages" if folder else "/me/messages"
    shown = f"singleValueExtendedProperties($filter=id eq '{KEY_PROPERTY}')"
    query = {"filter": condition, "select": MAIL, "expand": shown}
    return Call(_with(path, **query))


def _named(message_id: str) -> str:
    text = message_id.replace("'", "''")
    return f"internetMessageId eq '<{text}>'"


def delta(folder_id: str) -> Call:
    """The first page of a folder's changes: everything there is."""
    return changes(f"{VERSION}/me/mailFolders/{_safe(folder_id)}/messages/delta?$select={STATE}")


def changes(path: str) -> Call:
    """A page of changes by its link, which says everything but the preferences."""
    return Call(path, prefer=f"{IMMUTABLE}, odata.maxpagesize={CHANGES}")


def following(path: str) -> Call:
    """A further page by its link."""
    return Call(path)


def subscriptions() -> Call:
    """What this person has subscribed to through us."""
    return Call(f"{VERSION}/subscriptions")


def subscribe(resource: str, hook: Hook, expires_at: datetime) -> Call:
    """Be told about this resource, of which the folder comes by its id."""
    wanted = {
        "changeType": "created,updated,deleted",
        "resource": resource,
        "notificationUrl": hook.url,
        "lifecycleNotificationUrl": hook.lifecycle_url,
        "clientState": hook.secret,
        "expirationDateTime": _moment(expires_at),
    }
    body = json.dumps({name: value for name, value in wanted.items() if value}).encode()
    return Call(f"{VERSION}/subscriptions", method="POST", body=body)


def prolong(subscription_id: str, expires_at: datetime) -> Call:
    """Let a subscription last, which also answers Graph's wish to see the grant again."""
    body = json.dumps({"expirationDateTime": _moment(expires_at)}).encode()
    return Call(f"{VERSION}/subscriptions/{_safe(subscription_id)}", method="PATCH", body=body)


def unsubscribe(subscription_id: str) -> Call:
    """Be told no more."""
    return Call(f"{VERSION}/subscriptions/{_safe(subscription_id)}", method="DELETE")


def watched(folder_id: str) -> str:
    """The messages of a folder, or of the whole mailbox, as a subscription names them."""
    key = quote(folder_id, safe="=", errors="replace")
    return f"me/mailFolders('{key}')/messages" if folder_id else "me/messages"


def _attachment_fields(content_ids: bool) -> str:
    return f"{_ATTACHMENT},{_CONTENT_ID}" if content_ids else _ATTACHMENT


def _with(path: str, **query: str) -> str:
    words = [f"{_option(name)}={quote(value, safe=_PLAIN)}" for name, value in query.items()]
    return f"{VERSION}{path}?{'&'.join(words)}"


_PLAIN = "$,/:'()"


def _option(name: str) -> str:
    return name if name == "includeHiddenFolders" else f"${name}"


def _moment(moment: datetime) -> str:
    """Whole seconds: whether Graph looks at a fraction is nowhere promised."""
    whole = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return f"{whole.isoformat()}Z"


def _safe(remote_id: str) -> str:
    return quote(remote_id, safe="", errors="replace")
