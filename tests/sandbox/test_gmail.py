"""The vendor's own client reads and changes sandbox mail."""

import base64
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

ANA, BEN = "ana@company.example", "ben@company.example"
MIXED = b"\r\n".join(
    [
        b"From: =?iso-8859-1?q?Jos=E9_M=FCller?= <jose@client.example>",
        b"To: ana@company.example",
        b"Subject: =?utf-8?b?w5xiZXI=?=",
        b" =?utf-8?b?c2ljaHQ=?=",
        b"Message-ID: <mixed@client.example>",
        b"MIME-Version: 1.0",
        b"Content-Type: multipart/mixed; boundary=outer",
        b"",
        b"--outer",
        b"Content-Type: multipart/alternative; boundary=inner",
        b"",
        b"--inner",
        b'Content-Type: text/plain; charset="iso-8859-1"',
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        b"Gr=FC=DFe & mehr",
        b"--inner",
        b"Content-Type: text/html; charset=utf-8",
        b"",
        b"<p>Gr\xc3\xbc\xc3\x9fe</p>",
        b"--inner--",
        b"--outer",
        b"Content-Type: application/pdf",
        b'Content-Disposition: attachment; filename="=?utf-8?q?pr=C3=A9cis.pdf?="',
        b"Content-Transfer-Encoding: base64",
        b"",
        base64.b64encode(b"%PDF-1.4 tiny"),
        b"--outer",
        b"Content-Type: message/rfc822",
        b"",
        b"From: inner@client.example",
        b"Subject: inside",
        b"",
        b"inner text",
        b"--outer",
        b"Content-Type: text/calendar; method=REQUEST",
        b"",
        b"BEGIN:VCALENDAR",
        b"--outer--",
        b"",
    ]
)

PLAIN = b"From: a@b.example\r\nSubject: x  y\r\n\r\n--no boundary\r\nand a line \r\n"


def status_of(call: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        call.execute()
    details = caught.value.error_details
    return caught.value.status_code, details[0].get("reason", "") if details else ""


def opened(data: str) -> bytes:
    assert len(data) % 4 == 0, "padded"
    return base64.urlsafe_b64decode(data)


def test_a_message_in_all_four_formats(world: Any) -> None:
    number = world.state.deliver(ANA, MIXED, ["INBOX"])
    get = world.gmail().users().messages().get
    minimal = get(userId="me", id=number, format="minimal").execute()
    assert set(minimal) == {
        "id", "threadId", "labelIds", "snippet", "sizeEstimate", "historyId", "internalDate",
    }  # fmt: skip
    assert minimal["snippet"] == "Grüße &amp; mehr"
    metadata = get(
        userId="me", id=number, format="metadata", metadataHeaders=["subject", "FROM"]
    ).execute()["payload"]
    assert metadata == {
        "mimeType": "multipart/mixed",
        "headers": [
            {"name": "From", "value": '"José Müller" <jose@client.example>'},
            {"name": "Subject", "value": "Übersicht"},
        ],
    }
    raw = get(userId="me", id=number, format="raw").execute()
    assert opened(raw["raw"]) == MIXED
    assert "payload" not in raw


def test_a_full_payload_is_decoded_and_split_as_the_vendor_does(world: Any) -> None:
    number = world.state.deliver(ANA, MIXED, [])
    message = world.gmail().users().messages().get(userId=ANA.upper(), id=number.upper()).execute()
    assert "labelIds" not in message
    payload = message["payload"]
    assert payload["partId"] == ""
    assert payload["body"] == {"size": 0}
    alternative, pdf, nested, calendar = payload["parts"]
    plain, html = alternative["parts"]
    assert [plain["partId"], html["partId"], pdf["partId"]] == ["0.0", "0.1", "1"]
    assert opened(plain["body"]["data"]).decode() == "Grüße & mehr"
    assert plain["body"]["size"] == 12, "the size is that of the old charset"
    assert opened(html["body"]["data"]).decode() == "<p>Grüße</p>"
    assert pdf["filename"] == "précis.pdf"
    assert "data" not in pdf["body"]
    assert nested["parts"][0]["headers"][1] == {"name": "Subject", "value": "inside"}
    assert opened(nested["parts"][0]["body"]["data"]) == b"inner text"
    assert calendar["filename"] == "invite.ics"
    assert "attachmentId" in calendar["body"]


def test_attachments_open_under_ids_that_change_from_call_to_call(world: Any) -> None:
    number = world.state.deliver(ANA, MIXED)
    messages = world.gmail().users().messages()
    ids = {
        messages.get(userId="me", id=number).execute()["payload"]["parts"][1]["body"][
            "attachmentId"
        ]
        for _ in range(2)
    }
    assert len(ids) == 2
    for attachment in ids:
        got = messages.attachments().get(userId="me", messageId=number, id=attachment).execute()
        assert got["size"] == 13
        assert opened(got["data"]) == b"%PDF-1.4 tiny"
    other = world.state.deliver(ANA, world.letter())
    for message, attachment in ((other, ids.pop()), (number, "ANGjdJnonsense"), (number, "x")):
        call = messages.attachments().get(userId="me", messageId=message, id=attachment)
        assert status_of(call) == (400, "invalidArgument")


def test_a_single_part_has_an_empty_part_id_and_its_attachment_opens(world: Any) -> None:
    raw = b"From: a@b.example\r\nContent-Type: image/png; name=x.png\r\n\r\nPNG"
    number = world.state.deliver(ANA, raw)
    messages = world.gmail().users().messages()
    payload = messages.get(userId="me", id=number).execute()["payload"]
    assert payload["partId"] == ""
    attachment = payload["body"]["attachmentId"]
    got = messages.attachments().get(userId="me", messageId=number, id=attachment).execute()
    assert opened(got["data"]) == b"PNG"


def test_lists_page_newest_first_with_filters(world: Any) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = world.state.deliver_many(
        ANA,
        [
            (world.letter(number=str(n)), ["INBOX", "Kunden"] if n % 2 else ["SENT"],
             start + timedelta(hours=n))
            for n in range(7)
        ],
    )  # fmt: skip
    world.state.trash(ANA, ids[0])
    messages = world.gmail().users().messages()
    seen, request = [], messages.list(userId="me", maxResults=2)
    while request is not None:
        page = request.execute()
        seen += [item["id"] for item in page.get("messages", [])]
        assert len(page.get("nextPageToken", "0" * 20)) == 20
        request = messages.list_next(request, page)
    assert seen == list(reversed(ids[1:]))
    everything = messages.list(userId="me", includeSpamTrash=True).execute()["messages"]
    assert len(everything) == 7
    label = world.state.label(ANA, "kunden")
    both = messages.list(userId="me", labelIds=["INBOX", label]).execute()
    assert [item["id"] for item in both["messages"]] == [ids[5], ids[3], ids[1]]
    assert messages.list(userId="me", labelIds=["STARRED"]).execute() == {"resultSizeEstimate": 0}
    binned = messages.list(userId="me", labelIds=["TRASH"]).execute()
    assert [item["id"] for item in binned["messages"]] == [ids[0]]


def test_a_page_token_survives_the_deletion_of_what_it_stands_on(world: Any) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = world.state.deliver_many(
        ANA, [(world.letter(number=str(n)), ["INBOX"], start + timedelta(days=n)) for n in range(4)]
    )
    messages = world.gmail().users().messages()
    page = messages.list(userId="me", maxResults=2).execute()
    world.state.delete(ANA, ids[2])
    rest = messages.list(userId="me", pageToken=page["nextPageToken"]).execute()
    assert [item["id"] for item in rest["messages"]] == [ids[1], ids[0]]
    assert status_of(messages.list(userId="me", pageToken="12ab")) == (400, "invalidArgument")
    empty = messages.list(userId="me", pageToken="0").execute()
    assert "messages" not in empty
    assert empty["nextPageToken"]


def test_replies_join_their_thread_only_with_the_same_subject(world: Any) -> None:
    letter, deliver = world.letter, world.state.deliver
    first = deliver(ANA, letter("Offer", number="1"), received_at=datetime(2026, 1, 1, tzinfo=UTC))
    reply = deliver(ANA, letter("AW: Re: offer", number="2", refs="<1@client.example>"))
    other = deliver(ANA, letter("Something else", number="3", refs="<1@client.example>"))
    threads = world.gmail().users().threads()
    thread = threads.get(userId="me", id=first, format="minimal").execute()
    assert [item["id"] for item in thread["messages"]] == [first, reply]
    assert thread["historyId"] == thread["messages"][1]["historyId"]
    listed = threads.list(userId="me").execute()["threads"]
    assert [item["id"] for item in listed] == [other, first]
    assert all(set(item) == {"id", "snippet", "historyId"} for item in listed)
    assert status_of(threads.get(userId="me", id=reply)) == (404, "notFound")


def test_history_tells_each_change_with_the_labels_right_after(world: Any) -> None:
    users = world.gmail().users()
    start = users.getProfile(userId="me").execute()["historyId"]
    assert users.history().list(userId="me", startHistoryId=start).execute() == {"historyId": start}
    one = world.state.deliver(ANA, world.letter(number="1"))
    two = world.state.deliver(ANA, world.letter(number="2"))
    world.state.modify(ANA, [one, two], remove=["UNREAD"])
    world.state.modify(ANA, one, remove=["UNREAD"])
    world.state.trash(ANA, one)
    world.state.delete(ANA, two)
    answer = users.history().list(userId="me", startHistoryId=start).execute()
    added, _, read, binned, gone = answer["history"]
    assert added["messagesAdded"] == [
        {"message": {"id": one, "threadId": one, "labelIds": ["INBOX", "UNREAD"]}}
    ]
    assert [entry["message"]["labelIds"] for entry in read["labelsRemoved"]] == [["INBOX"]] * 2
    assert binned["labelsAdded"][0]["labelIds"] == ["TRASH"]
    assert binned["labelsRemoved"][0] == {
        "message": {"id": one, "threadId": one, "labelIds": ["TRASH"]}, "labelIds": ["INBOX"],
    }  # fmt: skip
    assert gone["messagesDeleted"][0]["message"]["id"] == two
    numbers = [int(record["id"]) for record in answer["history"]]
    assert numbers == sorted(set(numbers))
    assert int(answer["historyId"]) == numbers[-1]
    later = users.history().list(userId="me", startHistoryId=str(numbers[2])).execute()
    assert [record["id"] for record in later["history"]] == [binned["id"], gone["id"]]
    only = users.history().list(userId="me", startHistoryId=start, historyTypes="messageDeleted")
    assert [record["id"] for record in only.execute()["history"]] == [gone["id"]]


def test_history_pages_and_moves_its_own_position(world: Any) -> None:
    history = world.gmail().users().history()
    start = str(world.state.account(ANA).history_id)
    ids = [world.state.deliver(ANA, world.letter(number=str(n))) for n in range(5)]
    first = history.list(userId="me", startHistoryId=start, maxResults=2).execute()
    late = world.state.deliver(ANA, world.letter(number="late"))
    seen, page = list(first["history"]), first
    while "nextPageToken" in page:
        page = history.list(
            userId="me", startHistoryId=start, maxResults=2, pageToken=page["nextPageToken"]
        ).execute()
        seen += page.get("history", [])
    assert [r["messagesAdded"][0]["message"]["id"] for r in seen] == [*ids, late]
    assert int(page["historyId"]) > int(first["historyId"])


def test_positions_outside_the_log_are_not_found(world: Any) -> None:
    history = world.gmail().users().history()
    account = world.state.account(ANA)
    world.state.deliver(ANA, world.letter())
    for start in ("0", str(account.history_id + 10_000)):
        assert status_of(history.list(userId="me", startHistoryId=start)) == (404, "notFound")
    kept = history.list(userId="me", startHistoryId=str(account.history_id)).execute()
    assert len(kept["history"]) == 1
    for start in ("abc", "-1"):
        status, _ = status_of(history.list(userId="me", startHistoryId=start))
        assert status == 400
    now = str(world.state.account(ANA).history_id)
    world.state.clock.advance(timedelta(days=31))
    credentials = world.credentials()
    history = world.gmail(credentials=credentials).users().history()
    old = history.list(userId="me", startHistoryId=str(account.history_id))
    assert status_of(old) == (404, "notFound")
    assert history.list(userId="me", startHistoryId=now).execute() == {"historyId": now}
    world.state.expire_history(ANA)
    assert status_of(history.list(userId="me", startHistoryId=now)) == (404, "notFound")


def test_changing_labels(world: Any) -> None:
    number = world.state.deliver(ANA, world.letter())
    users = world.gmail().users()
    label = users.labels().create(userId="me", body={"name": "Deals / Won"}).execute()
    assert "type" not in label
    changed = users.messages().modify(
        userId="me", id=number, body={"addLabelIds": [label["id"]], "removeLabelIds": ["UNREAD"]}
    )
    assert changed.execute() == {
        "id": number, "threadId": number, "labelIds": ["INBOX", label["id"]],
    }  # fmt: skip
    binned = users.messages().trash(userId="me", id=number).execute()
    assert binned["labelIds"] == [label["id"], "TRASH"], "the bin takes the inbox away"
    assert users.messages().untrash(userId="me", id=number).execute()["labelIds"] == [label["id"]]
    counted = users.labels().get(userId="me", id=label["id"]).execute()
    assert (counted["messagesTotal"], counted["messagesUnread"], counted["type"]) == (1, 0, "user")
    for body, reason in (
        ({"addLabelIds": ["SENT"]}, "Invalid label: SENT"),
        ({"addLabelIds": ["Label_99"]}, "labelId not found"),
        ({"addLabelIds": ["Deals"]}, "Invalid label: Deals"),
        ({"addLabelIds": ["INBOX"], "removeLabelIds": ["INBOX"]}, "same label"),
        ({}, "No label"),
        ({"addLabelIds": ["INBOX"] * 101}, "Too many"),
    ):
        with pytest.raises(HttpError, match=reason):
            users.messages().modify(userId="me", id=number, body=body).execute()
    users.labels().delete(userId="me", id=label["id"]).execute()
    assert "labelIds" not in users.messages().get(userId="me", id=number).execute()


def test_label_names_are_taken_whatever_their_spelling(world: Any) -> None:
    labels = world.gmail().users().labels()
    made = labels.create(userId="me", body={"name": "Deals/Won"}).execute()
    assert status_of(labels.create(userId="me", body={"name": "deals / WON"})) == (409, "aborted")
    assert status_of(labels.create(userId="me", body={"name": "inbox"}))[0] == 400
    renamed = labels.patch(userId="me", id=made["id"], body={"name": "Lost"}).execute()
    assert renamed["name"] == "Lost"
    replaced = labels.update(
        userId="me", id=made["id"], body={"name": "Gone", "labelListVisibility": "labelHide"}
    ).execute()
    assert replaced["labelListVisibility"] == "labelHide"
    assert status_of(labels.patch(userId="me", id="INBOX", body={"name": "x"}))[0] == 400
    names = {item["id"]: item for item in labels.list(userId="me").execute()["labels"]}
    assert names["INBOX"]["type"] == "system"
    assert names[made["id"]]["name"] == "Gone"


def test_many_at_once(world: Any) -> None:
    ids = [world.state.deliver(ANA, world.letter(number=str(n))) for n in range(3)]
    messages = world.gmail().users().messages()
    body = {"ids": ids, "removeLabelIds": ["UNREAD"]}
    assert messages.batchModify(userId="me", body=body).execute() in ("", b"")
    assert "messages" not in messages.list(userId="me", q="is:unread").execute()
    assert messages.batchDelete(userId="me", body={"ids": ids[:2]}).execute() in ("", b"")
    assert world.state.message_ids(ANA) == [ids[2]]
    assert messages.delete(userId="me", id=ids[2]).execute() in ("", b"")
    assert status_of(messages.get(userId="me", id=ids[2])) == (404, "notFound")
    too_many = {"ids": ["1"] * 1001, "addLabelIds": ["INBOX"]}
    assert status_of(messages.batchModify(userId="me", body=too_many))[0] == 400


def test_threads_change_as_one(world: Any) -> None:
    first = world.state.deliver(ANA, world.letter(number="1"))
    second = world.state.deliver(
        ANA, world.letter("Re: Hello", number="2", refs="<1@client.example>")
    )
    start = world.state.account(ANA).history_id
    users = world.gmail().users()
    body = {"addLabelIds": ["STARRED"]}
    changed = users.threads().modify(userId="me", id=first, body=body).execute()
    assert [message["id"] for message in changed["messages"]] == [first, second]
    users.threads().trash(userId="me", id=first).execute()
    users.threads().untrash(userId="me", id=first).execute()
    records = users.history().list(userId="me", startHistoryId=str(start)).execute()["history"]
    assert [len(record["messages"]) for record in records] == [2, 2, 2]


def test_insert_and_import(world: Any) -> None:
    messages = world.gmail().users().messages()
    raw = base64.urlsafe_b64encode(world.letter()).decode()
    inserted = messages.insert(userId="me", body={"raw": raw, "labelIds": ["INBOX"]}).execute()
    got = messages.get(userId="me", id=inserted["id"]).execute()
    assert got["internalDate"] == "1793610000000", "dated by its Date header"
    imported = messages.import_(userId="me", body={"raw": raw.rstrip("=")}).execute()
    assert set(imported) == {"id"}
    assert "labelIds" not in messages.get(userId="me", id=imported["id"]).execute()
    body = {"raw": raw, "threadId": inserted["threadId"]}
    assert status_of(messages.import_(userId="me", body=body)) == (400, "invalidArgument")
    assert status_of(messages.insert(userId="me", body={}))[0] == 400


def test_an_upload_keeps_every_byte(world: Any, tmp_path: Any) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(PLAIN)
    from googleapiclient.http import MediaFileUpload

    messages = world.gmail().users().messages()
    media = MediaFileUpload(str(path), mimetype="message/rfc822")
    made = messages.insert(userId="me", body={"labelIds": ["INBOX"]}, media_body=media).execute()
    got = messages.get(userId="me", id=made["id"], format="raw").execute()
    assert opened(got["raw"]) == PLAIN
    assert got["labelIds"] == ["INBOX"]
    media = MediaFileUpload(str(path), mimetype="message/rfc822", resumable=True)
    again = messages.insert(userId="me", body={}, media_body=media).execute()
    got = messages.get(userId="me", id=again["id"], format="raw").execute()
    assert opened(got["raw"]) == PLAIN


def test_a_batch_answers_each_part_under_its_own_id(world: Any) -> None:
    ids = [world.state.deliver(ANA, world.letter(number=str(n))) for n in range(3)]
    gmail, got = world.gmail(), {}
    batch = gmail.new_batch_http_request(
        callback=lambda name, answer, error: got.update({name: answer or error})
    )
    for number in [*ids, "ffffff"]:
        batch.add(gmail.users().messages().get(userId="me", id=number), request_id=number)
    before = world.state.quota.units[ANA]
    batch.execute()
    assert [got[number]["id"] for number in ids] == ids
    assert got["ffffff"].status_code == 404
    assert world.state.quota.units[ANA] - before == 80, "every part is a call"


def test_a_batch_beyond_the_places_of_a_mailbox(world: Any) -> None:
    number = world.state.deliver(ANA, world.letter())
    gmail, answers = world.gmail(), []
    batch = gmail.new_batch_http_request(callback=lambda *answer: answers.append(answer[2]))
    for _ in range(12):
        batch.add(gmail.users().messages().get(userId="me", id=number, format="minimal"))
    batch.execute()
    refused = [error for error in answers if error]
    assert [error.status_code for error in refused] == [429, 429]
    assert "Too many concurrent requests for user." in str(refused[0])


def test_ids_that_cannot_be_and_ids_that_are_not(world: Any) -> None:
    messages = world.gmail().users().messages()
    for number in ("xyz", "ffffffffffffffff", "-1", "00000000000000001"):
        assert status_of(messages.get(userId="me", id=number)) == (400, "invalidArgument")
    assert status_of(messages.get(userId="me", id="19a9f3c2b4d5e6f7")) == (404, "notFound")


def test_other_peoples_mailboxes_stay_closed(world: Any) -> None:
    number = world.state.deliver(BEN, world.letter())
    messages = world.gmail().users().messages()
    assert status_of(messages.get(userId="me", id=number)) == (404, "notFound")
    assert status_of(messages.get(userId=BEN, id=number)) == (403, "forbidden")


def test_partial_answers(world: Any) -> None:
    number = world.state.deliver(ANA, MIXED)
    messages = world.gmail().users().messages()
    page = messages.list(userId="me", fields="messages/id,nextPageToken").execute()
    assert page == {"messages": [{"id": number}]}
    mask = "id,payload(mimeType,parts(partId,body/size))"
    got = messages.get(userId="me", id=number, fields=mask).execute()
    assert set(got) == {"id", "payload"}
    assert got["payload"]["parts"][1] == {"partId": "1", "body": {"size": 13}}
    whole = messages.get(userId="me", id=number, fields="payload").execute()
    assert whole["payload"]["parts"][0]["parts"][0]["body"]["data"]
    both = messages.get(userId="me", id=number, fields="payload,payload/mimeType").execute()
    assert both["payload"]["parts"][0] == whole["payload"]["parts"][0]
    for wrong in ("messages/nope", "id,,", "payload(", "a b"):
        status, reason = status_of(messages.get(userId="me", id=number, fields=wrong))
        assert (status, reason) == (400, "invalidParameter")


def test_pretty_printing_and_gzip_follow_the_request(world: Any) -> None:
    number = world.state.deliver(ANA, world.letter(text="word " * 500))
    token = world.credentials().token
    path = f"gmail/v1/users/me/messages/{number}"
    with world.browser() as browser:
        browser.headers["Authorization"] = f"Bearer {token}"
        assert b"\n  " in browser.get(path).content
        plain = browser.get(path, params={"prettyPrint": "false"})
        assert b"\n" not in plain.content
        assert "content-encoding" not in plain.headers
        zipped = browser.get(path, headers={"User-Agent": "mine (gzip)", "Accept-Encoding": "gzip"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert zipped.json() == plain.json()


def test_state_survives_a_restart(world: Any, tmp_path: Any) -> None:
    from sandbox.state import Sandbox

    path = tmp_path / "state.sqlite3"
    first = Sandbox(path)
    first.add_account(ANA)
    number = first.deliver(ANA, MIXED, ["INBOX", "Kunden"])
    first.change_settings(latency_ms=5)
    position = first.account(ANA).history_id
    first.close()
    second = Sandbox(path)
    assert second.message_ids(ANA) == [number]
    assert second.account(ANA).history_id == position
    assert second.settings.latency_ms == 5
    second.close()


def test_what_is_no_http_gets_a_400_and_no_traceback(world: Any) -> None:
    host, port = world.url.removeprefix("http://").rstrip("/").split(":")
    for sent in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nbroken\r\n\r\n",
                 b"POST /token HTTP/1.1\r\nContent-Length: x\r\n\r\n"):  # fmt: skip
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(sent)
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
