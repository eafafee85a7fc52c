"""Who answers whom: threads by the provider's word and by References whose writer takes part."""

from itertools import permutations

import pytest

from mailweave.mail.grouping import Grouping, Known, Party, group
from mailweave.providers.base import Fetched
from tests.makers_arrivals import ADA, BEN, BOB, MALLORY, MARA, fetch, read


def sort(*page: Fetched, known: Known | None = None) -> Grouping:
    return group([read(one) for one in page], known or Known())


def parts(*page: Fetched) -> list[list[str]]:
    """The groups of a page, as sorted lists of Message-IDs."""
    arrivals = [read(one) for one in page]
    found: dict[int, list[str]] = {}
    for place, one in zip(group(arrivals, Known()).places, arrivals, strict=True):
        found.setdefault(place, []).append(one.message_id)
    return sorted(map(sorted, found.values()))


QUESTION = fetch("q", MARA, [ADA])
ANSWER = fetch("a", ADA, [MARA], refs=["q"], sent=True)
THANKS = fetch("t", MARA, [ADA], refs=["q", "a"])


@pytest.mark.parametrize("page", list(permutations([QUESTION, ANSWER, THANKS])))
def test_a_conversation_holds_together_in_any_order(page: tuple[Fetched, ...]) -> None:
    assert parts(*page) == [["a", "q", "t"]]


def test_the_providers_own_thread_holds_without_any_header() -> None:
    page = [fetch("a", MARA, thread="7"), fetch("b", BOB, thread="7"), fetch("c", thread="8")]
    assert parts(*page) == [["a", "b"], ["c"]]


FORGED = fetch("f", MALLORY, [ADA], cc=[MARA], refs=["q"])


@pytest.mark.parametrize("page", list(permutations([QUESTION, ANSWER, FORGED])))
def test_an_outsider_does_not_forge_their_way_in(page: tuple[Fetched, ...]) -> None:
    """Neither by naming a Message-ID, nor by writing to us, nor by copying in who takes part."""
    assert parts(*page) == [["a", "q"], ["f"]]


SENT_FIRST = fetch("s", ADA, [MARA], sent=True)
FORGED_ANSWER = fetch("f", MALLORY, [ADA], refs=["s"])
ANSWERED = fetch("r", MARA, [ADA], refs=["s"])


@pytest.mark.parametrize("page", list(permutations([SENT_FIRST, FORGED_ANSWER, ANSWERED])))
def test_a_forged_answer_to_our_own_mail_stays_outside(page: tuple[Fetched, ...]) -> None:
    assert parts(*page) == [["f"], ["r", "s"]]


NEWSLETTER = fetch("n", "news@shop.example", [ADA], headers=[("List-Id", "<n.shop.example>")])
READER = fetch("r", "carol@else.example", [BEN, "news@shop.example"], refs=["n"])


@pytest.mark.parametrize("page", list(permutations([NEWSLETTER, READER])))
def test_a_strangers_answer_to_a_newsletter_does_not_merge(page: tuple[Fetched, ...]) -> None:
    assert parts(*page) == [["n"], ["r"]]


def test_somebody_copied_in_may_answer() -> None:
    asked = fetch("q", MARA, [ADA], cc=[BOB])
    for page in permutations([asked, fetch("r", BOB, [ADA], refs=["q"])]):
        assert parts(*page) == [["q", "r"]]


def test_two_answers_to_what_is_not_here_need_each_other() -> None:
    ours = fetch("o", ADA, [MARA], refs=["lost"], sent=True)
    theirs = fetch("t", MARA, [ADA], refs=["lost"])
    forged = fetch("f", MALLORY, [ADA], refs=["lost"])
    for page in permutations([ours, theirs, forged]):
        assert parts(*page) == [["f"], ["o", "t"]]


def test_one_message_twice_in_a_mailbox_joins_its_threads() -> None:
    page = [
        fetch("a", thread="1", text="same"),
        fetch("a", thread="2", text="same"),
        fetch("b", BOB, thread="1"),
    ]
    assert sort(*page).places == (0, 0, 0)
    nameless = [fetch("a", "", thread="1", text="x"), fetch("a", "", thread="2", text="x")]
    assert sort(*nameless).places == (0, 0)


def test_references_to_itself_and_in_circles() -> None:
    page = [fetch("a", refs=["a", "b"]), fetch("b", refs=["a", "b"]), fetch("c", refs=["c"])]
    assert parts(*page) == [["a", "b"], ["c"]]


def test_without_sender_nothing_is_claimed() -> None:
    page = [fetch("q"), fetch("r", "", refs=["q"])]
    assert parts(*page) == [["q"], ["r"]]


def test_what_is_known_joins() -> None:
    answer = fetch("r", MARA, [ADA], refs=["q"], thread="7")
    key = read(QUESTION).keys[0]
    asked = Party(people=frozenset({MARA}), writers=frozenset({MARA}), owns=frozenset({key}))
    found = sort(answer, known=Known(keys={key: [5]}, parties={5: asked}))
    assert found == Grouping((0,), ((5,),))
    stranger = Party(people=frozenset({BOB}), writers=frozenset({BOB}), owns=frozenset({key}))
    found = sort(answer, known=Known(keys={key: [5]}, parties={5: stranger}))
    assert found == Grouping((0,), ((),))
    both = Known(keys={key: [5]}, parties={5: asked}, remote_threads={"7": 9})
    assert sort(answer, known=both) == Grouping((0,), ((5, 9),))


def test_a_known_message_brings_its_thread() -> None:
    known = Known(messages={read(QUESTION).identity: 3})
    assert sort(QUESTION, known=known) == Grouping((0,), ((3,),))
