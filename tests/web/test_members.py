import pytest

from mailweave.kit import scope
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role, Workspace
from tests.makers import make_member, make_workspace, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Workspace:
    return make_workspace()


@pytest.fixture
def owner(team: Workspace) -> Member:
    return make_member(Role.OWNER, team, name="Olga Owner")


@pytest.fixture
def mia(team: Workspace) -> Member:
    return make_member(Role.MEMBER, team, name="Mia Member")


def pk_of(member: Member) -> int:
    with scope.workspace(member.workspace_id):
        return int(Membership.objects.get(user_id=member.user_id).pk)


def role_of(member: Member) -> str:
    with scope.workspace(member.workspace_id):
        found = Membership.objects.filter(user_id=member.user_id).first()
        return found.role if found else ""


def path(member: Member, verb: str) -> str:
    return f"/settings/members/{pk_of(member)}/{verb}/"


def test_everybody_sees_the_members_and_owners_can_act(owner: Member, mia: Member) -> None:
    theirs = signed_in(mia).get("/settings/members/").content.decode()
    assert "Olga Owner" in theirs
    assert "Invite" not in theirs
    assert "/remove/" not in theirs
    ours = signed_in(owner).get("/settings/members/").content.decode()
    assert path(mia, "remove") in ours


def test_other_workspaces_stay_unseen(owner: Member) -> None:
    make_member(name="Zed Stranger")
    assert "Zed Stranger" not in signed_in(owner).get("/settings/members/").content.decode()


def test_a_role_is_changed_and_told(owner: Member, mia: Member) -> None:
    answer = signed_in(owner).post(path(mia, "role"), {"role": "admin"}, follow=True)
    assert "Mia Member is now admin." in answer.content.decode()
    assert role_of(mia) == Role.ADMIN


def test_a_member_is_removed_and_locked_out(owner: Member, mia: Member) -> None:
    hers = signed_in(mia)
    assert hers.get("/settings/members/").status_code == 200
    signed_in(owner).post(path(mia, "remove"))
    assert role_of(mia) == ""
    assert hers.get("/settings/members/").status_code == 404


def test_the_last_owner_is_refused_in_words(owner: Member) -> None:
    answer = signed_in(owner).post(path(owner, "remove"))
    assert answer.status_code == 422
    assert "only owner" in answer.content.decode()
    assert role_of(owner) == Role.OWNER


@pytest.mark.parametrize("verb", ["role", "remove"])
def test_members_may_not_and_strangers_find_nothing(owner: Member, mia: Member, verb: str) -> None:
    typed = {"role": "member"}
    missing = signed_in(owner).post(f"/settings/members/999999/{verb}/", typed)
    foreign = signed_in(make_member(Role.OWNER)).post(path(owner, verb), typed)
    refused = signed_in(mia).post(path(owner, verb), typed)
    assert [a.status_code for a in (missing, foreign, refused)] == [404, 404, 404]
    assert role_of(owner) == Role.OWNER
    assert signed_in(owner).get(path(mia, verb)).status_code == 405
    assert signed_in(owner, csrf=True).post(path(mia, verb), typed).status_code == 403
    assert role_of(mia) == Role.MEMBER
