"""Importing a file: chosen, its columns given a meaning, counted, and then watched."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.kit.errors import Expected
from mailweave.people.access import Member
from mailweave.people.member import members
from mailweave.records.common import lists, rights
from mailweave.records.crm import columns, csvfile, importing
from mailweave.records.crm.kinds import KINDS, Kind
from mailweave.records.crm.models import Import, ImportRow

SHOWN = 5
"""Rows of a preview."""
PAST = 10
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@edits
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Choose a file. What is wrong with one is said where it was chosen."""
    member = rights.entering(request, "crm")
    rights.insist_any(member, "edit", KINDS[kind].model)
    wrong = ""
    if request.method == "POST":
        try:
            made = importing.receive(kind, *_upload(request), member.user_id)
            return redirect("crm:import", made.pk)
        except Expected as error:
            wrong = str(error)
    past = _imports(member).filter(kind=kind).select_related("created_by").order_by("-pk")[:PAST]
    context = {"kind": KINDS[kind], "wrong": wrong, "past": past, "most": csvfile.MAX_ROWS}
    return render(request, "crm/import_new.html", context, status=422 if wrong else 200)


@members
@edits
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One import as it stands: what its columns mean, how far it is, or what came of it."""
    member = rights.entering(request, "crm")
    rows = _imports(member).select_related("created_by")
    if request.method == "POST":
        rows = rows.select_for_update(of=("self",))
    one = get_object_or_404(rows, pk=pk)
    wrong = _do(request, one) if request.method == "POST" else ""
    if request.method == "POST" and not wrong and "look" not in request.POST:
        return redirect("crm:import", pk)
    context = _facts(one) | {"wrong": wrong, "one": one, "kind": KINDS[one.kind]}
    context["back"] = reverse(f"crm:{KINDS[one.kind].many}")
    if "look" in request.POST and not wrong:
        context["forecast"] = importing.look(one, member)
    return _page(request, one, context)


@members
@require_safe
def report(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were not imported, each with its line and why, as CSV."""
    one = get_object_or_404(_imports(rights.entering(request, "crm")), pk=pk)
    return _download(list(importing.report(one)), f"not-imported-{pk}.csv")


@members
@require_safe
def export(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """Every record of a kind that the member may export, or those searched for, as CSV."""
    member, what = rights.entering(request, "crm"), KINDS[kind]
    rights.insist_any(member, "export", what.model)
    text = request.GET.get("q", "").strip()[:200]
    found = rights.seen(member, what.find(member, text), "export")
    return _download(_table(what, found), f"{what.many}.csv")


def _imports(member: Member) -> QuerySet[Any]:
    """The imports the member may look at, whose files speak of anybody's records: their own, and
    those of people whose records they change."""
    return rights.seen(member, Import.objects.all(), "edit")


def _page(request: HttpRequest, one: Import, context: dict[str, Any]) -> HttpResponse:
    template = "crm/import.html"
    if one.state != Import.State.MAPPING:
        part = "#progress" if request.headers.get("HX-Request-Type") == "partial" else ""
        template = f"crm/import_work.html{part}"
    response = render(request, template, context, status=422 if context["wrong"] else 200)
    response["Vary"] = "HX-Request-Type"
    return response


def _do(request: HttpRequest, one: Import) -> str:
    """What was asked for; what is wrong with it, in words."""
    try:
        if "stop" in request.POST:
            importing.stop(one)
            return ""
        importing.choose(one, request.POST.getlist("column")[: csvfile.MAX_COLUMNS])
        wrong = columns.check(one.kind, one.mapping)
        if wrong:
            return wrong
        if "start" in request.POST:
            importing.start(one)
    except Expected as error:
        return str(error)
    return ""


def _facts(one: Import) -> dict[str, Any]:
    rows = list(ImportRow.objects.filter(origin=one).order_by("line", "pk")[:SHOWN])
    offered = columns.offered(one.kind)
    width = range(len(one.columns))
    return {
        "delimiter": DELIMITERS.get(one.delimiter, one.delimiter),
        "table": [
            (
                one.columns[at],
                one.mapping[at],
                [row.cells[at] if at < len(row.cells) else "" for row in rows],
            )
            for at in width
        ],
        "offered": offered,
    }


def _upload(request: HttpRequest) -> tuple[str, bytes]:
    given: Any = request.FILES.get("file")
    if given is None:
        raise Expected("Choose a file first.")
    if given.size > csvfile.MAX_BYTES:
        raise Expected("The file is larger than 20 MB. Split it and import the parts.")
    return str(given.name), given.read()


def _table(what: Kind, found: QuerySet[Any]) -> list[list[str]]:
    """The header and a row for each record; its addresses in one cell, the primary one first."""
    fields = [(name, label) for name, label in what.fields if name != "note"]
    records = lists.active(what.book.kind, list(found.order_by("sort_name", "pk")))
    owner = f"{what.book.owner}_id"
    books: dict[int, list[str]] = {}
    owned = what.book.rows.objects.filter(**{f"{owner}__in": [one.pk for one in records]})
    for pk, kind, address in owned.order_by("pk").values_list(owner, "kind", "address"):
        many = books.setdefault(pk, [])
        many.insert(0 if kind == "primary" else len(many), address)
    header = [*(label for _, label in fields), "E-mail address", "Further addresses", "Note"]
    rows = [_row(one, fields, books.get(one.pk, [])) for one in records]
    return [[*header, "Last activity"], *rows]


def _row(record: Any, fields: list[tuple[str, str]], addresses: list[str]) -> list[str]:
    said = [_said(record, name) for name, _ in fields]
    moment = f"{timezone.localtime(record.active_at):%Y-%m-%d %H:%M}" if record.active_at else ""
    first, others = (addresses or [""])[0], ", ".join(addresses[1:])
    return [*said, first, others, record.note, moment]


def _said(record: Any, name: str) -> str:
    display = getattr(record, f"get_{name}_display", None)
    value = display() if display else getattr(record, name)
    return str(getattr(value, "name", value) or "")


def _download(rows: list[list[str]], name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(csvfile.write(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
