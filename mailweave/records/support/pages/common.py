"""What the pages of support do alike."""

from django.http import Http404, HttpRequest

from mailweave.people.access import Deed
from mailweave.people.member import member_of
from mailweave.records.common import rights
from mailweave.records.support import tickets
from mailweave.records.support.models import Ticket


def seen(request: HttpRequest, pk: int) -> Ticket:
    """A ticket that the member sees; 404 for all others."""
    found: Ticket | None = tickets.find(member_of(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def held(request: HttpRequest, pk: int, deed: Deed = "edit") -> Ticket:
    """The ticket to change, held against others while this request writes. Refused, in words, where
    the member sees it and may not."""
    found = seen(request, pk)
    rights.insist(member_of(request), deed, found)
    if request.method == "POST":
        found = tickets.hold(found.pk) or found
        rights.insist(member_of(request), deed, found)
    return found
