"""What the invented world hands out: people, records and mail ready to deliver."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address. `company` is "" for people who write as themselves."""

    name: str
    address: str
    company: str
    title: str


@dataclass(frozen=True, slots=True)
class Company:
    """A firm and the mail domain its people write from."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as a CRM would hold them: one primary address and perhaps others."""

    name: str
    title: str
    company: str
    address: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deal:
    """A sale under way.

    `amount` is whole euros; `contacts` are primary addresses, and `primary` is one of them.
    """

    name: str
    company: str
    stage: str
    amount: int
    contacts: tuple[str, ...]
    primary: str


@dataclass(frozen=True, slots=True)
class Records:
    """What a CRM demo is filled with. Some correspondents are left out on purpose."""

    contacts: tuple[Contact, ...]
    companies: tuple[Company, ...]
    deals: tuple[Deal, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One copy of one mail in one mailbox.

    `labels` are Gmail label ids, `received_at` is aware and in UTC, `tags` say what is special
    about the mail.
    """

    mailbox: str
    raw: bytes
    labels: tuple[str, ...]
    received_at: datetime
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class SharedMailbox:
    """A mailbox of the firm's at Microsoft; `delegates` are our people who may open it."""

    person: Person
    delegates: tuple[str, ...]
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class World:
    """The whole invented world; the same seed and moment give the same bytes.

    `labels` maps the ids of user labels to their names. `deliveries` are sorted by `received_at`.
    `homes` says for each mailbox of ours which company keeps it, "google" or "microsoft".
    `desk` is a mailbox of nobody's in particular; its mail is not among the deliveries.
    """

    seed: int
    company: Company
    people: tuple[Person, ...]
    correspondents: tuple[Person, ...]
    companies: tuple[Company, ...]
    deals: tuple[Deal, ...]
    deliveries: tuple[Delivery, ...]
    labels: Mapping[str, str]
    records: Records
    homes: Mapping[str, str]
    desk: SharedMailbox

    def contacts(self) -> Records:
        """The records a CRM demo starts with."""
        return self.records

    def mailboxes(self) -> tuple[str, ...]:
        """The addresses of our own people, owner first."""
        return tuple(person.address for person in self.people)

    def label_names(self, delivery: Delivery) -> tuple[str, ...]:
        """The delivery's labels with user labels by name, for a mailbox that makes its own ids."""
        return tuple(self.labels.get(label, label) for label in delivery.labels)

    def arrive(self, index: int, now: datetime, mailbox: str | None = None) -> Delivery:
        """New mail number `index`, received at `now`; into `mailbox`, or whoever's turn it is.

        The same arguments give the same bytes. Every third one answers a thread that is there.
        """
        from sandbox.world import arrivals

        return arrivals.arrive(self, index, now, mailbox)
