"""The shape of a message that is to be written."""

from dataclasses import dataclass
from datetime import datetime


class Unwritable(Exception):
    """No message can be made of this; the text is for whoever wants to send it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a header: a name to show, "" for none, and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class File:
    """Something attached; with a ``content_id`` (no brackets) it is shown inside the HTML."""

    name: str
    content_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message as it should be. Ids stand without brackets; ``html`` "" means plain text only."""

    sender: Person
    reply_to: tuple[Person, ...] = ()
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    files: tuple[File, ...] = ()
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: datetime
    headers: tuple[tuple[str, str], ...] = ()
