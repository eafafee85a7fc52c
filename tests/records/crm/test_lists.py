"""Pages of a list: every row once, forwards and backwards, whatever cursor comes."""

import pytest

from mailweave.records.crm import lists
from mailweave.records.crm.models import Company

pytestmark = pytest.mark.usefixtures("within")

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


def test_words_are_few_and_clean() -> None:
    assert lists.words(" a\0b  c ") == ["a", "b", "c"]
    assert len(lists.words("x " * 100)) == lists.MAX_WORDS
    assert lists.words("") == []
