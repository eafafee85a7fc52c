"""Tickets from a JSON document, as often as you like."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from mailweave.kit.errors import Expected
from mailweave.mime.address import normalise
from mailweave.people import members
from mailweave.records.support import tickets
from mailweave.records.support.models import Ticket

Name = Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\0]*[^\s\0][^\0]*\Z")]
Text = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"\A[^\0]*\Z")]


class TicketIn(msgspec.Struct):
    """A ticket; known by its title and customer. ``assignee`` is the address a member signs in
    with; who is no member is nobody."""

    title: Name
    customer: str
    customer_name: Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\0]*\Z")] = ""
    description: Text = ""
    status: Literal["open", "in_progress", "waiting", "resolved", "closed"] = "open"
    priority: Literal["urgent", "high", "medium", "low"] = "medium"
    type: Literal["support", "bug", "feature", "request"] = "support"
    assignee: str = ""
    tags: list[str] = []
    cc: list[str] = []


class Document(msgspec.Struct):
    """Everything to load; what else is in the document is somebody else's."""

    tickets: list[TicketIn] = []


def load(text: bytes) -> int:
    """Open the tickets of a document that the current workspace does not have; those it has stay as
    they are. Returns how many the document names. Raises Expected for a document that cannot be
    read; then nothing changed."""
    document = read(text)
    known = set(Ticket.objects.values_list("title", "customer"))
    agents = {row.user.email.lower(): row.user_id for row in members.working_with(tickets.MODULE)}
    for row in document.tickets:
        customer = normalise(row.customer) or ""
        if (row.title, customer) not in known:
            _open(row, customer, agents.get(row.assignee.lower()))
            known.add((row.title, customer))
    return len(document.tickets)


def read(text: bytes) -> Document:
    """The document, checked. Raises Expected that says where it is wrong."""
    try:
        document = msgspec.json.decode(text, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Expected(f"This is not a document of tickets: {error}") from error
    for wrong in _faults(document):
        raise Expected(wrong)
    return document


def _faults(document: Document) -> Iterator[str]:
    given = [one for row in document.tickets for one in (row.customer, *row.cc)]
    yield from (f"{text!r} is not an e-mail address." for text in given if not normalise(text))


def _open(row: TicketIn, customer: str, owner_id: int | None) -> None:
    ticket = Ticket(
        title=row.title,
        description=row.description,
        customer=customer,
        customer_name=row.customer_name,
        status=row.status,
        priority=row.priority,
        type=row.type,
        owner_id=owner_id,
        tags=row.tags,
    )
    tickets.open_(ticket, [address for one in row.cc if (address := normalise(one))])
