"""How far roles reach in the current workspace: chosen by admins, and undone."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from django.db import connection

from mailweave.kit import clock, scope
from mailweave.kit.errors import Expected
from mailweave.people.access import STANDARD, WIDTH, Deed, Scopes
from mailweave.people.models import Role, RoleReach, Scope

CHOSEN = (Role.MANAGER, Role.MEMBER, Role.VIEWER)
"""The roles whose reach can be chosen; owners and admins reach everything."""
DEEDS: tuple[Deed, ...] = ("see", "edit", "delete", "export")


def table() -> dict[str, Scopes]:
    """The reach of every role as it stands. One query."""
    rows = {row.role: read(_words(row)) for row in RoleReach.objects.all()}
    return {**STANDARD, **{role: rows[role] for role in CHOSEN if role in rows}}


def read(words: Sequence[str]) -> Scopes:
    """Scopes of their words, in the order of :data:`DEEDS`."""
    return Scopes(*map(Scope, words))


def change(wanted: Mapping[str, Scopes], user_id: int) -> UUID | None:
    """Let roles reach this far. Returns what :func:`undo` takes; None if nothing is different.

    Raises Expected for a role that cannot be chosen for, and for what makes no sense.
    """
    _hold()
    standing = table()
    different = {role: given for role, given in wanted.items() if standing.get(role) != given}
    for role, given in different.items():
        _check(role, given)
    act = uuid4()
    for role, given in different.items():
        _write(role, _said(given), _said(standing[role]), act, user_id)
    return act if different else None


def undo(act: UUID, user_id: int) -> bool:
    """Put back what one act replaced, as far as nobody has chosen anew; whether there was any."""
    _hold()
    rows = list(RoleReach.objects.filter(act=act).order_by("pk"))
    for row in rows:
        _write(row.role, row.before, _words(row), uuid4(), user_id)
    return bool(rows)


def _hold() -> None:
    """One choice at a time in a workspace, also while there is no row yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('people.roles'), %s)", [scope.current() % 2**31]
        )


def _check(role: str, given: Scopes) -> None:
    if role not in CHOSEN:
        raise Expected("Owners and admins reach everything; that cannot be chosen otherwise.")
    for deed in DEEDS:
        if WIDTH.index(getattr(given, deed)) > WIDTH.index(given.see):
            label = Role(role).label
            raise Expected(f"{label}: nobody can {deed} records they do not see.")


def _write(role: str, words: Sequence[str], before: Sequence[str], act: UUID, user_id: int) -> None:
    sees, edits, deletes, exports = words
    RoleReach.objects.update_or_create(
        role=role,
        defaults={
            "sees": sees,
            "edits": edits,
            "deletes": deletes,
            "exports": exports,
            "before": list(before),
            "act": act,
            "changed_by_id": user_id,
            "changed_at": clock.now(),
        },
    )


def _words(row: RoleReach) -> list[str]:
    return [row.sees, row.edits, row.deletes, row.exports]


def _said(given: Scopes) -> list[str]:
    return [getattr(given, deed).value for deed in DEEDS]
