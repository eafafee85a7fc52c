"""Every path of recruiting: for who works on it, and only for their own workspace's rows."""

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from mailweave.kit import clock, scope
from mailweave.records.recruiting import interviews, references, resumes
from mailweave.records.recruiting.models import Interview, Reference
from mailweave.records.recruiting.urls import urlpatterns
from tests.records.crm.conftest import Home
from tests.records.recruiting import papers
from tests.records.recruiting.makers import (
    make_application,
    make_candidate,
    make_colleague,
    make_job,
)

PATHS = [each for each in urlpatterns if isinstance(each, URLPattern) and each.name != "home"]
PLAIN = [str(each.name) for each in PATHS if "pk" not in str(each.pattern)]
OF_ROWS = [str(each.name) for each in PATHS if "pk" in str(each.pattern)]
OF_ROWS = [name for name in OF_ROWS if name.partition("-")[0] not in {"wanted", "entry", "intake"}]
CANARIES = ("Nia Patel", "nia@patel.example", "Skipper")


@pytest.fixture
def foreign(other: Home) -> dict[str, int]:
    """Ids of another workspace's rows, by the kind in the path's name."""
    with scope.workspace(other.id):
        nia = make_candidate("Nia Patel", "nia@patel.example")
        job = make_job("Skipper")
        row = make_application(nia, job)
        talk = Interview(application=row, starts_at=clock.now(), time_zone="UTC")
        interviews.store(other.member, talk, [])
        named = Reference(candidate=nia, name="Ida Lund")
        references.store(other.member, named)
        paper = resumes.keep(nia, "Nia Patel.pdf", papers.pdf("Nia Patel"))
        ids = {"candidate": nia.pk, "job": job.pk, "application": row.pk}
        return ids | {"interview": talk.pk, "reference": named.pk, "resume": paper.pk}


@pytest.mark.parametrize("name", OF_ROWS)
def test_foreign_rows_are_not_there(name: str, foreign: dict[str, int], home: Home) -> None:
    for pk in (foreign[name.partition("-")[0]], 0, 2**63):
        path = reverse(f"recruiting:{name}", args=[pk])
        assert home.client.get(path).status_code in {404, 405}
        assert home.client.post(path, {"name": "Taken over"}).status_code in {404, 405}


@pytest.mark.parametrize("name", [*PLAIN, *OF_ROWS])
def test_for_colleagues_without_recruiting_it_does_not_exist(
    name: str, foreign: dict[str, int], other: Home
) -> None:
    with scope.workspace(other.id):
        _, client = make_colleague("Cara")
    args = [foreign[name.partition("-")[0]]] if name in OF_ROWS else []
    path = reverse(f"recruiting:{name}", args=args)
    assert client.get(path).status_code in {404, 405}
    assert client.post(path, {"name": "Taken over"}).status_code in {404, 405}
    assert "/recruiting/" not in client.get("/crm/contacts/").content.decode()
    assert "/recruiting/" in other.client.get("/crm/contacts/").content.decode()


@pytest.mark.parametrize("name", PLAIN)
def test_lists_show_nothing_foreign(name: str, foreign: dict[str, int], home: Home) -> None:
    page = home.client.get(reverse(f"recruiting:{name}"))
    assert page.status_code == {"intake-new": 403, "intake-retry": 405}.get(name, 200)
    for text in CANARIES:
        assert text not in page.getvalue().decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PLAIN, *OF_ROWS])
def test_strangers_are_asked_to_sign_in(name: str) -> None:
    path = reverse(f"recruiting:{name}", args=[1] if name in OF_ROWS else [])
    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["candidate-delete", "job-delete"])
def test_nothing_is_deleted_by_looking(name: str, foreign: dict[str, int], other: Home) -> None:
    kind = name.partition("-")[0]
    other.client.get(reverse(f"recruiting:{name}", args=[foreign[kind]]))
    assert other.client.get(reverse(f"recruiting:{kind}", args=[foreign[kind]])).status_code == 200
