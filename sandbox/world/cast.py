"""Who plays in the invented world: our six people and everybody who writes to them."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.accounts import GOOGLE
from sandbox.world.shapes import Company, Person
from sandbox.world.wire import Mailbox

HOME = "us"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the habits that show in their mail. `zone` is minutes east of Greenwich."""

    person: Person
    kind: str
    call: str
    client: str
    language: str = "en"
    charset: str = "utf-8"
    second: str = ""
    phone: str = ""
    role: str = ""
    zone: int = 0
    logo: bool = False
    known: bool = True
    mail: str = GOOGLE

    @property
    def box(self) -> Mailbox:
        """Name and first address."""
        return Mailbox(self.person.name, self.person.address)

    @property
    def first(self) -> str:
        """What they sign with."""
        return (
            self.person.name if self.language in {"ja", "ru"} else self.person.name.split(" ", 1)[0]
        )

    @property
    def timezone(self) -> timezone:
        """Where their clock stands."""
        return timezone(timedelta(minutes=self.zone))


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, ours first."""

    company: Company
    companies: tuple[Company, ...]
    ours: tuple[Actor, ...]
    others: tuple[Actor, ...]

    def role(self, role: str) -> tuple[Actor, ...]:
        """Our people with that role."""
        return tuple(actor for actor in self.ours if actor.role == role)

    def beside(self, actor: Actor) -> tuple[Actor, ...]:
        """Their colleagues."""
        every = self.ours if actor.kind == HOME else self.others
        same = actor.person.company
        return tuple(one for one in every if one != actor and same and one.person.company == same)


@cache
def cast() -> Cast:
    """The cast as written in cast.toml."""
    firms = tomllib.loads(Path(__file__).with_name("cast.toml").read_text(encoding="utf-8"))[
        "company"
    ]
    actors = [actor(firm, entry) for firm in firms for entry in firm["people"]]
    companies = [Company(firm["name"], firm["domain"]) for firm in firms if firm["domain"]]
    return Cast(
        companies[0],
        tuple(companies[1:]),
        tuple(one for one in actors if one.kind == HOME),
        tuple(one for one in actors if one.kind != HOME),
    )


def actor(firm: dict[str, Any], entry: dict[str, Any]) -> Actor:
    """One entry of the file, with what the firm says for all its people."""
    local = entry["address"]
    address = local if "@" in local else f"{local}@{firm['domain']}"
    habits = {
        key: value
        for key, value in entry.items()
        if key not in {"name", "address", "title", "call"}
    }
    habits = {"language": firm.get("language", "en"), "zone": firm.get("zone", 0)} | habits
    return Actor(
        Person(entry["name"], address, firm["name"], entry["title"]),
        firm["kind"],
        entry.get("call", entry["name"].split(" ", 1)[0]),
        **habits,
    )
