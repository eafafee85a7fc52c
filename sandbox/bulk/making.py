"""Makes bulk mail: threads that interleave, each mail answering the one before."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from sandbox.bulk import markup
from sandbox.bulk.stock import Stock, gather
from sandbox.world.shapes import Delivery

OPEN_THREADS = 300
STARTS = 0.29
HTML = 0.74
ATTACHED = 0.15
OURS = 0.3
SPAN = timedelta(days=730)


@dataclass(slots=True)
class Talk:
    """A thread under way."""

    subject: str
    people: list[str]
    outlook: bool
    references: list[str] = field(default_factory=list)
    sender: str = ""
    at: str = ""
    text: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)

    @property
    def quote(self) -> list[str]:
        """What the next mail quotes: the last text and the one before it."""
        return self.text + self.older


def generate(n: int, seed: int = 1, *, mailbox: str, now: datetime) -> Iterator[Delivery]:
    """`n` mails for one mailbox over two years, oldest first, the last just before `now` (aware).

    The same arguments give the same bytes. Memory stays flat however large `n` is.
    """
    rng = Random(f"{seed}:bulk:{mailbox}")
    stock = gather(rng)
    talks: list[Talk] = []
    start, pace = now.astimezone(UTC).replace(microsecond=0) - SPAN, SPAN / max(n, 1)
    for number in range(n):
        talk = pick(rng, stock, talks)
        yield one(rng, stock, talk, mailbox, start + pace * number, f"{seed}.{number}")


def pick(rng: Random, stock: Stock, talks: list[Talk]) -> Talk:
    """A thread to go on with, or a new one; old ones are forgotten."""
    if talks and rng.random() > STARTS:
        return rng.choice(talks)
    subject = " ".join(rng.choice(stock.sentences).rstrip(".").split(" ")[:6])
    people = rng.sample(stock.people, rng.choice((2, 3, 3, 4, 4, 5, 6)))
    talks.append(Talk(subject, people, rng.random() < 0.5))
    if len(talks) > OPEN_THREADS:
        talks.pop(0)
    return talks[-1]


def one(rng: Random, stock: Stock, talk: Talk, mailbox: str, at: datetime, number: str) -> Delivery:
    """The next mail of a thread; the thread moves on."""
    ours = rng.random() < OURS
    sender = f"Our Mailbox <{mailbox}>" if ours else rng.choice(talk.people)
    stamp, message_id = format_datetime(at), f"<{number}.{rng.getrandbits(48):012x}@bulk.example>"
    paragraphs = write(rng, stock, f"{number.replace('.', '-')}-{rng.getrandbits(32):08x}")
    lines = heading(talk, mailbox, sender, ours, stamp, message_id)
    content, tags = body(rng, talk, paragraphs, message_id[1:20])
    if rng.random() < ATTACHED:
        content = markup.attached(content, rng.choice(stock.files), f"mix_{message_id[1:20]}")
        tags.add("attachment")
    talk.older, talk.text, talk.sender, talk.at = talk.text, paragraphs, sender, stamp
    talk.references.append(message_id)
    raw = "\r\n".join(lines).encode() + b"\r\n" + content
    return Delivery(mailbox, raw, ("SENT",) if ours else ("INBOX",), at, frozenset(tags))


def write(rng: Random, stock: Stock, reference: str) -> list[str]:
    """A few paragraphs and a reference number that occurs nowhere else."""
    paragraphs = [
        " ".join(rng.choices(stock.sentences, k=rng.randrange(2, 6)))
        for _ in range(rng.randrange(2, 7))
    ]
    return [*paragraphs, f"Reference {reference}."]


def heading(
    talk: Talk, mailbox: str, sender: str, ours: bool, stamp: str, message_id: str
) -> list[str]:
    """Header lines without those about the content."""
    others = [one for one in talk.people if one != sender]
    to = others[:1] if ours else [f"Our Mailbox <{mailbox}>"]
    copies = others[1:] if ours else others
    lines = [] if ours else road(mailbox, stamp, message_id)
    lines += ["MIME-Version: 1.0", f"From: {sender}", "To: " + ",\r\n ".join(to)]
    lines += ["Cc: " + ",\r\n ".join(copies)] if copies else []
    lines.append(f"Subject: {'Re: ' if talk.references else ''}{talk.subject}")
    lines += [f"Date: {stamp}", f"Message-ID: {message_id}"]
    if talk.references:
        lines.append(f"In-Reply-To: {talk.references[-1]}")
        lines.append("References: " + "\r\n ".join(talk.references[-10:]))
    return lines


def road(mailbox: str, stamp: str, message_id: str) -> list[str]:
    """Trace headers of received mail."""
    return [
        f"Delivered-To: {mailbox}",
        (
            "Received: from mx.firm.example (mx.firm.example. [198.51.100.7])\r\n"
            f"        by mx.example with ESMTPS id {message_id[1:12]}\r\n"
            f"        for <{mailbox}>; {stamp}"
        ),
        (
            "Authentication-Results: mx.example;\r\n"
            "       dkim=pass header.i=@firm.example header.s=mail1;\r\n"
            "       spf=pass smtp.mailfrom=firm.example"
        ),
    ]


def body(rng: Random, talk: Talk, paragraphs: list[str], seam: str) -> tuple[bytes, set[str]]:
    """Plain text, and mostly HTML beside it, each with the quote."""
    line = f"On {talk.at}, {talk.sender} wrote:"
    plain = "\r\n\r\n".join(paragraphs)
    if talk.text:
        plain += f"\r\n\r\n{line}\r\n> " + "\r\n>\r\n> ".join(talk.quote) + "\r\n"
    text = markup.text(plain, "plain")
    if rng.random() > HTML:
        return text, set()
    if talk.outlook:
        head = (("From", talk.sender), ("Sent", talk.at), ("Subject", talk.subject))
        page = markup.outlook(paragraphs, talk.quote, head)
    else:
        page = markup.gmail(paragraphs, talk.quote, line)
    return markup.multipart("alternative", f"alt_{seam}", text, markup.text(page, "html")), {"html"}
