"""Notices: a provider says that something happened. We believe no more of it than that.

A notice leaves one row, the mailbox's Wakeup, and nudges a worker if there was none; what really
changed is asked of the provider. So one that is forged, repeated, late or out of order costs at
most a round of changes, and one that never came only costs the time until the next poll.
"""

import base64
import re
from collections.abc import Collection
from typing import Any

from django.db import connection

from mailweave.kit import clock, jobs, scope, sql, vault
from mailweave.sync.models import Subscription, Wakeup

QUERIES = sql.load("mailweave.sync", "notices")
PATIENCE_MS = 2000
"""How long the database may take for one workspace: providers give us three seconds in all."""

_PURPOSE = "notice"
_SECRET = re.compile(r"(\d{1,18})\.(\d{1,18})\.([\w-]{43})", re.ASCII)


def make_secret(workspace_id: int, mailbox_id: int) -> str:
    """What comes back with each notice for this mailbox and proves that we subscribed it.

    At most 82 characters; the same until the master key is another.
    """
    about = f"{workspace_id}.{mailbox_id}"
    signature = vault.keyring().sign(about, _PURPOSE)
    return f"{about}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def read_secret(secret: str) -> tuple[int, int] | None:
    """(workspace id, mailbox id) of a secret that one of our keys made, else None. No query."""
    found = _SECRET.fullmatch(secret)
    if not found:
        return None
    about, signature = f"{found[1]}.{found[2]}", base64.urlsafe_b64decode(f"{found[3]}=")
    if not vault.keyring().is_signed(about, signature, _PURPOSE):
        return None
    return int(found[1]), int(found[2])


def wake(workspace_id: int, mailbox_ids: Collection[int]) -> int:
    """Note that something happened in these mailboxes; returns how many did not know it yet.

    Opens its own short transaction, and waits neither for workers nor for anybody else for long:
    raises django.db.OperationalError instead. Mailboxes that are unknown or disconnected are left.
    """
    with scope.workspace(workspace_id):
        _hurry()
        found = _rows("wake", workspace=workspace_id, mailboxes=list(mailbox_ids), now=clock.now())
        for (sync_id,) in found:
            jobs.nudge("sync.advance", workspace_id=workspace_id, sync_id=sync_id)
    return len(found)


def listeners(address: str) -> list[tuple[int, int]]:
    """(workspace id, mailbox id) of every mailbox with this address that is subscribed to."""
    return [(one, other) for one, other in _rows("listeners", address=address.lower())]


def renew(workspace_id: int, mailbox_id: int, remote_id: str, *, is_gone: bool = False) -> bool:
    """Have a subscription renewed at once, or made again if it ``is_gone``; False if not ours."""
    now = clock.now()
    changes = {"renew_at": now, "expires_at": now} if is_gone else {"renew_at": now}
    with scope.workspace(workspace_id):
        _hurry()
        rows = Subscription.objects.filter(mailbox_id=mailbox_id, remote_id=remote_id)
        return bool(rows.update(**changes))


def hear(mailbox_id: int) -> bool:
    """Whether there was notice, which is taken up now: one from here on is another."""
    return bool(Wakeup.objects.filter(mailbox_id=mailbox_id).delete()[0])


def _hurry() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")


def _rows(name: str, **given: Any) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], given)
        return list(cursor.fetchall())
