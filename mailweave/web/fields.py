"""Form fields that several pages about people share."""

import zoneinfo
from functools import lru_cache
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from mailweave.people.models import User, check_time_zone

PASSWORD_HELP = "At least 10 characters; a few words you can remember are good."  # noqa: S105


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """The names of the tz database that people choose from: places, and UTC."""
    names = zoneinfo.available_timezones()
    return ("UTC", *sorted(n for n in names if "/" in n and not n.startswith(("Etc/", "SystemV/"))))


class ZoneField(forms.CharField):
    """A time zone by name, searched by typing."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Time zone")
        options.setdefault("help_text", "Type to search, such as Berlin or New York.")
        super().__init__(max_length=64, validators=[check_time_zone], **options)
        self.widget.attrs.update({"list": "zones", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        """The zone's own spelling of what was typed, whatever its case and spaces."""
        typed = str(value or "").strip().replace(" ", "_").lower()
        found = next((zone for zone in zones() if zone.lower() == typed), None)
        return super().clean(found or value)


def email_field() -> forms.EmailField:
    """The address somebody signs in with."""
    return forms.EmailField(label="E-mail address", max_length=254)


class NewPasswordForm(forms.Form):
    """A new password, typed twice. ``user`` is whom it must not resemble."""

    password1 = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput, help_text=PASSWORD_HELP
    )
    password2 = forms.CharField(label="Password again", strip=False, widget=forms.PasswordInput)

    def user(self) -> User:
        """The user the password is for, as far as the form knows them."""
        return User(
            name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", "")
        )

    def clean(self) -> dict[str, Any]:
        """Refuse two different passwords, and weak ones."""
        found = super().clean() or self.cleaned_data
        first, second = found.get("password1"), found.get("password2")
        if first and second and first != second:
            self.add_error("password2", "The two passwords are not the same.")
        elif first:
            try:
                validate_password(first, self.user())
            except ValidationError as error:
                self.add_error("password1", error)
        return found


class NewUserForm(NewPasswordForm):
    """Somebody new: name, address, password, time zone."""

    name = forms.CharField(label="Your name", max_length=120)
    email = email_field()
    time_zone = ZoneField(initial="UTC")

    field_order = ["name", "email", "password1", "password2", "time_zone"]

    def clean_email(self) -> str:
        """Refuse an address that somebody already signs in with."""
        email = str(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError("There is an account with this address. Sign in with it first.")
        return email

    def made(self) -> User:
        """The user, not saved yet."""
        user = User(
            name=self.cleaned_data["name"],
            email=self.cleaned_data["email"],
            time_zone=self.cleaned_data["time_zone"],
        )
        user.set_password(self.cleaned_data["password1"])
        return user
