"""The Interview tab: a list of conversations, planned and past."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from mailweave.people.member import member_of
from mailweave.records.recruiting import applications, candidates, interviews
from mailweave.records.recruiting.forms.evaluation import InterviewForm, of_interview
from mailweave.records.recruiting.models import Candidate, Interview
from mailweave.records.recruiting.pages.common import edits, held, recruiters, shown


@recruiters
@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """A candidate's interviews, the newest first."""
    member = member_of(request)
    context = {
        "candidate": shown(request, pk),
        "interviews": interviews.of_candidate(member, pk),
        "applications": applications.of_candidate(member, pk),
        "tab": "interview",
    }
    return render(request, "recruiting/interviews.html", context)


@recruiters
@edits
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan an interview."""
    return _form(request, held(request, candidates.find, pk), Interview())


@recruiters
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an interview, say what came of it, or take it off the list."""
    interview = get_object_or_404(Interview.objects.select_related("application__job"), pk=pk)
    candidate = held(request, candidates.find, interview.application.candidate_id)
    if "delete" in request.POST:
        interviews.delete(member_of(request), interview)
        messages.success(request, "The interview was taken off the list.")
        return redirect("recruiting:candidate-interview", candidate.pk)
    return _form(request, candidate, interview)


def _form(request: HttpRequest, candidate: Candidate, interview: Interview) -> HttpResponse:
    member = member_of(request)
    rows = applications.of_candidate(member, candidate.pk)
    people = interviews.interviewers(interview.pk) if interview.pk else []
    start = of_interview(interview, people, member.time_zone)
    form = InterviewForm(rows, request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        _save(request, interview, form)
        messages.success(request, "The interview was saved.")
        return redirect("recruiting:candidate-interview", candidate.pk)
    context = {
        "form": form,
        "interview": interview,
        "candidate": shown(request, candidate.pk),
        "judged": form.is_bound,
        "tab": "interview",
    }
    status = 422 if form.is_bound else 200
    return render(request, "recruiting/interview_form.html", context, status=status)


def _save(request: HttpRequest, interview: Interview, form: InterviewForm) -> None:
    given = form.cleaned_data
    for name in ("kind", "time_zone", "minutes", "place", "outcome", "note"):
        setattr(interview, name, given[name])
    interview.application_id = int(given["application"])
    interview.starts_at = form.starts_at()
    if interview.pk is None:
        interview.created_by_id = member_of(request).user_id
    interviews.store(member_of(request), interview, [int(one) for one in given["people"]])
