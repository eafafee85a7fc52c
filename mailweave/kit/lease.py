"""One pair of hands on a row at a time; what a dead holder held is free at once.

The row has ``lease_until`` (timestamp) and ``lease_token`` (text). A lease that was not given back
ends in one of two ways:

* The holder's database session is gone: the worker was killed or the database restarted. While it
  works, that session holds an advisory lock named after the token, which PostgreSQL drops with the
  session; whoever asks next finds it gone and takes the row.
* The term runs out. That is for a holder the database still believes in, because its host lost
  power and nobody closed the connection. So the term may be long, much longer than the slowest
  step between two renewals: shorter, and a slow provider's mailbox would go from hand to hand
  with nothing ever done.

Neither proves that the holder has stopped: it may go on in a new session. The token fences. A
holder whose row was taken by another finds its writes refused by :func:`check`, which is the
first thing in every transaction that writes, and which locks the row until that one commits.
"""

import secrets
from datetime import datetime, timedelta
from zlib import crc32

from django.db import connection, models
from django.db.models import Q

from mailweave.kit import clock

TERM = timedelta(minutes=10)
"""Twice as long as one answer may take to come in (:data:`mailweave.kit.http.PATIENCE`)."""

_SPACE = 0x4D57_4C53
"""Keeps our advisory locks apart from anybody else's: the first of their two numbers."""

_IS_HELD = """
    SELECT EXISTS (
        SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
        WHERE d.datname = current_database() AND locktype = 'advisory' AND objsubid = 2
          AND classid = %s AND objid = %s AND granted
    )
"""


class LeaseLostError(Exception):
    """Another holder took the row; stop and leave everything to them."""


class Leased(models.Model):
    """A row that one worker at a time may work on."""

    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, default="", db_default="")

    class Meta:
        abstract = True


def take(rows: models.QuerySet[models.Model], pk: int, term: timedelta = TERM) -> str | None:
    """Take the lease on one row, or None if somebody holds it. Needs a transaction.

    Lasts while this thread's database connection does, until :func:`release`, or for ``term``
    after the last :func:`check`.
    """
    now = clock.now()
    token = secrets.token_hex(8)
    mine = {"lease_until": now + term, "lease_token": token}
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    if not rows.filter(free, pk=pk).update(**mine):
        holder = rows.filter(pk=pk).values_list("lease_token", flat=True).first()
        if holder is None or is_alive(holder):
            return None
        if not rows.filter(pk=pk, lease_token=holder).update(**mine):
            return None  # somebody else found the dead one first
    _ask("SELECT pg_advisory_lock(%s, %s)", token)
    return token


def check(
    rows: models.QuerySet[models.Model], pk: int, token: str, term: timedelta = TERM
) -> datetime:
    """Renew our lease in the transaction that writes; raises LeaseLostError if it is not ours."""
    until = clock.now() + term
    if not rows.filter(pk=pk, lease_token=token).update(lease_until=until):
        raise LeaseLostError
    return until


def release(rows: models.QuerySet[models.Model], pk: int, token: str) -> None:
    """Give the row back, if it is still ours, and forget the token."""
    rows.filter(pk=pk, lease_token=token).update(lease_until=None, lease_token="")
    if is_alive(token):
        _ask("SELECT pg_advisory_unlock(%s, %s)", token)


def is_alive(token: str) -> bool:
    """Whether the database session that took the lease with this token is still there."""
    return bool(_ask(_IS_HELD, token))


def _ask(query: str, token: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query, [_SPACE, crc32(token.encode()) >> 1])
        row: tuple[object, ...] = cursor.fetchone()
    return row[0]
