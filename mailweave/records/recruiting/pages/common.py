"""What the pages of recruiting do alike."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from mailweave.people.access import Deed, Member
from mailweave.people.member import View, member_of, members
from mailweave.records.common import rights
from mailweave.records.recruiting import candidates, jobs
from mailweave.records.recruiting.models import Application, Candidate, Job

edits = require_http_methods(["GET", "HEAD", "POST"])


def recruiters(view: View) -> View:
    """A page for members who work on recruiting; for everybody else it does not exist."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rights.entering(request, candidates.MODULE)
        return view(request, *args, **kwargs)

    return members(cast(Any, inside))


def held(
    request: HttpRequest,
    find: Callable[[Member], QuerySet[Any]],
    pk: int,
    deed: Deed = "edit",
) -> Any:
    """The row to change, held against others while this request writes; 404 if there is none, 403
    where the member may see it and no more."""
    member = member_of(request)
    rows = find(member)
    if request.method == "POST":
        rows = rows.select_for_update(of=("self",))
    row = get_object_or_404(rows, pk=pk)
    rights.insist(member, deed, row)
    return row


def application(request: HttpRequest, pk: int) -> Application:
    """An application that this request changes something about; 404 if the member may not see its
    candidate and job, 403 where they may see them and no more."""
    member = member_of(request)
    rows = Application.objects.filter(
        candidate__in=candidates.find(member).order_by().values("pk"),
        job__in=jobs.find(member).order_by().values("pk"),
    )
    rows = rows.select_related("candidate", "job")
    if request.method == "POST":
        rows = rows.select_for_update(of=("self",))
    found: Application = get_object_or_404(rows, pk=pk)
    rights.insist(member, "edit", found.candidate)
    return found


def shown(request: HttpRequest, pk: int) -> Candidate:
    """The candidate whose page is looked at, with what the member may do; 404 for one that they
    may not see."""
    found: Candidate = get_object_or_404(candidates.find(member_of(request)), pk=pk)
    _tell(request, found)
    return found


def shown_job(request: HttpRequest, pk: int) -> Job:
    """The same of a job."""
    found: Job = get_object_or_404(jobs.find(member_of(request)), pk=pk)
    _tell(request, found)
    return found


def _tell(request: HttpRequest, row: Any) -> None:
    member = member_of(request)
    row.may_edit = rights.may(member, "edit", row)
    row.may_delete = rights.may(member, "delete", row)
