"""Support's rows for tests, and mail that comes to its desk."""

from dataclasses import dataclass
from typing import Any

from django.test import Client

from mailweave.kit import clock, scope
from mailweave.linking import handing
from mailweave.linking.models import Handed, Link
from mailweave.mail.models import Message
from mailweave.people.access import Member
from mailweave.people.models import User
from mailweave.records.support import processors, reading, tickets
from mailweave.records.support.models import Processor, Reading, Ticket
from tests.makers import make_member, signed_in
from tests.makers_arrivals import by_key, fetch, put
from tests.makers_mail import Archive


@dataclass
class Desk:
    """A workspace with a watched mailbox, ``box``, and one that is not; in a test's transaction."""

    member: Member
    archive: Archive
    box: int
    other: int

    @property
    def id(self) -> int:
        return self.member.workspace_id

    @property
    def user(self) -> User:
        return User.objects.get(pk=self.member.user_id)

    @property
    def client(self) -> Client:
        return signed_in(self.member)

    def processor(self, *agents: int, box: int = 0, **fields: Any) -> Processor:
        """A processor of the watched mailbox."""
        made = Processor(name="Help", mailbox_id=box or self.box, **fields)
        processors.store(made, agents)
        return made

    def arrive(self, key: str, sender: str, *, box: int = 0, **given: Any) -> Reading | None:
        """A message comes in and is read, if it is handed on; what became of it."""
        box = box or self.box
        given.setdefault("to", ["box0@home.example"])
        given.setdefault("received_at", clock.now())
        stored = put(box, fetch(key, sender, **given))
        handing.hand(box, stored.new_here)
        for row in Handed.objects.order_by("pk"):
            reading.read(row)
            row.delete()
        return Reading.objects.filter(message__in=stored.message_ids, mailbox=box).first()

    def about(self, ticket: Ticket) -> set[str]:
        """Message-IDs of a ticket's mail."""
        rows = Link.objects.filter(kind=tickets.KIND, record_id=ticket.pk, linked=True)
        return set(rows.values_list("message__message_id", flat=True))


def make_desk() -> Desk:
    member = make_member()
    with scope.workspace(member.workspace_id):
        archive, user = Archive(), User.objects.get(pk=member.user_id)
        return Desk(member, archive, archive.mailbox(user), archive.mailbox(user))


def make_ticket(title: str = "Broken", cc: tuple[str, ...] = (), **fields: Any) -> Ticket:
    """A ticket as somebody adds it by hand."""
    return tickets.open_(Ticket(title=title, **fields), cc)


def message(key: str) -> Message:
    """A stored message by its Message-ID."""
    return by_key()[key]
