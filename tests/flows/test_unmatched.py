"""Where only mail about records is kept: what is left out, what never is, how it comes back."""

import pytest

from mailweave.kit import clock
from mailweave.linking import forecast, handing, links, presets, relinking
from mailweave.linking import policy as link_policy
from mailweave.linking.forecast import Wish
from mailweave.linking.models import Handed, Link, Relinking
from mailweave.mail import policy, threads
from mailweave.mail.models import Address, Body, Copy, Message, Participant
from mailweave.outbox.models import Report
from mailweave.records.crm import companies, contacts
from mailweave.records.crm.models import Company, Contact
from mailweave.sync import filter as rules
from mailweave.sync import ledger, policies, purging, tasks, tracing
from mailweave.sync.models import Purge
from tests.flows.checks import derived, inside, poll
from tests.flows.world import World

ADA = "ada@northwind.example"
MARA, BOB = "mara@acme.example", "bob@other.example"


def mail(number: int, sender: str = MARA, to: str = ADA, answers: int = 0, more: str = "") -> bytes:
    subject = f"Re: Letter {answers}" if answers else f"Letter {number}"
    return (
        f"From: Some Body <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}@acme.example>\r\n{more}"
        + (f"In-Reply-To: <{answers}@acme.example>\r\n" if answers else "")
        + f"Date: Mon, 02 Feb 2026 10:00:{number % 60:02} +0100\r\n\r\nNumber {number}.\r\n"
    ).encode()


@pytest.fixture
def box(world: World) -> int:
    world.sandbox.add_account(ADA, "Ada")
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def choose(world: World, unmatched: str = "discard") -> None:
    with inside(world):
        policies.change(world.member, {"unmatched": unmatched}, policy.current().version)


def know(world: World, name: str, *addresses: str) -> Contact:
    with inside(world):
        contact = Contact(name=name)
        contacts.store(contact, addresses)
        return contact


def purge(world: World) -> None:
    with inside(world):
        rows = list(Purge.objects.filter(ended_at=None))
    for row in rows:
        purging.advance(world.member.workspace_id, row.pk)


def kept(world: World) -> set[str]:
    with inside(world):
        derived()
        return set(Message.objects.values_list("subject", flat=True))


def letters(*numbers: int) -> set[str]:
    return {f"Letter {number}" for number in numbers}


def deliver(world: World, box: int, *raws: bytes, sent: bool = False) -> None:
    for raw in raws:
        world.sandbox.deliver(ADA, raw, **({"labels": ("SENT",)} if sent else {}))
    poll(world, box)


def test_mail_about_nothing_leaves_its_number_and_its_reason(world: World, box: int) -> None:
    know(world, "Mara", MARA)
    choose(world)
    deliver(world, box, mail(1), mail(2, sender=BOB), mail(3, sender=BOB))
    assert kept(world) == letters(1)
    assert world.states(box) == {"stored": 1, "skipped": 2}
    with inside(world):
        left = Copy.objects.filter(state="skipped")
        assert {one.reason for one in left} == {rules.UNMATCHED}
        assert not left.filter(message__isnull=False).exists()
        assert Body.objects.count() == 1
        assert not Participant.objects.filter(address__address=BOB).exists()
        assert Address.objects.get(address=BOB).name == ""
        assert all(one.traces and one.settled_at for one in left)


def test_it_comes_back_when_somebody_on_it_becomes_known(world: World, box: int) -> None:
    choose(world)
    deliver(world, box, mail(1), mail(2, sender=BOB), mail(3, sender=BOB))
    assert kept(world) == set()
    know(world, "Bob", BOB)
    poll(world, box)
    assert kept(world) == letters(2, 3)
    with inside(world):
        assert Link.objects.filter(linked=True).count() == 2
        assert Copy.objects.get(state="skipped").reason == rules.UNMATCHED


def test_it_comes_back_with_its_conversation(world: World, box: int) -> None:
    know(world, "Mara", MARA)
    choose(world)
    deliver(world, box, mail(1, sender=BOB, to=f"{ADA}, cas@other.example"))
    assert kept(world) == set()
    deliver(world, box, mail(2, to=f"{ADA}, {BOB}", answers=1))
    poll(world, box)
    assert kept(world) == {"Letter 1", "Re: Letter 1"}


def test_another_choice_has_all_of_it_fetched_again(world: World, box: int) -> None:
    choose(world)
    deliver(world, box, mail(1), mail(2, sender=BOB))
    assert kept(world) == set()
    choose(world, "queue")
    world.work(box)
    assert kept(world) == letters(1, 2)


def test_what_is_stored_goes_too_and_is_counted_first(world: World, box: int) -> None:
    know(world, "Mara", MARA)
    deliver(world, box, mail(1), *(mail(number, sender=BOB) for number in range(2, 7)))
    with inside(world):
        one = Message.objects.get(subject="Letter 2")
        links.unlink([one.pk], ("crm.contact", Contact.objects.get().pk), world.member.user_id)
        Copy.objects.filter(message__subject="Letter 3").update(asked_for=True)
        gone = Copy.objects.filter(message__subject="Letter 4")
        gone.update(state="gone")
        threads.refresh(gone.values_list("thread_id", flat=True))
        assert policies.foresee({"unmatched": "discard"}).unmatched == 2
    choose(world)
    purge(world)
    assert kept(world) == letters(1, 2, 3, 4)
    with inside(world):
        assert Purge.objects.get().removed == 2
        assert not Purge.objects.filter(ended_at=None).exists()


def test_what_we_wrote_stays_where_it_belongs_to_something(world: World, box: int) -> None:
    know(world, "Mara", MARA)
    choose(world)
    with inside(world):
        row = link_policy.current()
        link_policy.change(
            {"inherit_thread": "off"}, version=row.version, user_id=world.member.user_id
        )
    deliver(world, box, mail(1))
    deliver(world, box, mail(2, sender=ADA, to="cas@other.example", answers=1), sent=True)
    key = f"X-Mailweave-Key: {'a' * 32}\r\n"
    deliver(world, box, mail(3, sender=ADA, to=BOB, more=key), sent=True)
    deliver(world, box, mail(4, sender=ADA, to=BOB), sent=True)
    deliver(world, box, mail(5, sender=BOB, answers=1))
    assert kept(world) == {"Letter 1", "Re: Letter 1", "Letter 3"}
    with inside(world):
        assert Message.objects.filter(direction="out").count() == 2


def test_what_somebody_reads_waits_for_them_and_stays_where_they_noted_it(
    world: World, box: int
) -> None:
    choose(world)
    with inside(world):
        for reader in ("support", "outbox"):
            handing.watch(reader, box, clock.now())
    deliver(world, box, mail(1, sender=BOB), mail(2, sender=BOB))
    assert kept(world) == letters(1, 2)
    with inside(world):
        Handed.objects.all().delete()  # they have read it, and noted one
        one = Message.objects.get(subject="Letter 1")
        Report.objects.create(message=one, mailbox_id=box)
    tasks.watch(0)
    purge(world)
    assert kept(world) == letters(1)
    with inside(world):
        assert Report.objects.exists()


def test_nothing_goes_while_stored_mail_is_still_being_linked(world: World, box: int) -> None:
    deliver(world, box, mail(1, sender=BOB))
    choose(world)
    with inside(world):
        row = Relinking.objects.create(state="applying", threads=[1], started_at=clock.now())
    purge(world)
    assert kept(world) == letters(1)
    with inside(world):
        row.delete()
    purge(world)
    assert kept(world) == set()


def test_somebody_who_misses_it_is_told_and_has_it_taken_in(world: World, box: int) -> None:
    choose(world)
    deliver(world, box, mail(1, sender=BOB))
    with inside(world):
        copy = Copy.objects.get()
        assert ledger.reasons(box) == [(rules.UNMATCHED, 1)]
    (found,) = tracing.ask(world.member.workspace_id, box, tracing.read("<1@acme.example>"))
    assert (found.why, found.can_take) == (rules.UNMATCHED, True)
    with inside(world):
        tracing.take(box, copy.remote_id, copy.remote_thread_id)
    world.work(box)
    assert kept(world) == letters(1)


def test_the_preset_for_client_files_and_back(world: World, box: int) -> None:
    """Stored mail is linked by the new choice first; only then what is about nothing goes."""
    know(world, "Mara", MARA)
    with inside(world):
        companies.store(Company(name="Other", domain="other.example"), [(BOB, "primary")])
    deliver(world, box, mail(1), mail(2, sender=BOB), mail(3, sender="cas@third.example"))
    chosen = presets.find("client-profile")
    assert chosen
    with inside(world):
        wish = Wish(chosen.choices, chosen.mail, (0, 0))
        row = forecast.propose(wish, world.member.user_id)
        assert row
    work(world)
    with inside(world):
        assert Relinking.objects.get().left_out == 2
        policies.adopt(world.member, row.pk)
    purge(world)
    assert kept(world) == letters(1, 2, 3)
    work(world)
    purge(world)
    assert kept(world) == letters(2)
    know(world, "Cas", "cas@third.example")
    poll(world, box)
    assert kept(world) == letters(2)
    with inside(world):
        policies.revert(world.member, row.pk)
    work(world)
    purge(world)
    world.work(box)
    assert kept(world) == letters(1, 2, 3)


def work(world: World) -> None:
    with inside(world):
        rows = list(Relinking.objects.filter(state__in=Relinking.WORKING))
    for row in rows:
        relinking.advance(world.member.workspace_id, row.pk)


def test_what_a_rule_makes_no_contact_of_goes_once_it_was_read(world: World, box: int) -> None:
    choose(world)
    with inside(world):
        version = policy.current().version
        policies.change(world.member, {"auto_create_contacts": "two_way"}, version)
    purge(world)
    deliver(world, box, mail(1, sender=BOB), mail(2, sender=MARA))
    know(world, "Mara", MARA)
    tasks.watch(0)
    purge(world)
    assert kept(world) == letters(1, 2)
    handing.work(world.member.workspace_id)
    tasks.watch(0)
    purge(world)
    assert kept(world) == letters(2)
    tasks.watch(0)
    with inside(world):
        assert not Purge.objects.filter(ended_at=None).exists()
