"""Deal pages: contacts are looked for, ticked, and one is primary."""

from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.crm import deals
from mailweave.records.crm.models import Deal
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_deal

NEW = {"name": "Renewal", "stage": "proposal", "amount": "1200", "currency": "usd"}


def test_create_with_contacts(home: Home) -> None:
    with scope.workspace(home.id):
        mara, jonas = make_contact("Mara"), make_contact("Jonas")
    sent = {**NEW, "company": "Acme", "contact": [mara.pk, jonas.pk], "primary": jonas.pk}
    page = home.client.post(reverse("crm:deal-new"), sent, follow=True).content.decode()
    for text in ("Renewal", "Proposal", "1,200.00 USD", "Acme", "Mara", "Jonas"):
        assert text in page
    assert page.count(">Primary<") == 1
    with scope.workspace(home.id):
        assert [row.contact for row in deals.contacts(None, Deal.objects.get().pk)] == [jonas, mara]


def test_looking_for_contacts_saves_nothing(home: Home) -> None:
    with scope.workspace(home.id):
        mara, jonas = make_contact("Mara"), make_contact("Jonas")
    sent = {**NEW, "name": "", "contact": mara.pk, "find": "jon", "look": "1"}
    page = home.client.post(reverse("crm:deal-new"), sent)
    assert page.status_code == 200
    assert [each.contact for each in page.context["people"].choices] == [mara, jonas]
    assert b"This field is required" not in page.content
    with scope.workspace(home.id):
        assert not Deal.objects.exists()


def test_enter_after_typing_a_name_looks_before_it_saves(home: Home) -> None:
    with scope.workspace(home.id):
        make_contact("Mara")
    typed = {**NEW, "find": "mara", "looked": "", "save": "1"}
    assert home.client.post(reverse("crm:deal-new"), typed).status_code == 200
    assert home.client.post(reverse("crm:deal-new"), {**typed, "looked": "mara"}).status_code == 302


def test_a_deal_starts_from_its_contact(home: Home) -> None:
    with scope.workspace(home.id):
        mara = make_contact("Mara")
    page = home.client.get(reverse("crm:deal-new"), {"contact": mara.pk, "company": "Acme"})
    assert page.context["people"].chosen == [mara.pk]
    assert b'value="Acme"' in page.content
    assert home.client.get(reverse("crm:deal-new"), {"contact": "x"}).status_code == 200


def test_bad_input_keeps_what_was_chosen(home: Home) -> None:
    with scope.workspace(home.id):
        mara = make_contact("Mara")
    page = home.client.post(reverse("crm:deal-new"), {**NEW, "amount": "a lot", "contact": mara.pk})
    assert page.status_code == 422
    assert page.context["people"].chosen == [mara.pk]
    assert b'aria-describedby="id_amount_error"' in page.content


def test_edit_and_delete(home: Home) -> None:
    with scope.workspace(home.id):
        mara = make_contact("Mara")
        deal = make_deal("Renewal", mara)
    path = reverse("crm:deal-edit", args=[deal.pk])
    assert home.client.get(path).context["people"].chosen == [mara.pk]
    assert home.client.post(path, {**NEW, "stage": "won"}).status_code == 302
    with scope.workspace(home.id):
        assert Deal.objects.get().stage == "won"
        assert deals.contacts(None, deal.pk) == []
    assert home.client.post(reverse("crm:deal-delete", args=[deal.pk])).status_code == 302
    assert home.client.get(reverse("crm:deal", args=[deal.pk])).status_code == 404
