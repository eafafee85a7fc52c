"""What becomes of mail, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailweave.records.support.deciding import Decision, Facts, Found, Outcome, Rule, decide
from mailweave.records.support.models import Ticket

Status = Ticket.Status
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAIL = Facts(NOON, "mara@acme.example", "Mara", "Broken winch", ("help@home.example",))
RULE = Rule(7, "Help")
MINE = Found(1, "TKT-0001", party=True)
THEIRS = Found(1, "TKT-0001", party=False)
CLOSED = replace(MINE, status=Status.CLOSED, closed_at=NOON - timedelta(days=10))
ROBOT = replace(MAIL, automatic="it says so itself")
WITHIN = replace(RULE, reopening="within", reopening_days=14)
NEVER = replace(RULE, reopening="never")


def kept(facts: Facts, *rules: Rule) -> Decision:
    return decide(facts, rules or (RULE,))


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (MAIL, "opened"),
        (replace(MAIL, sent=True), "ignored"),
        (replace(MAIL, ours=True), "ignored"),
        (replace(MAIL, private=True, colleague=True), "ignored"),
        (replace(MAIL, colleague=True), "opened"),
        (replace(MAIL, sender=""), "ignored"),
        (ROBOT, "ignored"),
        (replace(ROBOT, report=True), "ignored"),
        (replace(MAIL, lately=20), "held"),
        (replace(MAIL, lately=19), "opened"),
        (replace(MAIL, filed=THEIRS), "joined"),
        (replace(MAIL, thread=MINE), "joined"),
        (replace(MAIL, named=MINE), "joined"),
        (replace(MAIL, thread=THEIRS), "opened"),
        (replace(MAIL, named=THEIRS), "opened"),
        (replace(MAIL, thread=THEIRS, colleague=True), "joined"),
        (replace(MAIL, thread=THEIRS, sent=True), "joined"),
        (replace(ROBOT, thread=MINE), "joined"),
        (replace(ROBOT, thread=THEIRS), "ignored"),
        (replace(ROBOT, thread=THEIRS, report=True), "joined"),
        (replace(ROBOT, named=THEIRS, report=True), "ignored"),
        (replace(MAIL, thread=MINE, lately=50), "joined"),
    ],
)
def test_what_becomes_of_it(facts: Facts, outcome: str) -> None:
    decision = kept(facts)
    assert decision.outcome == outcome, decision.reason
    assert decision.reason
    if facts.thread == THEIRS and outcome == "opened":
        assert "not part of that conversation" in decision.reason
    if facts.named == THEIRS and outcome == "opened":
        assert decision.named == THEIRS


@pytest.mark.parametrize(
    ("status", "reopens"),
    [
        (Status.OPEN, False),
        (Status.PROGRESS, False),
        (Status.WAITING, True),
        (Status.RESOLVED, True),
    ],
)
def test_an_answer_reopens_what_waited(status: str, reopens: bool) -> None:
    home = replace(MINE, status=status)
    assert kept(replace(MAIL, thread=home)).reopens is reopens
    for silent in (ROBOT, replace(MAIL, sent=True), replace(MAIL, colleague=True)):
        assert kept(replace(silent, thread=home)).reopens is False


@pytest.mark.parametrize(
    ("rule", "days", "outcome"),
    [
        (RULE, 400, "joined"),
        (WITHIN, 14, "joined"),
        (WITHIN, 15, "followed"),
        (NEVER, 1, "followed"),
    ],
)
def test_what_an_answer_to_a_closed_ticket_does(rule: Rule, days: int, outcome: str) -> None:
    closed = replace(CLOSED, closed_at=NOON - timedelta(days=days))
    decision = kept(replace(MAIL, thread=closed), rule)
    assert (decision.outcome, decision.ticket) == (outcome, closed)
    assert decision.reopens is (outcome == "joined")


def test_an_answer_that_was_under_way_when_it_was_closed_reopens_nothing() -> None:
    late = replace(CLOSED, closed_at=NOON + timedelta(hours=1))
    decision = kept(replace(MAIL, thread=late), NEVER)
    assert (decision.outcome, decision.reopens) == ("joined", False)


def test_without_a_processor_a_closed_ticket_is_reopened() -> None:
    assert decide(replace(MAIL, thread=CLOSED), ()).reopens
    assert decide(MAIL, ()).outcome == Outcome.IGNORED


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (Rule(1, "a", sender="acme"), True),
        (Rule(1, "a", sender="mara <"), True),
        (Rule(1, "a", sender="other"), False),
        (Rule(1, "a", subject="winch"), True),
        (Rule(1, "a", subject="hull"), False),
        (Rule(1, "a", recipient="help@"), True),
        (Rule(1, "a", recipient="sales@"), False),
        (Rule(1, "a", sender="acme", subject="hull"), False),
    ],
)
def test_filters(rule: Rule, wanted: bool) -> None:
    assert rule.wants(MAIL) is wanted
    assert (kept(MAIL, rule).outcome == "opened") is wanted


def test_the_first_processor_that_wants_it_has_it() -> None:
    first, second = Rule(1, "a", subject="hull"), Rule(2, "b")
    assert kept(MAIL, first, second).rule == second


def test_only_what_we_send_is_an_answer() -> None:
    assert kept(replace(MAIL, thread=MINE, sent=True)).answers
    assert not kept(replace(MAIL, thread=MINE)).answers
    assert not kept(replace(MAIL, thread=MINE, sent=True, automatic="x")).answers
