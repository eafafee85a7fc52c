"""The addresses of records: rows of their own, told to linking, which matches mail by them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from mailweave.linking import addresses as linked
from mailweave.linking.models import RecordAddress
from mailweave.people.access import Member
from mailweave.records.common import rights

PRIMARY = RecordAddress.Kind.PRIMARY
ADDITIONAL = RecordAddress.Kind.ADDITIONAL

Pair = tuple[str, str]
"""A normalised address, and which kind of address it is."""


@dataclass(frozen=True, slots=True)
class Book:
    """The addresses of one kind of record: in ``rows``, whose ``owner`` is the record."""

    kind: str
    rows: Any
    owner: str

    def of(self, pk: int) -> list[Any]:
        """A record's addresses, the primary one first."""
        rows = self.rows.objects.filter(**{self.owner: pk})
        return sorted(rows, key=lambda row: (row.kind != PRIMARY, row.pk))

    def own(self) -> QuerySet[Any]:
        """The addresses of the record that an outer query is at."""
        found: QuerySet[Any] = self.rows.objects.filter(**{self.owner: OuterRef("pk")})
        return found

    def primary(self) -> Subquery:
        """The primary address of the record that an outer query is at."""
        found = self.own().filter(kind=PRIMARY).order_by("address")  # the order of an index
        return Subquery(found.values("address")[:1])

    def sharing(self, member: Member | None, pk: int, given: Collection[str]) -> list[Any]:
        """Where other records of the kind, that the member sees, have one of these addresses too;
        each row with its record."""
        rows = self.rows.objects.filter(address__in=given).exclude(**{self.owner: pk})
        model = self.rows._meta.get_field(self.owner).related_model  # noqa: SLF001 - Django's name
        rows = rows.filter(rights.seen_at(member, model, self.owner))
        ordered = rows.select_related(self.owner).order_by("address", f"{self.owner}__sort_name")
        return list(ordered[:20])

    def write(self, pk: int, given: Sequence[Pair]) -> None:
        """Make these all the addresses of a record; the first mention of one counts.

        Mail of addresses that came or went is linked anew at once. The caller holds the row of a
        record that exists (``select_for_update``).
        """
        kinds: dict[str, str] = {}
        for address, kind in given:
            kinds.setdefault(address, kind)
        self.rows.objects.filter(**{self.owner: pk}).delete()
        self.rows.objects.bulk_create(
            [
                self.rows(**{f"{self.owner}_id": pk, "address": address, "kind": kind})
                for address, kind in kinds.items()
            ]
        )
        linked.set_addresses(self.kind, pk, list(kinds.items()))


def ranked(given: Sequence[str]) -> list[Pair]:
    """Addresses with their kinds: the first one primary, the others additional."""
    ordered = list(dict.fromkeys(given))
    return [(each, ADDITIONAL if index else PRIMARY) for index, each in enumerate(ordered)]
