"""The vendor's own client writes and sends from sandbox mailboxes, and what becomes of it there."""

import base64
import email
import io
from email import policy
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from tests.sandbox.conftest import ANA, BEN

KEY = "0123456789abcdef0123456789abcdef"
DREW = "drew@contoso.example"


def letter(
    to: str = BEN, subject: str = "Hello", extra: str = "", text: str = "Good morning",
    sender: str = f"Ana Ng <{ANA}>", number: str = "own",
) -> bytes:  # fmt: skip
    """A letter of Ana's."""
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}@company.example>\r\n"
        f"Date: Mon, 02 Nov 2020 10:00:00 +0100\r\nX-Mailweave-Key: {KEY}\r\n{extra}\r\n{text}\r\n"
    ).encode()


def coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def head(client: Any, number: str, name: str) -> str:
    asked = client.messages().get(userId="me", id=number, format="metadata", metadataHeaders=name)
    (found,) = asked.execute()["payload"].get("headers", [{"value": ""}])
    return str(found["value"])


def inbox(world: Any, address: str) -> list[Any]:
    """What lies in a mailbox, newest first, as it came."""
    client = world.gmail(account=address).users()
    listed = client.messages().list(userId="me").execute().get("messages", [])
    raws = [client.messages().get(userId="me", id=one["id"], format="raw") for one in listed]
    return [
        email.message_from_bytes(
            base64.urlsafe_b64decode(raw.execute()["raw"]), policy=policy.default
        )
        for raw in raws
    ]


def refusal(call: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        call.execute()
    return caught.value.status_code, caught.value.reason


def test_a_draft_keeps_its_id_and_its_message_does_not(world: Any) -> None:
    drafts = world.gmail().users().drafts()
    made = drafts.create(userId="me", body={"message": {"raw": coded(letter())}}).execute()
    assert made["message"]["labelIds"] == ["DRAFT"]
    body = {"message": {"raw": coded(letter(subject="Other"))}}
    changed = drafts.update(userId="me", id=made["id"], body=body).execute()
    assert changed["id"] == made["id"]
    assert changed["message"]["id"] != made["message"]["id"]
    (listed,) = drafts.list(userId="me").execute()["drafts"]
    assert listed == {
        "id": made["id"],
        "message": {"id": changed["message"]["id"], "threadId": changed["message"]["threadId"]},
    }
    assert drafts.get(userId="me", id=made["id"]).execute()["message"]["payload"]
    drafts.delete(userId="me", id=made["id"]).execute()
    assert refusal(drafts.get(userId="me", id=made["id"]))[0] == 404
    assert drafts.list(userId="me").execute() == {"resultSizeEstimate": 0}


def test_what_is_sent_is_another_message_with_another_name(world: Any) -> None:
    client = world.gmail().users()
    start = client.getProfile(userId="me").execute()["historyId"]
    made = client.drafts().create(userId="me", body={"message": {"raw": coded(letter())}}).execute()
    sent = client.drafts().send(userId="me", body={"id": made["id"]}).execute()
    assert set(sent) == {"id", "threadId", "labelIds"}
    assert sent["labelIds"] == ["SENT"]
    assert sent["id"] != made["message"]["id"]
    assert sent["threadId"] == made["message"]["threadId"]
    assert head(client, sent["id"], "Message-ID").endswith("@mail.gmail.com>")
    assert "2020" not in head(client, sent["id"], "Date")
    assert head(client, sent["id"], "X-Mailweave-Key") == KEY
    assert refusal(client.drafts().send(userId="me", body={"id": made["id"]}))[0] == 404
    records = client.history().list(userId="me", startHistoryId=start).execute()["history"]
    told = [(kind, one[kind][0]["message"]["labelIds"]) for one in records
            for kind in ("messagesAdded", "messagesDeleted") if kind in one]  # fmt: skip
    assert told == [("messagesAdded", ["DRAFT"]), ("messagesAdded", ["SENT"]),
                    ("messagesDeleted", ["DRAFT"])]  # fmt: skip


def test_names_stay_when_the_switch_says_so(world: Any) -> None:
    world.state.change_settings(gmail_new_message_ids=False)
    client = world.gmail().users()
    sent = client.messages().send(userId="me", body={"raw": coded(letter())}).execute()
    assert head(client, sent["id"], "Message-ID") == "<own@company.example>"


def test_it_arrives_without_the_blind_copies_and_joins_by_its_headers(world: Any) -> None:
    ana, ben = world.gmail().users(), world.gmail(account=BEN).users()
    blind = f"Cc: {DREW}\r\nBcc: cy@away.example\r\n"
    first = ana.messages().send(userId="me", body={"raw": coded(letter(extra=blind))}).execute()
    (came,) = inbox(world, BEN)
    assert (came["Bcc"], came["Delivered-To"], came["Return-Path"]) == (None, BEN, f"<{ANA}>")
    assert "mx.company.example" in came["Received"]
    assert head(ana, first["id"], "Bcc") == "cy@away.example"
    name = head(ana, first["id"], "Message-ID")
    assert came["Message-ID"] == name
    back = letter(ANA, "Re: Hello", f"In-Reply-To: {name}\r\nReferences: {name}\r\n", sender=BEN)
    (one,) = ben.messages().list(userId="me").execute()["messages"]
    body = {"raw": coded(back), "threadId": one["threadId"]}
    answer = ben.messages().send(userId="me", body=body).execute()
    assert answer["threadId"] == one["threadId"]
    newest = ana.messages().list(userId="me").execute()["messages"][0]
    assert newest["threadId"] == first["threadId"]
    gone = {"raw": coded(back), "threadId": "7fffffffffffff"}
    assert refusal(ben.messages().send(userId="me", body=gone))[0] == 404


def test_a_letter_to_oneself_is_one_message(world: Any) -> None:
    client = world.gmail().users()
    sent = client.messages().send(userId="me", body={"raw": coded(letter(ANA))}).execute()
    assert set(sent["labelIds"]) == {"SENT", "INBOX", "UNREAD"}
    assert len(client.messages().list(userId="me").execute()["messages"]) == 1


@pytest.mark.parametrize("resumable", [False, True])
def test_large_letters_are_uploaded(world: Any, resumable: bool) -> None:
    client = world.gmail().users()
    raw = letter(text="\r\n".join(["x" * 70] * 15_000))
    media = MediaIoBaseUpload(
        io.BytesIO(raw), "message/rfc822", chunksize=256 * 1024, resumable=resumable
    )
    made = client.drafts().create(userId="me", body={"message": {}}, media_body=media).execute()
    kept = client.drafts().get(userId="me", id=made["id"], format="raw").execute()
    assert base64.urlsafe_b64decode(kept["message"]["raw"]) == raw
    other = MediaIoBaseUpload(io.BytesIO(raw), "message/rfc822", resumable=resumable)
    sent = client.messages().send(userId="me", media_body=other).execute()
    assert sent["labelIds"] == ["SENT"]
    assert world.state.quota.units[ANA] == 10 + 20 + 100


def test_what_is_too_large_or_to_nobody_is_refused(world: Any) -> None:
    client = world.gmail().users()
    token = {"Authorization": f"Bearer {world.credentials().token}",
             "Content-Type": "message/rfc822"}  # fmt: skip
    with world.browser() as browser:
        url = "/upload/gmail/v1/users/me/messages/send?uploadType=media"
        huge = letter() + b"x" * 36_700_160
        assert browser.post(url, content=huge, headers=token).status_code == 413
    nobody = {"raw": coded(b"Subject: x\r\n\r\nx")}
    assert refusal(client.messages().send(userId="me", body=nobody)) == (
        400, "Recipient address required",
    )  # fmt: skip
    assert refusal(client.messages().send(userId="me", body={}))[0] == 400
    with world.browser() as browser:
        assert browser.get("/sandbox/api/deliveries").json() == {"deliveries": []}


def test_so_many_a_day_and_no_more(world: Any) -> None:
    world.state.change_settings(gmail_sends_a_day=2)
    send = world.gmail().users().messages().send
    for _ in range(2):
        send(userId="me", body={"raw": coded(letter())}).execute()
    status, why = refusal(send(userId="me", body={"raw": coded(letter())}))
    assert (status, why.startswith("User-rate limit exceeded.  Retry after 20")) == (429, True)
    world.state.clock.advance(86_401)
    world.gmail().users().messages().send(userId="me", body={"raw": coded(letter())}).execute()


def test_addresses_to_send_as(world: Any) -> None:
    with world.browser() as browser:
        for given in (
            {"address": "sales@company.example", "name": "Sales", "signature": "<b>S</b>",
             "default": True},
            {"address": "old@company.example", "status": "pending"},
        ):  # fmt: skip
            url = f"/sandbox/api/mailboxes/{ANA}/send_as"
            assert browser.post(url, json=given).status_code == 200
        assert browser.post(url, json={"address": "x@y.example", "status": "?"}).status_code == 400
    client = world.gmail().users()
    listed = client.settings().sendAs().list(userId="me").execute()["sendAs"]
    assert [(one["sendAsEmail"], one.get("isDefault"), one.get("verificationStatus"))
            for one in listed] == [
        (ANA, None, None), ("old@company.example", None, "pending"),
        ("sales@company.example", True, "accepted"),
    ]  # fmt: skip
    for address, said in (("sales@company.example", "sales@company.example"),
                          ("old@company.example", f'"Ana Ng" <{ANA}>')):  # fmt: skip
        body = {"raw": coded(letter(sender=address))}
        sent = client.messages().send(userId="me", body=body).execute()
        assert head(client, sent["id"], "From").replace('"', "") == said.replace('"', "")


def test_every_accepted_letter_is_written_down(world: Any) -> None:
    send = world.gmail().users().messages().send
    send(userId="me", body={"raw": coded(letter(extra="Bcc: cy@away.example\r\n"))}).execute()
    with world.browser() as browser:
        (told,) = browser.get("/sandbox/api/deliveries").json()["deliveries"]
        assert browser.get(f"/sandbox/api/deliveries?key={KEY}&mailbox={ANA}").json() == {
            "deliveries": [told]
        }
        assert browser.get("/sandbox/api/deliveries?key=no").json() == {"deliveries": []}
        given = {"address": "@away.example", "kind": "hard"}
        assert browser.post("/sandbox/do/bounces", data=given).status_code == 303
        page = browser.get("/sandbox/").text
        assert browser.get(f"/sandbox/mailbox/{ANA}").text.count("Send mail as") == 1
    assert page.count(KEY) == 1
    assert "@away.example</td><td>hard" in page
    assert (told["mailbox"], told["from"], told["key"], told["subject"]) == (ANA, ANA, KEY, "Hello")
    assert told["recipients"] == [BEN, "cy@away.example"]


@pytest.mark.parametrize("form", ["reset", "error"])
@pytest.mark.parametrize(("kind", "count"), [("lost_request", 0), ("lost_answer", 1)])
def test_calls_and_answers_get_lost(world: Any, kind: str, count: int, form: str) -> None:
    send = world.gmail().users().messages().send(userId="me", body={"raw": coded(letter())})
    world.state.faults.add(kind, path="/messages/send", form=form)
    with pytest.raises((HttpError, ConnectionError)):
        send.execute()
    with world.browser() as browser:
        assert len(browser.get("/sandbox/api/deliveries").json()["deliveries"]) == count
    assert len(inbox(world, BEN)) == count


@pytest.mark.parametrize(("kind", "action", "subject"), [
    ("", "failed", "Delivery Status Notification (Failure)"),
    ("soft", "failed", "Delivery Status Notification (Failure)"),
    ("delayed", "delayed", "Delivery Status Notification (Delay)"),
])  # fmt: skip
def test_what_cannot_be_delivered_comes_back(
    world: Any, kind: str, action: str, subject: str
) -> None:
    to = "nobody@company.example"
    with world.browser() as browser:
        if kind:
            to = "full@away.example"
            given = {"address": to, "kind": kind}
            assert browser.post("/sandbox/api/bounces", json=given).status_code == 200
        client = world.gmail().users()
        sent = client.messages().send(userId="me", body={"raw": coded(letter(to))}).execute()
        name = head(client, sent["id"], "Message-ID")
        assert len(inbox(world, ANA)) == 1
        world.state.clock.advance(2)
    report = inbox(world, ANA)[0]
    assert report.get_content_type() == "multipart/report"
    assert (report["Subject"], report["X-Failed-Recipients"]) == (subject, to)
    assert (report["In-Reply-To"], report["Auto-Submitted"]) == (name, "auto-replied")
    status = [
        part for part in report.walk() if part.get_content_type() == "message/delivery-status"
    ]
    text = status[0].as_string().replace("\n ", " ").replace(": \n", ": ")
    assert f"Action: {action}" in text
    assert f"Final-Recipient: rfc822; {to}" in text
    assert f"X-Original-Message-ID: {name}" in text
