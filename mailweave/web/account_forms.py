"""The forms of signing in and changing the password, in our words and without placeholders."""

from typing import Any

from allauth.account import forms

from mailweave.web.fields import PASSWORD_HELP

WORDS = {
    "login": "E-mail address",
    "password": "Password",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password again",
}


def _reword(form: Any) -> None:
    for name, label in WORDS.items():
        if name in form.fields:
            form.fields[name].label = label
            form.fields[name].widget.attrs.pop("placeholder", None)


class LoginForm(forms.LoginForm):  # type: ignore[misc]
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self)


class ChangePasswordForm(forms.ChangePasswordForm):  # type: ignore[misc]
    """The present password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self)
        self.fields["password1"].help_text = PASSWORD_HELP
