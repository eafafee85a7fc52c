import re

import pytest
from django.test import Client

from mailweave.kit import scope
from mailweave.people.access import Member
from mailweave.people.models import Invitation, Role, User
from mailweave.people.workspaces import memberships
from tests.makers import PASSWORD, make_member, make_user, signed_in

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Ann Li",
    "email": "ann@northwind.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "time_zone": "UTC",
}


@pytest.fixture
def owner() -> Member:
    return make_member(Role.OWNER, name="Olga Owner")


def invite(member: Member, role: str = "member") -> str:
    """The path of a link, as the page shows it."""
    answer = signed_in(member).post(
        "/settings/invitations/", {"role": role, "note": "Ann"}, headers={"HX-Request": "true"}
    )
    found = re.search(r'value="http://testserver(/join/[^"]+/)"', answer.content.decode())
    assert found, answer.content
    return found[1]


def test_a_new_person_joins_by_the_link_they_were_handed(owner: Member) -> None:
    path = invite(owner, "admin")
    visitor = Client()
    page = visitor.get(path).content.decode()
    assert "Olga Owner invites you" in page
    assert "Northwind" in page
    assert visitor.post(path, TYPED).headers["Location"] == "/"
    [member] = memberships(User.objects.get(email="ann@northwind.example"))
    assert (member.workspace_id, member.role) == (owner.workspace_id, Role.ADMIN)
    assert visitor.get("/settings/members/").status_code == 200


def test_the_link_is_shown_once_and_listed_until_used(owner: Member) -> None:
    path = invite(owner)
    listed = signed_in(owner).get("/settings/members/").content.decode()
    assert "Ann" in listed
    assert path not in listed
    Client().post(path, TYPED)
    assert "Revoke" not in signed_in(owner).get("/settings/members/").content.decode()


def test_without_scripts_the_link_comes_on_a_page(owner: Member) -> None:
    answer = signed_in(owner).post("/settings/invitations/", {"role": "member"})
    assert b"<html" in answer.content
    assert b"/join/" in answer.content
    assert b"hx-partial" not in answer.content.split(b"toast-stack")[0]


@pytest.mark.parametrize("how", ["used", "revoked", "never made"])
def test_dead_links_are_explained(owner: Member, how: str) -> None:
    path = invite(owner)
    if how == "used":
        Client().post(path, TYPED)
    elif how == "revoked":
        with scope.workspace(owner.workspace_id):
            pk = Invitation.objects.get().pk
        signed_in(owner).post(f"/settings/invitations/{pk}/revoke/")
    else:
        path = "/join/nonsense/"
    for answer in (Client().get(path), Client().post(path, TYPED | {"email": "b@b.example"})):
        assert answer.status_code == 410
        assert "not valid any more" in answer.content.decode()
    assert not User.objects.filter(email="b@b.example").exists()


def test_somebody_signed_in_joins_as_themselves_and_works_there(owner: Member) -> None:
    other = make_member(name="Otto")
    theirs = signed_in(other)
    path = invite(owner)
    assert "signed in as" in theirs.get(path).content.decode()
    theirs.post(path)
    user = User.objects.get(pk=other.user_id)
    assert {m.workspace_id for m in memberships(user)} == {other.workspace_id, owner.workspace_id}
    assert "Olga Owner" in theirs.get("/settings/members/").content.decode()
    theirs.post(f"/settings/workspace/{other.workspace_id}/")
    assert "Olga Owner" not in theirs.get("/settings/members/").content.decode()
    stranger = make_member()
    assert theirs.post(f"/settings/workspace/{stranger.workspace_id}/").status_code == 404


def test_a_taken_address_is_sent_to_sign_in_and_the_link_lives(owner: Member) -> None:
    make_user(email="Ann@northwind.example")
    path = invite(owner)
    answer = Client().post(path, TYPED)
    assert answer.status_code == 422
    assert "Sign in with it first" in answer.content.decode()
    assert Client().get(path).status_code == 200


def test_admins_invite_no_owners_and_members_nobody(owner: Member) -> None:
    admin = make_member(Role.ADMIN)
    answer = signed_in(admin).post("/settings/invitations/", {"role": "owner"})
    assert answer.status_code == 422
    assert signed_in(make_member(Role.MEMBER)).post("/settings/invitations/").status_code == 404
    for member in (admin, owner):
        with scope.workspace(member.workspace_id):
            assert not Invitation.objects.exists()


def test_a_foreign_invitation_is_not_there(owner: Member) -> None:
    path = invite(owner)
    with scope.workspace(owner.workspace_id):
        pk = Invitation.objects.get().pk
    stranger = signed_in(make_member(Role.OWNER))
    assert stranger.post(f"/settings/invitations/{pk}/revoke/").status_code == 404
    assert Client().get(path).status_code == 200
