"""What mail is filed by: the linking policy of a workspace, and whose mail is no record's business.

Read once a slice of work and once a request, changed by admins. ``linking.forecast`` says what a
change would do before it is made.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Exists

from mailweave.kit import clock, scope, sql
from mailweave.kit.errors import Expected
from mailweave.linking import registry
from mailweave.linking.models import LinkPolicy, RecordAddress, flat_first_standard
from mailweave.mail import colleagues, store
from mailweave.mail.colleagues import Own
from mailweave.mail.models import Participant, Policy, Switch

BCC = 6
"""The place of a Bcc among the roles: it is the copy's, and comes after all others."""
ROLES: Mapping[str, int] = {
    "from": Participant.Role.FROM,
    "to": Participant.Role.TO,
    "cc": Participant.Role.CC,
    "bcc": BCC,
}
Choice = str | Sequence[str]
"""What a field is given: one word of its choices, or some."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The linking policy as it stands: a choice of :class:`LinkPolicy` for each of its fields.

    ``version`` moves with every change, so that a form can tell whether it is out of date.
    """

    match_types: tuple[str, ...] = ()
    match_kinds: tuple[str, ...] = tuple(RecordAddress.Kind.values)
    roles_in: tuple[str, ...] = ("from", "to", "cc")
    roles_out: tuple[str, ...] = ("to", "cc", "bcc")
    link_mode: str = LinkPolicy.Mode.ALL
    inherit_thread: str = Switch.ON
    deal_mode: str = LinkPolicy.Deals.LATEST
    link_company: str = Switch.ON
    timeline_first: tuple[str, ...] = ()
    flat_first: tuple[str, ...] = tuple(flat_first_standard())
    version: int = 0

    @property
    def takes_first(self) -> bool:
        """Whether a message is filed under one record of those it matches."""
        return self.link_mode == LinkPolicy.Mode.FIRST

    @property
    def inherits(self) -> bool:
        """Whether answers are filed where their conversation is."""
        return self.inherit_thread == Switch.ON

    def view_of(self, kind: str) -> str:
        """What the page of such a record opens with: threads, timeline or flat."""
        if kind in self.timeline_first:
            return "timeline"
        return "flat" if kind in self.flat_first else "threads"

    def parameters(self) -> dict[str, Any]:
        """What the SQL of matching and of histories needs to know."""
        return {
            "types": list(self.match_types),
            "address_kinds": list(self.match_kinds),
            "order": list(registry.kinds()),
            "roles_in": [ROLES[one] for one in self.roles_in],
            "roles_out": [ROLES[one] for one in self.roles_out],
            "takes_first": self.takes_first,
            "with_company": self.link_company == Switch.ON,
            "deal_mode": str(self.deal_mode),
        }


NAMES = tuple(one.name for one in fields(Matching) if one.name != "version")
"""The fields that can be chosen, in the order of the page."""
OF_KINDS = frozenset({"match_types", "timeline_first", "flat_first"})
"""The fields whose words are kinds of record."""
SHOWN = frozenset({"timeline_first", "flat_first"})
"""The fields that say how mail is shown: which links there are does not depend on them."""


def current() -> Matching:
    """The linking policy of the workspace. One query; until somebody decides, the standard."""
    row = LinkPolicy.objects.first()
    return _read(row) if row else Matching()


def change(
    choices: Mapping[str, Choice], *, version: int, user_id: int
) -> tuple[Matching, Matching]:
    """Choose anew; returns the policy before and after. Stored mail is linked by the caller.

    Raises Expected, in words, for what cannot be chosen, and where somebody else has changed the
    policy since ``version``: nothing is changed then.
    """
    store.hold()
    row, _ = LinkPolicy.objects.get_or_create()
    before = _read(row)
    if before.version != version:
        raise Expected(
            "Somebody else has changed how mail is linked meanwhile. Nothing of yours was saved: "
            "look at it again, then choose."
        )
    after = choose(before, choices)
    for name in NAMES:
        chosen = getattr(after, name)
        setattr(row, name, list(chosen) if isinstance(chosen, tuple) else chosen)
    row.version, row.changed_by_id, row.changed_at = version + 1, user_id, clock.now()
    row.save()
    return before, _read(row)


def choose(standing: Matching, choices: Mapping[str, Choice]) -> Matching:
    """The policy with these choices instead, not saved. Raises Expected for what cannot be."""
    chosen = {name: getattr(standing, name) for name in NAMES}
    for name in NAMES:
        if name in choices:
            chosen[name] = _one(name, choices[name])
    if not chosen["match_kinds"]:
        raise Expected("Addresses: choose at least one kind, or no mail would be linked.")
    if not chosen["roles_in"] and not chosen["roles_out"]:
        raise Expected(
            "Choose where an address has to stand on received or on sent mail: with neither, no "
            "mail would be linked."
        )
    return Matching(**chosen, version=standing.version)


def offered(name: str) -> tuple[tuple[str, str], ...]:
    """What can be chosen for a field: (word, label)."""
    if name in OF_KINDS:
        kinds = registry.matched_kinds() if name == "match_types" else registry.kinds()
        return tuple((one, registry.get(one).label) for one in kinds)
    field = LinkPolicy.field(name)
    found = field.base_field if isinstance(field, ArrayField) else field
    return tuple((str(word), str(label)) for word, label in found.flatchoices)


def is_set(name: str) -> bool:
    """Whether any number of words can be chosen for a field, not exactly one."""
    return isinstance(LinkPolicy.field(name), ArrayField)


def _one(name: str, given: Choice) -> Choice:
    """A field's choice, in the order in which it is offered."""
    words = [word for word, _ in offered(name)]
    several = [given] if isinstance(given, str) else list(given)
    if not set(several) <= set(words) or is_set(name) == isinstance(given, str):
        label = LinkPolicy.field(name).verbose_name
        raise Expected(f"{label}: choose from what is offered.")
    if isinstance(given, str):
        return given
    return tuple(word for word in words if word in several)


def _read(row: LinkPolicy) -> Matching:
    chosen = {name: getattr(row, name) for name in NAMES}
    tidy: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else str(value)
        for name, value in chosen.items()
    }
    return Matching(**tidy, version=row.version)


def hidden() -> Own:
    """Whose mail among themselves is left out of records; nobody's where the policy shows it.

    One query.
    """
    shows = Policy.objects.filter(internal_mail=Policy.Internal.SHOW)
    return colleagues.own(unless=Exists(shows))


def hidden_by(internal_mail: str) -> Own:
    """The same by a choice for mail among colleagues, whatever the policy says."""
    return Own() if internal_mail == Policy.Internal.SHOW else colleagues.own()


def parameters(own: Own) -> dict[str, Any]:
    """What the SQL piece ``outsider`` needs to know."""
    return {"own": list(own.addresses), "own_domains": list(own.domains)}


def find_internal(message_ids: Collection[int]) -> list[int]:
    """Those of the messages that only colleagues took part in, whatever the policy says of them."""
    own = colleagues.own()
    query = sql.load("mailweave.linking", "matching")["internal"]
    asked = {"workspace": scope.current(), "messages": list(message_ids), **parameters(own)}
    with connection.cursor() as cursor:
        cursor.execute(query.replace("{outsider}", outsider("m.id")), asked)
        return [pk for (pk,) in cursor]


def outsider(message: str) -> str:
    """SQL: somebody who is no colleague took part in a message, or nobody is to be hidden.

    ``message`` is SQL of ours for its id.
    """
    return sql.load("mailweave.linking", "matching")["outsider"].replace("{message}", message)
