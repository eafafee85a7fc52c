"""Makes the world: the correspondence, the oddities, delivered and in order."""

from collections.abc import Collection
from datetime import UTC, datetime
from random import Random

from sandbox.accounts import GOOGLE, MICROSOFT
from sandbox.world import odd
from sandbox.world.cast import Cast, cast
from sandbox.world.company import correspondence
from sandbox.world.desk import desk
from sandbox.world.post import LABELS, deliver
from sandbox.world.records import records
from sandbox.world.shapes import Delivery, World

THREADED = 2_500


def build(
    seed: int = 1,
    *,
    now: datetime,
    threaded: int = THREADED,
    microsoft: Collection[str] | None = None,
) -> World:
    """The world as it stands at `now` (aware); the same seed and moment give the same bytes.

    `threaded` is how many mails are written in threads; newsletters, bounces and the like come
    on top. `microsoft` names the addresses of our people whose mailbox is there, instead of those
    the cast says; the mail is the same. Raises ValueError if `now` has no time zone, or if
    `microsoft` names a stranger.
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
        housed(people, microsoft),
        desk(seed, people, now),
    )


def housed(people: Cast, microsoft: Collection[str] | None) -> dict[str, str]:
    """Which company keeps the mailbox of each of our people."""
    homes = {one.person.address: one.mail for one in people.ours}
    if microsoft is None:
        return homes
    if strangers := set(microsoft) - set(homes):
        raise ValueError(f"not one of our people: {', '.join(sorted(strangers))}")
    return {address: MICROSOFT if address in microsoft else GOOGLE for address in homes}


def arrival(delivery: Delivery) -> tuple[datetime, str]:
    """Order of arrival, settled by mailbox."""
    return delivery.received_at, delivery.mailbox
