"""What every provider's reader promises, as tests each provider runs against its own world.

Subclass :class:`ReaderContract`, give a fixture ``world`` that makes a :class:`World`, and the
promises of ``mailweave.providers.base`` and ``errors`` are checked for that provider.
"""

import base64
import email
import traceback
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from typing import Any, Protocol

import pytest

from mailweave.kit import clock
from mailweave.providers.base import (
    Budget,
    Changes,
    Fetched,
    Listed,
    Missing,
    Reader,
    Sought,
    StateChange,
    Unreadable,
    Window,
)
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    CursorExpired,
    OverBudget,
    RateLimited,
    Refused,
    Unavailable,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
EVERYTHING = Window(None)
SECOND = timedelta(seconds=1)
"""Some providers tell no fractions of it."""


class World(Protocol):
    """A mailbox somewhere, seen from its owner's other devices and from the provider's cellar."""

    address: str
    account_id: str
    page_size: int
    """How many messages a listing page has at most."""
    quota: tuple[float, float]
    """Units per second and at once that the provider's kind allows itself."""
    units_per_minute: int
    """What the provider allows a mailbox in any sixty seconds."""

    def reader(self, budget: Budget | None = None) -> Reader:
        """A reader of the mailbox; without a budget it may spend what it likes."""
        ...

    def deliver(
        self, raw: bytes, *, role: str = "inbox", seen: bool = False, at: datetime = NOW
    ) -> str:
        """A message arrives; returns its remote id."""
        ...

    def mark_seen(self, remote_id: str) -> None: ...

    def file(self, remote_id: str, folder: str) -> None:
        """Put into a folder a person made, by its name, made when missing."""
        ...

    def archive(self, remote_id: str) -> None: ...

    def trash(self, remote_id: str) -> None: ...

    def delete(self, remote_id: str) -> None: ...

    def advance(self, seconds: float) -> None:
        """Time goes by, here and there."""
        ...

    def expire_history(self) -> None: ...

    def enforce_quota(self) -> None: ...

    def used(self) -> int:
        """Units the provider has counted so far."""
        ...

    def rejected(self) -> int:
        """Calls the provider has turned away for being too many."""
        ...

    def break_down(self, fault: str, times: int | None = None, *, inside: bool = False) -> None:
        """One of quota, concurrent, server_error, reset, html, malformed, gzip_bomb.

        It hits the next ``times`` answers, or all until ``mend``; with ``inside`` only calls for
        one message or thread, also as parts of a larger request.
        """
        ...

    def mend(self) -> None:
        """All is well again."""
        ...

    def secrets(self) -> list[str]:
        """Every token in use."""
        ...

    def revoke(self) -> None:
        """The owner takes the grant back."""
        ...

    def expire_token(self) -> None:
        """The access token ends; the grant stays."""
        ...

    def untick(self) -> None:
        """The grant turns out not to cover mail."""
        ...


def mail(
    subject: str = "Hello", body: str = "Hello there", *, thread: str = "", **headers: str
) -> bytes:
    """A plain message; the same ``thread`` makes replies of those after the first."""
    lines = {
        "From": "Ben Stone <ben@partner.example>",
        "To": "ana@example.com",
        "Subject": subject,
        "Date": "Mon, 04 May 2026 12:00:00 +0000",
        "Message-ID": f"<{abs(hash((subject, body)))}@partner.example>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if thread:
        lines["References"] = lines["In-Reply-To"] = f"<{thread}@partner.example>"
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "\r\n".join(f"{name}: {value}" for name, value in lines.items())
    return f"{head}\r\n\r\n{body}\r\n".encode()


def root(thread: str, subject: str) -> bytes:
    """The first message of a thread."""
    return mail(subject, "First", Message_ID=f"<{thread}@partner.example>")


WITH_ATTACHMENTS = b"""\
From: ben@partner.example\r
To: ana@example.com\r
Subject: Files\r
Date: Mon, 04 May 2026 12:00:00 +0000\r
Message-ID: <files@partner.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=outer\r
\r
--outer\r
Content-Type: multipart/related; boundary=inner\r
\r
--inner\r
Content-Type: text/html; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>Gr=FC=DFe <img src=3D"cid:logo@partner.example"></p>\r
--inner\r
Content-Type: image/png; name="logo.png"\r
Content-Disposition: inline; filename="logo.png"\r
Content-ID: <logo@partner.example>\r
Content-Transfer-Encoding: base64\r
\r
iVBORw0KGgo=\r
--inner--\r
--outer\r
Content-Type: application/octet-stream\r
Content-Disposition: attachment; filename="data.bin"\r
Content-Transfer-Encoding: base64\r
\r
%s\r
--outer--\r
"""
BYTES = bytes(range(256)) * 700 + b"\xff\xfe"
"""Every byte there is, and a length that base64 must pad."""


def with_attachments() -> bytes:
    return WITH_ATTACHMENTS % base64.encodebytes(BYTES).replace(b"\n", b"\r\n")


def listing(reader: Reader, window: Window = EVERYTHING) -> list[Listed]:
    """Every page to the end."""
    listed: list[Listed] = []
    token: str | None = None
    while True:
        page = reader.page(window, token)
        listed += page.listed
        token = page.next_token
        if token is None:
            return listed


def ids(listed: Sequence[Listed]) -> list[str]:
    return [one.remote_id for one in listed]


def fetch_one(reader: Reader, remote_id: str) -> Fetched:
    named = [one for one in listing(reader) if one.remote_id == remote_id]
    (answer,) = [one for one in reader.fetch(named) if one.remote_id == remote_id]
    assert isinstance(answer, Fetched)
    return answer


def follow(reader: Reader, cursor: str) -> Changes:
    """All changes to the end, as one."""
    created: dict[str, StateChange] = {}
    updated: dict[str, StateChange] = {}
    present: dict[str, StateChange] = {}
    destroyed: list[str] = []
    while True:
        told = reader.changes(cursor)
        created |= {one.remote_id: one for one in told.created}
        updated |= {one.remote_id: one for one in told.updated}
        present |= {one.remote_id: one for one in told.present}
        destroyed += told.destroyed
        cursor = told.cursor
        if not told.has_more:
            return Changes(
                created=tuple(created.values()),
                updated=tuple(updated.values()),
                destroyed=tuple(destroyed),
                cursor=cursor,
                has_more=False,
                present=tuple(present.values()),
            )


def settled(world: World, reader: Reader) -> str:
    """A cursor later than all there is, once the provider has enumerated what it must first."""
    world.advance(3600)
    return follow(reader, reader.profile().cursor).cursor


def news(told: Changes) -> dict[str, StateChange]:
    """What was created or updated: which of the two, nobody need tell."""
    return {one.remote_id: one for one in (*told.created, *told.updated)}


def folder_with(reader: Reader, role: str) -> str:
    (found,) = [folder.remote_id for folder in reader.folders() if folder.role == role]
    return found


class ReaderContract:
    """The promises. Each test says one."""

    @pytest.fixture(autouse=True)
    def _time(self) -> Iterator[None]:
        with clock.use(clock.Hands(NOW)):
            yield

    # Who and what

    def test_the_profile_says_whose_mailbox_it_is(self, world: World) -> None:
        world.deliver(mail())
        profile = world.reader().profile()
        assert profile.account_id == world.account_id
        assert profile.address == world.address
        assert profile.messages_total in {1, None}
        assert profile.cursor

    def test_folders_have_their_roles_and_states_are_hidden(self, world: World) -> None:
        world.file(world.deliver(mail()), "Customers/North")
        folders = {folder.role: folder for folder in world.reader().folders() if folder.role}
        assert {"inbox", "sent", "drafts", "junk", "trash"} <= set(folders)
        assert not any(folder.hidden for folder in folders.values())
        made = [one for one in world.reader().folders() if one.name == "Customers/North"]
        assert [(one.role, one.hidden) for one in made] == [("", False)]

    # Listing

    def test_every_message_is_listed_once_over_many_pages(self, world: World) -> None:
        count = 2 * world.page_size + 1
        sent = [world.deliver(mail(f"n {n}"), at=NOW - timedelta(minutes=n)) for n in range(count)]
        assert ids(listing(world.reader())) == sent

    def test_an_empty_mailbox_has_an_empty_last_page(self, world: World) -> None:
        page = world.reader().page(EVERYTHING, None)
        assert page.listed == ()
        assert page.next_token is None

    def test_a_window_keeps_what_is_older_out(self, world: World) -> None:
        since = NOW - timedelta(days=30)
        old = world.deliver(mail("old"), at=since - timedelta(hours=1))
        edge = world.deliver(mail("edge"), at=since)
        new = world.deliver(mail("new"), at=NOW)
        assert ids(listing(world.reader(), Window(since))) == [new, edge]
        assert set(ids(listing(world.reader()))) == {old, edge, new}

    def test_a_window_can_be_limited_to_roles(self, world: World) -> None:
        inbox = world.deliver(mail("in"), at=NOW)
        sent = world.deliver(mail("out"), role="sent", at=NOW - timedelta(minutes=1))
        archived = world.deliver(mail("kept"), at=NOW - timedelta(minutes=2))
        world.archive(archived)
        reader = world.reader()
        assert ids(listing(reader, Window(None, frozenset({"inbox", "sent"})))) == [inbox, sent]
        assert ids(listing(reader, Window(None, frozenset({"sent"})))) == [sent]
        assert ids(listing(reader)) == [inbox, sent, archived]

    def test_drafts_junk_and_bin_are_left_out_unless_asked_for(self, world: World) -> None:
        kept = world.deliver(mail("kept"))
        world.deliver(mail("draft"), role="drafts")
        junk = world.deliver(mail("junk"), role="junk")
        binned = world.deliver(mail("binned"))
        world.trash(binned)
        reader = world.reader()
        assert ids(listing(reader)) == [kept]
        assert ids(listing(reader, Window(None, frozenset({"junk"})))) == [junk]
        assert ids(listing(reader, Window(None, frozenset({"trash"})))) == [binned]

    def test_mail_that_arrives_while_paging_does_not_disturb(self, world: World) -> None:
        sent = [
            world.deliver(mail(f"n {n}"), at=NOW - timedelta(minutes=n + 1))
            for n in range(world.page_size + 5)
        ]
        reader = world.reader()
        first = reader.page(EVERYTHING, None)
        world.deliver(mail("late"), at=NOW)
        second = reader.page(EVERYTHING, first.next_token)
        assert ids([*first.listed, *second.listed]) == sent

    def test_what_a_person_describes_is_found_wherever_it_lies(self, world: World) -> None:
        sent = {"From": "Zoe <zoe@else.example>", "Message_ID": "<lost-1@else.example>"}
        junk = world.deliver(mail("It's the “plan”", **sent), role="junk")
        kept = world.deliver(mail("About the plan"))
        binned = world.deliver(mail("Quite other"))
        world.trash(binned)
        world.deliver(mail("A plan", From="zoe@else.example"), role="drafts")
        reader = world.reader()

        def found(by: Any, text: str) -> set[str]:
            return {one.remote_id for one in reader.find(Sought(by, text))}

        assert found("message_id", "lost-1@else.example") == {junk}
        assert found("message_id", "lost-2@else.example") == set()
        assert found("subject", "plan") == {junk, kept}
        assert found("subject", "It's the") == {junk}
        assert found("subject", "Quite other") == {binned}
        assert found("sender", "zoe@else.example") == {junk}
        assert found("subject", "' or 1 eq 1 or '\"") == set()

    def test_finding_is_booked(self, world: World) -> None:
        world.deliver(mail())
        budget = Budget(rate=0, burst=0, level=0, at=NOW)
        before = world.used()
        world.reader(budget).find(Sought("subject", "Hello"))
        assert 0 < budget.spent == world.used() - before

    def test_states_can_be_listed(self, world: World) -> None:
        unread = world.deliver(mail("unread"))
        read = world.deliver(mail("read"), seen=True)
        out = world.deliver(mail("out"), role="sent", seen=True)
        reader = world.reader()

        def of(state: str) -> set[str]:
            return {one for page in reader.state_of(state) for one in page}

        assert of("unseen") == {unread}
        assert of("inbox") == {unread, read}
        assert of("sent") == {out}
        assert of("flagged") == set()

    # Fetching

    def test_fetch_answers_each_message_exactly_once(self, world: World) -> None:
        world.deliver(root("t1", "Plan"), at=NOW - timedelta(hours=9))
        for n in range(5):
            world.deliver(mail("Re: Plan", f"reply {n}", thread="t1"), at=NOW - timedelta(hours=n))
        for n in range(60):
            world.deliver(mail(f"single {n}"), at=NOW - timedelta(days=n))
        reader = world.reader()
        wanted = listing(reader)
        answers = list(reader.fetch(wanted))
        assert sorted(one.remote_id for one in answers) == sorted(ids(wanted))
        assert all(isinstance(one, Fetched) for one in answers)

    def test_asking_twice_for_the_same_is_answered_once(self, world: World) -> None:
        world.deliver(mail())
        reader = world.reader()
        (one,) = listing(reader)
        assert len(list(reader.fetch([one, one]))) == 1

    def test_nothing_wanted_nothing_spent(self, world: World) -> None:
        reader = world.reader()
        before = world.used()
        assert list(reader.fetch([])) == []
        assert world.used() == before

    def test_a_fetched_message_has_everything_we_keep(self, world: World) -> None:
        raw = mail("Grüße", "Schöne Grüße ✓", X_Twice="one")
        raw = raw.replace(b"X-Twice: one", b"X-Twice: one\r\nX-Twice: two")
        remote_id = world.deliver(raw, at=NOW - timedelta(days=1, milliseconds=500))
        got = fetch_one(world.reader(), remote_id)
        assert got.text is not None
        assert got.text.strip() == "Schöne Grüße ✓"
        assert got.html is None
        assert abs(got.received_at - (NOW - timedelta(days=1, milliseconds=500))) < SECOND
        assert not got.seen
        assert not got.flagged
        assert got.folder_ids
        assert folder_with(world.reader(), "inbox") in got.folder_ids
        names = [name.lower() for name, _ in got.headers]
        assert [value for name, value in got.headers if name == "X-Twice"] == ["one", "two"]
        assert names.index("from") < names.index("subject") < names.index("date")
        assert ("Subject", "Grüße") in got.headers
        assert got.remote_thread_id
        assert got.size > 0
        assert not got.truncated

    def test_read_and_archived_mail_says_so(self, world: World) -> None:
        remote_id = world.deliver(mail(), seen=True)
        world.archive(remote_id)
        got = fetch_one(world.reader(), remote_id)
        assert got.seen
        assert folder_with(world.reader(), "inbox") not in got.folder_ids

    def test_replies_share_a_thread(self, world: World) -> None:
        first = world.deliver(root("t1", "Plan"), at=NOW - timedelta(hours=1))
        second = world.deliver(mail("Re: Plan", thread="t1"))
        other = world.deliver(mail("Else"))
        threads = {one.remote_id: one.remote_thread_id for one in listing(world.reader())}
        assert threads[first] == threads[second] != threads[other]

    def test_mail_that_vanished_is_missing_and_the_rest_comes(self, world: World) -> None:
        kept = [world.deliver(mail(f"kept {n}")) for n in range(3)]
        world.deliver(root("t1", "Plan"), at=NOW - timedelta(hours=1))
        half = world.deliver(mail("Re: Plan", thread="t1"))
        gone = world.deliver(mail("gone"))
        reader = world.reader()
        wanted = listing(reader)
        world.delete(gone)
        world.delete(half)
        answers = {one.remote_id: one for one in reader.fetch(wanted)}
        assert set(answers) == set(ids(wanted))
        assert {one for one, what in answers.items() if isinstance(what, Missing)} == {gone, half}
        assert all(isinstance(answers[one], Fetched) for one in kept)

    def test_attachments_are_told_and_their_bytes_come_whole(self, world: World) -> None:
        remote_id = world.deliver(with_attachments())
        reader = world.reader()
        got = fetch_one(reader, remote_id)
        assert got.html is not None
        assert "Grüße" in got.html
        assert got.text is None
        logo, data = sorted(got.attachments, key=lambda one: one.filename, reverse=True)
        assert (logo.filename, logo.content_type, logo.content_id, logo.inline) == (
            "logo.png", "image/png", "logo@partner.example", True,
        )  # fmt: skip
        assert (data.filename, data.inline, data.size) == ("data.bin", False, len(BYTES))
        assert b"".join(reader.attachment(remote_id, data.part_id)) == BYTES
        assert b"".join(reader.attachment(remote_id, logo.part_id)) == b"\x89PNG\r\n\x1a\n"

    def test_an_attachment_that_is_gone_is_refused(self, world: World) -> None:
        remote_id = world.deliver(with_attachments())
        reader = world.reader()
        data = fetch_one(reader, remote_id).attachments[0]
        with pytest.raises(Refused):
            b"".join(reader.attachment(remote_id, "7.7.7"))
        world.delete(remote_id)
        with pytest.raises(Refused):
            b"".join(reader.attachment(remote_id, data.part_id))

    def test_a_message_comes_raw(self, world: World) -> None:
        """Some providers keep it as it came, others write it anew."""
        remote_id = world.deliver(with_attachments())
        reader = world.reader()
        told = email.message_from_bytes(reader.raw(remote_id, 1_000_000), policy=policy.default)
        assert told.get_content_type() == "multipart/mixed"
        attached = {part.get_filename(): part.get_content() for part in told.iter_attachments()}
        assert attached["data.bin"] == BYTES

    @pytest.mark.parametrize("fault", ["server_error", "reset", "html"])
    def test_a_raw_message_that_cannot_be_had_now(self, fault: str, world: World) -> None:
        remote_id = world.deliver(mail("x"))
        reader = world.reader()
        world.break_down(fault)
        with pytest.raises(Unavailable):
            reader.raw(remote_id, 1_000_000)
        world.mend()
        assert reader.raw(remote_id, 1_000_000)

    def test_a_message_that_is_gone_or_too_large_is_refused(self, world: World) -> None:
        remote_id = world.deliver(with_attachments())
        reader = world.reader()
        whole = len(reader.raw(remote_id, 1_000_000))
        assert len(reader.raw(remote_id, whole)) == whole
        with pytest.raises(Refused):
            reader.raw(remote_id, whole - 1)
        world.delete(remote_id)
        with pytest.raises(Refused):
            reader.raw(remote_id, whole)

    @pytest.mark.parametrize(
        "raw",
        [
            mail("nul \x00 in", "nul \x00 in"),
            mail("x", "here").replace(b"here", b"lone \xed\xa0\xbd, \xff\xfe"),
            mail("here", "y").replace(b"here", b"lone \xed\xa0\xbd, \xff\xfe"),
            mail("x", "y", Content_Type="text/plain; charset=x-unknown"),
            mail("x", "y", Content_Type="text/plain; charset=utf-7"),
            mail("x", "A===", Content_Transfer_Encoding="base64"),
            mail("x", "y", Date="Mon, 04 May 2026 12:00:00 +1700"),
            mail("x", "y", Content_Type="multipart/mixed"),
            mail("x", "y", Content_Type="multipart/mixed; boundary=none"),
            b"",
            b"\r\n\r\n",
            b"no header at all",
            b"Subject: =?utf-8?b?4pyT?= =?x-unknown?q?=FF?=\r\n\r\n",
        ],
        ids=lambda raw: repr(raw[:20] + raw[-20:]),
    )
    def test_mail_nobody_should_send_does_not_stop_us(self, raw: bytes, world: World) -> None:
        remote_id = world.deliver(raw)
        sane = world.deliver(mail("sane"))
        reader = world.reader()
        answers = {one.remote_id: one for one in reader.fetch(listing(reader))}
        assert set(answers) == {remote_id, sane}
        assert isinstance(answers[sane], Fetched)
        assert isinstance(answers[remote_id], Fetched | Unreadable)

    def test_a_nesting_bomb_does_not_stop_us(self, world: World) -> None:
        levels = 300
        inner = b"Content-Type: text/plain\r\n\r\nhello"
        for n in range(levels):
            inner = (
                b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                + inner
                + b"\r\n--b%d--\r\n" % n
            )
        bomb = world.deliver(b"Subject: bomb\r\n" + inner)
        sane = world.deliver(mail("sane"))
        reader = world.reader()
        answers = {one.remote_id: one for one in reader.fetch(listing(reader))}
        assert isinstance(answers[bomb], Fetched | Unreadable)
        assert isinstance(answers[sane], Fetched)

    # Following changes

    def test_nothing_happened(self, world: World) -> None:
        world.deliver(mail())
        reader = world.reader()
        told = follow(reader, settled(world, reader))
        assert (told.created, told.updated, told.destroyed, told.present) == ((), (), (), ())

    def test_new_mail_is_created_with_its_state(self, world: World) -> None:
        reader = world.reader()
        cursor = reader.profile().cursor
        remote_id = world.deliver(mail())
        (one,) = follow(reader, cursor).created
        assert one.remote_id == remote_id
        assert not one.seen
        assert folder_with(reader, "inbox") in one.folder_ids
        assert one.remote_thread_id == fetch_one(reader, remote_id).remote_thread_id

    def test_reading_filing_and_binning_are_updates(self, world: World) -> None:
        read, filed, binned = (world.deliver(mail(f"m {n}")) for n in range(3))
        reader = world.reader()
        cursor = settled(world, reader)
        world.mark_seen(read)
        world.file(filed, "Customers")
        world.trash(binned)
        told = follow(reader, cursor)
        states = news(told)
        assert set(states) == {read, filed, binned}
        assert told.destroyed == ()
        assert states[read].seen
        (customers,) = [one.remote_id for one in reader.folders() if one.name == "Customers"]
        assert customers in states[filed].folder_ids
        assert folder_with(reader, "inbox") not in states[binned].folder_ids
        assert folder_with(reader, "trash") in states[binned].folder_ids

    def test_the_last_event_wins(self, world: World) -> None:
        here = world.deliver(mail("here"))
        reader = world.reader()
        cursor = settled(world, reader)
        world.mark_seen(here)
        world.delete(here)
        kept = world.deliver(mail("kept"))
        gone = world.deliver(mail("gone"))
        world.mark_seen(kept)
        world.archive(kept)
        world.mark_seen(gone)
        world.delete(gone)
        told = follow(reader, cursor)
        (one,) = news(told).values()
        assert (one.remote_id, one.seen) == (kept, True)
        assert folder_with(reader, "inbox") not in one.folder_ids
        assert {here} <= set(told.destroyed) <= {here, gone}

    def test_an_update_agrees_with_what_a_fetch_says(self, world: World) -> None:
        remote_id = world.deliver(mail())
        reader = world.reader()
        cursor = settled(world, reader)
        world.file(remote_id, "Customers")
        world.mark_seen(remote_id)
        (state,) = news(follow(reader, cursor)).values()
        got = fetch_one(reader, remote_id)
        assert set(state.folder_ids) == set(got.folder_ids)
        assert (state.seen, state.flagged) == (got.seen, got.flagged)

    def test_a_cursor_told_can_be_followed_and_repeats_nothing(self, world: World) -> None:
        reader = world.reader()
        first = world.deliver(mail("first"))
        start = settled(world, reader)
        second = world.deliver(mail("second"))
        told = follow(reader, start)
        third = world.deliver(mail("third"))
        again = follow(reader, told.cursor)
        assert list(news(told)) == [second]
        assert list(news(again)) == [third]
        assert first not in {one.remote_id for one in (*told.present, *again.present)}

    def test_what_is_only_there_is_no_news(self, world: World) -> None:
        here = world.deliver(mail("here"))
        world.advance(3600)
        reader = world.reader()
        told = follow(reader, reader.profile().cursor)
        assert news(told) == {}
        assert {one.remote_id for one in told.present} <= {here}

    def test_drafts_are_not_mail_yet(self, world: World) -> None:
        reader = world.reader()
        cursor = reader.profile().cursor
        draft = world.deliver(mail("draft"), role="drafts")
        world.mark_seen(draft)
        told = follow(reader, cursor)
        assert (told.created, told.updated) == ((), ())

    def test_more_changes_than_one_page_all_come(self, world: World) -> None:
        reader = world.reader()
        cursor = reader.profile().cursor
        sent = {world.deliver(mail(f"n {n}")) for n in range(2 * world.page_size + 1)}
        assert {one.remote_id for one in follow(reader, cursor).created} == sent

    def test_an_expired_cursor_says_so(self, world: World) -> None:
        reader = world.reader()
        cursor = settled(world, reader)
        world.deliver(mail())
        world.expire_history()
        with pytest.raises(CursorExpired):
            reader.changes(cursor)
        assert news(follow(reader, settled(world, reader))) == {}

    @pytest.mark.parametrize("cursor", ["", "abc", "9" * 19, "9" * 300, "-1", "1'--"])
    def test_a_cursor_from_nowhere_is_expired(self, cursor: str, world: World) -> None:
        with pytest.raises(CursorExpired):
            world.reader().changes(cursor)

    # The grant

    def test_an_access_token_that_ended_is_replaced_unnoticed(self, world: World) -> None:
        for n in range(4):
            world.deliver(mail(f"m {n}"))
        reader = world.reader()
        world.expire_token()
        wanted = listing(reader)
        world.expire_token()
        assert len(list(reader.fetch(wanted))) == 4

    def test_a_revoked_grant_asks_to_reconnect(self, world: World) -> None:
        world.deliver(mail())
        reader = world.reader()
        asks = self._asks(reader)
        world.revoke()
        for ask in asks:
            with pytest.raises(AuthExpired):
                ask()

    def test_a_missing_permission_asks_for_consent(self, world: World) -> None:
        world.deliver(mail())
        asks = self._asks(world.reader())
        world.untick()
        for ask in asks:
            with pytest.raises(ConsentNeeded):
                ask()

    # Bad days

    def test_a_spent_quota_says_when_to_come_back(self, world: World) -> None:
        for n in range(3):
            world.deliver(mail(f"m {n}"))
        asks = self._asks(world.reader())
        world.break_down("quota")
        for ask in asks:
            with pytest.raises(RateLimited) as caught:
                ask()
            assert NOW < caught.value.retry_at <= NOW + timedelta(hours=24)
            assert caught.value.retry_at.tzinfo is not None

    def test_a_quota_spent_in_the_middle_loses_nothing(self, world: World) -> None:
        for n in range(9):
            world.deliver(mail(f"m {n}"))
        reader = world.reader()
        wanted = listing(reader)
        world.break_down("quota", times=2, inside=True)
        got: list[str] = []
        with pytest.raises(RateLimited):
            got.extend(one.remote_id for one in reader.fetch(wanted))
        assert len(got) <= 7
        world.mend()
        rest = [one for one in wanted if one.remote_id not in got]
        got += [one.remote_id for one in reader.fetch(rest)]
        assert sorted(got) == sorted(ids(wanted))

    @pytest.mark.parametrize("fault", ["server_error", "concurrent"])
    def test_a_few_failures_inside_a_fetch_are_tried_again(self, fault: str, world: World) -> None:
        for n in range(9):
            world.deliver(mail(f"m {n}"))
        reader = world.reader()
        wanted = listing(reader)
        world.break_down(fault, times=3, inside=True)
        assert sorted(one.remote_id for one in reader.fetch(wanted)) == sorted(ids(wanted))

    @pytest.mark.parametrize("fault", ["server_error", "reset", "html", "malformed"])
    def test_a_bad_answer_is_unavailable_and_passes(self, fault: str, world: World) -> None:
        for n in range(3):
            world.deliver(mail(f"m {n}"))
        reader = world.reader()
        asks = self._asks(reader)
        world.break_down(fault)
        for ask in asks:
            with pytest.raises(Unavailable):
                ask()
        world.mend()
        assert len(list(reader.fetch(listing(reader)))) == 3

    def test_a_gzip_bomb_is_refused_without_filling_the_memory(self, world: World) -> None:
        world.deliver(mail())
        reader = world.reader()
        world.break_down("gzip_bomb")
        tracemalloc.start()
        with pytest.raises((Unavailable, Refused)):
            reader.page(EVERYTHING, None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 150 * 1024 * 1024

    def test_errors_tell_no_secret(self, world: World) -> None:
        reader = world.reader()
        world.revoke()
        with pytest.raises(AuthExpired) as caught:
            reader.profile()
        told = "".join(traceback.format_exception(caught.value))
        assert "AuthExpired" in told
        assert not any(secret in told for secret in world.secrets())

    # The budget

    def test_every_unit_is_booked(self, world: World) -> None:
        for n in range(5):
            world.deliver(mail(f"m {n}"))
        world.deliver(with_attachments())
        budget = Budget(0.0, 0.0, 0.0, NOW)
        reader = world.reader(budget)
        before = world.used()
        cursor = reader.profile().cursor
        reader.folders()
        wanted = listing(reader)
        answers = list(reader.fetch(wanted))
        (remote_id, part_id), *_ = [
            (one.remote_id, one.attachments[0].part_id)
            for one in answers
            if isinstance(one, Fetched) and one.attachments
        ]
        list(reader.attachment(remote_id, part_id))
        reader.raw(remote_id, 1_000_000)
        follow(reader, cursor)
        assert budget.spent == world.used() - before > 0

    def test_a_fetch_stays_inside_its_budget_and_uses_it(self, world: World) -> None:
        """Two minutes of reading: never turned away, and hardly anything left unused."""
        for n in range(700):
            world.deliver(mail(f"m {n}"), at=NOW - timedelta(minutes=n))
        # By id alone: where moments make it cheaper, the mailbox would have to be huge.
        named = [replace(one, received_at=None) for one in listing(world.reader())]
        wanted = {one.remote_id: one for one in named}
        world.advance(601)
        world.enforce_quota()
        start, used, rejected = clock.now(), world.used(), world.rejected()
        rate, burst = world.quota
        budget = Budget(rate, burst, burst, start)
        reader = world.reader(budget)
        while clock.now() < start + timedelta(minutes=2):
            try:
                for one in reader.fetch(list(wanted.values())[:100]):
                    del wanted[one.remote_id]
            except OverBudget as full:
                assert budget.level_at(clock.now()) >= 0
                pause = (full.retry_at - clock.now()).total_seconds()
                assert 0 < pause < 10
                world.advance(pause)
        assert wanted, "the mailbox was too small for this test"
        assert world.rejected() == rejected
        assert world.used() - used >= 0.95 * 2 * world.units_per_minute

    def _asks(self, reader: Reader) -> list[Callable[[], Any]]:
        """Every question, to be asked of a mailbox in trouble."""
        wanted, cursor = listing(reader), reader.profile().cursor
        return [
            reader.profile,
            reader.folders,
            lambda: reader.page(EVERYTHING, None),
            lambda: reader.changes(cursor),
            lambda: list(reader.state_of("inbox")),
            lambda: list(reader.fetch(wanted)),
            lambda: list(reader.fetch(wanted[:1])),
            lambda: list(reader.attachment(wanted[0].remote_id, "")),
        ]
