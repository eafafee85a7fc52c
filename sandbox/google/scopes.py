"""Which scopes there are, how they are named, and what they ask of a person."""

from collections.abc import Iterable

GOOGLE = "https://www.googleapis.com/auth/"
ALIASES = {"email": GOOGLE + "userinfo.email", "profile": GOOGLE + "userinfo.profile"}
SIGN_IN = frozenset({"openid", *ALIASES.values()})
WORDS = {
    "https://mail.google.com/": "Read, compose, send and permanently delete all your email",
    GOOGLE + "gmail.modify": "Read, compose and send emails from your account",
    GOOGLE + "gmail.readonly": "View your email messages and settings",
    GOOGLE + "gmail.metadata": "View your email message metadata such as labels and headers",
    GOOGLE + "gmail.send": "Send email on your behalf",
    GOOGLE + "gmail.compose": "Manage drafts and send emails",
    GOOGLE + "gmail.insert": "Add emails into your mailbox",
    GOOGLE + "gmail.labels": "See and edit your email labels",
    GOOGLE + "gmail.settings.basic": "See, edit, create or change your email settings and filters",
    GOOGLE + "gmail.settings.sharing": "Manage your sensitive mail settings",
    "openid": "Associate you with your personal info",
    GOOGLE + "userinfo.email": "See your primary email address",
    GOOGLE + "userinfo.profile": "See your personal info",
}


def canonical(scopes: Iterable[str]) -> list[str]:
    """Scopes under their full names, each once, in the vendor's order: sign-in ones last."""
    full = dict.fromkeys(ALIASES.get(scope, scope) for scope in scopes)
    return sorted(full, key=lambda scope: (scope in SIGN_IN, scope))


def unknown(scopes: Iterable[str]) -> list[str]:
    """Those that are no scopes at all."""
    return [scope for scope in scopes if scope not in WORDS and scope not in ALIASES]


def asks_for(scopes: Iterable[str]) -> list[str]:
    """Those that get a box of their own on the consent page."""
    return [scope for scope in canonical(scopes) if scope not in SIGN_IN]
