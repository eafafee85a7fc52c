"""Mail that arrives while somebody watches: a new question, or an answer in a known thread."""

import tomllib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from functools import cache
from html import escape
from pathlib import Path
from random import Random

from sandbox.world import post, tongues
from sandbox.world.cast import Actor, Cast, cast
from sandbox.world.facts import facts
from sandbox.world.mail import Mail, new_id, write
from sandbox.world.plays import Play, plays, word_it
from sandbox.world.shapes import Delivery, World
from sandbox.world.styles import Ink, Said
from sandbox.world.threads import opening
from sandbox.world.wire import Mailbox

ROOMS = {"owner": "sales"}


@cache
def lines() -> dict[str, list[str]]:
    """What people write when a thread goes on, by language."""
    given: dict[str, list[str]] = tomllib.loads(
        Path(__file__).with_name("arrivals.toml").read_text(encoding="utf-8")
    )
    return given


def arrive(world: World, index: int, now: datetime, mailbox: str | None) -> Delivery:
    """See World.arrive."""
    rng = Random(f"{world.seed}:arrive:{index}")
    people = cast()
    us = people.ours[index % len(people.ours)]
    if mailbox is not None:
        us = next((one for one in people.ours if one.person.address == mailbox), us)
    at = now.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=45)
    mail = answer(rng, world, people, us, at) if index % 3 == 2 else None
    mail = mail or question(rng, people, us, at)
    address = mailbox or us.person.address
    raw = post.road(mail, address, at, rng) + post.render(mail)
    tags = mail.tags | {"unread", "new"}
    return Delivery(address, raw, ("INBOX", "UNREAD"), now.astimezone(UTC), tags)


def question(rng: Random, people: Cast, us: Actor, at: datetime) -> Mail:
    """The first mail of a play that fits our person's work."""
    room = ROOMS.get(us.role, us.role)
    fitting = [one for one in plays() if one.room == room and one.turns[0].who == "them"]
    play = rng.choice([one for one in fitting if candidates(people, one)])
    return opening(rng, people, play, rng.choice(candidates(people, play)), us, at)


def candidates(people: Cast, play: Play) -> list[Actor]:
    """Correspondents a play can be played with."""
    return [one for one in people.others if one.kind in play.cast and one.language == play.language]


def answer(rng: Random, world: World, people: Cast, us: Actor, at: datetime) -> Mail | None:
    """The next mail of one of the latest threads in the mailbox; None if there is none."""
    known = {one.person.address: one for one in people.others}
    mine = [one for one in world.deliveries if one.mailbox == us.person.address]
    for delivery in rng.sample(mine[-60:], len(mine[-60:])):
        message = message_from_bytes(delivery.raw)
        there = getaddresses([str(message["From"]), str(message["To"])])
        author = next((known[address] for _, address in there if address in known), None)
        if author and "thread" in delivery.tags:
            return reply(rng, message, author, us, delivery, at)
    return None


def reply(
    rng: Random, message: Message, author: Actor, us: Actor, delivery: Delivery, at: datetime
) -> Mail:
    """What the author writes on top of the message."""
    language, tongue = author.language, tongues.TONGUES[author.language]
    known = facts(rng, plays()[0], at, language)
    text = word_it(rng, rng.choice(lines()[language]), known)
    hello = rng.choice(tongue.hello).format(call=us.call)
    text = f"{hello}\n\n{text}\n\n{rng.choice(tongue.bye)}\n{author.first}"
    subject = shown(message, "Subject")
    subject = subject if subject.lower().startswith(("re:", "aw:", "ynt:")) else f"Re: {subject}"
    head = Said(author.box, (us.box,), (), subject, at.astimezone(author.timezone), "", "")
    ink = Ink(author.client, language, text, above=above(message, delivery))
    written = write(rng, author, ink, head)
    ids = (*str(message.get("References", "")).split(), str(message["Message-ID"]))
    return Mail(
        head.at,
        author.box,
        head.to,
        subject,
        written.body,
        new_id(rng, author.box, author.client),
        references=ids,
        charset=author.charset,
        client=author.client,
        tags=written.tags | {"thread", f"lang:{language}"},
    )


def above(message: Message, delivery: Delivery) -> Said:
    """The message as the answer quotes it."""
    part = next((one for one in message.walk() if one.get_content_type() == "text/plain"), message)
    data = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    text = data.decode(charset, errors="replace") if isinstance(data, bytes) else ""
    text = text.replace("\r\n", "\n").strip()
    name, address = getaddresses([shown(message, "From")])[0]
    html = "<br>\n".join(escape(line) for line in text.split("\n"))
    return Said(Mailbox(name, address), (), (), "", delivery.received_at, text, html)


def shown(message: Message, name: str) -> str:
    """A header with its encoded-words decoded."""
    return " ".join(str(make_header(decode_header(str(message.get(name, ""))))).split())
