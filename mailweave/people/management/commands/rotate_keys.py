"""``rotate_keys``: seal every secret again, under the active key."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from mailweave.kit import scope, vault
from mailweave.kit.crypto import SealBrokenError
from mailweave.people.models import Workspace

# By name: these tables belong to rooms above this one.
SEALED = {
    "mail.Credential": ("access_token", "refresh_token"),
    "sync.OAuthClient": ("client_secret",),
    "sync.Authorization": ("verifier", "claims"),
    "sync.ConsentRequest": ("state",),
    "sync.Sync": ("claims",),
}
PAGE = 200


class Command(BaseCommand):
    help = "Seals all stored secrets under the first master key. Stopped half-way, run it again."

    def handle(self, *_: Any, **__: Any) -> None:
        """Page by page and workspace by workspace; what is under the active key is left alone."""
        sealed = broken = 0
        for workspace_id in Workspace.objects.order_by("pk").values_list("pk", flat=True):
            for name, columns in SEALED.items():
                for done, failed in _pages(workspace_id, apps.get_model(name), columns):
                    sealed, broken = sealed + done, broken + failed
        self.stdout.write(f"{sealed} secrets sealed again under key {vault.keyring().active}.")
        if broken:
            raise CommandError(
                f"{broken} secrets open with none of the keys. Keep the old keys until these "
                "mailboxes are reconnected and these clients typed in again."
            )


def _pages(
    workspace_id: int, model: type[models.Model], columns: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """Seal one page of rows in each transaction; yields (sealed again, not opened)."""
    last = 0
    while True:
        with scope.workspace(workspace_id):
            rows = _rows(model).filter(pk__gt=last).order_by("pk")
            page = list(rows[:PAGE])
            results = [_reseal(row, column) for row in page for column in columns]
        if not page:
            return
        last = page[-1].pk
        yield results.count("sealed"), results.count("broken")


def _rows(model: type[models.Model]) -> models.QuerySet[models.Model]:
    """The current workspace's rows, locked."""
    return model._default_manager.select_for_update()  # noqa: SLF001 - the way to a model by name


def _reseal(row: models.Model, column: str) -> str:
    value = bytes(getattr(row, column))
    if not value:
        return "empty"
    try:
        if vault.keyring().is_current(value):
            return "current"
        vault.seal(row, column, vault.unseal(row, column))
    except SealBrokenError:
        return "broken"
    # Only this column, and no version: whoever is writing the row meanwhile writes newer secrets.
    row.save(update_fields=[column])
    return "sealed"
