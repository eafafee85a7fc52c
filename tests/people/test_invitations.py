from datetime import timedelta

import pytest

from mailweave.kit import clock, scope
from mailweave.kit.errors import Expected
from mailweave.people import invitations
from mailweave.people.access import Member
from mailweave.people.models import Invitation, Membership, Role, User
from mailweave.people.workspaces import memberships
from tests.makers import make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Member:
    return make_member(Role.OWNER)


def invite(owner: Member, role: str = Role.MEMBER) -> str:
    with scope.workspace(owner.workspace_id):
        return invitations.invite(owner.user_id, role)[1]


def test_a_link_lets_one_person_in_with_its_role(owner: Member) -> None:
    token = invite(owner, Role.ADMIN)
    user = make_user()
    assert invitations.accept(token, user) == owner.workspace_id
    assert [(m.workspace_id, m.role) for m in memberships(user)] == [
        (owner.workspace_id, Role.ADMIN)
    ]
    with pytest.raises(Expected, match="not valid any more"):
        invitations.accept(token, make_user())


def test_a_new_user_is_saved_with_the_membership_or_not_at_all(owner: Member) -> None:
    token = invite(owner)
    with scope.workspace(owner.workspace_id):
        invitations.revoke(Invitation.objects.get().pk)
    with pytest.raises(Expected):
        invitations.accept(token, User(name="Ann", email="ann@northwind.example"))
    assert not User.objects.filter(email="ann@northwind.example").exists()


def test_who_is_a_member_already_does_not_use_the_link_up(owner: Member) -> None:
    token = invite(owner)
    with pytest.raises(Expected, match="already"):
        invitations.accept(token, User.objects.get(pk=owner.user_id))
    assert invitations.find(token).workspace_id == owner.workspace_id


def test_a_link_ends_after_its_lifetime(owner: Member) -> None:
    token = invite(owner)
    with scope.workspace(owner.workspace_id):
        late = clock.now() - timedelta(seconds=1)
        Invitation.objects.update(expires_at=late)
        assert not invitations.pending().exists()
    with pytest.raises(Expected):
        invitations.find(token)


def test_the_token_is_not_kept(owner: Member) -> None:
    token = invite(owner)
    with scope.workspace(owner.workspace_id):
        row = Invitation.objects.values().get()
    assert token not in map(str, row.values())


def test_an_invitation_is_revoked_once_and_only_from_its_workspace(owner: Member) -> None:
    token = invite(owner)
    stranger = make_member(Role.OWNER)
    with scope.workspace(owner.workspace_id):
        pk = Invitation.objects.get().pk
    with scope.workspace(stranger.workspace_id), pytest.raises(Invitation.DoesNotExist):
        invitations.revoke(pk)
    assert invitations.find(token)
    with scope.workspace(owner.workspace_id):
        invitations.revoke(pk)
        with pytest.raises(Invitation.DoesNotExist):
            invitations.revoke(pk)
        assert Membership.objects.count() == 1
