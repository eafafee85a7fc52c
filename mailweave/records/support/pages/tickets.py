"""Pages of tickets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.linking import links, registry, unlinked
from mailweave.linking.models import RecordAddress
from mailweave.linking.registry import Card
from mailweave.mail import reading
from mailweave.mail.models import Address
from mailweave.mail.visibility import Level, viewer_for
from mailweave.people import members as people
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.records.common import lists, rights
from mailweave.records.common.pages import deletion, form_page, onward
from mailweave.records.support import facts, parting, presence, tickets
from mailweave.records.support.forms import ticket as forms
from mailweave.records.support.models import Priority, Ticket, Type
from mailweave.records.support.pages.common import held, seen

edits = require_http_methods(["GET", "HEAD", "POST"])
STATE = ("status", "priority", "owner")
LETTERS = 20
"""Of a customer's mail, to choose from for a new ticket."""
SHOWN = 3
"""Others who have a ticket open that are named."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the quick lists."""

    word: str
    label: str


TABS = (
    Tab("", "All"),
    Tab("mine", "Mine"),
    Tab("unassigned", "Unassigned"),
    *(Tab(str(word), str(label)) for word, label in Ticket.Status.choices),
)


@members
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The tickets a member sees, those first to which something happened last."""
    member = rights.entering(request, tickets.MODULE)
    text = request.GET.get("q", "").strip()[:200]
    rows = _narrowed(tickets.find(member, text), member, request)
    after, before = request.GET.get("after", "")[:200], request.GET.get("before", "")[:200]
    page = lists.newest(tickets.KIND, rows, after=after, before=before)
    lists.active(tickets.KIND, page.rows)
    tab = request.GET.get("tab", "")
    context = {
        "page": page,
        "text": text,
        "tabs": TABS,
        "tab": tab if tab in {one.word for one in TABS} else "",
        "priorities": Priority.choices,
        "types": Type.choices,
        "may_add": rights.may_add(member, Ticket),
        "narrowed": bool(text or tab or request.GET.get("priority") or request.GET.get("type")),
    }
    part = "#found" if request.headers.get("HX-Request-Type") == "partial" else ""
    response = render(request, f"support/tickets.html{part}", context)
    response["Vary"] = "HX-Request-Type"
    return response


def _narrowed(rows: QuerySet[Any], member: Member, request: HttpRequest) -> QuerySet[Any]:
    tab = request.GET.get("tab", "")
    if tab == "mine":
        rows = rows.filter(owner=member.user_id)
    elif tab == "unassigned":
        rows = rows.filter(owner=None, status__in=Ticket.UNSETTLED)
    elif tab in Ticket.Status.values:
        rows = rows.filter(status=tab)
    for name, known in (("priority", Priority), ("type", Type)):
        if (chosen := request.GET.get(name, "")) in known.values:
            rows = rows.filter(**{name: chosen})
    return rows


@members
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One ticket: its conversation, its notes, its customer. A merged one leads on."""
    found = facts.leads_to(pk)
    if found is not None and found.pk != pk:
        seen(request, found.pk)
        old = Ticket.objects.get(pk=pk)
        messages.info(request, f"{old.reference} has become part of {found.reference}.")
        return redirect("support:ticket", found.pk)
    ticket = seen(request, pk)
    member = member_of(request)
    context = {
        "ticket": ticket,
        "kind": tickets.KIND,
        "copies": tickets.copies(pk),
        "cards": _customer(ticket, member),
        "beside": _beside(ticket, member),
        "joined": parting.undoable(ticket),
        "statuses": Ticket.Status.choices,
        "priorities": Priority.choices,
        "agents": people.working_with(tickets.MODULE),
        **rights.allowed(member, ticket),
    }
    return render(request, "support/ticket.html", context)


def _customer(ticket: Ticket, member: Member) -> list[Card]:
    """The records that have the customer's address."""
    rows = RecordAddress.objects.filter(address__address=ticket.customer).exclude(kind=tickets.KIND)
    records = list(rows.order_by("pk").values_list("kind", "record_id")[:5])
    return list(registry.cards(records, member).values()) if ticket.customer else []


def _beside(ticket: Ticket, member: Member) -> dict[str, Any]:
    """Tickets that this one follows, names, or is followed by."""
    mine = tickets.find(member)
    named = facts.leads_to(ticket.named_id) if ticket.named_id else None
    return {
        "follows": mine.filter(pk=ticket.follows_id).first() if ticket.follows_id else None,
        "followed": list(mine.filter(follows=ticket.pk).order_by("-number")[:5]),
        "named": mine.filter(pk=named.pk).first() if named and named.pk != ticket.pk else None,
        "others": list(
            mine.filter(customer=ticket.customer).exclude(pk=ticket.pk).order_by("-number")[:5]
        )
        if ticket.customer
        else [],
    }


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a ticket by hand; the customer may be named in the address, whose mail about no record
    can then be filed there at once."""
    rights.insist_any(rights.entering(request, tickets.MODULE), "edit", Ticket)
    typed = request.POST.get("customer", "") or request.GET.get("customer", "")
    given = {
        "customer": typed.replace("\0", "").strip()[:320].lower(),
        "customer_name": request.GET.get("name", "").replace("\0", "")[:200],
    }
    return _form(request, Ticket(), given)


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a ticket."""
    ticket = held(request, pk)
    return _form(request, ticket, forms.filled(ticket))


@members
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the status, the priority or the assignee from the ticket's own page: what was changed
    there, so that what somebody else has set meanwhile stays."""
    ticket = held(request, pk)
    posted: Any = request.POST
    given = {
        one: posted[one]
        for one in STATE
        if one in posted and posted[one] != posted.get(f"was_{one}")
    }
    if given.get("status") in Ticket.Status.values:
        ticket.status = given["status"]
    if given.get("priority") in Priority.values:
        ticket.priority = given["priority"]
    if "owner" in given:
        ticket.owner_id = _agent(given["owner"])
    tickets.store(ticket, member_of(request))
    messages.success(request, f"{ticket.reference} was saved.")
    return onward(member_of(request), ticket, "support:ticket", "support:tickets")


def _agent(word: str) -> int | None:
    if not word:
        return None
    known = {str(row.user_id): row.user_id for row in people.working_with(tickets.MODULE)}
    if word not in known:
        raise Expected("Whom you chose does not work here any more. Nothing was saved.")
    return known[word]


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a ticket, once confirmed."""
    return deletion(
        request,
        held(request, pk, "delete"),
        tickets.delete,
        "support:tickets",
        goes="The ticket, its notes and history, and that its mail is filed here.",
        stays="All mail, here and at your provider; the customer's record.",
    )


@members
@require_GET
def here(request: HttpRequest, pk: int) -> HttpResponse:
    """Who else has it open, asked by an open page every few seconds."""
    ticket = seen(request, pk)
    others = presence.look(member_of(request), ticket.pk, writing="writing" in request.GET)
    looking = [one.name for one in others if not one.writing]
    context = {
        "ticket": ticket,
        "writing": [one.name for one in others if one.writing][:SHOWN],
        "others": looking[:SHOWN],
        "more": len(looking[SHOWN:]),
    }
    return render(request, "support/parts/here.html", context)


def _form(request: HttpRequest, ticket: Ticket, initial: dict[str, Any]) -> HttpResponse:
    form = forms.TicketForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        return _save(request, ticket, form)
    context = {
        "form": form,
        "ticket": ticket,
        "letters": () if ticket.pk else _letters(request, str(initial.get("customer", ""))),
        "chosen": request.POST.getlist("message"),
    }
    return form_page(request, "support/ticket_form.html", context)


def _letters(request: HttpRequest, customer: str) -> Sequence[unlinked.Letter]:
    """The newest mail with the customer, in mailboxes of the member's, that is about no record."""
    person = Address.objects.filter(address=customer).first() if customer else None
    viewer = viewer_for(member_of(request))
    found = unlinked.letters(viewer, person.pk, limit=LETTERS) if person else None
    return found.letters if found else ()


def _file(request: HttpRequest, ticket: Ticket) -> None:
    """File the mail that was chosen for a new ticket, as far as it is the member's to see."""
    given = [one for one in request.POST.getlist("message")[:LETTERS] if one.isascii()]
    ids = [int(one) for one in given if one.isdecimal() and len(one) < 19]
    member = member_of(request)
    shown = reading.messages(viewer_for(member), ids) if ids else []
    if chosen := [one.id for one in shown if one.level >= Level.FULL]:
        links.link(chosen, (tickets.KIND, ticket.pk), member.user_id)


def _save(request: HttpRequest, ticket: Ticket, form: forms.TicketForm) -> HttpResponse:
    for name in forms.PLAIN:
        setattr(ticket, name, form.cleaned_data[name])
    ticket.owner_id = form.cleaned_data["owner"]
    if ticket.pk:
        tickets.store(ticket, member_of(request))
        tickets.set_copies(ticket, form.cleaned_data["cc"])
    else:
        tickets.open_(ticket, form.cleaned_data["cc"], member_of(request))
        _file(request, ticket)
    messages.success(request, f"{ticket.reference} was saved.")
    return onward(member_of(request), ticket, "support:ticket", "support:tickets")
