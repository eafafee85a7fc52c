"""Companies: found, named, stored, deleted. Mail is matched by their own addresses, too."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from mailweave.journal import entries
from mailweave.kit.errors import Expected
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.mail import colleagues
from mailweave.mail import store as archive
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.addresses import Pair
from mailweave.records.common.lists import words
from mailweave.records.crm.addresses import COMPANIES as BOOK
from mailweave.records.crm.models import Company, CompanyAddress, Contact, Deal

KIND = BOOK.kind
DEEPEST = 20
"""Companies above a company."""


def brief(member: Member | None) -> QuerySet[Any]:
    """Companies that the member sees, as they are."""
    found: QuerySet[Any] = rights.seen(member, Company.objects.all())
    return found


def find(member: Member | None, text: str = "") -> QuerySet[Any]:
    """Those whose name, domain or address has each word of ``text``, with ``contacts`` and
    ``deals``, how many they have of those the member sees."""
    found: QuerySet[Any] = brief(member).select_related("owner")
    found = rights.with_related(member, found, "parent")
    found = found.annotate(contacts=_count(member, Contact), deals=_count(member, Deal))
    for word in words(text):
        found = found.filter(
            Q(name__icontains=word)
            | Q(domain__icontains=word)
            | Exists(BOOK.own().filter(address__contains=word.lower()))
        )
    return found


def at_domain(member: Member | None, domain: str) -> QuerySet[Any]:
    """The companies with exactly this domain that the member sees, in the order of names; none
    where everybody can have an address."""
    if colleagues.is_shared(domain):
        return Company.objects.none()
    found = find(member).filter(domain=domain.lower()).exclude(domain="")
    return found.order_by("sort_name", "pk")


def named(
    member: Member | None, name: str, current: Company | None = None
) -> tuple[Company | None, bool]:
    """The company people mean by a name, and whether it had to be made. No name, no company.

    ``current`` wins among companies of the same name, then the oldest that the member sees; and it
    stays where no name was given because they do not see it.
    """
    if current and not name and not rights.sees(member, current):
        return current, False
    if not name:
        return None, False
    if current and current.name.lower() == name.lower():
        return current, False
    known = rights.seen(member, Company.objects.filter(sort_name=Lower(Value(name))))
    found = known.order_by("pk").first()
    if found:
        return found, False
    made = Company.objects.create(name=name)
    activity.touch(KIND, [made.pk])
    return made, True


def addresses(company_id: int) -> list[CompanyAddress]:
    """A company's addresses, the main one first."""
    return BOOK.of(company_id)


def sharing(member: Member | None, company_id: int, given: Sequence[str]) -> list[CompanyAddress]:
    """Where other companies that the member sees have one of these addresses too; each row with
    its company."""
    return BOOK.sharing(member, company_id, given)


def below(member: Member | None, company_id: int) -> list[Company]:
    """The companies that are directly part of this one, by name, as far as the member sees."""
    found = rights.seen(member, Company.objects.filter(parent=company_id))
    return list(found.order_by("sort_name", "pk")[:100])


def above(company: Company) -> list[Company]:
    """The companies this one is part of, the nearest first."""
    found: list[Company] = []
    one = company
    while one.parent_id is not None and len(found) < DEEPEST:
        one = Company.objects.get(pk=one.parent_id)
        found.append(one)
    return found


def shown_above(member: Member, company: Company) -> list[Company]:
    """The companies this one is part of, up to the first that the member does not see."""
    return list(takewhile(lambda one: rights.may(member, "see", one), above(company)))


def store(company: Company, given: Sequence[Pair]) -> None:
    """Save a company with these normalised addresses.

    Mail of addresses that came or went is linked anew at once. The caller holds the row of a
    company that exists. Raises Expected if it would become part of itself.
    """
    archive.hold()  # one at a time in a workspace: two companies never become each other's part
    _refuse_circle(company)
    company.save()
    owners.tell(KIND, {company.pk: company.owner_id})
    BOOK.write(company.pk, given)
    activity.touch(KIND, [company.pk])


def delete(company: Company) -> None:
    """Delete a company. Its contacts, deals and parts stay, without a company above them."""
    linked.forget(KIND, company.pk)
    entries.forget(KIND, company.pk)
    company.delete()


def _refuse_circle(company: Company) -> None:
    if company.parent_id is None:
        return
    if company.pk is not None and company.parent_id == company.pk:
        raise Expected("A company cannot be part of itself.")
    line = above(company)
    if company.pk is not None and company.pk in {one.pk for one in line}:
        raise Expected(f"{line[0].name} is already part of {company.name}.")
    if len(line) >= DEEPEST:
        raise Expected(f"Companies can be part of each other {DEEPEST} levels deep, no further.")


def _count(member: Member | None, model: Any) -> Coalesce:
    rows = rights.seen(member, model.objects.filter(company=OuterRef("pk")))
    rows = rows.order_by().values("company")
    counted = rows.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
