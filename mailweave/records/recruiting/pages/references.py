"""The References tab: who can speak for a candidate."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from mailweave.people.member import member_of
from mailweave.records.recruiting import candidates, references
from mailweave.records.recruiting.forms.evaluation import REFERENCE, ReferenceForm, of_reference
from mailweave.records.recruiting.models import Candidate, Reference
from mailweave.records.recruiting.pages.common import edits, held, recruiters, shown


@recruiters
@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """A candidate's references."""
    context = {
        "candidate": shown(request, pk),
        "references": references.of(pk),
        "tab": "references",
    }
    return render(request, "recruiting/references.html", context)


@recruiters
@edits
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Name one."""
    candidate = held(request, candidates.find, pk)
    return _form(request, candidate, Reference(candidate=candidate))


@recruiters
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one, or take it off the list."""
    reference = get_object_or_404(Reference, pk=pk)
    candidate = held(request, candidates.find, reference.candidate_id)
    if "delete" in request.POST:
        references.delete(member_of(request), reference)
        messages.success(request, f"The reference of {reference.name} was taken off the list.")
        return redirect("recruiting:candidate-references", candidate.pk)
    return _form(request, candidate, reference)


def _form(request: HttpRequest, candidate: Candidate, reference: Reference) -> HttpResponse:
    form = ReferenceForm(request.POST or None, initial=of_reference(reference))
    if request.method == "POST" and form.is_valid():
        for name in REFERENCE:
            setattr(reference, name, form.cleaned_data[name])
        references.store(member_of(request), reference)
        messages.success(request, f"The reference of {reference.name} was saved.")
        return redirect("recruiting:candidate-references", candidate.pk)
    context = {
        "form": form,
        "reference": reference,
        "candidate": shown(request, candidate.pk),
        "judged": form.is_bound,
        "tab": "references",
    }
    status = 422 if form.is_bound else 200
    return render(request, "recruiting/reference_form.html", context, status=status)
