"""Who sees which mail, and how much of it. Everything that reads mail reads through here.

- A member sees every copy in the mailboxes they own, with its Bcc: level ``OWN``.
- In other people's mailboxes they see linked mail only, as far as the mailbox is shared; and of
  that only what is about a record they may see.
- A shared mailbox belongs to the workspace: every member sees all of it, as if they owned it.
- A message seen through several mailboxes is seen at the highest of their levels.
- A role gives no right to read other people's unlinked mail. Disconnecting changes nothing.

Mail knows no records. Who knows them gives each message doors, one for everybody who may see all of
a module's records and one for those who may see the records of one owner (``people.access.doors``);
a viewer carries the doors that open for them.

The rule for one copy is the SQL function ``mail_level``, so that search, which runs inside the
database, follows the same one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db import connection

from mailweave.kit import sql
from mailweave.mail.models import Mailbox
from mailweave.people import access
from mailweave.people.access import Member


class NotFound(Exception):
    """What was asked for does not exist, or not for this viewer; the two look the same."""


class Level(IntEnum):
    """How much of a message is shown. The numbers are those of the SQL function ``mail_level``."""

    METADATA = 1
    """People and dates."""
    SUBJECT = 2
    """People, dates and subject."""
    FULL = 3
    """Everything but Bcc."""
    OWN = 4
    """Everything."""


OPEN = re.compile(r"\{open: (\w+)\}")
SHARED = {
    Mailbox.Sharing.FULL: Level.FULL,
    Mailbox.Sharing.SUBJECT: Level.SUBJECT,
    Mailbox.Sharing.METADATA: Level.METADATA,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes mail is read with: the mailboxes that are theirs, and those shared with them.

    Of ``own``, those in ``common`` are everybody's. ``doors`` are those that open for them, None if
    all do.
    """

    workspace_id: int
    user_id: int
    own: tuple[int, ...]
    shared: Mapping[int, Level]
    common: frozenset[int] = frozenset()
    doors: tuple[str, ...] | None = None

    @property
    def mailbox_ids(self) -> tuple[int, ...]:
        """Every mailbox of which this viewer may see anything."""
        return (*self.own, *self.shared)

    def parameters(self) -> dict[str, Any]:
        """What the SQL of :func:`read` needs to know about the viewer."""
        return {
            "workspace": self.workspace_id,
            "mailboxes": list(self.mailbox_ids),
            "doors": None if self.doors is None else list(self.doors),
            "levels": [Level.OWN.value] * len(self.own) + [v.value for v in self.shared.values()],
        }

    def narrow(self, mailbox_id: int | None, *, own: bool = False) -> tuple[int, ...]:
        """The mailboxes a list is made of: all visible, one, or (``own``) those one owns.

        Raises :class:`NotFound` for a mailbox this viewer sees nothing of.
        """
        if mailbox_id is not None and mailbox_id not in self.mailbox_ids:
            raise NotFound("no such mailbox")
        wide = self.own if own else self.mailbox_ids
        return tuple(i for i in wide if mailbox_id in {None, i})


def viewer_for(member: Member) -> Viewer:
    """The eyes of a member. One query, two where a team matters; ask once per request."""
    boxes = Mailbox.objects.filter(workspace_id=member.workspace_id).order_by("id")
    rows = list(boxes.values_list("id", "owner_id", "sharing", "delegate_id"))
    common = frozenset(pk for pk, *_, delegate_id in rows if delegate_id)
    doors = access.doors(member)
    own = tuple(pk for pk, owner_id, *_ in rows if owner_id == member.user_id or pk in common)
    shared = {
        pk: SHARED[Mailbox.Sharing(sharing)]
        for pk, _, sharing, _ in rows
        if pk not in own and sharing != Mailbox.Sharing.PRIVATE and doors != ()
    }
    return Viewer(member.workspace_id, member.user_id, own, shared, common, doors)


def compose(package: str, file: str, name: str, **pieces: str) -> str:
    """A named query in which ``{copies}`` is the visible copies of the message ``m``, and
    ``{open: x}`` whether the linked mail in row ``x`` opens to the viewer.

    ``pieces`` fill further braces; they are SQL of ours, never anything from outside.
    """
    query = sql.load(package, file)[name]
    pieces["copies"] = sql.load("mailweave.mail", "visibility")["copies"]  # last: pieces may use it
    for piece, text in pieces.items():
        query = query.replace("{" + piece + "}", text)
    opens = sql.load("mailweave.mail", "visibility")["open"]
    return OPEN.sub(lambda row: f"({opens.replace('{m}', row[1])})", query)


def read(query: str, viewer: Viewer, /, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a composed query, for a viewer."""
    with connection.cursor() as cursor:
        cursor.execute(shade(query), {**viewer.parameters(), **parameters})
        return list(cursor.fetchall())


def shade(query: str) -> str:
    """The query with its workspace kept from the planner until it runs.

    Knowing it, the planner looks it up in its statistics, finds nothing of a workspace that is new
    or small among large ones, and takes every index that begins with it for equally good.
    """
    return query.replace("%(workspace)s", "(SELECT %(workspace)s::bigint)")
