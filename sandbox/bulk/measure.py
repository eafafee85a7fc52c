"""Measures a heap of mail by reading it."""

from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses

from sandbox.world.shapes import Delivery


@dataclass(frozen=True, slots=True)
class Shape:
    """What a heap of mail looks like: bytes, shares between 0 and 1, and means."""

    messages: int
    size: float
    html: float
    attachments: float
    per_thread: float
    addresses: float
    correspondents: int

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, mean raw size {self.size / 1000:.1f} kB, "
            f"{self.html:.0%} with HTML, {self.attachments:.0%} with attachments, "
            f"{self.per_thread:.1f} per thread, {self.addresses:.1f} addresses per message, "
            f"{self.correspondents} correspondents"
        )


def shape(deliveries: Iterable[Delivery]) -> Shape:
    """Measures mail by reading the raw bytes, not by what their maker says of them."""
    count = size = html = attachments = people = 0
    threads: dict[str, str] = {}
    roots: set[str] = set()
    seen: set[str] = set()
    for delivery in deliveries:
        message = message_from_bytes(delivery.raw)
        kinds = {part.get_content_type() for part in message.walk()}
        count, size = count + 1, size + len(delivery.raw)
        html += "text/html" in kinds
        attachments += any(
            part.get_content_disposition() == "attachment" for part in message.walk()
        )
        boxes = {
            address
            for _, address in getaddresses(
                message.get_all("From", []) + message.get_all("To", []) + message.get_all("Cc", [])
            )
        }
        people += len(boxes)
        seen |= boxes
        roots.add(root(message, threads))
    total = max(count, 1)
    return Shape(
        count,
        size / total,
        html / total,
        attachments / total,
        count / max(len(roots), 1),
        people / total,
        len(seen),
    )


def root(message: Message, threads: dict[str, str]) -> str:
    """The thread a message belongs to, known by the first id its References lead to."""
    own = str(message.get("Message-ID", id(message)))
    known = [threads[one] for one in str(message.get("References", "")).split() if one in threads]
    threads[own] = known[0] if known else own
    return threads[own]
