"""Subscriptions: who wants to be told what happens in a mailbox, and where.

https://learn.microsoft.com/en-us/graph/api/resources/subscription and, for the handshake,
https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks.
"""

import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from sandbox import notices
from sandbox.accounts import account_by_id
from sandbox.hooks import UnansweredError, refusal
from sandbox.microsoft import odata
from sandbox.microsoft.call import Call, Json, steps_of
from sandbox.microsoft.errors import GraphError
from sandbox.microsoft.folders import key_of
from sandbox.state import Sandbox

LONGEST, SHORTEST = 10_080 * 60, 45 * 60
"""Seconds a subscription to messages lasts at most, and what is made of less than that."""
HANDSHAKE = 10.0
PAGE = 20
KINDS = ("created", "updated", "deleted")
GIVEN = {
    "changetype": "changeType", "resource": "resource", "notificationurl": "notificationUrl",
    "lifecyclenotificationurl": "lifecycleNotificationUrl", "clientstate": "clientState",
    "expirationdatetime": "expirationDateTime", "latestsupportedtlsversion": "", "id": "",
    "includeresourcedata": "", "encryptioncertificate": "", "encryptioncertificateid": "",
}  # fmt: skip
NEEDED = ("changetype", "notificationurl", "resource", "expirationdatetime")
SPELLING = (
    "Could not process subscription creation payload. Are all property names spelled and "
    "camelCased properly?"
)


def create(call: Call) -> tuple[int, Json]:
    """POST subscriptions: once both addresses have proved that they are the asker's."""
    given = _given(call)
    for name in NEEDED:
        if not given.get(name):
            raise _wrong(f"{GIVEN[name]} is a required property for subscription creation")
    kinds, expires = _kinds(str(given["changetype"])), _expiry(call, given["expirationdatetime"])
    state = given.get("clientstate")
    if state is not None and (not isinstance(state, str) or len(state) > 128):
        raise _wrong("clientState must be a string of at most 128 characters")
    url, lifecycle = given["notificationurl"], given.get("lifecyclenotificationurl")
    folder = _folder(call, str(given["resource"]))
    _refuse_twins(call, folder, kinds)
    for each in (url, lifecycle):
        if each is not None:
            _prove(call.sandbox, str(each))
    return 201, _keep(call, given, folder, kinds, expires)


def list_all(call: Call) -> Json:
    """GET subscriptions: those of this app and person; what comes back is not told again."""
    skip = odata.number(call.options, "skip", 0, 0, odata.LARGEST)
    with call.connect() as connection:
        rows = connection.execute(
            "SELECT * FROM subscriptions WHERE account = ? AND client_id = ? AND expires > ?"
            " ORDER BY made, id LIMIT ? OFFSET ?",
            (call.account.id, call.grant.client_id, call.sandbox.clock.time(), PAGE + 1, skip),
        ).fetchall()
    page: Json = {"@odata.context": f"{call.context}subscriptions"}
    if len(rows) > PAGE:
        page["@odata.nextLink"] = call.next_page(skip + PAGE)
    return page | {"value": [_shown(call, row) | {"clientState": None} for row in rows[:PAGE]]}


def get(call: Call) -> Json:
    """GET subscriptions/{id}."""
    with call.connect() as connection:
        return _entity(call, _row(call, connection)) | {"clientState": None}


def renew(call: Call) -> Json:
    """PATCH subscriptions/{id}: another end, or another address, which has to prove itself."""
    given = _given(call)
    with call.connect() as connection:
        row = _row(call, connection)
    expires, url = row["expires"], row["url"]
    if "expirationdatetime" in given:
        expires = _expiry(call, given["expirationdatetime"])
    if "notificationurl" in given:
        url = str(given["notificationurl"])
        _prove(call.sandbox, url)
    with call.sandbox.db.write() as connection:
        connection.execute(
            "UPDATE subscriptions SET expires = ?, url = ? WHERE id = ?", (expires, url, row["id"])
        )
        return _entity(call, _row(call, connection))


def delete(call: Call) -> None:
    """DELETE subscriptions/{id}."""
    with call.sandbox.db.write() as connection:
        remove(connection, _row(call, connection)["id"])


def reauthorize(call: Call) -> None:
    """POST subscriptions/{id}/reauthorize: the grant is good; nothing else changes."""
    with call.connect() as connection:
        _row(call, connection)


def remove(connection: sqlite3.Connection, subscription: str) -> None:
    """It is gone, and with it what it still had to tell."""
    connection.execute("DELETE FROM subscriptions WHERE id = ?", (subscription,))
    notices.withdraw(connection, subscription)


def moment(seconds: float) -> str:
    """A moment as the subscription service writes it: with seven digits of a second."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _given(call: Call) -> Json:
    body = {name: value for name, value in call.body().items() if not name.startswith("@odata")}
    if any(name not in GIVEN for name in body):
        raise _wrong(SPELLING)
    if body.get("includeresourcedata"):
        raise _wrong("includeResourceData is not spoken here.")
    return body


def _kinds(text: str) -> list[str]:
    kinds = [one.strip().lower() for one in text.split(",")]
    if not kinds or any(one not in KINDS for one in kinds):
        raise _wrong(f"Invalid 'changeType' attribute: '{text[:100]}'.")
    return sorted(set(kinds))


def _expiry(call: Call, given: Any) -> float:
    now = call.sandbox.clock.time()
    try:
        made = datetime.fromisoformat(str(given))
        expires = (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise _wrong(SPELLING) from None
    if expires <= now:
        raise _wrong("Subscription expiration must be in the future.")
    if expires > now + LONGEST:
        raise _wrong(f"Subscription expiration can only be {LONGEST // 60} minutes in the future.")
    return max(expires, now + SHORTEST)


def _folder(call: Call, resource: str) -> str:
    """The folder a resource names, empty for all of a mailbox; only the own one is watched, as
    permissions to share a mailbox do not reach this far."""
    steps = steps_of(resource.partition("?")[0])
    owner, below = (steps[:1], steps[1:]) if steps[0].lower() == "me" else (steps[:2], steps[2:])
    if "?" in resource or owner[0].lower() not in {"me", "users"}:
        raise _wrong(f"The resource '{resource[:200]}' is not supported.")
    if len(owner) > 1 and owner[1].lower() not in {call.account.address, call.account.oid}:
        raise _failed(403, "Forbidden", "Access is denied. Check credentials and try again.")
    match [one.lower() for one in below]:
        case ["messages"]:
            return ""
        case ["mailfolders", _, "messages"]:
            try:
                with call.connect() as connection:
                    return key_of(call, connection, below[1])
            except GraphError as error:
                raise _failed(error.status, "NotFound", error.message) from None
        case _:
            raise _wrong(f"The resource '{resource[:200]}' is not supported.")


def _refuse_twins(call: Call, folder: str, kinds: Iterable[str]) -> None:
    with call.connect() as connection:
        twin = connection.execute(
            "SELECT id FROM subscriptions WHERE account = ? AND client_id = ? AND folder = ?"
            " AND kinds = ? AND expires > ?",
            (call.account.id, call.grant.client_id, folder, ",".join(kinds),
             call.sandbox.clock.time()),
        ).fetchone()  # fmt: skip
    if twin is not None:
        message = f"Subscription Id {twin['id']} already exists for the requested combination"
        raise GraphError(409, "ExtensionError", message)


def _prove(sandbox: Sandbox, url: str) -> None:
    """The address says back what it is asked to, as plain text, within ten seconds."""
    if wrong := refusal(url, plain=sandbox.settings.http_hooks):
        raise _wrong(f"The notificationUrl '{url[:200]}' cannot be used: {wrong}.")
    token = (
        f"Validation: Testing client application reachability for subscription Request-Id: "
        f"{uuid.uuid4()} & <+%"
    )
    target = f"{url}{'&' if '?' in url else '?'}validationToken={quote(token, safe='')}"
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        reply = sandbox.send(target, b"", headers, HANDSHAKE)
    except UnansweredError as error:
        words = "timed out" if error.late else f"failed. {error}"
        raise _wrong(f"Subscription validation request {words}.") from None
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if reply.status != 200 or kind != "text/plain":
        raise _wrong(
            f"Subscription validation request failed. HTTP status code is '{reply.status}'."
            " Notification endpoint must respond with 200 OK to validation request."
        )
    if reply.body.decode("utf-8", "replace") != token:
        raise _wrong(
            "Subscription validation request failed. Validation token in the response body does"
            " not match the one in the request."
        )


def _keep(
    call: Call, given: Mapping[str, Any], folder: str, kinds: Iterable[str], expires: float
) -> Json:
    number = str(uuid.uuid4())
    lifecycle = given.get("lifecyclenotificationurl")
    with call.sandbox.db.write() as connection:
        seen = account_by_id(connection, call.account.id).history_id
        connection.execute(
            "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, call.account.id, call.grant.client_id, str(given["resource"]), folder,
             ",".join(kinds), str(given["notificationurl"]), lifecycle, given.get("clientstate"),
             expires, call.wishes.immutable, seen, call.sandbox.clock.time()),
        )  # fmt: skip
        row = connection.execute("SELECT * FROM subscriptions WHERE id = ?", (number,)).fetchone()
    return _entity(call, row)


def _row(call: Call, connection: sqlite3.Connection) -> sqlite3.Row:
    """The subscription an address names, if it stands and is this app's and person's."""
    wanted = unquote(call.path["subscription"]).lower()
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM subscriptions WHERE id = ? AND account = ? AND client_id = ?"
        " AND expires > ?",
        (wanted, call.account.id, call.grant.client_id, call.sandbox.clock.time()),
    ).fetchone()
    if row is None:
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return row


def _entity(call: Call, row: sqlite3.Row) -> Json:
    return {"@odata.context": f"{call.context}subscriptions/$entity"} | _shown(call, row)


def _shown(call: Call, row: sqlite3.Row) -> Json:
    return {
        "id": row["id"],
        "resource": row["resource"],
        "applicationId": row["client_id"],
        "changeType": row["kinds"],
        "clientState": row["client_state"],
        "notificationUrl": row["url"],
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": row["lifecycle_url"],
        "expirationDateTime": moment(row["expires"]),
        "creatorId": call.account.oid,
        "includeResourceData": None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def _wrong(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)


def _failed(status: int, code: str, reason: str) -> GraphError:
    """What Exchange says to the subscription service, passed on."""
    words = f"Operation: Create; Exception: [Status Code: {code}; Reason: {reason}]"
    return GraphError(status, "ExtensionError", words)
