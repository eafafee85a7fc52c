"""Mail that claims to belong where it does not: no header of a stranger's links it to a record."""

import pytest

from mailweave.linking import addresses
from mailweave.linking.models import Link
from mailweave.people.models import User
from tests.makers_arrivals import ADA, BEN, MALLORY, MARA, fetch, put
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql
THING = "test.thing"
QUESTION = fetch("a", MARA, [ADA])


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    """A mailbox; record 1 is Mara's."""
    addresses.set_addresses(THING, 1, [(MARA, "primary")])
    return archive.mailbox(sam)


def about() -> set[str]:
    """Message-IDs of what is linked to record 1."""
    found = Link.objects.filter(kind=THING, record_id=1, linked=True)
    return set(found.values_list("message__message_id", flat=True))


@pytest.mark.parametrize("thread", ["", "same"])
def test_a_forged_answer_is_not_linked(box: int, thread: str) -> None:
    """Whether it names the question or its provider's thread, before the question or after."""
    early = fetch("early", MALLORY, [ADA], refs=["a"], thread=thread)
    late = fetch("late", MALLORY, [ADA], refs=["a"], thread=thread, minute=5)
    asked = fetch("a", MARA, [ADA], thread=thread, minute=1)
    put(box, early)
    put(box, asked, late)
    assert about() == {"a"}


def test_a_forged_answer_opens_no_way_for_the_next(box: int) -> None:
    put(box, QUESTION, fetch("b", MALLORY, [ADA, BEN], refs=["a"], minute=1))
    put(box, fetch("c", MALLORY, [ADA], refs=["a", "b"], minute=2))
    put(box, fetch("d", "friend@attacker.example", [ADA], refs=["c"], minute=3))
    assert about() == {"a"}


@pytest.mark.parametrize(
    "sender",
    [
        "mаra@acme.example",  # noqa: RUF001 - a Cyrillic letter
        "mara@аcme.example",  # noqa: RUF001 - and one in the domain
        "mara@acme.example.attacker.example",
        "mara+x@acme.example",
        "mara@sub.acme.example",
        '"mara@acme.example" <m@attacker.example>',
        "mara@acme.example <m@attacker.example>",
        '"Mara <mara@acme.example>" <m@attacker.example>',
    ],
)
def test_who_looks_like_somebody_is_somebody_else(box: int, sender: str) -> None:
    put(box, fetch("x", sender, [ADA]))
    assert about() == set()


def test_claims_beside_the_sender_link_nothing(box: int) -> None:
    claims = [("Reply-To", MARA), ("Sender", MARA), ("Resent-From", MARA), ("X-From", MARA)]
    put(box, fetch("x", MALLORY, [ADA], headers=claims))
    assert about() == set()


def test_one_of_fifty_recipients_is_found(box: int) -> None:
    crowd = [f"p{n}@crowd.example" for n in range(49)]
    put(box, fetch("x", MALLORY, [*crowd, MARA]), fetch("y", MALLORY, crowd))
    assert about() == {"x"}
    put(box, fetch("z", ADA, crowd, cc=[MARA], sent=True))
    assert about() == {"x", "z"}


def test_what_we_answer_a_forger_is_not_linked(box: int) -> None:
    put(box, QUESTION, fetch("b", MALLORY, [ADA], refs=["a"], minute=1))
    put(box, fetch("c", ADA, [MALLORY], refs=["a", "b"], sent=True, minute=2))
    assert about() == {"a"}
