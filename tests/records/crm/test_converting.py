"""A lead becomes a contact, with everything that was its own."""

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking import links
from mailweave.linking.models import Link, RecordAddress
from mailweave.records.crm import contacts, converting, leads
from mailweave.records.crm.converting import Wish
from mailweave.records.crm.models import Contact, Deal, LeadAddress
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_company, make_contact, make_lead, make_mail


def about(record: Contact) -> dict[int, bool]:
    rows = Link.objects.filter(kind=contacts.KIND, record_id=record.pk)
    return dict(rows.values_list("message_id", "linked"))


def test_addresses_mail_and_decisions_move(within: Home) -> None:
    matched, refused = make_mail("nia@patel.example", 1), make_mail("nia@patel.example", 2)
    by_hand = make_mail("somebody@else.example", 3)
    nia = make_lead("Nia", "nia@patel.example", "n@patel.example", title="CEO", phone="1")
    user_id = within.member.user_id
    links.unlink([refused.pk], (leads.KIND, nia.pk), user_id)
    links.link([by_hand.pk], (leads.KIND, nia.pk), user_id)
    acme = make_company("Acme")
    contact = converting.convert(nia, Wish("Nia Patel", "ACME", "Rollout"), within.member)
    assert (contact.name, contact.title, contact.company) == ("Nia Patel", "CEO", acme)
    assert [row.address for row in contacts.addresses(contact.pk)] == [
        "nia@patel.example",
        "n@patel.example",
    ]
    assert about(contact) == {matched.pk: True, refused.pk: False, by_hand.pk: True}
    decided = Link.objects.filter(kind=contacts.KIND, pinned=True)
    assert set(decided.values_list("made_by_id", flat=True)) == {user_id}
    assert not Link.objects.filter(kind=leads.KIND).exists()
    assert not RecordAddress.objects.filter(kind=leads.KIND).exists()
    assert not LeadAddress.objects.exists()
    assert (nia.contact, nia.converted_by_id) == (contact, user_id)
    assert Deal.objects.get().company == acme
    with pytest.raises(Expected, match="converted already"):
        converting.convert(nia, Wish("Nia", ""), within.member)


def test_an_existing_contact_is_filled_up_and_keeps_what_it_has(within: Home) -> None:
    known = make_contact("Nia P.", "nia@work.example", title="Head")
    nia = make_lead("Nia", "nia@patel.example", title="CEO", phone="123")
    got = converting.convert(nia, Wish("x", "", into=known.pk), within.member)
    assert (got.pk, got.name, got.title, got.phone) == (known.pk, "Nia P.", "Head", "123")
    assert [(row.address, row.kind) for row in contacts.addresses(got.pk)] == [
        ("nia@work.example", "primary"),
        ("nia@patel.example", "additional"),
    ]
    other = make_lead("Other")
    with pytest.raises(Expected, match="not here any more"):
        converting.convert(other, Wish("x", "", into=987654), within.member)


def test_who_may_be_the_same_is_offered(within: Home) -> None:
    by_address = make_contact("N. Patel", "nia@patel.example")
    by_name = make_contact("nia patel")
    make_contact("Somebody else", "else@patel.example")
    nia = make_lead("Nia Patel", "nia@patel.example")
    nia.refresh_from_db()
    assert {one.pk for one in converting.alike(nia, within.member)} == {by_address.pk, by_name.pk}
