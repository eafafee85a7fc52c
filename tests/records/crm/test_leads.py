"""Leads: found by what people remember, and their addresses linked at once."""

import pytest

from mailweave.linking.models import Link, RecordAddress
from mailweave.records.crm import leads
from tests.records.crm.makers import make_lead, make_mail

pytestmark = pytest.mark.usefixtures("within")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {"Nia Patel", "Jonas Weber"}),
        ("nia fair", {"Nia Patel"}),
        ("weber.example", {"Jonas Weber"}),
        ("ACME", {"Nia Patel"}),
        ("nobody", set()),
    ],
)
def test_find(text: str, names: set[str]) -> None:
    make_lead("Nia Patel", "nia@patel.example", company_name="Acme", source="Trade fair")
    make_lead("Jonas Weber", "jonas@weber.example")
    assert {lead.name for lead in leads.find(None, text)} == names


def test_mail_is_linked_by_addresses_and_let_go_with_the_lead() -> None:
    message = make_mail("nia@patel.example", 1)
    nia = make_lead("Nia", "nia@patel.example")
    assert Link.objects.get(kind=leads.KIND, record_id=nia.pk).message_id == message.pk
    leads.delete(nia)
    assert not Link.objects.exists()
    assert not RecordAddress.objects.exists()
