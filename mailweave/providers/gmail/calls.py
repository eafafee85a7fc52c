"""The calls we make, as paths below the mailbox, with the units each costs.

Costs: https://developers.google.com/workspace/gmail/api/reference/quota, the table in force for
projects made since May 2026. The cost is per call: format and number of results do not matter.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from mailweave.providers.base import Role, Sought, Window
from mailweave.providers.gmail import uploads
from mailweave.providers.sending import KEY_HEADER

PAGE = 500
FOUND = 20
_MESSAGE = "id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload"
_GET = "?format=full&prettyPrint=false&fields=" + quote(_MESSAGE, safe="")
_GET_THREAD = "?format=full&prettyPrint=false&fields=" + quote(f"messages({_MESSAGE})", safe="")
_NAMED = "id,threadId,labelIds"

LABEL_OF: dict[str, str] = {
    "inbox": "INBOX",
    "sent": "SENT",
    "drafts": "DRAFT",
    "junk": "SPAM",
    "trash": "TRASH",
    "important": "IMPORTANT",
    "chat": "CHAT",
    "unseen": "UNREAD",
    "flagged": "STARRED",
}
"""Roles and states by the system label that carries them."""

_SEARCH: dict[Role, str] = {
    "inbox": "in:inbox",
    "sent": "in:sent",
    "drafts": "in:drafts",
    "junk": "in:spam",
    "trash": "in:trash",
    "archive": "in:archive",
    "important": "is:important",
    "chat": "in:chats",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request below the mailbox. ``path`` carries its query and is safe to put on the wire."""

    path: str
    units: int
    method: str = "GET"
    body: bytes | None = None
    """JSON, where there is something to say."""
    content_type: str = "application/json"
    upload: bool = False
    """Whether it goes to where large things are taken."""


def profile() -> Call:
    return Call("profile?prettyPrint=false", 1)


def labels() -> Call:
    return Call(_with("labels", fields="labels(id,name,type)"), 1)


def listing(window: Window, token: str) -> Call:
    """One page of ids in a window, newest first."""
    wide = bool(window.roles & {"junk", "trash"})
    return _listing(token, q=_search(window), includeSpamTrash=_flag(wide))


def search(sought: Sought) -> Call:
    """The newest ids that fit, wherever they lie:
    https://support.google.com/mail/answer/7190. What would end a quoted word is taken out."""
    text = " ".join(sought.text.replace('"', " ").split())
    words = {
        "message_id": f"rfc822msgid:{text.replace(' ', '')}",
        "subject": f'subject:"{text}"',
        "sender": f'from:"{text}"',
    }
    return _listing(
        "", size=FOUND, q=f"{words[sought.by]} -in:chats -in:drafts", includeSpamTrash="true"
    )


def labelled(label_id: str, token: str) -> Call:
    """One page of the ids that carry a label, spam and trash included."""
    return _listing(token, labelIds=label_id, includeSpamTrash="true")


def message(remote_id: str) -> Call:
    return Call(f"messages/{_safe(remote_id)}{_GET}", 20)


def state(remote_id: str) -> Call:
    """A message's labels; as dear as the whole of it, but light."""
    return Call(_with(f"messages/{_safe(remote_id)}", format="minimal", fields=_NAMED), 20)


def thread(remote_thread_id: str) -> Call:
    """All messages of a thread for the price of two."""
    return Call(f"threads/{_safe(remote_thread_id)}{_GET_THREAD}", 40)


def message_parts(remote_id: str, fields: str) -> Call:
    return Call(_with(f"messages/{_safe(remote_id)}", format="full", fields=fields), 20)


def attachment(remote_id: str, attachment_id: str) -> Call:
    path = f"messages/{_safe(remote_id)}/attachments/{_safe(attachment_id)}"
    return Call(_with(path, fields="data"), 20)


def raw(remote_id: str) -> Call:
    """A whole message as RFC 5322."""
    return Call(_with(f"messages/{_safe(remote_id)}", format="raw", fields="raw"), 20)


def mark(remote_id: str, *, seen: bool) -> Call:
    """Take the label that says unread from one message, or put it there."""
    path = _with(f"messages/{_safe(remote_id)}/modify", fields="id")
    return Call(path, 5, "POST", json.dumps(_marked(seen)).encode())


def mark_all(remote_ids: Sequence[str], *, seen: bool) -> Call:
    """The same for up to a thousand messages, all or none of them, at the price of ten."""
    body = {"ids": list(remote_ids), **_marked(seen)}
    return Call(_with("messages/batchModify"), 50, "POST", json.dumps(body).encode())


def _marked(seen: bool) -> dict[str, list[str]]:
    return {"removeLabelIds" if seen else "addLabelIds": [LABEL_OF["unseen"]]}


def history(cursor: str, token: str) -> Call:
    """One page of changes after a position, of every type."""
    events = ",".join(
        f"{name}/message({_NAMED})"
        for name in ("messagesAdded", "labelsAdded", "labelsRemoved", "messagesDeleted")
    )
    fields = f"history(id,{events}),nextPageToken,historyId"
    more = {"pageToken": token} if token else {}
    query = {"startHistoryId": cursor, "maxResults": str(PAGE), **more, "fields": fields}
    return Call(_with("history", **query), 2)


def watch(topic: str) -> Call:
    """Publish to this topic whatever happens in the mailbox."""
    body = json.dumps({"topicName": topic}).encode()
    return Call("watch?prettyPrint=false", 100, "POST", body)


def stop() -> Call:
    """Publish nothing any more."""
    return Call("stop?prettyPrint=false", 50, "POST")


def send_as() -> Call:
    fields = "sendAsEmail,displayName,signature,isPrimary,isDefault,verificationStatus"
    return Call(_with("settings/sendAs", fields=f"sendAs({fields})"), 1)


def drafts() -> Call:
    """The newest drafts by their ids."""
    return Call(_with("drafts", maxResults=str(FOUND), fields="drafts(id,message(id,threadId))"), 5)


def draft(draft_id: str) -> Call:
    """Whether a draft is there."""
    return Call(_with(f"drafts/{_safe(draft_id)}", format="minimal", fields="id"), 20)


def write_draft(draft_id: str, raw: bytes, thread_id: str) -> Call:
    """A new draft, or other contents for one that is there."""
    kind, body = uploads.draft(raw, thread_id)
    upload = kind.startswith("multipart")
    more = {"uploadType": "multipart"} if upload else {}
    path, units, method = ("drafts", 10, "POST")
    if draft_id:
        path, units, method = (f"drafts/{_safe(draft_id)}", 15, "PUT")
    return Call(_with(path, **more, fields="id"), units, method, body, kind, upload)


def send_draft(draft_id: str) -> Call:
    """Send a draft as it is."""
    body = json.dumps({"id": draft_id}).encode()
    return Call(_with("drafts/send", fields=_NAMED), 100, "POST", body)


def drop_draft(draft_id: str) -> Call:
    """Take a draft away."""
    return Call(_with(f"drafts/{_safe(draft_id)}"), 10, "DELETE")


def sent(token: str, size: int) -> Call:
    """A page of the newest ids among what was sent."""
    return _listing(token, size=size, labelIds=LABEL_OF["sent"], includeSpamTrash="true")


def head(remote_id: str) -> Call:
    """What tells one letter from another."""
    named = "".join(f"&metadataHeaders={name}" for name in (KEY_HEADER, "Message-ID"))
    fields = "id,threadId,internalDate,payload/headers"
    path = _with(f"messages/{_safe(remote_id)}", format="metadata", fields=fields)
    return Call(path + named, 20)


def _listing(token: str, size: int = 0, **query: str) -> Call:
    more = {"pageToken": token} if token else {}
    fields = "messages(id,threadId),nextPageToken,resultSizeEstimate"
    return Call(_with("messages", maxResults=str(size or PAGE), **query, **more, fields=fields), 5)


def _search(window: Window) -> str:
    words = [f"-in:{place}" for place, role in _UNASKED if role not in window.roles]
    if window.since is not None:
        words.append(f"after:{_epoch_before(window.since)}")
    places = sorted(_SEARCH[role] for role in window.roles if role)
    if len(places) == 1:
        words += places
    elif places:
        words.append("{" + " ".join(places) + "}")
    return " ".join(words)


_UNASKED: tuple[tuple[str, Role], ...] = (("chats", "chat"), ("drafts", "drafts"))


def _epoch_before(since: datetime) -> int:
    """A second early, for whether ``after:`` includes its own second is nowhere promised."""
    return max(0, int(since.timestamp()) - 1)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _with(path: str, **query: str) -> str:
    return f"{path}?{urlencode({**query, 'prettyPrint': 'false'})}"


def _safe(remote_id: str) -> str:
    return quote(remote_id, safe="", errors="replace")


def total(calls: Iterable[Call]) -> int:
    """Units these calls cost together."""
    return sum(call.units for call in calls)
