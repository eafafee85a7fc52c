"""Makes the world: the correspondence, the oddities, delivered and in order."""

from datetime import UTC, datetime
from random import Random

from sandbox.world import odd
from sandbox.world.cast import cast
from sandbox.world.company import correspondence
from sandbox.world.post import LABELS, deliver
from sandbox.world.records import records
from sandbox.world.shapes import Delivery, World

THREADED = 2_500


def build(seed: int = 1, *, now: datetime, threaded: int = THREADED) -> World:
    """The world as it stands at `now` (aware); the same seed and moment give the same bytes.

    `threaded` is how many mails are written in threads; newsletters, bounces and the like come
    on top. Raises ValueError if `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    now = now.astimezone(UTC).replace(microsecond=0)
    people = cast()
    mails = list(correspondence(seed, people, now, threaded))
    mails = [*mails, *odd.mails(seed, people, now, mails)]
    rng = Random(f"{seed}:post")
    homes = frozenset(one.person.address for one in people.ours)
    deliveries = [copy for mail in mails for copy in deliver(mail, homes, now, rng)]
    kept = records(seed, people)
    return World(
        seed,
        people.company,
        tuple(one.person for one in people.ours),
        tuple(one.person for one in people.others),
        people.companies,
        kept.deals,
        tuple(sorted(deliveries, key=arrival)),
        LABELS,
        kept,
    )


def arrival(delivery: Delivery) -> tuple[datetime, str]:
    """Order of arrival, settled by mailbox."""
    return delivery.received_at, delivery.mailbox
