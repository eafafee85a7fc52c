"""Permissions of Microsoft Graph and of OpenID Connect: their names, and what they ask for."""

from collections.abc import Iterable, Mapping

GRAPH = "https://graph.microsoft.com/"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"
OPEN_ID = ("openid", "profile", "email")
OFFLINE = "offline_access"
EVERYTHING = ".default"
SHARED = ".Shared"
WORDS: Mapping[str, str] = {
    "User.Read": "Sign you in and read your profile",
    "Mail.ReadBasic": "Read your basic mail",
    "Mail.ReadBasic.Shared": "Read basic mail you can access",
    "Mail.Read": "Read your mail",
    "Mail.Read.Shared": "Read mail you can access",
    "Mail.ReadWrite": "Have full access to your mail",
    "Mail.ReadWrite.Shared": "Have full access to mail you can access",
    "Mail.Send": "Send mail as you",
    "Mail.Send.Shared": "Send mail on behalf of others",
    "MailboxSettings.Read": "Read your mailbox settings",
    "MailboxSettings.ReadWrite": "Read and write your mailbox settings",
    OFFLINE: "Maintain access to data you have given it access to",
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your email address",
}
MANAGED = tuple(
    name for name in WORDS if name.startswith(("Mail.Read", "MailboxSettings."))
)  # fmt: skip
"""What people of an organization that lets Microsoft manage consent cannot agree to themselves."""
REGISTERED = ("User.Read", "Mail.ReadWrite", "Mail.Send", OFFLINE, *OPEN_ID)
"""What ``/.default`` means: the permissions written down when the app was registered."""

_KNOWN = {name.lower(): name for name in WORDS}
_RESOURCES = (GRAPH, GRAPH_ID + "/", "https://graph.microsoft.com//")


class UnknownScopeError(Exception):
    """There is no such permission, or no such resource; ``name`` is what was asked for."""

    def __init__(self, name: str, *, resource: bool) -> None:
        super().__init__(name)
        self.name, self.resource = name, resource


def read(text: str) -> frozenset[str]:
    """The short names of the scopes asked for, in any case and with or without the resource.

    Raises UnknownScopeError for the first that Microsoft does not have.
    """
    asked: set[str] = set()
    for given in text.split():
        name = short(given)
        if "/" in name:
            raise UnknownScopeError(given, resource=True)
        if name == EVERYTHING:
            asked.update(REGISTERED)
        elif name.lower() in _KNOWN:
            asked.add(_KNOWN[name.lower()])
        else:
            raise UnknownScopeError(given, resource=False)
    return frozenset(asked)


def short(given: str) -> str:
    """A scope without the address of Microsoft Graph before it."""
    for resource in _RESOURCES[::-1]:
        if given.lower().startswith(resource):
            return given[len(resource) :]
    return given


def written(scopes: Iterable[str], *, full: bool = False) -> str:
    """Granted scopes as an answer tells them: never offline_access, the resource when ``full``."""
    given = set(scopes) - {OFFLINE}
    graph = sorted(given - set(OPEN_ID))
    return " ".join([*(GRAPH * full + name for name in graph), *(n for n in OPEN_ID if n in given)])


def graph_only(scopes: Iterable[str]) -> frozenset[str]:
    """Those that are Graph's: what an access token carries."""
    return frozenset(scopes) - {OFFLINE, *OPEN_ID}
