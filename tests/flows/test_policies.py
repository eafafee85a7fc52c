"""What a workspace keeps, whichever way mail comes: the past, changes, and everything once more."""

import pytest

from mailweave.mail import policy
from mailweave.mail.models import Body, Copy, Mailbox, Message, NeverSync, Part
from mailweave.sync import filter as rules
from tests.flows.checks import inside, poll
from tests.flows.world import World
from tests.makers import make_user

pytestmark = pytest.mark.sql
ADA = "ada@northwind.example"
WORDS = "the price of the heron is " + "very " * 60 + "reasonable: walrus"


def mail(number: int, sender: str = "mara@acme.example", to: str = ADA, cc: str = "") -> bytes:
    """A letter with a long text and an attachment."""
    return (
        f"From: {sender}\r\nTo: {to}\r\n" + (f"Cc: {cc}\r\n" if cc else "")
        + f"Subject: Letter {number}\r\nMessage-ID: <{number}@acme.example>\r\n"
        f"Date: Mon, 02 Feb 2026 10:00:{number % 60:02} +0100\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\nNumber {number}: {WORDS}\r\n"
        "--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        "Content-Disposition: attachment; filename=a.pdf\r\n\r\nxx\r\n--b--\r\n"
    ).encode()  # fmt: skip


def choose(world: World, **choices: str) -> None:
    with inside(world):
        version = policy.current().version
        policy.change(choices, version=version, user_id=world.member.user_id)


def never(world: World, value: str, *, mine: bool = False) -> None:
    with inside(world):
        user_id = world.member.user_id if mine else None
        kind = "address" if "@" in value else "domain"
        NeverSync.objects.create(kind=kind, value=value, user_id=user_id)


def again(world: World, mailbox: int) -> None:
    """The provider forgets our cursor: everything is listed and looked at once more."""
    world.sandbox.expire_history(ADA)
    poll(world, mailbox)
    world.backfill(mailbox)
    world.work(mailbox)


def kept(world: World) -> dict[str, tuple[object, ...]]:
    """What is kept of each message, by its subject."""
    with inside(world):
        return {
            one.subject: (
                one.kept, one.preview[:10], one.attachment_count, one.parts_kept,
                Body.objects.get(pk=one.pk).text[:10],
                Part.objects.filter(message=one).count(),
            )
            for one in Message.objects.all()
        }  # fmt: skip


def states(world: World, mailbox: int) -> dict[str, tuple[str, str]]:
    with inside(world):
        found = Copy.objects.filter(mailbox_id=mailbox)
        return {one.remote_id: (one.state, one.reason) for one in found}


FORMS = {
    ("full", "metadata"): ("full", "Number", 1, True, "Number", 1),
    ("snippet", "metadata"): ("snippet", "Number", 1, True, "", 1),
    ("headers", "flag"): ("headers", "", 1, False, "", 0),
}


@pytest.mark.parametrize(("body", "attachments"), FORMS)
def test_every_way_in_keeps_the_same(world: World, body: str, attachments: str) -> None:
    choose(world, body=body, attachments=attachments)
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver(ADA, mail(1))
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    world.sandbox.deliver(ADA, mail(2))
    poll(world, mailbox)
    form, preview, *rest = FORMS[body, attachments]
    shape = {
        name: (one[0], str(one[1])[:6], *one[2:4], str(one[4])[:6], one[5])
        for name, one in kept(world).items()
    }
    assert shape == dict.fromkeys(("Letter 1", "Letter 2"), (form, preview, *rest))
    before = kept(world), states(world, mailbox)
    again(world, mailbox)
    assert (kept(world), states(world, mailbox)) == before


@pytest.mark.parametrize(
    ("mine", "reason"), [(False, rules.WORKSPACES_LIST), (True, rules.OWNERS_LIST)]
)
def test_never_sync_is_obeyed_on_every_way_in(world: World, mine: bool, reason: str) -> None:
    never(world, "acme.example", mine=mine)
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver(ADA, mail(1))
    world.sandbox.deliver(ADA, mail(2, sender="bob@other.example", cc="x@deep.acme.example"))
    world.sandbox.deliver(ADA, mail(3, sender="bob@other.example"))
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    world.sandbox.deliver(ADA, mail(4))
    world.sandbox.deliver(ADA, mail(5, sender=ADA, to="mara@acme.example"), labels=("SENT",))
    world.sandbox.deliver(ADA, mail(6, sender="bob@other.example"))
    poll(world, mailbox)
    assert set(kept(world)) == {"Letter 3", "Letter 6"}
    assert world.states(mailbox) == {"stored": 2, "skipped": 4}
    assert {why for state, why in states(world, mailbox).values() if state == "skipped"} == {reason}
    before = kept(world), states(world, mailbox)
    again(world, mailbox)
    assert (kept(world), states(world, mailbox)) == before
    with inside(world):
        left = Copy.objects.filter(state="skipped")
        assert not left.filter(message__isnull=False).exists()
        assert not Message.objects.filter(sender__address__endswith="acme.example").exists()


def test_somebody_elses_list_is_theirs_alone(world: World) -> None:
    with inside(world):
        NeverSync.objects.create(kind="domain", value="acme.example", user=make_user())
    world.sandbox.add_account(ADA, "Ada")
    mailbox = world.connect(ADA)
    world.work(mailbox)
    world.sandbox.deliver(ADA, mail(1))
    poll(world, mailbox)
    assert world.states(mailbox) == {"stored": 1}


def test_the_policy_narrows_the_folders_a_mailbox_follows(world: World) -> None:
    choose(world, folders="main")
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver(ADA, mail(1), labels=())
    world.sandbox.deliver(ADA, mail(2))
    mailbox = world.connect(ADA)
    with inside(world):
        Mailbox.objects.filter(pk=mailbox).update(followed_roles=[])
    world.backfill(mailbox)
    world.work(mailbox)
    world.sandbox.deliver(ADA, mail(3), labels=())
    poll(world, mailbox)
    assert set(kept(world)) == {"Letter 2"}
    choose(world, folders="any")
    world.sandbox.deliver(ADA, mail(4), labels=())
    poll(world, mailbox)
    assert set(kept(world)) == {"Letter 2", "Letter 4"}
