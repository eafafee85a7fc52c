"""Lead pages: list, create, edit, convert, delete."""

from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.crm import leads
from mailweave.records.crm.models import Company, Contact, Deal, Lead
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_lead

NEW = {
    "name": "Nia Patel",
    "company_name": "Acme",
    "status": "working",
    "source": "Trade fair",
    "address": ["nia@patel.example", ""],
    "primary": "0",
}


def text_of(page: object) -> str:
    return page.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_an_empty_list_says_what_will_be_here(home: Home) -> None:
    assert "No leads yet" in text_of(home.client.get(reverse("crm:leads")))


def test_create_and_edit(home: Home) -> None:
    owner = str(home.member.user_id)
    answer = home.client.post(reverse("crm:lead-new"), {**NEW, "owner": owner}, follow=True)
    for shown in ("Nia Patel", "nia@patel.example", "Working", "Trade fair", "Owner of north"):
        assert shown in text_of(answer)
    with scope.workspace(home.id):
        lead = Lead.objects.get()
        assert not Company.objects.exists()
    path = reverse("crm:lead-edit", args=[lead.pk])
    assert 'value="nia@patel.example"' in text_of(home.client.get(path))
    home.client.post(path, {**NEW, "name": "Nia P.", "address": ["n@patel.example"]})
    with scope.workspace(home.id):
        assert [row.address for row in leads.addresses(lead.pk)] == ["n@patel.example"]
        assert Lead.objects.get().name == "Nia P."


def test_bad_input_changes_nothing_and_is_explained(home: Home) -> None:
    sent = {**NEW, "name": "x" * 10_000, "status": "cold", "owner": "987654", "address": ["no"]}
    page = home.client.post(reverse("crm:lead-new"), sent)
    assert page.status_code == 422
    for field in ("name", "status", "owner"):
        assert f'id="id_{field}_error"' in text_of(page)
    assert 'id="address_0_error"' in text_of(page)
    with scope.workspace(home.id):
        assert not Lead.objects.exists()


def test_converting_is_explained_and_leads_back(home: Home) -> None:
    with scope.workspace(home.id):
        lead = make_lead("Nia", "nia@patel.example", company_name="Acme")
    path = reverse("crm:lead-convert", args=[lead.pk])
    page = text_of(home.client.get(path))
    assert "This cannot be undone" in page
    assert 'value="Acme"' in page
    sent = {"name": "Nia Patel", "company": "Acme", "deal": "Rollout"}
    shown = text_of(home.client.post(path, sent, follow=True))
    for said in ("Nia Patel", "nia@patel.example", "Was a lead", "Rollout"):
        assert said in shown
    with scope.workspace(home.id):
        contact, deal = Contact.objects.get(), Deal.objects.get()
        assert deal.company is not None
        assert deal.company.name == "Acme"
    told = text_of(home.client.get(reverse("crm:lead", args=[lead.pk])))
    assert "Converted" in told
    assert reverse("crm:contact", args=[contact.pk]) in told
    assert home.client.post(path, sent).status_code == 302
    assert home.client.get(reverse("crm:lead-edit", args=[lead.pk])).status_code == 302
    with scope.workspace(home.id):
        assert Contact.objects.count() == 1


def test_converting_offers_a_contact_that_may_be_the_same(home: Home) -> None:
    with scope.workspace(home.id):
        known = make_contact("N. Patel", "nia@patel.example")
        other = make_contact("Jon", "jon@else.example")
        lead = make_lead("Nia", "nia@patel.example")
    path = reverse("crm:lead-convert", args=[lead.pk])
    assert "Add to N. Patel, nia@patel.example" in text_of(home.client.get(path))
    refused = home.client.post(path, {"name": "x", "into": str(other.pk)})
    assert refused.status_code == 422
    home.client.post(path, {"name": "x", "into": str(known.pk)})
    with scope.workspace(home.id):
        assert Lead.objects.get().contact_id == known.pk
