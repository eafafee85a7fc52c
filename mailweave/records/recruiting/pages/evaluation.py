"""The Evaluation tab: scorecards, one of each evaluator for an application."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from mailweave.people.member import member_of
from mailweave.records.recruiting import evaluation
from mailweave.records.recruiting.forms.evaluation import ScorecardForm, of_card
from mailweave.records.recruiting.pages.common import application, edits, recruiters, shown


@recruiters
@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """The scorecards of a candidate's applications, as far as the member may see them yet."""
    candidate = shown(request, pk)
    sheets = evaluation.sheets(member_of(request), pk)
    context = {"candidate": candidate, "sheets": sheets, "tab": "evaluation"}
    return render(request, "recruiting/evaluation.html", context)


@recruiters
@edits
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own scorecard for an application."""
    member = member_of(request)
    row = application(request, pk)
    criteria = evaluation.criteria(row.job)
    mine = next(
        one.mine
        for one in evaluation.sheets(member, row.candidate_id)
        if one.application.pk == row.pk
    )
    form = ScorecardForm(criteria, request.POST or None, initial=of_card(criteria, mine))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        evaluation.submit(member, row, form.points(), given["recommendation"], given["comment"])
        messages.success(request, "Your scorecard was saved.")
        return redirect("recruiting:candidate-evaluation", row.candidate_id)
    context = {
        "form": form,
        "asked": [form[f"points_{at}"] for at in range(len(criteria))],
        "application": row,
        "candidate": shown(request, row.candidate_id),
        "judged": form.is_bound,
        "tab": "evaluation",
    }
    status = 422 if form.is_bound else 200
    return render(request, "recruiting/scorecard.html", context, status=status)
