"""Where a message is filed and why, and a person's decisions about it: link, unlink, undo."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from mailweave.kit import live
from mailweave.kit.errors import Expected
from mailweave.linking import history, links, registry
from mailweave.linking.history import LinkView
from mailweave.linking.registry import Card
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import Level, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import members, require
from mailweave.web.errors import is_partial
from mailweave.web.finding import Found, find

FOUND = 6
"""How many records of each kind a search offers."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A record a message is filed under (or, by decision, is not), in words."""

    card: Card
    label: str
    why: str
    link: LinkView

    @property
    def short(self) -> str:
        """The reason in as few words as a chip has room for."""
        return self.why.partition(", ")[0]


@dataclass(frozen=True, slots=True)
class Offer:
    """A record a message may be linked to."""

    card: Card
    label: str
    linked: bool


def filings(message_ids: Collection[int], member: Member) -> Mapping[int, list[Filing]]:
    """Where these messages are filed, as far as the member may see the records."""
    reasons = history.reasons_for(message_ids)
    every = [one for found in reasons.values() for one in found]
    records = {(one.kind, one.record_id) for one in every}
    records |= {one.via for one in every if one.via}
    cards = registry.cards(records, member)
    return {
        message_id: [
            Filing(cards[key], registry.get(one.kind).label, _why(one, cards), one)
            for one in found
            if (key := (one.kind, one.record_id)) in cards
        ]
        for message_id, found in reasons.items()
    }


def why(link: LinkView, title: str, via: str = "") -> str:
    """The reason in plain words, to stand after the record's name.

    ``via`` is the name of the record whose company or deal this is, if it may be seen.
    """
    if link.pinned:
        who = f" by {link.made_by}" if link.made_by else ""
        return f"linked by hand{who}" if link.linked else f"unlinked by hand{who}"
    if link.reason == "thread":
        about = f"with {link.address}" if link.address else "that is filed there"
        return f"part of a conversation {about}"
    if link.reason == "company":
        return f"{via} works at {title}" if via else "somebody it is about works there"
    if link.reason == "deal":
        return f"an open deal of {via}'s" if via else "an open deal of somebody it is about"
    verb = "sent by" if link.reason == "sender" else "sent to"
    if not link.address:
        return f"{verb} {title}"
    return f"{verb} {link.address}, an address of {title}"


def _why(link: LinkView, cards: Mapping[tuple[str, int], Card]) -> str:
    card = cards.get(link.via) if link.via else None
    return why(link, cards[link.kind, link.record_id].title, card.title if card else "")


@members
@require_GET
def dialog(request: HttpRequest, pk: int) -> HttpResponse:
    """Search for a record to link a message to; without script, a page of its own."""
    member = require(request, "edit records")
    message = find(viewer_for(member), pk).message
    text = request.GET.get("q", "").strip()[:200]
    facts = {"message": message, "text": text, "offers": _offers(message, text, member)}
    template = "links/page.html"
    if request.headers.get("HX-Request-Type") == "partial":
        template = "links/_found.html" if "q" in request.GET else "links/_dialog.html"
    return render(request, template, facts)


@members
@require_POST
def decide(request: HttpRequest, pk: int, kind: str, record_id: int, verb: str) -> HttpResponse:
    """Link, unlink, or forget the decision; the toast leads back."""
    member = require(request, "edit records")
    found = find(viewer_for(member), pk)
    card = _record(kind, record_id, member)
    before = _present(pk, kind, record_id)
    if verb == "link":
        links.link(pk, kind, record_id, member.user_id)
        said = f"Linked to {card.title}."
    elif verb == "unlink":
        _hold_on(found.message, kind, record_id)
        links.unlink(pk, kind, record_id, member.user_id)
        said = f"Unlinked from {card.title}."
    elif verb == "reset":
        links.reset(pk, kind, record_id)
        said = "Undone."
    else:
        raise Http404
    live.tell("mail")
    undo = "" if verb == "reset" else _path(pk, kind, record_id, _way_back(before))
    messages.success(request, said, extra_tags=undo)
    return _after(request, found, member)


def _after(request: HttpRequest, found: Found, member: Member) -> HttpResponse:
    """The message's filings again, or the page the person was on."""
    if is_partial(request):
        message = found.message
        known = filings([message.id], member).get(message.id, [])
        return render(request, "links/_filed.html", {"message": message, "filings": known})
    back = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}) and "/link/" not in back:
        return redirect(back)
    return redirect("thread", found.thread_id)


def _record(kind: str, record_id: int, member: Member) -> Card:
    found = registry.cards([(kind, record_id)], member).get((kind, record_id))
    if found is None:
        raise Http404
    return found


def _present(pk: int, kind: str, record_id: int) -> LinkView | None:
    reasons = history.reasons_for([pk]).get(pk, [])
    return next((one for one in reasons if (one.kind, one.record_id) == (kind, record_id)), None)


def _way_back(before: LinkView | None) -> str:
    """What restores the state before a decision."""
    if before is None or not before.pinned:
        return "reset"
    return "link" if before.linked else "unlink"


def _hold_on(message: MessageView, kind: str, record_id: int) -> None:
    """Refuse to let people take away their own sight of a colleague's message."""
    others = [
        one
        for one in history.reasons_for([message.id]).get(message.id, [])
        if one.linked and (one.kind, one.record_id) != (kind, record_id)
    ]
    if message.level < Level.OWN and not others:
        raise Expected(
            "Only the owner of the mailbox may take this message's last link away: "
            "without it, you would not see the message any more."
        )


def _path(pk: int, kind: str, record_id: int, verb: str) -> str:
    return reverse("link_decide", args=[pk, kind, record_id, verb])


def _offers(message: MessageView, text: str, member: Member) -> Sequence[Offer]:
    """Records by what was typed; before that, those the message's people may be."""
    wanted = [text] if text else [message.sender.address, message.sender.name]
    found: dict[tuple[str, int], Card] = {}
    for one in filter(None, wanted):
        for card in registry.search(one, member, FOUND):
            found.setdefault((card.kind, card.record_id), card)
    linked = {
        (one.kind, one.record_id)
        for one in history.reasons_for([message.id]).get(message.id, [])
        if one.linked
    }
    return [Offer(card, _label(card), key in linked) for key, card in found.items()]


def _label(card: Card) -> str:
    return registry.get(card.kind).label
