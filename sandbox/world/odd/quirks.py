"""Mail that breaks habits but is mail all the same."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from sandbox.world.cast import Cast
from sandbox.world.mail import Mail
from sandbox.world.odd import bodies, heads
from sandbox.world.odd.quirk import Pen


def mails(rng: Random, cast: Cast, now: datetime, written: list[Mail]) -> Iterator[Mail]:
    """Every quirk, a few times each."""
    pen = Pen(rng, cast, now, tuple(written))
    yield from heads.mails(pen)
    yield from bodies.mails(pen)
