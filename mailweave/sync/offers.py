"""The kinds of mailbox people can connect, as pages show them."""

from mailweave.providers import kinds as table
from mailweave.providers.base import Kind


def kinds() -> tuple[str, ...]:
    """Their names."""
    return table.names()


def describe(kind: str) -> Kind:
    """One kind: its label, its company, what it asks for and why."""
    return table.describe(kind)
