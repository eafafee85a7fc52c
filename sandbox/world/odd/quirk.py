"""One unusual mail between one of them and one of us: the common part of all quirks."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.world import wire
from sandbox.world.cast import Actor, Cast
from sandbox.world.facts import dates, numbers, things
from sandbox.world.mail import Mail, new_id
from sandbox.world.plays import word_it
from sandbox.world.wire import Part


@dataclass(slots=True)
class Pen:
    """What quirks are written with: the next mail's moment, and the facts its texts agree on."""

    rng: Random
    cast: Cast
    now: datetime
    written: tuple[Mail, ...]
    days: float = 530
    at: datetime = field(init=False)
    known: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.turn()

    def turn(self) -> None:
        """A new moment in the past, by day, and new facts."""
        rng, day = self.rng, self.now - timedelta(days=self.rng.uniform(1, self.days))
        self.at = day.replace(hour=rng.randrange(7, 18), minute=rng.randrange(60), microsecond=0)
        self.known = numbers(rng, "en") | dates(rng, "en", self.at) | things(rng)

    def words(self, wording: str) -> str:
        """The wording with choices made and slots filled for the next mail, in English."""
        return word_it(self.rng, wording, self.known)

    def other(self, address: str = "") -> Actor:
        """A correspondent: the one whose address begins so, or anyone from a firm."""
        firm = [one for one in self.cast.others if one.person.company and one.language == "en"]
        named = [
            one for one in self.cast.others if address and one.person.address.startswith(address)
        ]
        return self.rng.choice(named or firm)

    def ours(self, role: str = "") -> Actor:
        """One of us."""
        return self.rng.choice(self.cast.role(role) or self.cast.ours)

    def mail(
        self,
        author: Actor,
        reader: Actor,
        subject: str | None,
        body: Part | str,
        *tags: str,
        **more: Any,
    ) -> Mail:
        """A mail with the given peculiarities; a body given as text becomes plain text."""
        content = wire.text(body, "plain", author.charset) if isinstance(body, str) else body
        mail = Mail(
            self.at.astimezone(author.timezone),
            author.box,
            (reader.box,),
            self.words(subject) if subject else subject,
            content,
            new_id(self.rng, author.box, "gmail"),
            client="quirk",
            tags=frozenset(tags),
        )
        self.turn()
        return replace(mail, **more)
