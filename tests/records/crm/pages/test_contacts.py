"""Contact pages: list, search, create, edit, delete."""

from django.contrib.messages import get_messages
from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.crm import contacts
from mailweave.records.crm.models import Company, Contact
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_deal

NEW = {"name": "Mara Okafor", "address": ["mara@acme.example", ""], "primary": "0"}


def text_of(page: object) -> str:
    return page.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_an_empty_list_says_what_will_be_here(home: Home) -> None:
    page = home.client.get(reverse("crm:contacts"))
    assert "No contacts yet" in text_of(page)
    assert "Add the first contact" in text_of(page)


def test_a_search_without_hits_offers_a_way_back(home: Home) -> None:
    page = home.client.get(reverse("crm:contacts"), {"q": "<nobody>"})
    assert "Nothing matches “&lt;nobody&gt;”" in text_of(page)
    assert "Clear the search" in text_of(page)


def test_htmx_gets_the_rows_only(home: Home) -> None:
    with scope.workspace(home.id):
        make_contact("Mara", "mara@acme.example")
    whole = home.client.get(reverse("crm:contacts"), {"q": "mara"})
    part = home.client.get(
        reverse("crm:contacts"), {"q": "mara"}, headers={"HX-Request-Type": "partial"}
    )
    assert "<!doctype html>" in text_of(whole)
    assert text_of(part).strip().startswith('<div id="found">')
    assert "mara@acme.example" in text_of(part)
    assert "HX-Request-Type" in part["Vary"]


def test_a_long_list_is_turned_page_by_page(home: Home) -> None:
    with scope.workspace(home.id):
        Contact.objects.bulk_create([Contact(name=f"Person {n:03}") for n in range(60)])
    first = home.client.get(reverse("crm:contacts"), {"q": "person"})
    assert "Person 049" in text_of(first)
    assert "Person 050" not in text_of(first)
    after = first.context["page"].after
    second = home.client.get(reverse("crm:contacts"), {"q": "person", "after": after})
    assert "Person 050" in text_of(second)
    assert "Person 049" not in text_of(second)
    assert "q=person" in text_of(second)


def test_create(home: Home) -> None:
    sent = {**NEW, "company": "Acme", "title": "CFO", "note": "<b>Hi</b>"}
    answer = home.client.post(reverse("crm:contact-new"), sent, follow=True)
    assert answer.redirect_chain[0][0].startswith("/crm/contacts/")
    for shown in ("Mara Okafor", "mara@acme.example", "CFO", "Acme", "&lt;b&gt;Hi&lt;/b&gt;"):
        assert shown in text_of(answer)
    assert "Acme was added to your companies." in text_of(answer)
    with scope.workspace(home.id):
        assert Contact.objects.get().company == Company.objects.get()


def test_bad_input_changes_nothing_and_is_explained(home: Home) -> None:
    sent = {"name": " ", "address": ["ok@acme.example", "nonsense"], "company": "Acme"}
    page = home.client.post(reverse("crm:contact-new"), sent)
    assert page.status_code == 422
    assert 'aria-describedby="address_1_error"' in text_of(page)
    assert 'id="address_1_error"' in text_of(page)
    assert 'aria-describedby="id_name_error"' in text_of(page)
    assert 'value="ok@acme.example"' in text_of(page)
    with scope.workspace(home.id):
        assert not Contact.objects.exists()
        assert not Company.objects.exists()


def test_one_more_address_without_losing_what_was_typed(home: Home) -> None:
    page = home.client.post(
        reverse("crm:contact-new"), {**NEW, "address": ["nonsense"], "note": "Half", "add": "1"}
    )
    assert page.status_code == 200
    assert text_of(page).count('name="address"') == 2
    assert 'value="nonsense"' in text_of(page)
    assert "Half" in text_of(page)
    assert "not an e-mail address" not in text_of(page)


def test_edit_moves_the_primary_address(home: Home) -> None:
    with scope.workspace(home.id):
        mara = make_contact("Mara", "old@acme.example", "new@acme.example")
    path = reverse("crm:contact-edit", args=[mara.pk])
    sent = {"name": "Mara O.", "address": ["old@acme.example", "new@acme.example"], "primary": "1"}
    assert home.client.get(path).status_code == 200
    assert home.client.post(path, sent).status_code == 302
    with scope.workspace(home.id):
        assert [row.address for row in contacts.addresses(mara.pk)] == [
            "new@acme.example",
            "old@acme.example",
        ]
        assert Contact.objects.get().name == "Mara O."


def test_an_address_of_another_contact_is_allowed_but_told(home: Home) -> None:
    with scope.workspace(home.id):
        make_contact("Jonas Weber", "mara@acme.example")
    answer = home.client.post(reverse("crm:contact-new"), NEW)
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert "mara@acme.example also belongs to Jonas Weber." in told
    page = home.client.get(answer["Location"])
    assert "also belongs to" in text_of(page)


def test_delete_asks_then_does(home: Home) -> None:
    with scope.workspace(home.id):
        mara = make_contact("Mara", "mara@acme.example")
        deal = make_deal("Renewal", mara)
    path = reverse("crm:contact-delete", args=[mara.pk])
    page = home.client.get(path)
    assert "All mail" in text_of(page)
    assert home.client.post(path).status_code == 302
    assert home.client.get(reverse("crm:contact", args=[mara.pk])).status_code == 404
    assert home.client.get(reverse("crm:deal", args=[deal.pk])).status_code == 200


def test_the_page_shows_deals_and_company(home: Home) -> None:
    with scope.workspace(home.id):
        acme = Company.objects.create(name="Acme & Sons")
        mara = make_contact("Mara", company=acme)
        make_deal("Renewal", mara, amount=1200, company=acme)
    page = text_of(home.client.get(reverse("crm:contact", args=[mara.pk])))
    for shown in ("Acme &amp; Sons", "Renewal", "1,200.00 EUR", "No address"):
        assert shown in page


def test_the_list_takes_a_fixed_number_of_queries(
    home: Home, django_assert_max_num_queries: object
) -> None:
    with scope.workspace(home.id):
        acme = Company.objects.create(name="Acme")
        for n in range(20):
            make_contact(f"Person {n}", f"p{n}@acme.example", company=acme)
    with django_assert_max_num_queries(13):  # type: ignore[operator]
        home.client.get(reverse("crm:contacts"))
