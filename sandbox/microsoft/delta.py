"""GET mailFolders/{id}/messages/delta: one folder's changes since a client's last round.

A first round counts what is there, newest first; every later one tells of what came, changed or
left, once for each message, in the order of its last change. What changed during a round is told
again in the next.
"""

import sqlite3
from datetime import datetime

import msgspec

from sandbox.accounts import account_by_id
from sandbox.microsoft import odata, positions, shown
from sandbox.microsoft.call import Call, Json
from sandbox.microsoft.changes import entries_of, replayed
from sandbox.microsoft.errors import (
    GraphError,
    bad_request,
    badly_formed_token,
    not_found,
    sync_state_gone,
)
from sandbox.microsoft.folders import key_of
from sandbox.microsoft.listing import render
from sandbox.microsoft.positions import Round

PAGE = 10
MOST_FILTERED = 5000
KINDS = ("created", "updated", "deleted")
TYPE = "#microsoft.graph.message"


def list_changes(call: Call) -> Json:
    """One page of a round, with a link to the next or, at its end, to the next round."""
    token = call.options.get("skiptoken") or call.options.get("deltatoken")
    _refuse(call)
    with call.connect() as connection:
        here = _resume(call, connection, token) if token else _begin(call, connection)
        if call.fault("empty_page"):
            return _page(call, here, [], ended=False)
        size = call.wishes.page or PAGE
        size = size if here.left is None else min(size, here.left)
        if here.since is None:
            return _first_round(call, connection, here, size)
        return _later_round(call, connection, here, size)


def refuse_mailbox(_: Call) -> Json:
    """GET messages/delta: there is none for a whole mailbox."""
    message = "Change tracking is not supported against 'microsoft.graph.message'."
    raise bad_request(message, "ErrorInvalidRequest")


def _first_round(call: Call, connection: sqlite3.Connection, here: Round, size: int) -> Json:
    found = connection.execute(
        "SELECT message FROM message_labels WHERE account = ? AND label = ? AND message < ?"
        " AND message >= ? ORDER BY message DESC LIMIT ?",
        (call.account.id, here.folder, here.message, here.least, size + 1),
    ).fetchall()
    numbers = [row[0] for row in found]
    page, more = numbers[:size], len(numbers) > size
    entries = [_typed(entry) for entry in render(call, connection, page, _view(here))]
    entries += replayed(call, connection, here, _view(here)) if not here.at else []
    left = None if here.left is None else here.left - len(page)
    there = msgspec.structs.replace(here, at=1, message=page[-1] if page else 0, left=left)
    return _page(call, there, entries, ended=not more or left == 0)


def _later_round(call: Call, connection: sqlite3.Connection, here: Round, size: int) -> Json:
    label = f'%"{here.folder}"%'
    found = connection.execute(
        "SELECT message, MAX(id) AS last FROM history WHERE account = ? AND id > ? AND id <= ?"
        " AND (labels LIKE ? OR changed LIKE ?) GROUP BY message"
        " HAVING (MAX(id), message) > (?, ?) ORDER BY last, message LIMIT ?",
        (call.account.id, here.since, here.until, label, label, here.at, here.message, size + 1),
    ).fetchall()
    page, more = found[:size], len(found) > size
    asked = _view(here)
    numbers = [row["message"] for row in page if row["message"] >= here.least]
    entries = entries_of(call, connection, here, numbers, asked)
    if not here.at:
        entries = replayed(call, connection, here, asked) + entries
    at, last = (page[-1]["last"], page[-1]["message"]) if page else (here.at, here.message)
    there = msgspec.structs.replace(here, at=at, message=last)
    return _page(call, there, entries, ended=not more)


def _begin(call: Call, connection: sqlite3.Connection) -> Round:
    key = key_of(call, connection, call.path["folder"])
    select = ",".join(odata.select(call.options.get("select"), shown.PROPERTIES))
    _check_order(call)
    kinds = tuple(one.lower() for one in call.options.get("changetype", "").split(",") if one)
    if set(kinds) - set(KINDS) or "search" in call.options or "expand" in call.options:
        raise bad_request(
            "The request is not supported for change tracking.", "ErrorInvalidRequest"
        )
    least = _least(call)
    top = odata.number(call.options, "top", 0, 1, 10**8) or None
    left = min(top or MOST_FILTERED, MOST_FILTERED) if least else top
    account = account_by_id(connection, call.account.id)
    return Round(account.id, key, account.oid, select, kinds, None, account.history_id,
                 least=least, left=left)  # fmt: skip


def _resume(call: Call, connection: sqlite3.Connection, token: str) -> Round:
    here = positions.read(token, Round)
    if here.oid != call.account.oid:
        raise badly_formed_token()
    try:
        key = key_of(call, connection, call.path["folder"])
    except GraphError as error:
        if error.status != 404:
            raise
        raise not_found("The specified folder could not be found in the store.") from None
    if key != here.folder:
        raise badly_formed_token()
    account = account_by_id(connection, call.account.id)
    known = here.until if here.since is None else here.since
    if known is None or known > account.history_id or _is_forgotten(call, connection, known):
        raise sync_state_gone(call.link("$deltatoken="))
    if here.until is None:
        return msgspec.structs.replace(here, until=account.history_id, at=0, message=0)
    return here


def _is_forgotten(call: Call, connection: sqlite3.Connection, known: int) -> bool:
    """Whether a position is older than the log: the first record after it has expired."""
    first = connection.execute(
        "SELECT at FROM history WHERE account = ? AND id > ? ORDER BY id LIMIT 1",
        (call.account.id, known),
    ).fetchone()
    kept = call.sandbox.settings.history_days * 86_400
    expired = first is not None and first["at"] < call.sandbox.clock.time() - kept
    return expired or known < account_by_id(connection, call.account.id).history_floor


def _refuse(call: Call) -> None:
    """What goes wrong on demand, before anything is looked at."""
    if "deltatoken" in call.options or "skiptoken" in call.options:
        if fault := call.fault("delta_expired"):
            location = call.link("$deltatoken=") if fault.options.get("location", True) else ""
            raise sync_state_gone(location)
        if fault := call.fault("delta_invalid"):
            code = str(fault.options.get("code", "syncStateInvalid"))
            raise positions.invalid(code, int(fault.options.get("status", 400)))
    if fault := call.fault("folder_gone"):
        code = str(fault.options.get("code", "ErrorSyncFolderNotFound"))
        raise GraphError(404, code, "The specified folder could not be found in the store.")


def _page(call: Call, here: Round, entries: list[Json], *, ended: bool) -> Json:
    if call.fault("delta_duplicate"):
        entries = [_earlier(entry) for entry in entries] + entries
    body: Json = {"@odata.context": f"{call.context}Collection(message)", "value": entries}
    if ended:
        here = msgspec.structs.replace(here, since=here.until, until=None, at=0, message=0,
                                       left=None)  # fmt: skip
    if not call.fault("next_missing"):
        link = call.link(f"${'deltatoken' if ended else 'skiptoken'}={positions.write(here)}")
        body["@odata.deltaLink" if ended else "@odata.nextLink"] = link
    return body


def _earlier(entry: Json) -> Json:
    """The same entry as it might have been a moment ago: the last one told is right."""
    return entry | ({"isRead": not entry["isRead"]} if "isRead" in entry else {})


def _typed(entry: Json) -> Json:
    return {"@odata.type": TYPE} | entry


def _view(here: Round) -> shown.View:
    return shown.view({"select": here.select})


def _check_order(call: Call) -> None:
    order = odata.orderby(call.options.get("orderby"), {"receivedDateTime": ""})
    if order not in ([], [("receivedDateTime", True)]):
        raise bad_request("Only $orderby=receivedDateTime desc is supported for change tracking.",
                          "ErrorInvalidUrlQuery")  # fmt: skip


def _least(call: Call) -> int:
    """The smallest number a $filter lets in; it may only say receivedDateTime ge or gt."""
    wanted = odata.read_filter(call.options.get("filter"), call.ids, "m.id")
    if not wanted.names:
        return 0
    if not wanted.bounds or any(operator not in {"ge", "gt"} for operator, _ in wanted.bounds):
        raise bad_request("Only receivedDateTime ge or gt is supported for change tracking.",
                          "ErrorInvalidUrlQueryFilter")  # fmt: skip
    return max(_first_number(operator, moment) for operator, moment in wanted.bounds)


def _first_number(operator: str, moment: datetime) -> int:
    seconds = int(moment.timestamp()) + (operator == "gt")
    return min(max(0, seconds * 1000) << 20, 2**63 - 1)
