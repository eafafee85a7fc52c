"""Machines that answer: bounces (RFC 3464), out-of-office (RFC 3834), receipts (RFC 8098)."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from sandbox.world import post, tongues, wire
from sandbox.world.cast import Actor, Cast
from sandbox.world.mail import Mail, boundary, new_id
from sandbox.world.wire import CRLF, Mailbox, Part

BOUNCES, AWAY, RECEIPTS = 16, 34, 4


@cache
def wording() -> dict[str, Any]:
    """What robots.toml holds."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def mails(rng: Random, cast: Cast, now: datetime, written: list[Mail]) -> Iterator[Mail]:
    """Answers to mail of ours among `written`."""
    people = {one.person.address: one for one in cast.others}
    ours = {one.person.address for one in cast.ours}
    late = now - timedelta(hours=1)
    sent = [
        mail
        for mail in written
        if mail.sender.address in ours and mail.to[0].address in people and mail.at < late
    ]
    chosen = rng.sample(sent, min(len(sent), BOUNCES + AWAY + RECEIPTS))
    for number, mail in enumerate(chosen):
        other = people[mail.to[0].address]
        if number < BOUNCES:
            yield bounce(rng, mail, other, wording()["bounce"][number % 4])
        elif number < BOUNCES + AWAY:
            yield away(rng, mail, other)
        else:
            yield receipt(rng, mail, other)


def bounce(rng: Random, mail: Mail, other: Actor, kind: dict[str, str]) -> Mail:
    """The postmaster's report, with the mail it is about."""
    host = other.person.address.partition("@")[2]
    known = {
        "name": other.person.name,
        "address": other.person.address,
        "subject": mail.subject or "",
        "host": host,
    }
    status = CRLF.join(
        (
            f"Reporting-MTA: dns; mx.{host}",
            f"Arrival-Date: {mail.at:%a, %d %b %Y %H:%M:%S %z}",
            "",
            f"Final-Recipient: rfc822; {other.person.address}",
            f"Action: {kind['action']}",
            f"Status: {kind['status']}",
            f"Diagnostic-Code: smtp; {kind['diagnostic'].format_map(known)}",
            "",
        )
    )
    content = wire.multi(
        "report; report-type=delivery-status",
        boundary(rng, "postmaster"),
        wire.text(kind["text"].format_map(known)),
        Part((("Content-Type", "message/delivery-status"),), status.encode()),
        returned(rng, mail),
    )
    return answer(
        rng,
        mail,
        Mailbox(kind["from"], f"mailer-daemon@{host}"),
        kind["subject"].format_map(known),
        content,
        (("Auto-Submitted", "auto-replied"),),
        frozenset({"bounce"}),
    )


def returned(rng: Random, mail: Mail) -> Part:
    """The mail that came back: whole, or its headers only."""
    raw = post.render(mail)
    if rng.random() < 0.6:
        return wire.enclosed(raw)
    return Part((("Content-Type", "text/rfc822-headers"),), raw.partition(b"\r\n\r\n")[0] + b"\r\n")


def away(rng: Random, mail: Mail, other: Actor) -> Mail:
    """An out-of-office reply in the language of the one who is out."""
    language = other.language
    subject, _, text = rng.choice(wording()["away"][language]).partition("|")
    known = {
        "subject": mail.subject or "",
        "date": tongues.day(language, mail.at + timedelta(days=rng.randrange(3, 16))),
        "name": other.person.name,
    }
    extra = (
        ("Auto-Submitted", "auto-replied"),
        ("X-Auto-Response-Suppress", "All"),
        ("Precedence", "auto_reply"),
    )
    return answer(
        rng,
        mail,
        other.box,
        subject.format_map(known),
        wire.text(text.format_map(known), "plain", other.charset),
        extra,
        frozenset({"auto-reply", "plain-only", f"lang:{language}"}),
        other.charset,
    )


def receipt(rng: Random, mail: Mail, other: Actor) -> Mail:
    """A read receipt."""
    notice = CRLF.join(
        (
            f"Final-Recipient: rfc822; {other.person.address}",
            f"Original-Message-ID: {mail.message_id}",
            "Disposition: manual-action/MDN-sent-manually; displayed",
            "",
        )
    )
    content = wire.multi(
        "report; report-type=disposition-notification",
        boundary(rng, "outlook"),
        wire.text(f"Your message\n\n   Subject: {mail.subject}\n\nwas read.\n"),
        Part((("Content-Type", "message/disposition-notification"),), notice.encode()),
    )
    tags = frozenset({"receipt", "auto-reply"})
    return answer(rng, mail, other.box, f"Read: {mail.subject}", content, (), tags)


def answer(
    rng: Random,
    mail: Mail,
    sender: Mailbox,
    subject: str,
    body: Part,
    extra: tuple[tuple[str, str], ...],
    tags: frozenset[str],
    charset: str = "utf-8",
) -> Mail:
    """A machine's answer, seconds after the mail."""
    return Mail(
        mail.at + timedelta(seconds=rng.randrange(3, 90)),
        sender,
        (mail.sender,),
        subject,
        body,
        new_id(rng, sender, "robot"),
        references=(mail.message_id,),
        extra=extra,
        charset=charset,
        client="robot",
        tags=tags,
    )
