"""What numbers in a refusal hint at: Microsoft's, which stand beside the OAuth ``error``.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes says that they may change
and that programs go by ``error``. So they choose words and, among refusals that a person has to do
something about, who that person is; a number that nobody knows changes nothing.
"""

import re
from collections.abc import Iterable, Mapping

from mailweave.providers.errors import (
    AdminNeeded,
    AuthExpired,
    Blocked,
    ConsentNeeded,
    Misconfigured,
    ProofNeeded,
    ProviderError,
    Refused,
    Unavailable,
)

Hint = tuple[type[ProviderError], str]
_NUMBER = re.compile(r"AADSTS(\d{4,9})\b")


def _rows(error: type[ProviderError], words: str, *numbers: int) -> dict[int, Hint]:
    return dict.fromkeys(numbers, (error, words))


HINTS: Mapping[int, Hint] = {
    **_rows(
        AuthExpired,
        "The permission has ended: it was not used for too long (Microsoft's limit is 90 days, "
        "where the organisation has set no shorter one), or was revoked.",
        *(70008, 700082),
    ),
    **_rows(
        AuthExpired,
        "The permission was revoked: the password or the account was changed.",
        *(50133, 50173),
    ),
    **_rows(
        AuthExpired,
        "The organisation asks people to sign in again from time to time, and that time has come.",
        70043,
    ),
    **_rows(
        AuthExpired,
        "The permission has ended after a day, because the app is registered at Microsoft as a "
        "single-page application. The operator has to register it as Web.",
        700084,
    ),
    **_rows(
        ProofNeeded,
        "The organisation asks for a further proof at sign-in, such as a code from a phone.",
        *(50072, 50074, 50076, 50078, 50079),
    ),
    **_rows(
        ProofNeeded,
        "The password of this account has expired: choose a new one at sign-in.",
        50055,
    ),
    **_rows(
        Blocked,
        "A Conditional Access rule of the organisation keeps Mailweave out. Signing in again does "
        "not help: its administrator has to make an exception.",
        *(53003, 530034),
    ),
    **_rows(
        Blocked,
        "The organisation admits only devices and apps it manages. Signing in again does not "
        "help: its administrator has to make an exception.",
        *(50131, 53000, 53001, 53002, 530021, 530032),
    ),
    **_rows(
        Blocked,
        "The organisation has closed mail to apps. Its administrator has to open it.",
        90093,
    ),
    **_rows(
        Blocked,
        "The organisation admits only people who are assigned to Mailweave. Its administrator has "
        "to assign this one.",
        50105,
    ),
    **_rows(
        AdminNeeded,
        "The organisation lets only an administrator allow Mailweave to reach mail.",
        *(90094, 90095),
    ),
    **_rows(
        ConsentNeeded,
        "The permissions were not given yet, or were taken back.",
        65001,
    ),
    **_rows(ConsentNeeded, "Permission was not given.", 65004),
    **_rows(
        Refused,
        "This account cannot be used: it is of another organisation, or of a type that the app "
        "registration of this installation does not admit. Choose another account.",
        *(50020, 50034, 50177, 51004, 500208),
    ),
    **_rows(Refused, "The account is closed or locked at its provider.", *(50053, 50057)),
    **_rows(
        Misconfigured,
        "The app registration admits only accounts of its own organisation, or no personal ones: "
        "the operator has to change its supported account types.",
        *(50194, 9002331, 9002332, 9002346),
    ),
    **_rows(
        Misconfigured,
        "The client secret has expired: the operator has to make a new one at Microsoft.",
        7000222,
    ),
    **_rows(
        Misconfigured,
        "The provider does not accept the client secret.",
        *(70002, 7000215),
    ),
    **_rows(
        Misconfigured,
        "The provider wants a client secret, and none is entered here.",
        7000218,
    ),
    **_rows(
        Misconfigured,
        "The app is registered at Microsoft as a public client: the operator has to register it "
        "as Web.",
        700025,
    ),
    **_rows(Misconfigured, "The provider knows no app with this client id.", 700016),
    **_rows(
        Misconfigured,
        "The app is disabled, by its operator at Microsoft or by the organisation.",
        7000112,
    ),
    **_rows(
        Misconfigured,
        "The address people return to is not registered at Microsoft.",
        50011,
    ),
    **_rows(
        Unavailable,
        "The provider's sign-in service is busy.",
        *(50087, 50196, 90006, 90024, 90033, 90055),
    ),
}

DECLINED = HINTS[65004]

SUBERRORS: Mapping[str, Hint] = {
    "basic_action": HINTS[50076],
    "additional_action": HINTS[50076],
    "message_only": HINTS[53003],
    "consent_required": HINTS[65001],
    "user_password_expired": HINTS[50055],
    "bad_token": HINTS[700082],
    "token_expired": HINTS[700082],
}
"""https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions/, "classification"."""


def numbers(description: str) -> Iterable[int]:
    """The numbers in an ``error_description``, in their order."""
    return (int(found) for found in _NUMBER.findall(description))


def hint(description: str, suberror: str = "") -> Hint | None:
    """What the numbers, else the ``suberror``, of a refusal say; None if nothing we know."""
    known = (HINTS[number] for number in numbers(description) if number in HINTS)
    return next(known, None) or SUBERRORS.get(suberror)
