"""From what somebody writes to what lies in two mailboxes, once, whatever gets lost on the way."""

import itertools
import random
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from mailweave.kit import clock
from mailweave.linking.models import Link
from mailweave.mail.models import Copy, Message
from mailweave.outbox import files, identities, submissions
from mailweave.outbox.models import Draft, FrozenPiece, Outcome, Submission
from mailweave.people.models import Notification
from mailweave.records.crm import contacts
from mailweave.records.crm.models import Contact
from sandbox.control_sending import set_bounce
from sandbox.faults import LOST, Fault
from sandbox.mailbox import raw_of
from sandbox.microsoft import delegates
from tests.flows.checks import derived, inside
from tests.flows.sending import ADA, BEN, COMPANIES, Correspondence, correspond
from tests.flows.world import World
from tests.makers_mail import make_part

State, Problem = Submission.State, Submission.Problem


@pytest.fixture(params=COMPANIES)
def post(world: World, request: Any) -> Correspondence:
    return correspond(world, request.param)


def came(world: World, address: str) -> list[EmailMessage]:
    """What lies in a sandbox mailbox, oldest first."""
    account = world.sandbox.account(address).id
    with world.sandbox.db.read() as connection:
        raws = [
            raw_of(connection, account, int(one, 16))
            for one in reversed(world.sandbox.message_ids(address))
        ]
    return [message_from_bytes(raw, policy=policy.default) for raw in raws]


@pytest.mark.sql
def test_a_letter_goes_out_and_is_on_its_record_at_once(post: Correspondence) -> None:
    with inside(post.world):
        ben = Contact(name="Ben")
        contacts.store(ben, [BEN])
        other = Contact(name="Not addressed")
        contacts.store(other, [])
    started = post.world.hands.at
    order = post.send(post.write(records=[(contacts.KIND, other.pk)]))
    assert order.state == State.SENT
    assert order.message
    assert clock.now() - started < timedelta(seconds=40)
    (told,) = post.posted()
    assert (told["key"], told["recipients"]) == (order.key, [BEN])
    assert [one.pk for one in post.sent_copies()] == [order.message_id]
    with inside(post.world):
        links = Link.objects.filter(message=order.message, linked=True)
        assert {(one.kind, one.record_id) for one in links} == {
            (contacts.KIND, ben.pk), (contacts.KIND, other.pk),
        }  # fmt: skip
        assert not FrozenPiece.objects.exists()
        derived()
    (arrived,) = came(post.world, BEN)
    assert (arrived["From"], arrived["Subject"]) == ("Ada <ada@northwind.example>", "The winch")


def test_an_answer_threads_at_both_ends_by_its_headers(post: Correspondence) -> None:
    far = post.world.sandbox
    ids = [f"<{number}.{'x' * 90}@partner.example>" for number in range(30)]
    for number in (0, 29):
        head = [f"From: Ben <{BEN}>", f"To: {ADA}", "Subject: The winch"]
        head += [f"Message-ID: {ids[number]}", f"References: {' '.join(ids[:number])}"]
        raw = "\r\n".join([*head, "", "Text", ""]).encode()
        far.deliver(ADA, raw)
        far.deliver(BEN, raw, ("SENT",))
    post.pass_time(600)
    with inside(post.world):
        last = Message.objects.get(message_id__startswith="29.")
    order = post.send(post.answer(last.pk))
    assert order.message
    assert order.message.thread_id == last.thread_id
    (told,) = post.posted()
    answer = next(one for one in came(post.world, BEN) if one["Message-ID"] == told["message_id"])
    assert answer["In-Reply-To"] == ids[29]
    assert "=?" not in answer["References"]
    assert ids[0] in answer["References"].split()
    account = far.account(BEN).id
    with far.db.read() as connection:
        threads = connection.execute(
            "SELECT DISTINCT thread FROM messages WHERE account = ?", (account,)
        ).fetchall()
    assert len(threads) == 1
    head = [f"From: Ben <{BEN}>", f"To: {ADA}", "Subject: Re: The winch"]
    head += ["Message-ID: <b@partner.example>", f"References: {told['message_id']}"]
    back = "\r\n".join([*head, "", "Thanks", ""]).encode()
    far.deliver(ADA, back)
    post.pass_time(600)
    with inside(post.world):
        assert Message.objects.get(message_id="b@partner.example").thread_id == last.thread_id


def test_what_the_company_changes_on_the_way_doubles_nothing(post: Correspondence) -> None:
    post.world.sandbox.change_settings(
        graph_new_sent_ids=True, graph_new_message_ids=True, graph_sent_seconds=90.0,
    )  # fmt: skip
    order = post.send(post.write())
    post.pass_time(600)
    order = post.row(order)
    assert order.state == State.SENT
    assert [one.pk for one in post.sent_copies()] == [order.message_id]
    assert len(post.posted()) == 1


def lose(world: World, number: int, kind: str, form: str) -> list[str]:
    """Lose one call for sending, or its answer, by its number; the list fills with what came."""
    seen: list[str] = []

    def lost(asked: str, path: str, _: str) -> Fault | None:
        if asked == "lost_request":
            seen.append(path)
        hit = asked == kind and len(seen) == number + 1
        return Fault(0, LOST[form], options={"seconds": 1}) if hit else None

    world.sandbox.faults.lost = lost  # type: ignore[method-assign]
    return seen


def test_whatever_is_lost_one_letter_goes_out(post: Correspondence) -> None:
    """Each of the first calls, or its answer, in every way there is."""
    ways = itertools.product(range(4), LOST, ("lost_request", "lost_answer"))
    for number, form, kind in ways:
        seen = lose(post.world, number, kind, form)
        order = post.send(post.write())
        assert len(seen) > number, (number, form, kind)
        assert order.state == State.SENT, (number, form, kind)
        assert [one["key"] for one in post.posted(order.key)] == [order.key], (number, form, kind)
        post.world.hands.at += timedelta(minutes=5)
    assert len(post.sent_copies()) == len(post.posted()) == 4 * len(LOST) * 2


def test_what_is_carried_out_long_after_its_caller_gave_up(post: Correspondence) -> None:
    sends = "drafts/send" if post.company == "google" else "/send"
    post.world.sandbox.faults.add("late_request", path=sends, form="timeout", after=240)
    order = post.send(post.write())
    post.pass_time(600)
    assert order.state == State.SENT
    assert [one["key"] for one in post.posted()] == [order.key]


def test_many_letters_through_bad_weather(post: Correspondence) -> None:
    """Seeded: calls are lost, before or after they are carried out, again and again."""
    chance = random.Random(7)
    hits: list[bool] = []

    def lost(asked: str, path: str, _: str) -> Fault | None:
        sends = path.endswith(("/messages", "/drafts", "/send"))
        hit = sends and chance.random() < (0.3 if asked == "lost_answer" else 0.2)
        hits.append(hit)
        return Fault(0, LOST[chance.choice(list(LOST))], options={"seconds": 1}) if hit else None

    post.world.sandbox.change_settings(graph_sent_seconds=20.0)
    post.world.sandbox.faults.lost = lost  # type: ignore[method-assign]
    orders = []
    for number in range(15):
        order = post.send(post.write(subject=f"Letter {number}"))
        orders.append(order)
    keys = [one["key"] for one in post.posted()]
    assert len(keys) == len(set(keys))
    settled = [post.row(one) for one in orders]
    assert {one.state for one in settled} == {State.SENT}
    assert set(keys) == {one.key for one in settled}
    assert len(post.sent_copies()) == 15
    assert sum(hits) >= 15


def test_a_blind_second_try_would_be_seen(post: Correspondence, monkeypatch: Any) -> None:
    """What the tests above are there to find."""
    from mailweave.outbox.delivery import Work

    def repeat(work: Work) -> None:
        fresh = {"released_at": None, "remote_draft_id": ""}
        with work.transaction():
            Submission.objects.filter(pk=work.submission_id).update(**fresh)

    monkeypatch.setattr(Work, "settle", repeat)
    sends = "drafts/send" if post.company == "google" else "/send"
    post.world.sandbox.faults.add("lost_answer", path=sends)
    post.send(post.write())
    assert len(post.posted()) == 2


def test_mail_that_comes_back_is_told(post: Correspondence) -> None:
    set_bounce(post.world.sandbox, {"address": "nobody@partner.example", "kind": "hard"})
    order = post.send(post.write(cc=["Nobody <nobody@partner.example>"]))
    post.pass_time(600)
    with inside(post.world):
        told = Outcome.objects.get()
        assert (told.submission_id, told.address, told.action, told.lasting) == (
            order.pk, "nobody@partner.example", "failed", "hard",
        )  # fmt: skip
        assert told.words == "There is no such address there."
        assert Notification.objects.get().kind == "bounce"
        thread_id = told.report.message.thread_id
    letter = post.row(order).message
    assert letter
    # Gmail keeps its own reports with what came back.
    assert (letter.thread_id == thread_id) == (post.company == "google")


def test_a_permission_taken_back_leaves_the_draft(post: Correspondence) -> None:
    post.world.sandbox.revoke(ADA)
    draft = post.write()
    order = post.send(draft)
    assert (order.state, order.problem) == (State.FAILED, Problem.RECONNECT)
    assert post.posted() == []
    post.world.connect(ADA)
    assert post.send(draft).state == State.SENT


def test_an_alias_that_was_replaced_on_the_way_is_said_and_not_offered_again(world: World) -> None:
    post = correspond(world, "microsoft")
    alias = "lind@northwind.example"
    delegates.add_alias(world.sandbox, ADA, alias)
    world.sandbox.change_settings(graph_from_aliases=False)
    identities.refresh(world.member.workspace_id, post.mailbox)
    order = post.send(post.write(address=alias))
    assert order.state == State.SENT
    assert order.message
    with inside(world):
        (choice,) = (one for one in identities.choices(world.member) if one.address == alias)
        assert f"went out from {ADA} instead" in choice.why
        assert Notification.objects.get().title.startswith("Sent from another address")
    world.hands.at += timedelta(seconds=1)
    world.connect(ADA)
    with inside(world):
        assert not any(one.why for one in identities.choices(world.member))


def test_throttling_waits_and_goes(post: Correspondence) -> None:
    post.world.sandbox.faults.add("retry_after", seconds=120)
    order = post.send(post.write())
    assert order.state == State.SENT
    assert len(post.posted()) == 1


def test_a_forward_takes_files_along_from_the_mailbox(post: Correspondence) -> None:
    raw = (
        f"From: Ben <{BEN}>\r\nTo: {ADA}\r\nSubject: Plan\r\nMessage-ID: <p@partner.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nHere.\r\n--b\r\nContent-Type: application/pdf\r\n"
        'Content-Disposition: attachment; filename="plan.pdf"\r\n\r\n%PDF-plan\r\n--b--\r\n'
    ).encode()
    post.world.sandbox.deliver(ADA, raw)
    post.pass_time(600)
    with inside(post.world):
        source = Message.objects.get(message_id="p@partner.example")
    order = post.send(post.answer(source.pk, Draft.Act.FORWARD, to=[BEN]))
    assert order.state == State.SENT
    (arrived,) = (one for one in came(post.world, BEN) if one["Subject"] == "Fwd: Plan")
    (part,) = arrived.iter_attachments()
    assert part.get_filename() == "plan.pdf"
    assert part.get_payload(decode=True).strip() == b"%PDF-plan"


def test_a_part_that_is_gone_is_said_and_the_draft_stays(post: Correspondence) -> None:
    post.world.sandbox.deliver(ADA, f"From: {BEN}\r\nMessage-ID: <q@x.example>\r\n\r\nHi".encode())
    post.pass_time(600)
    with inside(post.world):
        source = Message.objects.get(message_id="q@x.example")
        make_part(source.pk, part_id="99", filename="ghost.pdf")
    order = post.send(post.answer(source.pk, Draft.Act.FORWARD, to=[BEN]))
    assert (order.state, order.problem) == (State.FAILED, Problem.CONTENT)
    assert "ghost.pdf" in order.problem_text
    assert post.posted() == []


def test_twenty_megabytes(post: Correspondence) -> None:
    draft = post.write()
    whole = random.Random(1).randbytes(20 * 1024 * 1024)
    with inside(post.world):
        file = files.begin(draft, "große Datei.bin", "application/octet-stream", len(whole))
        for start in range(0, len(whole), files.PIECE):
            files.put(file, start, whole[start : start + files.PIECE])
    order = post.send(draft)
    assert order.state == State.SENT, order.problem_text
    (arrived,) = came(post.world, BEN)
    (part,) = arrived.iter_attachments()
    assert part.get_filename() == "große Datei.bin"
    assert part.get_payload(decode=True) == whole


def test_undo_after_everything_is_too_late_and_says_so(post: Correspondence) -> None:
    order = post.send(post.write())
    with inside(post.world):
        assert not submissions.cancel(post.world.member, order.pk)
        assert Copy.objects.filter(message=order.message).count() == 1
