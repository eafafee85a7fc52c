"""Whom an answer goes to, and what it says it answers. Pure rules; nothing here knows a mailbox."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mailweave.mime.address import Address, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Who stands in the message that is answered. ``list_post`` is a mailing list's own address."""

    sender: Address | None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    list_post: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom an answer is addressed to."""

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()


def recipients(answered: Answered, own: Collection[str], *, everybody: bool) -> Recipients:
    """Whom an answer goes to: who wrote, or with ``everybody`` all who have the message.

    ``own`` are addresses of whoever answers; they get no copy. Where Reply-To stands, it counts
    instead of the sender (RFC 5322 section 3.6.2), unless it only leads back to us. Mail that we
    sent is answered to its recipients: one writes on. What would reach nobody goes to the sender.
    """
    mine = {normalise(one) or one.lower() for one in own}
    wrote = _others((answered.sender,), mine) if answered.sender else ()
    if answered.sender and not wrote:
        to = _others(answered.to, mine)
        copied = _others(answered.cc, mine, to) if everybody or not to else ()
    else:
        to = _others(answered.reply_to, mine) or wrote
        to += _others(answered.to, mine, to) if everybody else ()
        copied = _others(answered.cc, mine, to) if everybody else ()
    if everybody and answered.list_post:
        copied += _others((Address("", answered.list_post),), mine, (*to, *copied))
    if not to and not copied and answered.sender:
        to = (answered.sender,)
    return Recipients(to, copied) if to else Recipients(copied)


def received_as(answered: Answered, own: Collection[str]) -> str:
    """Which of our ``own`` addresses the message was written to, as it stands there; "" if none.

    An answer is best sent from it.
    """
    mine = {normalise(one) or one.lower() for one in own}
    if answered.sender and _is_one_of(answered.sender, mine):
        return answered.sender.address
    found = (one for one in (*answered.to, *answered.cc) if _is_one_of(one, mine))
    return next((one.address for one in found), "")


def references(earlier: Iterable[str], message_id: str) -> tuple[str, ...]:
    """What an answer to ``message_id`` refers to (RFC 5322 section 3.6.4), oldest first."""
    ids = dict.fromkeys(one for one in earlier if one and one != message_id)
    return (*ids, message_id) if message_id else tuple(ids)


def _is_one_of(address: Address, addresses: Collection[str]) -> bool:
    return (normalise(address.address) or address.address.lower()) in addresses


def _others(
    addresses: Iterable[Address], mine: Collection[str], there: Iterable[Address] = ()
) -> tuple[Address, ...]:
    """Those who are not we, and not ``there`` already; each once."""
    seen = {normalise(one.address) or one.address.lower() for one in there} | set(mine)
    found = []
    for one in addresses:
        if not _is_one_of(one, seen):
            seen.add(normalise(one.address) or one.address.lower())
            found.append(one)
    return tuple(found)
