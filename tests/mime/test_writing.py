import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime import twin
from mailweave.mime.outgoing import Unwritable
from mailweave.mime.writing import clean, document, sign

VECTORS = (Path(__file__).parent / "html-attack-vectors.txt").read_text().splitlines()


def test_what_people_write_stays_as_it_is() -> None:
    html = (
        '<div>Hi <b>Bo</b>, <i>see</i> <a href="https://quill.example/a?b=1&amp;c">this</a></div>'
        '<div><br></div><ul><li style="color:#c00">one</li></ul><blockquote>q</blockquote>'
        '<table><tbody><tr><td style="padding:4px">1</td></tr></tbody></table>'
        '<p><img src="cid:a@b" alt="Logo" width="120"></p>'
    )
    assert clean(html).html == html


@pytest.mark.parametrize("vector", [one for one in VECTORS if one and not one.startswith("#")])
def test_nothing_that_runs_or_watches_is_sent(vector: str) -> None:
    for marks in (True, False):
        written = clean(vector, marks=marks).html.lower()
        for evil in ("<script", "javascript:", "<svg", "<style", "srcset", "<iframe", "<form"):
            assert evil not in written
        assert " on" not in "".join(part.partition(">")[0] for part in written.split("<")[1:])


def test_marks_stay_in_a_draft_and_leave_with_no_letter() -> None:
    html = '<div data-signature="7">Ana</div><mark data-unresolved="contact.city">city</mark>'
    assert clean(html).html == html
    assert clean(html).unresolved == ("contact.city",)
    assert "data-" not in clean(html, marks=False).html
    assert "data-signature" not in clean('<div data-signature="&quot; x">Ana</div>').html


def test_images_change_their_addresses_on_the_way_to_the_editor_and_back() -> None:
    there = clean('<img src="cid:a@b">', sources={"cid:a@b": "/files/3"})
    assert there.html == '<img src="/files/3">'
    assert there.cids == ()
    back = clean(there.html, sources={"/files/3": "cid:a@b"})
    assert (back.html, back.cids) == ('<img src="cid:a@b">', ("a@b",))


def test_images_from_nowhere_and_watchers_go() -> None:
    html = (
        '<img src="/files/9"><img src="file:///etc/x"><img src="cid:a b"><img>'
        '<img src="https://t.example/open.gif"><img src="https://t.example/x" width=1 height=1>'
    )
    assert clean(html).html == ""
    assert (
        clean('<img src="//pics.example/x.png">').html == '<img src="https://pics.example/x.png">'
    )


def test_an_image_pasted_as_data_becomes_a_file() -> None:
    pasted = '<img src="data:image/png;base64,aGVsbG8=">'
    written = clean(pasted * 2)
    assert [(one.data, one.content_type) for one in written.images] == [(b"hello", "image/png")]
    assert written.cids == (written.images[0].content_id,)
    assert clean(written.html).images == ()


def test_what_is_too_large_is_refused_in_words() -> None:
    for html in ("<b>" * 300, "x" * (3 << 20)):
        with pytest.raises(Unwritable, match="too large"):
            clean(html)


def test_a_signature_is_put_in_exchanged_and_taken_away() -> None:
    signed = sign("<p>Hi</p>", "<b>Ana</b><script>x</script>", "1")
    assert signed == '<p>Hi</p><div data-signature="1"><b>Ana</b></div>'
    quoted = signed + "<p>below</p>"
    assert sign(quoted, "Bo", "2") == '<p>Hi</p><div data-signature="2">Bo</div><p>below</p>'
    assert sign(quoted, "") == "<p>Hi</p><p>below</p>"
    assert sign("<p>Hi</p>", "") == "<p>Hi</p>"
    inside = sign('<p>Hi</p><blockquote data-signature="1"><p>x</p></blockquote> tail', "Bo", "2")
    assert inside == '<p>Hi</p><div data-signature="2">Bo</div> tail'


def test_the_whole_document_holds_both() -> None:
    whole = document("<b>Hi</b>", "<blockquote>q</blockquote>")
    assert whole.startswith("<!DOCTYPE html>")
    assert "<b>Hi</b></div><blockquote>q</blockquote></body>" in whole


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div>a<br></div><div>b</div>", "a\nb"),
        ("<p>a</p><p>b <b>c</b></p>", "a\n\nb c"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<ul><li>a</li><li><p>b</p><p>c</p></li></ul>d", "- a\n- b\n\n  c\n\nd"),
        ('<ol start="9"><li>a</li><li>b<ul><li>c</li></ul></li></ol>', "9. a\n10. b\n    - c"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
        ("<blockquote><div>a</div><div><br></div>b</blockquote>c", "> a\n>\n> b\n\nc"),
        ('<a href="https://x.example/a">here</a>', "here <https://x.example/a>"),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="https://x.example/a">https://x.example/a</a>', "https://x.example/a"),
        ('<a href="mailto:a@x.example">Ana</a>', "Ana <a@x.example>"),
        ("<pre>a   b\n  c</pre>", "a   b\n  c"),
        ('<img src="cid:x" alt="Our  logo"><img src="cid:y">', "[Our logo]"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
        ("Bye<div>-- <br>Ana</div>", "Bye\n-- \nAna"),
        ("a&nbsp;&lt;b&gt;  c\n d", "a <b> c d"),
        ("", ""),
    ],
)
def test_the_text_twin_reads_well(html: str, text: str) -> None:
    assert twin.of(clean(html).html) == text


def test_what_is_nested_absurdly_takes_a_moment() -> None:
    started = time.process_time()
    lines = "<div>line of text here</div>" * 24_000
    deep = twin.of(clean("<blockquote>" * 190 + lines + "</blockquote>" * 190).html)
    assert deep.startswith("> " * 12 + "line of text")
    twin.of(clean("<ul><li>" * 90 + "x y<br>" * 40_000).html)
    assert time.process_time() - started < 8


@settings(deadline=None)
@given(st.text(st.sampled_from('<>/"= abdivpulonc:&;#\n'), max_size=80))
def test_cleaning_twice_changes_nothing_and_never_fails(html: str) -> None:
    once = clean(html)
    assert clean(once.html) == once
    twin.of(once.html)


def test_an_open_field_is_named_whatever_holds_it() -> None:
    for tag in ("mark", "span"):
        text = f'<p>Dear <{tag} data-unresolved="contact.name">contact.name</{tag}></p>'
        assert clean(text).unresolved == ("contact.name",)
        assert "unresolved" not in clean(text, marks=False).html
