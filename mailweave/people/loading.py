"""The frame of commands that fill a workspace from a document: ``load_contacts`` and its like."""

import sys
from abc import abstractmethod
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people.models import Workspace


class LoadCommand(BaseCommand):
    """``COMMAND --workspace ID [FILE]``. Loading the same again changes nothing."""

    @abstractmethod
    def load(self, text: bytes) -> str:
        """Load a document, inside the workspace; says what was loaded. Raises Expected."""

    def add_arguments(self, parser: CommandParser) -> None:
        """The document and the workspace."""
        parser.add_argument("file", nargs="?", type=Path, help="default: standard input")
        parser.add_argument("--workspace", type=int, required=True, help="the workspace's id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for what cannot be loaded; nothing is then."""
        del args
        if not Workspace.objects.filter(pk=options["workspace"]).exists():
            raise CommandError("There is no such workspace.")
        try:
            text = options["file"].read_bytes() if options["file"] else sys.stdin.buffer.read()
            with scope.workspace(options["workspace"]):
                done = self.load(text)
        except (OSError, Expected) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(done)
