"""Merging candidates: picked, compared, made one; where the old page leads; refused in words."""

import pytest
from django.urls import reverse

from mailweave.kit import scope
from mailweave.people.models import Role
from mailweave.records.recruiting.models import Candidate
from tests.records.recruiting.conftest import Home
from tests.records.recruiting.makers import make_candidate, make_colleague

pytestmark = pytest.mark.sql
LENA = "lena@home.example"


def test_from_the_duplicates_to_one(home: Home) -> None:
    with scope.workspace(home.id):
        one, two = make_candidate("Lena Quist", LENA).pk, make_candidate("Lena Q.", LENA).pk
    path = reverse("recruiting:candidate-merge")
    picked = home.client.get(path).content.decode()
    assert f"?id={one}&amp;id={two}" in picked
    from_page = home.client.get(path, {"id": one, "q": "lena"}).content.decode()
    assert from_page.count(f"?id={one}&amp;id={two}") == 2
    side = home.client.get(path, {"id": [one, two]}).content.decode()
    assert f'name="take_name" value="{two}"' in side
    given = {"id": [one, two], "into": one, "take_name": two}
    page = home.client.post(path, given, follow=True).content.decode()
    assert "Merged into Lena Q.. Everything of them is here." in page
    led = home.client.get(reverse("recruiting:candidate", args=[two]))
    assert led.headers["Location"] == reverse("recruiting:candidate", args=[one])
    assert home.client.post(path, given).status_code == 404


def test_who_may_only_look_is_told_so(home: Home, other: Home) -> None:
    with scope.workspace(home.id):
        pks = [make_candidate(name).pk for name in ("Lena", "Elena")]
        _, viewer = make_colleague("Vera", Role.VIEWER, ("recruiting",))
    path = reverse("recruiting:candidate-merge")
    refused = viewer.post(path, {"id": pks, "into": pks[0]})
    assert refused.status_code == 403
    assert "Your role may look at these records" in refused.content.decode()
    assert other.client.post(path, {"id": pks, "into": pks[0]}).status_code == 404
    with scope.workspace(home.id):
        assert Candidate.objects.count() == 2


@pytest.mark.parametrize("name", ["intake-new", "intake-retry"])
def test_setting_up_intakes_is_refused_in_words(home: Home, name: str) -> None:
    with scope.workspace(home.id):
        _, viewer = make_colleague("Vera", Role.VIEWER, ("recruiting",))
    path = reverse(f"recruiting:{name}")
    refused = viewer.get(path) if name == "intake-new" else viewer.post(path)
    assert refused.status_code == 403
    said = refused.content.decode()
    assert "none of yours is connected" in said or "Your role may look" in said
