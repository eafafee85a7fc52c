import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people import members
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role, Workspace
from tests.makers import make_member, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Workspace:
    return make_workspace()


def membership_of(member: Member) -> Membership:
    found: Membership = Membership.objects.get(user_id=member.user_id)
    return found


def test_the_last_owner_is_neither_demoted_nor_removed(team: Workspace) -> None:
    owner = make_member(Role.OWNER, team)
    make_member(Role.ADMIN, team)
    with scope.workspace(team.pk):
        pk = membership_of(owner).pk
        with pytest.raises(Expected, match="only owner"):
            members.change_role(owner, pk, Role.MEMBER)
        with pytest.raises(Expected, match="only owner"):
            members.remove(owner, pk)
        assert membership_of(owner).role == Role.OWNER


def test_one_of_two_owners_may_go(team: Workspace) -> None:
    first, second = make_member(Role.OWNER, team), make_member(Role.OWNER, team)
    with scope.workspace(team.pk):
        members.change_role(first, membership_of(second).pk, Role.ADMIN)
        assert membership_of(second).role == Role.ADMIN
        with pytest.raises(Expected):
            members.remove(first, membership_of(first).pk)


@pytest.mark.parametrize("role", [Role.OWNER, "emperor", ""])
def test_an_admin_makes_nobody_an_owner_and_nobody_something_unknown(
    team: Workspace, role: str
) -> None:
    admin, other = make_member(Role.ADMIN, team), make_member(Role.MEMBER, team)
    with scope.workspace(team.pk):
        with pytest.raises(Expected):
            members.change_role(admin, membership_of(other).pk, role)
        assert membership_of(other).role == Role.MEMBER


def test_an_admin_does_not_touch_an_owner(team: Workspace) -> None:
    owner, admin = make_member(Role.OWNER, team), make_member(Role.ADMIN, team)
    make_member(Role.OWNER, team)
    with scope.workspace(team.pk):
        pk = membership_of(owner).pk
        with pytest.raises(Expected):
            members.change_role(admin, pk, Role.MEMBER)
        with pytest.raises(Expected):
            members.remove(admin, pk)


def test_another_workspaces_membership_is_not_there(team: Workspace) -> None:
    owner = make_member(Role.OWNER, team)
    stranger = make_member(Role.MEMBER)
    with scope.workspace(stranger.workspace_id):
        pk = membership_of(stranger).pk
    with scope.workspace(team.pk):
        with pytest.raises(Membership.DoesNotExist):
            members.change_role(owner, pk, Role.ADMIN)
        with pytest.raises(Membership.DoesNotExist):
            members.remove(owner, pk)


def test_only_owners_hand_out_ownership() -> None:
    assert [value for value, _ in members.roles_for(Member(1, 1, Role.ADMIN))] == [
        Role.ADMIN,
        Role.MANAGER,
        Role.MEMBER,
        Role.VIEWER,
    ]
    assert len(members.roles_for(Member(1, 1, Role.OWNER))) == 5
    assert members.roles_for(Member(1, 1, Role.MEMBER)) == []
