"""Performs a play: picks who writes and when; each turn becomes a mail that answers the last."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from sandbox.world import attachments, tongues
from sandbox.world.cast import HOME, Actor, Cast
from sandbox.world.facts import facts
from sandbox.world.mail import Mail, Written, mark, new_id, write
from sandbox.world.plays import Play, Turn, word_it
from sandbox.world.styles import Ink, Said
from sandbox.world.wire import Mailbox

PACE = 0.6
ROOMS = {"sales": "sales", "support": "support", "recruiting": "recruiting", "office": "owner"}


@dataclass(slots=True)
class Stage:
    """A performance under way: who has a part, what is true, and what has been said."""

    play: Play
    parts: dict[str, Actor]
    facts: dict[str, str]
    subject: str
    at: datetime
    said: Said | None = None
    last: str = ""
    references: tuple[str, ...] = ()
    present: tuple[Mailbox, ...] = ()


def perform(
    rng: Random, cast: Cast, play: Play, them: Actor, start: datetime, now: datetime
) -> Iterator[Mail]:
    """The mails of one performance that were written before `now`, oldest first."""
    stage = curtain(rng, play, casting(rng, cast, play, them), start)
    for number, turn in enumerate(play.turns):
        author = stage.parts[turn.who]
        if rng.random() > turn.chance:
            return
        hours = rng.uniform(*turn.gap) * PACE if number else 0
        stage.at = office_hours(rng, stage.at + timedelta(hours=hours), author)
        if stage.at >= now:
            return
        yield step(rng, stage, turn, author)


def opening(rng: Random, cast: Cast, play: Play, them: Actor, us: Actor, at: datetime) -> Mail:
    """The first mail of a play, written at `at` to one of us in particular."""
    stage = curtain(rng, play, casting(rng, cast, play, them) | {"us": us}, at)
    author = stage.parts[play.turns[0].who]
    stage.at = at.astimezone(author.timezone)
    return step(rng, stage, play.turns[0], author)


def curtain(rng: Random, play: Play, parts: dict[str, Actor], start: datetime) -> Stage:
    """The stage before the first mail."""
    them = parts["them"]
    names = {"company": them.person.company or them.person.name, "them": them.first}
    ours = {part: parts[part].first for part in ("us", "mate", "boss")}
    known = facts(rng, play, start) | names | ours
    return Stage(play, parts, known, word_it(rng, rng.choice(play.subjects), known), start)


def casting(rng: Random, cast: Cast, play: Play, them: Actor) -> dict[str, Actor]:
    """Who plays which part."""
    ours = cast.role(ROOMS[play.room]) or cast.ours
    if them.kind == HOME:
        ours = tuple(one for one in ours if one != them) or cast.beside(them)
    us = speaking(rng, ours, play.language)
    mates = [one for one in cast.ours if one not in {us, them} and one.role != "owner"]
    return {
        "them": them,
        "us": us,
        "peer": rng.choice(cast.beside(them) or (them,)),
        "mate": rng.choice(mates),
        "boss": cast.role("owner")[0],
    }


def speaking(rng: Random, ours: tuple[Actor, ...], language: str) -> Actor:
    """One of ours; German goes to Jonas in support, other languages to Inês in sales."""
    if language != "en" and len(ours) > 1:
        preferred = [one for one in ours if one.first in {"Jonas", "Inês"}]
        return preferred[0] if preferred else rng.choice(ours)
    return rng.choice(ours)


def office_hours(rng: Random, at: datetime, author: Actor) -> datetime:
    """The next moment the author sits at their desk, in their own zone."""
    local = at.astimezone(author.timezone)
    if local.hour >= 19:
        local += timedelta(days=1)
    if local.hour >= 19 or local.hour < 8:
        local = local.replace(
            hour=rng.randrange(8, 17), minute=rng.randrange(5, 59), second=rng.randrange(60)
        )
    while local.weekday() > 4:
        local += timedelta(days=1)
    return local.replace(microsecond=0)


def step(rng: Random, stage: Stage, turn: Turn, author: Actor) -> Mail:
    """One mail; the stage moves on."""
    sender, client = (
        author.box,
        "phone" if turn.brief and author.client != "plain" else author.client,
    )
    if author.second and rng.random() < 0.25:
        sender = Mailbox(author.person.name, author.second)
    to, cc = audience(stage, turn, author)
    subject = title(stage, author, client)
    stage.facts |= {"me": author.first, "call": reached(stage, to).call}
    ink = utter(rng, stage, turn, author, client)
    attached = tuple(
        attachments.attach(rng, name, stage.facts, ink.text, stage.play.language)
        for name in turn.files
    )
    written = write(rng, author, ink, Said(sender, to, cc, subject, stage.at, "", ""), attached)
    letter = compose(rng, stage, author, written, client)
    advance(stage, letter, written, to + cc)
    return letter


def reached(stage: Stage, to: tuple[Mailbox, ...]) -> Actor:
    """Whom a greeting speaks to: the first recipient."""
    by_address = {
        one: actor
        for actor in stage.parts.values()
        for one in (actor.person.address, actor.second)
        if one
    }
    return by_address.get(to[0].address, stage.parts["them"])


def audience(
    stage: Stage, turn: Turn, author: Actor
) -> tuple[tuple[Mailbox, ...], tuple[Mailbox, ...]]:
    """To the one who wrote last (or whom the play is with), copies to everybody else who is in."""
    mine = {author.person.address, author.second}
    other = (
        stage.parts["us"]
        if author in {stage.parts["them"], stage.parts["peer"]}
        else stage.parts["them"]
    )
    to = other.box if stage.said is None or stage.said.sender.address in mine else stage.said.sender
    taken = mine | addresses_of(stage, to)
    extra = [stage.parts[name].box for name in turn.cc.split() if name]
    rest = dict.fromkeys(box for box in (*stage.present, *extra) if box.address not in taken)
    return (to,), tuple(rest)


def addresses_of(stage: Stage, box: Mailbox) -> set[str]:
    """Every address of the person behind one."""
    pairs = [{one.person.address, one.second} for one in stage.parts.values()]
    return next((pair for pair in pairs if box.address in pair), {box.address})


def title(stage: Stage, author: Actor, client: str) -> str:
    """The subject with the reply mark of the author's program."""
    if stage.said is None:
        return stage.subject
    german = client == "outlook-de"
    own = (
        tongues.TONGUES[author.language].reply if client.startswith("outlook") or german else "Re: "
    )
    return own + stage.subject


def utter(rng: Random, stage: Stage, turn: Turn, author: Actor, client: str) -> Ink:
    """The new text with greeting, close and signature as the author has them."""
    language = stage.play.language
    tongue = tongues.TONGUES[language]
    body = word_it(rng, rng.choice(turn.say), stage.facts)
    if not turn.brief:
        hello = rng.choice(tongue.hello).format(call=stage.facts["call"]) + "\n\n"
        late = stage.said is not None and rng.random() < 0.25
        body = (
            ("" if late and language != "ja" else hello)
            + body
            + "\n\n"
            + rng.choice(tongue.bye)
            + "\n"
            + author.first
        )
    signature = (tongue.phone,) if client == "phone" else sign(rng, author)
    logo = f"logo.{mark(rng)[:8]}@{stage.parts['us'].person.address.partition('@')[2]}"
    show_logo = (
        author.logo and signature and client not in {"phone", "plain"} and rng.random() < 0.5
    )
    return Ink(
        client,
        language,
        body,
        signature,
        logo if show_logo else "",
        f"ii_{mark(rng)}" if turn.picture and client != "plain" else "",
        replace(stage.said, at=stage.said.at.astimezone(author.timezone)) if stage.said else None,
    )


def sign(rng: Random, author: Actor) -> tuple[str, ...]:
    """The lines under a mail; not everybody always has them."""
    if not author.person.company or rng.random() < 0.1:
        return ()
    lines = (author.person.name, f"{author.person.title}, {author.person.company}")
    return (*lines, author.phone) if author.phone else lines


def compose(rng: Random, stage: Stage, author: Actor, written: Written, client: str) -> Mail:
    """The mail around the body."""
    said, play = written.said, stage.play
    tags = set(written.tags) | {play.room, f"lang:{play.language}", "thread"}
    names = "".join((said.subject, said.sender.name, *(box.name for box in (*said.to, *said.cc))))
    if not names.isascii():
        tags.add("rfc2047")
    if b"filename*" in written.body.body:
        tags.add("rfc2231")
    charset = author.charset if play.language == author.language else "utf-8"
    return Mail(
        stage.at,
        said.sender,
        said.to,
        said.subject,
        written.body,
        new_id(rng, said.sender, client),
        said.cc,
        references=stage.references,
        charset=charset,
        scheme="Q" if charset.startswith(("iso-8859", "windows")) else "B",
        client=client,
        label=play.label,
        tags=frozenset(tags),
    )


def advance(stage: Stage, letter: Mail, written: Written, audience: tuple[Mailbox, ...]) -> None:
    """The mail has been said: the next one answers it."""
    stage.said = written.said
    stage.references = (*stage.references, letter.message_id)
    stage.present = tuple(dict.fromkeys((*stage.present, letter.sender, *audience)))
    stage.at = stage.at.astimezone(UTC)
