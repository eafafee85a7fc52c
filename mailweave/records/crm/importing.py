"""Contacts, companies and leads from a file: mapped, counted before anything is written, then made
and updated in the background.

::

    file --> mapping --> running --> done
                |           |
                +-----------+------> stopped     what was imported stays

Rows are the truth: each waits until it is imported, and then goes; one that cannot be imported
stays with its fault, for the report. A step imports some hundred in one transaction, together with
how far it came, so that a crash costs a step that is done once more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from mailweave.kit import clock, jobs, live, scope, sql
from mailweave.kit.errors import Expected
from mailweave.people import workspaces
from mailweave.people.access import Member
from mailweave.records.crm import columns, csvfile, drafts
from mailweave.records.crm.models import Import, ImportRow

STEP = 250
"""Rows to a transaction: others who store wait for it."""
SLICE = timedelta(seconds=5)
TOPIC = "crm-imports"
KEPT = 5_000
"""Rows to a statement that keeps a file."""
LOOKED_AT = 2_000
"""Rows to a look ahead, which is done in pieces."""
QUERIES = sql.load("mailweave.records.crm", "importing")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What importing would do, in numbers, with the first rows that would not be imported."""

    made: int
    updated: int
    same: int
    failed: int
    faults: Sequence[tuple[int, str]]


def receive(kind: str, filename: str, data: bytes, user_id: int) -> Import:
    """Keep a file's rows until somebody says what they mean. Raises Expected for what is no CSV."""
    sheet = csvfile.read(data)
    made: Import = Import.objects.create(
        kind=kind,
        filename=filename.replace("\0", "")[-200:],
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        columns=list(sheet.columns),
        mapping=columns.guess(kind, sheet.columns),
        total=len(sheet.rows),
        created_by_id=user_id,
    )
    for at in range(0, len(sheet.rows), KEPT):
        part = sheet.rows[at : at + KEPT]
        cells = [msgspec.json.encode(row).decode() for _, row in part]
        sql.run(QUERIES["add_rows"], origin=made.pk, lines=[line for line, _ in part], cells=cells)
    return made


def look(one: Import, member: Member) -> Forecast:
    """What importing would do by the mapping as it is. Nothing is written."""
    made = updated = same = failed = 0
    faults: list[tuple[int, str]] = []
    fresh: set[str] = set()
    for rows in _pieces(one):
        for row, plan in zip(rows, drafts.plan(one.kind, _drafts(one, rows), member), strict=True):
            if plan.fault:
                failed += 1
                faults += [(row.line, plan.fault)] if len(faults) < 20 else []
            elif plan.record_id is None and not fresh.intersection(plan.draft.addresses):
                made += 1
            elif plan.same:
                same += 1
            else:
                updated += 1
            fresh.update(plan.draft.addresses)
    return Forecast(made, updated, same, failed, faults)


def choose(one: Import, mapping: Sequence[str]) -> None:
    """Say what the columns mean. Raises Expected for what makes no sense, or comes too late."""
    if one.state != Import.State.MAPPING:
        raise Expected("This import has begun already.")
    if len(mapping) != len(one.columns):
        raise Expected("Say for every column what it means.")
    one.mapping = list(mapping)
    one.save(update_fields=["mapping"])


def start(one: Import) -> None:
    """Begin, in this transaction. Raises Expected for a mapping that makes no sense."""
    if one.state != Import.State.MAPPING:
        raise Expected("This import has begun already.")
    wrong = columns.check(one.kind, one.mapping)
    if wrong:
        raise Expected(wrong)
    one.state = Import.State.RUNNING
    one.save(update_fields=["state"])
    _nudge(one)


def stop(one: Import) -> None:
    """Go no further. What was imported stays; rows that wait are forgotten."""
    if one.state in Import.OPEN:
        one.state, one.ended_at = Import.State.STOPPED, clock.now()
        one.save(update_fields=["state", "ended_at"])
        ImportRow.objects.filter(origin=one, fault="").delete()
        live.tell(TOPIC)


def advance(workspace_id: int, import_id: int, *, limit: timedelta = SLICE) -> None:
    """Do a slice of it, and ask for the next."""
    until = clock.now() + limit
    while step(workspace_id, import_id):
        if clock.now() >= until:
            with scope.workspace(workspace_id):
                jobs.nudge("crm.import", workspace_id=workspace_id, import_id=import_id)
            return


def step(workspace_id: int, import_id: int) -> bool:
    """One transaction of it; says whether there is more."""
    with scope.workspace(workspace_id):
        waiting = Import.objects.select_for_update().filter(state=Import.State.RUNNING)
        one = waiting.filter(pk=import_id).first()
        if one is None:
            return False
        rows = list(ImportRow.objects.filter(origin=one, fault="").order_by("line", "pk")[:STEP])
        if rows:
            _import(one, rows)
        else:
            one.state, one.ended_at = Import.State.DONE, clock.now()
        one.save()
        live.tell(TOPIC)
        return bool(rows)


def report(one: Import) -> Iterator[list[str]]:
    """The rows that were not imported: line, fault, and the cells as they came."""
    yield ["Line", "Why it was not imported", *one.columns]
    rows = ImportRow.objects.filter(origin=one).exclude(fault="").order_by("line", "pk")
    for line, fault, cells in rows.values_list("line", "fault", "cells"):
        yield [str(line), fault, *cells]


def _import(one: Import, rows: Sequence[ImportRow]) -> None:
    outcomes = drafts.write(one.kind, _drafts(one, rows), workspaces.member(one.created_by_id))
    failed = []
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.fault:
            row.fault = outcome.fault[:400]
            failed.append(row)
        one.made += outcome.made
        one.updated += outcome.updated
        one.same += not (outcome.fault or outcome.made or outcome.updated)
    one.failed += len(failed)
    one.done += len(rows)
    kept = {row.pk for row in failed}
    ImportRow.objects.bulk_update(failed, ["fault"])
    ImportRow.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept]).delete()


def _drafts(one: Import, rows: Sequence[ImportRow]) -> list[columns.Draft]:
    return [columns.draft(one.kind, one.mapping, row.cells) for row in rows]


def _pieces(one: Import) -> Iterator[list[ImportRow]]:
    after = 0
    while True:
        found = ImportRow.objects.filter(origin=one, pk__gt=after).order_by("pk")
        rows = list(found[:LOOKED_AT])
        if not rows:
            return
        yield rows
        after = rows[-1].pk


def _nudge(one: Import) -> None:
    jobs.nudge("crm.import", workspace_id=one.workspace_id, import_id=one.pk)
    live.tell(TOPIC)
