"""Everything in a mailbox that is not somebody answering somebody."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from sandbox.world.cast import Cast
from sandbox.world.mail import Mail
from sandbox.world.odd import lists, meetings, newsletters, quirks, robots, unwanted


def mails(seed: int, cast: Cast, now: datetime, written: list[Mail]) -> Iterator[Mail]:
    """All of it, kind by kind; `written` is the correspondence that some of it answers."""
    yield from newsletters.mails(Random(f"{seed}:newsletters"), cast, now)
    yield from lists.mails(Random(f"{seed}:lists"), cast, now)
    yield from meetings.mails(Random(f"{seed}:meetings"), cast, now)
    yield from robots.mails(Random(f"{seed}:robots"), cast, now, written)
    yield from quirks.mails(Random(f"{seed}:quirks"), cast, now, written)
    yield from unwanted.mails(Random(f"{seed}:unwanted"), cast, now)
