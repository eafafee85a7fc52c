"""New passwords without e-mail: one-time links that an operator hands over."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from mailweave.kit.errors import Expected
from mailweave.people.models import User

_tokens = PasswordResetTokenGenerator()


def lock_out(user: User) -> None:
    """Make the present password useless, which ends all of the user's sessions as well."""
    user.set_unusable_password()
    user.save(update_fields=["password"])


def make_link(user: User) -> tuple[str, str]:
    """The two parts of a one-time link, good for 24 hours (settings.PASSWORD_RESET_TIMEOUT)."""
    return urlsafe_base64_encode(force_bytes(user.pk)), _tokens.make_token(user)


def find(key: str, token: str) -> User:
    """The user a link is for. Raises Expected if it is dead."""
    try:
        user = User.objects.get(pk=urlsafe_base64_decode(key).decode(), is_active=True)
    except (User.DoesNotExist, ValueError, ValidationError, OverflowError):
        user = None
    if user is None or not _tokens.check_token(user, token):
        raise Expected(
            "This link is not valid any more. Links for a new password work once, for 24 hours. "
            "Ask whoever runs this installation for a new one."
        )
    return user


def change(user: User, password: str) -> None:
    """Set a checked password. It ends the link that led here and all other sessions."""
    user.set_password(password)
    user.save(update_fields=["password"])
