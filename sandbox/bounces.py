"""What comes back to a sender: the reports of RFC 3464, in the words of Gmail and of Exchange.

https://support.google.com/mail/answer/6596 and
https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import uuid4

from sandbox import heads
from sandbox.accounts import GOOGLE, MICROSOFT, Account

HARD, SOFT, DELAYED = "hard", "soft", "delayed"
EXCHANGE = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"
KINDS = (HARD, SOFT, DELAYED)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is said of an address: hard (there is nobody), soft (not now), delayed (still tried)."""

    kind: str
    code: str
    said: str


UNKNOWN: Mapping[str, Rule] = {
    GOOGLE: Rule(
        HARD,
        "5.1.1",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1"
        " double-checking the recipient's email address for typos or 550 5.1.1 unnecessary spaces.",
    ),
    MICROSOFT: Rule(
        HARD,
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    ),
}
SERVERS = {GOOGLE: "googlemail.com", MICROSOFT: "AM4PEPF00000001.eurprd05.prod.outlook.com"}
USUAL = {
    HARD: UNKNOWN[GOOGLE],
    SOFT: Rule(SOFT, "4.2.2", "452 4.2.2 The recipient's inbox is out of storage space."),
    DELAYED: Rule(DELAYED, "4.4.1", "The recipient server did not accept our requests to connect."),
}


def set_rule(
    connection: sqlite3.Connection, address: str, kind: str, code: str = "", said: str = ""
) -> None:
    """What is sent to an address, or to ``@`` and a domain, comes back; with no kind, no more."""
    clean = address.strip().lower()
    if "@" not in clean or (kind and kind not in KINDS):
        raise ValueError(f"an address or @domain, and one of {', '.join(KINDS)}")
    connection.execute("DELETE FROM bounces WHERE address = ?", (clean,))
    if kind:
        usual = USUAL[kind]
        connection.execute(
            "INSERT INTO bounces VALUES (?, ?, ?, ?)",
            (clean, kind, code or usual.code, said or usual.said),
        )


def rule(connection: sqlite3.Connection, address: str) -> Rule | None:
    """What was said of an address, or of its domain."""
    row = connection.execute(
        "SELECT kind, code, said FROM bounces WHERE address IN (?, ?) ORDER BY address DESC",
        (address, "@" + address.rpartition("@")[2]),
    ).fetchone()
    return Rule(row["kind"], row["code"], row["said"]) if row else None


def listed(connection: sqlite3.Connection) -> list[dict[str, str]]:
    """Every address of which something was said."""
    return [dict(row) for row in connection.execute("SELECT * FROM bounces ORDER BY address")]


def report(account: Account, to: str, rule: Rule, raw: bytes, now: datetime) -> bytes:
    """The report that comes to a mailbox, in its company's form."""
    make = _gmail if account.company == GOOGLE else _exchange
    message, words = make(account, to, rule, heads.first(raw, "subject"))
    message["Message-ID"] = f"<{uuid4()}@{SERVERS[account.company]}>"
    original = heads.first(raw, "message-id")
    message["Date"] = format_datetime(now)
    message["To"] = account.address
    message["Auto-Submitted"] = "auto-replied"
    return _assembled(message, words, _status(account, to, rule, original, now), raw, original)


def _gmail(_: Account, to: str, rule: Rule, __: str) -> tuple[EmailMessage, str]:
    delayed = rule.kind == DELAYED
    message = EmailMessage(policy=SMTP)
    message["From"] = "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"
    what = "Delay" if delayed else "Failure"
    message["Subject"] = f"Delivery Status Notification ({what})"
    message["X-Failed-Recipients"] = to
    if delayed:
        told = "** Delivery incomplete **\n\nThere was a temporary problem delivering your message"
        told += f" to {to}. Gmail will retry for 47 more hours. You'll be notified if the delivery"
        return message, f"{told} fails permanently.\n\nThe response was:\n\n{rule.said}\n"
    title = "Address not found" if rule.kind == HARD else "Recipient inbox full"
    why = (
        "because the address couldn't be found, or is unable to receive mail."
        if rule.kind == HARD
        else "because their inbox is full, or it's getting too much mail right now."
    )
    told = f"** {title} **\n\nYour message wasn't delivered to {to} {why}"
    return message, f"{told}\n\nThe response was:\n\n{rule.said}\n"


def _exchange(account: Account, to: str, rule: Rule, subject: str) -> tuple[EmailMessage, str]:
    domain = account.address.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    # https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
    message["From"] = (
        f"Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{domain}>"
    )
    delayed = rule.kind == DELAYED
    message["Subject"] = f"{'Delivery delayed: ' if delayed else 'Undeliverable: '}{subject}"
    message["X-MS-Exchange-Message-Is-Ndr"] = ""
    if delayed:
        told = f"Delivery is delayed to these recipients or groups:\n\n{to}\n\n"
        return message, f"{told}The server will keep trying to deliver this message.\n"
    name, _, home = to.partition("@")
    why = f"{name} wasn't found at {home}." if rule.kind == HARD else "Their mailbox is full."
    told = f"Your message to {to} couldn't be delivered.\n\n{why}\n\n"
    return message, f"{told}Original Message Details\nError: {rule.said}\n"


def _status(account: Account, to: str, rule: Rule, original: str, now: datetime) -> str:
    """The machine's part: https://www.rfc-editor.org/rfc/rfc3464"""
    google = account.company == GOOGLE
    server = SERVERS[account.company]
    lines = [f"Reporting-MTA: dns; {server}", f"Received-From-MTA: dns; {account.address}",
             f"Arrival-Date: {format_datetime(now)}"]  # fmt: skip
    lines += [f"X-Original-Message-ID: {original}"] if google else []
    action = "delayed" if rule.kind == DELAYED else "failed"
    lines += ["", f"Final-Recipient: rfc822; {to}", f"Action: {action}", f"Status: {rule.code}",
              f"Diagnostic-Code: smtp; {rule.said}"]  # fmt: skip
    if rule.kind == DELAYED:
        lines.append(f"Will-Retry-Until: {format_datetime(now + timedelta(hours=47))}")
    elif google:
        lines.append(f"Last-Attempt-Date: {format_datetime(now)}")
    return "\r\n".join([*lines, ""])


def _assembled(message: EmailMessage, words: str, status: str, raw: bytes, original: str) -> bytes:
    """The three parts of a report by hand: libraries would rewrite what was sent."""
    line = f"=_{uuid4().hex}"
    head = message.as_bytes().rstrip(b"\r\n") + b"\r\n"
    known = f"In-Reply-To: {original}\r\nReferences: {original}\r\n" if original else ""
    top = (
        f'{known}MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary="{line}";'
        " report-type=delivery-status\r\n\r\n"
    )
    parts = (
        ("text/plain; charset=utf-8", words.replace("\n", "\r\n").encode()),
        ("message/delivery-status", status.encode()),
        ("message/rfc822", raw if len(raw) < 100_000 else heads.cut(raw)[0] + b"\r\n"),
    )
    body = b"".join(
        f"--{line}\r\nContent-Type: {kind}\r\n\r\n".encode() + data + b"\r\n"
        for kind, data in parts
    )
    return head + top.encode() + body + f"--{line}--\r\n".encode()
