"""``create_owner``: a workspace and its owner without a browser."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mailweave.people import workspaces
from mailweave.people.models import User

VARIABLE = "MAILWEAVE_OWNER_PASSWORD"


class Command(BaseCommand):
    help = (
        "Opens a workspace with its owner. The password comes from the terminal, "
        f"the first line of standard input, or {VARIABLE}."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """All about the owner but the password, which would be seen in the list of processes."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--workspace", required=True, help="name of the team or company")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Berlin")

    def handle(self, *_: Any, **options: Any) -> None:
        """Check everything as the pages do, then make it."""
        if User.objects.filter(email__iexact=options["email"]).exists():
            raise CommandError(f"There is a user {options['email']} already.")
        owner = User(email=options["email"], name=options["name"], time_zone=options["time_zone"])
        password = _password()
        try:
            owner.clean_fields(exclude=["password"])
            validate_password(password, owner)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        owner.set_password(password)
        workspaces.open_for(options["workspace"], owner)
        self.stdout.write(f"{owner.email} owns {options['workspace']} and can sign in.")


def _password() -> str:
    given = os.environ.get(VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first, second = getpass.getpass("Password: "), getpass.getpass("Password again: ")
    if first != second:
        raise CommandError("The two passwords are not the same.")
    return first
