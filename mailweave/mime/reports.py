"""Reports about mail we sent, read: was it delivered, and if not, why. Bounces above all.

In layers, the surest first: the machine-readable part (RFC 3464), then the fields that Exim, Gmail
and others add, then the prose of those who write nothing else (:mod:`mailweave.mime.notices`).
What says nothing about delivery (complaints, receipts, vacation notes) is none. Anybody can forge
one: believe a report only if it names a message that was sent, to a recipient it was sent to.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, cast

from mailweave.mime import notices, parse, reasons
from mailweave.mime.address import normalise, parse_list
from mailweave.mime.headers import Headers, decode, message_id, references, strip_controls
from mailweave.mime.params import params
from mailweave.mime.text import clean, from_html

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]
ACTIONS: frozenset[str] = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
KEY = "X-Mailweave-Key"
MAX_OUTCOMES = 200
MAX_DIAGNOSTIC = 500
MAX_PART = 1024 * 1024
MAX_PARTS = 5
MIN_SAID = 9
"""What is shorter says less than the prose: a number of an error."""

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_ORIGINALS = (
    *("message/rfc822", "text/rfc822-headers", "text/rfc822-header", "message/global"),
    "message/global-headers",
)
_OTHER_REPORTS = ("feedback-report", "disposition-notification", "tlsrpt")
_BLANK = re.compile(rb"(?:\r?\n[ \t]*){2,}")
_KIND = re.compile(r"^(?:smtp|x-\w[\w-]*|dns|unknown)\s*;\s*", re.IGNORECASE)
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message for one recipient (a normalised address).

    ``status`` is an enhanced code such as "5.1.1", or "". ``diagnostic`` is what their server
    wrote, on one line. ``reason`` and ``lasting`` count for failures and delays only.
    """

    recipient: str
    action: Action
    status: str
    diagnostic: str
    reason: reasons.Reason = ""
    lasting: reasons.Lasting = "unknown"

    @property
    def words(self) -> str:
        """The reason in a sentence for people."""
        return reasons.WORDS[self.reason]


@dataclass(frozen=True, slots=True)
class Report:
    """A report, with what tells which message it is about: ids without brackets, our key or ""."""

    outcomes: tuple[Outcome, ...]
    message_id: str
    references: tuple[str, ...]
    key: str

    @property
    def bounced(self) -> tuple[Outcome, ...]:
        """The recipients who did not get the message and will not."""
        return tuple(one for one in self.outcomes if one.action == "failed")


def looks_like_report(headers: Headers, sender: str) -> bool:
    """Whether a message is worth reading in full as a report, by its headers alone."""
    kind, given = params(headers.first("Content-Type"))
    if kind == "multipart/report":
        return given.get("report-type", "").lower() not in _OTHER_REPORTS
    return notices.is_from_a_server(headers, sender)


def read(raw: bytes) -> Report | None:
    """The report in a message; None when it is none. Never raises; looks at a few parts only."""
    parsed = parse.parse(raw)
    headers = Headers(parsed.headers)
    _, given = params(headers.first("Content-Type"))
    if given.get("report-type", "").lower() in _OTHER_REPORTS:
        return None
    notice = notices.split(parsed.text or from_html(parsed.html or ""))
    original = _original(raw, parsed) or Headers(parse.parse(notice.original).headers)
    outcomes = list(_machine_readable(raw, parsed, notice.text))
    if not outcomes and looks_like_report(headers, _sender(headers)):
        outcomes = [_outcome(*each) for each in notices.outcomes(headers, notice.text, original)]
    if not outcomes:
        return None
    key = original.first(KEY).strip()
    return Report(
        tuple({one.recipient: one for one in reversed(outcomes[:MAX_OUTCOMES])}.values())[::-1],
        _first_id(original, headers),
        references(headers),
        key if _KEY.fullmatch(key) else "",
    )


def _sender(headers: Headers) -> str:
    found = parse_list(headers.first("From"))
    return found[0].address if found else ""


def _first_id(original: Headers, headers: Headers) -> str:
    named = Headers((("Message-ID", headers.first("X-Original-Message-ID")),))
    return message_id(original) or message_id(named)


def _original(raw: bytes, parsed: parse.Parsed) -> Headers | None:
    """The headers of the message that came back, from the part that holds it."""
    for part in parsed.attachments:
        if part.content_type in _ORIGINALS:
            data = parse.content(raw, part.part_id) or b""
            return Headers(parse.parse(data[:MAX_PART]).headers)
    return None


def _machine_readable(raw: bytes, parsed: parse.Parsed, prose: str) -> Iterator[Outcome]:
    """The outcomes in parts that programs are to read (RFC 3464 section 2)."""
    parts = (part for part in parsed.attachments if part.content_type in _STATUS_PARTS)
    for part in islice(parts, MAX_PARTS):
        data = (parse.content(raw, part.part_id) or b"")[:MAX_PART]
        for one in _BLANK.split(data.strip(), MAX_OUTCOMES + 1)[: MAX_OUTCOMES + 1]:
            group = Headers(parse.parse(one).headers)
            recipient = _recipient(group)
            action = group.first("Action").partition("(")[0].strip().lower()
            if recipient and (action in ACTIONS or group.first("Status")):
                said = group.first("Diagnostic-Code") or group.first("X-Display-Diagnostic")
                if len(_KIND.sub("", said)) < MIN_SAID:
                    said = notices.said_of(prose, recipient)
                yield _outcome(recipient, action, group.first("Status"), said)


def _recipient(group: Headers) -> str:
    """Whom a group is about, as we wrote to them where that is known."""
    for name in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient"):
        _, _, address = decode(group.first(name)).rpartition(";")
        found = parse_list(address)
        normal = normalise(found[0].address) if found else None
        if normal:
            return normal
    return ""


def _outcome(recipient: str, action: str, status: str, said: str) -> Outcome:
    """An outcome with its reason; a code in what was said wins over one that says nothing."""
    said = _KIND.sub("", " ".join(strip_controls(clean(said)).split()))[:MAX_DIAGNOSTIC]
    code = reasons.code_in(status)
    if not code or code.endswith(".0.0"):
        code = reasons.code_in(said) or code
    if action not in ACTIONS:
        action = {"2": "delivered", "4": "delayed"}.get(code[:1], "failed")
    found = cast(Action, action)
    if found not in ("failed", "delayed"):
        return Outcome(recipient, found, code, said)
    reason, lasting = reasons.judge(code, said)
    return Outcome(recipient, found, code, said, reason, lasting if found == "failed" else "soft")
