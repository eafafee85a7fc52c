"""Merging: what may be the same, both side by side, one of each field."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from mailweave.kit.errors import Expected
from mailweave.people.access import Member
from mailweave.people.member import members
from mailweave.records.common import merging as sides
from mailweave.records.common import rights
from mailweave.records.common.pages import onward
from mailweave.records.crm import merging
from mailweave.records.crm.kinds import KINDS, Kind

OFFERED = 8


@members
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, kind: str) -> HttpResponse:
    """What may be the same; two or more that were picked, side by side; or, sent, one of them."""
    member, what = rights.entering(request, "crm"), KINDS[kind]
    rights.insist_any(member, "edit", what.model)
    given = request.POST if request.method == "POST" else request.GET
    wanted = sides.picked(given, merging.MOST)
    known = what.find(member, "").in_bulk(wanted)
    records = [known[pk] for pk in wanted if pk in known]
    if request.method == "POST":
        if len(records) != len(wanted):
            raise Http404
        return _merge(request, what, wanted, member)
    if len(records) >= 2:
        return _compare(request, what, records)
    return _pick(request, what, records, member)


def leads_to(kind: str, pk: int, member: Member) -> HttpResponse:
    """Where the page of a record leads that was merged into another; 404 for any other."""
    into = merging.survivor_of(KINDS[kind], pk, member) if pk < 2**63 else None
    if into is None:
        raise Http404
    return redirect(f"crm:{kind}", into)


def _merge(request: HttpRequest, what: Kind, wanted: list[int], member: Member) -> HttpResponse:
    into = sides.number(request.POST.get("into", ""))
    if into not in wanted:
        raise Http404
    chosen = sides.chosen(what.fields, request.POST)
    record = merging.merge(what, into, wanted, chosen, member)
    messages.success(request, f"Merged into {record.name}. All of the mail is here.")
    return onward(member, record, f"crm:{what.name}", f"crm:{what.many}")


def _compare(request: HttpRequest, what: Kind, records: list[Any]) -> HttpResponse:
    if len(records) > merging.MOST:
        raise Expected(f"At most {merging.MOST} records can be merged at once.")
    first = records[0].pk
    rows = sides.choices(what.fields, records)
    books = [(record, what.book.of(record.pk)) for record in records]
    context = {"kind": what, "records": books, "rows": rows, "first": first}
    return render(request, "crm/merge.html", context)


def _pick(request: HttpRequest, what: Kind, records: list[Any], member: Member) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:200]
    start = records[0] if records else None
    picked = [record.pk for record in records]
    found = list(
        what.find(member, text).exclude(pk__in=picked).order_by("sort_name", "pk")[:OFFERED]
    )
    context = {
        "kind": what,
        "start": start,
        "text": text,
        "found": found if text else [],
        "alike": merging.alike(what, start, member) if start else [],
        "groups": [] if start else merging.duplicates(what, member),
        "here": reverse(f"crm:{what.name}-merge"),
        "back": reverse(f"crm:{what.many}"),
    }
    return render(request, "crm/merge_pick.html", context)
