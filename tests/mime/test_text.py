# ruff: noqa: RUF001 - letters of many alphabets on purpose
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime.text import clean, from_html, preview, strip_quotes

GMAIL = """Fine with me.

On Mon, 5 Feb 2024 at 10:00, Anna Berg <anna@x.example>
wrote:

> Shall we meet?
> Anna
"""
OUTLOOK = """Fine with me.

-----Original Message-----
From: Anna Berg
Sent: Monday, 5 February 2024 10:00
To: Bo
Subject: Meeting

Shall we meet?
"""
OUTLOOK_DE = """Passt.

Von: Anna Berg <anna@x.example>
Gesendet: Montag, 5. Februar 2024 10:00
An: Bo
Betreff: Treffen

Wollen wir uns treffen?
"""
APPLE_DE = """Passt.

> Am 05.02.2024 um 10:00 schrieb Anna Berg <anna@x.example>:
>
> Wollen wir uns treffen?
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GMAIL, "Fine with me."),
        (GMAIL.replace("\n", "\r\n"), "Fine with me."),
        (OUTLOOK, "Fine with me."),
        (OUTLOOK_DE, "Passt."),
        (APPLE_DE, "Passt."),
        ("Oui.\n\nLe lun. 5 févr. 2024 à 10:00, Anna <a@x.example> a écrit :\n\nBonjour", "Oui."),
        ("Ja.\n\nOp ma 5 feb 2024 om 10:00 schreef Anna <a@x.example>:\n> Hoi", "Ja."),
        ("Sí.\n\nEl lun, 5 feb 2024 a las 10:00, Anna (<a@x.example>) escribió:\n> Hola", "Sí."),
        ("はい\n\n2024年2月5日(月) 10:00 Anna <a@x.example>のメール:\n> こん", "はい"),
        ("Hello\n-- \nBo Berg\nExample Ltd", "Hello"),
        ("no quote at all", "no quote at all"),
    ],
)
def test_only_what_the_writer_wrote_is_indexed(text: str, expected: str) -> None:
    assert strip_quotes(text) == expected


def test_answers_between_quoted_lines_are_kept() -> None:
    text = "On 5 Feb 2024 10:00, Anna <a@x.example> wrote:\n> One?\nYes.\n> Two?\nNo.\n"
    assert strip_quotes(text) == "Yes.\nNo."


def test_a_bare_forward_keeps_its_words() -> None:
    text = "-----Original Message-----\nFrom: Anna\nSent: 2024\n\nThe contract is signed.\n"
    assert "contract is signed" in strip_quotes(text)


def test_a_forward_marked_as_such_is_kept() -> None:
    text = "See below.\n\n---------- Forwarded message ---------\nFrom: Anna\n\nSigned."
    assert strip_quotes(text).endswith("Signed.")


def test_somebody_wrote_in_a_sentence_is_no_quote() -> None:
    text = "As Anna wrote:\nthe price is 12.\nFrom: here it goes on."
    assert strip_quotes(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GMAIL, "Fine with me."),
        ("> quoted\n\nHello   there,\n\tBo", "Hello there, Bo"),
        ("On 5 Feb 2024 10:00, Anna <a@x.example> wrote:\n> One?\nYes.", "Yes."),
        ("\u200c \u200c\xa0\u200c \u034f Deals\u200b of the \ufeffweek\xad", "Deals of the week"),
        ("> only a quote", "> only a quote"),
        ("", ""),
        ("\x00a\x1bb", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_the_preview_shows_the_first_real_words(text: str, expected: str) -> None:
    assert preview(text) == expected


def test_the_preview_is_cut() -> None:
    assert preview("word " * 100, limit=12) == "word word wo"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("a<br>b", "a\nb"),
        ("<b>wor</b>ld &amp; &eacute;&#8364;", "world & é€"),
        ("<html><head><title>t</title><style>p{x:y}</style></head><body>x</body></html>", "x"),
        ("a<script>var b = '<p>';</script>c", "a c"),
        ("a<!-- <p>hidden</p> -->b", "ab"),
        ('<a title="1 > 0" href="x">link</a>', "link"),
        ("<tr><td>1</td><td>2</td></tr>", "1 2"),
        ("a\n   b", "a b"),
        ("<pre>a\nb</pre>", "a\nb"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("x<style>never closed", "x"),
        ("x <a href='cut off", "x"),
        ("&#99999999999; &#x110000;", "\ufffd \ufffd"),
        ("&#" + "9" * 5_000 + ";", "\ufffd"),
    ],
)
def test_html_becomes_text(html: str, expected: str) -> None:
    assert from_html(html) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\x00b", "ab"), ("a\udeb1b", "a\ufffdb"), ("\ud83d\ude00", "😀"), ("é\n", "é\n"), ("", "")],
)
def test_the_database_takes_clean_text(text: str, expected: str) -> None:
    assert clean(text) == expected


@settings(deadline=None)
@given(
    st.text(alphabet=st.characters(), max_size=200)
    | st.text(alphabet="<>!-/a&#;9\"' \n:", max_size=90)
)
def test_no_text_is_an_error(text: str) -> None:
    for result in (clean(text), strip_quotes(text), preview(text), from_html(text)):
        assert isinstance(result, str)
    assert len(preview(text)) <= 200
    clean(text).encode()


UNITS = [
    "<",
    "<a ",
    '<a "',
    "<a '\"",
    "<style>",
    "<!--",
    "<pre>",
    "&#9",
    "&",
    "<a b=\"<a c='",
    " ",
    "\xa0\n",
]
LINES = [
    ">",
    "\n",
    "From:\n",
    "On 2024-01-01 10:00 x wrote:\n",
    ": \n",
    "-----\n",
    "1 wrote:\n",
    "\u200c ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_html_is_read_quickly(unit: str) -> None:
    started = time.process_time()
    from_html(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 1.5


@pytest.mark.parametrize("unit", LINES)
def test_a_megabyte_of_lines_is_read_quickly(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    preview(text)
    strip_quotes(text)
    assert time.process_time() - started < 1.0
