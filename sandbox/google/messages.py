"""users.messages.* and users.threads.*: reading and changing."""

import base64
import zlib
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox import mailbox
from sandbox.google.call import Call, message_number, require_message, strings
from sandbox.google.errors import ApiError, bad_request, forbidden, invalid_value, not_found
from sandbox.google.formats import attachment_part, brief, select, shown
from sandbox.google.payload import find_part, parse
from sandbox.labels import FIXED, SYSTEM, find_label

Json = dict[str, Any]
INSERT_LIMIT = 157_286_400


def get_message(call: Call) -> Json:
    """users.messages.get."""
    number, form = message_number(call.path["id"]), _format(call)
    with call.connect() as connection:
        row = connection.execute(
            select(form) + " WHERE m.account = ? AND m.id = ?", (call.account.id, number)
        ).fetchone()
    if row is None or _vanished(call, number):
        raise not_found()
    return shown(row, form, call.args.get("metadataHeaders", ()), call.sandbox.mark)


def get_thread(call: Call) -> Json:
    """users.threads.get: oldest message first."""
    number, form = message_number(call.path["id"]), _format(call)
    with call.connect() as connection:
        rows = connection.execute(
            select(form) + " WHERE m.account = ? AND m.thread = ? ORDER BY m.date, m.id",
            (call.account.id, number),
        ).fetchall()
    if not rows:
        raise not_found()
    wanted, mark = call.args.get("metadataHeaders", ()), call.sandbox.mark
    return {
        "id": f"{number:x}",
        "historyId": str(max(row["history_id"] for row in rows)),
        "messages": [shown(row, form, wanted, mark) for row in rows],
    }


def get_attachment(call: Call) -> Json:
    """users.messages.attachments.get."""
    number = message_number(call.path["messageId"])
    with call.connect() as connection:
        require_message(connection, call.account.id, number)
        part = attachment_part(call.path["id"], number)
        row = connection.execute(
            "SELECT raw FROM contents WHERE account = ? AND message = ?", (call.account.id, number)
        ).fetchone()
    data = find_part(zlib.decompress(row["raw"]), part)
    if data is None:
        raise bad_request("Invalid attachment token")
    return {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}


def modify_message(call: Call) -> Json:
    """users.messages.modify."""
    add, remove = _label_changes(call, 100)
    return _relabel(call, add, remove)


def trash_message(call: Call) -> Json:
    """users.messages.trash."""
    return _relabel(call, ["TRASH"], [])


def untrash_message(call: Call) -> Json:
    """users.messages.untrash."""
    return _relabel(call, [], ["TRASH"])


def batch_modify(call: Call) -> None:
    """users.messages.batchModify."""
    numbers = _ids(call)
    add, remove = _label_changes(call, 1000)
    with call.sandbox.action(call.account.id) as connection:
        at = call.sandbox.clock.time()
        mailbox.relabel(connection, call.account.id, numbers, add, remove, at)


def delete_message(call: Call) -> None:
    """users.messages.delete."""
    number = message_number(call.path["id"])
    with call.sandbox.action(call.account.id) as connection:
        require_message(connection, call.account.id, number)
        mailbox.delete(connection, call.account.id, [number], call.sandbox.clock.time())


def batch_delete(call: Call) -> None:
    """users.messages.batchDelete."""
    numbers = _ids(call)
    with call.sandbox.action(call.account.id) as connection:
        mailbox.delete(connection, call.account.id, numbers, call.sandbox.clock.time())


def insert_message(call: Call) -> Json:
    """users.messages.insert: straight into the mailbox, dated by its Date header."""
    return _store(call, _thread(call))


def import_message(call: Call) -> Json:
    """users.messages.import: answers with the id alone."""
    if call.body.get("threadId"):
        raise bad_request("threadId not allowed")
    return {"id": _store(call, None)["id"]}


def modify_thread(call: Call) -> Json:
    """users.threads.modify."""
    add, remove = _label_changes(call, 100)
    return _relabel_thread(call, add, remove)


def trash_thread(call: Call) -> Json:
    """users.threads.trash."""
    return _relabel_thread(call, ["TRASH"], [])


def untrash_thread(call: Call) -> Json:
    """users.threads.untrash."""
    return _relabel_thread(call, [], ["TRASH"])


def _format(call: Call) -> str:
    form: str = call.args.get("format", "full")
    if call.metadata_only and form in {"full", "raw"}:
        raise forbidden(f"Metadata scope doesn't allow format {form.upper()}")
    return form


def _vanished(call: Call, number: int) -> bool:
    wanted = [f for f in call.sandbox.faults.listed() if f.kind == "vanish"]
    named = {str(fault.options.get("id", "")) for fault in wanted}
    if not wanted or (named and "" not in named and f"{number:x}" not in named):
        return False
    return call.fault("vanish") is not None


def _relabel(call: Call, add: list[str], remove: list[str]) -> Json:
    number = message_number(call.path["id"])
    with call.sandbox.action(call.account.id) as connection:
        require_message(connection, call.account.id, number)
        at = call.sandbox.clock.time()
        mailbox.relabel(connection, call.account.id, [number], add, remove, at)
        return brief(require_message(connection, call.account.id, number))


def _relabel_thread(call: Call, add: list[str], remove: list[str]) -> Json:
    thread = message_number(call.path["id"])
    query = "SELECT * FROM messages WHERE account = ? AND thread = ? ORDER BY date, id"
    with call.sandbox.action(call.account.id) as connection:
        rows = connection.execute(query, (call.account.id, thread)).fetchall()
        if not rows:
            raise not_found()
        at = call.sandbox.clock.time()
        numbers = [row["id"] for row in rows]
        mailbox.relabel(connection, call.account.id, numbers, add, remove, at)
        rows = connection.execute(query, (call.account.id, thread)).fetchall()
    return {"id": f"{thread:x}", "messages": [brief(row) for row in rows]}


def _ids(call: Call) -> list[int]:
    numbers = [message_number(text) for text in strings(call.body, "ids", 1000)]
    if not numbers:
        raise bad_request("No message ids specified.")
    return numbers


def _label_changes(call: Call, most: int) -> tuple[list[str], list[str]]:
    add = strings(call.body, "addLabelIds", most)
    remove = strings(call.body, "removeLabelIds", most)
    if not add and not remove:
        raise bad_request("No label add or removes specified")
    if set(add) & set(remove):
        raise bad_request("Cannot both add and remove the same label")
    with call.connect() as connection:
        for label in {*add, *remove}:
            _check_label(connection, call.account.id, label)
    return add, remove


def _check_label(connection: Any, account: int, label: str) -> None:
    if label in FIXED:
        raise bad_request(f"Invalid label: {label}")
    if label not in SYSTEM and find_label(connection, account, label) is None:
        known_form = label.startswith("Label_")
        raise bad_request("labelId not found" if known_form else f"Invalid label: {label}")


def _store(call: Call, thread: int | None) -> Json:
    raw = _raw(call)
    labels = strings(call.body, "labelIds", 100)
    with call.connect() as connection:
        for label in labels:
            if label not in SYSTEM:
                _check_label(connection, call.account.id, label)
    number, _ = call.sandbox.insert(call.account.id, raw, labels, _date(call, raw), thread)
    with call.connect() as connection:
        return brief(require_message(connection, call.account.id, number))


def _raw(call: Call) -> bytes:
    return read_raw(call, call.body, INSERT_LIMIT)


def read_raw(call: Call, body: Json, most: int) -> bytes:
    """The message that was handed in, in a body or as media; 400 without one, 413 too large."""
    if call.media is not None:
        raw = call.media
    else:
        text = body.get("raw")
        if not isinstance(text, str) or not text:
            raise bad_request(
                "'raw' RFC822 payload message string or uploading message via"
                " /upload/* URL required"
            )
        try:
            clean = text.rstrip("=").translate({ord("+"): "-", ord("/"): "_"})
            raw = base64.urlsafe_b64decode(clean + "=" * (-len(clean) % 4))
        except ValueError:
            raise invalid_value("message.raw", "TYPE_BYTES", text[:40]) from None
    if len(raw) > most:
        raise ApiError(413, "Request entity too large.", "uploadTooLarge")
    return raw


def _thread(call: Call) -> int | None:
    return read_thread(call.body)


def read_thread(body: Json) -> int | None:
    """The thread that was asked for."""
    wanted = body.get("threadId")
    return message_number(str(wanted)) if wanted else None


def _date(call: Call, raw: bytes) -> int:
    try:
        value = str(parse(raw).get("Date", ""))
        return int(parsedate_to_datetime(value).timestamp() * 1000)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        return call.sandbox.clock.milliseconds()
