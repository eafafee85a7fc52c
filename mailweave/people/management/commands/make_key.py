"""``make_key``: print a new master key."""

from typing import Any

from django.core.management.base import BaseCommand

from mailweave.kit import crypto


class Command(BaseCommand):
    help = (
        "Prints a new master key. Put it as the first line of the key file, restart all processes, "
        "run rotate_keys, and then take the old line out."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        """Print one line of a key file. Nothing is stored."""
        self.stdout.write(crypto.make_key())
