import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people import roles
from mailweave.people.access import STANDARD, Member, Scopes
from mailweave.people.models import Role, Scope, User
from mailweave.people.workspaces import memberships
from tests.makers import make_member, make_workspace

pytestmark = pytest.mark.django_db

NARROW = Scopes(Scope.TEAM, Scope.OWN, Scope.OWN, Scope.NONE)


@pytest.fixture
def owner() -> Member:
    return make_member(Role.OWNER)


def again(member: Member) -> Member:
    found = memberships(User.objects.get(pk=member.user_id))
    return next(one for one in found if one.workspace_id == member.workspace_id)


def test_what_is_chosen_counts_for_those_who_have_the_role_here(owner: Member) -> None:
    here, elsewhere = make_workspace(), make_workspace()
    ours = make_member(Role.MEMBER, here)
    user = User.objects.get(pk=ours.user_id)
    theirs = make_member(Role.MEMBER, elsewhere, user)
    other = make_member(Role.VIEWER, here)
    with scope.workspace(here.pk):
        assert roles.table() == dict(STANDARD)
        assert roles.change({Role.MEMBER: NARROW}, owner.user_id)
        assert roles.table() == {**STANDARD, Role.MEMBER: NARROW}
    assert again(ours).scopes == NARROW
    assert again(theirs).scopes is None
    assert again(other).scopes is None


def test_an_act_is_undone_as_far_as_nobody_chose_anew(owner: Member) -> None:
    wider = Scopes(Scope.ALL, Scope.OWN, Scope.OWN, Scope.NONE)
    with scope.workspace(owner.workspace_id):
        act = roles.change({Role.MEMBER: NARROW, Role.VIEWER: NARROW}, owner.user_id)
        assert act
        roles.change({Role.VIEWER: wider}, owner.user_id)
        assert roles.undo(act, owner.user_id)
        assert roles.table() == {**STANDARD, Role.VIEWER: wider}
        assert not roles.undo(act, owner.user_id)


def test_what_stands_already_is_no_act(owner: Member) -> None:
    with scope.workspace(owner.workspace_id):
        assert roles.change({Role.MEMBER: STANDARD[Role.MEMBER]}, owner.user_id) is None


def test_what_makes_no_sense_is_refused_in_words(owner: Member) -> None:
    blind = Scopes(Scope.OWN, Scope.ALL, Scope.OWN, Scope.OWN)
    with scope.workspace(owner.workspace_id):
        with pytest.raises(Expected, match="Member: nobody can edit records they do not see"):
            roles.change({Role.MEMBER: blind}, owner.user_id)
        with pytest.raises(Expected, match="Owners and admins"):
            roles.change({Role.ADMIN: NARROW}, owner.user_id)
        assert roles.table() == dict(STANDARD)


def test_another_workspaces_act_is_not_there(owner: Member) -> None:
    stranger = make_member(Role.OWNER)
    with scope.workspace(owner.workspace_id):
        act = roles.change({Role.MEMBER: NARROW}, owner.user_id)
        assert act
    with scope.workspace(stranger.workspace_id):
        assert not roles.undo(act, stranger.user_id)
    assert again(make_member(Role.MEMBER)).scopes is None
