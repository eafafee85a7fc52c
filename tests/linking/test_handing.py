"""Mail is handed to whoever wants to read it: once, in order, and never lost on the way."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import clock, scope
from mailweave.linking import addresses, handing, links
from mailweave.linking.models import Handed
from mailweave.mail import removal
from mailweave.mail.models import Copy, Message
from mailweave.people.models import User
from tests.makers import make_member
from tests.makers_arrivals import ADA, MARA, START, by_key, fetch, put
from tests.makers_mail import Archive

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


class Place:
    """A workspace with two mailboxes; ``desk`` is watched."""

    def __init__(self, since: datetime = START) -> None:
        self.id = make_member().workspace_id
        self.seen: list[str] = []
        self.bad = ""
        with scope.workspace(self.id):
            archive, user = Archive(), User.objects.get()
            self.desk, self.other = archive.mailbox(user), archive.mailbox(user)
            handing.watch("test", self.desk, since)

    def arrive(self, box: int, key: str, minute: int = 0, **given: object) -> None:
        with scope.workspace(self.id):
            stored = put(box, fetch(key, MARA, [ADA], minute=minute, **given))  # type: ignore[arg-type]
            handing.hand(box, stored.new_here)

    def read(self, row: Handed) -> None:
        key = Message.objects.get(pk=row.message_id).message_id
        self.seen.append(key)
        if key == self.bad:
            raise ValueError(key)

    def work(self) -> list[str]:
        self.seen = []
        handing.work(self.id)
        return self.seen

    def waiting(self) -> int:
        with scope.workspace(self.id):
            return Handed.objects.count()

    def jobs(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'linking.read'"
            )
            return int(cursor.fetchone()[0])


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place()
    monkeypatch.setattr(handing, "_readers", {})
    handing.register("test", made.read)
    return made


def test_what_arrives_is_read_once_in_the_order_received(place: Place) -> None:
    place.arrive(place.desk, "b", 2)
    place.arrive(place.desk, "a", 1)
    place.arrive(place.desk, "a", 1, remote_id="again")
    assert (place.waiting(), place.jobs()) == (2, 1)
    assert place.work() == ["a", "b"]
    assert place.work() == []


def test_the_past_is_not_handed(place: Place) -> None:
    place.arrive(place.desk, "old", -60)
    assert (place.waiting(), place.jobs()) == (0, 0)


def test_what_the_mailbox_had_is_not_handed(place: Place) -> None:
    place.arrive(place.desk, "a", remote_id="r1")
    place.work()
    place.arrive(place.desk, "a", remote_id="r1")
    assert place.waiting() == 0


def test_a_mailbox_that_nobody_watches_is_left_alone(place: Place) -> None:
    place.arrive(place.other, "a")
    assert place.waiting() == 0
    with scope.workspace(place.id):
        handing.unwatch("test", place.desk)
        with CaptureQueriesContext(connection) as queries:
            handing.hand(place.desk, [by_key()["a"].pk])
        assert len(queries) == 2  # one of them is by_key's
    place.arrive(place.desk, "b")
    assert place.waiting() == 0


def test_mail_of_a_thread_about_the_readers_records_is_handed_from_every_mailbox(
    place: Place,
) -> None:
    place.arrive(place.desk, "a", thread="1")
    place.work()
    with scope.workspace(place.id):
        links.file([by_key()["a"].pk], ("test.case", 1), "a new case")
    place.arrive(place.other, "b", 5, refs=["a"])
    place.arrive(place.other, "older", -5, refs=["a"])
    assert place.work() == ["b"]


def test_one_bad_message_stops_nobody_and_stays_with_its_reason(place: Place) -> None:
    moving = clock.Hands(clock.now())
    with clock.use(moving):
        place.bad = "a"
        place.arrive(place.desk, "a", 1)
        place.arrive(place.desk, "b", 2)
        assert place.work() == ["a", "b"]
        for _ in range(2):
            assert place.work() == []
            moving.at += timedelta(minutes=5)
            assert place.work() == ["a"]
        moving.at += timedelta(days=1)
        assert place.work() == []
        with scope.workspace(place.id):
            (stuck,) = handing.stuck("test")
            assert (stuck.reason, stuck.message.message_id) == (
                "It could not be read (ValueError).",
                "a",
            )
            assert handing.retry("test") == 1
        place.bad = ""
        assert place.work() == ["a"]


def test_what_a_reader_did_before_it_failed_is_taken_back(place: Place) -> None:
    place.arrive(place.desk, "a")

    def read(row: Handed) -> None:
        addresses.set_addresses("test.case", 1, [(MARA, "primary")])
        raise ValueError

    handing.step(place.id, "test", read)
    with scope.workspace(place.id):
        assert not by_key()["a"].linked


def test_a_worker_that_dies_loses_nothing_and_the_sweep_finds_it(place: Place) -> None:
    place.arrive(place.desk, "a")

    def die(row: Handed) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        handing.step(place.id, "test", die)
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id FROM linking_handed_due(%s)", [clock.now()])
        assert cursor.fetchall() == [(place.id,)]
    assert place.work() == ["a"]


def test_a_message_that_is_taken_out_meanwhile_is_not_read(place: Place) -> None:
    place.arrive(place.desk, "a")
    with scope.workspace(place.id):
        removal.remove(list(Copy.objects.values_list("pk", flat=True)))
    assert place.work() == []


def test_a_copy_in_a_second_watched_mailbox_waits_once(place: Place) -> None:
    with scope.workspace(place.id):
        handing.watch("test", place.other, START)
    place.arrive(place.desk, "a")
    place.arrive(place.other, "a")
    assert place.work() == ["a"]
