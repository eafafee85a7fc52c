"""What editing, merging, converting and deleting leaves in journals."""

from django.urls import reverse

from mailweave.journal import entries
from mailweave.journal.models import Entry, EntryRecord
from mailweave.kit import scope
from mailweave.records.crm import contacts, converting, deals, kinds, leads, merging
from mailweave.records.crm.converting import Wish
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_deal, make_lead


def said(kind: str, pk: int) -> list[str]:
    rows = EntryRecord.objects.filter(kind=kind, record_id=pk).order_by("entry_id")
    return list(rows.values_list("entry__text", flat=True))


def test_a_deal_tells_its_stage_owner_and_company(home: Home) -> None:
    with scope.workspace(home.id):
        deal = make_deal("Renewal")
    sent = {"name": "Renewal", "stage": "won", "currency": "EUR", "company": "Acme",
            "owner": home.member.user_id}  # fmt: skip
    home.client.post(reverse("crm:deal-edit", args=[deal.pk]), sent)
    home.client.post(reverse("crm:deal-edit", args=[deal.pk]), sent)
    with scope.workspace(home.id):
        assert said(deals.KIND, deal.pk) == [
            "Stage: New → Won",
            f"Owner: none → {home.member.name}",
            "Company",
        ]
        assert set(Entry.objects.values_list("author_id", flat=True)) == {home.member.user_id}


def test_contacts_and_leads_tell_theirs(home: Home) -> None:
    with scope.workspace(home.id):
        mara, nia = make_contact("Mara"), make_lead("Nia", "nia@patel.example")
    home.client.post(
        reverse("crm:contact-edit", args=[mara.pk]), {"name": "Mara", "company": "Acme"}
    )
    home.client.post(reverse("crm:lead-edit", args=[nia.pk]), {"name": "Nia", "status": "working"})
    with scope.workspace(home.id):
        assert said(contacts.KIND, mara.pk) == ["Company"]
        assert said(leads.KIND, nia.pk) == ["Status: New → Working"]


def test_a_new_record_has_nothing_to_tell(home: Home) -> None:
    home.client.post(reverse("crm:contact-new"), {"name": "Mara", "company": "Acme"})
    with scope.workspace(home.id):
        assert not Entry.objects.exists()


def test_the_survivor_has_it_all(within: Home) -> None:
    stays, goes = make_contact("Mara"), make_contact("Mara too")
    entries.write(within.member, [(contacts.KIND, goes.pk)], "note", "Likes tea")
    merging.merge(kinds.CONTACT, stays.pk, [goes.pk], {}, within.member)
    assert said(contacts.KIND, stays.pk) == ["Likes tea", "Merged with Mara too"]
    assert said(contacts.KIND, goes.pk) == []


def test_a_converted_lead_hands_its_journal_on(within: Home) -> None:
    nia = make_lead("Nia", "nia@patel.example")
    entries.write(within.member, [(leads.KIND, nia.pk)], "call", "Will buy")
    contact = converting.convert(nia, Wish("Nia Patel", ""), within.member)
    assert said(contacts.KIND, contact.pk) == ["Will buy", "Was the lead Nia"]
    assert said(leads.KIND, nia.pk) == ["Status: New → Converted"]


def test_a_deleted_record_takes_its_journal_along(within: Home) -> None:
    mara = make_contact("Mara")
    entries.write(within.member, [(contacts.KIND, mara.pk)], "note", "Gone soon")
    contacts.delete(mara)
    assert not Entry.objects.exists()
