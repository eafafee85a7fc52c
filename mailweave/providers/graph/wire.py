"""What we read of Microsoft Graph's JSON, and nothing else.

Shapes: https://learn.microsoft.com/en-us/graph/api/resources/message. Nearly everything may be
null, and what was not selected is absent; both read as None here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
NULL = msgspec.Raw(b"null")
_NEXT = "@odata.nextLink"


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """Trees without circles: the garbage collector need not look."""


class Page(_Wire, Generic[T]):
    """One page of a collection; of a delta the last one has a ``delta_link``."""

    value: list[T]
    next_link: str | None = msgspec.field(default=None, name=_NEXT)
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")
    count: int | None = msgspec.field(default=None, name="@odata.count")


class Flag(_Wire):
    """Whether somebody marked it to come back to."""

    flag_status: str | None = None


class Removed(_Wire):
    """That a message is not in this folder any more; the reason tells nothing more."""

    reason: str | None = None


class State(_Wire):
    """A message by its ids and its state, as much of it as was told."""

    id: str
    parent_folder_id: str | None = None
    conversation_id: str | None = None
    received_date_time: str | None = None
    is_read: bool | None = None
    is_draft: bool | None = None
    flag: Flag | None = None
    etag: str | None = msgspec.field(default=None, name="@odata.etag")
    removed: Removed | None = msgspec.field(default=None, name="@removed")


class Body(_Wire):
    """The one body there is."""

    content_type: str | None = None
    content: str | None = None


class Header(_Wire):
    """One header, as it came."""

    name: str | None = None
    value: str | None = None


class EmailAddress(_Wire):
    """A name and an address."""

    name: str | None = None
    address: str | None = None


class Recipient(_Wire):
    """Somebody on a message."""

    email_address: EmailAddress | None = None


class Attachment(_Wire):
    """What is attached, without its bytes, unless Graph sends them unasked."""

    id: str
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    name: str | None = None
    content_type: str | None = None
    size: int | None = None
    is_inline: bool | None = None
    content_id: str | None = None
    content_bytes: msgspec.Raw = NULL


class Message(_Wire):
    """A whole message. People stay undecoded: mostly the headers name them already."""

    id: str
    conversation_id: str | None = None
    parent_folder_id: str | None = None
    received_date_time: str | None = None
    sent_date_time: str | None = None
    subject: str | None = None
    internet_message_id: str | None = None
    is_read: bool | None = None
    is_draft: bool | None = None
    flag: Flag | None = None
    has_attachments: bool | None = None
    body_preview: str | None = None
    body: Body | None = None
    internet_message_headers: list[Header] | None = None
    from_: msgspec.Raw = msgspec.field(default=NULL, name="from")
    sender: msgspec.Raw = NULL
    reply_to: msgspec.Raw = NULL
    to_recipients: msgspec.Raw = NULL
    cc_recipients: msgspec.Raw = NULL
    bcc_recipients: msgspec.Raw = NULL
    attachments: list[Attachment] | None = None
    more_attachments: str | None = msgspec.field(default=None, name="attachments" + _NEXT)


class Folder(_Wire):
    """One folder; which parent it has is told by where it was asked for."""

    id: str
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    display_name: str | None = None
    child_folder_count: int | None = None
    is_hidden: bool | None = None


class Person(_Wire):
    """https://learn.microsoft.com/en-us/graph/api/resources/user"""

    id: str
    display_name: str | None = None
    mail: str | None = None
    user_principal_name: str | None = None
    proxy_addresses: list[str] | None = None
    """Each behind its kind: ``smtp:``, in capitals for the first one."""


class Property(_Wire):
    """An extended property."""

    value: str | None = None


class Mail(_Wire):
    """A letter of ours, by all it is known by."""

    id: str
    conversation_id: str | None = None
    internet_message_id: str | None = None
    is_draft: bool | None = None
    internet_message_headers: list[Header] | None = None
    single_value_extended_properties: list[Property] | None = None

    @property
    def key(self) -> str:
        """What is written beside it, as far as that was asked for."""
        found = self.single_value_extended_properties or []
        return next((one.value or "" for one in found), "")

    def header(self, name: str) -> str:
        """The value of a header, as far as headers were asked for."""
        headers = self.internet_message_headers or []
        wanted = (one.value for one in headers if (one.name or "").lower() == name.lower())
        return next(wanted, None) or ""


class Session(_Wire):
    """An upload: where it goes, and from where on."""

    upload_url: str = ""
    next_expected_ranges: list[str] | None = None


class Named(_Wire):
    """Whatever has an id."""

    id: str


class Subscription(_Wire):
    """https://learn.microsoft.com/en-us/graph/api/resources/subscription"""

    id: str
    resource: str | None = None
    expiration_date_time: str | None = None
    notification_url: str | None = None
    lifecycle_notification_url: str | None = None
    client_state: str | None = None


class Reply(_Wire):
    """One answer inside a batch. ``body`` is text if it is no JSON."""

    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = NULL


class Replies(_Wire):
    """What a batch answers."""

    responses: list[Reply]


class _Error(_Wire):
    code: str | None = None
    message: str | None = None


class _Envelope(_Wire):
    error: _Error


@dataclass(frozen=True, slots=True)
class Odd:
    """An entry of a page that cannot be read; ``id`` is empty if even that cannot."""

    id: str
    reason: str


class Unreadable(ValueError):
    """JSON, but not as we expect it."""


class Garbage(Unreadable):
    """Not JSON, or only the beginning of it: nothing is known about what was asked for."""


def read(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    """Decode an answer; raises :class:`Unreadable` whatever is wrong with it.

    Broken UTF-8 and lone surrogates do occur in mail, so they are mended rather than refused.
    """
    try:
        return _decode(decoder, data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _again(decoder, _loosely(data))


def read_page(decoder: msgspec.json.Decoder[Page[T]], data: bytes) -> tuple[Page[T], list[Odd]]:
    """Decode a page; entries that cannot be read are told apart, so that the others are not lost.

    Raises :class:`Unreadable` if it is no page at all.
    """
    try:
        return _decode(decoder, data), []
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _piecemeal(decoder, _loosely(data))


def _piecemeal(decoder: msgspec.json.Decoder[Page[T]], loose: Any) -> tuple[Page[T], list[Odd]]:
    value = loose.get("value") if isinstance(loose, Mapping) else None
    if not isinstance(value, list):
        raise Unreadable("it holds no entries")
    page = _again(decoder, {**loose, "value": []})
    odd: list[Odd] = []
    for one in value:
        try:
            page.value += _again(decoder, {"value": [one]}).value
        except Unreadable as error:
            named = one.get("id") if isinstance(one, Mapping) else None
            odd.append(Odd(named if isinstance(named, str) else "", str(error)))
    return page, odd


def _decode(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(data)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None


def _loosely(data: bytes | msgspec.Raw) -> Any:
    try:
        return json.loads(bytes(data).decode("utf-8", "replace"))
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except ValueError:
        raise Garbage("it is not JSON") from None


def _again(decoder: msgspec.json.Decoder[T], loose: Any) -> T:
    """Decode what was read loosely, written down once more without what was broken in it."""
    try:
        return _decode(decoder, json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(f"it has an unexpected shape ({error})") from None


STATES = msgspec.json.Decoder(Page[State])
STATE = msgspec.json.Decoder(State)
MESSAGES = msgspec.json.Decoder(Page[Message])
MESSAGE = msgspec.json.Decoder(Message)
ATTACHMENTS = msgspec.json.Decoder(Page[Attachment])
FOLDERS = msgspec.json.Decoder(Page[Folder])
PERSON = msgspec.json.Decoder(Person)
MAIL = msgspec.json.Decoder(Mail)
MAILS = msgspec.json.Decoder(Page[Mail])
SESSION = msgspec.json.Decoder(Session)
NAMED = msgspec.json.Decoder(Named)
SUBSCRIPTION = msgspec.json.Decoder(Subscription)
SUBSCRIPTIONS = msgspec.json.Decoder(Page[Subscription])
REPLIES = msgspec.json.Decoder(Replies)
RECIPIENTS: msgspec.json.Decoder[list[Recipient] | Recipient | None] = msgspec.json.Decoder(
    list[Recipient] | Recipient | None
)
_ENVELOPE = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Told:
    """What an error answer says about itself; ``code`` in lower case."""

    code: str
    message: str


def told(body: bytes | msgspec.Raw) -> Told | None:
    """Graph's error envelope, or None if this is something else (a proxy's page, say)."""
    try:
        error = read(_ENVELOPE, body).error
    except Unreadable:
        return None
    return Told((error.code or "").lower(), error.message or "")
