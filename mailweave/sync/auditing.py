"""The standing audit: what the provider says there is, compared with what we have.

Once a day, and when somebody asks, every id of a mailbox is listed again, page by page. What we do
not know is fetched, what we have and the listing did not name is asked about, and every difference
that no news explains is kept as a finding: drift. Each page is one transaction, so that an audit
goes on where it stopped; it comes after everything else, and no cursor moves by it.

The provider's numbers are counted from its own pages (``AuditDay``), never from our rows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mailweave.kit import clock, live, sql
from mailweave.mail.models import Copy, Mailbox
from mailweave.providers.base import Listed, Page, Window
from mailweave.providers.errors import CursorExpired
from mailweave.sync import backfill, deletions, listing
from mailweave.sync import filter as rules
from mailweave.sync.hands import Hands
from mailweave.sync.models import Audit, AuditDay, Finding, Sync

QUERIES = sql.load("mailweave.sync", "auditing")
EVERY = timedelta(days=1)
BATCH = 1000
"""Candidates to a transaction."""

PARTS: dict[str, frozenset[str]] = {
    "rest": frozenset(),
    "junk": frozenset({"junk"}),
    "trash": frozenset({"trash"}),
}
"""What is listed after the followed folders, by the roles asked for. A copy that was moved is found
here, so that only what the provider really lacks must be asked about one by one."""

What = Finding.What


@dataclass(frozen=True, slots=True)
class _Known:
    """What we have of a message that a page named."""

    state: str
    reason: str
    received_at: datetime | None
    listing: int
    was_stored: bool


def want(mailbox_id: int) -> None:
    """Somebody wants to know whether everything is here: audit as soon as nothing else waits."""
    sync = Sync.objects.get(mailbox_id=mailbox_id)
    Sync.objects.filter(pk=sync.pk).update(audit_at=None)
    backfill.wake(sync)
    _tell(mailbox_id)


def running(mailbox_id: int) -> Audit | None:
    """The audit that has not ended, if any."""
    return Audit.objects.filter(mailbox_id=mailbox_id, ended_at=None).first()


def latest(mailbox_id: int) -> Audit | None:
    """The last audit that came to its end, if any."""
    done = Audit.objects.filter(mailbox_id=mailbox_id, state=Audit.State.DONE)
    return done.order_by("-pk").first()


def step(hands: Hands, sync: Sync) -> None:
    """Do the next piece of the audit under way, or begin one."""
    with hands.transaction():
        audit = running(hands.mailbox_id)
        since = backfill.covered(Mailbox.objects.get(pk=hands.mailbox_id))
    if audit is None:
        _begin(hands, since)
    elif _is_overtaken(audit, hands, sync, since):
        _drop(hands, audit)
    elif audit.state == Audit.State.LISTING:
        _list_page(hands, audit)
    elif audit.state == Audit.State.FOLLOWING:
        _follow(hands, sync, audit)
    else:
        _confirm(hands, audit)


def _begin(hands: Hands, since: datetime | None) -> None:
    with hands.transaction():
        row = Sync.objects.get(pk=hands.sync_id)
        row.listing += 1
        row.save(update_fields=["listing"])
        Audit.objects.create(
            mailbox_id=hands.mailbox_id,
            number=row.listing,
            since=since,
            roles=sorted(hands.followed),
            started_at=clock.now(),
        )
        _tell(hands.mailbox_id)


def _is_overtaken(audit: Audit, hands: Hands, sync: Sync, since: datetime | None) -> bool:
    """Whether another listing began, or another range or other folders were chosen."""
    scope_now = (sync.listing, since, sorted(hands.followed))
    return scope_now != (audit.number, audit.since, audit.roles)


def _drop(hands: Hands, audit: Audit) -> None:
    """End it without a verdict; the next one begins at once."""
    with hands.transaction():
        Finding.objects.filter(audit=audit, confirmed_at=None).delete()
        AuditDay.objects.filter(audit=audit).delete()
        Audit.objects.filter(pk=audit.pk).update(state=Audit.State.DROPPED, ended_at=clock.now())
        _tell(hands.mailbox_id)


def _list_page(hands: Hands, audit: Audit) -> None:
    """Count a page of ids, mark what we know of them, note what we do not."""
    roles = PARTS.get(audit.part, frozenset(audit.roles))
    try:
        page = hands.reader.page(Window(audit.since, roles), audit.page_token or None)  # type: ignore[arg-type]
    except CursorExpired:
        _drop(hands, audit)
        return
    with hands.transaction():
        _take_over(audit, page)
        audit.page_token = page.next_token or ""
        if page.next_token is None:
            _next_part(hands, audit)
        audit.save()
        _tell(hands.mailbox_id)


def _take_over(audit: Audit, page: Page) -> None:
    known = _known(audit, page.listed)
    noted, counted, outside = [], [], []
    for one in {one.remote_id: one for one in page.listed}.values():
        row = known.get(one.remote_id)
        what = _sort(audit, row)
        if isinstance(what, What):
            noted.append((one, row, what))
        elif what == "count" and row:
            counted.append((one.remote_id, row.received_at))
        elif what == "outside":
            outside.append(one.remote_id)
    listing.mark(audit.mailbox_id, [one for one, _ in counted], audit.number)
    _count(audit, [at for _, at in counted])
    _note(audit, [(one, row.received_at if row else None, what) for one, row, what in noted])
    if audit.part != "followed":
        candidates = Finding.objects.filter(audit=audit, remote_id__in=outside)
        field = "unfollowed" if audit.part == "rest" else audit.part
        setattr(audit, field, getattr(audit, field) + len(outside) - candidates.count())


def _sort(audit: Audit, row: _Known | None) -> What | str:
    """What a named message is: counted, noted for later, outside of what is followed, or told."""
    is_followed = audit.part == "followed"
    if row is None:
        return What.UNKNOWN if is_followed else "outside"
    if row.listing >= audit.number:
        return "told"
    if row.state == Copy.State.GONE and (is_followed or row.was_stored):
        return What.GONE
    if row.state in {Copy.State.SKIPPED, Copy.State.GONE} and not is_followed:
        return "outside"
    if row.state == Copy.State.SKIPPED and row.reason in rules.PLACES:
        return What.SKIPPED
    if row.state == Copy.State.LISTED or row.received_at is None:
        return What.NAMED
    return "count"


def _next_part(hands: Hands, audit: Audit) -> None:
    """Go on to the next part; after the last, ask for a round of changes."""
    parts = ["followed", *PARTS] if audit.roles else ["followed", "junk", "trash"]
    left = parts[parts.index(audit.part) + 1 :]
    if left:
        audit.part = left[0]
        return
    audit.state, audit.listed_at = Audit.State.FOLLOWING, clock.now()
    Sync.objects.filter(pk=hands.sync_id, wanted_at=None).update(wanted_at=audit.listed_at)


def _follow(hands: Hands, sync: Sync, audit: Audit) -> None:
    """Once a round of changes that began after the listing is over, what it did not explain is
    drift, and is fetched."""
    if sync.polled_at is None or audit.listed_at is None or sync.polled_at < audit.listed_at:
        with hands.transaction():
            Sync.objects.filter(pk=hands.sync_id).update(wanted_at=clock.now())
        return
    with hands.transaction():
        rows = sql.run(QUERIES["candidates"], audit=audit.pk, limit=BATCH)
        if not rows:
            audit.state = Audit.State.CONFIRMING
            sql.run(QUERIES["mark_found"], **_asked(audit))
        drift = [Listed(*row[:3]) for row in rows if _differs(row[3], row[4])]
        findings = Finding.objects.filter(audit=audit, confirmed_at=None)
        found = [one.remote_id for one in drift]
        told = [row[0] for row in rows if not _differs(row[3], row[4])]
        findings.filter(remote_id__in=found).update(confirmed_at=clock.now())
        findings.filter(remote_id__in=told).update(what=What.NAMED)
        listing.add_new(hands.mailbox_id, drift)
        audit.found += len(drift)
        audit.save(update_fields=["state", "found"])
        _tell(hands.mailbox_id)


def _differs(what: str, state: str | None) -> bool:
    """Whether a candidate is still what it was when the listing named it."""
    return state == {What.GONE: Copy.State.GONE, What.SKIPPED: Copy.State.SKIPPED}.get(What(what))


def _confirm(hands: Hands, audit: Audit) -> None:
    """Ask about copies that no part of the listing named; when none is left, end."""
    with hands.transaction():
        doubtful = listing.unlisted(
            hands.mailbox_id, audit.number, audit.since, deletions.MOST, before=audit.started_at
        )
        told = deletions.noted(hands.mailbox_id, [one.remote_id for one in doubtful])
    if not doubtful:
        _end(hands, audit)
        return
    deletions.confirm(hands, [one.remote_id for one in doubtful])
    with hands.transaction():
        known = _known(audit, doubtful)
        here = [one for one, row in known.items() if row.state == Copy.State.STORED]
        listing.mark(hands.mailbox_id, here, audit.number)
        _count(audit, [known[one].received_at for one in here])
        lost = [one for one in doubtful if one.remote_id not in {*here, *told}]
        _note(audit, [(one, one.received_at, What.MISSING) for one in lost])
        findings = Finding.objects.filter(audit=audit, what=What.MISSING, confirmed_at=None)
        audit.found += findings.update(confirmed_at=clock.now())
        audit.save(update_fields=["found"])


def _end(hands: Hands, audit: Audit) -> None:
    """Count what was noted by its day, which is known by now, and say whether it adds up."""
    with hands.transaction():
        sql.run(QUERIES["mark_found"], **_asked(audit))
        sql.run(QUERIES["count_found"], **_asked(audit))
        audit.unbalanced = sql.run(QUERIES["unbalanced"], **_asked(audit))[0][0]
        days = AuditDay.objects.filter(audit=audit)
        audit.named = sum(days.values_list("named", flat=True))
        audit.state, audit.ended_at = Audit.State.DONE, clock.now()
        audit.save()
        Finding.objects.filter(audit=audit, what=What.NAMED).delete()
        before = Audit.objects.filter(mailbox_id=hands.mailbox_id, pk__lt=audit.pk)
        AuditDay.objects.filter(audit__in=before).delete()
        Sync.objects.filter(pk=hands.sync_id).update(audit_at=audit.ended_at + EVERY)
        _tell(hands.mailbox_id)


def _asked(audit: Audit) -> dict[str, int]:
    return {"audit": audit.pk, "mailbox": audit.mailbox_id, "number": audit.number}


def _known(audit: Audit, listed: Iterable[Listed]) -> dict[str, _Known]:
    remote_ids = [one.remote_id for one in listed]
    rows = sql.run(QUERIES["known"], mailbox=audit.mailbox_id, remote_ids=remote_ids)
    return {remote_id: _Known(*facts) for remote_id, *facts in rows}


def _count(audit: Audit, moments: Sequence[datetime | None]) -> None:
    """Add to the provider's numbers, by the day in UTC."""
    days: Counter[date | None] = Counter(at and at.astimezone(UTC).date() for at in moments)
    if days:
        sql.run(QUERIES["count_days"], audit=audit.pk, days=list(days), counts=list(days.values()))


def _note(audit: Audit, noted: Sequence[tuple[Listed, datetime | None, What]]) -> None:
    rows = [
        Finding(
            audit=audit,
            mailbox_id=audit.mailbox_id,
            remote_id=one.remote_id,
            remote_thread_id=one.remote_thread_id,
            received_at=at or one.received_at,
            what=what,
        )
        for one, at, what in noted
    ]
    Finding.objects.bulk_create(rows, ignore_conflicts=True)


def _tell(mailbox_id: int) -> None:
    live.tell(f"mailbox-{mailbox_id}")
