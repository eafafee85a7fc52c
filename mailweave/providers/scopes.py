"""Permissions as sets: compared by meaning, whatever name, order or company they come in."""

from collections.abc import Iterable

_ALIASES = {
    "https://www.googleapis.com/auth/userinfo.email": "email",
    "https://www.googleapis.com/auth/userinfo.profile": "profile",
    "https://www.googleapis.com/auth/plus.me": "profile",
}
"""Google answers with the long names even where the short ones were asked for."""

_OPTIONAL_PREFIXES = ("https://graph.microsoft.com/",)
"""Microsoft means its Graph where no resource is named, and names it in some answers."""


def canonical(scopes: Iterable[str]) -> frozenset[str]:
    """The same scopes under one name each, in the case they came in."""
    return frozenset(_short(_ALIASES.get(scope, scope)) for scope in scopes)


def split(text: str) -> frozenset[str]:
    """The scopes of a space-separated list as it is sent (RFC 6749, 3.3), canonical."""
    return canonical(text.split())


def missing(asked: Iterable[str], granted: Iterable[str]) -> frozenset[str]:
    """What was asked for and not given, whatever the case: a person may untick boxes."""
    given = {scope.casefold() for scope in canonical(granted)}
    return frozenset(scope for scope in canonical(asked) if scope.casefold() not in given)


def _short(scope: str) -> str:
    for prefix in _OPTIONAL_PREFIXES:
        if scope.casefold().startswith(prefix):
            return scope[len(prefix) :]
    return scope
