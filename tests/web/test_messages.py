"""A message: what stands in its card, its body under rules of its own, images and headers."""

import re
from pathlib import Path

import pytest

from mailweave.mail import showing
from mailweave.mail.models import Body, ImageConsent, Part
from mailweave.mime import html
from tests.makers_mail import make_part
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db
VECTORS = Path(__file__).parents[1] / "mime" / "html-attack-vectors.txt"
REMOTE = '<p>Hi<img src="https://pics.example/a.png" width="90" height="90"></p>'


@pytest.fixture
def post() -> Post:
    return make_post()


def body(post: Post, pk: int, query: str = "") -> str:
    answer = post.browser.get(f"/mail/messages/{pk}/body/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def card(post: Post, pk: int, query: str = "") -> str:
    answer = post.browser.get(f"/mail/messages/{pk}/{query}", headers=PART)
    assert answer.status_code == 200
    return answer.content.decode()


def kept(post: Post, pk: int) -> Body:
    with post.inside():
        return Body.objects.get(pk=pk)


def test_the_body_comes_with_rules_of_its_own(post: Post) -> None:
    _, pk = post.letter(html="<p>Hello<script>alert(1)</script></p>")
    answer = post.browser.get(f"/mail/messages/{pk}/body/")
    assert "<p>Hello</p>" in answer.content.decode()
    rules = answer["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in rules
    assert "img-src http://testserver/mail/attachments/ data:" in rules
    assert "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox" in rules
    assert "frame-ancestors 'self'" in rules
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-cache"


def test_an_unchanged_body_is_not_sent_again(post: Post) -> None:
    _, pk = post.letter(html="<p>Hello</p>")
    path = f"/mail/messages/{pk}/body/"
    tag = post.browser.get(path)["ETag"]
    again = post.browser.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert "default-src 'none'" in again["Content-Security-Policy"]
    assert post.browser.get(f"{path}?as=text")["ETag"] != tag


def test_html_is_sanitised_once_and_kept(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    _, pk = post.letter(html="<p onclick=x>Hello</p>")
    first = body(post, pk)
    assert kept(post, pk).shown_version == html.SANITISER_VERSION
    monkeypatch.setattr(showing, "sanitise", None)  # so that calling it would break
    assert body(post, pk) == first
    monkeypatch.undo()
    monkeypatch.setattr(showing, "SANITISER_VERSION", html.SANITISER_VERSION + 1)
    assert body(post, pk) == first
    assert kept(post, pk).shown_version == html.SANITISER_VERSION + 1


def test_a_kept_body_that_broke_is_made_again(post: Post) -> None:
    _, pk = post.letter(html="<p>Hello</p>")
    with post.inside():
        Body.objects.filter(pk=pk).update(shown=b"rubbish", shown_version=html.SANITISER_VERSION)
    assert "<p>Hello</p>" in body(post, pk)


def test_text_is_shown_as_text(post: Post) -> None:
    _, pk = post.letter(text="a <b> & https://x.example/")
    text = body(post, pk)
    assert "a &lt;b&gt; &amp; <a href=" in text
    assert kept(post, pk).shown is None


def test_html_can_be_read_as_text(post: Post) -> None:
    _, pk = post.letter(html="<p>Only <b>here</b></p>", text="")
    assert "Only here" in body(post, pk, "?as=text")
    assert "Plain text" in card(post, pk)
    assert f'src="/mail/messages/{pk}/body/?as=text"' in card(post, pk, "?as=text")


def test_what_is_too_much_is_shown_as_its_words(post: Post) -> None:
    _, pk = post.letter(html="<div>" * 5000 + "deep down", text="deep down in words")
    assert "deep down in words" in body(post, pk)
    assert "too complex to show formatted" in card(post, pk)


@pytest.mark.parametrize("vector", VECTORS.read_text().split("\n---\n"))
def test_no_attack_leaves_the_body(post: Post, vector: str) -> None:
    _, pk = post.letter(html=vector)
    shown = body(post, pk).partition("<body>")[2].lower()
    tags = " ".join(re.findall(r"<[^>]*>", shown))
    assert not re.search(r"<(?:script|svg|math|iframe|object|form|meta|base|link)\b", tags)
    assert not re.search(r"\son\w+=|javascript:|vbscript:|expression\(|url\(", tags)
    assert not re.search(r"<img[^>]*src=[\"'](?!data:)", tags)


def test_remote_images_wait_for_consent(post: Post) -> None:
    _, pk = post.letter(html=REMOTE, sender="shop@acme.example")
    assert "A remote image is blocked." in card(post, pk)
    assert "pics.example" not in body(post, pk)
    shown = card(post, pk, "?images=1")
    assert f'src="/mail/messages/{pk}/body/?images=1"' in shown
    assert "blocked" not in shown
    answer = post.browser.get(f"/mail/messages/{pk}/body/?images=1")
    assert re.search(r'<img src="/mail/img/[\w:.-]+"', answer.content.decode())
    assert "http://testserver/mail/img/" in answer["Content-Security-Policy"]
    assert "A remote image is blocked." in card(post, pk)  # that was for once


def test_a_sender_can_be_trusted_and_not_any_more(post: Post) -> None:
    _, pk = post.letter(html=REMOTE, sender="shop@acme.example")
    _, later = post.letter(html=REMOTE, sender="shop@acme.example")
    path = f"/mail/messages/{pk}/images"
    for _ in range(2):
        text = post.browser.post(f"{path}/always/", headers=PART).content.decode()
        assert "Images from shop@acme.example are always shown." in text
    assert f'src="/mail/messages/{later}/body/?images=1"' in card(post, later)
    with post.inside():
        assert ImageConsent.objects.get().user_id == post.member.user_id
    text = post.browser.post(f"{path}/never/", headers=PART).content.decode()
    assert "A remote image is blocked." in text
    assert post.browser.post(f"{path}/sometimes/").status_code == 404
    assert post.browser.get(f"{path}/always/").status_code == 405


def test_trust_is_ones_own(post: Post) -> None:
    _, pk = post.letter(html=REMOTE, sender="shop@acme.example")
    post.contact("Shop", "shop@acme.example")
    post.browser.post(f"/mail/messages/{pk}/images/always/", headers=PART)
    text = post.other.get(f"/mail/messages/{pk}/", headers=PART).content.decode()
    assert "A remote image is blocked." in text


def test_tracking_pixels_are_named(post: Post) -> None:
    pixel = '<img src="https://t.example/o" width="1" height="1">'
    _, pk = post.letter(html=f"<p>Hi{pixel}</p>")
    assert "1 tracking pixel removed" in card(post, pk)
    assert "t.example" not in body(post, pk, "?images=1")


def test_inline_images_come_through_us(post: Post) -> None:
    _, pk = post.letter(html='<img src="cid:logo@x">')
    with post.inside():
        part = make_part(pk, content_type="image/png", content_id="logo@x", filename="logo.png")
        Part.objects.filter(pk=part).update(inline=True)
        other = make_part(pk, filename="terms.pdf")
    assert f'<img src="/mail/attachments/{part}/?inline=1">' in body(post, pk)
    text = card(post, pk)
    assert f'href="/mail/attachments/{other}/"' in text
    assert "logo.png" not in text


def test_the_frame_never_lets_scripts_run(post: Post) -> None:
    _, pk = post.letter(html="<p>Hello")
    frame = re.search(r"<iframe[^>]*>", card(post, pk))
    assert frame
    assert 'sandbox="allow-same-origin allow-popups' in frame[0]
    assert "allow-scripts" not in frame[0]
    assert 'referrerpolicy="no-referrer"' in frame[0]


def test_headers_are_for_those_who_ask(post: Post) -> None:
    _, pk = post.letter(headers="X-Odd: <b>1</b>\nBcc: boss@x.example")
    text = post.browser.get(f"/mail/messages/{pk}/headers/", headers=PART).content.decode()
    assert "<td>&lt;b&gt;1&lt;/b&gt;</td>" in text
    assert "boss@x.example" not in text
    assert "<html" in post.browser.get(f"/mail/messages/{pk}/headers/").content.decode()


def test_names_are_text(post: Post) -> None:
    _, pk = post.letter(sender='"><script>alert(1)</script>@x.example', text="x")
    assert "<script>alert" not in card(post, pk)


@pytest.mark.parametrize("path", ["", "body/", "headers/", "link/", "images/always/"])
def test_who_may_not_read_it_finds_nothing(post: Post, path: str) -> None:
    _, pk = post.letter(html="<p>Secret", sender="mara@acme.example")
    body(post, pk)  # which is kept from now on
    ask = "post" if path.startswith("images") else "get"
    for browser in (make_stranger(), post.other):
        assert getattr(browser, ask)(f"/mail/messages/{pk}/{path}").status_code == 404
    post.contact("Mara", "mara@acme.example")
    post.share("subject")
    assert getattr(post.other, ask)(f"/mail/messages/{pk}/{path}").status_code == 404
    assert getattr(post.browser, ask)(f"/mail/messages/987654321/{path}").status_code == 404
    post.share("full")
    assert getattr(post.other, ask)(f"/mail/messages/{pk}/{path}").status_code in {200, 302}
