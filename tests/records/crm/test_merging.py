"""Merging: chosen fields, all addresses, all mail, and everything that hung on the others."""

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking import links
from mailweave.linking.models import Link, RecordAddress, ThreadRecord
from mailweave.records.crm import contacts, kinds, merging
from mailweave.records.crm.models import Company, Contact, DealContact, Lead
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_company, make_contact, make_deal, make_lead, make_mail


def join(home: Home, kind: kinds.Kind, into: int, *others: int, **choices: int) -> object:
    return merging.merge(kind, into, others, choices, home.member)


def decided(record: Contact) -> dict[int, tuple[bool, bool]]:
    rows = Link.objects.filter(kind=contacts.KIND, record_id=record.pk)
    return {row.message_id: (row.linked, row.pinned) for row in rows}


def test_fields_are_chosen_and_addresses_united(within: Home) -> None:
    acme = make_company("Acme")
    mara = make_contact("Mara", "mara@acme.example", title="CFO")
    double = make_contact("Mara Okafor", "m@acme.example", "mara@acme.example", company=acme)
    join(within, kinds.CONTACT, mara.pk, double.pk, name=double.pk, company=double.pk)
    (left,) = Contact.objects.all()
    assert (left.pk, left.name, left.title, left.company) == (mara.pk, "Mara Okafor", "CFO", acme)
    assert [(row.address, row.kind) for row in contacts.addresses(left.pk)] == [
        ("mara@acme.example", "primary"),
        ("m@acme.example", "additional"),
    ]
    told = RecordAddress.objects.filter(kind=contacts.KIND)
    assert {(row.record_id, row.address.address) for row in told} == {
        (mara.pk, "mara@acme.example"),
        (mara.pk, "m@acme.example"),
    }


def test_mail_and_decisions_go_to_the_survivor(within: Home) -> None:
    mail = [make_mail(f"{name}@acme.example", at) for at, name in enumerate("ababxx", 1)]
    first, second = make_contact("Ann", "a@acme.example"), make_contact("Ann B", "b@acme.example")
    user = within.member.user_id
    links.unlink([mail[1].pk], (contacts.KIND, second.pk), user)  # no of the one that goes
    links.unlink([mail[2].pk], (contacts.KIND, first.pk), user)  # no of the survivor
    links.link([mail[2].pk], (contacts.KIND, second.pk), user)
    links.link([mail[4].pk], (contacts.KIND, second.pk), user)  # yes of the one that goes
    links.link([mail[5].pk], (contacts.KIND, first.pk), user)  # yes against a no
    links.unlink([mail[5].pk], (contacts.KIND, second.pk), user)
    join(within, kinds.CONTACT, first.pk, second.pk)
    assert decided(first) == {
        mail[0].pk: (True, False),
        mail[1].pk: (False, True),
        mail[2].pk: (False, True),
        mail[3].pk: (True, False),
        mail[4].pk: (True, True),
        mail[5].pk: (True, True),
    }
    assert not Link.objects.exclude(record_id=first.pk).exists()
    assert set(ThreadRecord.objects.values_list("record_id", flat=True)) == {first.pk}


def test_a_no_outweighs_a_yes_among_those_that_go(within: Home) -> None:
    mail = make_mail("x@acme.example", 1)
    first, second, third = (make_contact(name) for name in ("A", "B", "C"))
    user = within.member.user_id
    links.unlink([mail.pk], (contacts.KIND, second.pk), user)
    links.link([mail.pk], (contacts.KIND, third.pk), user)
    join(within, kinds.CONTACT, first.pk, second.pk, third.pk)
    assert decided(first) == {mail.pk: (False, True)}


def test_nothing_is_undone_onto_a_record_that_is_no_more(within: Home) -> None:
    mail = make_mail("x@acme.example", 1)
    first, second = make_contact("A"), make_contact("B")
    user, gone = within.member.user_id, (contacts.KIND, second.pk)
    links.link([mail.pk], gone, user)
    act = links.unlink([mail.pk], gone, user)
    join(within, kinds.CONTACT, first.pk, second.pk)
    with pytest.raises(Expected, match="too late"):
        links.undo(act.decision_id, user)
    assert decided(first) == {mail.pk: (False, True)}
    assert Link.objects.count() == 1


def test_deals_keep_one_of_them_and_one_primary(within: Home) -> None:
    mara, double, jon = make_contact("Mara"), make_contact("Mara O"), make_contact("Jon")
    both = make_deal("Both", double, mara)
    other = make_deal("Other", jon, double)
    join(within, kinds.CONTACT, mara.pk, double.pk)
    rows = DealContact.objects.order_by("deal_id", "-primary")
    assert [(row.deal_id, row.contact_id, row.primary) for row in rows] == [
        (both.pk, mara.pk, True),
        (other.pk, jon.pk, True),
        (other.pk, mara.pk, False),
    ]


def test_companies_take_people_deals_and_parts_along(within: Home) -> None:
    group = make_company("Group")
    acme, double = make_company("Acme", parent=group), make_company("ACME")
    part = make_company("Part", parent=double)
    mara, deal = make_contact("Mara", company=double), make_deal("Renewal", company=double)
    join(within, kinds.COMPANY, acme.pk, double.pk)
    for row in (mara, deal, part):
        row.refresh_from_db()
    assert (mara.company, deal.company, part.parent) == (acme, acme, acme)


@pytest.mark.parametrize("into", ["top", "low"])
def test_companies_above_each_other_make_no_circle(within: Home, into: str) -> None:
    top = make_company("Top")
    middle = make_company("Middle", parent=top)
    low = make_company("Low", parent=middle)
    both = {"top": top, "low": low}
    survivor = both.pop(into)
    (gone,) = both.values()
    join(within, kinds.COMPANY, survivor.pk, gone.pk)
    seen, one = set(), Company.objects.get(pk=middle.pk)
    while one is not None:
        assert one.pk not in seen
        seen.add(one.pk)
        one = one.parent


def test_old_pages_lead_on_however_often_it_goes_on(within: Home) -> None:
    a, b, c = (make_contact(name) for name in "abc")
    pks = a.pk, b.pk, c.pk
    join(within, kinds.CONTACT, pks[1], pks[0])
    join(within, kinds.CONTACT, pks[2], pks[1])
    found = [merging.survivor_of(kinds.CONTACT, pk, within.member) for pk in pks]
    assert found == [pks[2], pks[2], None]


def test_what_cannot_be_merged_is_said(within: Home) -> None:
    mara = make_contact("Mara")
    with pytest.raises(Expected, match="two different"):
        join(within, kinds.CONTACT, mara.pk, mara.pk)
    with pytest.raises(Expected, match="merged or deleted meanwhile"):
        join(within, kinds.CONTACT, mara.pk, 987654)
    done, nia = make_lead("Done", converted_at="2026-01-01T00:00Z"), make_lead("Nia")
    with pytest.raises(Expected, match="has been converted"):
        join(within, kinds.LEAD, nia.pk, done.pk)
    assert Lead.objects.count() == 2


def test_duplicates_are_found_by_address_or_by_name_and_company(within: Home) -> None:
    acme = make_company("Acme")
    one, two = make_contact("Info", "info@acme.example"), make_contact("Desk", "info@acme.example")
    three, four = make_contact("Mara", company=acme), make_contact("MARA", company=acme)
    make_contact("Mara")
    found = merging.duplicates(kinds.CONTACT, within.member)
    assert [{row.pk for row in group} for group in found] == [
        {one.pk, two.pk},
        {three.pk, four.pk},
    ]
    three.refresh_from_db()
    assert [row.pk for row in merging.alike(kinds.CONTACT, three, within.member)] == [four.pk]
