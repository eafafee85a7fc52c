"""What is done with applications from a candidate's page: made, moved."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from mailweave.kit.errors import Expected
from mailweave.people.member import member_of
from mailweave.records.recruiting import applications, candidates, jobs
from mailweave.records.recruiting.pages.common import application, held, recruiters


@recruiters
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a candidate applies for a job."""
    member = member_of(request)
    candidate = held(request, candidates.find, pk)
    number = request.POST.get("job", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Expected("Choose a job first. Nothing was changed.")
    job = get_object_or_404(jobs.find(member), pk=int(number))
    _, made = applications.apply(member, candidate, job)
    word = "is noted" if made else "was noted before"
    messages.success(request, f"The application of {candidate.name} for {job.name} {word}.")
    return redirect("recruiting:candidate", pk)


@recruiters
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application to another stage, and back to where that was asked for."""
    row = application(request, pk)
    before = applications.move(member_of(request), row, request.POST.get("stage", ""))
    if before != row.stage:
        who, now = row.candidate.name, row.get_stage_display()
        messages.success(request, f"{who}, {row.job.name}: {now}.")
    if request.POST.get("back") == "job":
        return redirect("recruiting:job", row.job_id)
    return redirect("recruiting:candidate", row.candidate_id)
