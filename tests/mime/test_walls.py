"""Each wall alone, in a real browser: what a hostile mail gets done when the other one is gone.

All vectors are shown at once, each in a frame of its own. Every host leads to one server on this
machine, which writes down what it was asked.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from mailweave.mime import frame
from mailweave.mime.html import sanitise

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
APP = "app.test"
OWN = (
    "<script>alert(1)</script>",
    "<script src=http://evil.test/s.js></script>",
    "<svg onload=alert(1)>",
    "<body onload=alert(1)>",
    "<img src=data:x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1) src=data:x></video>",
    "<input autofocus onfocus=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<style onload=alert(1)></style>",
    "<object data=javascript:alert(1)></object>",
    "<a href=javascript:alert(1)>click</a>",
    "<a href='java&#10;script:alert(1)'>click</a>",
    "<a href=' javascript:alert(1)'>click</a>",
    "<svg><a xlink:href=javascript:alert(1)><text y=20>click</text></a></svg>",
    "<form action=javascript:alert(1)><button id=go>go</button></form>",
    "<p title='</p><img src=data:x onerror=alert(1)>'>x</p><img src=http://evil.test/p.gif>",
    "<style>@font-face{font-family:x;src:url(http://evil.test/f.woff)}p{font-family:x}</style><p>x</p>",
    "<style>p{background:url(http://evil.test/sheet.gif)}</style><p>x</p>",
    "<style>p::before{content:url(http://evil.test/content.gif)}</style><p>x</p>",
    "<blockquote type=cite><img src=http://evil.test/q.gif onerror=alert(1)></blockquote>",
    "<p>x</p><div class=gmail_quote><script>alert(1)</script><img src=//evil.test/g.gif></div>",
    "<img src='data:image/gif;base64,R0lGOD' onerror=alert(1)>",
    "<table><td background='http://evil.test/td.gif'><svg><style><img src=data:x onerror=alert(1)>",
)
VECTORS = [
    *(Path(__file__).parent / "html-attack-vectors.txt").read_text().split("\n---\n"),
    *OWN,
]

# Runs in the page around the frames: follows every link that is not a link to the web.
CLICK = """() => {
  for (const shown of document.querySelectorAll("iframe")) {
    let inside;
    try { inside = shown.contentDocument } catch { continue }
    for (const link of inside?.querySelectorAll("a, button, summary") ?? []) {
      const target = link.href?.baseVal ?? link.href ?? link.getAttribute("href") ?? "";
      if (!/^(https?|mailto|tel):/.test(target)) link.dispatchEvent(new MouseEvent("click",
        { bubbles: true, cancelable: true }));
    }
  }
}"""
PAGE = """<!doctype html><script>ran = []; did = n => ran.push(n)</script>{frames}"""


@dataclass
class World:
    """The server all names lead to. ``documents`` are the mails of one run."""

    server: ThreadingHTTPServer
    documents: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    sandbox: str | None = None
    asked: list[str] = field(default_factory=list)

    def answer(self, host: str, path: str) -> tuple[str, str, dict[str, str]]:
        """(type, body, headers) for a request; what a mail asked for is written down."""
        if host == APP and path == "/":
            sandbox = "" if self.sandbox is None else f' sandbox="{self.sandbox}"'
            frames = "".join(
                f'<iframe src="/mail/{number}"{sandbox} width=90 height=60></iframe>'
                for number in range(len(self.documents))
            )
            return "text/html", PAGE.format(frames=frames), {}
        if host == APP and path.startswith("/mail/"):
            return "text/html", self.documents[int(path[6:])], self.headers
        if host.endswith(".test") and path != "/favicon.ico":
            self.asked.append(f"{host}{path}")
        if path.endswith(".js"):
            return "text/javascript", "top.did('js')", {}
        return "text/css" if path.endswith(".css") else "image/gif", "", {}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = (self.headers["Host"] or "").partition(":")[0]
            content_type, body, headers = made.answer(host, self.path)
            data = body.encode("utf-8", "replace")
            self.send_response(200)
            sent = {"Content-Type": f"{content_type}; charset=utf-8", **headers}
            for name, value in {**sent, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Browsers hang up as they like."""

    server = Server(("127.0.0.1", 0), Handler)
    made = World(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, world: World) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            f"--host-resolver-rules=MAP * 127.0.0.1:{world.server.server_address[1]}",
        ],
    )
    yield browser
    browser.close()


@dataclass(frozen=True)
class Damage:
    """What got through: numbers of the vectors whose script ran, and what the network was asked."""

    ran: list[int]
    asked: list[str]


def show(
    browser: Browser,
    world: World,
    document: Callable[[str], str],
    *,
    headers: dict[str, str] | None = None,
    sandbox: str | None = None,
) -> Damage:
    """Show every vector in a frame and click whatever is no link to the web."""
    world.documents = [
        document(vector.replace("alert(1)", f"top.did({number})"))
        for number, vector in enumerate(VECTORS)
    ]
    world.headers, world.sandbox, world.asked = headers or {}, sandbox, []
    page = browser.new_page()
    page.goto(f"http://{APP}/", wait_until="load")
    page.wait_for_load_state("networkidle")
    page.evaluate(CLICK)
    page.wait_for_timeout(700)
    ran = page.evaluate("window.ran") if page.url == f"http://{APP}/" else ["navigated away"]
    page.close()
    return Damage(ran, world.asked)


def plain(html: str) -> str:
    return f"<!doctype html><meta charset=utf-8><body>{html}</body>"


def sanitised(html: str) -> str:
    return sanitise(html, images="blocked", cids={}).html


def test_without_walls_the_attacks_work(chromium: Browser, world: World) -> None:
    """The harness sees what it should: otherwise the tests below would prove nothing."""
    damage = show(chromium, world, plain)
    assert len({number for number in damage.ran if number != "js"}) >= 20
    assert "js" in damage.ran
    assert len({each for each in damage.asked if "evil.test" in each}) >= 40
    assert f"{APP}/logout" in damage.asked


def test_the_sanitiser_alone_stops_everything(chromium: Browser, world: World) -> None:
    damage = show(chromium, world, lambda html: plain(sanitised(html)))
    assert damage == Damage([], [])


def test_the_frame_alone_stops_everything(chromium: Browser, world: World) -> None:
    damage = show(
        chromium,
        world,
        lambda html: frame.document(html, styled=False),
        headers={"Content-Security-Policy": frame.CSP(f"http://{APP}/img/")},
        sandbox=frame.SANDBOX,
    )
    assert damage == Damage([], [])


def test_the_header_alone_is_as_good_as_the_sandboxed_frame(
    chromium: Browser, world: World
) -> None:
    """A mail opened outside its frame, by its own address, is still behind the wall."""
    damage = show(
        chromium,
        world,
        lambda html: frame.document(html, styled=True),
        headers={"Content-Security-Policy": frame.CSP(f"http://{APP}/img/")},
    )
    assert damage == Damage([], [])


def test_a_folded_quote_opens_without_scripts(chromium: Browser, world: World) -> None:
    mail = "<p>Fine.</p><blockquote type=cite><p>Shall we?</p></blockquote>"
    world.documents = [frame.document(sanitised(mail), styled=False)]
    world.headers = {"Content-Security-Policy": frame.CSP(f"http://{APP}/img/")}
    world.sandbox = frame.SANDBOX
    page = chromium.new_page()
    page.goto(f"http://{APP}/")
    shown = page.frame_locator("iframe")
    assert shown.get_by_text("Fine.").is_visible()
    assert not shown.get_by_text("Shall we?").is_visible()
    shown.get_by_text("•••").click()
    assert shown.get_by_text("Shall we?").is_visible()
    page.close()


def test_an_inline_image_of_ours_is_shown(chromium: Browser, world: World) -> None:
    mail = sanitise(
        "<img src=cid:logo@x>", images="blocked", cids={"logo@x": f"http://{APP}/img/1"}
    )
    world.documents = [frame.document(mail.html, styled=False)]
    world.headers = {"Content-Security-Policy": frame.CSP(f"http://{APP}/img/")}
    world.sandbox, world.asked = frame.SANDBOX, []
    page = chromium.new_page()
    page.goto(f"http://{APP}/", wait_until="networkidle")
    page.close()
    assert world.asked == [f"{APP}/img/1"]
