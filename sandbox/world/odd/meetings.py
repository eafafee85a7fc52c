"""Invitations with a calendar part, the answers to them, and a cancellation now and then."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from sandbox.world import files, tongues, wire
from sandbox.world.cast import Actor, Cast
from sandbox.world.mail import Mail, boundary, mark, new_id
from sandbox.world.wire import Part

TITLES = (
    "Walk through the plan with {company}",
    "{company}: kick-off",
    "Demo for {company}",
    "Quarterly review, {company}",
    "Contract questions, {company}",
    "Tide gauge on site, {company}",
)
COUNT = 34
WORDS = {
    "REQUEST": "Invitation: ",
    "REPLY": "Accepted: ",
    "CANCEL": "Cancelled event: ",
}


def mails(rng: Random, cast: Cast, now: datetime) -> Iterator[Mail]:
    """Invitations to and from our people, most of them accepted."""
    partners = [one for one in cast.others if one.kind in {"customer", "prospect", "supplier"}]
    for _ in range(COUNT):
        ours, other = rng.choice(cast.ours[:5]), rng.choice(partners)
        host, guest = (ours, other) if rng.random() < 0.6 else (other, ours)
        at = now - timedelta(days=rng.uniform(1, 530))
        start = (at + timedelta(days=rng.randrange(2, 9))).replace(
            hour=rng.randrange(8, 16), minute=0, second=0, microsecond=0
        )
        title = rng.choice(TITLES).format(company=other.person.company)
        uid = f"{mark(rng)}@calendar.{host.person.address.partition('@')[2]}"
        first = meeting(rng, host, guest, title, uid, start, at, "REQUEST", ())
        yield first
        if rng.random() < 0.75:
            later, ids = at + timedelta(hours=rng.uniform(0.2, 20)), (first.message_id,)
            yield meeting(rng, guest, host, title, uid, start, later, "REPLY", ids)
        elif rng.random() < 0.5:
            later, ids = at + timedelta(hours=rng.uniform(1, 22)), (first.message_id,)
            yield meeting(rng, host, guest, title, uid, start, later, "CANCEL", ids)


def meeting(
    rng: Random,
    author: Actor,
    reader: Actor,
    title: str,
    uid: str,
    start: datetime,
    at: datetime,
    method: str,
    references: tuple[str, ...],
) -> Mail:
    """One calendar mail: text, HTML and calendar as alternatives, and the file."""
    when = f"{tongues.weekday('en', start)}, {tongues.day('en', start)} {start:%Y, %H:%M} (UTC)"
    plain = f"{title}\n\nWhen: {when}\nWho: {author.person.name}, {reader.person.name}\n"
    rows = "".join(f"<tr><td>{line}</td></tr>" for line in plain.split("\n") if line)
    host, guest = (reader, author) if method == "REPLY" else (author, reader)
    ics = files.invitation(
        uid, title, start, 45, host.person.address, (guest.person.address,), method
    )
    choices = wire.multi(
        "alternative",
        boundary(rng, "calendar"),
        wire.text(plain),
        wire.text(f'<table style="border:1px solid #dadce0">{rows}</table>', "html"),
        calendar(ics, method),
    )
    return Mail(
        at.astimezone(author.timezone).replace(microsecond=0),
        author.box,
        (reader.box,),
        f"{WORDS[method]}{title} @ {when}",
        wire.multi(
            "mixed",
            boundary(rng, "calendar"),
            choices,
            wire.blob(ics, "application/ics", "invite.ics"),
        ),
        new_id(rng, author.box, "calendar"),
        references=references,
        client="calendar",
        tags=frozenset({"invitation", "html", "attachment", f"invitation:{method.lower()}"}),
    )


def calendar(ics: bytes, method: str) -> Part:
    """The part mail programs show buttons for."""
    kind = f'text/calendar; charset="UTF-8"; method={method}'
    headers = (("Content-Type", kind), ("Content-Transfer-Encoding", "7bit"))
    if not ics.isascii():
        headers = (headers[0], ("Content-Transfer-Encoding", "base64"))
        return Part(headers, wire.encode(ics, "base64"))
    return Part(headers, ics)
