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
from mailweave.linking.models import Link
from mailweave.linking.registry import Card
from mailweave.mail.models import Message
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import Level, Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import members, require
from mailweave.web import offers
from mailweave.web.errors import is_partial
from mailweave.web.finding import Found, find, find_all
from mailweave.web.offers import Offer
from mailweave.web.templatetags.ui import count

Record = tuple[str, int]
VERBS = {"link", "unlink", "move", "reset"}
RULES = {
    Link.Reason.THREAD: "An answer is filed where its conversation is",
    Link.Reason.SENDER: "Received mail is filed under whose address sent it",
    Link.Reason.RECIPIENT: "Mail is filed under whose address it went to",
    Link.Reason.COMPANY: "Mail with a person is filed under their company, too",
    Link.Reason.DEAL: "Mail with a person is filed under their open deals, too",
    Link.Reason.MANUAL: "Somebody decided it, and no rule changes that",
    Link.Reason.FILED: "A rule that was set up here decided it; people can decide otherwise",
}


@dataclass(frozen=True, slots=True)
class Filing:
    """A record a message is filed under (or, by decision, is not), in words."""

    card: Card
    label: str
    why: str
    link: LinkView

    @property
    def because(self) -> str:
        """The reason as the end of a sentence about the message."""
        if self.link.reason == Link.Reason.COMPANY and not self.link.pinned:
            return self.why
        return f"it {'is' if self.tense == 'present' else 'was'} {self.why}"

    @property
    def rule(self) -> str:
        """What it follows from."""
        return RULES[Link.Reason(self.link.reason)]

    @property
    def short(self) -> str:
        """The reason in as few words as a chip has room for."""
        return self.why.partition(", ")[0]

    @property
    def tense(self) -> str:
        """Whether the reason is said of now."""
        now = self.link.reason in {"thread", "deal"} and not self.link.pinned
        return "present" if now else "past"


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
    if link.reason == "filed":
        return f"filed by a rule: {link.rule}"
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
    """Search for a record to link a message to, or with ``from`` to move it to; without script, a
    page of its own."""
    member = require(request, "edit records")
    viewer = viewer_for(member)
    found = find(viewer, pk)
    text = request.GET.get("q", "").strip()[:200]
    moved = offers.parse(request.GET.get("from", ""))
    facts = {
        "message": found.message,
        "text": text,
        "offers": _offers(viewer, found, text, member),
        "moved": _record(*moved, member) if moved else None,
        "together": len(find_all(viewer, found.thread_id)),
    }
    template = "links/page.html"
    if request.headers.get("HX-Request-Type") == "partial":
        template = "links/_found.html" if "q" in request.GET else "links/_dialog.html"
    return render(request, template, facts)


@members
@require_POST
def decide(request: HttpRequest, pk: int, kind: str, record_id: int, verb: str) -> HttpResponse:
    """Link, unlink, move here, or forget the decision, for a message or with ``whole`` for all its
    conversation that the member may read; the toast leads back."""
    if verb not in VERBS:
        raise Http404
    member = require(request, "edit records")
    viewer = viewer_for(member)
    found = find(viewer, pk)
    card, record = _record(kind, record_id, member), (kind, record_id)
    wanted = find_all(viewer, found.thread_id) if "whole" in request.POST else [found.message]
    ids = [one.id for one in wanted]
    if verb == "unlink":
        _hold_on(wanted, record, member)
        decided = links.unlink(ids, record, member.user_id)
    elif verb == "reset":
        decided = links.reset(ids, record, member.user_id)
    else:
        moved = _moved(request, member) if verb == "move" else None
        decided = links.link(ids, record, member.user_id, instead_of=moved)
    live.tell("mail")
    undo = reverse("link_undo", args=[decided.decision_id])
    messages.success(request, _said(verb, card, decided.count), extra_tags=undo)
    return _after(request, found, member)


@members
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back what one act of linking changed; an address it had added goes too."""
    member = require(request, "edit records")
    undone = links.undo(pk, member.user_id)
    if len(registry.cards(undone.records, member)) < len(undone.records):
        raise Expected("The record is not there any more as it was. Nothing was changed.")
    if undone.address:
        registry.release(undone.records[0], undone.address, member)
    live.tell("mail")
    messages.success(request, "Undone.")
    return HttpResponse() if is_partial(request) else _back(request) or redirect("mail")


def _after(request: HttpRequest, found: Found, member: Member) -> HttpResponse:
    """The message's filings again, or the page the person was on."""
    if is_partial(request):
        message = found.message
        known = filings([message.id], member).get(message.id, [])
        facts = {"message": message, "filings": known, "may_edit": True}
        return render(request, "links/_filed.html", facts)
    return _back(request) or redirect("thread", found.thread_id)


def _back(request: HttpRequest) -> HttpResponse | None:
    """The page the person was on, if it was one of ours and not a dialog."""
    back = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}) and "/link/" not in back:
        return redirect(back)
    return None


def _said(verb: str, card: Card, number: int) -> str:
    done = {"link": "Linked to", "unlink": "Unlinked from", "move": "Moved to"}
    if verb == "reset":
        return "Undone."
    many = f" {count(number, 'message')}" if number > 1 else ""
    first, _, last = done[verb].partition(" ")
    return f"{first}{many} {last} {card.title}."


def _record(kind: str, record_id: int, member: Member) -> Card:
    found = registry.cards([(kind, record_id)], member).get((kind, record_id))
    if found is None:
        raise Http404
    return found


def _moved(request: HttpRequest, member: Member) -> Record:
    """The record that mail is moved away from, else 404."""
    moved = offers.parse(request.POST.get("from", ""))
    if moved is None:
        raise Http404
    _record(*moved, member)
    return moved


def _hold_on(wanted: Sequence[MessageView], record: Record, member: Member) -> None:
    """Refuse to let people take away their own sight of a colleague's message."""
    reasons = history.reasons_for([one.id for one in wanted])
    linked = [one for found in reasons.values() for one in found if one.linked]
    seen = registry.cards({(one.kind, one.record_id) for one in linked} - {record}, member)
    for message in wanted:
        others = [
            one
            for one in reasons.get(message.id, [])
            if one.linked and (one.kind, one.record_id) in seen
        ]
        if message.level < Level.OWN and not others:
            raise Expected(
                "Only the owner of the mailbox may take this message's last link away: "
                "without it, you would not see the message any more."
            )


def _offers(viewer: Viewer, found: Found, text: str, member: Member) -> Sequence[Offer]:
    """Records by what was typed; before that, those of the message's people and those they may
    be."""
    message = found.message
    linked = {
        (one.kind, one.record_id)
        for one in history.reasons_for([message.id]).get(message.id, [])
        if one.linked
    }
    if text:
        return offers.search(viewer, member, text, linked)
    to = message.to or message.cc or (message.sender,)
    person = message.sender if message.direction == Message.Direction.INBOUND else to[0]
    return offers.of_person(viewer, member, person, [found.thread_id], linked)
