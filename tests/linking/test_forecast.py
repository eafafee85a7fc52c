"""Another policy is tried, applied, undone: counted first, in slices, whenever a worker dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.linking import addresses, companions, forecast, links, matching, policy, relinking
from mailweave.linking.companions import Companion
from mailweave.linking.forecast import Wish
from mailweave.linking.models import Link, Relinking
from mailweave.mail import policy as mail_policy
from mailweave.mail.models import Thread
from mailweave.people.access import Member
from mailweave.people.models import User
from tests.linking import naive
from tests.makers import make_member
from tests.makers_arrivals import ADA, BOB, MARA, by_key, fetch, put
from tests.makers_mail import Archive

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]
CONTACT, COMPANY, DEAL = "crm.contact", "crm.company", "crm.deal"
State = Relinking.State
Links = set[tuple[str, str, int, str]]


class Place:
    """A workspace with mail of Mara, who works at company 7 and has deal 8, and of Bob."""

    def __init__(self) -> None:
        self.member: Member = make_member()
        self.user_id = self.member.user_id
        with self.inside():
            self.box = Archive().mailbox(User.objects.get(pk=self.user_id))
            addresses.set_addresses(CONTACT, 1, [(MARA, "primary")])
            addresses.set_addresses(CONTACT, 2, [(BOB, "additional")])
            told = [Companion(COMPANY, 7, "company"), Companion(DEAL, 8, "deal")]
            companions.set_all(CONTACT, {1: told})
            for n in range(6):
                put(self.box, fetch(f"m{n}", MARA, [ADA, BOB], thread=f"t{n}", minute=n))

    @contextmanager
    def inside(self) -> Iterator[None]:
        with scope.workspace(self.member.workspace_id):
            yield

    def propose(self, mail: dict[str, str] | None = None, **link: policy.Choice) -> Relinking:
        with self.inside():
            wish = Wish(link, mail or {}, (policy.current().version, mail_policy.current().version))
            row = forecast.propose(wish, self.user_id)
            assert row
            return row

    def work(self) -> None:
        with self.inside():
            rows = list(Relinking.objects.filter(state__in=Relinking.WORKING))
        for row in rows:
            relinking.advance(self.member.workspace_id, row.pk)

    def apply(self, pk: int) -> None:
        with self.inside():
            forecast.apply(forecast.ready(pk), self.user_id)

    def undo(self, pk: int) -> None:
        with self.inside():
            forecast.undo(forecast.applied(pk), self.user_id)

    def last(self) -> Relinking:
        with self.inside():
            row = forecast.last()
            assert row
            return row

    def links(self) -> Links:
        with self.inside():
            rows = Link.objects.filter(linked=True).select_related("message")
            return {(one.message.message_id, one.kind, one.record_id, one.reason) for one in rows}

    def check(self) -> None:
        with self.inside():
            assert naive.actual() == naive.expected({}, policy.current())
            naive.check_derived()


@pytest.fixture
def place(transactional_db: None) -> Place:
    return Place()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two messages a step."""
    monkeypatch.setattr(relinking, "STEP", 2)


def test_what_would_change_is_counted_and_nothing_changes(place: Place, slow: None) -> None:
    before = place.links()
    row = place.propose(link_mode="first", link_company="off")
    assert (row.state, row.total, row.done) == (State.MEASURING, 6, 0)
    place.work()
    row = place.last()
    assert (row.state, row.done, row.added, row.removed) == (State.READY, 6, 0, 12)
    assert place.links() == before
    with place.inside():
        assert not policy.current().takes_first
    gone = {(one["kind"], one["record"], one["reason"]) for one in row.samples}
    assert gone == {(CONTACT, 2, "recipient"), (COMPANY, 7, "company")}
    assert len(row.samples) == 12
    assert not any(one["comes"] for one in row.samples)


def test_what_was_forecast_is_what_applying_does(place: Place, slow: None) -> None:
    row = place.propose(deal_mode="none", match_kinds=["additional"], roles_in=["to"])
    place.work()
    before = place.links()
    place.apply(row.pk)
    assert place.last().state == State.APPLYING
    place.work()
    row = place.last()
    after = place.links()
    assert row.state == State.APPLIED
    assert (len(after - before), len(before - after)) == (row.added, row.removed) == (0, 18)
    place.check()


def test_what_would_be_left_out_is_counted_as_linking_would_be(place: Place, slow: None) -> None:
    place.propose({"unmatched": "discard"}, match_types=[COMPANY])
    place.work()
    assert place.last().left_out == 6
    place.propose({"unmatched": "discard"})
    place.work()
    assert place.last().left_out == 0


def test_people_who_would_appear_on_deals_are_counted_once(place: Place, slow: None) -> None:
    first = place.propose(deal_mode="via_contact")
    place.work()
    place.apply(first.pk)
    place.work()
    assert not [one for one in place.links() if one[1] == DEAL]
    place.propose(deal_mode="all")
    place.work()
    row = place.last()
    assert (row.added, row.people) == (6, ["crm.contact:1"])
    newest = row.samples[0]
    assert (newest["comes"], newest["reason"], newest["via"]) == (True, "deal", 1)


def test_undo_restores_choices_and_links(place: Place) -> None:
    before = place.links()
    row = place.propose(link_mode="first", roles_in=["to"])
    place.work()
    place.apply(row.pk)
    place.work()
    assert place.links() != before
    place.undo(row.pk)
    place.work()
    assert place.last().state == State.UNDONE
    assert place.links() == before
    with place.inside():
        assert policy.current().link_mode == "all"
        assert not forecast.undoable(forecast.last())
    with pytest.raises(Expected, match="cannot be undone any more"):
        place.undo(row.pk)


def test_undo_in_the_middle_of_applying(place: Place, slow: None) -> None:
    before = place.links()
    row = place.propose(link_company="off")
    place.work()
    place.apply(row.pk)
    assert relinking.step(place.member.workspace_id, row.pk)
    assert 0 < len(before - place.links()) < 6
    place.undo(row.pk)
    place.work()
    assert place.links() == before


def test_mail_that_comes_while_it_is_applied_follows_the_new_choice(
    place: Place, slow: None
) -> None:
    row = place.propose(link_company="off", deal_mode="none")
    place.work()
    place.apply(row.pk)
    relinking.step(place.member.workspace_id, row.pk)
    with place.inside():
        put(place.box, fetch("new", MARA, [ADA]), fetch("old", MARA, [ADA], thread="t0"))
    found = {one[1:] for one in place.links() if one[0] in {"new", "old", "m0"}}
    assert found == {
        (CONTACT, 1, "sender"),
        (CONTACT, 2, "recipient"),
        (CONTACT, 2, "thread"),
    }
    place.work()
    place.check()


@pytest.mark.parametrize("which", ["link", "mail"])
def test_policies_changed_meanwhile_end_a_trial(place: Place, slow: None, which: str) -> None:
    row = place.propose(link_mode="first")
    relinking.step(place.member.workspace_id, row.pk)
    change(place, which)
    place.work()
    assert place.last().state == State.DROPPED
    with pytest.raises(Expected, match="trial is over"):
        place.apply(row.pk)


@pytest.mark.parametrize("which", ["link", "mail"])
def test_policies_changed_before_applying_are_told(place: Place, which: str) -> None:
    row = place.propose(link_mode="first")
    place.work()
    change(place, which)
    with pytest.raises(Expected, match="were changed meanwhile"):
        place.apply(row.pk)
    with place.inside():
        assert not policy.current().takes_first


def change(place: Place, which: str) -> None:
    with place.inside():
        if which == "link":
            policy.change({"link_company": "off"}, version=0, user_id=place.user_id)
        else:
            mail_policy.change({"push": "off"}, version=0, user_id=place.user_id)


def test_another_change_ends_undoing(place: Place) -> None:
    row = place.propose(link_mode="first")
    place.work()
    place.apply(row.pk)
    place.work()
    with place.inside():
        mail_policy.change({"push": "off"}, version=0, user_id=place.user_id)
        assert forecast.undoable(forecast.last()), "it was about linking alone"
        policy.change({"link_company": "off"}, version=1, user_id=place.user_id)
        assert not forecast.undoable(forecast.last())


def test_of_two_trials_the_second_stands(place: Place) -> None:
    first = place.propose(link_mode="first")
    place.propose(link_company="off")
    place.work()
    assert place.last().removed == 6
    with pytest.raises(Expected, match="trial is over"):
        place.apply(first.pk)


def test_while_it_is_applied_nothing_else_is_tried(place: Place) -> None:
    row = place.propose(link_mode="first")
    place.work()
    place.apply(row.pk)
    with pytest.raises(Expected, match="still being linked anew"):
        place.propose(link_company="off")


def test_what_stands_already_is_no_trial(place: Place) -> None:
    with place.inside():
        wish = Wish({"link_mode": "all", "match_types": ()}, {"push": "on"}, (0, 0))
        assert forecast.propose(wish, place.user_id) is None
        with pytest.raises(Expected, match="were changed meanwhile"):
            forecast.propose(Wish({"link_mode": "first"}, {}, (3, 0)), place.user_id)
        with pytest.raises(Expected, match="choose one of what is offered"):
            forecast.propose(Wish({}, {"push": "x"}, (0, 0)), place.user_id)
        assert not Relinking.objects.exists()


def test_calling_off_ends_it_at_once(place: Place, slow: None) -> None:
    row = place.propose(link_mode="first")
    relinking.step(place.member.workspace_id, row.pk)
    with place.inside():
        forecast.drop(row.pk)
    assert not relinking.step(place.member.workspace_id, row.pk)
    assert place.last().state == State.DROPPED
    with place.inside():
        forecast.drop(row.pk)


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("state", ["measuring", "applying", "undoing"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_at_every_commit(
    place: Place, slow: None, monkeypatch: pytest.MonkeyPatch, state: str, when: str
) -> None:
    """Whatever was committed counts, and the next one goes on from there."""
    before = place.links()
    row = place.propose(link_mode="first")
    for verb in [place.apply, place.undo][: ["measuring", "applying", "undoing"].index(state)]:
        place.work()
        verb(row.pk)
    good = relinking.step

    def dying(workspace_id: int, pk: int) -> bool:
        if when == "after":
            good(workspace_id, pk)
            raise Killed
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(relinking.live, "tell", _die)
            return good(workspace_id, pk)

    deaths = 0
    while place.last().state == state:
        monkeypatch.setattr(relinking, "step", dying)
        with pytest.raises(Killed):
            place.work()
        monkeypatch.setattr(relinking, "step", good)
        deaths += 1
        if when == "before":
            relinking.step(place.member.workspace_id, row.pk)
    assert deaths == 4
    row = place.last()
    assert row.done == 6
    if state == "measuring":
        assert row.removed == 6
    assert (place.links() == before) is (state != "applying")
    place.check()


def _die(*topics: str) -> None:
    del topics
    raise Killed


def test_a_lost_nudge_is_found_by_the_sweep(place: Place) -> None:
    row = place.propose(link_mode="first")
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, relinking_id FROM linking_relinkings()")
        assert cursor.fetchall() == [(place.member.workspace_id, row.pk)]
    place.work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM linking_relinkings()")
        assert cursor.fetchone() == (0,)


def test_a_record_with_much_mail_follows_in_the_background(
    place: Place, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relinking, "AT_ONCE", 5)
    before = place.links()
    with place.inside():
        put(place.box, fetch("else", "x@else.example", [ADA]))
        addresses.set_addresses(CONTACT, 1, [])
        row = Relinking.objects.get()
    assert (row.state, row.threads, len(row.addresses)) == (State.APPLYING, [], 1)
    assert place.links() == before
    place.work()
    assert {one[1:] for one in place.links()} == {(CONTACT, 2, "recipient")}
    place.check()
    with place.inside():
        row.refresh_from_db()
        assert (row.state, row.done) == (State.APPLIED, 6)
        assert forecast.last() is None


def test_a_thread_with_more_than_a_step_holds(place: Place, slow: None) -> None:
    with place.inside():
        page = [fetch(f"n{n}", MARA, [ADA], thread="t5") for n in range(5)]
        put(place.box, *page, fetch("end", MARA, [ADA], thread="t9"))
    place.propose(link_company="off")
    place.work()
    assert (place.last().done, place.last().removed) == (12, 12)


def test_a_presets_other_choices_count_when_it_is_tried(place: Place) -> None:
    """Mail among colleagues is shown on records by a choice of the other policy."""
    with place.inside():
        addresses.set_addresses(CONTACT, 3, [("ada@home.example", "primary")])
        put(place.box, fetch("us", "ben@home.example", [ADA]))
        assert not Link.objects.filter(record_id=3, message=by_key()["us"]).exists()
    place.propose({"internal_mail": "show"})
    place.work()
    assert place.last().added == 1


def test_decisions_stand_through_everything(place: Place) -> None:
    with place.inside():
        links.unlink([by_key()["m0"].pk], (CONTACT, 1), place.user_id)
        links.link([by_key()["m1"].pk], (DEAL, 9), place.user_id)
    row = place.propose(link_mode="first", deal_mode="none")
    place.work()
    assert not [one for one in place.last().samples if one["record"] == 9]
    place.apply(row.pk)
    place.work()
    found = place.links()
    assert ("m1", DEAL, 9, "manual") in found
    assert not [one for one in found if one[:3] == ("m0", CONTACT, 1)]


def test_imagining_leaves_no_trace(place: Place) -> None:
    with place.inside():
        ids = list(Thread.objects.values_list("pk", flat=True))
        tables: Any = {one._meta.db_table for one in (Link, Relinking)}
        before = [(name, rows(name)) for name in sorted(tables)]
        matching.imagine(ids, policy.Matching(link_mode="first"), policy.hidden())
        assert [(name, rows(name)) for name in sorted(tables)] == before


def rows(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return list(cursor.fetchall())


def test_mail_that_comes_before_its_threads_are_found_is_linked_as_the_rest(
    place: Place, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relinking, "AT_ONCE", 5)
    with place.inside():
        addresses.set_addresses(CONTACT, 1, [])
        row = Relinking.objects.get()
    with place.inside():
        put(place.box, fetch("new", MARA, [ADA, BOB], thread="t0"))
    assert relinking.step(place.member.workspace_id, row.pk)
    with place.inside():
        row.refresh_from_db()
        assert (row.total, len(row.threads), row.addresses) == (7, 6, [])
    place.work()
    assert {one[1:3] for one in place.links()} == {(CONTACT, 2)}
    place.check()


def test_threads_that_are_no_more_do_not_end_it(
    place: Place, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relinking, "AT_ONCE", 0)
    with place.inside():
        addresses.set_addresses(CONTACT, 1, [])
        row = Relinking.objects.get()
    relinking.step(place.member.workspace_id, row.pk)
    with place.inside():
        row.refresh_from_db()
        Thread.objects.filter(pk__in=row.threads[-4:]).delete()
    place.work()
    assert {one[1:3] for one in place.links()} == {(CONTACT, 2)}
    with place.inside():
        row.refresh_from_db()
        assert row.state == State.APPLIED
