"""Applications that wait for a person: taken in, added to somebody, dismissed, and undone."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailweave.kit.errors import Expected
from mailweave.mail import reading
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of
from mailweave.records.common import rights
from mailweave.records.recruiting import candidates, intakes, jobs, reviewing
from mailweave.records.recruiting.forms.intake import ApplicantForm, of_entry
from mailweave.records.recruiting.models import Candidate, IntakeEntry, Job
from mailweave.records.recruiting.pages.common import held, recruiters

SHOWN = 50
FOUND = 8


@recruiters
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The queue, the newest first."""
    member = member_of(request)
    rows = list(intakes.waiting(member)[:SHOWN])
    _look(member, rows)
    context = {"entries": rows, "edits": member.may("edit records")}
    return render(request, "recruiting/review.html", context)


@recruiters
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: who applies for what, and the candidates it may belong to."""
    member = member_of(request)
    entry = get_object_or_404(intakes.entries(member), pk=pk)
    form = ApplicantForm(_jobs(member), initial=of_entry(entry))
    return _page(request, entry, form)


@recruiters
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it in, as the form says or, from the queue, as it is."""
    member, entry = _held(request, pk)
    if "name" in request.POST:
        form = ApplicantForm(_jobs(member), request.POST)
        if not form.is_valid():
            return _page(request, entry, form)
        given = form.cleaned_data
        entry.name, entry.address = given["name"], given["address"]
        entry.job = Job.objects.get(pk=given["job"]) if given["job"] else None
    candidate = reviewing.accept(member, entry)
    return _done(request, entry, f"{candidate.name} is a candidate.")


@recruiters
@require_POST
def join(request: HttpRequest, pk: int) -> HttpResponse:
    """Add it to a candidate there is."""
    member, entry = _held(request, pk)
    number = request.POST.get("candidate", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Expected("Choose a candidate first. Nothing was changed.")
    candidate = held(request, candidates.find, int(number))
    reviewing.join(member, entry, candidate)
    return _done(request, entry, f"It was added to {candidate.name}.")


@recruiters
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Make nothing of it."""
    member, entry = _held(request, pk)
    reviewing.dismiss(member, entry)
    return _done(request, entry, "Dismissed. The mail stays where it is.")


@recruiters
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it wait again."""
    _, entry = _held(request, pk)
    reviewing.undo(entry)
    messages.success(request, "It waits for a decision again.")
    return redirect("recruiting:review")


def _held(request: HttpRequest, pk: int) -> tuple[Member, IntakeEntry]:
    member = member_of(request)
    if not intakes.entries(member).filter(pk=pk).exists():
        raise Http404
    rights.insist_any(member, "edit", Candidate)
    entry = reviewing.hold(pk)
    if entry is None:
        raise Http404
    return member, entry


def _done(request: HttpRequest, entry: IntakeEntry, said: str) -> HttpResponse:
    messages.success(request, said, extra_tags=reverse("recruiting:entry-undo", args=[entry.pk]))
    return redirect("recruiting:review")


def _page(request: HttpRequest, entry: IntakeEntry, form: ApplicantForm) -> HttpResponse:
    member = member_of(request)
    text = request.GET.get("q", "").strip()[:200]
    found = candidates.find(member, text or entry.name or entry.address)
    _look(member, [entry])
    context: dict[str, Any] = {
        "entry": entry,
        "form": form,
        "text": text,
        "found": found.order_by("sort_name", "pk")[:FOUND] if text or entry.name else [],
        "edits": member.may("edit records"),
        "judged": form.is_bound,
    }
    status = 422 if form.is_bound else 200
    return render(request, "recruiting/entry.html", context, status=status)


def _look(member: Member, rows: list[Any]) -> None:
    """Give each entry ``seen``: its message, as far as this member may see it, or None."""
    ids = [one.message_id for one in rows]
    seen = {one.id: one for one in reading.messages(viewer_for(member), ids)}
    for one in rows:
        one.seen = seen.get(one.message_id)


def _jobs(member: Member) -> list[Job]:
    return list(jobs.find(member).exclude(status="closed").order_by("sort_name", "pk")[:500])
