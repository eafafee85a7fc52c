"""What people are asked to allow, and in what dialect of OAuth."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the dialog shown before the redirect."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person sees what they have allowed, and can take it back."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a company makes of OAuth 2.0 and OpenID Connect where these leave room."""

    asked: Mapping[str, str] = field(default_factory=dict)
    """Parameters of every authorization request."""
    asked_anew: Mapping[str, str] = field(default_factory=dict)
    """Added where a new mailbox is connected; a reconnection names its account instead."""
    account: tuple[str, ...] = ("sub",)
    """The claims of an id token that together are the key of an account, joined by dots."""
    unlisted: frozenset[str] = frozenset()
    """Scopes that are granted and yet not named among the granted ones."""
    leads_on: bool = False
    """The sign-in page may lead on to addresses nobody can name beforehand, before it shows."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Mailboxes of an organisation's that people open with a permission of their own."""

    scopes: tuple[str, ...]
    """Asked for beside ``Kind.scopes`` once a person wants to add such a mailbox."""
    permissions: tuple[Permission, ...]
    needs: str
    """What must have been done at the company before."""
    not_for: Mapping[str, str]
    """Accounts that know no such mailboxes, by how their key begins, and why."""

    def key(self, account_id: str, address: str) -> str:
        """The key of the mailbox at ``address``: its organisation's is that of who opens it."""
        return f"{account_id.partition('.')[0]}.{address}"

    def why_not(self, account_id: str) -> str:
        """Why this account can add none; empty if it can."""
        reasons = (why for start, why in self.not_for.items() if account_id.startswith(start))
        return next(reasons, "")
