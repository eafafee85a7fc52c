"""The ledger's pages: whether everything is here, by years, months and days, and what is behind a
number. Days are days in UTC, as audits count them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.mail import reading
from mailweave.mail.models import Copy, Mailbox
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import unread
from mailweave.people.member import member_of, members
from mailweave.sync import auditing, offers
from mailweave.sync import ledger as books
from mailweave.sync.ledger import Line, Unit
from mailweave.web.errors import is_partial
from mailweave.web.mailboxes import own

PAGE = 100
UNDATED = "undated"
STATES = {
    "here": (Copy.State.STORED, "Here"),
    "left-out": (Copy.State.SKIPPED, "Left out by a rule"),
    "aside": (Copy.State.STUCK, "Set aside"),
    "waiting": (Copy.State.LISTED, "Waiting"),
    "gone": (Copy.State.GONE, "Deleted at the provider"),
}
COLUMNS = ("named", "stored", "left_out", "aside", "waiting", "failing", "gone", "besides")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days as an address says it: everything, a year, a month, a day, or no day."""

    text: str
    start: date
    end: date
    inside: Unit
    above: str = ""

    @property
    def label(self) -> str:
        """What people call it."""
        formats = {4: "%Y", 7: "%B %Y", 10: "%d %B %Y"}
        if self.text == UNDATED:
            return "Day not known yet"
        return self.start.strftime(formats[len(self.text)]) if self.text else "All years"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, with the period its numbers lead to."""

    line: Line
    period: Period


@dataclass(frozen=True, slots=True)
class Entry:
    """A message behind a number; ``message`` is None if it is not stored here."""

    copy: Copy
    message: MessageView | None


@members
@require_GET
def ledger(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether everything is here: a sentence, the numbers, and what audits have found."""
    return _page(request, own(request, pk))


def _page(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    period = read(request.GET.get("period", ""))
    rows = _rows(mailbox, period)
    facts = {
        "mailbox": mailbox,
        "kind": offers.describe(mailbox.kind),
        "status": books.status(mailbox.pk),
        "period": period,
        "rows": rows,
        "total": books.total(row.line for row in rows),
        "reasons": books.reasons(mailbox.pk),
        "findings": books.findings(mailbox.pk, 20),
        "found": books.found_in_all(mailbox.pk),
        "unread": unread.of(mailbox.pk).count(),
    }
    template = "mailboxes/_ledger.html" if is_partial(request) else "mailboxes/ledger.html"
    return render(request, template, facts)


@members
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the mailbox with its provider now."""
    mailbox = own(request, pk)
    if mailbox.disconnected_at:
        raise Expected("This mailbox is disconnected. Reconnect it first.")
    auditing.want(mailbox.pk)
    messages.info(request, f"{mailbox.address} is being compared with its provider.")
    if is_partial(request):
        return _page(request, mailbox)
    return redirect("mailbox_ledger", mailbox.pk)


@members
@require_GET
def entries(request: HttpRequest, pk: int) -> HttpResponse:
    """The messages behind a number of the table."""
    mailbox = own(request, pk)
    period = read(request.GET.get("period", ""))
    name = request.GET.get("state", "")
    if name not in STATES:
        raise Http404
    state, label = STATES[name]
    start = None if period.text == UNDATED else period.start
    after = _place(request.GET.get("after", ""))
    found = books.entries(mailbox.pk, state, start, period.end, after, PAGE + 1)
    ids = {one.message_id for one in found[:PAGE] if one.message_id}
    known = {one.id: one for one in reading.messages(viewer_for(member_of(request)), ids)}
    facts = {
        "mailbox": mailbox,
        "period": period,
        "label": label,
        "state": name,
        "entries": [Entry(one, known.get(one.message_id or 0)) for one in found[:PAGE]],
        "older": _older(period, name, found[PAGE - 1]) if len(found) > PAGE else "",
    }
    return render(request, "mailboxes/ledger_messages.html", facts)


@members
@require_GET
def download(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every day as a line of CSV (RFC 4180), newest first."""
    mailbox = own(request, pk)
    lines = [*books.lines(mailbox.pk, "day"), books.undated(mailbox.pk)]
    answer = StreamingHttpResponse(_csv(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="ledger-{mailbox.pk}.csv"'
    return answer


def read(text: str) -> Period:
    """The period an address asks for; 404 for anything else."""
    if text == UNDATED:
        return Period(text, books.FIRST, books.LAST, "day")
    try:
        match len(text):
            case 0:
                return Period("", books.FIRST, books.LAST, "year")
            case 4:
                start = date.fromisoformat(f"{text}-01-01")
                return Period(text, start, _later(start, 366), "month")
            case 7:
                start = date.fromisoformat(f"{text}-01")
                return Period(text, start, _later(start, 31), "day", text[:4])
            case 10:
                start = date.fromisoformat(text)
                return Period(text, start, start + timedelta(days=1), "day", text[:7])
    except (ValueError, OverflowError):
        pass
    raise Http404


def _later(start: date, days: int) -> date:
    """The first day of the next month, or of the next year after as many days as that takes."""
    end = start + timedelta(days=days)
    return end.replace(day=1, month=1) if days > 31 else end.replace(day=1)


def _rows(mailbox: Mailbox, period: Period) -> list[Row]:
    if period.text == UNDATED:
        return [Row(books.undated(mailbox.pk), period)]
    lines = books.lines(mailbox.pk, period.inside, period.start, period.end)
    size = {"year": 4, "month": 7, "day": 10}[period.inside]
    rows = [Row(one, read(one.day.isoformat()[:size])) for one in lines if one.day]
    nowhere = books.undated(mailbox.pk)
    if not period.text and (nowhere.named or nowhere.known or nowhere.besides):
        rows.append(Row(nowhere, read(UNDATED)))
    return rows


def _older(period: Period, name: str, last: Copy) -> str:
    at = last.received_at.isoformat() if last.received_at else ""
    return "?" + urlencode({"period": period.text, "state": name, "after": f"{at}|{last.pk}"})


def _place(text: str) -> tuple[datetime, int] | None:
    at, _, number = text.partition("|")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    try:
        moment = datetime.fromisoformat(at) if at else clock.now()
    except ValueError:
        return None
    return moment, int(number)


class _Echo:
    """What csv writes to: it hands each line back."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def _csv(lines: list[Line]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield writer.writerow(["day", *COLUMNS, "balances"])
    for line in lines:
        named = [getattr(line, name) for name in COLUMNS]
        balances = {True: "yes", False: "no"}[line.balances] if line.named is not None else ""
        yield writer.writerow([line.day or UNDATED, *named, balances])
