"""An invented firm with six mailboxes and eighteen months of mail worth looking at.

`build(seed, now=...)` makes the world; see shapes.World for what it holds.
"""

from sandbox.world.making import build
from sandbox.world.shapes import (
    Company,
    Contact,
    Deal,
    Delivery,
    Person,
    Records,
    SharedMailbox,
    World,
)

__all__ = [
    "Company",
    "Contact",
    "Deal",
    "Delivery",
    "Person",
    "Records",
    "SharedMailbox",
    "World",
    "build",
]
