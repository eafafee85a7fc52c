"""``script/worker``: reads mailboxes until it is stopped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailweave.kit import jobs
from mailweave.sync import tasks


class Command(BaseCommand):
    """Run as many as you like, on as many hosts as you like."""

    help = "Run a worker: reads mailboxes until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many mailboxes it works on at a time."""
        parser.add_argument("--concurrency", type=int, default=4)

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until stopped."""
        del args
        tasks.sweep(0)  # what a killed worker left lying goes on at once
        jobs.run_worker(options["concurrency"])
