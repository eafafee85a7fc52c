"""The page of a one-time link for a new password, as ``reset_password`` prints it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mailweave.kit.errors import Expected
from mailweave.people import passwords
from mailweave.people.models import User
from mailweave.web.fields import NewPasswordForm
from mailweave.web.sign_in import sign_in


class ResetForm(NewPasswordForm):
    """A new password for somebody who is known."""

    def __init__(self, *args: object, whose: User) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.whose = whose

    def user(self) -> User:
        """Whose password it is."""
        return self.whose


@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Choose a new password, once, and be signed in."""
    try:
        user = passwords.find(key, token)
    except Expected as error:
        return render(request, "people/dead_link.html", {"message": str(error)}, status=410)
    form = ResetForm(request.POST or None, whose=user)
    if request.method == "POST" and form.is_valid():
        passwords.change(user, form.cleaned_data["password1"])
        sign_in(request, user)
        return redirect("home")
    context = {"form": form, "whose": user}
    return render(request, "people/reset.html", context, status=422 if form.errors else 200)
