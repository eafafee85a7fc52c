import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime import notices, reasons
from mailweave.mime.headers import Headers
from mailweave.mime.parse import parse
from mailweave.mime.reports import Report, looks_like_report, read

SAMPLES = Path(__file__).parents[1] / "samples" / "reports"
EXPECTED: dict[str, list[str]] = tomllib.loads((SAMPLES / "expected.toml").read_text())
UNREAD = {"x1-02.eml"}
"""A report whose parts are broken: nothing here reads it, and nothing else is made of it."""


def outcomes(raw: bytes) -> list[str]:
    report = read(raw)
    return [
        f"{one.recipient} {one.action} {one.status or '-'} {one.reason or '-'} {one.lasting}"
        for one in (report.outcomes if report else ())
    ]


def looks(raw: bytes) -> bool:
    headers = Headers(parse(raw).headers)
    return looks_like_report(headers, headers.first("From").rpartition("<")[2].strip("<> "))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_servers_of_all_kinds_report_is_read(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    assert outcomes(raw) == EXPECTED[name]
    assert looks(raw) == (bool(EXPECTED[name]) or name in UNREAD)


def test_every_sample_is_expected_to_say_something() -> None:
    assert {path.name for path in SAMPLES.glob("*.eml")} == set(EXPECTED)
    silent = {name for name, said in EXPECTED.items() if not said}
    assert silent - UNREAD == {
        name for name in EXPECTED if name.startswith(("arf", "rfc3834", "not-a-bounce"))
    }


BOUNCE = b"""\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@server.example>
To: ana@quill.example
Subject: Delivery Status Notification (Failure)
In-Reply-To: <ours@quill.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Your message was not delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; server.example
Arrival-Date: Sun, 3 May 2026 14:05:00 +0000

Original-Recipient: rfc822;Bo@Haven.example
Final-Recipient: rfc822;bo@inner.haven.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried
 to reach does not exist.

Final-Recipient: rfc822; cy@haven.example
Action: delayed
Status: 4.4.1
Will-Retry-Until: Mon, 4 May 2026 14:05:00 +0000

Final-Recipient: rfc822; di@haven.example
Action: relayed (to a server that reports no further)
Status: 2.1.9
--b
Content-Type: message/rfc822

Message-ID: <rewritten@server.example>
X-Mailweave-Key: 0123456789abcdef0123456789abcdef
From: ana@quill.example
To: bo@haven.example
Subject: Offer

Hello
--b--
"""


def test_a_report_tells_recipients_apart_and_names_the_message() -> None:
    report = read(BOUNCE)
    assert report is not None
    assert outcomes(BOUNCE) == [
        "bo@haven.example failed 5.1.1 address hard",
        "cy@haven.example delayed 4.4.1 unreachable soft",
        "di@haven.example relayed 2.1.9 - unknown",
    ]
    assert [one.recipient for one in report.bounced] == ["bo@haven.example"]
    assert report.bounced[0].words == "There is no such address there."
    assert report.bounced[0].diagnostic == (
        "550-5.1.1 The email account that you tried to reach does not exist."
    )
    assert report.message_id == "rewritten@server.example"
    assert report.references == ("ours@quill.example",)
    assert report.key == "0123456789abcdef" * 2


def test_our_key_is_ours_or_nothing() -> None:
    forged = BOUNCE.replace(b"0123456789abcdef0123456789abcdef", b"' or 1=1")
    report = read(forged)
    assert report is not None
    assert report.key == ""


def test_a_receipt_is_no_report_and_success_is_no_bounce() -> None:
    receipt = BOUNCE.replace(b"delivery-status; b", b"disposition-notification; b")
    assert read(receipt) is None
    assert not looks(receipt)
    delivered = BOUNCE.replace(b"Action: failed", b"Action: delivered")
    report = read(delivered)
    assert report is not None
    assert report.bounced == ()


def mail(subject: str, body: str, sender: str = "Cy <cy@haven.example>", more: str = "") -> bytes:
    return f"From: {sender}\nTo: ana@quill.example\nSubject: {subject}\n{more}\n{body}".encode()


@pytest.mark.parametrize(
    "raw",
    [
        mail("Automatic reply: Offer", "I no longer work here. Write to bo@haven.example."),
        mail(
            "Out of office",
            "This address is no longer in use; mail to it fails. Use bo@haven.example.",
            more="Return-Path: <>\nAuto-Submitted: auto-replied\n",
        ),
        mail(
            "Automatic reply: mail delivery problem",
            "Write to bo@haven.example instead. My old address says 550 5.1.1 user unknown.",
            more="Return-Path: <>\nAuto-Submitted: auto-replied\n",
        ),
        mail("Re: Undelivered mail", "My mail to bo@haven.example failed, 550 user unknown."),
        mail("Fwd: failure notice", "Look:\n\n<bo@haven.example>: 550 5.1.1 unknown user"),
        mail(
            "Your parcel could not be delivered",
            "We were unable to deliver parcel 4711. Questions: help@parcels.example",
            "Parcels <no-reply@parcels.example>",
            "Auto-Submitted: auto-generated\n",
        ),
        mail("Delivery report for May", "All 12 were delivered. bo@haven.example", more=""),
        mail("Payment failed", "Error 402: the card was refused. billing@shop.example"),
        mail("Weekly digest", "Nothing new.", "postmaster@lists.example"),
    ],
)
def test_what_only_sounds_like_a_bounce_is_none(raw: bytes) -> None:
    assert read(raw) is None


def test_prose_names_the_recipient_and_not_whom_to_ask() -> None:
    raw = mail(
        "Undelivered Mail Returned to Sender",
        "Delivery of your message failed. Ask\n<help@server.example>: they know.\n\n"
        "  bo@haven.example\n    550 5.2.2 Mailbox full\n\n"
        "Received: by server.example\nMessage-ID: <x@quill.example>\n"
        "From: ana@quill.example\nTo: bo@haven.example, cy@haven.example\n\nHello",
        "MAILER-DAEMON@server.example",
    )
    assert outcomes(raw) == ["bo@haven.example failed 5.2.2 full soft"]
    report = read(raw)
    assert report is not None
    assert report.message_id == "x@quill.example"


@pytest.mark.parametrize(
    ("status", "prose", "judged"),
    [
        ("5.1.1", "", ("address", "hard")),
        ("5.1.1", "user's mailbox is full", ("address", "hard")),
        ("5.7.1", "550 No such user here", ("address", "hard")),
        ("5.7.1", "Message rejected as spam", ("spam", "soft")),
        ("5.4.1", "Recipient address rejected: Access denied", ("address", "hard")),
        ("5.7.26", "", ("sender", "soft")),
        ("4.2.1", "account temporarily disabled", ("closed", "soft")),
        ("5.2.1", "account disabled, try again later", ("closed", "soft")),
        ("4.4.7", "", ("expired", "soft")),
        ("4.0.0", "DNS Error: NXDOMAIN", ("domain", "hard")),
        ("5.5.3", "something odd", ("", "unknown")),
        ("4.5.3", "something odd", ("", "soft")),
        ("", "", ("", "unknown")),
    ],
)
def test_reasons(status: str, prose: str, judged: tuple[str, str]) -> None:
    assert reasons.judge(status, prose) == judged
    assert reasons.WORDS[reasons.judge(status, prose)[0]].endswith(".")


def test_codes_are_found_and_addresses_of_hosts_are_none() -> None:
    assert reasons.code_in("host 192.0.2.5 said: 550 5.1.1 <bo@x> unknown") == "5.1.1"
    assert reasons.code_in("5.0.0 (undefined) 550 5.2.2 full") == "5.2.2"
    assert reasons.code_in("5.0.0") == "5.0.0"
    assert reasons.code_in("version 4.5.6.7 of 5.4.3.2") == ""


@pytest.mark.parametrize(
    "body",
    [
        "to " + "\t" * 60_000,
        "a@" * 30_000,
        "to" * 30_000,
        "<" * 60_000,
        "\n".join("550 <a@b.example> user " * 20 for _ in range(1_000)),
        "\n\n".join(f"<p{number}@b.example>: 550 no" for number in range(3_000)),
        "x-a" * 20_000,
    ],
)
def test_hostile_prose_takes_a_moment(body: str) -> None:
    raw = mail("Undelivered mail", f"failed\n{body}", "mailer-daemon@server.example")
    started = time.process_time()
    read(raw)
    assert time.process_time() - started < 3


def test_hostile_parts_take_a_moment() -> None:
    group = b"Final-Recipient: rfc822; p%d@haven.example\nAction: failed\nStatus: 5.1.1\n\n"
    many = BOUNCE.replace(
        b"Final-Recipient: rfc822; cy", b"".join(group % n for n in range(20_000)) + b"Final-X: c"
    )
    parts = BOUNCE.replace(b"--b--", b"--b\nContent-Type: message/delivery-status\n\nx\n" * 900)
    started = time.process_time()
    report = read(many)
    assert read(parts) is not None
    assert time.process_time() - started < 3
    assert report is not None
    assert len(report.outcomes) == 200


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(range(100, len(BOUNCE), 37)))
def test_nothing_makes_it_fall(noise: bytes, place: int) -> None:
    found = read(BOUNCE[:place] + noise + BOUNCE[place:])
    assert found is None or isinstance(found, Report)
    read(b"From: mailer-daemon@x.example\nSubject: failure\n\n" + noise)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_notice_is_split_without_loss_of_its_beginning(text: str) -> None:
    notice = notices.split(text)
    assert text.replace("\r\n", "\n").startswith(notice.text[:20])
