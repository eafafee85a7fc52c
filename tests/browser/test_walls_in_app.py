"""Hostile mail inside the page, with both walls and with each one alone."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from mailweave.mail import arrival
from mailweave.mail.models import Body
from mailweave.mime.html import SANITISER_VERSION
from mailweave.people.access import Member
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
VECTORS = (Path(__file__).parents[1] / "mime" / "html-attack-vectors.txt").read_text()
OWN = (
    "<script>parent.document.title = 'pwned'</script>"
    "<img src=x onerror=\"parent.document.title = 'pwned'\">"
    "<meta http-equiv=refresh content='0;url=http://evil.test/'>"
    "<form action=http://evil.test/ target=_top><button>Sign in</button></form>"
    "<a id=top target=_top href=http://evil.test/>away</a>"
    "<img src=/account/logout/><link rel=stylesheet href=http://evil.test/x.css>"
)


@pytest.fixture
def tracker() -> Iterator[tuple[str, list[str]]]:
    """A host of the sender's: its address, and what it was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def hostile(home: str) -> str:
    """Every attack we know of, one below the other, calling ``home``."""
    attacks = [OWN, *VECTORS.split("\n---\n")]
    together = "<hr>".join(f"<div>{one}</div>" for one in attacks)
    return together.replace("http://evil.test", home).replace("//evil.test", home[5:])


def watch(page: Page) -> list[str]:
    """What got through: dialogs, pop-ups, pages left."""
    seen: list[str] = []
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: seen.append(popup.url))
    page.on("framenavigated", lambda frame: None if _stayed(frame.url) else seen.append(frame.url))
    return seen


def _stayed(url: str) -> bool:
    """Whether a frame is at home, was stopped, or shows what lay in the mail (under its rules)."""
    return "/mail/" in url or url.startswith(("about:", "chrome-error:"))


def unharmed(page: Page, seen: list[str], asked: list[str]) -> None:
    page.wait_for_timeout(600)
    assert seen == []
    assert asked == []
    assert "pwned" not in page.title()
    assert "/mail/threads/" in page.url
    expect(page.locator("#thread-title")).to_be_visible()


def test_hostile_mail_is_inert(
    page: Page, enter: Enter, site: str, tracker: tuple[str, list[str]]
) -> None:
    post = make_post()
    home, asked = tracker
    thread, _ = post.letter(html=hostile(home))
    enter(post.member)
    seen = watch(page)
    page.goto(f"/mail/threads/{thread}/")
    expect(page.frame_locator("mail-body iframe").locator("hr").first).to_be_attached()
    unharmed(page, seen, asked)


def test_the_frame_holds_without_the_sanitiser(
    page: Page, enter: Enter, site: str, tracker: tuple[str, list[str]]
) -> None:
    post = make_post()
    home, asked = tracker
    for attack in [OWN, *VECTORS.split("\n---\n")]:
        text = attack.replace("http://evil.test", home).replace("//evil.test", home[5:])
        thread, message = post.letter(html="<p>raw</p>", subject="Raw")
        _keep(post, message, f"<hr>{text}")
    del thread
    enter(post.member)
    seen = watch(page)
    page.goto("/mail/")
    page.evaluate("document.getElementById('list').scrollTop = 1e6")
    expect(page.locator("#list .row")).to_have_count(VECTORS.count("\n---\n") + 2)
    for link in page.locator("#list .row a.hit").all():
        link.click()
        expect(page.frame_locator("mail-body iframe").locator("body")).to_be_attached()
    unharmed(page, seen, asked)


def _keep(post: Post, message: int, html: str) -> None:
    """Put unsanitised HTML where the sanitised is kept."""
    with post.inside():
        Body.objects.filter(pk=message).update(
            shown=arrival.compress(json.dumps({"html": html, "formatted": True})),
            shown_version=SANITISER_VERSION,
        )


def test_the_sanitiser_holds_without_the_frame(
    page: Page, enter: Enter, site: str, tracker: tuple[str, list[str]]
) -> None:
    """The body opened as a page, its policy taken away on the way."""
    post = make_post()
    home, asked = tracker
    _, message = post.letter(html=hostile(home))
    enter(post.member)
    seen = watch(page)

    def bare(route: Route) -> None:
        answer = route.fetch()
        headers = dict(answer.headers)
        headers.pop("content-security-policy")
        route.fulfill(response=answer, headers=headers)

    page.route("**/body/", bare)
    page.goto(f"/mail/messages/{message}/body/")
    page.wait_for_timeout(600)
    assert seen == []
    assert asked == []
    assert page.title() == "Message"
    assert page.evaluate("document.querySelectorAll('script, iframe, form, svg').length") == 0


def test_links_open_apart_and_tell_nothing(
    page: Page, enter: Enter, site: str, tracker: tuple[str, list[str]]
) -> None:
    post = make_post()
    home, asked = tracker
    thread, _ = post.letter(html=f"<p><a href='{home}/there'>there</a></p>")
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    with page.context.expect_page() as opened:
        page.frame_locator("mail-body iframe").get_by_role("link", name="there").click()
    opened.value.wait_for_load_state()
    assert asked[0] == "/there"
    assert opened.value.evaluate("[opener, document.referrer]") == [None, ""]
    assert "/mail/threads/" in page.url
