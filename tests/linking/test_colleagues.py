"""Mail among colleagues: stored and found, and none of a record's business unless one says so."""

import pytest

from mailweave.linking import history, links, matching
from mailweave.linking import policy as linking_policy
from mailweave.linking.models import Link
from mailweave.mail import colleagues, policy, search
from mailweave.mail.models import Mailbox, Message
from mailweave.people.models import User
from tests.linking.test_matching import THING, own
from tests.makers_arrivals import ADA, BEN, MARA, by_key, fetch, put
from tests.makers_mail import Archive, eyes

pytestmark = pytest.mark.sql
RECORD = [(THING, 1)]


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    """A mailbox at home.example; the record has Ben's address and Mara's."""
    made = archive.mailbox(sam)
    own(1, BEN, MARA)
    return made


def shown(sam: User) -> list[str]:
    rows = history.threads_of(eyes(sam), RECORD).rows
    return sorted(str(row.subject) for row in rows)


def choose(sam: User, internal_mail: str) -> None:
    version = policy.current().version
    policy.change({"internal_mail": internal_mail}, version=version, user_id=sam.pk)


def test_who_is_one_of_us(archive: Archive, sam: User) -> None:
    for address in ("Ada@Northwind.example", "ada.private@gmail.example", "x@outlook.example"):
        made = archive.mailbox(sam)
        Mailbox.objects.filter(pk=made).update(address=address)
    found = colleagues.own()
    assert "ada@northwind.example" in found.addresses
    assert "x@outlook.example" in found.addresses
    assert found.domains == ("northwind.example",)


@pytest.mark.parametrize(
    ("domain", "shared"),
    [
        ("gmail.com", True),
        ("outlook.com", True),
        ("yahoo.co.uk", True),
        ("northwind.example", False),
        ("outlook.mail.northwind.example", False),
        ("gmailing.example", False),
    ],
)
def test_domains_at_which_everybody_can_be(domain: str, shared: bool) -> None:
    assert colleagues.is_shared(domain) is shared


def test_mail_among_colleagues_is_stored_and_left_out_of_records(box: int, sam: User) -> None:
    put(
        box,
        fetch("a", BEN, [ADA], subject="Internal", text="pelican"),
        fetch("b", BEN, [ADA, "ann@client.example"], subject="With a client"),
        fetch("c", ADA, [BEN], sent=True, subject="Sent inside"),
        fetch("d", ADA, [], headers=[("Bcc", MARA)], sent=True, subject="In secret"),
    )
    assert shown(sam) == ["In secret", "With a client"]
    assert search.search(eyes(sam), "pelican").rows
    assert linking_policy.find_internal(list(Message.objects.values_list("pk", flat=True))) == [
        by_key()["a"].pk,
        by_key()["c"].pk,
    ]
    assert not Link.objects.filter(message__subject="Internal").exists()


def test_a_thread_lends_its_record_to_no_internal_message(box: int, sam: User) -> None:
    put(
        box,
        fetch("a", MARA, [ADA, BEN], thread="t"),
        fetch("b", ADA, [BEN], sent=True, refs=["a"], thread="t"),
        fetch("c", ADA, [MARA], sent=True, refs=["a"], thread="t"),
    )
    linked = Link.objects.values_list("message__message_id", flat=True)
    assert sorted(set(linked)) == ["a", "c"]
    assert Message.objects.values("thread").distinct().count() == 1


def test_the_policy_shows_it_and_hides_it_again(box: int, sam: User) -> None:
    put(box, fetch("a", BEN, [ADA], subject="Internal"))
    message_id = by_key()["a"].pk
    choose(sam, "show")
    assert shown(sam) == ["Internal"]
    matching.rematch([message_id])
    assert Link.objects.count() == 1
    choose(sam, "hide")
    matching.rematch([message_id])
    assert (shown(sam), Link.objects.count()) == ([], 0)


def test_what_a_person_linked_stays(box: int, sam: User) -> None:
    put(box, fetch("a", BEN, [ADA], subject="Internal"))
    message_id = by_key()["a"].pk
    links.link([message_id], (THING, 1), sam.pk)
    matching.rematch([message_id])
    assert shown(sam) == ["Internal"]
