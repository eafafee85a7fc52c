"""The firm's shared mailbox: what customers write to the support desk, and what it answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

from sandbox.accounts import MICROSOFT
from sandbox.world.arrivals import candidates
from sandbox.world.cast import HOME, Actor, Cast
from sandbox.world.company import opening
from sandbox.world.mail import Mail
from sandbox.world.plays import plays
from sandbox.world.post import deliver
from sandbox.world.shapes import Person, SharedMailbox
from sandbox.world.threads import perform

MAILS = 160


def desk(seed: int, people: Cast, now: datetime) -> SharedMailbox:
    """The support desk's mailbox at `now`, open to our people who work there."""
    firm = people.company
    person = Person(f"{firm.name} Support", f"support@{firm.domain}", firm.name, "Support")
    actor = Actor(person, HOME, "team", "gmail", role="support", mail=MICROSOFT)
    rng = Random(f"{seed}:desk:post")
    homes = frozenset({person.address})
    written = mails(seed, people, actor, now)
    copies = [copy for mail in written for copy in deliver(mail, homes, now, rng)]
    return SharedMailbox(
        person,
        tuple(one.person.address for one in people.role("support")),
        tuple(sorted(copies, key=lambda one: one.received_at)),
    )


def mails(seed: int, people: Cast, actor: Actor, now: datetime) -> Iterator[Mail]:
    """The plays our support people play, with the desk in their place."""
    rng = Random(f"{seed}:desk")
    others = tuple(one for one in people.ours if one.role != "support")
    cast = replace(people, ours=(actor, *others))
    fitting = [one for one in plays() if one.room == "support" and candidates(cast, one)]
    written = 0
    while written < MAILS:
        (play,) = rng.choices(fitting, [one.weight for one in fitting])
        them = rng.choice(candidates(cast, play))
        for mail in perform(rng, cast, play, them, opening(rng, now), now):
            written += 1
            yield mail
