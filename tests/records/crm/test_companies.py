"""Companies: named, counted, deleted without taking people along."""

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking.models import Link, RecordAddress
from mailweave.records.crm import companies
from mailweave.records.crm.models import Company, Contact, Deal
from tests.records.crm.makers import make_company, make_contact, make_deal, make_mail

pytestmark = pytest.mark.usefixtures("within")


def test_named_finds_whatever_the_case_or_makes_one() -> None:
    acme = Company.objects.create(name="Acme")
    assert companies.named(None, "ACME") == (acme, False)
    made, new = companies.named(None, "Globex")
    assert (made and made.name, new) == ("Globex", True)
    assert companies.named(None, "") == (None, False)


def test_named_keeps_the_current_one_among_namesakes() -> None:
    first = Company.objects.create(name="Acme")
    second = Company.objects.create(name="Acme")
    assert companies.named(None, "Acme", second) == (second, False)
    assert companies.named(None, "Acme") == (first, False)


def test_find_counts_contacts_and_deals() -> None:
    acme, globex = Company.objects.create(name="Acme"), Company.objects.create(name="Globex")
    make_contact("Mara", company=acme)
    make_contact("Jonas", company=acme)
    make_deal("Renewal", company=globex)
    counted = {row.name: (row.contacts, row.deals) for row in companies.find(None)}
    assert counted == {"Acme": (2, 0), "Globex": (0, 1)}


def test_deleting_keeps_contacts_and_deals() -> None:
    acme = Company.objects.create(name="Acme")
    mara, deal = make_contact("Mara", company=acme), make_deal("Renewal", company=acme)
    companies.delete(acme)
    assert Contact.objects.get(pk=mara.pk).company is None
    assert Deal.objects.get(pk=deal.pk).company is None


def test_its_own_addresses_are_told_with_their_kinds_and_link_mail() -> None:
    message = make_mail("portal@acme.example", 1)
    acme = make_company("Acme", "office@acme.example", "portal@acme.example")
    told = RecordAddress.objects.filter(kind="crm.company", record_id=acme.pk)
    assert set(told.values_list("address__address", "address_kind")) == {
        ("office@acme.example", "primary"),
        ("portal@acme.example", "portal"),
    }
    assert Link.objects.get(kind="crm.company", record_id=acme.pk).message_id == message.pk
    companies.store(acme, [])
    assert not Link.objects.filter(kind="crm.company").exists()


def test_parts_are_shown_both_ways() -> None:
    group = make_company("Group")
    acme = make_company("Acme", parent=group)
    works = make_company("Acme Works", parent=acme)
    assert companies.below(None, group.pk) == [acme]
    assert companies.above(works) == [acme, group]


def test_no_company_is_part_of_itself() -> None:
    group = make_company("Group")
    acme = make_company("Acme", parent=group)
    works = make_company("Acme Works", parent=acme)
    group.parent = works
    with pytest.raises(Expected, match="Acme Works is already part of Group"):
        companies.store(group, [])
    group.parent = group
    with pytest.raises(Expected, match="part of itself"):
        companies.store(group, [])


def test_a_company_is_found_by_its_address() -> None:
    acme = make_company("Acme", "office@works.example")
    assert list(companies.find(None, "office@works")) == [acme]
