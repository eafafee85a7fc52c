"""Pages of a list: every row once, forwards and backwards, whatever cursor comes."""

from datetime import UTC, datetime, timedelta

import pytest

from mailweave.kit import clock
from mailweave.linking.models import Activity
from mailweave.records.common import lists
from mailweave.records.crm.models import Company
from mailweave.web.templatetags.records import aged

pytestmark = pytest.mark.usefixtures("within")

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["beta", "Acme", "acme", "Acme", "gamma. 1.5", "Delta", "épsilon"]


@pytest.fixture
def names() -> list[tuple[str, int]]:
    Company.objects.bulk_create([Company(name=name) for name in NAMES])
    return list(Company.objects.order_by("sort_name", "pk").values_list("name", "pk"))


def rows(page: lists.Page) -> list[tuple[str, int]]:
    return [(row.name, row.pk) for row in page.rows]


@pytest.mark.parametrize("size", [2, 3, 7])
def test_forwards_and_back(names: list[tuple[str, int]], size: int) -> None:
    everything = Company.objects.all()
    pages = [lists.page(everything, size=size)]
    while pages[-1].after:
        pages.append(lists.page(everything, after=pages[-1].after, size=size))
    assert [row for page in pages for row in rows(page)] == names
    assert not pages[0].before
    back = pages[-1]
    for earlier in reversed(pages[:-1]):
        back = lists.page(everything, before=back.before, size=size)
        assert rows(back) == rows(earlier)
    assert not back.before
    assert bool(back.after) == (size < len(NAMES))


def test_letter_case_does_not_part_names(names: list[tuple[str, int]]) -> None:
    assert [name.lower() for name, _ in names[:3]] == ["acme"] * 3


@pytest.mark.parametrize(
    "cursor", ["x", "1", ".", "-1.a", "1.a\0b", "9" * 40 + ".a", "\u0661.a", "²."]
)
def test_a_broken_cursor_starts_over_or_ends(names: list[tuple[str, int]], cursor: str) -> None:
    for page in (
        lists.page(Company.objects.all(), after=cursor),
        lists.page(Company.objects.all(), before=cursor),
    ):
        assert rows(page) in (names, [])


@pytest.mark.parametrize("size", [2, 3, 7])
def test_the_same_by_last_activity(names: list[tuple[str, int]], size: int) -> None:
    pks = [pk for _, pk in names]
    moments = [START + timedelta(days=at // 2) for at in range(len(pks))]
    Activity.objects.bulk_create(
        [
            Activity(kind="crm.company", record_id=pk, changed_at=at)
            for pk, at in zip(pks, moments, strict=True)
        ]
    )
    found = Company.objects.all()
    wanted = [pk for _, pk in sorted(zip(moments, pks, strict=True), reverse=True)]
    pages = [lists.newest("crm.company", found, size=size)]
    while pages[-1].after:
        pages.append(lists.newest("crm.company", found, after=pages[-1].after, size=size))
    assert [row.pk for page in pages for row in page.rows] == wanted
    assert not pages[0].before
    back = pages[-1]
    for earlier in reversed(pages[:-1]):
        back = lists.newest("crm.company", found, before=back.before, size=size)
        assert rows(back) == rows(earlier)
    assert not back.before
    searched = lists.newest("crm.company", found.filter(name="Delta"))
    assert [row.name for row in searched.rows] == ["Delta"]
    (row,) = lists.active("crm.company", searched.rows)
    assert row.active_at in moments


@pytest.mark.parametrize(
    ("days", "said", "quiet"),
    [
        (0, "today", False),
        (1, "yesterday", False),
        (6, "6 days ago", False),
        (7, "1 week ago", False),
        (22, "3 weeks ago", False),
        (31, "1 month ago", True),
        (70, "2 months ago", True),
        (800, "2 years ago", True),
    ],
)
def test_ages_in_words(days: int, said: str, quiet: bool) -> None:
    age = aged(clock.now() - timedelta(days=days))
    assert age
    assert (f">{said}</time>" in age.time, age.quiet) == (True, quiet)
    assert aged(None) is None


def test_words_are_few_and_clean() -> None:
    assert lists.words(" a\0b  c ") == ["a", "b", "c"]
    assert len(lists.words("x " * 100)) == lists.MAX_WORDS
    assert lists.words("") == []
