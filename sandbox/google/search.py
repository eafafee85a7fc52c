"""Gmail's search language, turned into one SQL condition over a mailbox."""

import re
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from sandbox.labels import SYSTEM, find_by_name
from sandbox.search_words import flat

PACIFIC = timezone(timedelta(hours=-8))
"""Dates in a query mean midnight there; seconds since the epoch mean what they say."""
TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[(){}]|-(?=\S))|(?P<op>[A-Za-z_0-9]+):(?=\S)|"(?P<quoted>[^"]*)"?"""
    r"""|(?P<word>[^\s(){}"]+))"""
)
MAX_QUERY = 8_000
MAX_DEPTH = 12
CATEGORIES = {
    "primary": "CATEGORY_PERSONAL",
    "personal": "CATEGORY_PERSONAL",
    "social": "CATEGORY_SOCIAL",
    "promotions": "CATEGORY_PROMOTIONS",
    "updates": "CATEGORY_UPDATES",
    "forums": "CATEGORY_FORUMS",
}
PLACES = {"drafts": "DRAFT", "draft": "DRAFT", "chats": "CHAT", "chat": "CHAT", "bin": "TRASH"}
COLUMNS = {
    "from": "sender",
    "to": "recipients",
    "cc": "cc",
    "bcc": "bcc",
    "subject": "subject",
    "filename": "files",
}
UNITS = {"": 1, "k": 1024, "m": 1024**2, "kb": 1024, "mb": 1024**2, "b": 1}
OPERATORS = frozenset(
    {
        *COLUMNS,
        "in",
        "label",
        "is",
        "category",
        "has",
        "after",
        "newer",
        "before",
        "older",
        "newer_than",
        "older_than",
        "rfc822msgid",
        "larger",
        "size",
        "smaller",
    }
)


@dataclass(slots=True)
class Condition:
    """SQL over the alias ``m`` of messages, its values, and whether it asks for spam or trash."""

    sql: str
    values: list[str | int] = field(default_factory=list)
    reaches_bins: bool = False


def compile_query(
    connection: sqlite3.Connection, account: int, query: str, now: datetime
) -> Condition:
    """The condition a query means. Nothing is an error: what is no operator is a word."""
    return _Compiler(connection, account, query[:MAX_QUERY], now).whole()


def has_label(label: str) -> Condition:
    """Messages that carry a label."""
    sql = (
        "EXISTS (SELECT 1 FROM message_labels l"
        " WHERE l.account = m.account AND l.label = ? AND l.message = m.id)"
    )
    return Condition(sql, [label])


def both(parts: list[Condition], word: str = "AND") -> Condition:
    """All of them, or with OR any of them."""
    if len(parts) == 1:
        return parts[0]
    return Condition(
        "(" + f" {word} ".join(part.sql for part in parts) + ")" if parts else "1",
        [value for part in parts for value in part.values],
        any(part.reaches_bins for part in parts),
    )


class _Compiler:
    def __init__(
        self, connection: sqlite3.Connection, account: int, query: str, now: datetime
    ) -> None:
        self.connection, self.account, self.now = connection, account, now
        self.tokens = [match for match in TOKEN.finditer(query) if match[0].strip()][:500]
        self.at = 0
        self.depth = 0

    def whole(self) -> Condition:
        parts = []
        while self.at < len(self.tokens):
            parts.append(self.sequence("", "AND"))
            self.at += 1  # a closing bracket too many is passed over
        return both(parts)

    def sequence(self, close: str, word: str, operator: str = "") -> Condition:
        """Terms up to the closing bracket; OR binds its two neighbours before the rest."""
        groups: list[list[Condition]] = []
        joining = False
        while (token := self.peek()) is not None and token["mark"] not in {")", "}"}:
            if token["word"] in {"OR", "AND"}:
                joining = token["word"] == "OR" and bool(groups)
                self.at += 1
                continue
            term = self.term(operator)
            if joining:
                groups[-1].append(term)
            else:
                groups.append([term])
            joining = False
        if close:
            self.at += 1
        return both([both(group, "OR") for group in groups], word)

    def term(self, operator: str = "") -> Condition:
        token = self.tokens[self.at]
        self.at += 1
        if token["mark"] == "-":
            return self.negated(operator)
        if token["mark"] in {"(", "{"}:
            return self.group(token["mark"], operator)
        if token["op"] and not operator and token["op"].lower() in OPERATORS:
            return self.term(token["op"].lower()) if self.peek() else Condition("1")
        value = token["quoted"] if token["quoted"] is not None else token["word"] or token["op"]
        return self.operand(operator, value or "")

    def negated(self, operator: str) -> Condition:
        self.depth += 1
        if self.peek() is None or self.depth > MAX_DEPTH:
            self.at = len(self.tokens)
            return Condition("1")
        inner = self.term(operator)
        self.depth -= 1
        return Condition(f"NOT ({inner.sql})", inner.values, inner.reaches_bins)

    def group(self, mark: str, operator: str) -> Condition:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.at = len(self.tokens)
            return Condition("1")
        close, word = (")", "AND") if mark == "(" else ("}", "OR")
        inner = self.sequence(close, word, operator)
        self.depth -= 1
        return inner

    def peek(self) -> "re.Match[str] | None":
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def operand(self, operator: str, value: str) -> Condition:
        if not operator:
            return _words(("subject", "body", "sender", "recipients", "files"), value)
        if operator in COLUMNS:
            return _words((COLUMNS[operator],), self.own_address(operator, value))
        low = value.lower()
        if operator in {"in", "label", "is", "category"}:
            return self.place(operator, low, value)
        if operator == "has":
            return {
                "attachment": Condition("m.attached = 1"),
                "nouserlabels": self.user_labels("NOT "),
                "userlabels": self.user_labels(""),
            }.get(low, Condition("0"))
        if operator == "rfc822msgid":
            return Condition("m.message_id = ?", ["<" + value.strip("<>") + ">"])
        if operator in {"larger", "size", "smaller"}:
            return _size(operator, low)
        return self.moment(operator, low)

    def own_address(self, operator: str, value: str) -> str:
        if value.lower() != "me" or operator not in {"from", "to", "cc", "bcc"}:
            return value
        row = self.connection.execute(
            "SELECT address FROM accounts WHERE id = ?", (self.account,)
        ).fetchone()
        return str(row["address"])

    def user_labels(self, negation: str) -> Condition:
        return Condition(
            f"{negation}EXISTS (SELECT 1 FROM message_labels l WHERE l.account = m.account"
            " AND l.message = m.id AND l.label LIKE 'Label\\_%' ESCAPE '\\')"
        )

    def place(self, operator: str, low: str, value: str) -> Condition:
        if low in {"anywhere", "all"} and operator == "in":
            return Condition("1", reaches_bins=True)
        if low == "read" and operator == "is":
            unread = has_label("UNREAD")
            return Condition(f"NOT ({unread.sql})", unread.values)
        if operator == "category":
            return has_label(CATEGORIES.get(low, "none"))
        label = PLACES.get(low, low.upper())
        if label not in SYSTEM:
            label = self.label_id(value)
        condition = has_label(label)
        condition.reaches_bins = label in {"SPAM", "TRASH"}
        return condition

    def label_id(self, value: str) -> str:
        found = find_by_name(self.connection, self.account, value)
        if found is not None:
            return found.id
        # In a query a label's spaces and slashes are written as hyphens.
        wanted = re.sub(r"[\s/]+", "-", value.casefold())
        for row in self.connection.execute(
            "SELECT id, folded FROM user_labels WHERE account = ?", (self.account,)
        ):
            if re.sub(r"[\s/]+", "-", row["folded"]) == wanted:
                return str(row["id"])
        return value

    def moment(self, operator: str, value: str) -> Condition:
        if operator.endswith("_than"):
            cut = self.span(value)
            sign = ">=" if operator.startswith("newer") else "<"
        else:
            cut = _date(value)
            sign = ">=" if operator in {"after", "newer"} else "<"
        return Condition("0") if cut is None else Condition(f"m.date {sign} ?", [cut])

    def span(self, value: str) -> int | None:
        match = re.fullmatch(r"(\d{1,4})([dmyh])", value)
        if not match:
            return None
        days = {"h": 1 / 24, "d": 1, "m": 30, "y": 365}[match[2]] * int(match[1])
        return int(self.now.timestamp() * 1000 - days * 86_400_000)


def _words(columns: tuple[str, ...], value: str) -> Condition:
    wanted = flat(value.replace("*", " "))
    if not wanted.strip():
        return Condition("1")
    tests = " OR ".join(f"w.{column} LIKE ?" for column in columns)
    sql = (
        "EXISTS (SELECT 1 FROM words w"
        f" WHERE w.account = m.account AND w.message = m.id AND ({tests}))"
    )
    return Condition(sql, [f"%{wanted}%"] * len(columns))


def _size(operator: str, value: str) -> Condition:
    match = re.fullmatch(r"(\d{1,12})(kb|mb|[kmb]?)", value)
    if not match:
        return Condition("0")
    size = int(match[1]) * UNITS[match[2]]
    return Condition("m.size < ?" if operator == "smaller" else "m.size > ?", [size])


def _date(value: str) -> int | None:
    if re.fullmatch(r"\d{5,11}", value):
        return int(value) * 1000
    match = re.fullmatch(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})", value)
    if not match:
        return None
    try:
        moment = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=PACIFIC)
    except ValueError:
        return None
    return int(moment.astimezone(UTC).timestamp() * 1000)
