"""Pages of jobs."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from mailweave.kit.errors import Expected
from mailweave.people.member import member_of, require
from mailweave.records.common.pages import deletion, form_page, listing
from mailweave.records.recruiting import applications, jobs
from mailweave.records.recruiting.forms import job as forms
from mailweave.records.recruiting.models import Application, Job
from mailweave.records.recruiting.pages.common import edits, held, recruiters, shown_job


@recruiters
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All jobs, those of a status, or those that were searched for."""
    member = member_of(request)
    status = request.GET.get("status", "")
    status = status if status in Job.Status.values else ""
    return listing(
        request,
        "recruiting/jobs.html",
        lambda text: jobs.find(member, text, status=status),
        jobs.KIND,
        prepare=jobs.count,
        status=status,
        statuses=Job.Status.choices,
        adds=member.may("edit records"),
    )


@recruiters
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One job, with its candidates stage by stage."""
    member = member_of(request)
    job = shown_job(request, pk)
    found = applications.of_job(member, pk)
    stages = [(label, found[value]) for value, label in Application.Stage.choices]
    return render(request, "recruiting/job.html", {"job": job, "stages": stages})


@recruiters
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a job."""
    require(request, "edit records")
    return _form(request, Job())


@recruiters
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a job."""
    return _form(request, held(request, jobs.find, pk))


@recruiters
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a job, once confirmed."""
    return deletion(
        request,
        held(request, jobs.find, pk, "delete"),
        jobs.delete,
        "recruiting:jobs",
        goes="The job, the applications for it with their scorecards and interviews, and mail "
        "links made to it by hand.",
        stays="The candidates with their résumés; all mail.",
    )


def _form(request: HttpRequest, job: Job) -> HttpResponse:
    form = forms.JobForm(request.POST or None, initial=forms.filled(job))
    if request.method == "POST" and form.is_valid() and _save(job, form):
        messages.success(request, f"{job.name} was saved.")
        return redirect("recruiting:job", job.pk)
    context: dict[str, Any] = {"form": form, "job": job, "judged": form.is_bound}
    return form_page(request, "recruiting/job_form.html", context)


def _save(job: Job, form: forms.JobForm) -> bool:
    """Whether it was saved; else the form says what was wrong."""
    for name in forms.FIELDS:
        setattr(job, name, form.cleaned_data[name])
    job.owner_id = form.cleaned_data["owner"]
    try:
        jobs.store(job)
    except Expected as error:
        form.add_error("code", str(error))
        return False
    return True
