"""``reset_password``: a one-time link for somebody who forgot theirs."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from mailweave.people import passwords
from mailweave.people.models import User


class Command(BaseCommand):
    help = (
        "Prints a link with which a user chooses a new password: once, within 24 hours. "
        "Their old password and all their sessions end at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom it is for."""
        parser.add_argument("email")

    def handle(self, *_: Any, **options: Any) -> None:
        """Lock the user out, then print their way in."""
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no user {options['email']}.")
        passwords.lock_out(user)
        path = reverse("reset_password", args=passwords.make_link(user))
        self.stdout.write(f"Hand this link to {user.name}. It works once, for 24 hours:")
        self.stdout.write(f"{settings.PUBLIC_URL}{path}")
