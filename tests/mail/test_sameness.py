"""Two servers give the same mail differently, and a forger gives other mail as the same."""

from collections.abc import Mapping, Sequence

import pytest

from mailweave.mail import sameness
from mailweave.mail.arrival import Arrival
from mailweave.mail.sameness import Body
from tests.makers_arrivals import fetch, read

PLAIN = "Dear all,\n\nthe offer is below: 1,200 EUR.\n\nAda"
HTML = "<p>Dear all,</p><p>the offer is <b>below</b>: 1,200&nbsp;EUR.</p><p>Ada</p>"
TIDIED = (
    '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>'
    "<body><p>Dear all,</p>\r\n<p>the offer is <b>below</b>: 1,200\xa0EUR.</p>\r\n<p>Ada</p>"
    "</body></html>"
)

SAME = {
    "as it was sent, and tidied up": ((PLAIN, HTML), ("", TIDIED)),
    "the text alone, and the HTML alone": ((PLAIN, None), ("", TIDIED)),
    "line ends and spaces": ((PLAIN, None), (PLAIN.replace("\n", "\r\n") + "  ", None)),
    "what follows the first screens": (("x" * 2000 + "footer", None), ("x" * 2000, None)),
    "nothing but a picture": (("", "<img src='cid:1'>"), ("", "<div><img src='cid:1'></div>")),
}
DIFFERENT = {
    "another sum": ((PLAIN, HTML), ("", TIDIED.replace("1,200", "9,200"))),
    "the same text under other HTML": ((PLAIN, HTML), (PLAIN, "<p>Pay to this account.</p>")),
    "text that the HTML does not say": ((PLAIN, None), (PLAIN, "<p>Pay to this account.</p>")),
    "a line before it": ((PLAIN, None), ("Use the account below.\n" + PLAIN, None)),
    "nothing at all": ((PLAIN, HTML), ("", None)),
}


def copy(body: tuple[str, str | None], **more: str) -> Arrival:
    return read(fetch("a", text=body[0], html=body[1], **more))  # type: ignore[arg-type]


def bodies(stored: Arrival) -> object:
    def asked(wanted: Sequence[bytes]) -> Mapping[bytes, Body]:
        assert list(wanted) == [stored.identity]
        return {stored.identity: (stored.text, stored.html_zstd)}

    return asked


def nobody(_: Sequence[bytes]) -> Mapping[bytes, Body]:
    raise AssertionError("nothing is to be compared")


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_the_same(pair: tuple[tuple[str, str | None], tuple[str, str | None]]) -> None:
    for one, other in (pair, pair[::-1]):
        first, second = copy(one), copy(other)
        together = sameness.unify([first, second], [], nobody)
        assert {a.identity for a in together} == {first.identity}
        later = sameness.unify([second], [first.identity], bodies(first))  # type: ignore[arg-type]
        assert [a.identity for a in later] == [first.identity]


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_not_the_same(pair: tuple[tuple[str, str | None], tuple[str, str | None]]) -> None:
    for one, other in (pair, pair[::-1]):
        first, second = copy(one), copy(other)
        together = sameness.unify([first, second], [], nobody)
        assert [a.identity for a in together] == [first.identity, second.identity]
        later = sameness.unify([second], [first.identity], bodies(first))  # type: ignore[arg-type]
        assert [a.identity for a in later] == [second.identity]


def test_another_family_is_not_even_compared() -> None:
    first = copy((PLAIN, HTML))
    for other in (copy(("", TIDIED), subject="Other"), copy(("", TIDIED), sender="eve@x.example")):
        assert sameness.unify([other], [first.identity], nobody) == [other]


def test_the_same_bytes_are_not_compared() -> None:
    first = copy((PLAIN, HTML))
    assert sameness.unify([first, first], [first.identity], nobody) == [first, first]
