"""Company pages."""

from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.crm.models import Company, Contact
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_deal


def test_create_edit_and_show(home: Home) -> None:
    sent = {"name": "Acme", "domain": "https://www.acme.example/"}
    page = home.client.post(reverse("crm:company-new"), sent, follow=True)
    assert b"acme.example" in page.content
    with scope.workspace(home.id):
        acme = Company.objects.get()
        make_contact("Mara", "mara@acme.example", company=acme)
        make_deal("Renewal", company=acme)
    edit = reverse("crm:company-edit", args=[acme.pk])
    assert home.client.post(edit, {"name": "Acme Ltd", "domain": ""}).status_code == 302
    shown = home.client.get(reverse("crm:company", args=[acme.pk])).content.decode()
    for text in ("Acme Ltd", "Mara", "mara@acme.example", "Renewal"):
        assert text in shown


def test_bad_input_is_explained(home: Home) -> None:
    page = home.client.post(reverse("crm:company-new"), {"name": "Acme", "domain": "not one"})
    assert page.status_code == 422
    assert b"id_domain_error" in page.content


def test_an_empty_form_is_an_error_too(home: Home) -> None:
    assert home.client.post(reverse("crm:company-new")).status_code == 422


def test_names_are_offered_while_typing(home: Home) -> None:
    with scope.workspace(home.id):
        Company.objects.create(name='"Quoted" & Sons')
        Company.objects.create(name="Other")
    page = home.client.get(reverse("crm:company-names"), {"company": "sons"})
    assert page.content.decode().strip() == (
        '<option value="&quot;Quoted&quot; &amp; Sons"></option>'
    )


def test_delete_keeps_the_people(home: Home) -> None:
    with scope.workspace(home.id):
        acme = Company.objects.create(name="Acme")
        make_contact("Mara", company=acme)
    path = reverse("crm:company-delete", args=[acme.pk])
    assert b"without a company above them" in home.client.get(path).content
    assert home.client.post(path).status_code == 302
    with scope.workspace(home.id):
        assert Contact.objects.get().company is None
