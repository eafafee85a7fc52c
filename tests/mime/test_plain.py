# ruff: noqa: E501
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime.html import from_text

REL = 'target="_blank" rel="noopener noreferrer nofollow"'


def body(text: str) -> str:
    html = from_text(text)
    assert html.startswith('<div class="plain">')
    return html.removeprefix('<div class="plain">').removesuffix("</div>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("see https://x.example/a?b=1&c=2.", f'see <a href="https://x.example/a?b=1&amp;c=2" {REL}>https://x.example/a?b=1&amp;c=2</a>.'),
        ("(http://x.example/a_(b))", f'(<a href="http://x.example/a_(b)" {REL}>http://x.example/a_(b)</a>)'),
        ("<mailto:a@x.example>", f'&lt;<a href="mailto:a@x.example" {REL}>mailto:a@x.example</a>&gt;'),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("a\r\nb", "a\nb"),
        ("", ""),
    ],
)  # fmt: skip
def test_text_is_escaped_and_links_are_made(text: str, expected: str) -> None:
    assert body(text) == expected


def test_a_link_cannot_carry_markup() -> None:
    html = body("https://x.example/?]<img/src/onerror=alert(1)> \"https://x.example/'><script>")
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "text",
    [
        "Fine.\n\nOn 5 Feb 2024, Anna wrote:\n> Shall we?\n>\n> Anna\n",
        "Fine.\n\n-----Original Message-----\nFrom: Anna\nSent: x\n\nShall we?\n",
        "Fine.\n\nVon: Anna\nGesendet: Montag\nAn: Bo\n\nShall we?\n",
    ],
)
def test_a_quoted_end_is_folded(text: str) -> None:
    new, _, quoted = body(text).partition('<details class="quote"><summary>•••</summary>')
    assert new == "Fine."
    assert "Shall we?" in quoted
    assert "Anna" in quoted


def test_answers_between_quotes_stay_in_sight() -> None:
    html = body("> One?\nYes.\n> Two?\nNo.\n")
    assert html == "&gt; One?\nYes.\n&gt; Two?\nNo."


def test_a_quote_alone_is_not_folded() -> None:
    assert "<details" not in body("> only a quote")


def test_the_signature_is_folded_and_kept() -> None:
    html = body("Hello\n-- \nBo Berg\n")
    assert html == 'Hello<details class="quote"><summary>•••</summary>-- \nBo Berg</details>'


class _Judge(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("div", "a", "details", "summary")
        for name, value in attrs:
            assert name in ("class", "href", "target", "rel")
            assert name != "href" or (value or "").lower().startswith(
                ("http://", "https://", "mailto:")
            )


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*("http://", "https://x", "mailto:a@b", "<", ">", '"', "'", "&", "<script>", "\n", "> "),
             *("-- \n", "javascript:", "\x00", "\ud800", "On 2024 a@b wrote:\n", " ", ")", "x")]
        ),
        max_size=25,
    ).map("".join)
    | st.text(max_size=80)
)  # fmt: skip
def test_any_text_is_safe_to_show(text: str) -> None:
    _Judge().feed(from_text(text))


@pytest.mark.parametrize(
    "unit", [">", "\n", "http://", "x", "-- \n", "wrote:\n", "From:\n", "> \n", ")"]
)
def test_a_megabyte_of_text_is_shown_quickly(unit: str) -> None:
    started = time.process_time()
    from_text(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 1.0
