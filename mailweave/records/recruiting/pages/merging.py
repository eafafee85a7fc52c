"""Merging candidates: who may be the same person, side by side, one of each field."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mailweave.kit.errors import Expected
from mailweave.people.access import Member
from mailweave.people.member import member_of
from mailweave.records.common import merging as sides
from mailweave.records.common import rights
from mailweave.records.common.pages import onward
from mailweave.records.recruiting import candidates, merging
from mailweave.records.recruiting.models import Candidate
from mailweave.records.recruiting.pages.common import edits, recruiters

OFFERED = 8


@recruiters
@edits
def merge(request: HttpRequest) -> HttpResponse:
    """Who may be the same; two or more that were picked, side by side; or, sent, one of them."""
    member = member_of(request)
    rights.insist_any(member, "edit", Candidate)
    given = request.POST if request.method == "POST" else request.GET
    wanted = sides.picked(given, merging.MOST)
    known = candidates.find(member).in_bulk(wanted)
    rows = [known[pk] for pk in wanted if pk in known]
    if request.method == "POST":
        if len(rows) != len(wanted):
            raise Http404
        return _merge(request, wanted, member)
    if len(rows) >= 2:
        return _compare(request, rows)
    return _pick(request, rows, member)


def leads_to(pk: int, member: Member) -> HttpResponse:
    """Where the page of a candidate leads who was merged into another; 404 for any other."""
    into = merging.survivor_of(pk, member) if pk < 2**63 else None
    if into is None:
        raise Http404
    return redirect("recruiting:candidate", into)


def _merge(request: HttpRequest, wanted: list[int], member: Member) -> HttpResponse:
    into = sides.number(request.POST.get("into", ""))
    if into not in wanted:
        raise Http404
    chosen = sides.chosen(merging.FIELDS, request.POST)
    row = merging.merge(into, wanted, chosen, member)
    messages.success(request, f"Merged into {row.name}. Everything of them is here.")
    return onward(member, row, "recruiting:candidate", "recruiting:candidates")


def _compare(request: HttpRequest, rows: list[Candidate]) -> HttpResponse:
    if len(rows) > merging.MOST:
        raise Expected(f"At most {merging.MOST} candidates can be merged at once.")
    books = [(row, candidates.addresses(row.pk)) for row in rows]
    choices = sides.choices(merging.FIELDS, rows)
    context = {"candidates": books, "rows": choices, "first": rows[0].pk}
    return render(request, "recruiting/merge.html", context)


def _pick(request: HttpRequest, rows: list[Candidate], member: Member) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:200]
    start = rows[0] if rows else None
    found = candidates.find(member, text).exclude(pk__in=[row.pk for row in rows])
    context = {
        "start": start,
        "text": text,
        "found": list(found.order_by("sort_name", "pk")[:OFFERED]) if text else [],
        "alike": merging.alike(start, member) if start else [],
        "groups": [] if start else merging.duplicates(member),
    }
    return render(request, "recruiting/merge_pick.html", context)
