"""Companies: found, named, deleted."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from mailweave.linking import addresses as linked
from mailweave.records.crm.lists import words
from mailweave.records.crm.models import Company, Contact, Deal

KIND = "crm.company"


def find(text: str = "") -> QuerySet[Any]:
    """Companies whose name or domain has each word of ``text``, with ``contacts`` and ``deals``,
    how many they have."""
    found: QuerySet[Any] = Company.objects.annotate(contacts=_count(Contact), deals=_count(Deal))
    for word in words(text):
        found = found.filter(Q(name__icontains=word) | Q(domain__icontains=word))
    return found


def named(name: str, current: Company | None = None) -> tuple[Company | None, bool]:
    """The company people mean by a name, and whether it had to be made. No name, no company.

    ``current`` wins among companies of the same name, then the oldest.
    """
    if not name:
        return None, False
    if current and current.name.lower() == name.lower():
        return current, False
    found = Company.objects.filter(sort_name=Lower(Value(name))).order_by("pk").first()
    return (found, False) if found else (Company.objects.create(name=name), True)


def delete(company: Company) -> None:
    """Delete a company. Its contacts and deals stay, without a company."""
    linked.forget(KIND, company.pk)
    company.delete()


def _count(model: Any) -> Coalesce:
    rows = model.objects.filter(company=OuterRef("pk")).order_by().values("company")
    counted = rows.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
