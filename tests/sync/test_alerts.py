"""What there is to tell of a mailbox, to whom, in which words, at which cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import clock
from mailweave.mail.models import Credential
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.people.models import Notification, Role, Workspace
from mailweave.sync import alerts, clients, reports, trouble
from mailweave.sync.models import Subscription, Sync
from tests.makers import make_member
from tests.web.boxes import Box

pytestmark = pytest.mark.django_db(transaction=True)

CHARGED = sorted(trouble.PERSONS_MOVE)


@pytest.fixture
def owner(transactional_db: None) -> Member:
    return make_member(name="Ada")


@pytest.fixture
def box(owner: Member) -> Box:
    team = Workspace.objects.get(pk=owner.workspace_id)
    ben = make_member(Role.MEMBER, team, name="Ben", email="ben@northwind.example")
    return Box(ben, address="ben@northwind.example")


def look(box: Box) -> None:
    with box.inside():
        alerts.look(box.pk)


def told(box: Box, member: Member | None = None) -> list[Notification]:
    with box.inside():
        return list(notifications.told((member or box.member).user_id).rows)


@pytest.mark.parametrize("problem", CHARGED)
def test_whose_move_it_is_stands_in_what_they_are_told(
    owner: Member, box: Box, problem: str
) -> None:
    box.set_sync(problem=problem, problem_text="It said no.")
    look(box)
    look(box)
    (his,), (hers,) = told(box), told(box, owner)
    assert box.address in his.title
    assert his.text.startswith("It said no. ")
    assert hers.text == "It said no. Ben has been told; nothing was lost."
    assert his.path == hers.path == "/settings/integrations/gmail/"
    assert his.text.endswith("nothing was lost.")


def test_every_problem_has_words(box: Box) -> None:
    row = box.row()
    for problem in Sync.Problem.values:
        with box.inside():
            sync = Sync(problem=problem, problem_text="It said no.", last_synced_at=clock.now())
        found = list(reports.of(row, sync, None))
        assert len(found) == (problem != "operator"), problem
    assert reports.of_client("gmail", "No.", typed=True) != reports.of_client(
        "gmail", "No.", typed=False
    )


def test_an_owner_who_is_admin_is_told_once_as_owner(owner: Member) -> None:
    mine = Box(owner, address="ada@northwind.example", sync={"problem": "reconnect"})
    look(mine)
    (row,) = told(mine)
    assert "Reconnect it" in row.text


def test_nothing_is_told_of_what_is_well_or_off(owner: Member, box: Box) -> None:
    look(box)
    box.set_sync(problem="failed")
    box.set_box(disconnected_at=clock.now())
    look(box)
    assert told(box) == told(box, owner) == []


def test_a_tie_up_with_one_mailbox_ends_nothing_of_another(owner: Member, box: Box) -> None:
    """Numbers that begin alike: mailbox 1 and mailbox 12."""
    with box.inside():
        notifications.notify(
            [owner.user_id], kind="failed", key=f"mailbox-{box.pk}7:failed", title="Another"
        )
    look(box)
    assert [row.ended_at for row in told(box, owner)] == [None]


def test_an_address_as_long_as_they_get_is_cut_and_told(owner: Member) -> None:
    long = Box(owner, address="a" * 220 + "@northwind.example", sync={"problem": "reconnect"})
    look(long)
    assert len(told(long)[0].title) == 200


def test_what_the_operator_must_do_depends_on_who_entered_the_client(
    owner: Member, box: Box
) -> None:
    with box.inside():
        clients.save("gmail", "typed.apps.example", "s", owner.user_id)
    box.set_sync(problem="operator", problem_text="The secret is wrong.")
    look(box)
    (row,) = told(box, owner)
    assert row.text.startswith("The secret is wrong. Enter one it accepts")


@pytest.mark.parametrize(("hours", "many"), [(49, 0), (47, 1), (-1, 1)])
def test_the_end_of_a_permission_is_told_two_days_before(box: Box, hours: int, many: int) -> None:
    ends = clock.now() + timedelta(hours=hours)
    with box.inside():
        Credential.objects.create(
            mailbox_id=box.pk, expires_at=clock.now(), refresh_expires_at=ends
        )
    look(box)
    assert len(told(box)) == many
    box.set_sync(problem="reconnect")
    look(box)
    assert sum(row.ended_at is None for row in told(box)) == 1, "one thing to do, told once"


@pytest.mark.parametrize(("left", "many"), [(50, 0), (40, 1), (-1, 1)])
def test_notices_that_cannot_be_renewed_are_told_with_a_quarter_of_their_life_left(
    box: Box, left: int, many: int
) -> None:
    now = clock.now()
    ends = now + timedelta(hours=left)
    with box.inside():
        Subscription.objects.create(
            mailbox_id=box.pk,
            address=box.address,
            made_at=ends - timedelta(days=7),
            renew_at=now,
            expires_at=ends,
        )
    box.set_sync(push_problem="Microsoft cannot reach us.")
    look(box)
    assert [row.text.startswith("Microsoft cannot reach us.") for row in told(box)] == [True] * many
    with box.inside():
        Subscription.objects.all().delete()
    look(box)
    assert [row.ended_text for row in told(box)] == ["Notices come as they should."] * many


def queries(box: Box) -> int:
    with box.inside(), CaptureQueriesContext(connection) as seen:
        alerts.look()
    return len(seen)


def test_a_look_at_many_healthy_mailboxes_costs_as_much_as_at_one(owner: Member, box: Box) -> None:
    one = queries(box)
    for number in range(12):
        Box(owner, address=f"box{number}@northwind.example")
    assert queries(box) == one


def test_telling_one_mailbox_takes_few_queries(owner: Member, box: Box) -> None:
    box.set_sync(problem="failed", problem_text="It timed out.")
    look(box)
    with box.inside(), CaptureQueriesContext(connection) as seen:
        alerts.look(box.pk)
    assert len(seen) <= 11
