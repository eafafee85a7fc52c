"""Which addresses of a message count for linking, and which mail is none of a record's business."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists

from mailweave.kit import scope, sql
from mailweave.mail import colleagues
from mailweave.mail.colleagues import Own
from mailweave.mail.models import Participant, Policy

FROM, TO, CC = Participant.Role.FROM, Participant.Role.TO, Participant.Role.CC


@dataclass(frozen=True, slots=True)
class Matching:
    """Roles that are matched on received and on sent mail, and whether threads inherit."""

    roles_in: tuple[int, ...] = (FROM, TO, CC)
    roles_out: tuple[int, ...] = (TO, CC)
    bcc: bool = True
    inherit_thread: bool = True


STANDARD = Matching()


def hidden() -> Own:
    """Whose mail among themselves is left out of records; nobody's where the policy shows it.

    One query.
    """
    shows = Policy.objects.filter(internal_mail=Policy.Internal.SHOW)
    return colleagues.own(unless=Exists(shows))


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
