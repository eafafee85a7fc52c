"""What the pages of record modules do alike."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from mailweave.people.access import Deed, Member
from mailweave.people.member import member_of
from mailweave.people.models import Scope
from mailweave.records.common import lists, rights


def listing(
    request: HttpRequest,
    template: str,
    find: Callable[[str], QuerySet[Any]],
    kind: str,
    *,
    prepare: Callable[[list[Any]], None] | None = None,
    **extra: Any,
) -> HttpResponse:
    """A searched page of a list; only its rows when htmx asks for a part.

    ``find`` knows who asks. ``prepare`` gives the rows of the page what their lines show besides;
    ``extra`` is for the template.
    """
    text = request.GET.get("q", "").strip()[:200]
    sort = "active" if request.GET.get("sort") == "active" else ""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    if sort:
        page = lists.newest(kind, find(text), after=after, before=before)
    else:
        page = lists.page(find(text), after=after, before=before)
    lists.active(kind, page.rows)
    if prepare:
        prepare(list(page.rows))
    part = "#found" if request.headers.get("HX-Request-Type") == "partial" else ""
    member, model = member_of(request), find("").model
    facts = {
        "page": page,
        "text": text,
        "sort": sort,
        "may_add": rights.may_add(member, model),
        "may_export": rights.reach(member, "export", model).scope != Scope.NONE,
        **extra,
    }
    response = render(request, template + part, facts)
    response["Vary"] = "HX-Request-Type"
    return response


def held(model: Any, pk: int, request: HttpRequest, deed: Deed = "edit") -> Any:
    """The row to change or delete, held against others while this request writes.

    404 if there is none that the member sees; Refused, in words, if it is not theirs to change.
    """
    member = member_of(request)
    rows = rights.seen(member, model.objects.all())
    if request.method == "POST":
        rows = rows.select_for_update(of=("self",))
    row = get_object_or_404(rows, pk=pk)
    rights.insist(member, deed, row)
    return row


def onward(member: Member, row: Any, page: str, many: str) -> HttpResponse:
    """To the page of a record that was saved; to the list if it is somebody else's now, and not
    for this member to see."""
    return redirect(page, row.pk) if rights.may(member, "see", row) else redirect(many)


def form_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The form as it stands: 422 if it was sent and had errors."""
    wrong = request.method == "POST" and context.get("judged", True)
    return render(request, template, context, status=422 if wrong else 200)


def deletion(
    request: HttpRequest,
    row: Any,
    delete: Callable[[Any], None],
    back: str,
    *,
    goes: str,
    stays: str,
) -> HttpResponse:
    """Ask before deleting: what goes, what stays. Then do it and go ``back`` to the list.

    The page is ``delete.html`` of the module that ``back`` names.
    """
    if request.method == "POST":
        delete(row)
        messages.success(request, f"{row.name} was deleted.")
        return redirect(back)
    template = f"{back.partition(':')[0]}/delete.html"
    return render(request, template, {"row": row, "back": back, "goes": goes, "stays": stays})
