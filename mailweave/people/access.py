"""May this person do that? One function, one table of rules."""

from dataclasses import dataclass
from typing import Literal

from mailweave.people.models import Role

Verb = Literal[
    "manage members",
    "manage owners",
    "manage integrations",
    "manage policies",
    "connect mailboxes",
    "edit records",
    "correct entries",
]

RULES: dict[Verb, frozenset[str]] = {
    "manage owners": frozenset({Role.OWNER}),
    "manage members": frozenset({Role.OWNER, Role.ADMIN}),
    "manage integrations": frozenset({Role.OWNER, Role.ADMIN}),
    "manage policies": frozenset({Role.OWNER, Role.ADMIN}),
    "connect mailboxes": frozenset(Role.values),
    "edit records": frozenset(Role.values),
    "correct entries": frozenset({Role.OWNER, Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Member:
    """Who is acting, in which workspace, as what. Passed to everything that decides."""

    workspace_id: int
    user_id: int
    role: str
    name: str = ""
    time_zone: str = "UTC"

    def may(self, verb: Verb) -> bool:
        """Whether the rules let this member do ``verb``."""
        return self.role in RULES[verb]
