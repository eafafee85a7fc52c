"""What becomes of a message that came to an intake: every case, with its reason."""

from dataclasses import replace
from typing import Any

import pytest

from mailweave.records.recruiting.deciding import (
    HOURLY,
    Facts,
    Known,
    Mode,
    Opening,
    Outcome,
    Paper,
    Rule,
    decide,
)
from mailweave.records.recruiting.forwards import Person

NIA = Person("Nia Patel", "nia@patel.example")
MO = Person("Mo", "mo@home.example")
AUTO = Rule(1, Mode.AUTO, suffix="k3j4", retired=("old1",), job=7)
CV = Paper(11, "Nia CV.PDF", "application/octet-stream")
LOGO = Paper(12, "logo.png", "image/png")
JOBS = (
    Opening(7, "Skipper", "SEA-1"),
    Opening(8, "Skipper of the night ferry", ""),
    Opening(9, "Cook", "COOK", "closed"),
)
PLAIN = Facts(
    mailbox="jobs@home.example",
    rules=(AUTO,),
    recipients=("jobs+k3j4@home.example",),
    sender=NIA,
    subject="My application",
    papers=(LOGO, CV),
    jobs=JOBS,
)
KNOWN = {NIA.address: Known(5, "Nia Patel", frozenset({7}))}
REVIEW = replace(AUTO, mode=Mode.REVIEW)
OWN = replace(AUTO, suffix="")
CODED = replace(AUTO, code="harbour")
FORWARDED = {"sender": MO, "colleague": True, "original": NIA}


@pytest.mark.parametrize(
    ("given", "outcome", "why"),
    [
        ({}, Outcome.MADE, "The sender applies. It names no job, so it is for Skipper. 1 document"),
        ({"papers": (LOGO,)}, Outcome.MADE, "No document is attached"),
        ({"subject": "Re: [SEA-1] hello"}, Outcome.MADE, "Its code names Skipper"),
        ({"subject": "XSEA-1X"}, Outcome.MADE, "It names no job, so it is for Skipper"),
        ({"subject": "The COOK"}, Outcome.MADE, "Cook, which is not open now"),
        ({"recipients": ("jobs+k3j4.sea-1@home.example",)}, Outcome.MADE, "code names Skipper"),
        ({"rules": (replace(AUTO, job=None),)}, Outcome.MADE, "no default one"),
        ({"rules": (REVIEW,)}, Outcome.WAITING, "The sender applies"),
        ({"rules": (replace(AUTO, mode=Mode.NOTIFY),)}, Outcome.TOLD, "The sender applies"),
        ({"lately": HOURLY}, Outcome.WAITING, "Held back: 60 applications"),
        ({"known": KNOWN}, Outcome.JOINED, "The sender applies"),
        ({"known": KNOWN, "papers": ()}, Outcome.LEFT, "brings nothing new"),
        ({"known": KNOWN, "papers": (), "subject": "Cook"}, Outcome.JOINED, "Cook"),
        ({"known": KNOWN, "rules": (REVIEW,)}, Outcome.WAITING, "The sender applies"),
        ({"automatic": True}, Outcome.LEFT, "A machine sent it"),
        ({"sender": None}, Outcome.LEFT, "no sender"),
        ({"recipients": ("jobs+old1@home.example",)}, Outcome.LEFT, "not used any more"),
        ({"recipients": ("jobs+old1.x@home.example",)}, Outcome.LEFT, "not used any more"),
        ({"rules": (CODED,)}, Outcome.LEFT, "The code of this intake"),
        ({"rules": (CODED,), "subject": "Harbour, hello"}, Outcome.MADE, "The sender applies"),
        ({"rules": (CODED,), "subject": "harbourmaster"}, Outcome.LEFT, "The code"),
        (
            {"rules": (CODED,), "recipients": ("jobs+k3j4.harbour@home.example",)},
            Outcome.MADE,
            "The sender applies",
        ),
        ({"rules": (OWN,), "recipients": ()}, Outcome.MADE, "The sender applies"),
        (FORWARDED, Outcome.MADE, "Forwarded by Mo."),
        ({**FORWARDED, "colleague": False, "sender": MO}, Outcome.MADE, "The sender applies"),
        ({**FORWARDED, "known": KNOWN}, Outcome.JOINED, "Forwarded by Mo."),
        ({**FORWARDED, "original_is_ours": True}, Outcome.LEFT, "what a colleague wrote"),
        ({**FORWARDED, "original": None}, Outcome.LEFT, "forwards nobody's application"),
        ({**FORWARDED, "original": None, "nested": 4}, Outcome.OPENING, "as an attachment"),
        ({**FORWARDED, "automatic": True}, Outcome.LEFT, "A machine sent it"),
    ],
)
def test_the_table(given: dict[str, Any], outcome: str, why: str) -> None:
    decision = decide(replace(PLAIN, **given))
    assert decision
    assert (decision.outcome, why in decision.reason) == (outcome, True), decision
    assert len(decision.reason) <= 400


@pytest.mark.parametrize(
    "given",
    [
        {"sent": True},
        {"recipients": ("jobs@home.example",)},
        {"recipients": ("jobs+other@home.example",)},
        {"recipients": ("jobs+k3j4@elsewhere.example",)},
        {"recipients": ("jobs+@home.example",)},
        {"recipients": ()},
        {"rules": ()},
    ],
)
def test_what_came_elsewhere_is_not_its_business(given: dict[str, Any]) -> None:
    assert decide(replace(PLAIN, **given)) is None


def test_who_applies_for_what_with_which_papers() -> None:
    decision = decide(replace(PLAIN, subject="Skipper of the night ferry", **FORWARDED))
    assert decision
    assert (decision.person, decision.job, decision.papers) == (NIA, 8, (CV,))
    stranger = decide(replace(PLAIN, sender=MO, original=NIA))
    assert stranger
    assert stranger.person == MO, "a stranger's forward is a stranger's application"


def test_of_several_intakes_the_one_that_is_addressed() -> None:
    other = Rule(2, Mode.REVIEW, suffix="zzzz")
    rules = (replace(AUTO, suffix=""), other)
    for recipient, wanted in (("jobs+zzzz@home.example", 2), ("jobs@home.example", 1)):
        decision = decide(replace(PLAIN, rules=rules, recipients=(recipient,)))
        assert decision
        assert decision.rule.id == wanted


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("CV.docx", "application/octet-stream", True),
        ("CV", "application/pdf", True),
        ("old.doc", "", True),
        ("photo.jpg", "image/jpeg", False),
        ("smime.p7s", "application/pkcs7-signature", False),
        ("pdf", "text/plain", False),
    ],
)
def test_which_attachments_may_be_resumes(name: str, kind: str, wanted: bool) -> None:
    decision = decide(replace(PLAIN, papers=(Paper(1, name, kind),)))
    assert decision
    assert bool(decision.papers) == wanted


def test_a_hundred_attachments_are_not_all_fetched() -> None:
    many = tuple(Paper(n, f"{n}.pdf", "") for n in range(100))
    decision = decide(replace(PLAIN, papers=many))
    assert decision
    assert len(decision.papers) == 5
