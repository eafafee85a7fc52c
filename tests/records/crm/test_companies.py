"""Companies: named, counted, deleted without taking people along."""

import pytest

from mailweave.records.crm import companies
from mailweave.records.crm.models import Company, Contact, Deal
from tests.records.crm.makers import make_contact, make_deal

pytestmark = pytest.mark.usefixtures("within")


def test_named_finds_whatever_the_case_or_makes_one() -> None:
    acme = Company.objects.create(name="Acme")
    assert companies.named("ACME") == (acme, False)
    made, new = companies.named("Globex")
    assert (made and made.name, new) == ("Globex", True)
    assert companies.named("") == (None, False)


def test_named_keeps_the_current_one_among_namesakes() -> None:
    first = Company.objects.create(name="Acme")
    second = Company.objects.create(name="Acme")
    assert companies.named("Acme", second) == (second, False)
    assert companies.named("Acme") == (first, False)


def test_find_counts_contacts_and_deals() -> None:
    acme, globex = Company.objects.create(name="Acme"), Company.objects.create(name="Globex")
    make_contact("Mara", company=acme)
    make_contact("Jonas", company=acme)
    make_deal("Renewal", company=globex)
    counted = {row.name: (row.contacts, row.deals) for row in companies.find()}
    assert counted == {"Acme": (2, 0), "Globex": (0, 1)}


def test_deleting_keeps_contacts_and_deals() -> None:
    acme = Company.objects.create(name="Acme")
    mara, deal = make_contact("Mara", company=acme), make_deal("Renewal", company=acme)
    companies.delete(acme)
    assert Contact.objects.get(pk=mara.pk).company is None
    assert Deal.objects.get(pk=deal.pk).company is None
