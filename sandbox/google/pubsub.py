"""Cloud Pub/Sub, as much of it as carries Gmail's notices: topics, each pushed to one address.

https://cloud.google.com/pubsub/docs/push and, for who signs it,
https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
"""

import base64
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox import notices
from sandbox.accounts import GOOGLE, Account, account_by_id
from sandbox.google import keys
from sandbox.hooks import refusal
from sandbox.notices import Json, Notice, WithdrawnError
from sandbox.state import Sandbox

PROJECT = "mailweave-sandbox"
"""The one project here: every app is its, and so must every topic be."""
TOPIC = f"projects/{PROJECT}/topics/mail"
SIGNER = f"push@{PROJECT}.iam.gserviceaccount.example"
"""The service account that pushes are signed as, unless a topic names another."""
NAME = re.compile(r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/topics/[A-Za-z][\w.~+%-]{2,254}")

BEHIND = (
    "SELECT w.*, a.history_id AS newest FROM watches w JOIN accounts a ON a.id = w.account"
    " WHERE a.history_id > w.seen"
)
UNGRANTED = (
    "account NOT IN (SELECT account FROM access_tokens)"
    " AND account NOT IN (SELECT account FROM refresh_tokens)"
)
PATIENCE = 10.0
TOGETHER = 1
TAKEN = frozenset({102, 200, 201, 202, 204})
GIVEN_UP = 7 * 86_400.0
FIRST_WAIT, LONGEST_WAIT = 0.1, 60.0
LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, whether Gmail may publish to it, and its one push subscription."""

    name: str
    publisher: bool
    push_url: str
    audience: str
    signer: str


def set_topic(
    sandbox: Sandbox,
    name: str = TOPIC,
    push_url: str = "",
    audience: str = "",
    signer: str = SIGNER,
    *,
    publisher: bool = True,
) -> Topic:
    """Make or change a topic; ValueError for a name or an address that cannot be. Without an
    address nothing is pushed, without an audience it is the address."""
    if not NAME.fullmatch(name):
        raise ValueError(f"no name of a topic: {name[:100]!r}")
    if push_url and (wrong := refusal(push_url, plain=sandbox.settings.http_hooks)):
        raise ValueError(f"push_url: {wrong}")
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?)",
            (name, publisher, push_url, audience or push_url, signer),
        )
    return Topic(name, publisher, push_url, audience or push_url, signer)


def find_topic(sandbox: Sandbox, name: str) -> Topic | None:
    """The topic of that name, or None."""
    return next((one for one in topics(sandbox) if one.name == name), None)


def topics(sandbox: Sandbox) -> list[Topic]:
    """Every topic there is."""
    with sandbox.db.read() as connection:
        rows = connection.execute("SELECT * FROM topics ORDER BY name").fetchall()
    return [
        Topic(row["name"], bool(row["publisher"]), row["push_url"], row["audience"], row["signer"])
        for row in rows
    ]


def collect(sandbox: Sandbox) -> None:
    """Publish what has happened in watched mailboxes since the last look."""
    with sandbox.db.read() as connection:
        if not connection.execute(f"{BEHIND} LIMIT 1").fetchone():
            return  # without waiting for whoever writes
    with sandbox.db.write() as connection:
        now = (sandbox.clock.time(),)
        connection.execute(f"DELETE FROM watches WHERE expires <= ? OR ({UNGRANTED})", now)
        for row in connection.execute(BEHIND).fetchall():
            _collect(sandbox, connection, row)


def publish(
    sandbox: Sandbox, connection: sqlite3.Connection, account: Account, topic: Topic
) -> None:
    """A message to a topic: that this mailbox is at its present position."""
    if not (topic.publisher and topic.push_url):
        return
    # Sometimes a number and sometimes text, as it is at the vendor's.
    position: Any = account.history_id if account.history_id % 2 else str(account.history_id)
    body = {"emailAddress": account.address, "historyId": position}
    notice = Notice(GOOGLE, account.address, account.address, str(position), topic.push_url,
                    {"topic": topic.name, "data": body})  # fmt: skip
    notices.put(sandbox, connection, [notice])


def compose(sandbox: Sandbox, letter: Sequence[Notice]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a push; WithdrawnError when its topic is gone."""
    (notice,) = letter
    topic = find_topic(sandbox, notice.body["topic"])
    if topic is None:
        raise WithdrawnError
    last = topic.name.rpartition("/")[2]
    data = base64.urlsafe_b64encode(msgspec.json.encode(notice.body["data"])).decode()
    number, at = str(10**15 + notice.number), _moment(notice.made)
    message = {"data": data, "messageId": number, "message_id": number, "publishTime": at,
               "publish_time": at}  # fmt: skip
    subscription = f"projects/{PROJECT}/subscriptions/{last}-push"
    headers = {"Content-Type": "application/json", "User-Agent": "CloudPubSub-Google"}
    if token := _token(sandbox, notice, topic):
        headers["Authorization"] = f"Bearer {token}"
    return msgspec.json.encode({"message": message, "subscription": subscription}), headers


def again_at(sandbox: Sandbox, notice: Notice) -> float | None:
    """When to try again what nobody took; None when it is given up."""
    at = sandbox.clock.time() + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(notice.tries, 12))
    return at if at < notice.made + GIVEN_UP else None


def _collect(sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """At most so many messages a second for one mailbox: what is too much is never told."""
    now, rate = sandbox.clock.time(), sandbox.settings.notices_per_second
    fits = not rate or now - row["told"] >= 1 / rate
    is_told = fits and _concerns(connection, row)
    topic = find_topic(sandbox, row["topic"])
    if is_told and topic:
        publish(sandbox, connection, account_by_id(connection, row["account"]), topic)
    connection.execute(
        "UPDATE watches SET seen = ?, told = ? WHERE account = ?",
        (row["newest"], now if is_told else row["told"], row["account"]),
    )


def _concerns(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Whether something happened to a message with (or without) the labels that were named."""
    named = set(msgspec.json.decode(row["labels"]))
    if not named:
        return True
    log = connection.execute(
        "SELECT labels, changed FROM history WHERE account = ? AND id > ?",
        (row["account"], row["seen"]),
    )
    found = [{*msgspec.json.decode(one["labels"]), *msgspec.json.decode(one["changed"])}
             for one in log]  # fmt: skip
    return any(bool(labels & named) != bool(row["excluded"]) for labels in found)


def _token(sandbox: Sandbox, notice: Notice, topic: Topic) -> str:
    """The signed token of a push, or whatever a switch makes of it."""
    now = int(sandbox.clock.time())
    claims: Json = {
        "aud": topic.audience,
        "azp": "104176025330667568672",
        "email": topic.signer,
        "email_verified": True,
        "exp": now + LIFETIME,
        "iat": now,
        "iss": keys.ISSUER,
        "sub": "104176025330667568672",
    }
    fault = notices.forged(sandbox, notice)
    form = str(fault.options.get("form", "signature")) if fault else ""
    wrong: dict[str, Json] = {
        "audience": {"aud": "https://somewhere-else.example/"},
        "email": {"email": "mallory@evil.iam.gserviceaccount.example"},
        "unverified": {"email_verified": False},
        "issuer": {"iss": "https://evil.example"},
        "expired": {"iat": now - 3 * LIFETIME, "exp": now - 2 * LIFETIME},
    }
    token = keys.sign(sandbox, claims | wrong.get(form, {}))
    head, body, signature = token.split(".")
    if form == "signature":
        return f"{head}.{body}.{signature[::-1]}"
    if form == "unsigned":
        return f"{_b64({'alg': 'none', 'typ': 'JWT'})}.{body}."
    return "" if form == "missing" else token


def _b64(value: Json) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _moment(seconds: float) -> str:
    made = datetime.fromtimestamp(seconds, UTC)
    return f"{made:%Y-%m-%dT%H:%M:%S}.{made.microsecond // 1000:03d}Z"
