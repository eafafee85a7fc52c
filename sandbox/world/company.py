"""Plays plays until there is enough mail: eighteen months of a small firm's correspondence."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from sandbox.world.cast import HOME, Actor, Cast
from sandbox.world.mail import Mail
from sandbox.world.plays import Play, plays
from sandbox.world.threads import perform

SPAN = timedelta(days=548)


def correspondence(seed: int, cast: Cast, now: datetime, count: int) -> Iterator[Mail]:
    """About `count` mails in threads, none of them like another, thread by thread."""
    rng = Random(f"{seed}:correspondence")
    seen: set[tuple[str, bytes]] = set()
    written = 0
    while written < count:
        play, them = choose(rng, cast)
        mails = list(perform(rng, cast, play, them, opening(rng, now), now))
        mark = (mails[0].subject or "", mails[0].body.body[-400:]) if mails else ("", b"")
        if not mails or mark in seen:
            continue
        seen.add(mark)
        written += len(mails)
        yield from mails


def choose(rng: Random, cast: Cast) -> tuple[Play, Actor]:
    """A play by its weight, and somebody who speaks its language to play it with."""
    every = plays()
    play = rng.choices(every, [one.weight for one in every])[0]
    people = [
        one for one in (*cast.ours, *cast.others) if one.kind in play.cast and speaks(one, play)
    ]
    return play, rng.choice(people)


def speaks(actor: Actor, play: Play) -> bool:
    """Ours play in any language that comes up; others in their own."""
    return actor.kind == HOME or actor.language == play.language


def opening(rng: Random, now: datetime) -> datetime:
    """When a thread begins: spread over the months, a little denser of late."""
    age = SPAN * (1.0 - float(rng.random() ** 0.65))
    return now - max(age, timedelta(minutes=40))
