"""The Resume tab: files uploaded, fetched, read, handed out and deleted."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from mailweave.kit.downloads import guard
from mailweave.kit.errors import Expected
from mailweave.people.member import member_of
from mailweave.records.recruiting import candidates, fetching, resumes
from mailweave.records.recruiting.models import Candidate, ResumeFile, WantedFile
from mailweave.records.recruiting.pages.common import edits, held, recruiters, shown


@recruiters
@edits
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """A candidate's files with their text; a file that is posted is kept, or refused with why."""
    wrong = ""
    if request.method == "POST":
        candidate = held(request, candidates.find, pk)
        try:
            kept = resumes.keep(candidate, *_upload(request), member=member_of(request))
        except Expected as error:
            wrong = str(error)
        else:
            messages.success(request, f"{kept.name} was kept. Its text is read in a moment.")
            return redirect("recruiting:candidate-resume", pk)
    return _page(request, shown(request, pk), wrong)


@recruiters
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it came, to be saved and never shown here."""
    row = get_object_or_404(ResumeFile, pk=pk)
    shown(request, row.candidate_id)
    kind = "application/pdf" if row.kind == row.Kind.PDF else "application/octet-stream"
    answer = HttpResponse(bytes(row.data), content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    answer["Cache-Control"] = "private, no-store"
    return guard(answer)


@recruiters
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a file."""
    row = get_object_or_404(ResumeFile.objects.defer("data"), pk=pk)
    held(request, candidates.find, row.candidate_id)
    resumes.delete(row, member_of(request))
    messages.success(request, f"{row.name} was deleted.")
    return redirect("recruiting:candidate-resume", row.candidate_id)


@recruiters
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more for an attachment that was not fetched or not kept."""
    row = get_object_or_404(WantedFile, pk=pk)
    held(request, candidates.find, row.candidate_id)
    fetching.again(row)
    messages.success(request, f"{row.name} is asked for again.")
    return redirect("recruiting:candidate-resume", row.candidate_id)


def _page(request: HttpRequest, candidate: Candidate, wrong: str) -> HttpResponse:
    files = list(resumes.of(candidate.pk))
    wanted = fetching.of(candidate.pk)
    waits = any(one.state == "waiting" for one in (*files, *wanted))
    context: dict[str, Any] = {
        "candidate": candidate,
        "files": files,
        "wanted": wanted,
        "waits": waits,
        "topic": resumes.topic(candidate.pk),
        "megabytes": settings.RESUME_BYTES // 2**20,
        "wrong": wrong,
        "tab": "resume",
    }
    part = "#files" if request.headers.get("HX-Request-Type") == "partial" else ""
    template = f"recruiting/resume.html{part}"
    response = render(request, template, context, status=422 if wrong else 200)
    response["Vary"] = "HX-Request-Type"
    return response


def _upload(request: HttpRequest) -> tuple[str, bytes]:
    given: Any = request.FILES.get("file")
    if given is None:
        raise Expected("Choose a file first.")
    if given.size > settings.RESUME_BYTES:
        raise Expected(f"The file is larger than {settings.RESUME_BYTES // 2**20} MB.")
    return str(given.name), given.read()
