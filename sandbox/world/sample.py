"""A sample of the world as an mbox file: few messages, every peculiarity.

`python -m sandbox.world.sample FILE` writes it.
"""

import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sandbox.world.making import build
from sandbox.world.shapes import Delivery, World

COUNT = 120
SEED = 7
NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
KEPT_OUT = frozenset({"spam", "trash", "draft"})
ESCAPED = re.compile(rb"^(>*From )", re.MULTILINE)


def sample() -> bytes:
    """The sample, the same bytes each time."""
    return mbox(pick(build(SEED, now=NOW, threaded=900), COUNT))


def pick(world: World, count: int) -> list[Delivery]:
    """`count` deliveries in order of arrival that between them show every tag there is.

    What must never be taken in is left out: an mbox has no labels to say so.
    """
    fit = [one for one in world.deliveries if not KEPT_OUT & one.tags and len(one.raw) < 30_000]
    tags = {tag for one in fit for tag in one.tags}
    chosen: dict[int, Delivery] = {}
    for tag in sorted(tags):
        if not any(tag in one.tags for one in chosen.values()):
            place = next(n for n, one in enumerate(fit) if tag in one.tags)
            chosen[place] = fit[place]
    rest = [place for place in range(len(fit)) if place not in chosen]
    for place in Random(SEED).sample(rest, max(0, count - len(chosen))):
        chosen[place] = fit[place]
    return [chosen[place] for place in sorted(chosen)]


def mbox(deliveries: Iterable[Delivery]) -> bytes:
    """The deliveries as mboxrd with LF line ends."""
    out = bytearray()
    for one in deliveries:
        stamp = f"From sample@quillhaven.example {one.received_at:%a %b %d %H:%M:%S %Y}\n"
        raw = ESCAPED.sub(rb">\1", one.raw.replace(b"\r\n", b"\n"))
        out += stamp.encode() + raw + (b"" if raw.endswith(b"\n") else b"\n") + b"\n"
    return bytes(out)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(sample())
