"""Deals and who they are made with."""

import pytest

from mailweave.records.crm import contacts, deals
from mailweave.records.crm.models import Company, Contact, DealContact
from tests.records.crm.makers import make_contact, make_deal

pytestmark = pytest.mark.usefixtures("within")


def test_first_contact_is_primary_and_may_change() -> None:
    mara, jonas = make_contact("Mara"), make_contact("Jonas")
    deal = make_deal("Renewal", mara, jonas, mara)
    assert [(row.contact, row.primary) for row in deals.contacts(None, deal.pk)] == [
        (mara, True),
        (jonas, False),
    ]
    deals.store(deal, [jonas.pk, mara.pk])
    assert [row.contact for row in deals.contacts(None, deal.pk)] == [jonas, mara]


def test_find_by_name_company_contact_or_address() -> None:
    mara = make_contact("Mara Okafor", "mara@acme.example")
    deal = make_deal("Renewal", mara, company=Company.objects.create(name="Globex"))
    make_deal("Other")
    for text in ("renew", "globex", "okafor", "mara@acme", "renewal globex mara"):
        assert [row.pk for row in deals.find(None, text)] == [deal.pk], text
    assert [row.primary for row in deals.find(None, "renewal")] == ["Mara Okafor"]


def test_deleting_either_side_leaves_the_other() -> None:
    mara = make_contact("Mara")
    deal, kept = make_deal("Renewal", mara), make_deal("Kept", mara)
    deals.delete(deal)
    assert Contact.objects.filter(pk=mara.pk).exists()
    contacts.delete(mara)
    assert not DealContact.objects.exists()
    assert deals.find(None).get().pk == kept.pk
