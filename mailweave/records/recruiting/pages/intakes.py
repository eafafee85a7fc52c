"""Intakes: which there are, what came to them, and how they are set up."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailweave.linking import handing
from mailweave.people.member import Refused, member_of
from mailweave.records.common import rights
from mailweave.records.recruiting import intakes, jobs
from mailweave.records.recruiting.forms import intake as forms
from mailweave.records.recruiting.models import Candidate, Intake
from mailweave.records.recruiting.pages.common import edits, recruiters

SHOWN = 50


@recruiters
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every intake, with how many applications wait for a decision."""
    member = member_of(request)
    rows = [(one, intakes.address(one)) for one in intakes.everyone()]
    context = {
        "intakes": rows,
        "waiting": intakes.waiting(member).count(),
        "stuck": handing.stuck(intakes.READER),
        "adds": bool(intakes.mailboxes(member)),
    }
    return render(request, "recruiting/intakes.html", context)


@recruiters
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One intake, and what became of the last mails that came to it."""
    member = member_of(request)
    intake = get_object_or_404(intakes.everyone(), pk=pk)
    before = request.GET.get("before", "")
    rows = intakes.entries(member, pk)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: SHOWN + 1])
    context = {
        "intake": intake,
        "address": intakes.address(intake),
        "may_change": intakes.may_change(member, intake),
        "entries": found[:SHOWN],
        "older": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "edits": member.may("edit records"),
    }
    return render(request, "recruiting/intake.html", context)


@recruiters
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Set one up: on a mailbox of one's own, or, for admins, on one that is everybody's."""
    if not intakes.mailboxes(member_of(request)):
        raise Refused(
            "An intake stands on a mailbox of your own, and none of yours is connected. Connect "
            "one first; on a shared mailbox an owner or admin of your workspace can set it up."
        )
    return _form(request, Intake())


@recruiters
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one, or stop it."""
    return _form(request, _held(request, pk))


@recruiters
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it another address."""
    intake = _held(request, pk)
    intakes.rotate(intake)
    messages.success(request, f"{intake.name} takes applications at {intakes.address(intake)} now.")
    return redirect("recruiting:intake", pk)


@recruiters
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one; candidates stay."""
    intake = _held(request, pk)
    intakes.delete(intake)
    messages.success(request, f"{intake.name} was deleted. Candidates and mail stay.")
    return redirect("recruiting:intakes")


@recruiters
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Try once more to read what could not be read."""
    rights.insist_any(member_of(request), "edit", Candidate)
    handing.retry(intakes.READER)
    messages.success(request, "It is tried again.")
    return redirect("recruiting:intakes")


def _held(request: HttpRequest, pk: int) -> Intake:
    rows = intakes.everyone()
    if request.method == "POST":
        rows = rows.select_for_update(of=("self",))
    intake: Intake = get_object_or_404(rows, pk=pk)
    if not intakes.may_change(member_of(request), intake):
        raise Refused(
            "This intake is looked after by whoever owns its mailbox, and by owners and admins of "
            "your workspace. Ask one of them."
        )
    return intake


def _form(request: HttpRequest, intake: Intake) -> HttpResponse:
    member = member_of(request)
    posts = list(jobs.find(member).exclude(status="closed").order_by("sort_name", "pk")[:500])
    start = forms.filled(intake) if intake.pk else {}
    form = forms.IntakeForm(intakes.mailboxes(member), posts, request.POST or None, initial=start)
    if intake.pk:
        form.settle()
    if request.method == "POST" and form.is_valid() and _save(request, intake, form):
        messages.success(request, f"{intake.name} was saved.")
        return redirect("recruiting:intake", intake.pk)
    context: dict[str, Any] = {"form": form, "intake": intake, "judged": form.is_bound}
    status = 422 if form.is_bound else 200
    return render(request, "recruiting/intake_form.html", context, status=status)


def _save(request: HttpRequest, intake: Intake, form: forms.IntakeForm) -> bool:
    given = form.cleaned_data
    if intake.pk is None:
        intake.mailbox_id = int(given["mailbox"])
        intake.suffix = intakes.suffix() if given["address"] == forms.GENERATED else ""
        intake.created_by_id = member_of(request).user_id
        own = Intake.objects.filter(mailbox=intake.mailbox_id, suffix="")
        if not intake.suffix and own.exists():
            form.add_error("address", "Another intake has the mailbox's own address already.")
            return False
    for name in ("name", "mode", "code", "active"):
        setattr(intake, name, given[name])
    intake.job_id = int(given["job"]) if given["job"] else None
    intakes.store(intake)
    return True
