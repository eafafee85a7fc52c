"""The image proxy: signed for one reader, one message and a day or two; refusals tell nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mailweave.kit import clock, fetch
from mailweave.web import images
from tests.web.letters import Post, make_post, make_stranger

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were fetched, each answered with an image."""
    seen: list[str] = []

    def answer(url: str) -> fetch.Image:
        seen.append(url)
        return fetch.Image(PNG, "image/png")

    monkeypatch.setattr(fetch, "fetch_image", answer)
    return seen


def address_in(browser: Client, pk: int) -> str:
    text = browser.get(f"/mail/messages/{pk}/body/?images=1").content.decode()
    found = re.search(r'<img src="(/mail/img/[^"]+)"', text)
    assert found
    return found[1]


def letter(post: Post) -> int:
    return post.letter(html='<p><img src="https://pics.example/a.png?b=1&amp;c=2">')[1]


def refused(answer: Any, status: int) -> None:
    assert answer.status_code == status
    assert answer["Content-Type"] == "image/gif"
    assert answer["Cache-Control"] == "no-store"
    assert len(answer.content) < 60


def test_an_image_comes_with_rules_of_its_own(post: Post, asked: list[str]) -> None:
    answer = post.browser.get(address_in(post.browser, letter(post)))
    assert (answer.status_code, answer.content) == (200, PNG)
    assert asked == ["https://pics.example/a.png?b=1&c=2"]
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, max-age=86400"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_nothing_is_fetched_before_it_is_asked_for(post: Post, asked: list[str]) -> None:
    pk = letter(post)
    post.browser.get(f"/mail/messages/{pk}/")
    post.browser.get(f"/mail/messages/{pk}/body/")
    post.browser.get(f"/mail/messages/{pk}/body/?images=1")
    assert asked == []


def test_an_address_is_for_one_reader(post: Post, asked: list[str]) -> None:
    pk = letter(post)
    post.contact("Ann", "ann@client.example")  # so that Ben may read it too
    path = address_in(post.browser, pk)
    assert post.other.get(f"/mail/messages/{pk}/body/").status_code == 200
    refused(post.other.get(path), 403)
    refused(make_stranger().get(path), 403)
    assert Client().get(path).status_code == 302
    assert asked == []


def test_an_address_ends_with_the_right_to_read(post: Post, asked: list[str]) -> None:
    pk = letter(post)
    post.contact("Ann", "ann@client.example")
    path = address_in(post.other, pk)
    assert post.other.get(path).status_code == 200
    post.share("subject")
    refused(post.other.get(path), 403)
    assert len(asked) == 1


def test_an_address_ends_with_time(post: Post, asked: list[str]) -> None:
    path = address_in(post.browser, letter(post))
    with clock.use(clock.Hands(clock.now() + timedelta(days=2, seconds=1))):
        refused(post.browser.get(path), 403)
    assert asked == []


@pytest.mark.parametrize("token", ["x", "a:b", "WyJ4Il0:abc", "é", "%00", "a" * 3000])
def test_a_forged_address_is_refused(post: Post, asked: list[str], token: str) -> None:
    refused(post.browser.get(f"/mail/img/{token}"), 403)
    assert asked == []


def test_a_changed_address_is_refused(post: Post, asked: list[str]) -> None:
    path = address_in(post.browser, letter(post))
    body, _, seal = path.rpartition(":")
    other = "A" if body[-1] != "A" else "B"
    refused(post.browser.get(f"{body[:-1]}{other}:{seal}"), 403)
    assert asked == []


@pytest.mark.parametrize(
    "failure", [fetch.Forbidden, fetch.NotAnImage, fetch.TooLarge, fetch.FetchFailed]
)
def test_every_failure_looks_the_same(
    post: Post, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def fail(url: str) -> fetch.Image:
        raise failure("a telling reason")

    monkeypatch.setattr(fetch, "fetch_image", fail)
    refused(post.browser.get(address_in(post.browser, letter(post))), 415)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "localhost", "0x7f.1"])
def test_private_addresses_are_never_asked(post: Post, host: str) -> None:
    _, pk = post.letter(html=f'<p><img src="http://{host}/a.png">')
    refused(post.browser.get(address_in(post.browser, pk)), 415)


def test_endless_addresses_are_not_signed(post: Post) -> None:
    long = images.addresser(post.member, 1)("https://pics.example/" + "a" * 5000)
    assert long.startswith("data:image/gif")
