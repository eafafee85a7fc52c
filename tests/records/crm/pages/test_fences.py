"""Every path of the CRM: for members only, and only for their own workspace's rows."""

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from mailweave.kit import scope
from mailweave.records.crm import importing
from mailweave.records.crm.models import Company, Contact, Deal
from mailweave.records.crm.urls import urlpatterns
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_contact, make_deal, make_lead

PATHS = [each for each in urlpatterns if isinstance(each, URLPattern) and each.name != "home"]
PLAIN = [str(each.name) for each in PATHS if "pk" not in str(each.pattern)]
OF_ROWS = [str(each.name) for each in PATHS if "pk" in str(each.pattern)]


@pytest.fixture
def foreign(other: Home) -> dict[str, int]:
    """Ids of another workspace's rows, by the kind in the path's name."""
    with scope.workspace(other.id):
        acme = Company.objects.create(name="Acme")
        mara = make_contact("Mara", "mara@acme.example", company=acme)
        deal = make_deal("Renewal", mara, company=acme)
        lead = make_lead("Nia", "nia@acme.example", company_name="Acme")
        one = importing.receive("contact", "Acme.csv", b"Name\nMara\n", other.member.user_id)
        ids = {"import": one.pk}
        return ids | {"company": acme.pk, "contact": mara.pk, "deal": deal.pk, "lead": lead.pk}


@pytest.mark.parametrize("name", OF_ROWS)
def test_foreign_rows_are_not_there(name: str, foreign: dict[str, int], home: Home) -> None:
    path = reverse(f"crm:{name}", args=[foreign[name.partition("-")[0]]])
    assert home.client.get(path).status_code == 404
    if "-" in name:
        assert home.client.post(path, {"name": "Taken over"}).status_code in (404, 405)


@pytest.mark.parametrize("name", OF_ROWS)
def test_own_rows_are(name: str, foreign: dict[str, int], other: Home) -> None:
    path = reverse(f"crm:{name}", args=[foreign[name.partition("-")[0]]])
    assert other.client.get(path).status_code == 200


@pytest.mark.parametrize("name", OF_ROWS)
@pytest.mark.parametrize("pk", [0, 2**63, 10**40])
def test_impossible_ids_are_not_there(name: str, pk: int, home: Home) -> None:
    assert home.client.get(reverse(f"crm:{name}", args=[pk])).status_code == 404


@pytest.mark.parametrize("name", PLAIN)
def test_lists_show_nothing_foreign(name: str, foreign: dict[str, int], home: Home) -> None:
    page = home.client.get(reverse(f"crm:{name}"), {"q": "", "company": "Ac"})
    assert page.status_code == 200
    for text in ("Acme", "mara@acme.example", "Renewal", "Nia"):
        assert text not in page.getvalue().decode()


def test_a_deal_cannot_take_a_foreign_contact(foreign: dict[str, int], home: Home) -> None:
    data = {"name": "Mine", "stage": "new", "currency": "EUR", "contact": str(foreign["contact"])}
    page = home.client.post(reverse("crm:deal-new"), data)
    assert page.status_code == 422
    assert "does not exist any more" in page.content.decode()
    assert (
        home.client.get(reverse("crm:deal-new"), {"contact": foreign["contact"]})
        .context["people"]
        .chosen
        == []
    )
    with scope.workspace(home.id):
        assert not Deal.objects.exists()
        assert not Contact.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PLAIN, *OF_ROWS])
def test_strangers_are_asked_to_sign_in(name: str) -> None:
    path = reverse(f"crm:{name}", args=[1] if name in OF_ROWS else [])
    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", [name for name in OF_ROWS if name.endswith("-delete")])
def test_nothing_is_deleted_by_looking(name: str, foreign: dict[str, int], other: Home) -> None:
    kind = name.partition("-")[0]
    other.client.get(reverse(f"crm:{name}", args=[foreign[kind]]))
    assert other.client.get(reverse(f"crm:{kind}", args=[foreign[kind]])).status_code == 200
