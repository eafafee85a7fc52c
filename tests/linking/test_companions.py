"""What mail about a person is about as well: the company, and deals that were open at the time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.linking import addresses, companions, links, policy
from mailweave.linking.companions import Companion
from mailweave.linking.models import Companion as Row
from mailweave.linking.models import Link, ThreadRecord
from mailweave.people.models import User
from tests.linking import naive
from tests.makers_arrivals import ADA, BOB, MARA, START, by_key, fetch, put
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql
PERSON, COMPANY, DEAL = "test.person", "test.company", "test.deal"
EARLY, LATE = START - timedelta(days=9), START + timedelta(minutes=5)


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def person(pk: int, *given: str) -> None:
    addresses.set_addresses(PERSON, pk, [(one, "primary") for one in given])


def deal(pk: int, since: datetime | None = EARLY, until: datetime | None = None) -> Companion:
    return Companion(DEAL, pk, "deal", since, until)


def about(key: str) -> set[tuple[str, int, str]]:
    found = Link.objects.filter(message=by_key()[key], linked=True)
    return {(one.kind, one.record_id, one.reason) for one in found}


def also(key: str) -> set[tuple[str, int]]:
    """What a message is about as a companion of something."""
    return {(kind, pk) for kind, pk, reason in about(key) if reason in {"company", "deal"}}


def choose(user: User, **choices: policy.Choice) -> None:
    policy.change(choices, version=policy.current().version, user_id=user.pk)


def test_mail_about_a_person_is_about_their_company_and_deal(box: int) -> None:
    person(1, MARA)
    companions.set_all(PERSON, {1: [Companion(COMPANY, 7, "company"), deal(8)]})
    put(box, fetch("a", MARA, [ADA]))
    assert about("a") == {(PERSON, 1, "sender"), (COMPANY, 7, "company"), (DEAL, 8, "deal")}
    via = set(Link.objects.exclude(kind=PERSON).values_list("via_kind", "via_record_id"))
    assert via == {(PERSON, 1)}
    naive.check_derived()


def test_stored_mail_follows_what_is_told_later(box: int) -> None:
    person(1, MARA)
    put(box, fetch("a", MARA, [ADA], thread="1"), fetch("b", ADA, [BOB], sent=True, thread="1"))
    companions.set_all(PERSON, {1: [Companion(COMPANY, 7, "company")]})
    assert also("a") == also("b") == {(COMPANY, 7)}
    companions.set_all(PERSON, {1: [Companion(COMPANY, 9, "company")]})
    assert also("a") == also("b") == {(COMPANY, 9)}
    companions.set_all(PERSON, {1: []})
    assert also("a") == set()
    assert not ThreadRecord.objects.exclude(kind=PERSON).exists()
    naive.check_derived()


def test_what_is_as_it_was_is_not_linked_anew(box: int) -> None:
    person(1, MARA)
    companions.set_all(PERSON, {1: [deal(8)]})
    with CaptureQueriesContext(connection) as asked:
        companions.set_all(PERSON, {1: [deal(8)]})
    assert len(asked) == 2


def test_a_deal_has_the_mail_of_the_time_when_it_was_open(box: int) -> None:
    person(1, MARA)
    page = [fetch(key, MARA, [ADA], minute=minute) for key, minute in (("a", 0), ("b", 5))]
    put(box, *page, fetch("c", MARA, [ADA], minute=9))
    companions.set_all(PERSON, {1: [deal(8, LATE - timedelta(minutes=2), LATE)]})
    assert (also("a"), also("b"), also("c")) == (set(), set(), set())
    companions.set_all(PERSON, {1: [deal(8, LATE, LATE + timedelta(minutes=4))]})
    assert (also("a"), also("b"), also("c")) == (set(), {(DEAL, 8)}, set())


def test_closing_unlinks_nothing_and_reopening_goes_on(box: int) -> None:
    person(1, MARA)
    companions.set_all(PERSON, {1: [deal(8)]})
    put(box, fetch("a", MARA, [ADA], minute=1))
    companions.set_all(PERSON, {1: [deal(8, until=LATE)]})
    put(box, fetch("b", MARA, [ADA], minute=6))
    assert (also("a"), also("b")) == ({(DEAL, 8)}, set())
    companions.set_all(PERSON, {1: [deal(8)]})
    assert also("b") == {(DEAL, 8)}


def test_the_latest_deal_of_each_person(box: int, sam: User) -> None:
    person(1, MARA)
    person(2, BOB)
    companions.set_all(PERSON, {1: [deal(5, START), deal(8, EARLY), deal(9, LATE)]})
    companions.set_all(PERSON, {2: [deal(6, None), deal(7, None)]})
    put(box, fetch("a", MARA, [ADA, BOB], minute=1))
    assert also("a") == {(DEAL, 5), (DEAL, 7)}
    choose(sam, deal_mode="all")
    put(box, fetch("b", MARA, [ADA, BOB], minute=2))
    assert also("b") == {(DEAL, 5), (DEAL, 6), (DEAL, 7), (DEAL, 8)}


@pytest.mark.parametrize("mode", ["via_contact", "none"])
def test_no_deals_and_no_company_by_policy(box: int, sam: User, mode: str) -> None:
    person(1, MARA)
    companions.set_all(PERSON, {1: [Companion(COMPANY, 7, "company"), deal(8)]})
    choose(sam, deal_mode=mode)
    put(box, fetch("a", MARA, [ADA]))
    assert also("a") == {(COMPANY, 7)}
    choose(sam, link_company="off")
    put(box, fetch("b", MARA, [ADA]))
    assert also("b") == set()


def test_a_decision_about_a_companion_stands(box: int, sam: User) -> None:
    person(1, MARA)
    put(box, fetch("a", MARA, [ADA]), fetch("b", BOB, [ADA]))
    links.unlink([by_key()["a"].pk], (DEAL, 8), sam.pk)
    links.link([by_key()["b"].pk], (PERSON, 1), sam.pk)
    companions.set_all(PERSON, {1: [deal(8)]})
    assert also("a") == set()
    assert also("b") == {(DEAL, 8)}
    links.unlink([by_key()["b"].pk], (PERSON, 1), sam.pk)
    assert about("b") == set()


def test_what_matches_by_itself_says_so(box: int) -> None:
    person(1, MARA)
    addresses.set_addresses(COMPANY, 7, [("office@acme.example", "primary")])
    companions.set_all(PERSON, {1: [Companion(COMPANY, 7, "company")]})
    put(box, fetch("a", MARA, [ADA], cc=["office@acme.example"]))
    assert about("a") == {(PERSON, 1, "sender"), (COMPANY, 7, "recipient")}


def test_companions_have_no_companions(box: int) -> None:
    person(1, MARA)
    companions.set_all(PERSON, {1: [deal(8)]})
    companions.set_all(DEAL, {8: [Companion(COMPANY, 7, "company")]})
    put(box, fetch("a", MARA, [ADA]))
    assert also("a") == {(DEAL, 8)}


@pytest.mark.parametrize("gone", [(PERSON, 1), (DEAL, 8)])
def test_a_record_that_is_deleted_is_no_companion(box: int, gone: tuple[str, int]) -> None:
    person(1, MARA)
    companions.set_all(PERSON, {1: [deal(8, START), deal(9, EARLY)]})
    put(box, fetch("a", MARA, [ADA], minute=1))
    addresses.forget(*gone)
    left = {(PERSON, 1, "sender"), (DEAL, 9, "deal")} if gone[0] == DEAL else set()
    assert about("a") == left
    assert Row.objects.count() == (1 if left else 0)
    naive.check_derived()


def test_the_moment_is_to_the_second(box: int) -> None:
    """Sent in the first moment counts, sent in the last does not."""
    at = datetime(2026, 2, 2, 9, 5, tzinfo=UTC)
    person(1, MARA)
    companions.set_all(PERSON, {1: [deal(8, at), deal(9, EARLY, at)]})
    put(box, fetch("a", MARA, [ADA], minute=5))
    assert also("a") == {(DEAL, 8)}
