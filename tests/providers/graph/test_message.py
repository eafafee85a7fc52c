"""One of Graph's messages in the neutral shape, whatever of it is missing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from mailweave.kit import clock
from mailweave.mime import address
from mailweave.providers.base import Fetched
from mailweave.providers.graph import payload, wire
from mailweave.providers.graph.message import described, fetched, may_have_attachments, part_ids
from tests.providers.graph import stub
from tests.providers.graph.stub import NOW, person

HEADERS = [
    {"name": "Received", "value": "from a by b"},
    {"name": "Received", "value": "from b by c"},
    {"name": "From", "value": "Ben <ben@partner.example>"},
    {"name": "To", "value": "ana@example.com"},
    {"name": "Subject", "value": "=?utf-8?q?Gr=C3=BC=C3=9Fe?="},
    {"name": "Date", "value": "Mon, 04 May 2026 12:00:00 +0000"},
    {"name": "Message-ID", "value": "<a@partner.example>"},
]


@pytest.fixture(autouse=True)
def _hands() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


def read(**changes: Any) -> wire.Message:
    return wire.read(wire.MESSAGE, msgspec.json.encode(stub.message("a", **changes)))


def made(**changes: Any) -> Fetched:
    return fetched(read(**changes))


def test_everything_we_keep() -> None:
    got = made(
        internetMessageHeaders=HEADERS,
        isRead=True,
        flag={"flagStatus": "flagged"},
        body={"contentType": "html", "content": "<p>Hello</p>"},
    )
    assert got == Fetched(
        remote_id="a",
        remote_thread_id="c-a",
        headers=tuple((one["name"], one["value"]) for one in HEADERS),
        text=None,
        html="<p>Hello</p>",
        attachments=(),
        folder_ids=("f-inbox",),
        seen=True,
        flagged=True,
        received_at=NOW,
        size=12,
        preview="Hello",
        truncated=False,
    )


@pytest.mark.parametrize(
    ("flag", "flagged"),
    [
        ({"flagStatus": "flagged"}, True),
        ({"flagStatus": "complete"}, False),
        ({"flagStatus": "notFlagged"}, False),
        ({"flagStatus": None}, False),
        (None, False),
    ],
)
def test_what_is_ticked_off_waits_for_nobody(flag: Any, flagged: bool) -> None:
    assert made(flag=flag).flagged is flagged


@pytest.mark.parametrize(
    ("body", "text", "html"),
    [
        ({"contentType": "text", "content": "x"}, "x", None),
        ({"contentType": "HTML", "content": "x"}, None, "x"),
        ({"contentType": None, "content": "x"}, "x", None),
        ({"contentType": "text", "content": ""}, None, None),
        ({"contentType": "html", "content": None}, None, None),
        (None, None, None),
    ],
)
def test_there_is_one_body(body: Any, text: str | None, html: str | None) -> None:
    got = made(body=body)
    assert (got.text, got.html) == (text, html)


def test_a_body_past_its_cap_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "TEXT", 10)
    got = made(body={"contentType": "text", "content": "x" * 11})
    assert (got.text, got.truncated) == ("x" * 10, True)
    assert not made(body={"contentType": "text", "content": "x" * 10}).truncated


# Headers


def test_what_outlook_wrote_gets_the_headers_it_would_have_had() -> None:
    got = made(
        internetMessageHeaders=None,
        subject="Grüße",
        sender=person("Office", "office@corp.example"),
        replyTo=[person("", "reply@corp.example")],
        toRecipients=[person("Ana", "ana@example.com"), person("Lee, Kim", "kim@example.com")],
        ccRecipients=[person("x@corp.example", "x@corp.example")],
        bccRecipients=[person('A "quoted" \\ one', "q@corp.example")],
        sentDateTime="2026-05-04T11:59:58Z",
    )
    assert got.headers == (
        ("From", "Ben Stone <ben@partner.example>"),
        ("Sender", "Office <office@corp.example>"),
        ("Reply-To", "reply@corp.example"),
        ("To", 'Ana <ana@example.com>, "Lee, Kim" <kim@example.com>'),
        ("Cc", "x@corp.example"),
        ("Bcc", '"A \\"quoted\\" \\\\ one" <q@corp.example>'),
        ("Subject", "Grüße"),
        ("Date", "Mon, 04 May 2026 11:59:58 +0000"),
        ("Message-ID", "<a@partner.example>"),
    )


def test_only_what_is_missing_is_made() -> None:
    got = made(internetMessageHeaders=[{"name": "SUBJECT", "value": "theirs"}], subject="ours")
    assert [value for name, value in got.headers if name.lower() == "subject"] == ["theirs"]
    assert "From" in dict(got.headers)


def test_headers_that_are_whole_stay_as_they_are() -> None:
    got = made(internetMessageHeaders=HEADERS, ccRecipients=[person("C", "c@corp.example")])
    assert len(got.headers) == len(HEADERS)


@pytest.mark.parametrize(
    "name",
    [
        "Ben\r\nBcc: evil@corp.example",
        "Ben <evil@corp.example>",
        "Ben, evil@corp.example",
        'Ben" <evil@corp.example>, "',
        "Ben (evil@corp.example)",
        "\x00\x1f",
        "Ben\\",
        "Group: evil@corp.example;",
    ],
)
def test_a_name_cannot_become_an_address_or_a_header(name: str) -> None:
    got = made(internetMessageHeaders=None, **{"from": person(name, "ben@partner.example")})
    (line,) = [value for header, value in got.headers if header == "From"]
    assert not any(character in line for character in "\r\n\x00")
    found = [one.address for one in address.parse_list(line)]
    assert found == ["ben@partner.example"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        "ben@partner.example",
        {},
        {"emailAddress": None},
        {"emailAddress": {"name": "Ben", "address": None}},
        {"emailAddress": {"name": "Ben", "address": "/o=Corp/ou=Site/cn=Recipients/cn=ben"}},
        {"emailAddress": {"name": "Ben", "address": "ben@x.example>, <evil@x.example"}},
        {"emailAddress": {"name": "Ben", "address": "ben@x.example, evil@x.example"}},
        {"emailAddress": {"name": "Ben", "address": "ben@x.example\r\nBcc: evil@x.example"}},
        {"emailAddress": {"name": 7}},
    ],
    ids=str,
)
def test_people_nobody_can_read_are_left_out(odd: Any) -> None:
    got = made(internetMessageHeaders=None, toRecipients=[odd], **{"from": odd, "sender": odd})
    assert {"From", "To", "Bcc"}.isdisjoint(dict(got.headers))
    assert ("Subject", "About a") in got.headers


@pytest.mark.parametrize("odd", ["ben+tag@x.example", '"a b"@x.example', "bén@münchen.example"])
def test_rarer_addresses_are_addresses(odd: str) -> None:
    got = made(internetMessageHeaders=None, toRecipients=[person("", f"<{odd}>")])
    assert dict(got.headers)["To"] == odd


def test_headers_past_their_caps_are_cut() -> None:
    long = made(internetMessageHeaders=[*HEADERS, {"name": "X", "value": "y" * 100_000}])
    assert long.truncated
    assert len(dict(long.headers)["X"]) == payload.HEADER
    many = made(internetMessageHeaders=HEADERS + [{"name": "X", "value": "y"}] * 2000)
    assert many.truncated
    assert len(many.headers) == payload.HEADERS
    block = made(internetMessageHeaders=[*HEADERS] + [{"name": "X", "value": "y" * 60_000}] * 9)
    assert sum(len(value) for _, value in block.headers) <= payload.HEADER_BLOCK


def test_headers_without_name_or_value_do_no_harm() -> None:
    got = made(internetMessageHeaders=[{"name": None, "value": "x"}, {"name": "Y", "value": None}])
    assert ("", "x") in got.headers
    assert ("Y", "") in got.headers


# Moments


@pytest.mark.parametrize(
    ("received", "sent", "expected"),
    [
        ("2026-05-04T12:00:00Z", None, NOW),
        ("2026-05-04T12:00:00.1234567Z", None, NOW + timedelta(microseconds=123456)),
        ("2026-05-04T14:00:00+02:00", None, NOW),
        ("2026-05-04T12:00:00", None, NOW),
        (None, "2026-05-04T11:00:00Z", NOW - timedelta(hours=1)),
        ("0001-01-01T00:00:00Z", None, datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", None, NOW),
        ("99999-01-01T00:00:00Z", "", NOW),
        ("soon", "never", NOW),
    ],
)
def test_when_it_came_in(received: str | None, sent: str | None, expected: datetime) -> None:
    assert made(receivedDateTime=received, sentDateTime=sent).received_at == expected


# What is attached


def file(**changes: Any) -> wire.Attachment:
    told = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": "x",
        "name": "a.pdf",
        "contentType": "application/pdf",
        "size": 100,
        "isInline": False,
    } | changes
    return wire.read(msgspec.json.Decoder(wire.Attachment), msgspec.json.encode(told))


def test_attachments_as_people_know_them() -> None:
    (one,) = described([file(contentType="Application/PDF; name=x", contentId="<logo@x>")], "")
    assert (one.filename, one.content_type, one.size) == ("a.pdf", "application/pdf", 100)
    assert (one.content_id, one.inline) == ("logo@x", False)


@pytest.mark.parametrize(
    ("told", "html", "inline"),
    [
        ({"isInline": True}, "", True),
        ({"isInline": False, "contentId": "logo@x"}, '<img src="cid:logo@x">', True),
        ({"isInline": False, "contentId": "logo@x"}, "", False),
        ({"isInline": None}, "cid:", False),
    ],
    ids=str,
)
def test_what_lies_inside_the_text(told: dict[str, Any], html: str, inline: bool) -> None:
    assert described([file(**told)], html)[0].inline is inline


def test_an_attached_message_is_a_message() -> None:
    item = file(
        **{
            "@odata.type": "#microsoft.graph.itemAttachment",
            "name": "Re: Plan",
            "contentType": None,
        }
    )
    (one,) = described([item], "")
    assert (one.filename, one.content_type) == ("Re: Plan.eml", "message/rfc822")


def test_odd_attachments_do_no_harm() -> None:
    (one,) = described([file(name=None, contentType=None, size=-1, isInline=None)], "")
    assert (one.filename, one.content_type, one.size) == ("", "application/octet-stream", 0)


def test_more_attachments_than_anybody_sends_are_cut() -> None:
    got = fetched(read(), [file(size=n) for n in range(1001)])
    assert (len(got.attachments), got.truncated) == (1000, True)


def test_a_part_is_named_by_what_never_changes() -> None:
    before = part_ids([file(id="1"), file(id="2"), file(id="3", size=7)])
    after = part_ids([file(id="9", size=7), file(id="8"), file(id="7")])
    assert set(before) == set(after)
    assert len(set(before)) == 3
    assert before[2] == after[0]
    assert all(len(one) <= 64 for one in before)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"hasAttachments": True}, True),
        ({"hasAttachments": None}, False),
        ({"body": {"contentType": "html", "content": '<img src="cid:x">'}}, True),
        ({"body": None}, False),
    ],
    ids=str,
)
def test_where_something_may_be_attached(changes: dict[str, Any], expected: bool) -> None:
    assert may_have_attachments(read(**changes)) is expected
