"""Where a page of a list ended: an opaque text that the next page starts after."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailweave.kit.errors import Expected

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHAPE = struct.Struct(">qq")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a list that runs from new to old: a moment, and an id among equals."""

    at: datetime
    id: int


FIRST = Place(datetime.max.replace(tzinfo=UTC), 2**63 - 1)
"""Before everything."""


def write(place: Place) -> str:
    """The text of a place. It says nothing a reader of the list does not know."""
    microseconds = (place.at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(SHAPE.pack(microseconds, place.id)).decode().rstrip("=")


def parse(text: str | None) -> Place:
    """The place of a text, ``FIRST`` for none. Raises ``Expected`` for what we did not write."""
    if not text:
        return FIRST
    try:
        raw = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
        microseconds, number = SHAPE.unpack(raw)
        return Place(EPOCH + timedelta(microseconds=microseconds), number)
    except (ValueError, binascii.Error, struct.error, OverflowError) as error:
        raise Expected(
            "This link to a further page is broken. Start from the first one."
        ) from error
