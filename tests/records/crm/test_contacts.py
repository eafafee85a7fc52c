"""Contacts: found by what people remember, and their addresses linked at once."""

import pytest

from mailweave.linking.models import Link, RecordAddress, ThreadRecord
from mailweave.records.crm import contacts
from mailweave.records.crm.models import Company, Contact, ContactAddress
from tests.records.crm.makers import make_contact, make_mail

pytestmark = pytest.mark.usefixtures("within")


def linked_to(contact: Contact) -> set[int]:
    rows = Link.objects.filter(kind=contacts.KIND, record_id=contact.pk, linked=True)
    return set(rows.values_list("message_id", flat=True))


def test_first_address_is_primary_and_told_to_linking() -> None:
    mara = make_contact("Mara", "mara@acme.example", "m@acme.example", "mara@acme.example")
    rows = contacts.addresses(mara.pk)
    assert [(row.address, row.kind) for row in rows] == [
        ("mara@acme.example", "primary"),
        ("m@acme.example", "additional"),
    ]
    told = RecordAddress.objects.filter(kind="crm.contact", record_id=mara.pk)
    assert set(told.values_list("address__address", "address_kind")) == {
        ("mara@acme.example", "primary"),
        ("m@acme.example", "additional"),
    }


def test_changed_addresses_link_stored_mail_anew() -> None:
    old, new = make_mail("old@acme.example", 1), make_mail("new@acme.example", 2)
    mara = make_contact("Mara", "old@acme.example")
    assert linked_to(mara) == {old.pk}
    contacts.store(mara, ["new@acme.example"])
    assert linked_to(mara) == {new.pk}
    contacts.store(mara, [])
    assert linked_to(mara) == set()


def test_deleting_keeps_mail_and_takes_links() -> None:
    message = make_mail("mara@acme.example", 1)
    mara = make_contact("Mara", "mara@acme.example")
    pk = mara.pk
    contacts.delete(mara)
    assert not Link.objects.filter(record_id=pk).exists()
    assert not ThreadRecord.objects.filter(record_id=pk).exists()
    assert not RecordAddress.objects.filter(record_id=pk).exists()
    assert not ContactAddress.objects.filter(contact_id=pk).exists()
    message.refresh_from_db()
    assert not message.linked


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {"Mara Okafor", "Jonas Weber", "Ünal Şahin"}),
        ("mara", {"Mara Okafor"}),
        ("OKAFOR mara", {"Mara Okafor"}),
        ("weber.example", {"Jonas Weber"}),
        ("acme", {"Mara Okafor", "Ünal Şahin"}),
        ("acme ünal", {"Ünal Şahin"}),
        ("100%", set()),
        ("ac\0me okafor", {"Mara Okafor"}),
        ("nobody", set()),
    ],
)
def test_find(text: str, names: set[str]) -> None:
    acme = Company.objects.create(name="Acme")
    make_contact("Mara Okafor", "mara@okafor.example", company=acme)
    make_contact("Jonas Weber", "jonas@WEBER.example".lower())
    make_contact("Ünal Şahin", company=acme)
    assert {contact.name for contact in contacts.find(None, text)} == names


def test_sharing_names_other_contacts_only() -> None:
    mara = make_contact("Mara", "info@acme.example", "mara@acme.example")
    jonas = make_contact("Jonas", "info@acme.example")
    shared = contacts.sharing(None, mara.pk, ["info@acme.example", "mara@acme.example"])
    assert [(row.address, row.contact) for row in shared] == [("info@acme.example", jonas)]
