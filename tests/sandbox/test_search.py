"""The search language finds what the vendor's documentation says it finds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.google.search import compile_query
from sandbox.state import Sandbox

ANA = "ana@company.example"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def letter(sender: str, subject: str, text: str, extra: str = "") -> bytes:
    return (
        f"From: {sender}\r\nTo: {ANA}, Dee <dee@other.example>\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.split(maxsplit=1)[0]}@m.example>\r\n{extra}\r\n{text}"
    ).encode()


FILE = (
    "Cc: team@other.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nsee file\r\n--b\r\n"
    'Content-Type: application/pdf; name="price list.pdf"\r\n\r\nX\r\n--b--\r\n'
)


@pytest.fixture(scope="module")
def state() -> Any:
    made = Sandbox(clock=Clock(frozen_at=NOW))
    made.add_account(ANA)
    mails = [
        ("old", letter("Bo <bo@client.example>", "Alpha offer", "please sign here"),
         ["INBOX", "UNREAD"], NOW - timedelta(days=400)),
        ("week", letter("Cy Dahl <cy@client.example>", "Beta news", "nothing to sign"),
         ["INBOX", "STARRED", "Big deals/Won"], NOW - timedelta(days=6)),
        ("sent", letter(ANA, "Gamma reply", "thank you"), ["SENT"], NOW - timedelta(days=2)),
        ("file", letter("bo@client.example", "Delta prices", "", FILE), ["INBOX"],
         NOW - timedelta(hours=3)),
        ("spam", letter("x@spam.example", "Epsilon prize", "x" * 5000), ["SPAM"], NOW),
        ("bin", letter("bo@client.example", "Zeta offer", "old"), ["TRASH"], NOW),
    ]  # fmt: skip
    made.names = {made.deliver(ANA, raw, labels, at): name for name, raw, labels, at in mails}
    return made


def find(state: Sandbox, query: str) -> set[str]:
    account = state.account(ANA).id
    with state.db.read() as connection:
        condition = compile_query(connection, account, query, state.clock.now())
        rows = connection.execute(
            f"SELECT id FROM messages m WHERE account = ? AND {condition.sql}",
            (account, *condition.values),
        ).fetchall()
    return {state.names[f"{row['id']:x}"] for row in rows}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("from:bo", "old file bin"),
        ("from:bo@client.example", "old file bin"),
        ("from:client.example", "old week file bin"),
        ("from:me", "sent"),
        ("to:dee", "old week sent file spam bin"),
        ("cc:team@other.example", "file"),
        ("to:team", "file"),
        ("subject:offer", "old bin"),
        ('subject:"alpha offer"', "old"),
        ("subject:(alpha offer)", "old"),
        ("subject:(alpha OR beta)", "old week"),
        ("sign", "old week"),
        ('"please sign"', "old"),
        ("sig", ""),
        ("sign -news", "old"),
        ("-from:client.example", "sent spam"),
        ("alpha OR beta", "old week"),
        ("sign alpha OR beta", "old week"),
        ("offer alpha OR beta", "old"),
        ("{alpha beta}", "old week"),
        ("(alpha OR beta) sign -{news x}", "old"),
        ("in:inbox", "old week file"),
        ("in:sent", "sent"),
        ("in:spam", "spam"),
        ("in:trash", "bin"),
        ("label:inbox is:unread", "old"),
        ("in:inbox is:read", "week file"),
        ("is:starred", "week"),
        ("label:big-deals-won", "week"),
        ('label:"Big deals/Won"', "week"),
        ("label:nothing", ""),
        ("has:attachment", "file"),
        ("has:userlabels", "week"),
        ("filename:pdf", "file"),
        ('filename:"price list"', "file"),
        ("larger:4K", "spam"),
        ("smaller:4K in:spam", ""),
        ("size:100", "old week sent file spam bin"),
        ("newer_than:7d", "week sent file spam bin"),
        ("older_than:1y", "old"),
        ("newer_than:1d in:inbox", "file"),
        ("before:2026/01/01", "old"),
        ("after:2026/11/20", "file spam bin"),
        ("after:2026-11-15 before:2026-11-16", "week"),
        (f"after:{int((NOW - timedelta(days=3)).timestamp())} in:sent", "sent"),
        ("rfc822msgid:Alpha@m.example", "old"),
        ("rfc822msgid:<Alpha@m.example>", "old"),
        ("after:yesterday", ""),
        ("", "old week sent file spam bin"),
        ("%", "old week sent file spam bin"),
        ("') OR 1=1 --", ""),
        ("((((", "old week sent file spam bin"),
        ("alpha))", "old"),
        ("-", "old week sent file spam bin"),
        ("OR", "old week sent file spam bin"),
        ("from:", ""),
    ],
)
def test_queries(state: Sandbox, query: str, names: str) -> None:
    assert find(state, query) == set(names.split())


def test_deep_and_long_queries_end(state: Sandbox) -> None:
    find(state, "(" * 5000 + "x")
    find(state, "-" * 5000 + "x")
    find(state, "from:" * 2000)
    find(state, "a OR " * 3000)


def test_spam_and_bin_are_listed_only_when_asked_for(world: Any) -> None:
    for subject, label in (("one", "INBOX"), ("two", "SPAM"), ("three", "TRASH")):
        world.state.deliver(ANA, world.letter(subject, number=subject), [label])
    messages = world.gmail().users().messages()

    def count(**options: Any) -> int:
        return len(messages.list(userId="me", **options).execute().get("messages", []))

    assert count() == 1
    assert count(q="from:cy") == 1
    assert count(q="in:anywhere") == 3
    assert count(q="in:spam") == 1
    assert count(includeSpamTrash=True) == 3
    assert count(labelIds="SPAM") == 1
