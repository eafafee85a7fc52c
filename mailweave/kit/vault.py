"""The installation's keyring: sealed columns open and close through here."""

import os
from functools import lru_cache

from django.conf import settings
from django.db import models

from mailweave.kit import crypto


@lru_cache(maxsize=1)
def keyring() -> crypto.Keyring:
    """The master keys, from MAILWEAVE_MASTER_KEY or the data directory's key file."""
    given = os.environ.get("MAILWEAVE_MASTER_KEY", "")
    if given:
        return crypto.read_keys(given)
    return crypto.load_keys(settings.MASTER_KEY_FILE)


def place(row: models.Model, column: str) -> str:
    """Where a secret lies: bound into its seal. The row must have its id."""
    if row.pk is None:
        raise ValueError("a secret is sealed for a row that has its id")
    return f"{row._meta.db_table}/{row.pk}/{column}"  # noqa: SLF001


def seal(row: models.Model, column: str, plain: str) -> None:
    """Put ``plain`` into ``row.column``, sealed. Does not save."""
    setattr(row, column, keyring().seal(plain, place(row, column)))


def unseal(row: models.Model, column: str) -> str:
    """The text sealed in ``row.column``; raises crypto.SealBrokenError."""
    return keyring().open(bytes(getattr(row, column)), place(row, column))
