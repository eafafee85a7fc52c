"""What users are told: once, to whom it is for, seen, over, and forgotten in the end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from mailweave.kit import clock, live, scope
from mailweave.people import members, notifications
from mailweave.people.access import Member
from mailweave.people.models import Membership, Notification, Role, Workspace
from tests.makers import make_member, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> Member:
    return make_member()


@pytest.fixture
def jo(sam: Member) -> Member:
    return make_member(Role.MEMBER, Workspace.objects.get(pk=sam.workspace_id), name="Jo")


@pytest.fixture(autouse=True)
def inside(sam: Member, jo: Member) -> Iterator[None]:
    with scope.workspace(sam.workspace_id):
        yield


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics that open pages were told."""
    topics: list[str] = []
    monkeypatch.setattr(live, "tell", lambda *told: topics.extend(told))
    return topics


def tell(*to: Member, key: str = "thing-1", title: str = "It stopped", text: str = "") -> int:
    users = [one.user_id for one in to]
    return notifications.notify(users, kind="trouble", key=key, title=title, text=text, path="/x/")


def titles(member: Member) -> list[str]:
    return [row.title for row in notifications.told(member.user_id).rows]


def test_told_once_however_often_it_is_said(sam: Member, jo: Member, heard: list[str]) -> None:
    assert tell(sam, jo) == 2
    assert sorted(heard) == sorted(
        [notifications.topic(sam.user_id), notifications.topic(jo.user_id)]
    )
    heard.clear()
    assert [tell(sam, jo) for _ in range(3)] == [0, 0, 0]
    assert heard == []
    assert notifications.unseen(sam.user_id) == 1
    assert titles(jo) == ["It stopped"]


def test_new_words_for_the_same_trouble_are_taken_over_quietly(
    sam: Member, heard: list[str]
) -> None:
    tell(sam, text="It timed out.")
    notifications.see_all(sam.user_id)
    heard.clear()
    assert tell(sam, text="It answered nonsense.") == 0
    (row,) = notifications.told(sam.user_id).rows
    assert row.text == "It answered nonsense."
    assert not row.is_new
    assert heard == []


def test_who_joins_those_concerned_is_told_too(sam: Member, jo: Member) -> None:
    tell(sam)
    assert tell(sam, jo) == 1
    assert titles(jo) == ["It stopped"]


def test_over_stays_in_the_list_and_asks_for_nothing(sam: Member, heard: list[str]) -> None:
    tell(sam)
    heard.clear()
    notifications.end(["thing-1"], "It works again.")
    assert heard == [notifications.topic(sam.user_id)]
    assert notifications.unseen(sam.user_id) == 0
    (row,) = notifications.told(sam.user_id).rows
    assert (row.ended_text, row.is_new) == ("It works again.", False)
    heard.clear()
    notifications.end(["thing-1"], "Again.")
    assert heard == []
    assert tell(sam) == 1, "it is a new trouble"
    assert notifications.unseen(sam.user_id) == 1
    assert len(titles(sam)) == 2


def test_open_keys_are_those_of_this_thing_alone(sam: Member) -> None:
    tell(sam, key="thing-1:late")
    tell(sam, key="thing-12:late")
    tell(sam, key="thing-1:failed")
    notifications.end(["thing-1:failed"])
    assert notifications.open_keys("thing-1:") == {"thing-1:late"}


def test_seeing_one_and_all(sam: Member, jo: Member, heard: list[str]) -> None:
    for number in range(3):
        tell(sam, jo, key=f"thing-{number}")
    first = notifications.told(sam.user_id).rows[0]
    heard.clear()
    assert notifications.see(sam.user_id, first.pk).path == "/x/"
    assert notifications.unseen(sam.user_id) == 2
    notifications.see(sam.user_id, first.pk)
    assert heard == [notifications.topic(sam.user_id)], "seen again is no news"
    with pytest.raises(Notification.DoesNotExist):
        notifications.see(jo.user_id, first.pk)
    assert notifications.see_all(sam.user_id) == 2
    assert notifications.see_all(sam.user_id) == 0
    assert notifications.unseen(jo.user_id) == 3


def test_pages_are_whole_and_newest_first(sam: Member) -> None:
    for number in range(7):
        tell(sam, key=f"thing-{number}", title=f"Number {number}")
    found, before = list[str](), None
    while True:
        page = notifications.told(sam.user_id, before, limit=3)
        found += [row.title for row in page.rows]
        before = page.older
        if before is None:
            break
        tell(sam, key=f"thing-while-{before}", title="came meanwhile")
    assert found == [f"Number {number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_a_list_costs_one_query_and_uses_its_index(sam: Member) -> None:
    for number in range(5):
        tell(sam, key=f"thing-{number}")
    with CaptureQueriesContext(connection) as seen:
        notifications.told(sam.user_id, 10**9)
    assert len(seen) == 1


def test_what_is_long_over_is_forgotten_and_what_is_open_is_not(sam: Member) -> None:
    tell(sam, key="over")
    tell(sam, key="open")
    notifications.end(["over"])
    tell(sam, key="fresh")
    notifications.end(["fresh"])
    long_ago = clock.now() - notifications.KEPT - timedelta(minutes=1)
    Notification.objects.exclude(key="fresh").update(made_at=long_ago)
    notifications.forget_old()
    assert set(Notification.objects.values_list("key", flat=True)) == {"open", "fresh"}


def test_nobody_is_told_of_another_workspace(sam: Member) -> None:
    tell(sam)
    elsewhere = make_workspace()
    scope.tell_database(elsewhere.pk)  # the second wall alone: the first one is told otherwise
    assert notifications.unseen(sam.user_id) == 0
    assert notifications.told(sam.user_id).rows == ()
    notifications.end(["thing-1"])
    scope.tell_database(sam.workspace_id)
    assert notifications.unseen(sam.user_id) == 1


def test_two_who_tell_at_once_tell_once(sam: Member) -> None:
    """The second did not see the first's row yet; the table does."""
    tell(sam)
    row = Notification(
        user_id=sam.user_id, kind="trouble", key="thing-1", title="x", made_at=clock.now()
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    Notification.objects.bulk_create([row], ignore_conflicts=True)
    assert notifications.unseen(sam.user_id) == 1


def test_who_may(sam: Member, jo: Member) -> None:
    user = make_user("Ann")
    Membership.objects.create(user=user, role=Role.ADMIN)
    assert members.who_may("manage integrations") == {sam.user_id, user.pk}
    assert members.who_may("connect mailboxes") == {sam.user_id, user.pk, jo.user_id}
