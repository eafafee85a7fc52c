"""Pages of messages and threads: filters, order, tokens."""

import random
import re
from dataclasses import dataclass
from typing import Any

from sandbox.google.call import Call
from sandbox.google.errors import bad_request, forbidden
from sandbox.google.search import Condition, both, compile_query, has_label
from sandbox.labels import find_label

Json = dict[str, Any]
ESTIMATE = 201
"""What the vendor says when there is more than one page, whatever there is."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    rows: list[Json]
    token: str | None

    def answer(self, name: str) -> Json:
        """The page as JSON; empty lists are left out."""
        body: Json = {name: self.rows} if self.rows else {}
        if self.token:
            body["nextPageToken"] = self.token
        body["resultSizeEstimate"] = ESTIMATE if self.token else len(self.rows)
        return body


def list_messages(call: Call) -> Json:
    """users.messages.list."""
    page = page_of(
        call,
        "SELECT m.id, m.thread, m.date FROM messages m WHERE m.account = ? AND {condition}"
        " AND (m.date, m.id) < (?, ?) ORDER BY m.date DESC, m.id DESC LIMIT ?",
    )
    shown = [{"id": f"{row['id']:x}", "threadId": f"{row['thread']:x}"} for row in page.rows]
    return Page(shown, page.token).answer("messages")


def list_threads(call: Call) -> Json:
    """users.threads.list."""
    page = page_of(
        call,
        "SELECT * FROM (SELECT m.thread, MAX(m.date) AS date, m.id FROM messages m"
        " WHERE m.account = ? AND {condition} GROUP BY m.thread) WHERE (date, id) < (?, ?)"
        " ORDER BY date DESC, id DESC LIMIT ?",
    )
    with call.connect() as connection:
        shown = []
        for row in page.rows:
            newest = connection.execute(
                "SELECT snippet, history_id FROM messages WHERE account = ? AND thread = ?"
                " ORDER BY date DESC, id DESC",
                (call.account.id, row["thread"]),
            ).fetchall()
            shown.append(
                {
                    "id": f"{row['thread']:x}",
                    "snippet": newest[0]["snippet"],
                    "historyId": str(max(item["history_id"] for item in newest)),
                }
            )
    return Page(shown, page.token).answer("threads")


def page_token(number: int) -> str:
    """Twenty decimal digits, as the vendor's tokens are."""
    return f"{number:020d}"


def read_token(token: str | None) -> int | None:
    """The number in a token, None for the first page; 400 for anything that is no token."""
    if not token:
        return None
    if token == "0":  # noqa: S105
        return 0
    if not re.fullmatch(r"\d{20}", token) or int(token) >= 2**63:
        raise bad_request("Invalid pageToken")
    return int(token)


def page_of(call: Call, sql: str) -> Page:
    """One page of what ``sql`` finds, newest first; see its users for its placeholders."""
    size = max(1, call.args.get("maxResults", 100))
    after = read_token(call.args.get("pageToken"))
    first = page_token(2**63 - 1)
    if after == 0 or call.fault("empty_page"):
        return Page([], call.args.get("pageToken") if after else first)
    with call.connect() as connection:
        condition = _condition(call, connection)
        date = 2**62
        if after is not None and after < 2**63 - 1:
            row = connection.execute(
                "SELECT date FROM messages WHERE account = ? AND id = ?", (call.account.id, after)
            ).fetchone()
            date = row["date"] if row else after >> 20
        rows = [
            dict(row)
            for row in connection.execute(
                sql.format(condition=condition.sql),
                (
                    call.account.id,
                    *condition.values,
                    date,
                    2**62 if after is None else after,
                    size + 1,
                ),
            ).fetchall()
        ]
    token = page_token(rows[size - 1]["id"]) if len(rows) > size else None
    rows = rows[:size]
    if call.fault("list_noise"):
        random.shuffle(rows)
    return Page(rows, token)


def _condition(call: Call, connection: Any) -> Condition:
    query = call.args.get("q", "")
    if query and call.metadata_only:
        raise forbidden("Metadata scope does not support 'q' parameter")
    labels = call.args.get("labelIds", [])
    for label in labels:
        if find_label(connection, call.account.id, label) is None:
            raise bad_request(f"Invalid label: {label}")
    parts = [has_label(label) for label in labels]
    reaches = bool({"SPAM", "TRASH"} & set(labels)) or call.args.get("includeSpamTrash", False)
    if query:
        parts.append(compile_query(connection, call.account.id, query, call.sandbox.clock.now()))
        reaches = reaches or parts[-1].reaches_bins
    if not reaches:
        for label in ("SPAM", "TRASH"):
            outside = has_label(label)
            parts.append(Condition(f"NOT {outside.sql}", outside.values))
    return both(parts)
