"""What we read of Gmail's JSON, and nothing else.

Shapes: https://developers.google.com/workspace/gmail/api/reference/rest. Lists that are empty and
labels of a message without any are absent in Gmail's answers, hence the defaults.
"""

import json
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """Trees without circles: the garbage collector need not look."""


class Header(_Wire):
    name: str = ""
    value: str = ""


class Body(_Wire):
    size: int = 0
    data: str = ""
    attachment_id: str = ""


class Part(_Wire):
    part_id: str = ""
    mime_type: str = ""
    filename: str = ""
    headers: list[Header] = []
    body: Body = msgspec.field(default_factory=Body)
    parts: list["Part"] = []


class Message(_Wire):
    id: str
    thread_id: str = ""
    label_ids: list[str] = []
    snippet: str = ""
    internal_date: str = ""
    size_estimate: int = 0
    payload: Part | None = None


class Thread(_Wire):
    messages: list[Message] = []


class Named(_Wire):
    """A message by its ids, with its labels where Gmail tells them."""

    id: str
    thread_id: str = ""
    label_ids: list[str] = []


class Listing(_Wire):
    messages: list[Named] = []
    next_page_token: str = ""
    result_size_estimate: int | None = None


class Draft(_Wire):
    """A draft keeps its id; its message is another one after every change."""

    id: str
    message: Named = msgspec.field(default_factory=lambda: Named(""))


class Drafts(_Wire):
    drafts: list[Draft] = []


class SendAs(_Wire):
    send_as_email: str
    display_name: str = ""
    signature: str = ""
    is_primary: bool = False
    is_default: bool = False
    verification_status: str = ""


class SendAses(_Wire):
    send_as: list[SendAs] = []


class Event(_Wire):
    message: Named


class Record(_Wire):
    id: str = ""
    messages_added: list[Event] = []
    labels_added: list[Event] = []
    labels_removed: list[Event] = []
    messages_deleted: list[Event] = []


class History(_Wire):
    history: list[Record] = []
    next_page_token: str = ""
    history_id: str = ""


class Profile(_Wire):
    email_address: str
    history_id: str
    messages_total: int | None = None


class Watch(_Wire):
    """``expiration`` is milliseconds since the epoch."""

    expiration: str | int


class Label(_Wire):
    id: str
    name: str = ""
    type: str = ""


class Labels(_Wire):
    labels: list[Label] = []


class Person(_Wire):
    """OpenID Connect Core 1.0, 5.3.2."""

    sub: str
    name: str = ""


class _Reason(_Wire):
    reason: str = ""


class _Error(_Wire):
    code: int
    message: str = ""
    status: str = ""
    errors: list[_Reason] = []
    details: list[_Reason] = []


class _Envelope(_Wire):
    error: _Error


class Unreadable(ValueError):
    """JSON, but not as we expect it."""


class Garbage(Unreadable):
    """Not JSON, or only the beginning of it: nothing is known about what was asked for."""


def read(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decode an answer; raises :class:`Unreadable` whatever is wrong with it.

    Broken UTF-8 and lone surrogates do occur in mail, so they are mended rather than refused.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _mend(decoder, data)


def _mend(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        loose: Any = json.loads(data.decode("utf-8", "replace"))
        mended: T = msgspec.convert(loose, decoder.type)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise Unreadable(f"it has an unexpected shape ({error})") from None
    except ValueError:
        raise Garbage("it is not JSON") from None
    return mended


MESSAGE = msgspec.json.Decoder(Message)
THREAD = msgspec.json.Decoder(Thread)
NAMED = msgspec.json.Decoder(Named)
LISTING = msgspec.json.Decoder(Listing)
HISTORY = msgspec.json.Decoder(History)
PROFILE = msgspec.json.Decoder(Profile)
WATCH = msgspec.json.Decoder(Watch)
LABELS = msgspec.json.Decoder(Labels)
PERSON = msgspec.json.Decoder(Person)
DRAFT = msgspec.json.Decoder(Draft)
DRAFTS = msgspec.json.Decoder(Drafts)
SEND_ASES = msgspec.json.Decoder(SendAses)
BODY = msgspec.json.Decoder(Body)
_ENVELOPE = msgspec.json.Decoder(_Envelope)


class Told(msgspec.Struct, frozen=True):
    """What an error answer says about itself."""

    message: str
    reasons: frozenset[str]


def told(body: bytes) -> Told | None:
    """Google's error envelope, or None if this is something else (a proxy's page, say)."""
    try:
        error = read(_ENVELOPE, body).error
    except Unreadable:
        return None
    reasons = {one.reason for one in (*error.errors, *error.details)} | {error.status}
    return Told(error.message, frozenset(reasons - {""}))
