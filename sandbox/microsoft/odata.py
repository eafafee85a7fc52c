"""Query options of OData as Outlook understands them: $select, $filter, $orderby, numbers."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from sandbox.microsoft import extended
from sandbox.microsoft.errors import GraphError, bad_option, bad_request, unknown_property
from sandbox.microsoft.ids import Ids
from sandbox.search_words import flat

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<moment>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<mark>[(),])|(?P<word>[A-Za-z_][\w./]*))"
)
OPERATORS = {"eq": "=", "ne": "<>", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
FLAGGED = "(m.labels LIKE '%\"STARRED\"%')"
COMPLETE = "(IFNULL(json_extract(i.edits, '$.flagStatus'), '') = 'complete')"
DRAFT = "(m.labels LIKE '%\"DRAFT\"%' OR IFNULL(json_extract(i.edits, '$.isDraft'), 0) = 1)"
LARGEST = 2**63 - 1
DEEPEST = 20

Value = str | bool | datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition over ``m`` (messages) and ``i`` (items), and the properties it names in their
    order. ``bounds`` are (operator, moment) when it is nothing but bounds of receivedDateTime."""

    sql: str = "1"
    values: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()
    bounds: tuple[tuple[str, datetime], ...] | None = ()


def options(query: str) -> dict[str, str]:
    """The options of a query by their names in lower case; the dollar sign may be missing. Only
    a plus sign that is not encoded is a space."""
    found = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name:
            found[unquote_plus(name).removeprefix("$").lower()] = unquote_plus(value)
    return found


def number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number from a query; 400 when it is none or out of its bounds."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text) or not least <= int(text) <= most:
        raise bad_request(
            f"Invalid value '{text[:40]}' for ${name} query option found."
            f" The ${name} query option requires a number from {least} to {most}.",
            "ErrorInvalidUrlQuery",
        )
    return int(text)


def select(text: str | None, known: Iterable[str], kind: str = "Message") -> tuple[str, ...]:
    """The properties asked for, in any case, by their right names; empty without the option."""
    if not text or text.strip() == "*":
        return ()
    names = {name.lower(): name for name in known}
    found = []
    for asked in (piece.strip() for piece in text.split(",")):
        if asked.lower() not in names:
            raise unknown_property(asked, kind)
        found.append(names[asked.lower()])
    return tuple(dict.fromkeys(found))


def orderby(text: str | None, known: Mapping[str, str]) -> list[tuple[str, bool]]:
    """What to order by, and whether from the largest; 400 for what nothing is ordered by."""
    order = []
    names = {name.lower(): name for name in known}
    for piece in (text or "").split(","):
        words = piece.split()
        if not words:
            continue
        if words[0].lower() not in names:
            raise unknown_property(words[0], "Message")
        if len(words) > 2 or words[1:2] not in ([], ["asc"], ["desc"]):
            raise bad_option(f"Syntax error in '{text}'.")
        order.append((names[words[0].lower()], words[1:2] == ["desc"]))
    return order


def read_filter(text: str | None, ids: Ids, key: str) -> Filter:
    """A $filter; ``key`` is the column with a message's number, which begins with its date.
    400 for what is no filter, or what Outlook does not filter by."""
    if not text or not text.strip():
        return Filter()
    return _Reader(text, ids, key).whole()


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str, ids: Ids, key: str) -> None:
        self.ids, self.key = ids, key
        self.tokens = _tokens(text)
        self.names: list[str] = []
        self.values: list[Any] = []
        self.bounds: list[tuple[str, datetime]] | None = []

    def whole(self) -> Filter:
        sql = self.either(0)
        if self.tokens:
            raise _invalid()
        bounds = None if self.bounds is None else tuple(self.bounds)
        return Filter(sql, tuple(self.values), tuple(self.names), bounds)

    def either(self, depth: int) -> str:
        parts = [self.both(depth)]
        while self.took("or"):
            self.bounds = None
            parts.append(self.both(depth))
        return f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0]

    def both(self, depth: int) -> str:
        parts = [self.one(depth)]
        while self.took("and"):
            parts.append(self.one(depth))
        return " AND ".join(parts)

    def one(self, depth: int) -> str:
        if depth > DEEPEST:
            raise _invalid()
        if self.took("not"):
            self.bounds = None
            return f"NOT ({self.one(depth + 1)})"
        if self.took("("):
            inner = self.either(depth + 1)
            if not self.took(")"):
                raise _invalid()
            return f"({inner})"
        if self.took("contains"):
            return self.contains()
        if self.tokens and self.tokens[0][0] == "any":
            self.bounds = None
            self.values += [self.next()[1], self.next()[1]]
            return extended.WITH
        return self.comparison()

    def contains(self) -> str:
        """``contains(subject,'words')``, whatever the case."""
        if not self.took("("):
            raise _invalid()
        (_, name), comma, (_, value), end = self.next(), self.next(), self.next(), self.next()
        if str(name).lower() != "subject" or comma[1] != "," or end[1] != ")":
            raise _invalid()
        self.names.append(str(name))
        return self.says("subject", str(value))

    def says(self, column: str, words: str) -> str:
        self.bounds = None
        self.values.append(f"%{flat(words).strip()}%")
        return (
            "EXISTS (SELECT 1 FROM words w WHERE w.account = m.account AND w.message = m.id"
            f" AND w.{column} LIKE ?)"
        )

    def sender(self, operator: str, value: Value) -> str:
        if operator != "eq" or not isinstance(value, str):
            raise _invalid()
        return self.says("sender", value)

    def comparison(self) -> str:
        (kind, name), (_, operator), (_, value) = self.next(), self.next(), self.next()
        if kind != "word" or str(operator).lower() not in OPERATORS:
            raise _invalid()
        compare = COMPARISONS.get(str(name).lower())
        if compare is None:
            raise unknown_property(str(name), "Message")
        self.names.append(str(name))
        return compare(self, str(operator).lower(), value)

    def took(self, word: str) -> bool:
        if self.tokens and str(self.tokens[0][1]).lower() == word and self.tokens[0][0] != "text":
            self.tokens.pop(0)
            return True
        return False

    def next(self) -> tuple[str, Value]:
        if not self.tokens:
            raise _invalid()
        return self.tokens.pop(0)

    def received(self, operator: str, value: Value) -> str:
        if not isinstance(value, datetime):
            raise _invalid()
        if self.bounds is not None:
            self.bounds.append((operator, value))
        at = int(value.timestamp())
        low, high = _at(at), _at(at + 1)  # seconds are all that counts
        sql = {
            "ge": f"{self.key} >= {low}",
            "gt": f"{self.key} >= {high}",
            "le": f"{self.key} < {high}",
            "lt": f"{self.key} < {low}",
            "eq": f"({self.key} >= {low} AND {self.key} < {high})",
            "ne": f"({self.key} < {low} OR {self.key} >= {high})",
        }
        return sql[operator]

    def truth(self, operator: str, value: Value, sql: str) -> str:
        self.bounds = None
        if not isinstance(value, bool) or operator not in {"eq", "ne"}:
            raise _invalid()
        return sql if value == (operator == "eq") else f"NOT {sql}"

    def equal(self, operator: str, value: Value, column: str, wanted: Any) -> str:
        self.bounds = None
        if not isinstance(value, str) or operator not in {"eq", "ne"}:
            raise _invalid()
        self.values.append(wanted)
        return f"{column} {OPERATORS[operator]} ?"

    def folder(self, operator: str, value: Value) -> str:
        self.bounds = None
        if not isinstance(value, str) or operator not in {"eq", "ne"}:
            raise _invalid()
        self.values.append(f'%"{self.ids.read_folder(value)}"%')
        return f"m.labels {'LIKE' if operator == 'eq' else 'NOT LIKE'} ?"

    def flag(self, operator: str, value: Value) -> str:
        states = {
            "flagged": FLAGGED,
            "complete": f"({COMPLETE} AND NOT {FLAGGED})",
            "notflagged": f"(NOT {FLAGGED} AND NOT {COMPLETE})",
        }
        if not isinstance(value, str) or value.lower() not in states:
            raise _invalid()
        return self.truth(operator, True, states[value.lower()])


COMPARISONS: Mapping[str, Callable[[Any, str, Any], str]] = {
    "receiveddatetime": _Reader.received,
    "isread": lambda reader, operator, value: reader.truth(
        operator, value, "(m.labels NOT LIKE '%\"UNREAD\"%')"
    ),
    "isdraft": lambda reader, operator, value: reader.truth(operator, value, DRAFT),
    "hasattachments": lambda reader, operator, value: reader.truth(
        operator, value, "(i.attached = 1)"
    ),
    "internetmessageid": lambda reader, operator, value: reader.equal(
        operator, value, "m.message_id", value
    ),
    "conversationid": lambda reader, operator, value: reader.equal(
        operator, value, "m.thread", reader.ids.read_conversation(str(value))
    ),
    "parentfolderid": _Reader.folder,
    "from/emailaddress/address": _Reader.sender,
    "flag/flagstatus": _Reader.flag,
}


def _tokens(text: str) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        if anything := extended.ANY.match(text, position):
            found += [("any", value) for value in extended.read_any(anything)]
            position = anything.end()
            continue
        match = TOKEN.match(text, position)
        if match is None or len(found) > 500:
            raise bad_option(f"Syntax error at position {position} in '{text[:200]}'.")
        kind, word = str(match.lastgroup), match[str(match.lastgroup)]
        found.append((kind, _value(kind, word)))
        position = match.end()
    return found


def _value(kind: str, word: str) -> Value:
    if kind == "text":
        return word[1:-1].replace("''", "'")
    if kind == "moment":
        return read_moment(word)
    if kind == "word" and word.lower() in {"true", "false"}:
        return word.lower() == "true"
    return word


def read_moment(text: str) -> datetime:
    """A moment as OData writes it, in UTC; 400 for anything else."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_option(f"Invalid date '{text[:60]}'.") from None


def _at(seconds: int) -> int:
    return min(max(0, seconds * 1000) << 20, LARGEST)


def _invalid() -> GraphError:
    return GraphError(
        400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
    )
