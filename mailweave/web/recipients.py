"""Whom somebody may want to write to, suggested while they type."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mailweave.linking import registry, suggestions
from mailweave.mail import correspondents
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.outbox.recipients import Recipient
from mailweave.people.access import Member
from mailweave.people.member import member_of, members

MOST = 8
FOUND = 5
"""Records of each kind that are looked at."""
MAX_TEXT = 100


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to write to. ``label`` says which kind of record they are, if any."""

    name: str
    address: str
    label: str

    @property
    def value(self) -> str:
        """As it is typed."""
        return str(Recipient(self.name, self.address, self.address))


@members
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """The likeliest people for what is typed, as the options of a list."""
    member = member_of(request)
    text = request.GET.get("q", "").strip()[:MAX_TEXT]
    people = find(viewer_for(member), member, text)
    return render(request, "compose/_people.html", {"people": people})


def find(viewer: Viewer, member: Member, text: str) -> list[Person]:
    """People of own mailboxes and people on record, whose address or name fits; those somebody
    writes with before those nobody wrote to yet."""
    if len(text) < correspondents.LEAST:
        return []
    on_record = {one.address: one for one in _on_record(member, text)}
    known = [
        on_record.pop(one.address, Person(one.name, one.address, ""))
        for one in correspondents.begins(viewer, text, MOST)
    ]
    return [*known, *on_record.values()][:MOST]


def _on_record(member: Member, text: str) -> list[Person]:
    """Records that fit, of kinds that addresses lead to, at the address that does, else at their
    foremost one."""
    cards = registry.search(text, member, FOUND, among=registry.matched_kinds())
    reached = suggestions.reached_at([(one.kind, one.record_id) for one in cards])
    found = []
    for card in cards:
        mine = reached.get((card.kind, card.record_id), [])
        fitting = [one for one in mine if text.lower() in one] or mine[:1]
        label = registry.get(card.kind).label
        found += [Person(card.title, address, label) for address in fitting]
    return found
