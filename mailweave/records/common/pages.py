"""What the pages of record modules do alike."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from mailweave.people.member import require
from mailweave.records.common import lists


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

    ``prepare`` gives the rows of the page what their lines show besides; ``extra`` is for the
    template.
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
    context = {"page": page, "text": text, "sort": sort, **extra}
    response = render(request, template + part, context)
    response["Vary"] = "HX-Request-Type"
    return response


def held(model: Any, pk: int, request: HttpRequest) -> Any:
    """The row to change, held against others while this request writes; 404 if there is none."""
    require(request, "edit records")
    rows = model.objects.all()
    if request.method == "POST":
        rows = rows.select_for_update(of=("self",))
    return get_object_or_404(rows, pk=pk)


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
