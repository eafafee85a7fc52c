"""A mailing list: mail that is addressed to the list and comes to those who read it."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sandbox.world import styles, wire
from sandbox.world.cast import Cast
from sandbox.world.mail import Mail, new_id
from sandbox.world.styles import Ink, Said
from sandbox.world.wire import Mailbox

NAME = "port-software"
DOMAIN = "lists.coastal-operators.example"
LIST = Mailbox("", f"{NAME}@{DOMAIN}")
FOOTER = (
    f"_______________________________________________\n{NAME} mailing list\nhttps://{DOMAIN}/{NAME}"
)
HEADERS = (
    ("List-Id", f"Software for ports <{NAME}.{DOMAIN}>"),
    ("List-Post", f"<mailto:{NAME}@{DOMAIN}>"),
    ("List-Unsubscribe", f"<https://{DOMAIN}/{NAME}/leave>,\r\n <mailto:{NAME}-leave@{DOMAIN}>"),
    ("Precedence", "list"),
    ("Sender", f"{NAME}-bounces@{DOMAIN}"),
)


def mails(rng: Random, cast: Cast, now: datetime) -> Iterator[Mail]:
    """Every thread once, spread over the time."""
    threads = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    readers = tuple(one.person.address for one in cast.role("support"))
    ours = {one.person.name: one.box for one in cast.ours}
    every = threads["thread"]
    for number, thread in enumerate(every):
        start = now - timedelta(
            days=520 * (len(every) - number) / len(every), hours=rng.randrange(9)
        )
        yield from told(rng, thread, start, now, readers, ours)


def told(
    rng: Random,
    thread: dict[str, list[str]],
    start: datetime,
    now: datetime,
    readers: tuple[str, ...],
    ours: dict[str, Mailbox],
) -> Iterator[Mail]:
    """The mails of one thread."""
    at, above = start, None
    references: tuple[str, ...] = ()
    for line in thread["said"]:
        name, _, text = line.partition(": ")
        sender = ours.get(name) or Mailbox(
            name, f"{name.lower().replace(' ', '.')}@sailnet.example"
        )
        subject = ("" if above is None else "Re: ") + f"[{NAME}] {thread['subject']}"
        ink = Ink("plain", "en", text, (name,), above=above)
        plain = styles.plain(ink)
        body = wire.text(f"{plain}\n{FOOTER}\n", "plain", "us-ascii")
        if at >= now:
            return
        letter = Mail(
            at,
            sender,
            (LIST,),
            subject,
            body,
            new_id(rng, sender, "plain"),
            references=references,
            extra=HEADERS,
            client="plain",
            tags=frozenset({"mailing-list", "plain-only", "thread", "lang:en"}),
            reach=tuple(reader for reader in readers if reader != sender.address),
        )
        yield letter
        references = (*references, letter.message_id)
        above = Said(sender, (LIST,), (), subject, at, plain, "")
        at += timedelta(hours=rng.uniform(1, 40))
