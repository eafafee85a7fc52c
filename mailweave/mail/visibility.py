"""Who sees which mail, and how much of it. Everything that reads mail reads through here.

- A member sees every copy in the mailboxes they own, with its Bcc: level ``OWN``.
- In other people's mailboxes they see linked mail only, as far as the mailbox is shared; and of
  that only what is about a record they may see.
- A shared mailbox belongs to the workspace: every member sees all of it, as if they owned it.
- Of one thread more or less may be shared than of the rest of its mailbox: whoever decides about
  the mailbox said so (:mod:`mailweave.mail.sharing`). Unlinked mail is never opened by that.
- A message seen through several mailboxes is seen at the highest of their levels.
- A role gives no right to read other people's unlinked mail. Disconnecting changes nothing.

Mail knows no records. Who knows them gives each message doors, one for everybody who may see all of
a module's records and one for those who may see the records of one owner (``people.access.doors``);
a viewer carries the doors that open for them.

The rule for one copy is the SQL function ``mail_level``, so that search, which runs inside the
database, follows the same one.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from mailweave.kit import sql
from mailweave.mail.models import Mailbox, ThreadMailbox
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
NOTHING = 0
"""What colleagues see of a private mailbox, where no thread of it is opened to them."""
CAPPED = 5
"""To ``mail_level``: all of it, but for threads of which less is shared."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes mail is read with: the mailboxes that are theirs, and those shared with them.

    Of ``own``, those in ``common`` are everybody's, and others decide about those in ``capped``. Of
    mailboxes in ``opened`` only single threads are shared. ``doors`` are those that open for the
    viewer, None if all do.
    """

    workspace_id: int
    user_id: int
    own: tuple[int, ...]
    shared: Mapping[int, Level]
    common: frozenset[int] = frozenset()
    doors: tuple[str, ...] | None = None
    capped: frozenset[int] = frozenset()
    opened: tuple[int, ...] = ()

    @property
    def mailbox_ids(self) -> tuple[int, ...]:
        """Every mailbox of which this viewer may see anything."""
        return (*self.own, *self.shared, *self.opened)

    @property
    def kept(self) -> tuple[int, ...]:
        """The mailboxes this viewer decides about."""
        return tuple(pk for pk in self.own if pk not in self.capped)

    def parameters(self) -> dict[str, Any]:
        """What the SQL of :func:`read` needs to know about the viewer."""
        return {
            "workspace": self.workspace_id,
            "mailboxes": list(self.mailbox_ids),
            "doors": None if self.doors is None else list(self.doors),
            "levels": [
                *(CAPPED if pk in self.capped else Level.OWN.value for pk in self.own),
                *(level.value for level in self.shared.values()),
                *(NOTHING for _ in self.opened),
            ],
        }

    def sort(self, scope: Collection[int]) -> dict[str, list[int]]:
        """These mailboxes by how they are the viewer's; no kind without any."""
        kinds = {
            "own": self.kept,
            "shared": self.shared,
            "opened": self.opened,
            "capped": self.capped,
        }
        found = {name: [pk for pk in scope if pk in kind] for name, kind in kinds.items()}
        return {name: pks for name, pks in found.items() if pks}

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
    threads = ThreadMailbox.objects.filter(mailbox_id=OuterRef("pk"), sharing__gt=NOTHING)
    rows = list(boxes.select_related("delegate").annotate(opened=Exists(threads)))
    doors = access.doors(member)
    own = tuple(one.pk for one in rows if one.owner_id == member.user_id or one.is_shared)
    others = [one for one in rows if one.pk not in own and doors != ()]
    return Viewer(
        member.workspace_id,
        member.user_id,
        own,
        {one.pk: SHARED[level] for one in others if (level := one.sharing) in SHARED},
        common=frozenset(one.pk for one in rows if one.is_shared),
        doors=doors,
        capped=frozenset(one.pk for one in rows if one.is_shared and not _keeps(member, one)),
        opened=tuple(one.pk for one in others if one.sharing not in SHARED and one.opened),
    )


def _keeps(member: Member, mailbox: Mailbox) -> bool:
    """Whether a member decides how a shared mailbox's threads are shared."""
    people = {mailbox.owner_id, mailbox.delegate.owner_id}
    return member.user_id in people or member.may("manage integrations")


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
