"""Search: what is found, what must not help to find, and odd things people type."""

from itertools import chain
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from mailweave.mail.inbox import Filters
from mailweave.mail.rows import ThreadPage
from mailweave.mail.search import Term, parse, search
from mailweave.mail.visibility import Level, NotFound, Viewer
from mailweave.people import workspaces
from mailweave.people.models import User
from tests import database
from tests.mail.buried import bury
from tests.makers_mail import Archive, eyes

pytestmark = pytest.mark.sql


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


@pytest.fixture
def mail(archive: Archive, box: int) -> Any:
    """Makes a message in Sam's mailbox; gives its thread."""

    def make(**fields: Any) -> int:
        thread_id = archive.thread()
        archive.copy(archive.message(thread_id, **fields), box)
        archive.settle()
        return thread_id

    return make


def found(user: User, text: str, **filters: Any) -> list[int]:
    return [row.thread_id for row in search(eyes(user), text, Filters(**filters)).rows]


def walk(user: User, text: str, limit: int = 50) -> list[ThreadPage]:
    """All pages of a search."""
    pages = [search(eyes(user), text, limit=limit)]
    while pages[-1].next:
        pages.append(search(eyes(user), text, after=pages[-1].next, limit=limit))
    return pages


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("invoices", True),
        ("INVOICE", True),
        ('"overdue invoices"', True),
        ('"invoices overdue"', False),
        ("overdue nothing", False),
        ("overdue or nothing", True),
        ("overdue -reminder", True),
        ("overdue -invoice", False),
        ("james", True),
        ("james invoices", True),
        ("james the invoice", True),
        ("will", True),
        ("james.will@acme.example", True),
        ("JAMES.WILL@ACME.EXAMPLE", True),
        ("acme", True),
        ("us@home.example", True),
        ("quarterly", True),
        ('"quarterly report" will', True),
        ("-overdue", False),
        ("the", False),
        ("", False),
    ],
)
def test_what_is_found(mail: Any, sam: User, text: str, hit: bool) -> None:
    thread_id = mail(
        sender="james.will@acme.example",
        subject="Quarterly reports",
        text="Please see the overdue invoices.",
    )
    assert found(sam, text) == ([thread_id] if hit else [])


@pytest.mark.parametrize(
    ("level", "hits"),
    [
        ("full", {"plan", "hidden", "ann", "plan -hidden2", "ann hidden"}),
        ("subject", {"plan", "ann", "plan -hidden", "plan -hidden2"}),
        ("metadata", {"ann", "ann -hidden"}),
        ("private", set()),
    ],
)
def test_what_one_may_not_read_does_not_help_to_find(
    archive: Archive, sam: User, kim: User, level: str, hits: set[str]
) -> None:
    """Nor does it help to find out by leaving it out: an exclusion is no oracle either."""
    message_id = archive.message(archive.thread(), subject="Plan", text="hidden words")
    archive.copy(message_id, archive.mailbox(sam, level))
    archive.link(message_id, 1)
    archive.settle()
    asked = ("plan", "hidden", "ann", "plan -hidden2", "ann hidden", "plan -hidden", "ann -hidden")
    expected = hits | ({"ann -hidden"} if level == "subject" else set())
    assert {text for text in asked if found(kim, text)} == expected


def test_a_line_shows_the_newest_message_that_was_found(
    archive: Archive, sam: User, box: int
) -> None:
    thread_id = archive.thread()
    for minute, text in enumerate(["zebu one", "zebu two", "quokka"]):
        archive.copy(archive.message(thread_id, minute=minute, text=text), box)
    archive.settle()
    (row,) = search(eyes(sam), "zebu").rows
    assert (row.preview, row.message_count) == ("zebu two", 3)


def test_pages_join_and_each_thread_comes_once(archive: Archive, sam: User, box: int) -> None:
    threads = [archive.thread() for _ in range(5)]
    for minute in range(15):
        message_id = archive.message(threads[minute % 5], minute=minute // 3, text="zebu")
        archive.copy(message_id, box)
    archive.settle()
    pages = [[row.thread_id for row in page.rows] for page in walk(sam, "zebu", 2)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(chain(*pages)) == threads


def test_filters_narrow(archive: Archive, sam: User, box: int, kim: User) -> None:
    other, private = archive.mailbox(sam), archive.mailbox(kim, "private")
    here, there = archive.thread(), archive.thread()
    archive.copy(archive.message(here, text="zebu", to=["x@x.example"]), box, seen=False)
    archive.copy(archive.message(there, text="zebu", minute=1), other)
    archive.settle()
    assert found(sam, "zebu") == [there, here]
    assert found(sam, "zebu", mailbox_id=box) == [here]
    assert found(sam, "zebu", unread=True) == [here]
    assert found(sam, "zebu", address="x@x.example") == [here]
    assert found(sam, "zebu", address="nobody@x.example") == []
    with pytest.raises(NotFound):
        found(sam, "zebu", mailbox_id=private)


def test_old_mail_is_found_behind_much_that_is_newer(
    mail: Any, archive: Archive, sam: User
) -> None:
    """A common word is looked for in windows of time, the first of which has nothing to show."""
    thread_id = mail(text="quokka", minute=-5)
    bury(archive, 3000, "2026-02-01")
    assert found(sam, "quokka") == [thread_id]
    assert found(sam, "quokka -narwhal") == [thread_id]


def test_a_search_that_has_looked_long_enough_says_how_far_it_came(
    mail: Any, archive: Archive, sam: User
) -> None:
    newer = [mail(text="quokka", minute=90 * 24 * 60 + number) for number in range(12)]
    older = [mail(text="quokka", minute=number) for number in range(3)]
    bury(archive, 18_000, "2026-02-01")
    first, *middle, last = walk(sam, "quokka")
    assert [row.thread_id for row in first.rows] == newer[::-1]
    assert all(not page.rows and page.reached for page in middle)
    assert [row.thread_id for row in last.rows] == older[::-1]
    assert last.reached is None


def test_a_phrase_is_looked_for_a_stretch_at_a_time(mail: Any, archive: Archive, sam: User) -> None:
    """Where its words are in very much mail that has them apart, pages end early, even empty."""
    newer = mail(text="quokka ibex", minute=90 * 24 * 60)
    older = mail(text="quokka ibex", minute=5)
    mail(text="ibex quokka", minute=6)
    bury(archive, 6000, "2026-02-01", "quokka:1 ibex:9")
    asked = walk(sam, '"quokka ibex"')
    assert [bool(page.reached) for page in asked] == [True] * (len(asked) - 1) + [False]
    pages = [[row.thread_id for row in page.rows] for page in asked]
    assert list(chain(*pages)) == [newer, older]
    assert len(pages) > 2
    assert [] in pages


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_thread_found_far_apart_comes_once(
    mail: Any, archive: Archive, sam: User, box: int, limit: int
) -> None:
    """Also where what was found lies in windows, and on pages, far from each other."""
    other = mail(text="quokka", minute=7)
    thread_id = archive.thread()
    for minute in (90 * 24 * 60, 90 * 24 * 60 - 1, 8, 6):
        archive.copy(archive.message(thread_id, minute=minute, text="quokka"), box)
    archive.settle()
    bury(archive, 3000, "2026-02-01")
    pages = [[row.thread_id for row in page.rows] for page in walk(sam, "quokka", limit)]
    assert list(chain(*pages)) == [thread_id, other]


def test_another_workspace_finds_nothing_whatever_it_asks(mail: Any, sam: User, here: int) -> None:
    """Even with the first wall taken away: the viewer claims the mailboxes of the other one."""
    thread_id = mail(text="zebu")
    assert found(sam, "zebu") == [thread_id]
    viewer = eyes(sam)
    workspaces.open_workspace("South", "Ida", "ida@south.example", "x", "UTC")
    thief = Viewer(here, viewer.user_id, viewer.own, dict.fromkeys(viewer.own, Level.FULL))
    assert search(thief, "zebu").rows == ()
    with connection.cursor() as cursor:
        for setting in ("", str(here + 1)):
            cursor.execute("SELECT set_config('mailweave.workspace_id', %s, true)", [setting])
            cursor.execute(
                "SELECT count(*) FROM mail_search('zebu', 'zebu', %s, '{4}', NULL, %s, NULL, false,"
                " 'infinity', 9223372036854775807, 50)",
                [list(viewer.own), list(viewer.own)],
            )
            assert cursor.fetchone() == (0,)


def test_the_search_function_is_fixed_to_what_it_was_made_of(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosecdef, proconfig, has_function_privilege('public', oid, 'EXECUTE')"
            " FROM pg_proc WHERE proname = 'mail_search'"
        )
        ((definer, config, public),) = cursor.fetchall()
    assert definer
    assert "search_path=pg_catalog, public, pg_temp" in config
    assert not public


@given(st.text(max_size=80) | st.text(alphabet="\"'-|&!():*<>\\ aorb\0", max_size=40))
@example('"')
@example("-")
@example("\ud800")
@example("a" * 5000)
@example("or " * 200)
@example("x@" * 100)
@bounds(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=database.fewer(80),
    deadline=None,
)
def test_whatever_is_typed_is_searched_for(archive: Archive, text: str) -> None:
    assert search(Viewer(1, 1, (1,), {}), text).rows == ()


def test_terms() -> None:
    assert parse('one "two three" -four -"five six" or "seven') == (
        (Term("one"), Term("two three"), Term("four", True), Term("five six", True)),
        (Term("seven"),),
    )
