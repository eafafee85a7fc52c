"""One unusual mail between one of them and one of us: the common part of all quirks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.world import wire
from sandbox.world.cast import Actor, Cast
from sandbox.world.facts import dates, numbers, things
from sandbox.world.mail import Mail, new_id
from sandbox.world.plays import word_it
from sandbox.world.wire import Part


@dataclass(frozen=True, slots=True)
class Pen:
    """What a quirk is written with."""

    rng: Random
    cast: Cast
    now: datetime
    written: tuple[Mail, ...]

    def moment(self, days: float = 530) -> datetime:
        """Some time in the past, in working hours more or less."""
        at = self.now - timedelta(days=self.rng.uniform(0.1, days))
        return at.replace(microsecond=0)

    def words(self, wording: str) -> str:
        """The wording with choices made and slots filled, in English."""
        rng = self.rng
        known = numbers(rng, "en") | dates(rng, "en", self.now) | things(rng)
        return word_it(rng, wording, known)

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
            self.moment().astimezone(author.timezone),
            author.box,
            (reader.box,),
            self.words(subject) if subject else subject,
            content,
            new_id(self.rng, author.box, "gmail"),
            client="quirk",
            tags=frozenset(tags),
        )
        return replace(mail, **more)
