"""Merging by its pages: offered, compared, done; and who comes too late is told."""

from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.crm import contacts
from mailweave.records.crm.models import Contact
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_company, make_contact, make_lead

PATH = reverse("crm:contact-merge")


def text_of(page: object) -> str:
    return page.content.decode()  # type: ignore[attr-defined,no-any-return]


def pair(home: Home) -> tuple[int, int]:
    with scope.workspace(home.id):
        one = make_contact("Mara", "mara@acme.example", title="CFO")
        return one.pk, make_contact("Mara O.", "mara@acme.example", phone="1").pk


def test_duplicates_are_offered_and_compared(home: Home) -> None:
    one, two = pair(home)
    page = text_of(home.client.get(PATH))
    assert f"{PATH}?id={one}&amp;id={two}" in page
    shown = text_of(home.client.get(PATH, {"id": [one, two]}))
    for said in ("Mara O.", "CFO", "mara@acme.example", "cannot be undone"):
        assert said in shown


def test_without_duplicates_it_says_so(home: Home) -> None:
    assert "No duplicates found" in text_of(home.client.get(PATH))


def test_one_finds_the_other(home: Home) -> None:
    one, two = pair(home)
    with scope.workspace(home.id):
        jon = make_contact("Jon Weber")
    page = text_of(home.client.get(PATH, {"id": one}))
    assert f"?id={one}&amp;id={two}" in page
    found = text_of(home.client.get(PATH, {"id": one, "q": "weber"}))
    assert f"?id={one}&amp;id={jon.pk}" in found


def test_merged_as_chosen_and_the_old_page_leads_on(home: Home) -> None:
    one, two = pair(home)
    sent = {"id": [one, two], "into": one, "take_name": two, "take_phone": two, "take_title": one}
    answer = home.client.post(PATH, sent)
    assert answer["Location"] == reverse("crm:contact", args=[one])
    with scope.workspace(home.id):
        left = Contact.objects.get()
        assert (left.name, left.phone, left.title) == ("Mara O.", "1", "CFO")
        assert [row.address for row in contacts.addresses(one)] == ["mara@acme.example"]
    assert home.client.get(reverse("crm:contact", args=[two]))["Location"] == (
        reverse("crm:contact", args=[one])
    )


def test_who_comes_too_late_changes_nothing(home: Home) -> None:
    one, two = pair(home)
    sent = {"id": [one, two], "into": one}
    assert home.client.post(PATH, sent).status_code == 302
    assert home.client.post(PATH, sent).status_code == 404
    assert home.client.post(PATH, {"id": [one, one], "into": one}).status_code == 422
    with scope.workspace(home.id):
        assert Contact.objects.count() == 1


def test_foreign_records_are_not_there(home: Home, other: Home) -> None:
    one, two = pair(home)
    mine = pair(other)[0]
    assert f"id={one}" not in text_of(other.client.get(PATH, {"id": [one, two]}))
    sent = {"id": [mine, two], "into": mine}
    assert other.client.post(PATH, sent).status_code == 404
    sent = {"id": [mine, mine], "into": two}
    assert other.client.post(PATH, sent).status_code == 404


def test_companies_and_leads_too(home: Home) -> None:
    with scope.workspace(home.id):
        acmes = [make_company("Acme").pk, make_company("ACME").pk]
        nias = [make_lead("Nia").pk, make_lead("Nia").pk]
    for kind, pks in (("company", acmes), ("lead", nias)):
        path = reverse(f"crm:{kind}-merge")
        assert home.client.get(path, {"id": pks}).status_code == 200
        answer = home.client.post(path, {"id": pks, "into": pks[1]})
        assert answer["Location"] == reverse(f"crm:{kind}", args=[pks[1]])
        old = home.client.get(reverse(f"crm:{kind}", args=[pks[0]]))
        assert old["Location"] == reverse(f"crm:{kind}", args=[pks[1]])
