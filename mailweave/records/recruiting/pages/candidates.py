"""Pages of candidates: the list, the overview, and the form."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailweave.people.member import member_of, require
from mailweave.records.common import address_forms
from mailweave.records.common.pages import deletion, form_page, listing
from mailweave.records.recruiting import applications, candidates, intakes, jobs
from mailweave.records.recruiting.forms import candidate as forms
from mailweave.records.recruiting.models import Application, Candidate, Job
from mailweave.records.recruiting.pages.common import edits, held, recruiters, shown
from mailweave.records.recruiting.pages.merging import leads_to


@recruiters
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All candidates, those at a stage, or those that were searched for."""
    member = member_of(request)
    stage = request.GET.get("stage", "")
    stage = stage if stage in Application.Stage.values else ""
    return listing(
        request,
        "recruiting/candidates.html",
        lambda text: candidates.find(member, text, stage=stage),
        candidates.KIND,
        prepare=lambda rows: applications.latest(rows, member),
        stage=stage,
        stages=Application.Stage.choices,
        adds=member.may("edit records"),
        waiting=intakes.waiting(member).count(),
    )


@recruiters
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Who a candidate is, and the jobs they have applied for."""
    member = member_of(request)
    if not candidates.find(member).filter(pk=pk).exists():
        return leads_to(pk, member)
    candidate = shown(request, pk)
    rows = candidates.addresses(pk)
    applied = applications.of_candidate(member, pk)
    open_jobs = jobs.find(member, status=Job.Status.OPEN).order_by("sort_name", "pk")
    context = {
        "candidate": candidate,
        "addresses": rows,
        "shared": candidates.sharing(member, pk, [row.address for row in rows]),
        "applications": applied,
        "open_jobs": open_jobs.exclude(pk__in=[one.job_id for one in applied])[:100],
        "tab": "overview",
    }
    return render(request, "recruiting/candidate.html", context)


@recruiters
@require_safe
def email(request: HttpRequest, pk: int) -> HttpResponse:
    """All mail with a candidate."""
    context = {"candidate": shown(request, pk), "tab": "email"}
    return render(request, "recruiting/email.html", context)


@recruiters
@require_safe
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that happened with a candidate, newest first."""
    context = {"candidate": shown(request, pk), "tab": "timeline"}
    return render(request, "recruiting/timeline.html", context)


@recruiters
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a candidate; a name, an address and a job may be named in the address."""
    require(request, "edit records")
    name = request.GET.get("name", "").replace("\0", "")[:200]
    address = request.GET.get("address", "").replace("\0", "")[:320]
    given = {"name": name, "job": request.GET.get("job", "")}
    return _form(request, Candidate(), given, [address] if address else [])


@recruiters
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a candidate; changed addresses link stored mail anew at once."""
    candidate = held(request, candidates.find, pk)
    stored = [row.address for row in candidates.addresses(pk)]
    return _form(request, candidate, forms.filled(candidate), stored)


@recruiters
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a candidate, once confirmed."""
    return deletion(
        request,
        held(request, candidates.find, pk, "delete"),
        candidates.delete,
        "recruiting:candidates",
        goes="The candidate with addresses, note, résumés, scorecards, interviews and references, "
        "and the links between them and mail.",
        stays="All mail, here and at your provider; the jobs.",
    )


def _form(
    request: HttpRequest, candidate: Candidate, initial: dict[str, Any], stored: list[str]
) -> HttpResponse:
    member = member_of(request)
    offered = [] if candidate.pk else list(jobs.find(member, status=Job.Status.OPEN)[:200])
    if request.method != "POST":
        rows, form = address_forms.show(stored), forms.CandidateForm(offered, initial=initial)
    elif "add" in request.POST:
        rows = address_forms.more(request.POST)
        form = forms.CandidateForm(offered, initial=request.POST.dict())
    else:
        rows = address_forms.read(request.POST)
        form = forms.CandidateForm(offered, request.POST)
        if form.is_valid() and not any(row.error for row in rows):
            return _save(request, candidate, form, address_forms.good(rows))
    context = {"form": form, "rows": rows, "candidate": candidate, "judged": form.is_bound}
    return form_page(request, "recruiting/candidate_form.html", context)


def _save(
    request: HttpRequest, candidate: Candidate, form: forms.CandidateForm, given: list[str]
) -> HttpResponse:
    for name in forms.FIELDS:
        setattr(candidate, name, form.cleaned_data[name])
    candidate.owner_id = form.cleaned_data["owner"]
    candidates.store(candidate, given)
    if form.cleaned_data.get("job"):
        job = Job.objects.get(pk=form.cleaned_data["job"])
        applications.apply(member_of(request), candidate, job)
    messages.success(request, f"{candidate.name} was saved.")
    for row in candidates.sharing(member_of(request), candidate.pk, given):
        messages.warning(request, f"{row.address} also belongs to {row.candidate.name}.")
    return redirect(reverse("recruiting:candidate", args=[candidate.pk]))
