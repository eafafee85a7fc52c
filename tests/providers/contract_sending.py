"""What every provider's sender promises, as tests for each provider.

Subclass :class:`SenderContract` and give a fixture ``world``, as for ``contract.ReaderContract``.
"""

import base64
import traceback
import uuid
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, Protocol

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.mime.compose import File, Outgoing, Person, write
from mailweave.providers.base import Budget, Letter, Sender, Sent, Staged, Untraced, Waiting
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    InDoubt,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from sandbox.faults import LOST, Fault
from sandbox.state import Sandbox
from tests.providers.contract import NOW, World, fetch_one, listing

BEN = "ben@example.com"
AWAY = "cy@away.example"
LATER = timedelta(hours=1)


class SendingWorld(World, Protocol):
    """A mailbox that can send; ``BEN`` has one at the same provider."""

    sandbox: Sandbox
    sends: str
    """A part of the path of what sends, and of nothing else."""

    def sender(self, budget: Budget | None = None) -> Sender:
        """A sender, as after a crash: nothing is remembered."""
        ...

    def posted(self, key: str) -> list[dict[str, Any]]:
        """The letters with that key that were accepted for delivery."""
        ...

    def drafts(self) -> int:
        """How many drafts there are."""
        ...

    def came(self, address: str) -> list[EmailMessage]:
        """What lies in somebody's inbox, newest first."""
        ...

    def threads(self, address: str) -> list[int]:
        """The threads of the messages of a mailbox, newest first."""
        ...


def letter(
    world: World, subject: str = "Über uns", *, key: str = "", files: tuple[File, ...] = (),
    answers: str = "", thread: str = "", to: str = BEN, sender: str = "",
) -> Letter:  # fmt: skip
    """A letter as the outbox writes it."""
    key = key or uuid.uuid4().hex
    name = f"{key}@mail.example"
    raw = write(
        Outgoing(
            sender=Person("Ana", sender or world.address), to=(Person("Bén", to),), cc=(),
            bcc=(Person("", AWAY),), reply_to=(), subject=subject, text="Guten Tag",
            html="<p>Guten Tag</p>", files=files, message_id=name, in_reply_to=answers,
            references=(answers,) if answers else (), date=clock.now(),
            headers=(("X-Mailweave-Key", key),),
        )
    )  # fmt: skip
    return Letter(raw, key, name, thread)


def with_file(size: int, key: str = "") -> Letter:
    """A letter with one large file, put together by hand: libraries are slow at that."""
    key = key or uuid.uuid4().hex
    data = base64.encodebytes(b"\x00\x01\xfe" * (size // 3)).replace(b"\n", b"\r\n")
    head = (
        f"From: ana@example.com\r\nTo: {BEN}\r\nSubject: big\r\n"
        f"Message-ID: <{key}@mail.example>\r\nX-Mailweave-Key: {key}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nhere\r\n--b\r\n"
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="big.bin"\r\n\r\n'
    )
    return Letter(head.encode() + data + b"--b--\r\n", key, f"{key}@mail.example")


def deliver(world: SendingWorld, given: Letter, rounds: int = 40) -> Sent:
    """Have it sent as the outbox does: every step by somebody new, nothing repeated on a guess."""
    staged: Staged | None = None
    released = False
    for _ in range(rounds):
        sender = world.sender()
        try:
            if staged is None:
                staged = sender.stage(given)
            elif not released:
                released = True
                return sender.release(staged)
            else:
                found = sender.fate(staged, NOW - LATER)
                if isinstance(found, Sent):
                    return found
                released = not isinstance(found, Waiting)
        except InDoubt:
            assert released
        except Unavailable:
            released = released and staged is None
    raise AssertionError("it never came to an end")


def at_call(world: SendingWorld, number: int, kind: str, form: str) -> list[str]:
    """Lose one call or its answer, by its number; the list fills with what was called."""
    seen: list[str] = []

    def lost(asked: str, path: str, _: str) -> Fault | None:
        if asked == "lost_request":
            seen.append(path)
        hit = asked == kind and len(seen) == number + 1
        return Fault(0, LOST[form], options={"seconds": 1}) if hit else None

    world.sandbox.faults.lost = lost  # type: ignore[method-assign]
    return seen


def attached(message: EmailMessage) -> dict[str, Any]:
    return {
        part.get_filename() or "": part.get_content()
        for part in message.walk()
        if part.get_filename()
    }


class SenderContract:
    """The promises. Each test says one."""

    @pytest.fixture(autouse=True)
    def _time(self) -> Iterator[None]:
        with clock.use(clock.Hands(NOW)):
            yield

    # In two steps

    def test_staging_sends_nothing(self, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        assert (staged.key, staged.message_id) == (given.key, given.message_id)
        assert (world.posted(given.key), world.drafts()) == ([], 1)
        assert world.sender().fate(staged, NOW) == Waiting()

    def test_releasing_sends_it_once_and_whole(self, world: SendingWorld) -> None:
        files = (
            File("prüfung.bin", "application/octet-stream", b"\x00\xff\r\n" * 99),
            File("logo.png", "image/png", b"\x89PNG\r\n", "logo"),
        )
        given = letter(world, files=files)
        sent = deliver(world, given)
        (told,) = world.posted(given.key)
        assert sorted(told["recipients"]) == [BEN, AWAY]
        assert world.drafts() == 0
        (came,) = world.came(BEN)
        assert came["Message-ID"] == told["message_id"]
        assert (came["Subject"], came["Bcc"]) == ("Über uns", None)
        assert came["From"].addresses[0].addr_spec == world.address
        assert attached(came) == {one.name: one.data for one in files}
        if sent.remote_id:
            assert sent.message_id == told["message_id"].strip("<>")

    def test_the_sent_copy_is_told_as_a_listing_names_it(self, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.sender().release(staged)
        found = world.sender().fate(staged, NOW)
        assert isinstance(found, Sent)
        (listed,) = [one for one in listing(world.reader()) if one.remote_id == found.remote_id]
        assert listed.remote_thread_id == found.remote_thread_id
        headers = dict(fetch_one(world.reader(), found.remote_id).headers)
        assert headers["X-Mailweave-Key"] == given.key
        assert headers["Message-ID"] == f"<{found.message_id}>"
        assert AWAY in headers["Bcc"]

    @pytest.mark.parametrize("size", [100, 2_700_000])
    def test_staging_again_leaves_one_draft(self, size: int, world: SendingWorld) -> None:
        given = with_file(size)
        first = world.sender().stage(given)
        assert world.sender().stage(given) == first
        other = letter(world)
        assert world.sender().stage(other).draft_id != first.draft_id
        assert world.drafts() == 2
        deliver(world, given)
        assert len(world.posted(given.key)) == 1

    def test_what_is_discarded_is_gone_and_again_is_fine(self, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        for _ in range(2):
            world.sender().discard(staged)
        assert world.drafts() == 0
        with pytest.raises(InDoubt):
            world.sender().release(staged)
        assert world.posted(given.key) == []

    def test_what_was_sent_cannot_be_discarded(self, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.sender().release(staged)
        world.sender().discard(staged)
        assert isinstance(world.sender().fate(staged, NOW), Sent)

    def test_of_what_was_taken_away_is_no_trace(self, world: SendingWorld) -> None:
        staged = world.sender().stage(letter(world))
        world.sender().discard(staged)
        assert world.sender().fate(staged, NOW) == Untraced()

    # Bad days

    @pytest.mark.parametrize("form", ["reset", "timeout", "error"])
    @pytest.mark.parametrize("kind", ["lost_request", "lost_answer"])
    def test_whatever_gets_lost_it_goes_out_once(
        self, kind: str, form: str, world: SendingWorld
    ) -> None:
        """Every call of the whole way is lost once, before it arrives or after it was done."""
        seen = at_call(world, -1, "", "reset")
        deliver(world, letter(world))
        total = len(seen)
        assert total > 3
        for number in range(total):
            given = letter(world)
            at_call(world, number, kind, form)
            deliver(world, given)
            assert len(world.posted(given.key)) == 1, (number, seen)
        assert world.drafts() == 0

    @pytest.mark.parametrize("kind", ["lost_request", "lost_answer"])
    def test_a_lost_release_is_in_doubt(self, kind: str, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.sandbox.faults.add(kind, path=world.sends)
        with pytest.raises(InDoubt) as caught:
            world.sender().release(staged)
        assert len(world.posted(given.key)) == (kind == "lost_answer")
        text = "".join(traceback.format_exception(caught.value))
        assert not any(secret in text for secret in world.secrets())

    @pytest.mark.parametrize("form", ["timeout", "error"])
    def test_what_is_carried_out_late_is_waiting_till_then(
        self, form: str, world: SendingWorld
    ) -> None:
        """So whoever gave up waiting has to wait on before anything is done again."""
        given = letter(world)
        staged = world.sender().stage(given)
        world.sandbox.faults.add("late_request", path=world.sends, form=form)
        with pytest.raises(InDoubt):
            world.sender().release(staged)
        assert world.sender().fate(staged, NOW) == Waiting()
        clock.sleep(21)
        assert isinstance(world.sender().fate(staged, NOW), Sent)
        assert len(world.posted(given.key)) == 1

    @pytest.mark.parametrize("fault", ["html", "malformed", "reset", "server_error"])
    def test_what_cannot_be_read_is_in_doubt_or_sent(self, fault: str, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.sandbox.faults.add(fault, path=world.sends)
        try:
            world.sender().release(staged)
        except InDoubt:
            assert fault != "server_error" or world.posted(given.key) == []
        else:
            assert len(world.posted(given.key)) == 1

    @pytest.mark.parametrize(("fault", "error"), [
        ("rate", RateLimited), ("retry_after", RateLimited), ("refused_letter", Refused),
    ])  # fmt: skip
    def test_what_was_refused_was_not_sent(
        self, fault: str, error: type[ProviderError], world: SendingWorld
    ) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.sandbox.faults.add(fault, path=world.sends)
        with pytest.raises(error):
            world.sender().release(staged)
        assert (world.posted(given.key), world.drafts()) == ([], 1)
        assert world.sender().fate(staged, NOW) == Waiting()

    def test_a_token_that_ends_is_replaced_and_one_letter_goes_out(
        self, world: SendingWorld
    ) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.expire_token()
        world.sender().release(staged)
        assert len(world.posted(given.key)) == 1

    def test_a_grant_that_is_gone_is_told(self, world: SendingWorld) -> None:
        given = letter(world)
        staged = world.sender().stage(given)
        world.revoke()
        world.expire_token()
        for step in (lambda: world.sender().release(staged), lambda: world.sender().stage(given)):
            with pytest.raises(AuthExpired):
                step()
        assert world.posted(given.key) == []

    def test_a_permission_that_is_missing_is_told(self, world: SendingWorld) -> None:
        staged = world.sender().stage(letter(world))
        world.untick()
        with pytest.raises(ConsentNeeded):
            world.sender().release(staged)

    def test_no_connection_is_no_doubt(self, world: SendingWorld) -> None:
        """Nothing was asked: it may be tried again at once."""
        staged = world.sender().stage(letter(world))

        def refuse(request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("no route", request=request)

        world.web = httpx2.Client(transport=httpx2.MockTransport(refuse))  # type: ignore[attr-defined]
        with pytest.raises(Unavailable):
            world.sender().release(staged)

    # Large ones

    def test_forty_files(self, world: SendingWorld) -> None:
        files = tuple(
            File(f"f {n}.bin", "application/octet-stream", bytes([n]) * 38_000) for n in range(40)
        )
        given = letter(world, files=files)
        deliver(world, given)
        (came,) = world.came(BEN)
        assert attached(came) == {one.name: one.data for one in files}

    def test_what_is_too_large_is_refused_unasked(self, world: SendingWorld) -> None:
        sender, before = world.sender(), world.used()
        with pytest.raises(Refused):
            sender.stage(Letter(b"x" * (sender.largest + 1), "k" * 32, "x@mail.example"))
        assert world.used() == before

    # Threads

    def test_an_answer_joins_its_thread_on_both_sides(self, world: SendingWorld) -> None:
        deliver(world, letter(world, "A question"))
        (first,) = world.came(BEN)
        reader = world.reader()
        (mine,) = listing(reader)
        again = letter(world, "Re: A question", answers=first["Message-ID"].strip("<>"),
                       thread=mine.remote_thread_id)  # fmt: skip
        deliver(world, again)
        assert len({one.remote_thread_id for one in listing(reader)}) == 1
        assert len(set(world.threads(BEN))) == 1
        deliver(world, letter(world, "Something else"))
        assert len(set(world.threads(BEN))) == 2

    def test_a_letter_that_only_refers_to_others_is_staged_once(self, world: SendingWorld) -> None:
        """What is passed on belongs to no thread; some providers choose one nevertheless."""
        deliver(world, letter(world, "A plan"))
        (first,) = world.came(BEN)
        given = letter(world, "Fwd: A plan", answers=first["Message-ID"].strip("<>"))
        world.sender().stage(given)
        world.sender().stage(given)
        assert world.drafts() == 1
        deliver(world, given)
        assert len(world.posted(given.key)) == 1
        assert world.drafts() == 0

    def test_a_thread_that_is_gone_is_no_obstacle(self, world: SendingWorld) -> None:
        one = world.deliver(letter(world, sender=BEN, to=world.address).raw)
        (known,) = listing(world.reader())
        world.delete(one)
        given = letter(world, thread=known.remote_thread_id)
        deliver(world, given)
        assert len(world.posted(given.key)) == 1

    def test_a_letter_to_oneself_is_found(self, world: SendingWorld) -> None:
        given = letter(world, to=world.address)
        staged = world.sender().stage(given)
        world.sender().release(staged)
        found = world.sender().fate(staged, NOW)
        assert isinstance(found, Sent)
        assert found.remote_id

    # Who, and what it costs

    def test_the_mailboxs_own_address_comes_first(self, world: SendingWorld) -> None:
        first, *_ = world.sender().identities()
        assert (first.address, first.is_primary, first.ready, first.why) == (
            world.address, True, True, "",
        )  # fmt: skip

    def test_every_unit_is_booked(self, world: SendingWorld) -> None:
        budget, before = Budget(0.0, 0.0, 0.0, NOW), world.used()
        sender = world.sender(budget)
        sender.identities()
        staged = sender.stage(letter(world))
        assert sender.stage(letter(world, key=staged.key)) == staged
        sender.release(staged)
        sender.fate(staged, NOW)
        sender.discard(staged)
        assert budget.spent == world.used() - before > 0
