"""What the rest of the house learns of contacts, companies and deals."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import clock
from mailweave.linking import registry
from mailweave.linking.models import LinkPolicy
from mailweave.records.crm.models import Company
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_deal

BOTH = ["Late", "Early"]


def test_all_kinds_are_found_at_start() -> None:
    assert {"crm.contact", "crm.company", "crm.lead", "crm.deal"} <= set(registry.kinds())
    assert registry.get("crm.contact").label == "Contact"


def test_cards_say_who_and_where(within: Home) -> None:
    acme = Company.objects.create(name="Acme", domain="acme.example")
    mara = make_contact("Mara", "mara@acme.example", company=acme)
    deal = make_deal("Renewal", mara, company=acme)
    keys = [("crm.contact", mara.pk), ("crm.company", acme.pk), ("crm.deal", deal.pk)]
    found = registry.cards([*keys, ("crm.contact", 0)], within.member)
    assert [(found[key].title, found[key].subtitle, found[key].url) for key in keys] == [
        ("Mara", "Acme · mara@acme.example", f"/crm/contacts/{mara.pk}/"),
        ("Acme", "acme.example", f"/crm/companies/{acme.pk}/"),
        ("Renewal", "Acme · New", f"/crm/deals/{deal.pk}/"),
    ]
    assert set(found) == set(keys)


def test_cards_of_many_take_one_query(within: Home) -> None:
    ids = [make_contact(f"Person {n}", f"p{n}@acme.example").pk for n in range(20)]
    with CaptureQueriesContext(connection) as seen:
        assert len(registry.get("crm.contact").cards(ids, within.member)) == 20
    assert len(seen) == 1


def test_search_is_limited_and_by_name(within: Home) -> None:
    for name in ("Cara", "Abel", "Boris"):
        make_contact(name, f"{name.lower()}@acme.example")
    make_deal("Acme renewal")
    found = registry.search("acme", within.member, limit=2)
    assert [card.title for card in found] == ["Abel", "Boris", "Acme renewal"]


def test_sources_of_a_deal_are_its_contacts_primary_first(within: Home) -> None:
    zoe, abel = make_contact("Zoe"), make_contact("Abel")
    deal = make_deal("Renewal", zoe, abel)
    assert registry.get("crm.deal").sources(deal.pk) == [
        ("crm.contact", zoe.pk),
        ("crm.contact", abel.pk),
        ("crm.deal", deal.pk),
    ]
    assert registry.get("crm.contact").sources(zoe.pk) == [("crm.contact", zoe.pk)]


@pytest.mark.parametrize(
    ("mode", "found"),
    [("latest", ["Late"]), ("all", BOTH), ("via_contact", BOTH), ("none", [])],
)
def test_letters_from_a_contact_are_about_their_open_deals(
    within: Home, mode: str, found: list[str]
) -> None:
    mara = make_contact("Mara")
    early = make_deal("Early", mara, opened_on=date(2026, 1, 1))
    late = make_deal("Late", mara, opened_on=date(2026, 2, 1))
    make_deal("Won", mara, stage="won", closed_at=clock.now())
    make_deal("Another's", make_contact("Zoe"))
    LinkPolicy.objects.update_or_create(defaults={"deal_mode": mode})
    names = {("crm.deal", one.pk): one.name for one in (early, late)}
    along = registry.along_with(("crm.contact", mara.pk), within.member)
    assert [names[one] for one in along] == found
    assert registry.along_with(("crm.deal", late.pk), within.member) == []


def test_sources_of_a_company_are_its_people(within: Home) -> None:
    acme = Company.objects.create(name="Acme")
    mara = make_contact("Mara", company=acme)
    make_contact("Jonas")
    assert registry.get("crm.company").sources(acme.pk) == [
        ("crm.contact", mara.pk),
        ("crm.company", acme.pk),
    ]
