"""How people sign in: by password, with accounts made by invitation only."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.http import HttpRequest

from mailweave.people.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD_CHANGED = "account/messages/password_changed.txt"  # noqa: S105 - a template's name


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes open sign-up: people join by an invitation link."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        del request
        return False

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Says only what is not plain to see: that the password was changed."""
        del level, args, kwargs
        if message_template == PASSWORD_CHANGED:
            messages.success(request, "Your password is changed. Other devices are signed out.")


def sign_in(request: HttpRequest, user: User) -> None:
    """Start a session for ``user``, who has just proved to be them."""
    login(request, user, backend=BACKEND)


def keep_signed_in(request: HttpRequest, user: User) -> None:
    """After a change of password, spare this session the end that it brings to all others."""
    update_session_auth_hash(request, user)
