"""What is kept of a message, whatever it is made of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailweave.mail import arrival
from mailweave.mail.models import Participant
from mailweave.providers.base import Attachment
from tests.makers_arrivals import ADA, MARA, fetch, read

Role = Participant.Role


def test_the_same_mail_is_the_same_wherever_it_lies() -> None:
    one = fetch("a", text="Dear all,\r\nhello", html="<p>Hi", remote_id="1")
    other = fetch(
        "a", text="Dear all,\nhello ", html="<p>Hi", remote_id="2", folders=["Label_7"], seen=False
    )
    assert read(one).identity == read(other, mailbox_id=2).identity


@pytest.mark.parametrize(
    "other",
    [
        fetch("a", sender="eve@attacker.example", text="x"),
        fetch("a", text="y"),
        fetch("a", text="x", subject="Other"),
        fetch("a", text="x", minute=1),
        fetch("b", text="x"),
    ],
    ids=["sender", "text", "subject", "date", "id"],
)
def test_a_repeated_message_id_proves_nothing(other: object) -> None:
    assert read(fetch("a", text="x")).identity != read(other).identity  # type: ignore[arg-type]


def test_only_another_body_keeps_it_in_the_family() -> None:
    one = read(fetch("a", text="x")).identity
    assert read(fetch("a", text="y")).identity[: arrival.FAMILY] == one[: arrival.FAMILY]
    assert (
        read(fetch("a", text="x", html="<p>z")).identity[: arrival.FAMILY] == one[: arrival.FAMILY]
    )
    assert read(fetch("a", text="x", html="<p>z")).identity != one
    assert read(fetch("a", text="x", minute=1)).identity[: arrival.FAMILY] != one[: arrival.FAMILY]


def test_without_message_id_a_message_is_its_copy() -> None:
    one = fetch(remote_id="1", text="x")
    assert read(one).identity == read(one).identity
    assert read(one).identity != read(one, mailbox_id=2).identity
    assert read(one).identity != read(fetch(remote_id="2", text="x")).identity
    assert (read(one).message_id, read(one).keys) == ("", ())


def test_only_the_sent_folder_makes_a_message_ours() -> None:
    assert read(fetch("a", sender=ADA, to=[ADA])).direction == "in"
    assert read(fetch("a", sender=MARA, sent=True)).direction == "out"
    assert read(fetch("a", folders=["SENT", "INBOX"])).direction == "out"


def test_bcc_is_no_participant() -> None:
    read_ = read(fetch("a", headers=[("Bcc", "Hidden <Hidden@Acme.example>, x@y.example")]))
    assert read_.bcc == ("hidden@acme.example", "x@y.example")
    assert "hidden" not in " ".join(one.address for one in read_.people)


def test_people_by_role_each_address_once() -> None:
    more = [("Sender", "robot@acme.example"), ("Reply-To", "Answers <desk@acme.example>")]
    found = read(fetch("a", "Mara <MARA@Acme.example>", [ADA, ADA], cc=[ADA], headers=more)).people
    assert [(one.address, one.role, one.name) for one in found] == [
        (MARA, Role.FROM, "Mara"),
        ("robot@acme.example", Role.SENDER, ""),
        ("desk@acme.example", Role.REPLY_TO, "Answers"),
        (ADA, Role.TO, ""),
        (ADA, Role.CC, ""),
    ]


def test_sender_stands_in_for_from() -> None:
    no_from = read(fetch("a", "", headers=[("Sender", MARA)])).sender
    assert no_from is not None
    assert no_from.address == MARA
    assert read(fetch("a", "")).sender is None
    both = read(fetch("a", MARA, headers=[("Sender", "x@y.example")])).sender
    assert both is not None
    assert both.address == MARA


def test_the_message_answered_last_is_named() -> None:
    found = read(fetch("c", refs=["a", "b"]))
    assert found.in_reply_to == "b"
    assert found.keys == tuple(map(arrival.hash_id, ["c", "a", "b"]))


def test_a_thousand_references_are_cut() -> None:
    found = read(fetch("c", refs=[f"r{n}" for n in range(1000)]))
    assert len(found.keys) == 1 + arrival.MAX_KEYS
    assert arrival.hash_id("r999") in found.keys


RECEIVED = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        ("Mon, 02 Feb 2026 09:30:00 +0100", datetime(2026, 2, 2, 8, 30, tzinfo=UTC)),
        ("Mon, 02 Feb 2026 08:00:00 +1700", datetime(2026, 2, 1, 15, 0, tzinfo=UTC)),
        ("Mon, 02 Feb 2026 09:30:00 +0000", RECEIVED),
        ("Tue, 05 May 2099 09:30:00 +0000", RECEIVED),
        ("Mon, 02 Feb 0102 08:00:00 +0000", datetime(2002, 2, 2, 8, 0, tzinfo=UTC)),
        ("Mon, 02 Feb 1066 08:00:00 +0000", RECEIVED),
        ("Mon, 02 Feb 99999 08:00:00 +0000", RECEIVED),
        ("soon", RECEIVED),
        ("", RECEIVED),
    ],
)
def test_a_date_is_believed_if_it_can_be(date: str, sent_at: datetime) -> None:
    one = fetch("a", received_at=RECEIVED)
    headers = tuple(pair for pair in one.headers if pair[0] != "Date")
    found = read(replace(one, headers=(*headers, ("Date", date))))
    assert (found.sent_at, found.received_at) == (sent_at, RECEIVED)


NASTY = "a\x00b\ud800c\udc80d"


def test_nothing_comes_through_that_a_database_refuses() -> None:
    part = Attachment(f"1{NASTY}", NASTY, f"text/{NASTY}", -5, NASTY, inline=False)
    one = fetch(
        f"id{NASTY}",
        f'"{NASTY}" <{MARA}>',
        [f"x{NASTY}@y.example", ADA],
        subject=NASTY,
        text=NASTY,
        html=f"<p>{NASTY}",
        refs=[f"r{NASTY}"],
        headers=[("X-Nasty", NASTY), (NASTY, "x"), ("Bcc", f"b{NASTY}@y.example")],
        parts=[part],
    )
    found = read(one)
    written = [found.subject, found.text, found.indexed, found.preview, found.message_id]
    written += [found.in_reply_to, *(f"{p.address}{p.name}" for p in found.people), *found.bcc]
    for kept in found.parts:
        written += [kept.part_id, kept.filename, kept.content_type, kept.content_id]
        assert kept.size == 0
    assert found.html_zstd
    written += [arrival.decompress(found.html_zstd), arrival.decompress(found.headers_zstd)]
    for text in written:
        assert "\x00" not in text
        text.encode()


def test_everything_has_its_limit() -> None:
    crowd = [f"p{n}@crowd.example" for n in range(10_000)]
    parts = [Attachment(str(n), "f" * 999, "x/y", 1, "", inline=False) for n in range(999)]
    found = read(
        fetch(
            "k" * 900,
            f"{'N' * 999} <{MARA}>",
            crowd,
            subject="s" * 10_000,
            text="word " * 2**19,
            html="<p>" * 2**21,
            headers=[(f"X-{n}", "v" * 1000) for n in range(10_000)],
            parts=parts,
        )
    )
    assert len(found.people) == arrival.MAX_PEOPLE
    assert found.people[0].address == MARA
    assert len(found.people[0].name) == 200
    assert len(found.subject) == 2000
    assert len(found.text) == arrival.MAX_TEXT
    assert len(found.indexed) <= arrival.MAX_INDEXED
    assert len(found.preview) <= 200
    assert len(found.parts) == arrival.MAX_PARTS
    assert found.truncated
    assert found.html_zstd
    assert len(arrival.decompress(found.html_zstd)) == arrival.MAX_HTML
    assert len(arrival.decompress(found.headers_zstd)) == arrival.MAX_HEADERS


def test_small_things_are_whole() -> None:
    found = read(fetch("a", text="Hello\n> quoted", html="<p>Hello</p>"))
    assert (found.text, found.indexed, found.truncated) == ("Hello\n> quoted", "Hello", False)
    assert arrival.decompress(found.html_zstd or b"") == "<p>Hello</p>"
    assert "Message-ID: <a>" in arrival.decompress(found.headers_zstd)


def test_html_alone_gives_the_words() -> None:
    found = read(fetch("a", text="", html="<style>p{}</style><p>Only <b>here</b></p>"))
    assert found.preview == "Only here"
    assert found.indexed == "Only here"
    assert found.text == ""


def test_an_attachment_that_claims_anything() -> None:
    part = Attachment("1", "=?utf-8?q?a=0D=0Ab?=.pdf", "Te/xt; evil", 5, "c", inline=True)
    kept = read(fetch("a", parts=[part])).parts[0]
    assert kept.content_type == "application/octet-stream"
    assert "\n" not in kept.filename
