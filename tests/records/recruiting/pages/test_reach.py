"""What roles reach: seen, changed, deleted, and said so where it is not allowed."""

from dataclasses import replace

import pytest
from django.urls import reverse

from mailweave.kit import scope
from mailweave.people.access import Scopes
from mailweave.people.models import Role, Scope
from mailweave.records.recruiting import candidates
from tests.records.crm.conftest import Home
from tests.records.recruiting.makers import (
    make_application,
    make_candidate,
    make_colleague,
    make_job,
)


def test_a_viewer_looks_and_changes_nothing(home: Home) -> None:
    with scope.workspace(home.id):
        nia, job = make_candidate("Nia"), make_job("Skipper")
        row = make_application(nia, job)
        _, client = make_colleague("Vera", Role.VIEWER, ("recruiting",))
    for name, pk in (("candidate", nia.pk), ("job", job.pk)):
        shown = client.get(reverse(f"recruiting:{name}", args=[pk])).content.decode()
        assert "/edit/" not in shown
        assert "/delete/" not in shown
        assert "/move/" not in shown
        for verb in ("edit", "delete"):
            path = reverse(f"recruiting:{name}-{verb}", args=[pk])
            assert client.post(path, {"name": "x"}).status_code == 403
        assert "Add" not in client.get(reverse(f"recruiting:{name}s")).content.decode()
    move = reverse("recruiting:application-move", args=[row.pk])
    assert client.post(move, {"stage": "offer"}).status_code == 403
    row.refresh_from_db()
    assert row.stage == "applied"


def test_a_member_deletes_their_own_only(home: Home) -> None:
    with scope.workspace(home.id):
        member, client = make_colleague("Mo", Role.MEMBER, ("recruiting",))
        theirs = make_candidate("Nia", owner_id=member.user_id)
        others = make_candidate("Jo", owner_id=home.member.user_id)
    paths = [reverse("recruiting:candidate-delete", args=[one.pk]) for one in (theirs, others)]
    assert [client.post(path).status_code for path in paths] == [302, 403]


@pytest.mark.usefixtures("within")
def test_who_sees_their_own_sees_nobody_elses(home: Home) -> None:
    member, _ = make_colleague("Mo", Role.MEMBER, ("recruiting",))
    narrow = replace(member, scopes=Scopes(see=Scope.OWN))
    make_candidate("Nia", owner_id=member.user_id)
    make_candidate("Jo", owner_id=home.member.user_id)
    make_candidate("Nobody's")
    assert {one.name for one in candidates.find(narrow)} == {"Nia", "Nobody's"}
    assert not candidates.find(replace(narrow, modules=frozenset())).exists()
