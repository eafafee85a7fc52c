"""users.watch and users.stop: whether Gmail publishes what happens in a mailbox.

https://developers.google.com/workspace/gmail/api/guides/push.
"""

import re

import msgspec

from sandbox import notices
from sandbox.accounts import account_by_id
from sandbox.google import pubsub
from sandbox.google.call import Call, Json, strings
from sandbox.google.errors import ApiError, bad_request, invalid_value

WEEK = 7 * 86_400
TOPIC = re.compile(rf"projects/{pubsub.PROJECT}/topics/[A-Za-z][\w.~+%-]{{2,254}}")
TWICE = "Only one user push notification client allowed per developer (call /stop then try again)"
BEHAVIOURS = ("include", "exclude")


def watch(call: Call) -> Json:
    """users.watch: begins, or goes on for another week; a first message is published at once."""
    topic, excluded = _topic(call), _excluded(call)
    labels = strings(call.body, "labelIds", 100)
    now = call.sandbox.clock.time()
    with call.sandbox.db.write() as connection:
        account = account_by_id(connection, call.account.id)
        standing = connection.execute(
            "SELECT topic FROM watches WHERE account = ? AND expires > ?", (account.id, now)
        ).fetchone()
        if standing is not None and standing["topic"] != topic.name:
            raise bad_request(TWICE)
        connection.execute(
            "INSERT OR REPLACE INTO watches VALUES (?, ?, ?, ?, ?, ?, 0)",
            (account.id, topic.name, msgspec.json.encode(labels).decode(), excluded, now + WEEK,
             account.history_id),
        )  # fmt: skip
        pubsub.publish(call.sandbox, connection, account, topic)
    return {"historyId": str(account.history_id), "expiration": str(int((now + WEEK) * 1000))}


def stop(call: Call) -> None:
    """users.stop: also when there is nothing to stop."""
    with call.sandbox.db.write() as connection:
        connection.execute("DELETE FROM watches WHERE account = ?", (call.account.id,))
        notices.withdraw(connection, call.account.address)


def _topic(call: Call) -> pubsub.Topic:
    name = call.body.get("topicName")
    if not isinstance(name, str) or not TOPIC.fullmatch(name):
        shown = f"projects/{pubsub.PROJECT}/topics/*"
        raise bad_request(f"Invalid topicName does not match {shown}")
    topic = pubsub.find_topic(call.sandbox, name)
    tried = f"Error sending test message to Cloud PubSub {name} :"
    if topic is None:
        last = name.rpartition("/")[2]
        raise ApiError(404, f"{tried} Resource not found (resource={last}).", "notFound")
    if not topic.publisher:
        message = f"{tried} User not authorized to perform this action."
        raise ApiError(403, message, "forbidden")
    return topic


def _excluded(call: Call) -> bool:
    """Whether labels are named to be left out, by the new word for it or the old one."""
    for name in ("labelFilterBehavior", "labelFilterAction"):
        value = call.body.get(name)
        if value is not None and str(value).lower() not in BEHAVIOURS:
            raise invalid_value(f"watch_request.{name}", "TYPE_ENUM", str(value)[:100])
        if value is not None:
            return str(value).lower() == "exclude"
    return False
