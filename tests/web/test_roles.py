import re

import pytest

from mailweave.kit import scope
from mailweave.people import roles
from mailweave.people.access import STANDARD, Member
from mailweave.people.models import Membership, Role, Team, Workspace
from tests.makers import make_member, make_team, make_workspace, signed_in

pytestmark = pytest.mark.django_db
PATH = "/settings/roles/"


@pytest.fixture
def place() -> Workspace:
    return make_workspace()


@pytest.fixture
def admin(place: Workspace) -> Member:
    return make_member(Role.ADMIN, place, name="Ada Admin")


@pytest.fixture
def mia(place: Workspace) -> Member:
    return make_member(Role.MEMBER, place, name="Mia Member")


def pk_of(member: Member) -> int:
    with scope.workspace(member.workspace_id):
        return int(Membership.objects.get(user_id=member.user_id).pk)


def table(place: Workspace) -> dict[str, object]:
    with scope.workspace(place.pk):
        return dict(roles.table())


def test_everybody_sees_the_table_and_admins_choose(admin: Member, mia: Member) -> None:
    theirs = signed_in(mia).get(PATH).content.decode()
    assert "Manager" in theirs
    assert "<select" not in theirs
    assert 'name="member.delete"' in signed_in(admin).get(PATH).content.decode()


def test_a_choice_is_saved_told_and_undone(place: Workspace, admin: Member) -> None:
    browser = signed_in(admin)
    page = browser.post(PATH, {"member.see": "team", "member.edit": "own"}, follow=True)
    shown = page.content.decode()
    assert "The roles are saved." in shown
    assert "Last changed by Ada Admin" in shown
    chosen = table(place)[Role.MEMBER]
    assert chosen == roles.read(["team", "own", "own", "none"])
    (undo,) = re.findall(rf'action="{PATH}([^"]+)"', shown)
    assert "Undone." in browser.post(PATH + undo, follow=True).content.decode()
    assert table(place) == dict(STANDARD)
    assert browser.post(PATH + undo).status_code == 422


def test_nonsense_is_refused_and_members_may_not(
    place: Workspace, admin: Member, mia: Member
) -> None:
    browser = signed_in(admin)
    assert browser.post(PATH, {"member.see": "everything"}).status_code == 422
    assert browser.post(PATH, {"member.see": "none"}).status_code == 422
    assert signed_in(mia).post(PATH, {"viewer.edit": "all"}).status_code == 404
    assert table(place) == dict(STANDARD)


def test_a_member_gets_a_team_and_modules(place: Workspace, admin: Member, mia: Member) -> None:
    team = make_team(place)
    path = f"/settings/members/{pk_of(mia)}/access/"
    browser = signed_in(admin)
    page = browser.post(path, {"team": team.pk, "module": ["crm", "nothing"]}, follow=True)
    shown = page.content.decode()
    assert "What Mia Member works with is saved." in shown
    assert "Sales · CRM" in shown
    with scope.workspace(place.pk):
        row = Membership.objects.get(user=mia.user_id)
        assert (row.team_id, row.modules) == (team.pk, ["crm"])
    refused = [browser.post(path, {"team": wrong}).status_code for wrong in ("x", "9" * 30, "999")]
    assert refused == [404, 404, 422]
    assert signed_in(mia).post(path, {"module": "crm"}).status_code == 404
    assert signed_in(make_member(Role.OWNER)).post(path).status_code == 404


def test_teams_are_made_renamed_and_removed_by_admins(
    place: Workspace, admin: Member, mia: Member
) -> None:
    browser, hers = signed_in(admin), signed_in(mia)
    assert hers.post("/settings/teams/", {"name": "Mine"}).status_code == 404
    assert "Sales" in browser.post("/settings/teams/", {"name": "Sales"}, follow=True).text
    with scope.workspace(place.pk):
        pk = Team.objects.get().pk
    for path in (f"/settings/teams/{pk}/", f"/settings/teams/{pk}/remove/"):
        assert hers.post(path, {"name": "Mine"}).status_code == 404
        assert signed_in(make_member(Role.OWNER)).post(path, {"name": "M"}).status_code == 404
    assert (
        "called Desk now"
        in browser.post(f"/settings/teams/{pk}/", {"name": "Desk"}, follow=True).text
    )
    browser.post(f"/settings/teams/{pk}/remove/")
    with scope.workspace(place.pk):
        assert not Team.objects.exists()
