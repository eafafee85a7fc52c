"""A draft between the properties Microsoft Graph shows of it and the bytes it is kept as.

What an app hands in as MIME stays as it came until something in it is changed: then Exchange
writes it anew from what it has taken in, and so does this.
"""

import base64
import email
import html
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any
from uuid import uuid4

from sandbox import heads, mailbox
from sandbox.microsoft import extended, store
from sandbox.microsoft.call import Call
from sandbox.microsoft.errors import GraphError, bad_request
from sandbox.microsoft.markup import as_text
from sandbox.state import Sandbox

Json = dict[str, Any]
OWN = re.compile(rb"(?i)(?:content-|mime-version)")
RECIPIENTS = {"torecipients": "To", "ccrecipients": "Cc", "bccrecipients": "Bcc",
              "replyto": "Reply-To"}  # fmt: skip
PEOPLE = {"from": "From", "sender": "Sender"}
PROPERTY = "singlevalueextendedproperties"
PROPERTIES = frozenset({
    "subject", "body", "importance", "internetmessageid", "internetmessageheaders", "attachments",
    PROPERTY, *RECIPIENTS, *PEOPLE,
})  # fmt: skip
MOST_HEADERS = 5


@dataclass(frozen=True, slots=True)
class File:
    """Something attached."""

    name: str
    content_type: str
    data: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(slots=True)
class Draft:
    """A message taken apart. ``head`` is its header without what says how it is coded."""

    head: bytes = b""
    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)

    def put(self, name: str, value: str) -> None:
        """Set a field, or take it out for nothing."""
        whole = self.head + b"\r\n"
        self.head = (heads.put(whole, name, value) if value else heads.drop(whole, name))[:-2]


def read(raw: bytes) -> Draft:
    """A message in its parts."""
    head = b"".join(
        match[0] if match[0].endswith(b"\n") else match[0] + b"\r\n"
        for match in heads.FIELD.finditer(heads.cut(raw)[0])
        if not OWN.match(match[0])
    )
    draft = Draft(head)
    for part in _leaves(email.message_from_bytes(raw, policy=policy.default)):
        _take(draft, part)
    return draft


def write(draft: Draft) -> bytes:
    """The bytes of a message. HTML gets a plain alternative, as Exchange gives it one."""
    body = _text("plain", draft.text)
    if draft.html:
        plain = _text("plain", as_text(draft.html))
        body = _multipart("alternative", [plain, _text("html", draft.html)])
    shown = [one for one in draft.files if one.inline]
    if shown:
        body = _multipart("related", [body, *map(_file, shown)])
    if others := [one for one in draft.files if not one.inline]:
        body = _multipart("mixed", [body, *map(_file, others)])
    return draft.head + b"MIME-Version: 1.0\r\n" + body


def apply(draft: Draft, given: Json) -> None:
    """Change what ``given`` names (keys in lower case); 400 for what cannot be."""
    for key, name in RECIPIENTS.items():
        if key in given:
            draft.put(name, ", ".join(_person(one) for one in _list(given[key])))
    for key, name in PEOPLE.items():
        if given.get(key):
            draft.put(name, _person(given[key]))
    if "subject" in given:
        draft.put("Subject", _coded(str(given["subject"] or "")))
    if given.get("internetmessageid"):
        draft.put("Message-ID", _line(str(given["internetmessageid"])))
    if given.get("importance") in {"low", "high"}:
        draft.put("Importance", str(given["importance"]))
    if "body" in given:
        _set_body(draft, given["body"])
    for one in _headers(given.get("internetmessageheaders") or []):
        draft.put(*one)
    draft.files += [attachment(one) for one in _list(given.get("attachments") or [])]


def change(call: Call, connection: sqlite3.Connection, number: int, given: Json) -> None:
    """Change a draft's own properties."""
    if set(given) & PROPERTIES - {PROPERTY}:
        draft = read(mailbox.raw_of(connection, call.account.id, number))
        apply(draft, given)
        rewrite(call.sandbox, connection, call.account.id, number, draft)
    extended.keep(connection, call.account.id, number, given.get(PROPERTY))


def rewrite(
    sandbox: Sandbox, connection: sqlite3.Connection, account: int, number: int, draft: Draft
) -> None:
    """Keep a message as it has become."""
    at = sandbox.clock.time()
    store.rewrite(connection, account, number, write(draft), sandbox.mark, at)


def attachment(given: Any) -> File:
    """A fileAttachment; 400 for anything else."""
    low = {key.lower(): value for key, value in given.items()} if isinstance(given, dict) else {}
    kind = str(low.get("@odata.type", "")).lower()
    name, coded = low.get("name"), low.get("contentbytes")
    if kind != "#microsoft.graph.fileattachment" or not name or not isinstance(coded, str):
        raise bad_request("Only file attachments with a name and contentBytes are taken here.")
    try:
        data = base64.b64decode(coded, validate=True)
    except ValueError:
        raise bad_request("Cannot convert the literal to the expected type 'Edm.Binary'.") from None
    return File(str(name), str(low.get("contenttype") or "application/octet-stream"), data,
                str(low.get("contentid") or ""), low.get("isinline") is True)  # fmt: skip


def require_size(body: bytes) -> None:
    """413 for a request of more than four megabytes.

    https://learn.microsoft.com/en-us/graph/outlook-large-attachments
    """
    if len(body) > 4 * 1024 * 1024:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum size.")


def _leaves(message: EmailMessage) -> list[EmailMessage]:
    if message.get_content_maintype() != "multipart":
        return [message]
    children = message.get_payload()
    return [leaf for child in children for leaf in _leaves(child)]  # type: ignore[arg-type]


def _take(draft: Draft, part: EmailMessage) -> None:
    kind, name = part.get_content_type(), part.get_filename() or ""
    named = part.get_content_disposition() == "attachment" or name
    if kind in {"text/plain", "text/html"} and not named:
        data = part.get_payload(decode=True)
        coded = data if isinstance(data, bytes) else b""
        said = coded.decode(part.get_content_charset("utf-8"), "replace")
        if kind == "text/html":
            draft.html = draft.html or said
        else:
            draft.text = draft.text or said
        return
    if kind == "message/rfc822":
        inner = part.get_payload(0)
        data = inner.as_bytes() if isinstance(inner, EmailMessage) else b""
    else:
        data = part.get_payload(decode=True)
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    shown = bool(content_id) and part.get_content_disposition() != "attachment"
    draft.files.append(File(name or "Untitled", kind, data if isinstance(data, bytes) else b"",
                            content_id, shown))  # fmt: skip


def _set_body(draft: Draft, body: Any) -> None:
    low = {key.lower(): value for key, value in body.items()} if isinstance(body, dict) else {}
    content = low.get("content")
    if not isinstance(content, str):
        raise bad_request("A body has contentType and content.")
    draft.text = draft.html = ""
    if str(low.get("contenttype", "text")).lower() == "html":
        draft.html = content or "<html></html>"
    else:
        draft.text = content


def _headers(given: Any) -> list[tuple[str, str]]:
    """https://learn.microsoft.com/en-us/graph/api/resources/internetmessageheader"""
    found = [(str(one.get("name", "")), str(one.get("value", ""))) for one in _list(given)]
    if len(found) > MOST_HEADERS:
        raise GraphError(400, "InvalidInternetMessageHeaderCollection",
                         "Maximum number of headers in one message should be less than or equal"
                         f" to {MOST_HEADERS}.")  # fmt: skip
    for name, _ in found:
        if not re.fullmatch(r"(?i)x-[!-9;-~]+", name):
            raise GraphError(400, "InvalidInternetMessageHeader",
                             f"The internet message header name '{name[:60]}' should start with"
                             " 'x-' or 'X-'.")  # fmt: skip
    return [(name, _coded(value)) for name, value in found]


def _person(given: Any) -> str:
    told = given.get("emailAddress") or given.get("EmailAddress") if isinstance(given, dict) else {}
    low = {key.lower(): value for key, value in (told or {}).items()}
    address = str(low.get("address") or "").strip()
    if not re.fullmatch(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+", address):
        raise GraphError(400, "ErrorInvalidRecipients",
                         "At least one recipient is not valid.")  # fmt: skip
    return formataddr((_line(str(low.get("name") or "")), address), "utf-8")


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise bad_request("Cannot read the value as a collection.")
    return given


def _line(value: str) -> str:
    return " ".join(value.split())


def _coded(value: str) -> str:
    line = _line(value)
    return line if line.isascii() else Header(line, "utf-8").encode(linesep="\r\n")


def _text(kind: str, content: str) -> bytes:
    data = base64.encodebytes(content.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + data


def _file(one: File) -> bytes:
    name = Header(_line(one.name).replace('"', "'"), "utf-8").encode(linesep=" ", maxlinelen=0) \
        if not one.name.isascii() else _line(one.name).replace('"', "'")  # fmt: skip
    lines = [f'Content-Type: {one.content_type}; name="{name}"',
             f'Content-Disposition: {"inline" if one.inline else "attachment"}; filename="{name}"',
             "Content-Transfer-Encoding: base64"]  # fmt: skip
    lines += [f"Content-ID: <{one.content_id}>"] if one.content_id else []
    head = "".join(f"{line}\r\n" for line in lines)
    return head.encode() + b"\r\n" + base64.encodebytes(one.data).replace(b"\n", b"\r\n")


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    line = f"_{uuid4().hex}_"
    head = f'Content-Type: multipart/{kind}; boundary="{line}"\r\n\r\n'.encode()
    body = b"".join(b"--" + line.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return head + body + b"--" + line.encode() + b"--\r\n"


def quoted(comment: str, told: str, content: str) -> str:
    """The body of a reply or of what is passed on."""
    words = "<br>".join(html.escape(line) for line in comment.splitlines())
    return f"<html><body><div>{words}</div><hr><div>{told}</div><div>{content}</div></body></html>"
