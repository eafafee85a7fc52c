"""What holds for all pages: what templates may not contain, tags, errors, toasts."""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

import mailweave
from mailweave.config import urls
from mailweave.kit import clock, scope
from mailweave.kit.errors import Expected
from mailweave.people import invitations
from mailweave.people.access import Member
from mailweave.people.member import members
from mailweave.people.models import Invitation
from mailweave.web.storage import Storage
from mailweave.web.templatetags import ui
from tests.makers import make_member, signed_in

HOUSE = Path(mailweave.__file__).parent
STATIC = HOUSE / "web" / "static"
TEMPLATES = sorted(HOUSE.rglob("templates/**/*.html"))
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/members/?q=1"}

# What needs eval or inline code, which the content security policy forbids.
FORBIDDEN = {
    "hx-on": re.compile(r"\bhx-on[:\-]"),
    "js: values": re.compile(r"""=["']\s*(?:js|javascript):"""),
    "trigger filters": re.compile(r"""hx-trigger=["'][^"']*\["""),
    "inline style": re.compile(r"<[^>]*\sstyle\s*=|<style\b"),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)"),
    "event handlers": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "htmx 2 names": re.compile(r"""hx-ext=|hx-ws=|sse-connect=|\bhx-vars="""),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_templates_hold_no_code(template: Path) -> None:
    text = template.read_text()
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize(
    "bad",
    [
        '<a hx-on:click="x">',
        "<a hx-vals='js:{a: 1}'>",
        '<a hx-trigger="click[ctrlKey]">',
        '<a style="color: red">',
        "<script>x</script>",
        '<img src="x" onerror="x">',
    ],
)
def test_the_search_finds_code(bad: str) -> None:
    assert any(pattern.search(bad) for pattern in FORBIDDEN.values())


def test_every_icon_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    sources = [
        *TEMPLATES,
        *(HOUSE / "web").glob("*.py"),
        *(HOUSE / "web" / "templatetags").glob("*.py"),
    ]
    text = "".join(path.read_text() for path in sources)
    named = set(re.findall(r'{% icon "([\w-]+)"', text)) | set(
        re.findall(r'Place\([^)]*?", "/[^"]*", "([\w-]+)"', text)
    )
    assert named >= {"mail", "plug", "x"}
    assert named - drawn == set()


def test_vendored_files_are_what_their_list_says() -> None:
    listed = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text())["package"]
    files = {name: digest for one in listed for name, digest in one.get("files", {}).items()}
    assert set(files) == {path.name for path in (STATIC / "vendor").glob("*.js")}
    for name, digest in files.items():
        content = (STATIC / "vendor" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert b"sourceMappingURL" not in content


def test_own_modules_stay_small() -> None:
    modules = list((STATIC / "app").glob("*.js"))
    assert modules
    assert [path.name for path in modules if len(path.read_text().splitlines()) > 150] == []


@pytest.fixture
def berlin() -> Iterator[None]:
    with timezone.override("Europe/Berlin"):
        yield


@pytest.fixture
def noon() -> Iterator[None]:
    """Noon in Berlin on 21 November 2026."""
    with clock.use(clock.Hands(datetime(2026, 11, 21, 11, 0, tzinfo=UTC))):
        yield


@pytest.mark.usefixtures("berlin", "noon")
@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 21, 8, 41, tzinfo=UTC), "09:41"),
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "00:30"),  # today in Berlin
        (datetime(2026, 11, 20, 22, 30, tzinfo=UTC), "Yesterday"),
        (datetime(2026, 11, 19, 9, 0, tzinfo=UTC), "19 Nov"),
        (datetime(2025, 11, 19, 9, 0, tzinfo=UTC), "19 Nov 2025"),
    ],
)
def test_when(moment: datetime, text: str) -> None:
    assert f">{text}</time>" in ui.when(moment)


@pytest.mark.usefixtures("berlin", "noon")
def test_the_full_time_names_its_zone_on_both_sides_of_summer_time() -> None:
    summer = ui.when(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    winter = ui.when(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert 'title="Sunday 25 October 2026, 02:30 (Europe/Berlin, CEST)"' in summer
    assert 'title="Sunday 25 October 2026, 02:30 (Europe/Berlin, CET)"' in winter


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (-5, "just now"),
        (61, "1 min ago"),
        (7200, "2 h ago"),
        (86400, "1 day ago"),
        (3 * 86400, "3 days ago"),
        (8 * 86400, "13 Nov"),
    ],
)
def test_ago(seconds: int, text: str) -> None:
    moment = datetime.fromtimestamp(clock.now().timestamp() - seconds, UTC)
    assert ui.since(moment) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Mara Okafor", "MO"),
        ("jo", "J"),
        ("ann.li@b.example", "AL"),
        ("", "?"),
        ("(!) ", "?"),
        ("李 明", "李明"),
        ("Ann van der Li", "AL"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_numbers_and_nouns() -> None:
    assert [ui.count(1, "message"), ui.count(0, "message"), ui.count(41900)] == [
        "1 message",
        "0 messages",
        "41,900",
    ]


def test_tags_escape_what_they_are_given() -> None:
    given = Context({"name": '"><script>', "label": '"><script>'})
    out = Template("{% load ui %}{% icon name label %}{% avatar '<b>' %}").render(given)
    assert "<script>" not in out
    assert "<b>" not in out


# --- errors and toasts, by views made for it


@members
def refuses(request: HttpRequest) -> HttpResponse:
    invitations.invite(request.user.pk, "member", "undone")
    raise Expected("The <kettle> is empty.")


@members
def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("boom")


@members
def tells(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Archived.", extra_tags="/undo/7/")
    return HttpResponse("<p>done</p>")


@members
def data(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Later.")
    return JsonResponse({})


class OwnUrls:
    urlpatterns = [
        path("refuses/", refuses),
        path("breaks/", breaks),
        path("tells/", tells),
        path("data/", data),
        *urls.urlpatterns,
    ]
    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def own_urls() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=OwnUrls):
        yield


@pytest.fixture
def sam(db: None, own_urls: None) -> Member:
    return make_member()


def test_an_expected_error_is_told_and_undone(sam: Member) -> None:
    answer = signed_in(sam).get("/refuses/")
    assert answer.status_code == 422
    assert "The &lt;kettle&gt; is empty." in answer.content.decode()
    with scope.workspace(sam.workspace_id):
        assert not Invitation.objects.exists()


def test_htmx_gets_it_as_a_toast_alone(sam: Member) -> None:
    answer = signed_in(sam).get("/refuses/", headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.startswith('<hx-partial hx-target="#toasts"')
    assert "<html" not in text


def test_a_broken_view_is_told_without_its_details(sam: Member) -> None:
    client = signed_in(sam)
    client.raise_request_exception = False
    answer = client.get("/breaks/")
    assert answer.status_code == 500
    assert "nothing of what is stored was lost" in answer.content.decode()
    assert "boom" not in answer.content.decode()


def test_messages_come_with_the_answer_htmx_waits_for(sam: Member) -> None:
    client = signed_in(sam)
    text = client.get("/tells/", headers=HTMX).content.decode()
    assert text.startswith("<p>done</p><hx-partial")
    assert 'action="/undo/7/"' in text
    assert "Archived." not in client.get("/settings/profile/").content.decode()
    client.get("/data/", headers=HTMX)
    assert "Later." in client.get("/settings/profile/").content.decode()


@pytest.mark.django_db
def test_an_ended_session_sends_the_whole_page_to_sign_in_and_back() -> None:
    answer = Client().get("/settings/profile/", headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == "/account/login/?next=%2Fsettings%2Fmembers%2F%3Fq%3D1"


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["stranger", "member"])
def test_a_missing_page_is_told_in_the_frame(who: str) -> None:
    client = Client() if who == "stranger" else signed_in(make_member())
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert "Nothing was lost" in answer.content.decode()
    partial = client.get("/nothing/here/", headers=HTMX).content.decode()
    assert partial.startswith("<hx-partial")


@pytest.mark.django_db
def test_the_policy_allows_no_inline_code_and_pages_hold_none() -> None:
    answer = signed_in(make_member()).get("/settings/members/")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    text = answer.content.decode()
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.django_db
def test_the_navigation_leads_only_to_what_exists_and_marks_where_we_are() -> None:
    client = signed_in(make_member())
    text = client.get("/settings/profile/").content.decode()
    nav = text.partition("<nav id=")[2].partition("</nav>")[0]
    places = re.findall(r'<a class="navlink" href="([^"]+)"( aria-current="page")?', nav)
    assert ("/settings/", ' aria-current="page"') in places
    for place, _ in places:
        assert client.get(place, follow=True).status_code == 200


def test_static_files_not_collected_have_their_own_names(tmp_path: Path) -> None:
    assert Storage(location=tmp_path).stored_name("css/base.css") == "css/base.css"


def test_collected_files_are_hashed_down_to_the_imports(tmp_path: Path, settings: object) -> None:
    from django.core.management import call_command

    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]
    call_command("collectstatic", interactive=False, verbosity=0)
    [main] = (tmp_path / "app").glob("main.????????????.js")
    imported = re.findall(r'import\s*"\./([^"]+)"', main.read_text())
    assert len(imported) > 5
    assert all((tmp_path / "app" / name).exists() and name.count(".") == 2 for name in imported)
