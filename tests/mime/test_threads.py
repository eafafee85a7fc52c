# ruff: noqa: RUF001 - letters of many alphabets on purpose
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime import threads
from mailweave.mime.threads import base_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Offer 12",
        "Re: Offer 12",
        "RE: re: Offer  12",
        "AW: Offer 12",
        "Fwd: Offer 12",
        "WG: AW: Offer 12",
        "Re[2]: Offer 12",
        "RE (3): Offer 12",
        "Re^2: Offer 12",
        "SV: Offer 12",
        "VS: Offer 12",
        "Antw: Offer 12",
        "TR: Offer 12",
        "RIF: Offer 12",
        "YNT: Offer 12",
        "İLT: Offer 12",
        "回复：Offer 12",
        "转发: Offer 12",
        "Offer 12 (fwd)",
        "[fwd: Offer 12]",
        "[dev-list] Re: Offer 12",
        "Re: [dev-list] Offer 12",
        "=?utf-8?q?Re:_Offer?= 12",
        "  re :  Offer\r\n 12 ",
        "Re : Offer 12",
    ],
)
def test_answers_share_their_subject(subject: str) -> None:
    assert base_subject(subject) == "offer 12"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("", ""),
        ("Re:", ""),
        ("[dev-list]", "[dev-list]"),
        ("Re: [ticket #12] Printer", "[ticket #12] printer"),
        ("Regarding: the offer", "regarding: the offer"),
        ("Release: 2.0", "release: 2.0"),
        ("Re: Re: Re", "re"),
        ("12:30 lunch", "12:30 lunch"),
    ],
)
def test_what_is_no_prefix_stays(subject: str, expected: str) -> None:
    assert base_subject(subject) == expected


@settings(deadline=None)
@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["re:", "[x]", " ", "(fwd)", "a"])).map("".join)
)
def test_the_base_of_a_base_is_itself(subject: str) -> None:
    assert base_subject(base_subject(subject)) == base_subject(subject)


@pytest.mark.parametrize("unit", ["re:", "[x]", "(fwd)", "[fwd:", "[", "re [", " "])
def test_long_subjects_are_quick(unit: str) -> None:
    started = time.process_time()
    base_subject(unit * 100_000)
    assert time.process_time() - started < 0.3


@pytest.mark.parametrize(
    ("subject", "answered", "passed_on"),
    [
        ("Offer", "Re: Offer", "Fwd: Offer"),
        ("Re: Offer", "Re: Offer", "Fwd: Re: Offer"),
        ("AW: RE[2]: Angebot", "Re: Angebot", "Fwd: AW: RE[2]: Angebot"),
        ("WG: Fwd: Angebot", "Re: WG: Fwd: Angebot", "Fwd: Angebot"),
        ("[list] Re: Offer", "Re: [list] Offer", "Fwd: [list] Re: Offer"),
        ("[#12] Offer", "Re: [#12] Offer", "Fwd: [#12] Offer"),
        ("Regards", "Re: Regards", "Fwd: Regards"),
        ("", "Re:", "Fwd:"),
        ("=?utf-8?q?Re=3A_a=0D=0ABcc=3A_b?=", "Re: a Bcc: b", "Fwd: Re: a Bcc: b"),
    ],
)
def test_an_answer_says_so_once(subject: str, answered: str, passed_on: str) -> None:
    assert threads.reply(subject) == answered
    assert threads.forward(subject) == passed_on
    assert len(threads.reply("x" * 2000)) <= 998
