"""Permissions as sets: compared by meaning, whatever name, order or company they come in."""

from collections.abc import Iterable

_ALIASES = {
    "https://www.googleapis.com/auth/userinfo.email": "email",
    "https://www.googleapis.com/auth/userinfo.profile": "profile",
    "https://www.googleapis.com/auth/plus.me": "profile",
}
"""Google answers with the long names even where the short ones were asked for."""


def canonical(scopes: Iterable[str]) -> frozenset[str]:
    """The same scopes under one name each."""
    return frozenset(_ALIASES.get(scope, scope) for scope in scopes)


def split(text: str) -> frozenset[str]:
    """The scopes of a space-separated list as it is sent (RFC 6749, 3.3), canonical."""
    return canonical(text.split())


def missing(asked: Iterable[str], granted: Iterable[str]) -> frozenset[str]:
    """What was asked for and not given: a person may untick boxes."""
    return canonical(asked) - canonical(granted)
