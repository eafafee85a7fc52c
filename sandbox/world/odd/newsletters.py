"""Newsletters: tables, remote images, a tracking pixel, and the headers of bulk senders."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from string import Template
from typing import Any

from sandbox.world import wire
from sandbox.world.cast import Cast
from sandbox.world.facts import dates, numbers, things
from sandbox.world.mail import Mail, boundary, mark, new_id
from sandbox.world.plays import word_it
from sandbox.world.wire import Mailbox

HERE = Path(__file__)
PAGE = Template(HERE.with_name("newsletter.html").read_text(encoding="utf-8"))
STORY = Template(HERE.with_name("story.html").read_text(encoding="utf-8"))


@cache
def letters() -> list[dict[str, Any]]:
    """The senders in newsletters.toml."""
    given: list[dict[str, Any]] = tomllib.loads(
        HERE.with_suffix(".toml").read_text(encoding="utf-8")
    )["letter"]
    return given


def mails(rng: Random, cast: Cast, now: datetime) -> Iterator[Mail]:
    """Every issue of every letter since the world began, to each of its readers."""
    for letter in letters():
        readers = [one.box for role in letter["to"] for one in cast.role(role)]
        at = now - timedelta(days=540 - rng.randrange(letter["every"]))
        number = 1
        while at < now:
            moment = at.replace(hour=5, minute=rng.randrange(60), second=rng.randrange(60))
            for reader in readers:
                yield issue(rng, letter, reader, min(moment, now - timedelta(hours=2)), number)
            at += timedelta(days=letter["every"] + rng.choice((0, 0, 0, 1)))
            number += 1


def issue(rng: Random, letter: dict[str, Any], reader: Mailbox, at: datetime, number: int) -> Mail:
    """One issue for one reader; the links know who reads."""
    known = facts(Random(f"{letter['name']}:{number}"), at)
    choice = Random(f"{letter['name']}:{number}:stories")
    subject = word_it(choice, choice.choice(letter["subjects"]), known)
    stories = [
        word_it(choice, story.replace("|", "\n"), known).split("\n", 1)
        for story in choice.sample(letter["stories"], 3)
    ]
    domain = letter["address"].partition("@")[2]
    leave = f"https://{domain}/unsubscribe/{mark(rng)}"
    plain = text(letter, number, stories, leave)
    page = markup(letter, number, subject, stories, leave, mark(rng))
    sender = Mailbox(letter["name"], letter["address"])
    return Mail(
        at,
        sender,
        (reader,),
        subject,
        wire.multi("alternative", boundary(rng, "list"), wire.text(plain), wire.text(page, "html")),
        new_id(rng, sender, "list"),
        extra=headers(letter, domain, leave),
        client="list",
        tags=frozenset({"newsletter", "html", "remote-images"}),
    )


def facts(rng: Random, at: datetime) -> dict[str, str]:
    """What the stories of one issue agree on."""
    return numbers(rng, "en") | dates(rng, "en", at) | things(rng)


def headers(letter: dict[str, Any], domain: str, leave: str) -> tuple[tuple[str, str], ...]:
    """What bulk senders add, with one-click unsubscribing (RFC 8058)."""
    return (
        ("List-Unsubscribe", f"<{leave}>,\r\n <mailto:leave@{domain}?subject=unsubscribe>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", f'"{wire.word(letter["name"])}" <news.{domain}>'),
        ("Precedence", "bulk"),
    )


def text(letter: dict[str, Any], number: int, stories: list[list[str]], leave: str) -> str:
    """The plain side."""
    told = "\n\n".join(f"* {title}\n{rest}" for title, rest in stories)
    return f"{letter['name']} no. {number}\n\n{told}\n\nUnsubscribe: {leave}\n"


def markup(
    letter: dict[str, Any],
    number: int,
    subject: str,
    stories: list[list[str]],
    leave: str,
    who: str,
) -> str:
    """The rich side."""
    domain = letter["address"].partition("@")[2]
    rows = "".join(
        STORY.substitute(
            title=title, text=rest, colour=letter["colour"], domain=domain, number=number, story=n
        )
        for n, (title, rest) in enumerate(stories, 1)
    )
    return PAGE.substitute(
        name=letter["name"],
        subject=subject,
        rows=rows,
        colour=letter["colour"],
        domain=domain,
        number=number,
        leave=leave,
        who=who,
    )
