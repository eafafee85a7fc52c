"""What a workspace keeps, whichever way mail comes: the past, changes, and everything once more."""

import pytest
from django.db import connection

from mailweave.kit import jobs, sql
from mailweave.kit.errors import Expected
from mailweave.linking import addresses
from mailweave.linking.models import Link
from mailweave.mail import narrowing, policy, search
from mailweave.mail.models import Body, Copy, Mailbox, Message, NeverSync, Part, SearchRow
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member
from mailweave.sync import engine, policies, purging, tasks
from mailweave.sync import filter as rules
from mailweave.sync.models import Purge, Refill, Sync
from tests.flows.checks import derived, inside, poll
from tests.flows.world import World
from tests.makers import make_user
from tests.makers_mail import join

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


def purge(world: World) -> None:
    """Let workers do what is asked of them about stored mail."""
    with inside(world):
        open_ = list(Purge.objects.filter(ended_at=None).values_list("pk", flat=True))
    for pk in open_:
        purging.advance(world.member.workspace_id, pk)


def decide(world: World, **choices: str) -> None:
    with inside(world):
        policies.change(world.member, choices, policy.current().version)


def finds(world: World, *words: str) -> list[bool]:
    with inside(world):
        viewer = viewer_for(world.member)
        return [bool(search.search(viewer, word).rows) for word in words]


@pytest.fixture
def box(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """Seven letters, stored; purges go three at a time."""
    monkeypatch.setattr(purging, "STEP", 3)
    world.sandbox.add_account(ADA, "Ada")
    for number in range(7):
        world.sandbox.deliver(ADA, mail(number))
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


@pytest.mark.parametrize(
    "choices", [{"body": "snippet"}, {"body": "headers", "attachments": "flag"}]
)
def test_narrowing_leaves_what_a_new_mailbox_would_have(
    world: World, box: int, choices: dict[str, str]
) -> None:
    assert finds(world, "walrus", "heron", "letter") == [True] * 3
    with inside(world):
        forecast = policies.foresee(choices)
    assert (forecast.texts, forecast.takes) == (7, True)
    assert forecast.size > 7 * len(WORDS)
    assert forecast.named == (7 if "attachments" in choices else 0)
    decide(world, **choices)
    purge(world)
    world.sandbox.deliver(ADA, mail(9))
    poll(world, box)
    has_preview = choices["body"] == "snippet"
    assert finds(world, "walrus", "heron", "letter") == [False, has_preview, True]
    texts = {(*one[:1], *one[2:]) for one in kept(world).values()}
    assert len(kept(world)) == 8
    assert len(texts) == 1
    with inside(world):
        words = SearchRow.objects.values_list("words", flat=True)
        assert not any("walrus" in str(one) for one in words)
        assert not Body.objects.exclude(text="").exists()
        assert not Body.objects.filter(shown__isnull=False).exists()
        done = Purge.objects.get(what="body")
    assert (done.done, done.removed, done.total) == (7, 7, 7)
    assert done.freed == forecast.size
    assert done.ended_at
    again(world, box)
    assert len(kept(world)) == 8


def test_words_are_the_same_whether_narrowed_before_or_after(world: World, box: int) -> None:
    decide(world, body="snippet")
    purge(world)

    def words() -> dict[str, str]:
        with inside(world):
            found = SearchRow.objects.values_list("message__subject", "words")
            return {subject: str(one) for subject, one in found}

    before = words()
    with inside(world):
        Copy.objects.all().delete()
        Message.objects.all().delete()
    world.backfill(box)
    world.work(box)
    assert words() == before


def test_a_purge_goes_on_where_it_was_killed(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(world, body="headers")
    with inside(world):
        pk = Purge.objects.get().pk
    assert purging.step(world.member.workspace_id, pk)
    run, fail = sql.run, {narrowing.QUERIES["narrow_words"]}

    def dying(query: str, **parameters: object) -> list[tuple[object, ...]]:
        found = run(query, **parameters)
        if query in fail:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(sql, "run", dying)
    with pytest.raises(KeyboardInterrupt):
        purging.advance(world.member.workspace_id, pk)
    fail.clear()
    with inside(world):
        assert Message.objects.filter(kept="headers").count() == 3
        assert (Purge.objects.get().done, Purge.objects.get().ended_at) == (3, None)
    purge(world)
    with inside(world):
        assert Message.objects.filter(kept="headers").count() == Purge.objects.get().done == 7
        assert not Body.objects.exclude(text="").exists()


def test_the_sweep_wakes_a_purge_whose_alarm_is_lost(world: World, box: int) -> None:
    decide(world, body="headers")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    tasks.sweep(0)
    assert ("sync.purge", "todo", 1) in jobs.count()


def test_a_rule_loosened_meanwhile_stops_the_purge_and_what_went_can_be_fetched(
    world: World, box: int
) -> None:
    before = kept(world)
    decide(world, body="headers", attachments="flag")
    with inside(world):
        pk = Purge.objects.get(what="body").pk
    purging.step(world.member.workspace_id, pk)
    decide(world, body="full", attachments="metadata")
    purge(world)
    assert kept(world) != before
    with inside(world):
        assert not Purge.objects.filter(ended_at=None).exists()
        assert policies.thin() == 3
        assert policies.fill() == 1
        assert Copy.objects.filter(state="stored").count() == 7
    world.work(box)
    assert kept(world) == before
    with inside(world):
        assert policies.thin() == 0
        done = Refill.objects.get()
        assert (done.done, done.total, bool(done.ended_at)) == (3, 3, True)
        with pytest.raises(Expected, match="No connected mailbox"):
            policies.fill()
    assert finds(world, "walrus") == [True]


@pytest.mark.sql
def test_a_never_sync_entry_takes_out_what_is_stored(world: World, box: int) -> None:
    other = world.sandbox.deliver(ADA, mail(20, sender="bob@other.example"))
    world.sandbox.deliver(ADA, mail(21, sender=ADA, to="bob@other.example"), labels=("SENT",))
    poll(world, box)
    with inside(world):
        entry, count = policies.concerned(world.member.user_id, "@acme.example")
        assert (entry.pk, count) == (None, 7)
        policies.never(world.member, "acme.example", everybody=False)
    purge(world)
    assert set(kept(world)) == {"Letter 20", "Letter 21"}
    assert finds(world, "walrus", "mara") == [True, False]
    assert world.states(box) == {"stored": 2, "skipped": 7}
    with inside(world):
        derived()
        left = Copy.objects.filter(state="skipped")
        for copy in left:
            assert (copy.message_id, copy.thread_id, copy.bcc) == (None, None, [])
            assert (copy.reason, copy.folder_ids) == (rules.OWNERS_LIST, [])
        done = Purge.objects.get()
        assert (done.total, done.done, done.removed, bool(done.ended_at)) == (7, 7, 7, True)
        assert done.freed > 7 * len(WORDS)
    again(world, box)
    assert set(kept(world)) == {"Letter 20", "Letter 21"}
    assert other in {one for one, (state, _) in states(world, box).items() if state == "stored"}


def test_taking_somebody_off_the_list_and_looking_again(world: World, box: int) -> None:
    before = kept(world)
    with inside(world):
        entry = policies.never(world.member, "mara@acme.example", everybody=True)
    purge(world)
    assert kept(world) == {}
    with inside(world):
        assert (policies.left_out(None), policies.left_out(world.member.user_id)) == (7, 0)
        policies.look_again(None)
    world.work(box)
    assert kept(world) == {}  # still on the list
    with inside(world):
        policies.allow(entry)
        assert policies.look_again(None) == 7
    world.work(box)
    assert kept(world) == before
    with inside(world):
        derived()
        assert policies.left_out(None) == 0


def test_an_entry_taken_back_while_its_purge_runs_loses_nothing(world: World, box: int) -> None:
    before = kept(world)
    with inside(world):
        entry = policies.never(world.member, "acme.example", everybody=True)
        pk = Purge.objects.get().pk
    purging.step(world.member.workspace_id, pk)  # all is hidden
    purging.step(world.member.workspace_id, pk)  # and three are gone
    with inside(world):
        policies.allow(entry)
    purge(world)
    with inside(world):
        assert not Purge.objects.filter(ended_at=None).exists()
        assert policies.look_again(None) == 7
    world.work(box)
    assert kept(world) == before


def test_one_persons_list_leaves_colleagues_their_copy(world: World, box: int) -> None:
    with inside(world):
        ben = join("Ben")
        member = Member(world.member.workspace_id, ben.pk, "member")
    world.sandbox.add_account("ben@northwind.example", "Ben")
    for number in range(3):
        world.sandbox.deliver("ben@northwind.example", mail(number))
    theirs = world.connect("ben@northwind.example", member)
    world.backfill(theirs)
    world.work(theirs)
    with inside(world):
        policies.never(world.member, "acme.example", everybody=False)
    purge(world)
    assert world.states(box) == {"skipped": 7}
    assert world.states(theirs) == {"stored": 3}
    assert set(kept(world)) == {"Letter 0", "Letter 1", "Letter 2"}
    with inside(world):
        derived()


def test_mail_among_colleagues_comes_to_records_when_the_policy_shows_it(
    world: World, box: int
) -> None:
    ben = "ben@northwind.example"
    for number in range(20, 24):
        world.sandbox.deliver(ADA, mail(number, sender=ben))
    poll(world, box)
    with inside(world):
        addresses.set_addresses("crm.contact", 1, [(ben, "primary")])
        assert not Link.objects.exists()
    for choice, linked in (("show", 4), ("hide", 0)):
        decide(world, internal_mail=choice)
        purge(world)
        with inside(world):
            assert Link.objects.filter(linked=True).count() == linked
            assert Message.objects.filter(linked=True).count() == linked
            assert not Purge.objects.filter(ended_at=None).exists()


def test_how_often_is_looked_for_new_mail_is_the_policys(world: World, box: int) -> None:
    def next_due() -> float:
        with inside(world):
            sync = Sync.objects.get(mailbox_id=box)
            due = engine.next_due(sync)
            assert due
            assert sync.polled_at
            return (due - sync.polled_at).total_seconds() / 60

    for choice, minutes in (("5", 5), ("15", 15), ("60", 60), ("auto", 5)):
        decide(world, poll_minutes=choice)
        world.work(box)
        assert next_due() == minutes


def test_an_outlook_mailbox_obeys_the_same_rules_and_is_filled_again(world: World) -> None:
    address = "cleo@northwind.example"
    decide(world, body="snippet", attachments="flag")
    never(world, "bank.example")
    world.sandbox.add_account(address, "Cleo", company="microsoft")
    world.sandbox.deliver(address, mail(1, to=address))
    world.sandbox.deliver(address, mail(2, sender="x@bank.example", to=address))
    mailbox = world.connect(address)
    world.backfill(mailbox)
    world.work(mailbox)
    world.sandbox.deliver(address, mail(3, to=address))
    world.sandbox.deliver(address, mail(4, to=address, cc="y@sub.bank.example"))
    poll(world, mailbox)
    assert world.states(mailbox) == {"stored": 2, "skipped": 2}
    assert {one[0] for one in kept(world).values()} == {"snippet"}
    assert finds(world, "walrus", "heron") == [False, True]
    decide(world, body="full", attachments="metadata")
    with inside(world):
        assert policies.fill() == 1
    world.work(mailbox)
    assert {one[0] for one in kept(world).values()} == {"full"}
    assert {one[5] for one in kept(world).values()} == {1}
    assert finds(world, "walrus") == [True]
    assert world.states(mailbox) == {"stored": 2, "skipped": 2}


def test_what_a_thread_lent_goes_with_the_message_that_lent_it(world: World, box: int) -> None:
    """Bob's letter is about a record only because Mara, who is, took part in their thread."""
    answer = mail(30, sender="bob@other.example", cc="mara@acme.example")
    reply = mail(31, sender=ADA, to="bob@other.example").replace(
        b"Message-ID: <31", b"References: <30@acme.example>\r\nMessage-ID: <31"
    )
    world.sandbox.deliver(ADA, answer)
    world.sandbox.deliver(ADA, reply, labels=("SENT",))
    poll(world, box)
    with inside(world):
        addresses.set_addresses("crm.contact", 1, [("mara@acme.example", "primary")])
        reply_of = Message.objects.get(subject="Letter 31")
        assert reply_of.linked
        assert reply_of.thread.message_count == 2
        policies.never(world.member, "mara@acme.example", everybody=True)
    purge(world)
    with inside(world):
        reply_of = Message.objects.get(subject="Letter 31")
        assert set(Message.objects.values_list("subject", flat=True)) == {"Letter 31"}
        assert not reply_of.linked
        assert not Link.objects.exists()
        derived()
