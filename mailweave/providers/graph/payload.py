"""A message's headers and body as Graph tells them, under our caps.

Exchange has already taken the message apart: there is one body, text or HTML, and the headers are
those it came in with. What Outlook itself wrote has often no such headers; then they are made
from the message's fields, as RFC 5322 would have them.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime

import msgspec

from mailweave.providers.graph import wire

TEXT = 8 * 1024 * 1024
"""Characters of a body."""
HEADER = 64 * 1024
HEADERS = 1000
HEADER_BLOCK = 256 * 1024
_PEOPLE = 1000

Pairs = list[tuple[str, str]]

_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."\x00-\x1f\x7f]')
_ADDRESS = re.compile(r'(?:"[^"\\<>]*"|[^\s<>,;:()"]+)@[^\s<>,;()"@]+')
_BREAK = re.compile(r"[\x00-\x1f\x7f]+")


def headers(message: wire.Message) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The message's headers in order, completed from its fields, and whether any were cut."""
    told = [(one.name or "", one.value or "") for one in message.internet_message_headers or []]
    named = {name.lower() for name, _ in told}
    if not named >= _WANTED:
        told += [pair for pair in _made(message, named) if pair[1]]
    if len(told) <= HEADERS and sum([len(name) + len(value) for name, value in told]) <= HEADER:
        return tuple(told), False
    return _capped(told)


def body(message: wire.Message) -> tuple[str | None, str | None, bool]:
    """Text, HTML and whether they were cut; one of the two is None."""
    if message.body is None or not message.body.content:
        return None, None, False
    content = message.body.content
    cut = len(content) > TEXT
    if (message.body.content_type or "").lower() == "html":
        return None, content[:TEXT], cut
    return content[:TEXT], None, cut


def moment(value: str | None) -> datetime | None:
    """A moment in UTC out of ISO 8601, or None."""
    try:
        made = datetime.fromisoformat(value or "")
        return made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


_WANTED = frozenset({"from", "to", "subject", "date", "message-id"})
"""With these all there, Exchange kept the headers the message came with."""


def _made(message: wire.Message, named: set[str]) -> Pairs:
    """The headers that are missing, as far as the fields know them."""
    sent = moment(message.sent_date_time)
    sender = _people(message.sender)
    author = _people(message.from_) or sender
    made = {
        "From": author,
        "Sender": sender if sender != author else "",
        "Reply-To": _people(message.reply_to),
        "To": _people(message.to_recipients),
        "Cc": _people(message.cc_recipients),
        "Bcc": _people(message.bcc_recipients),
        "Subject": _line(message.subject or ""),
        "Date": format_datetime(sent) if sent else "",
        "Message-ID": _line(message.internet_message_id or ""),
    }
    return [(name, value) for name, value in made.items() if name.lower() not in named]


def _people(raw: msgspec.Raw) -> str:
    """One recipient or many as an address list; what cannot be read is left out."""
    try:
        told = wire.read(wire.RECIPIENTS, raw)
    except wire.Unreadable:
        return ""
    people = told if isinstance(told, list) else [told]
    return ", ".join(filter(None, [_person(one) for one in people[:_PEOPLE]]))


def _person(recipient: wire.Recipient | None) -> str:
    """RFC 5322, 3.4, with Unicode as it is. Exchange's own directory names are no addresses."""
    if recipient is None or recipient.email_address is None:
        return ""
    name = _line(recipient.email_address.name or "")
    address = _line(recipient.email_address.address or "").strip("<>")
    if not _ADDRESS.fullmatch(address):
        return ""
    if name.lower() == address.lower():
        return address
    if _SPECIAL.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address}>" if name else address


def _line(value: str) -> str:
    return _BREAK.sub(" ", value).strip()


def _capped(told: Pairs) -> tuple[tuple[tuple[str, str], ...], bool]:
    kept: Pairs = []
    room, cut = HEADER_BLOCK, len(told) > HEADERS
    for one in told[:HEADERS]:
        name, value = one[0][:998], one[1][: min(HEADER, room)]
        cut |= len(value) < len(one[1]) or len(name) < len(one[0])
        room -= len(value)
        kept.append((name, value))
    return tuple(kept), cut
