"""Drafts of records, brought together with the records there are: a batch in a handful of
statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailweave.kit import clock
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.mail import store as archive
from mailweave.people.access import Member, Reach
from mailweave.records.common import rights
from mailweave.records.common.addresses import PRIMARY, Pair
from mailweave.records.crm import companies, companions
from mailweave.records.crm.columns import Draft
from mailweave.records.crm.kinds import KINDS, Kind
from mailweave.records.crm.models import Company

SEVERAL = "Its addresses belong to {n} different records. Merge those, or take one address out."
CLOSED = (
    "One of its addresses, or its name, is that of a record somebody else looks after. Ask an "
    "owner or admin of your workspace to import it."
)
LEFT = "Whoever began this import may not add records here any more. Begin it again."
NAMESAKES = "It has no address, and {n} records have this name. Add an address to tell which."


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of a draft: the record it updates, none for a new one, or its fault.

    ``same`` if that record says all of it already.
    """

    draft: Draft
    record_id: int | None = None
    fault: str = ""
    same: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of a draft."""

    fault: str = ""
    made: bool = False
    updated: bool = False


@dataclass(slots=True)
class _Batch:
    """What a batch finds, and brings."""

    kind: Kind
    member: Member
    reach: Reach
    records: dict[int, Any] = field(default_factory=dict)
    owners: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    names: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    fresh: dict[int, Any] = field(default_factory=dict)
    """Records to be made, by numbers below zero until they have one."""
    changed: set[int] = field(default_factory=set)
    added: dict[int, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    companies: dict[str, Company | None] = field(default_factory=dict)


def plan(kind: str, drafts: Sequence[Draft], member: Member) -> list[Plan]:
    """What would become of these, one by one, as things are. Nothing is written."""
    batch = _find(KINDS[kind], drafts, member)
    return [_plan(batch, draft) for draft in drafts]


def write(kind: str, drafts: Sequence[Draft], member: Member | None) -> list[Outcome]:
    """Make and update records, in this transaction; mail of new addresses is linked at once.

    Every update fills in what the draft says and takes nothing away. New records are the member's;
    what is not theirs to change stays as it is, and so does everything for who may add nothing.
    """
    if member is None or not rights.may_add(member, KINDS[kind].model):
        return [Outcome(fault=LEFT) for _ in drafts]
    batch = _find(KINDS[kind], drafts, member, hold=True)
    archive.hold()  # after the rows, as everybody who edits one does
    outcomes = [_take(batch, draft, member.user_id) for draft in drafts]
    _save(batch)
    return outcomes


def _find(kind: Kind, drafts: Sequence[Draft], member: Member, *, hold: bool = False) -> _Batch:
    batch = _Batch(kind, member, rights.reach(member, "edit", kind.model))
    given = {address for draft in drafts for address in draft.addresses}
    owned = kind.book.rows.objects.filter(address__in=given)
    for address, pk in owned.values_list("address", f"{kind.book.owner}_id"):
        batch.owners[address].add(pk)
    named = {draft.values["name"].lower() for draft in drafts if _by_name(kind, draft)}
    for name, pk in kind.model.objects.filter(sort_name__in=named).values_list("sort_name", "pk"):
        batch.names[name].append(pk)
    pks = {pk for many in (*batch.owners.values(), *batch.names.values()) for pk in many}
    rows = kind.model.objects.filter(pk__in=pks).order_by("pk")
    rows = rows.select_for_update() if hold else rows
    batch.records = {row.pk: row for row in rows}
    return batch


def _by_name(kind: Kind, draft: Draft) -> bool:
    """Whether a record may be known by its name: a company always, people without an address."""
    return not draft.fault and (not draft.pairs or kind.name == "company")


def _plan(batch: _Batch, draft: Draft) -> Plan:
    if draft.fault:
        return Plan(draft, fault=draft.fault)
    found = set().union(*(batch.owners.get(one, set()) for one in draft.addresses))
    if len(found) > 1:
        return Plan(draft, fault=SEVERAL.format(n=len(found)))
    if not found and _by_name(batch.kind, draft):
        found = set(batch.names.get(draft.values["name"].lower(), ()))
        if len(found) > 1:
            return Plan(draft, fault=NAMESAKES.format(n=len(found)))
    for pk in found:
        record = batch.records.get(pk) or batch.fresh.get(pk)
        if record is None:
            return Plan(draft, fault="Its record was deleted or merged meanwhile. Try it again.")
        if not batch.reach.holds(record.owner_id):
            return Plan(draft, fault=CLOSED)
        news = [one for one in draft.addresses if pk not in batch.owners.get(one, ())]
        same = not news and all(_said(record, name) == text for name, text in draft.values.items())
        return Plan(draft, pk, same=same)
    return Plan(draft)


def _take(batch: _Batch, draft: Draft, user_id: int) -> Outcome:
    planned = _plan(batch, draft)
    if planned.fault:
        return Outcome(fault=planned.fault)
    if planned.same:
        return Outcome()
    if planned.record_id is None:
        pk = -1 - len(batch.fresh)
        batch.fresh[pk] = batch.kind.model(owner_id=user_id)
        batch.names[draft.values["name"].lower()].append(pk)
    else:
        pk = planned.record_id
        batch.changed.add(pk)
    _fill(batch, pk, draft)
    return Outcome(made=planned.record_id is None, updated=planned.record_id is not None)


def _fill(batch: _Batch, pk: int, draft: Draft) -> None:
    record = batch.records.get(pk) or batch.fresh[pk]
    for name, text in draft.values.items():
        setattr(record, name, _company(batch, text) if name == "company" else text)
    for address, kind in draft.pairs:
        if pk not in batch.owners[address]:
            batch.owners[address].add(pk)
            batch.added[pk].append((address, kind))


def _company(batch: _Batch, name: str) -> Company | None:
    if name not in batch.companies:
        batch.companies[name], _ = companies.named(batch.member, name)
    return batch.companies[name]


def _save(batch: _Batch) -> None:
    kind = batch.kind
    made = kind.model.objects.bulk_create(list(batch.fresh.values()))
    numbers = dict(zip(batch.fresh, (row.pk for row in made), strict=True))
    changed = [batch.records[pk] for pk in batch.changed if pk in batch.records]
    names = [name for name, _ in kind.fields]
    kind.model.objects.bulk_update(_stamped(changed), [*names, "updated_at"], batch_size=250)
    owners.tell(kind.book.kind, {row.pk: row.owner_id for row in made})
    touched = [*numbers.values(), *(row.pk for row in changed)]
    if kind.name == "contact":
        companions.tell(touched)
    _link(kind, {numbers.get(pk, pk): pairs for pk, pairs in batch.added.items()})
    activity.touch(kind.book.kind, touched)


def _link(kind: Kind, added: Mapping[int, Sequence[Pair]]) -> None:
    """Add addresses to records. What was primary stays so; else the first one is."""
    owner = f"{kind.book.owner}_id"
    known = kind.book.rows.objects.filter(**{f"{owner}__in": list(added)}, kind=PRIMARY)
    primary = set(known.values_list(owner, flat=True))
    pairs = {pk: list(_ranked(given, pk in primary)) for pk, given in added.items()}
    kind.book.rows.objects.bulk_create(
        [
            kind.book.rows(**{owner: pk, "address": address, "kind": what})
            for pk, given in pairs.items()
            for address, what in given
        ],
        ignore_conflicts=True,
    )
    linked.add_addresses(kind.book.kind, pairs)


def _ranked(given: Sequence[Pair], has_primary: bool) -> Iterable[Pair]:
    first = next((at for at, (_, what) in enumerate(given) if what != "portal"), None)
    for at, (address, what) in enumerate(given):
        if what == "portal":
            yield address, what
        else:
            yield address, "primary" if at == first and not has_primary else "additional"


def _stamped(rows: Sequence[Any]) -> list[Any]:
    now = clock.now()
    for row in rows:
        row.updated_at = now
    return list(rows)


def _said(record: Any, name: str) -> str:
    value = getattr(record, name)
    return str(getattr(value, "name", value) or "")
