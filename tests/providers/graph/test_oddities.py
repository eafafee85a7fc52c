"""In front of the sandbox with every oddity switched on: what is read is still what is there."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Changes, Fetched, Listed, Missing, Reader, Window
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    CursorExpired,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.graph import calls, changes
from tests.providers.contract import (
    NOW,
    fetch_one,
    follow,
    ids,
    listing,
    mail,
    news,
    settled,
    with_attachments,
)
from tests.providers.test_graph import GraphWorld

PLACES = ("INBOX", "SENT", "ARCHIVE", "Customers")
ODDITIES = (
    "delta_partial",
    "delta_duplicate",
    "delta_replay",
    "delta_changed",
    "delta_lost_return",
    "delta_no_arrival",
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[GraphWorld]:
    monkeypatch.setattr(calls, "PAGE", GraphWorld.page_size)
    with clock.use(clock.Hands(NOW)):
        made = GraphWorld()
        yield made
        made.web.close()
        made.sandbox.close()


def move(world: GraphWorld, remote_id: str, place: str) -> None:
    world.sandbox.modify(world.address, world._number(remote_id), add=[place])


State = tuple[tuple[str, ...], bool, bool]


def apply(rows: dict[str, State], told: Changes) -> None:
    """As the engine does."""
    known = [one for one in told.present if one.remote_id in rows]
    for one in (*known, *told.created, *told.updated):
        rows[one.remote_id] = (one.folder_ids, one.seen, one.flagged)
    for gone in told.destroyed:
        rows.pop(gone, None)


def there(reader: Reader) -> dict[str, State]:
    """What is there, asked for message by message."""
    found = {}
    for one in reader.fetch(listing(reader)):
        assert isinstance(one, Fetched)
        found[one.remote_id] = (one.folder_ids, one.seen, one.flagged)
    return found


@pytest.mark.parametrize("chance", range(12))
def test_following_leads_to_what_is_there(
    chance: int, world: GraphWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CHANGES", 3)
    monkeypatch.setattr(changes, "ENOUGH", 5)
    dice = random.Random(chance)
    here = [world.deliver(mail(f"m {n}"), at=NOW - timedelta(days=n)) for n in range(9)]
    reader = world.reader()
    world.sandbox.label(world.address, "Customers")
    cursor = settled(world, reader)
    rows = there(reader)
    for kind in ODDITIES:
        world.break_down(kind)
    for turn in range(6):
        for _ in range(dice.choice([0, 2, 6])):
            here = do_something(world, here, dice, turn)
        told = reader.changes(cursor)
        cursor = told.cursor
        apply(rows, told)
        world.advance(60)
    for _ in range(3):
        told = follow(reader, cursor)
        cursor = told.cursor
        apply(rows, told)
    world.mend()
    truth = there(reader)
    assert {one: rows.get(one) for one in truth} == truth
    places = {one.remote_id: one.role for one in reader.folders()}
    left = [rows[one][0][0] for one in rows.keys() - truth.keys()]
    assert {places[one] for one in left} <= {"trash", "junk"}


def do_something(world: GraphWorld, here: list[str], dice: random.Random, turn: int) -> list[str]:
    one = dice.choice(here)
    match dice.choice(["new", "read", "unread", "flag", "move", "move", "swing", "bin", "delete"]):
        case "new":
            made = world.deliver(mail(f"turn {turn} {dice.random()}"), at=clock.now())
            return [*here, made]
        case "read":
            world.mark_seen(one)
        case "unread":
            world.sandbox.modify(world.address, world._number(one), add=["UNREAD"])
        case "flag":
            world.sandbox.modify(world.address, world._number(one), add=["STARRED"])
        case "move":
            move(world, one, dice.choice(PLACES))
        case "swing":
            move(world, one, "ARCHIVE")
            move(world, one, "INBOX")
        case "bin" if len(here) > 3:
            world.trash(one)
            return [other for other in here if other != one]
        case "delete" if len(here) > 3:
            world.delete(one)
            return [other for other in here if other != one]
    return here


# Positions


@pytest.mark.parametrize("fault", ["delta_expired", "delta_invalid"])
def test_a_lost_position_says_so_and_a_new_one_works(fault: str, world: GraphWorld) -> None:
    reader = world.reader()
    cursor = settled(world, reader)
    world.break_down(fault)
    with pytest.raises(CursorExpired):
        reader.changes(cursor)
    world.mend()
    assert news(follow(reader, settled(world, reader))) == {}


@pytest.mark.parametrize("fault", ["delta_expired", "delta_invalid"])
def test_a_first_reading_that_is_lost_begins_again(
    fault: str, world: GraphWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CHANGES", 3)
    sent = {world.deliver(mail(f"m {n}")) for n in range(10)}
    reader = world.reader()
    world.sandbox.faults.add(fault, 2, path="/messages/delta")
    assert set(news(follow(reader, reader.profile().cursor))) == sent


def test_a_folder_that_goes_during_its_round_is_compared(world: GraphWorld) -> None:
    world.file(world.deliver(mail()), "Customers")
    reader = world.reader()
    cursor = settled(world, reader)
    world.break_down("folder_gone")
    with pytest.raises(CursorExpired):
        reader.changes(cursor)


# Ids and links


def test_ids_that_change_all_the_same_are_old_mail_gone_and_new_mail(world: GraphWorld) -> None:
    world.deliver(with_attachments())
    reader = world.reader()
    cursor = settled(world, reader)
    (before,) = listing(reader)
    (got,) = reader.fetch([before])
    assert isinstance(got, Fetched)
    world.break_down("new_ids", times=1)
    (after,) = listing(reader)
    assert after.remote_id != before.remote_id
    assert list(reader.fetch([before])) == [Missing(before.remote_id)]
    told = follow(reader, cursor)
    assert set(news(told)) == {after.remote_id}
    assert told.destroyed == (before.remote_id,)
    (again,) = reader.fetch([after])
    assert isinstance(again, Fetched)
    assert [one.part_id for one in again.attachments] == [one.part_id for one in got.attachments]


def test_links_to_another_host_are_not_followed(
    world: GraphWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "FOLDERS", 3)
    for n in range(50):
        world.deliver(mail(f"m {n}"), at=NOW - timedelta(minutes=n))
    hosts: set[str] = set()
    send = world.web.send

    def watch(request: httpx2.Request, **more: Any) -> httpx2.Response:
        hosts.add(request.url.host)
        return send(request, **more)

    monkeypatch.setattr(world.web, "send", watch)
    reader = world.reader()
    world.break_down("next_foreign")
    with pytest.raises(Unavailable, match="another address"):
        reader.folders()
    world.mend()
    reader.folders()
    world.break_down("next_foreign")
    with pytest.raises(Unavailable, match="another address"):
        reader.changes(reader.profile().cursor)
    assert len(listing(reader)) == 50  # whose pages are cut by moment
    assert hosts == {"127.0.0.1"}


def test_a_missing_link_ends_no_listing(world: GraphWorld) -> None:
    sent = [world.deliver(mail(f"m {n}"), at=NOW - timedelta(minutes=n)) for n in range(50)]
    reader = world.reader()
    reader.folders()
    world.break_down("next_missing")
    assert ids(listing(reader)) == sent


# Bad days


def test_clocks_five_minutes_off_lose_no_mail(world: GraphWorld) -> None:
    reader = world.reader()
    for skew in (300, -300):
        world.sandbox.faults.add("clock_skew", None, seconds=skew)
        cursor = reader.profile().cursor
        sent = world.deliver(mail(f"skew {skew}"), at=clock.now())
        assert sent in {one.remote_id for one in follow(reader, cursor).created}
        world.mend()
        world.advance(3600)


@pytest.mark.parametrize(
    ("form", "least", "most"),
    [
        ("", 60, 60),
        ("date", 59, 61),
        ("fraction", 60.1, 60.2),
        ("missing", 2, 60),
        ("absurd", 3600, 3600),
    ],
)
def test_a_wait_of_any_form_is_bounded(
    form: str, least: float, most: float, world: GraphWorld
) -> None:
    reader = world.reader()
    world.sandbox.faults.add("retry_after", None, form=form)
    with pytest.raises(RateLimited) as caught:
        reader.profile()
    wait = (caught.value.retry_at - clock.now()).total_seconds()
    assert least <= wait <= most


@pytest.mark.parametrize(
    ("fault", "options", "kind"),
    [
        ("no_mailbox", {}, Refused),
        ("denied", {}, ConsentNeeded),
        ("empty_error", {}, Unavailable),
        ("empty_error", {"status": 404}, Unavailable),
        ("unauthorized", {}, AuthExpired),
        ("unauthorized", {"form": "audience"}, AuthExpired),
        ("unauthorized", {"form": "malformed"}, AuthExpired),
        ("unauthorized", {"form": "claims"}, AuthExpired),
        ("unauthorized", {"form": "blank"}, AuthExpired),
        ("html", {"status": 502}, Unavailable),
        ("slow", {"seconds": 0}, None),
    ],
)
def test_each_bad_day_has_its_class(
    fault: str, options: dict[str, Any], kind: type[ProviderError] | None, world: GraphWorld
) -> None:
    world.deliver(mail())
    reader = world.reader()
    world.sandbox.faults.add(fault, None, **options)
    if kind is None:
        assert len(listing(reader)) == 1
        return
    for ask in (reader.profile, reader.folders, lambda: reader.page(Window(None), None)):
        with pytest.raises(kind):
            ask()


@pytest.mark.parametrize("code", ["ErrorCannotOpenFileAttachment", "ErrorCorruptData"])
def test_an_attachment_that_cannot_be_opened_is_refused(code: str, world: GraphWorld) -> None:
    remote_id = world.deliver(with_attachments())
    reader = world.reader()
    world.sandbox.faults.add("attachment_error", None, code=code)
    (part, _) = fetch_one(reader, remote_id).attachments
    with pytest.raises(Refused):
        list(reader.attachment(remote_id, part.part_id))


# What the vendor documents


def test_mail_written_in_outlook_has_its_headers(world: GraphWorld) -> None:
    raw = mail("Written here", Cc="Kim <kim@example.com>")
    remote_id = world.deliver(raw, role="sent", seen=True)
    got = fetch_one(world.reader(), remote_id)
    names = [name.lower() for name, _ in got.headers]
    assert {"from", "to", "cc", "subject", "date", "message-id"} <= set(names)
    assert len(set(names)) == len(names)


def test_plain_text_may_come_as_html(world: GraphWorld) -> None:
    world.sandbox.change_settings(graph_plain_as_html=True)
    remote_id = world.deliver(mail("Plain", "a < b & c"))
    got = fetch_one(world.reader(), remote_id)
    assert got.text is None
    assert got.html
    assert "a &lt; b &amp; c" in got.html


def test_names_of_folders_in_another_language_keep_their_roles(world: GraphWorld) -> None:
    world.sandbox.change_settings(graph_language="de")
    roles = {one.role: one.name for one in world.reader().folders() if one.role}
    assert roles["inbox"] == "Inbox"
    assert {"sent", "drafts", "junk", "trash"} <= roles.keys()


def test_a_shard_asks_once_for_its_messages(world: GraphWorld) -> None:
    for n in range(60):
        world.deliver(mail(f"m {n}"), at=NOW - timedelta(minutes=n))
    reader = world.reader()
    wanted = listing(reader)
    before = world.used()
    assert len(list(reader.fetch(wanted))) == 60
    assert world.used() - before == 3
    named = [Listed(one.remote_id, "") for one in wanted[:8]]
    assert len(list(reader.fetch(named))) == 8
    assert world.used() - before == 11
