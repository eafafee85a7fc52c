"""Settings of support: processors, what became of mail, and what waits."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.linking import handing
from mailweave.mail import store as archive
from mailweave.mail.models import Mailbox
from mailweave.mail.visibility import viewer_for
from mailweave.people.member import members, require
from mailweave.records.common import rights
from mailweave.records.common.pages import deletion, form_page
from mailweave.records.support import processors, reading, tickets
from mailweave.records.support.forms import processor as forms
from mailweave.records.support.models import Desk, Processor, Reading

edits = require_http_methods(["GET", "HEAD", "POST"])
VERB: Any = "manage integrations"
SHOWN = 50
MOST_HOURLY = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one message. ``subject`` and ``sender`` are empty for mail of a mailbox that
    is not the reader's, unless it became part of a ticket."""

    row: Reading
    subject: str
    sender: str


@members
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The processors; for admins, what is held back, and what could not be read."""
    member = rights.entering(request, tickets.MODULE)
    rows = Processor.objects.select_related("mailbox").order_by("pk")
    context: dict[str, Any] = {"processors": rows, "managing": member.may(VERB)}
    if member.may(VERB):
        held = Reading.objects.filter(outcome=Reading.Outcome.HELD)
        context |= {
            "mailboxes": processors.mailboxes(member),
            "held": _lines(request, held),
            "stuck": handing.stuck(tickets.MODULE),
            "desk": Desk.objects.first() or Desk(),
        }
    return render(request, "support/processors.html", context)


@members
@require_POST
def desk(request: HttpRequest) -> HttpResponse:
    """How many tickets one sender may open an hour."""
    require(request, VERB)
    given = request.POST.get("hourly", "")
    if not (given.isascii() and given.isdecimal() and 1 <= int(given[:6]) <= MOST_HOURLY):
        raise Expected(f"Choose a number from 1 to {MOST_HOURLY}.")
    Desk.objects.update_or_create(defaults={"hourly": int(given)})
    messages.success(request, f"A sender may open {int(given)} tickets an hour from now on.")
    return redirect("support:processors")


@members
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One processor, and what became of the last mail of its mailbox."""
    require(request, VERB)
    found = get_object_or_404(Processor.objects.select_related("mailbox", "made_by"), pk=pk)
    last = Reading.objects.filter(mailbox=found.mailbox_id)
    context = {"processor": found, "lines": _lines(request, last), "shown": SHOWN}
    return render(request, "support/processor.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a processor."""
    member = require(request, VERB)
    return _form(request, Processor(made_by_id=member.user_id))


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a processor. Its mailbox stays its owner's to choose."""
    require(request, VERB)
    return _form(request, _held(request, pk))


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a processor, once confirmed."""
    require(request, VERB)
    return deletion(
        request,
        _held(request, pk),
        processors.delete,
        "support:processors",
        goes="The processor. What the mailbox receives becomes no tickets any more.",
        stays="All tickets and their mail.",
    )


@members
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a message through that was held back."""
    require(request, VERB)
    archive.hold()
    row = Reading.objects.filter(pk=pk, outcome=Reading.Outcome.HELD).first()
    if row is None:
        raise Expected("This message is not held back any more.")
    made = reading.release(row)
    messages.success(request, f"It is {made.reference} now.")
    return redirect("support:processors")


@members
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Try everything again that could not be read."""
    require(request, VERB)
    count = handing.retry(tickets.MODULE)
    messages.success(request, f"Reading {count} again: this page shows what became of them.")
    return redirect("support:processors")


def _held(request: HttpRequest, pk: int) -> Processor:
    rows = Processor.objects.select_related("mailbox")
    if request.method == "POST":
        archive.hold()
        rows = rows.select_for_update(of=("self",))
    found: Processor = get_object_or_404(rows, pk=pk)
    return found


def _lines(request: HttpRequest, rows: Any) -> list[Line]:
    """The newest of these readings, as far as the member may know whose mail it is."""
    viewer = viewer_for(require(request, VERB))
    found = rows.select_related("message", "ticket", "mailbox", "processor").order_by("-pk")
    return [
        Line(row, row.message.subject[:200], row.sender)
        if row.ticket_id or row.mailbox_id in viewer.own
        else Line(row, "", "")
        for row in found[:SHOWN]
    ]


def _form(request: HttpRequest, processor: Processor) -> HttpResponse:
    member = require(request, VERB)
    known = Mailbox.objects.filter(pk=processor.mailbox_id)
    boxes = list((processors.mailboxes(member) | known).order_by("address"))
    initial = forms.filled(processor, processors.agents(processor)) if processor.pk else {}
    form = forms.ProcessorForm(boxes, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        return _save(request, processor, form)
    context = {"form": form, "processor": processor, "mailboxes": boxes}
    return form_page(request, "support/processor_form.html", context)


def _save(request: HttpRequest, processor: Processor, form: forms.ProcessorForm) -> HttpResponse:
    for name in forms.PLAIN:
        setattr(processor, name, form.cleaned_data[name])
    processor.mailbox_id = int(form.cleaned_data["mailbox"])
    processors.store(processor, [int(one) for one in form.cleaned_data["agents"]])
    messages.success(request, f"{processor.name} was saved.")
    return redirect("support:processor", processor.pk)
