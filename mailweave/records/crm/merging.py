"""Records that are the same become one: chosen fields, all addresses, all mail, all that hung on
them, in one transaction. It cannot be undone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q

from mailweave.journal import entries, moving
from mailweave.kit.errors import Expected
from mailweave.linking import activity, merging, owners
from mailweave.linking import addresses as linked
from mailweave.mail import store as archive
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.addresses import PRIMARY
from mailweave.records.crm import companies, companions
from mailweave.records.crm.kinds import CONTACT, Kind
from mailweave.records.crm.models import Company, Contact, Deal, DealContact, Lead, Merged

MOST = 10
"""Records at once: more cannot be compared by eye."""
GONE = "One of these was merged or deleted meanwhile. Please look again at what is left."


def merge(
    kind: Kind, into: int, others: Sequence[int], choices: Mapping[str, int], member: Member
) -> Any:
    """Make ``others`` part of the record ``into``, and return it.

    ``choices`` says for a field which record's value stays; else it is the survivor's. Raises
    Expected if there is nothing to merge, or one of them is no more; Refused if one of them is not
    the member's to change.
    """
    given = sorted({into, *others})
    if len(given) < 2:
        raise Expected("Choose at least two different records to merge.")
    # In the order of ids, so that two people who merge the same records take turns.
    rows = kind.model.objects.select_for_update(of=("self",)).filter(pk__in=given).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != len(given) or len(given) > MOST:
        raise Expected(GONE)
    for row in rows:
        rights.insist(member, "edit", row)
    _reserve[kind.name](given)
    archive.hold()
    survivor, gone = found[into], [found[pk] for pk in given if pk != into]
    _refuse_converted(found.values())
    _choose(kind, survivor, found, choices)
    merging.merge(kind.book.kind, [row.pk for row in gone], into)
    addresses = _united(kind, into, gone)
    _move[kind.name](survivor, [row.pk for row in gone])
    _remember(kind, survivor, gone, member.user_id)
    survivor.save()
    owners.tell(kind.book.kind, {into: survivor.owner_id})
    kind.book.write(into, addresses)
    activity.touch(kind.book.kind, [into])
    for row in gone:
        moving.merge((kind.book.kind, row.pk), (kind.book.kind, into))
        entries.note_event(member, (kind.book.kind, into), f"Merged with {row.name}")
        linked.forget(kind.book.kind, row.pk)
        row.delete()
    if kind is CONTACT:
        companions.tell([into])
    return survivor


def survivor_of(kind: Kind, pk: int, member: Member) -> int | None:
    """The record that another one has become part of, if the member sees it."""
    found = Merged.objects.filter(kind=kind.book.kind, record_id=pk)
    into: int | None = found.values_list("into_id", flat=True).first()
    return into if kind.find(member, "").filter(pk=into).exists() else None


def alike(kind: Kind, record: Any, member: Member) -> list[Any]:
    """Records that may be the same as this one: by an address, or by name and company."""
    given = [row.address for row in kind.book.of(record.pk)]
    owners = kind.book.rows.objects.filter(address__in=given).values(kind.book.owner)
    same_name = Q(sort_name=record.sort_name, **{kind.near: getattr(record, kind.near)})
    found = kind.find(member, "").filter(Q(pk__in=owners) | same_name).exclude(pk=record.pk)
    return list(found.order_by("sort_name", "pk")[:MOST])


def duplicates(kind: Kind, member: Member, limit: int = 20) -> list[list[Any]]:
    """Groups of records that may be the same, by an address or by name and company, of those the
    member sees."""
    groups = [*_by_address(kind, member, limit), *_by_name(kind, member, limit)]
    distinct = list(dict.fromkeys(tuple(group) for group in groups))[:limit]
    known = kind.find(member, "").in_bulk({pk for group in distinct for pk in group})
    return [[known[pk] for pk in group if pk in known] for group in distinct]


def _by_address(kind: Kind, member: Member, limit: int) -> list[list[int]]:
    own = kind.book.rows.objects.filter(rights.seen_at(member, kind.model, kind.book.owner))
    rows = own.values("address").annotate(n=Count("pk")).filter(n__gt=1)
    addresses = list(rows.order_by("address").values_list("address", flat=True)[:limit])
    owned = own.filter(address__in=addresses)
    found: dict[str, list[int]] = {address: [] for address in addresses}
    for address, pk in owned.order_by("pk").values_list("address", kind.book.owner):
        found[address].append(pk)
    return [sorted(set(pks))[:MOST] for pks in found.values()]


def _by_name(kind: Kind, member: Member, limit: int) -> list[list[int]]:
    same = ("sort_name", kind.near)
    own = rights.seen(member, kind.model.objects.all())
    rows = own.values(*same).annotate(n=Count("pk")).filter(n__gt=1)
    groups = list(rows.order_by("sort_name")[:limit])
    found = []
    for group in groups:
        wanted = {name: group[name] for name in same}
        pks = own.filter(**wanted).order_by("pk").values_list("pk", flat=True)
        found.append(list(pks[:MOST]))
    return found


def _refuse_converted(rows: Any) -> None:
    for row in rows:
        if isinstance(row, Lead) and row.converted_at:
            raise Expected(f"{row.name} has been converted: merge the contact instead.")


def _choose(
    kind: Kind, survivor: Any, found: Mapping[int, Any], choices: Mapping[str, int]
) -> None:
    for name, _ in kind.fields:
        chosen = found.get(choices.get(name, survivor.pk))
        if chosen is None:
            raise Expected(GONE)
        setattr(survivor, name, getattr(chosen, name))


def _united(kind: Kind, into: int, gone: Sequence[Any]) -> list[tuple[str, str]]:
    """The survivor's addresses and then the others'; one stays primary."""
    pairs = [(row.address, row.kind) for pk in (into, *_ids(gone)) for row in kind.book.of(pk)]
    first = next((at for at, pair in enumerate(pairs) if pair[1] == PRIMARY), None)
    return [
        (address, "additional" if what == PRIMARY and at != first else what)
        for at, (address, what) in enumerate(pairs)
    ]


def _remember(kind: Kind, survivor: Any, gone: Sequence[Any], user_id: int) -> None:
    """Old addresses of pages lead to the survivor, however often it goes on."""
    rows = Merged.objects.filter(kind=kind.book.kind)
    rows.filter(into_id__in=_ids(gone)).update(into_id=survivor.pk)
    Merged.objects.bulk_create(
        [
            Merged(
                kind=kind.book.kind,
                record_id=row.pk,
                into_id=survivor.pk,
                name=row.name,
                made_by_id=user_id,
            )
            for row in gone
        ]
    )


def _reserve_contact(given: list[int]) -> None:
    """Take the rows that will be written before the archive: whoever edits one does so, too."""
    rows = DealContact.objects.filter(contact_id__in=given).values("deal_id")
    _take(Deal.objects.filter(pk__in=rows))
    _take(Lead.objects.filter(contact_id__in=given))


def _reserve_company(given: list[int]) -> None:
    _take(Company.objects.filter(parent_id__in=given).exclude(pk__in=given))
    _take(Contact.objects.filter(company_id__in=given))
    _take(Deal.objects.filter(company_id__in=given))


def _reserve_nothing(given: list[int]) -> None:
    """Nothing hangs on a lead that has not been converted."""


_reserve: dict[str, Callable[[list[int]], None]] = {
    "contact": _reserve_contact,
    "company": _reserve_company,
    "lead": _reserve_nothing,
}


def _take(rows: Any) -> None:
    list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def _move_contact(survivor: Contact, gone: list[int]) -> None:
    own = DealContact.objects.filter(contact=survivor)
    taken = set(own.values_list("deal_id", flat=True))
    for row in DealContact.objects.filter(contact_id__in=gone).order_by("-primary", "pk"):
        if row.deal_id in taken:
            row.delete()
            if row.primary:
                own.filter(deal_id=row.deal_id).update(primary=True)
        else:
            taken.add(row.deal_id)
            row.contact_id = survivor.pk
            row.save()
    Lead.objects.filter(contact_id__in=gone).update(contact=survivor)


def _move_company(survivor: Company, gone: list[int]) -> None:
    Contact.objects.filter(company_id__in=gone).update(company=survivor)
    Deal.objects.filter(company_id__in=gone).update(company=survivor)
    Company.objects.filter(parent_id__in=gone).exclude(pk=survivor.pk).update(parent=survivor)
    while survivor.parent_id in {survivor.pk, *gone}:
        one = Company.objects.get(pk=survivor.parent_id)
        survivor.parent_id = None if one.pk == survivor.pk else one.parent_id
    if survivor.pk in {one.pk for one in companies.above(survivor)}:
        survivor.parent_id = None


def _move_lead(survivor: Lead, gone: list[int]) -> None:
    """Nothing hangs on a lead that has not been converted."""


_move: dict[str, Callable[[Any, list[int]], None]] = {
    "contact": _move_contact,
    "company": _move_company,
    "lead": _move_lead,
}


def _ids(rows: Sequence[Any]) -> list[int]:
    return [row.pk for row in rows]
