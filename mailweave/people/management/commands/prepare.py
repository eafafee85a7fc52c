"""``prepare``: bring the database up to date, collect static files, check the settings."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from mailweave.kit import vault
from mailweave.people import workspaces


class Command(BaseCommand):
    help = "Makes everything ready to serve; safe to run again. Run it before each start."

    def handle(self, *_: Any, **options: Any) -> None:
        """Migrate as the database's owner, then everything else that must be true to serve."""
        verbosity = max(0, int(options["verbosity"]) - 1)
        call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        key = vault.keyring().active
        self.stdout.write(f"Ready. Secrets are sealed under key {key}.")
        if workspaces.is_first_run():
            self.stdout.write("Nobody has set this up yet: open its page in a browser.")
