"""``manage.py load_journal --workspace ID [FILE]``: fill timelines from a JSON document."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailweave.journal import loading
from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people.models import Workspace


class Command(BaseCommand):
    """Writes down notes, calls, meetings and tasks. Loading the same again changes nothing."""

    help = "Write down notes, calls, meetings and tasks from a JSON file, or standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: standard input")
        parser.add_argument("--workspace", type=int, required=True, help="the workspace's id")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if not Workspace.objects.filter(pk=options["workspace"]).exists():
            raise CommandError("There is no such workspace.")
        try:
            text = options["file"].read_bytes() if options["file"] else sys.stdin.buffer.read()
            with scope.workspace(options["workspace"]):
                done = loading.load(text)
        except (OSError, Expected) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} entries loaded.")
