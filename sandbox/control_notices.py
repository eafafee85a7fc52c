"""The control API's part on notices: who is told what happens, what went out, and accidents."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from sandbox import notices
from sandbox.accounts import GOOGLE, MICROSOFT
from sandbox.google import pubsub
from sandbox.microsoft import notices as graph
from sandbox.microsoft import subscriptions
from sandbox.state import Sandbox

Json = dict[str, Any]
SUBSCRIPTIONS = (
    "SELECT s.*, a.address FROM subscriptions s JOIN accounts a ON a.id = s.account"
    " WHERE s.expires > ? ORDER BY a.address, s.made, s.id"
)
WATCHES = (
    "SELECT w.*, a.address FROM watches w JOIN accounts a ON a.id = w.account"
    " WHERE w.expires > ? ORDER BY a.address"
)


def told(sandbox: Sandbox) -> Json:
    """Subscriptions and watches that stand, topics, what waits, and the last deliveries."""
    now = sandbox.clock.time()
    with sandbox.db.read() as connection:
        standing = [_subscription(row) for row in connection.execute(SUBSCRIPTIONS, (now,))]
        standing += [_watch(row) for row in connection.execute(WATCHES, (now,))]
    return {
        "subscriptions": standing,
        "topics": [
            {"name": one.name, "publisher": one.publisher, "push_url": one.push_url,
             "audience": one.audience, "signer": one.signer}
            for one in pubsub.topics(sandbox)
        ],
        "waiting": notices.waiting(sandbox),
        "deliveries": [
            one | {"at": _moment(one["at"])} for one in notices.deliveries(sandbox)
        ],
    }  # fmt: skip


def set_topic(sandbox: Sandbox, given: Json) -> Json:
    """Make or change a topic of Pub/Sub: ``name``, ``push_url``, ``audience``, ``signer``, and
    ``publisher``: whether Gmail may publish to it."""
    publisher = given.get("publisher", True)
    if not isinstance(publisher, bool):
        raise TypeError("publisher is true or false")
    words = {key: str(given[key]) for key in ("name", "push_url", "audience", "signer")
             if given.get(key)}  # fmt: skip
    pubsub.set_topic(sandbox, publisher=publisher, **words)
    return told(sandbox)


def retire(sandbox: Sandbox, address: str, given: Json) -> Json:
    """A mailbox's subscriptions end without a word, or only the one with this ``id``."""
    with sandbox.db.write() as connection:
        for row in _standing(sandbox, connection, address, given):
            subscriptions.remove(connection, row["id"])
        if not given.get("id"):
            account = sandbox.account(address).id
            connection.execute("DELETE FROM watches WHERE account = ?", (account,))
    return told(sandbox)


def lifecycle(sandbox: Sandbox, address: str, given: Json) -> Json:
    """Microsoft tells at once what becomes of a mailbox's subscriptions, or of the one with this
    ``id``: ``event`` is reauthorizationRequired, subscriptionRemoved or missed."""
    with sandbox.db.write() as connection:
        for row in _standing(sandbox, connection, address, given):
            graph.lifecycle(sandbox, connection, row, str(given["event"]))
    return told(sandbox)


def _standing(
    sandbox: Sandbox, connection: sqlite3.Connection, address: str, given: Json
) -> list[sqlite3.Row]:
    wanted = str(given.get("id") or "")
    found = connection.execute(
        "SELECT * FROM subscriptions WHERE account = ?1 AND (?2 = '' OR id = ?2) AND expires > ?3",
        (sandbox.account(address).id, wanted, sandbox.clock.time()),
    ).fetchall()
    if wanted and not found:
        raise LookupError("no such subscription")
    return found


def _subscription(row: sqlite3.Row) -> Json:
    return {"company": MICROSOFT, "mailbox": row["address"], "id": row["id"],
            "what": row["resource"], "folder": row["folder"] or "(all)", "url": row["url"],
            "lifecycle_url": row["lifecycle_url"],
            "expires": _moment(row["expires"])}  # fmt: skip


def _watch(row: sqlite3.Row) -> Json:
    return {"company": GOOGLE, "mailbox": row["address"], "id": "", "what": row["topic"],
            "folder": "(all)", "url": "", "lifecycle_url": None,
            "expires": _moment(row["expires"])}  # fmt: skip


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
