"""What the rest of the house may know of tickets, and who reads what support is handed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from mailweave.linking import handing, registry
from mailweave.linking.registry import Card
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.support import reading, tickets
from mailweave.records.support.models import Ticket


@dataclass(frozen=True, slots=True)
class Tickets:
    """Tickets: mail is about one because it was filed there, never because of an address."""

    kind: str = tickets.KIND
    label: str = "Ticket"
    filed_by: str = "processors"

    def cards(self, ids: Collection[int], member: Member) -> Mapping[int, Card]:
        """Cards of those that the member sees."""
        return {row.pk: _card(row) for row in tickets.find(member).filter(pk__in=ids)}

    def search(self, text: str, member: Member, limit: int = 10) -> Sequence[Card]:
        """The newest first."""
        found = tickets.find(member, text).order_by("-number")[:limit]
        return [_card(row) for row in found]

    def sources(self, record_id: int) -> Sequence[tuple[str, int]]:
        """Its own mail alone."""
        return [(self.kind, record_id)]

    def write_to(self, record_id: int) -> tuple[Sequence[str], Sequence[str]]:
        """Its customer; those who get copies."""
        row = Ticket.objects.filter(pk=record_id).exclude(customer="").first()
        if row is None:
            return [], []
        name = row.customer_name
        return [f"{name} <{row.customer}>" if name else row.customer], tickets.copies(record_id)

    def subject(self, record_id: int) -> str:
        """Its number, by which an answer is known, and its title."""
        row = Ticket.objects.get(pk=record_id)
        return f"[{row.reference}] {row.title}"

    def creation_path(self, name: str, address: str, member: Member) -> str:
        """The form of a new ticket of this customer's."""
        if not rights.may_add(member, Ticket):
            return ""
        said = urlencode({"name": name, "customer": address})
        return f"{reverse('support:ticket-new')}?{said}"


def _card(row: Any) -> Card:
    facts = [row.get_status_display(), row.customer_name or row.customer]
    page = reverse("support:ticket", args=[row.pk])
    return Card(tickets.KIND, row.pk, row.name, " · ".join(filter(None, facts)), page)


registry.register(Tickets())
handing.register(tickets.MODULE, reading.read, "support_reading")
