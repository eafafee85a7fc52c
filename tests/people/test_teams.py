import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people import teams
from mailweave.people.access import Scopes, reach
from mailweave.people.members import everyone
from mailweave.people.models import Membership, Role, Scope, Team, Workspace
from tests.makers import make_member, make_team, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Workspace:
    return make_workspace()


def test_a_team_reaches_its_members_records_and_nobody_elses(place: Workspace) -> None:
    sales, desk = make_team(place), make_team(place, "Desk")
    ann = make_member(Role.MANAGER, place, team=sales)
    ben = make_member(Role.MEMBER, place, team=sales)
    cleo = make_member(Role.MEMBER, place, team=desk)
    with scope.workspace(place.pk):
        found = reach(ann, "delete", "crm")
        assert found.scope == Scope.TEAM
        assert found.users == {ann.user_id, ben.user_id}
        assert not found.holds(cleo.user_id)
        assert [(one.name, one.size) for one in teams.everyone()] == [("Desk", 1), ("Sales", 2)]


def test_a_name_is_given_once_whatever_its_case(place: Workspace) -> None:
    with scope.workspace(place.pk):
        sales, desk = teams.add(" Sales\0  North "), teams.add("Desk")
        assert sales.name == "Sales North"
        with pytest.raises(Expected, match="already"):
            teams.add("SALES north")
        with pytest.raises(Expected, match="already"):
            teams.rename(desk.pk, "sales north")
        assert teams.rename(sales.pk, "SALES north").name == "SALES north"
        with pytest.raises(Expected, match="name"):
            teams.add("  ")


def test_removing_a_team_leaves_its_members(place: Workspace) -> None:
    sales = make_team(place)
    make_member(Role.MEMBER, place, team=sales)
    with scope.workspace(place.pk):
        teams.remove(sales.pk)
        assert [row.team_id for row in everyone()] == [None]
        with pytest.raises(Team.DoesNotExist):
            teams.remove(sales.pk)


def test_people_are_put_into_teams_and_given_modules(place: Workspace) -> None:
    sales = make_team(place)
    admin, mia = make_member(Role.ADMIN, place), make_member(Role.MEMBER, place)
    with scope.workspace(place.pk):
        pk = Membership.objects.get(user=mia.user_id).pk
        teams.place(admin, pk, sales.pk, ["recruiting", "crm", "crm"])
        row = Membership.objects.get(pk=pk)
        assert (row.team_id, row.modules) == (sales.pk, ["crm", "recruiting"])
        mine = Membership.objects.get(user=admin.user_id).pk
        assert teams.place(admin, mine, None, []).modules == ["crm", "support"]


def test_who_may_not_manage_places_nobody(place: Workspace) -> None:
    owner, admin = make_member(Role.OWNER, place), make_member(Role.ADMIN, place)
    elsewhere = make_team(make_workspace())
    with scope.workspace(place.pk):
        pk = Membership.objects.get(user=owner.user_id).pk
        with pytest.raises(Expected, match="owner"):
            teams.place(admin, pk, None, [])
        with pytest.raises(Expected, match="not here"):
            teams.place(owner, pk, elsewhere.pk, [])
        with pytest.raises(Membership.DoesNotExist):
            teams.place(owner, 10**9, None, [])


def test_scopes_are_as_the_membership_says_at_every_request(place: Workspace) -> None:
    mia = make_member(Role.MEMBER, place, modules=["recruiting"])
    assert mia.modules == {"recruiting"}
    assert mia.scopes is None
    assert Scopes().of("see") == Scope.ALL
