"""The invented world: the same every time, and nothing of real mail's oddities missing."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from functools import cache

import pytest

from sandbox import stats
from sandbox.state import Sandbox
from sandbox.world import Delivery, World, build
from sandbox.world.plays import plays

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAST = {
    "html": 2_000, "attachment": 500, "thread": 2_500, "sales": 700, "support": 500,
    "recruiting": 200, "office": 150, "newsletter": 200, "remote-images": 200,
    "signature-logo": 200, "inline-image": 50, "quote:gmail": 500, "quote:outlook": 150,
    "quote:outlook-de": 20, "quote:apple": 200, "quote:plain": 50, "phone": 100,
    "mailing-list": 60, "invitation": 40, "invitation:reply": 10, "bounce": 16, "auto-reply": 30,
    "forwarded-rfc822": 8, "forwarded": 8, "tnef": 3, "signed": 3, "empty-body": 5,
    "plain-only": 150, "html-only": 40, "no-subject": 8, "long-subject": 5, "emoji": 6,
    "repeated-message-id": 9, "three-mailboxes": 72, "to-self": 7, "odd-zone": 1, "odd-date": 7,
    "no-date": 3, "no-message-id": 4, "bcc": 8, "undisclosed": 3, "rfc2047": 500, "rfc2231": 50,
    "filename:2047": 2, "filename:raw": 2, "sent": 1_000, "archived": 800, "unread": 60,
    "starred": 30, "user-label": 300, "spam": 20, "trash": 10, "draft": 10, "lang:en": 1_500,
    "lang:de": 100, "lang:fr": 50, "lang:es": 50, "lang:tr": 20, "lang:ja": 20, "lang:ar": 20,
    "lang:ru": 10, "lang:zh": 3, "charset:utf-8": 500, "charset:iso-8859-1": 20,
    "charset:windows-1252": 20, "charset:windows-1254": 3, "charset:windows-1256": 1,
    "charset:iso-2022-jp": 3, "charset:shift_jis": 2, "charset:koi8-r": 3, "charset:gb18030": 3,
    "charset:missing": 2, "charset:unknown": 2, "charset:wrong": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return build(1, now=NOW)


def tagged(world: World, tag: str) -> list[Delivery]:
    return [one for one in world.deliveries if tag in one.tags]


@cache
def parsed(one: Delivery) -> Message:
    return message_from_bytes(one.raw)


def kinds(one: Delivery) -> set[str]:
    return {part.get_content_type() for part in parsed(one).walk()}


def test_is_the_same_for_the_same_seed_and_moment() -> None:
    first, again = build(3, now=NOW, threaded=200), build(3, now=NOW, threaded=200)
    assert first == again
    assert build(4, now=NOW, threaded=200).deliveries[0] != first.deliveries[0]


def test_our_people_are_spread_over_both_companies() -> None:
    world = build(3, now=NOW, threaded=200)
    assert tuple(world.homes) == world.mailboxes()
    assert set(world.homes.values()) == {"google", "microsoft"}
    assert world.homes[world.mailboxes()[0]] == "google", "the owner's"
    last = world.mailboxes()[-1]
    other = build(3, now=NOW, threaded=200, microsoft=[last])
    assert [one for one, at in other.homes.items() if at == "microsoft"] == [last]
    assert other.deliveries == world.deliveries, "the mail is the same"
    assert set(build(3, now=NOW, threaded=200, microsoft=()).homes.values()) == {"google"}
    with pytest.raises(ValueError, match="one of our people: who@else"):
        build(3, now=NOW, microsoft=["who@else.example"])


def test_a_mailbox_at_microsoft_takes_all_of_it() -> None:
    world, state = build(3, now=NOW, threaded=200), Sandbox()
    for address, company in world.homes.items():
        state.add_account(address, company=company)
    tenants = {one.tenant for one in state.accounts("microsoft")}
    assert len(tenants) == 1
    (address,) = [one for one, at in world.homes.items() if at == "microsoft"][-1:]
    mine = [one for one in world.deliveries if one.mailbox == address]
    items = ((one.raw, world.label_names(one), one.received_at) for one in mine)
    assert len(state.deliver_many(address, items)) == len(mine) > 50
    kept = [json.loads(one["labels"]) for one in stats.messages(state, address, len(mine))]
    folders = [[x for x in labels if x not in {"UNREAD", "STARRED"}] for labels in kept]
    assert all(len(one) == 1 for one in folders)
    assert {"INBOX", "SENT"} < {one[0] for one in folders}
    state.close()


def test_the_firm_shares_a_mailbox_among_its_support_people(world: World) -> None:
    desk = world.desk
    assert desk == build(1, now=NOW).desk
    address = desk.person.address
    assert address not in world.mailboxes()
    assert len(desk.delegates) == 2
    assert {world.homes[one] for one in desk.delegates} == {"microsoft"}
    assert len(desk.deliveries) > 150
    assert {one.mailbox for one in desk.deliveries} == {address}
    labels = [label for one in desk.deliveries for label in one.labels]
    assert {"INBOX", "SENT", "UNREAD"} <= set(labels)
    assert desk.deliveries[-1].received_at <= NOW


def test_refuses_a_moment_without_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        build(1, now=NOW.replace(tzinfo=None))


def test_has_three_thousand_mails_over_eighteen_months(world: World) -> None:
    mails = {one.raw.partition(b"MIME-Version")[2].replace(b"Bcc", b"") for one in world.deliveries}
    assert 2_800 <= len(mails) <= 3_200
    moments = [one.received_at for one in world.deliveries]
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    assert timedelta(days=500) < moments[-1] - moments[0] < timedelta(days=560)


def test_has_enough_of_everything(world: World) -> None:
    counts = Counter(tag for one in world.deliveries for tag in one.tags)
    assert {tag: counts[tag] for tag, least in LEAST.items() if counts[tag] < least} == {}


def test_has_the_shares_of_real_mail(world: World) -> None:
    html = sum("text/html" in kinds(one) for one in world.deliveries)
    assert html >= 0.6 * len(world.deliveries)
    files = sum(
        any(part.get_content_disposition() == "attachment" for part in parsed(one).walk())
        for one in world.deliveries
    )
    assert files >= 0.15 * len(world.deliveries)


def test_every_play_is_played(world: World) -> None:
    rooms = {tag for one in world.deliveries for tag in one.tags}
    assert {play.room for play in plays()} <= rooms
    assert {f"lang:{play.language}" for play in plays()} <= rooms


def test_no_two_threads_are_alike(world: World) -> None:
    first: dict[str, bytes] = {}
    for one in tagged(world, "thread"):
        message = parsed(one)
        if "In-Reply-To" not in message:
            first[str(message["Message-ID"])] = text(message)
    assert len(first) > 500
    assert len(set(first.values())) > 0.98 * len(first)


def text(message: Message) -> bytes:
    for part in message.walk():
        data = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(data, bytes):
            return data
    return b""


def test_no_slot_is_left_open(world: World) -> None:
    for one in world.deliveries:
        message = parsed(one)
        assert not re.search(rb"\{[a-z]\w*\}|\[\[", text(message)), message["Subject"]
        assert not re.search(r"\{[a-z]\w*\}|\[\[", str(message["Subject"]))


def test_answers_refer_to_mail_that_came_before(world: World) -> None:
    seen: dict[str, datetime] = {}
    for one in world.deliveries:
        message = parsed(one)
        if "thread" in one.tags and "In-Reply-To" in message:
            assert seen[str(message["In-Reply-To"])] <= one.received_at
        seen.setdefault(str(message["Message-ID"]), one.received_at)


def test_the_same_mail_takes_different_roads(world: World) -> None:
    copies: dict[str, list[Delivery]] = {}
    for one in tagged(world, "three-mailboxes"):
        copies.setdefault(str(parsed(one)["Message-ID"]), []).append(one)
    same = [group for group in copies.values() if len({one.mailbox for one in group}) >= 3]
    assert len(same) >= 20
    for group in same:
        assert len({parsed(one).get_all("Received", [""])[0] for one in group}) == len(group)
        assert len({one.raw.partition(b"MIME-Version")[2] for one in group}) == 1


def test_only_the_senders_copy_shows_blind_copies(world: World) -> None:
    for one in world.deliveries:
        assert ("Bcc" in parsed(one)) == ("bcc" in one.tags)
        if "bcc" in one.tags:
            assert {"SENT"} <= set(one.labels)


def test_unwanted_mail_has_only_its_own_place(world: World) -> None:
    for tag, label in (("spam", "SPAM"), ("trash", "TRASH"), ("draft", "DRAFT")):
        for one in tagged(world, tag):
            assert label in one.labels
            assert "INBOX" not in one.labels


def test_labels_are_known(world: World) -> None:
    vendor = {"INBOX", "SENT", "UNREAD", "STARRED", "SPAM", "TRASH", "DRAFT"}
    vendor |= {"CATEGORY_PROMOTIONS", "CATEGORY_FORUMS"}
    used = {label for one in world.deliveries for label in one.labels}
    assert used == vendor | set(world.labels)


def test_labels_have_names(world: World) -> None:
    one = next(one for one in world.deliveries if {"INBOX", "Label_6"} <= set(one.labels))
    assert {"INBOX", "Kunden Küste"} <= set(world.label_names(one))
    assert len(world.label_names(one)) == len(one.labels)


@pytest.mark.parametrize(
    ("tag", "check"),
    [
        ("newsletter", lambda m: m["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"),
        ("mailing-list", lambda m: "port-software" in m["List-Id"]),
        ("bounce", lambda m: m.get_content_type() == "multipart/report"),
        ("auto-reply", lambda m: m["Auto-Submitted"] or m.get_param("report-type")),
        ("no-date", lambda m: "Date" not in m),
        ("no-message-id", lambda m: "Message-ID" not in m),
        ("no-subject", lambda m: not m["Subject"]),
        ("long-subject", lambda m: len(m["Subject"]) > 300),
        ("odd-zone", lambda m: m["Date"].endswith("+1700")),
        ("charset:unknown", lambda m: m.get_content_charset() == "x-harbour-8"),
        ("charset:missing", lambda m: m.get_content_charset() is None),
        ("undisclosed", lambda m: m["To"] == "undisclosed-recipients:;"),
    ],
)  # fmt: skip
def test_tags_tell_the_truth(world: World, tag: str, check: object) -> None:
    assert callable(check)
    for one in tagged(world, tag):
        assert check(parsed(one)), parsed(one)["Subject"]


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("invitation", "text/calendar"),
        ("bounce", "message/delivery-status"),
        ("forwarded-rfc822", "message/rfc822"),
        ("tnef", "application/ms-tnef"),
        ("signed", "application/pkcs7-signature"),
        ("inline-image", "image/png"),
        ("signature-logo", "multipart/related"),
    ],
)
def test_tags_promise_parts(world: World, tag: str, kind: str) -> None:
    for one in tagged(world, tag):
        assert kind in kinds(one)


def page(one: Delivery) -> bytes:
    part = next(part for part in parsed(one).walk() if part.get_content_type() == "text/html")
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


def test_newsletters_watch_their_readers(world: World) -> None:
    pixels = set()
    for one in tagged(world, "newsletter"):
        found = re.findall(rb'<img src="(https://track[^"]+)" width="1" height="1"', page(one))
        assert len(found) == 1
        pixels.add(found[0])
    assert len(pixels) == len(tagged(world, "newsletter"))


def test_pictures_are_where_the_html_looks_for_them(world: World) -> None:
    for one in tagged(world, "signature-logo")[:80]:
        message = parsed(one)
        there = {
            str(part["Content-ID"]).strip("<>") for part in message.walk() if part["Content-ID"]
        }
        assert there <= {name.decode() for name in re.findall(rb'src="cid:([^"]+)"', page(one))}


def test_claimed_charsets_hold(world: World) -> None:
    lying = {"charset:missing", "charset:unknown", "charset:wrong"}
    for one in world.deliveries:
        for part in parsed(one).walk():
            data = part.get_payload(decode=True)
            if (
                part.get_content_maintype() == "text"
                and isinstance(data, bytes)
                and not lying & one.tags
            ):
                data.decode(part.get_content_charset() or "ascii")


def test_lines_end_as_they_must(world: World) -> None:
    for one in world.deliveries:
        assert not re.search(rb"[^\r]\n", one.raw)
        assert max(len(line) for line in one.raw.split(b"\r\n")) <= 998


def test_contacts_fit_the_correspondence(world: World) -> None:
    records = world.contacts()
    assert records.deals == world.deals
    assert 30 <= len(records.contacts) < len(world.correspondents) <= 50
    second = [one for one in records.contacts if one.others]
    assert 0.2 <= len(second) / len(records.contacts) <= 0.4
    writers = {
        address
        for one in world.deliveries
        for _, address in getaddresses([str(parsed(one)["From"])])
    }
    assert {one.address for one in records.contacts} <= writers
    assert {address for one in second for address in one.others} <= writers


def test_deals_are_with_contacts_of_their_company(world: World) -> None:
    company = {one.address: one.company for one in world.contacts().contacts}
    assert len(world.deals) >= 12
    for deal in world.deals:
        assert deal.primary in deal.contacts
        assert {company[address] for address in deal.contacts} == {deal.company}


def test_everything_is_invented(world: World) -> None:
    for one in world.deliveries:
        for name in ("From", "To", "Cc", "Return-Path"):
            for _, address in getaddresses([str(line) for line in parsed(one).get_all(name, [])]):
                assert "@" not in address or address.endswith((".example", "example.com")), address


def test_new_mail_arrives(world: World) -> None:
    now = NOW + timedelta(minutes=5)
    new = [world.arrive(index, now) for index in range(24)]
    assert [world.arrive(index, now) for index in range(24)] == new
    assert {one.mailbox for one in new} == set(world.mailboxes())
    assert len({str(parsed(one)["Message-ID"]) for one in new}) == 24
    known = {str(parsed(one)["Message-ID"]) for one in world.deliveries}
    answers = [one for one in new if str(parsed(one)["In-Reply-To"]) in known]
    assert len(answers) >= 6
    for one in new:
        assert one.labels == ("INBOX", "UNREAD")
        assert one.received_at == now


def test_new_mail_arrives_where_it_is_wanted(world: World) -> None:
    box = world.people[1].address
    new = [world.arrive(index, NOW, mailbox=box) for index in range(6)]
    assert {one.mailbox for one in new} == {box}
    for one in new:
        assert box in {address for _, address in getaddresses([str(parsed(one)["To"])])}
    assert replace(new[0], mailbox="x") != new[0]
