from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mailweave.mime import folding, tree
from mailweave.mime.address import Address
from mailweave.mime.html import sanitise
from mailweave.mime.quoting import CUT, MAX_QUOTE, Original, answer, forward
from mailweave.mime.text import strip_quotes

LISBON = ZoneInfo("Europe/Lisbon")
ORIGINAL = Original(
    sender=Address("Ana Silva", "ana@quill.example"),
    to=(Address("Bo Li", "bo@haven.example"), Address("", "cy@haven.example")),
    subject="Offer",
    sent_at=datetime(2026, 5, 3, 13, 5, tzinfo=UTC),
    text="Hello Bo,\r\n\r\n> earlier\r\nyours",
)


def test_an_answer_quotes_as_text() -> None:
    assert answer(ORIGINAL, LISBON).text == (
        "On 3 May 2026 at 14:05, Ana Silva <ana@quill.example> wrote:\n"
        "> Hello Bo,\n>\n>> earlier\n> yours"
    )


def test_the_introduction_is_recognised_by_ourselves() -> None:
    quote = answer(ORIGINAL, LISBON)
    assert strip_quotes(f"New words\n\n{quote.text}") == "New words"
    shown = sanitise(f"<div>New words</div>{quote.html}", images="blocked", cids={})
    assert shown.folded_quotes == 1


def test_a_forwarded_message_has_its_headers_and_is_not_folded() -> None:
    passed = forward(replace(ORIGINAL, cc=(Address("Di", "di@x.example"),)), LISBON)
    assert passed.text == (
        "---------- Forwarded message ---------\n"
        "From: Ana Silva <ana@quill.example>\n"
        "Date: 3 May 2026 at 14:05\n"
        "Subject: Offer\n"
        "To: Bo Li <bo@haven.example>, <cy@haven.example>\n"
        "Cc: Di <di@x.example>\n"
        "\n"
        "Hello Bo,\n\n> earlier\nyours"
    )
    body, _ = tree.parse(f"<html><body><div>Look</div>{passed.html}</body></html>")
    assert folding.fold(body) == 0


def test_html_is_cleaned_and_says_which_images_it_needs() -> None:
    html = (
        "<style>b{color:red}</style><b>Hi</b><script>alert(1)</script>"
        '<img src="cid:logo@q"><img src="https://pics.example/a.png">'
        '<img src="https://x.example/track/open?1"><img src="data:image/png;base64,iVBORw0KGgo=">'
    )
    quote = answer(replace(ORIGINAL, html=html), LISBON)
    assert '<b style="color:red">Hi</b>' in quote.html.replace(';"', '"').replace(": ", ":")
    assert "script" not in quote.html
    assert "track" not in quote.html
    assert 'src="https://pics.example/a.png"' in quote.html
    assert quote.cids[0] == "logo@q"
    assert [(one.content_id, one.data) for one in quote.images] == [
        (quote.cids[1], b"\x89PNG\r\n\x1a\n")
    ]
    assert quote.text.startswith("On 3 May")
    assert "> Hello Bo," in quote.text


def test_nothing_of_a_message_is_taken_for_markup() -> None:
    evil = "<script>alert(1)</script>\r\nBcc: eve"
    original = replace(
        ORIGINAL, sender=Address(evil, "a@x.example"), subject=evil, text=f"  {evil} & co"
    )
    for quote in (answer(original, UTC), forward(original, UTC)):
        assert "<script" not in quote.html
        assert "&nbsp;&nbsp;&lt;script&gt;" in quote.html
        assert "\n" not in quote.text.split("alert(1)")[1].split("eve")[0]


def test_a_message_with_only_html_is_quoted_as_text_too() -> None:
    original = replace(ORIGINAL, text=" ", html="<ul><li>one<li>two</ul>")
    assert answer(original, UTC).text.endswith("wrote:\n> - one\n> - two")


def test_what_is_too_much_to_quote_is_quoted_as_text() -> None:
    tangled = replace(ORIGINAL, html="<b>" * 300 + "x")
    assert "Hello Bo" in answer(tangled, UTC).html
    long = replace(ORIGINAL, text="x" * 99 + "\n" + ("y" * 99 + "\n") * (MAX_QUOTE // 100))
    assert answer(long, UTC).text.endswith(f"> {CUT}")
    assert len(answer(long, UTC).text) < MAX_QUOTE * 1.1


def test_a_message_without_sender_is_quoted() -> None:
    assert "an unknown sender wrote:" in answer(replace(ORIGINAL, sender=None), UTC).text
    assert "From:" not in forward(replace(ORIGINAL, sender=None), UTC).text
