"""One pair of hands on a row at a time; a dead holder's lease runs out.

The row has ``lease_until`` (timestamp) and ``lease_token`` (text). The token fences: a holder
whose lease ran out and was taken by another finds its own writes refused by :func:`check`.
"""

import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from mailweave.kit import clock

TERM = timedelta(seconds=120)


class LeaseLostError(Exception):
    """Another holder took the row; stop and leave everything to them."""


class Leased(models.Model):
    """A row that one worker at a time may work on."""

    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, default="", db_default="")

    class Meta:
        abstract = True


def take(rows: models.QuerySet[models.Model], pk: int, term: timedelta = TERM) -> str | None:
    """Take the lease on one row, or None if somebody holds it. Needs a transaction."""
    now = clock.now()
    token = secrets.token_hex(8)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    taken = rows.filter(free, pk=pk).update(lease_until=now + term, lease_token=token)
    return token if taken else None


def check(
    rows: models.QuerySet[models.Model], pk: int, token: str, term: timedelta = TERM
) -> datetime:
    """Renew our lease in the transaction that writes; raises LeaseLostError if it is not ours."""
    until = clock.now() + term
    if not rows.filter(pk=pk, lease_token=token).update(lease_until=until):
        raise LeaseLostError
    return until


def release(rows: models.QuerySet[models.Model], pk: int, token: str) -> None:
    """Give the row back, if it is still ours."""
    rows.filter(pk=pk, lease_token=token).update(lease_until=None, lease_token="")
