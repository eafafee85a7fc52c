"""Folder by folder, in pieces, and in the end the state is the mailbox's own."""

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Changes, StateChange
from mailweave.providers.errors import ConsentNeeded, CursorExpired, RateLimited, Unavailable
from mailweave.providers.graph import changes, position
from mailweave.providers.graph.reader import GraphReader
from tests.providers.graph import stub
from tests.providers.graph.deltas import FOLLOWED, Deltas
from tests.providers.graph.stub import API, NOW, Inner, each, entry, reader


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


def start() -> str:
    return position.begin(NOW)


def follow(made: GraphReader, cursor: str) -> Changes:
    """All pieces to the end, as one."""
    told: dict[str, dict[str, StateChange]] = {"created": {}, "updated": {}, "present": {}}
    destroyed: list[str] = []
    for _ in range(100):
        piece = made.changes(cursor)
        for name, found in told.items():
            found |= {one.remote_id: one for one in getattr(piece, name)}
        destroyed += piece.destroyed
        cursor = piece.cursor
        if not piece.has_more:
            of = {name: tuple(found.values()) for name, found in told.items()}
            return Changes(of["created"], of["updated"], tuple(destroyed), cursor, False,
                           of["present"])  # fmt: skip
    raise AssertionError


def names(states: tuple[StateChange, ...]) -> list[str]:
    return sorted(one.remote_id for one in states)


# The first round


def test_the_first_round_tells_the_past_from_news() -> None:
    box = Deltas()
    box.deliver("old", age=500)
    box.deliver("edge", age=10)
    box.deliver("new", age=-1)
    box.deliver("draft", age=-1, draft=True)
    with reader(each(box)) as made:
        told = follow(made, start())
    assert names(told.present) == ["old"]
    assert names(told.created) == ["edge", "new"]
    assert (told.updated, told.destroyed) == ((), ())
    assert told.present[0] == StateChange(
        "old", "c-old", ("f-inbox",), False, False, NOW - stub.minutes(500)
    )


def test_folders_that_hold_no_mail_are_not_followed() -> None:
    box = Deltas()
    with reader(each(box)) as made:
        follow(made, start())
    asked = {path.split("/")[3] for path in box.asked if "delta" in path}
    assert asked == set(FOLLOWED)


def test_the_first_call_selects_little_and_limits_nothing() -> None:
    seen: list[httpx2.Request] = []
    box = Deltas()
    for n in range(8):
        box.deliver(f"m{n}")

    def say(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return each(box)(request)

    with reader(say) as made:
        follow(made, start())
    deltas = [one for one in seen if "/delta" in one.url.path]
    assert {one.headers["prefer"] for one in deltas} == {
        'IdType="ImmutableId", odata.maxpagesize=500'
    }
    (first,) = {one.url.query for one in deltas if b"skiptoken" not in one.url.query}
    assert first.decode() == (
        "$select=id,parentFolderId,conversationId,receivedDateTime,isRead,flag,isDraft"
    )


def test_pieces_are_bounded_and_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "ENOUGH", 4)
    box = Deltas()
    for n in range(30):
        box.deliver(f"m{n:02}", age=-1)
    with reader(each(box)) as made:
        first = made.changes(start())
        assert first.has_more
        assert 0 < len(first.created) < 12
        rest = follow(made, first.cursor)
    assert names(first.created) + names(rest.created) == [f"m{n:02}" for n in range(30)]


# Later rounds


def settled(box: Deltas, made: GraphReader) -> str:
    """A cursor after the first round."""
    cursor = follow(made, start()).cursor
    box.asked.clear()
    return cursor


def test_nothing_happened() -> None:
    box = Deltas()
    box.deliver("old")
    with reader(each(box)) as made:
        told = follow(made, settled(box, made))
    assert (told.created, told.updated, told.destroyed, told.present) == ((), (), (), ())
    assert len(box.asked) == len(FOLLOWED)


def test_what_happened_is_told_with_its_state() -> None:
    box = Deltas()
    for name in ("read", "flag", "filed", "binned", "gone", "still"):
        box.deliver(name)
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.read("read")
        box.flag("flag")
        box.move("filed", "f-own")
        box.move("binned", "f-deleted")
        box.delete("gone")
        box.deliver("new", age=0)
        told = follow(made, cursor)
    states = {one.remote_id: one for one in (*told.created, *told.updated)}
    assert set(states) == {"read", "flag", "filed", "binned", "new"}
    assert states["read"].seen
    assert states["flag"].flagged
    assert states["filed"].folder_ids == ("f-own",)
    assert states["binned"].folder_ids == ("f-deleted",)
    assert told.destroyed == ("gone",)
    assert told.present == ()
    singles = [path for path in box.asked if path.startswith("/me/messages/")]
    assert {path[13:].partition("?")[0] for path in singles} == {"binned", "gone"}


def test_what_came_back_between_two_rounds_is_where_it_is() -> None:
    box = Deltas(odd=True)
    box.deliver("back")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.move("back", "f-own")
        box.move("back", "f-inbox")
        told = follow(made, cursor)
    assert told.destroyed == ()
    assert {one.folder_ids for one in told.updated} == {("f-inbox",)}


@pytest.mark.parametrize(
    "partial",
    [
        {"id": "m", "isRead": True},
        {"id": "m", "isRead": True, "parentFolderId": "f-inbox"},
        entry("m", isRead=True) | {"@odata.etag": None},
        entry("m", isRead=True, flag=None),
        entry("m", isRead=True, parentFolderId=None),
        entry("m", isRead=True, conversationId=None),
        entry("m", isRead="perhaps"),
    ],
    ids=str,
)
def test_an_entry_by_halves_is_completed(partial: dict[str, Any]) -> None:
    box = Deltas()
    box.deliver("m")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.read("m")
        box.flag("m")
        link = f"{API}/v1.0/me/mailFolders/f-inbox/messages/delta?$deltatoken=9"
        page = {"value": [partial], "@odata.deltaLink": link}
        box.broken["/me/mailFolders/f-inbox/messages/delta?$deltatoken=1"] = (200, page)
        (state,) = follow(made, cursor).updated
    assert (state.seen, state.flagged, state.folder_ids) == (True, True, ("f-inbox",))


def test_of_two_folders_that_claim_a_message_the_message_decides() -> None:
    box = Deltas()
    box.deliver("m", "f-own")
    claims = {"value": [entry("m")], "@odata.deltaLink": f"{API}/v1.0/inbox"}
    box.broken["/me/mailFolders/f-inbox/messages/delta"] = (200, claims)
    with reader(each(box)) as made:
        told = follow(made, start())
    (state,) = (*told.created, *told.updated, *told.present)
    assert state.folder_ids == ("f-own",)


def test_half_a_word_outweighs_a_whole_one() -> None:
    box = Deltas()
    box.deliver("m", "f-own")
    box.flag("m")
    half = {"value": [{"id": "m", "isRead": True}], "@odata.deltaLink": f"{API}/v1.0/inbox"}
    box.broken["/me/mailFolders/f-inbox/messages/delta"] = (200, half)
    with reader(each(box)) as made:
        follow(made, start())
    assert any(path.startswith("/me/messages/m?") for path in box.asked)


def test_what_leaves_during_the_first_round_is_news() -> None:
    box = Deltas()
    box.deliver("m", "f-deleted", age=500)
    left = {"id": "m", "@removed": {"reason": "changed"}}
    page = {"value": [left], "@odata.deltaLink": f"{API}/v1.0/inbox"}
    box.broken["/me/mailFolders/f-inbox/messages/delta"] = (200, page)
    with reader(each(box)) as made:
        told = follow(made, start())
    assert (names(told.updated), told.present) == (["m"], ())


def test_a_folder_that_says_left_and_there_is_not_believed() -> None:
    box = Deltas()
    box.deliver("m")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.move("m", "f-own")
        stale = {"value": [entry("m")], "@odata.deltaLink": f"{API}/v1.0/own"}
        box.broken["/me/mailFolders/f-own/messages/delta"] = (200, stale)
        (state,) = follow(made, cursor).updated
    assert state.folder_ids == ("f-own",)


def test_the_last_of_several_entries_counts() -> None:
    box = Deltas()
    link = f"{API}/v1.0/inbox"
    told = [entry("m"), {"id": "m", "@removed": {"reason": "deleted"}}, entry("m", isRead=True)]
    page = {"value": told, "@odata.deltaLink": link}
    box.broken["/me/mailFolders/f-inbox/messages/delta"] = (200, page)
    with reader(each(box)) as made:
        found = follow(made, start())
    (state,) = (*found.created, *found.updated, *found.present)
    assert state.seen


def test_a_message_that_cannot_be_asked_about_holds_up_its_piece() -> None:
    box = Deltas()
    box.deliver("m")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.delete("m")
        box.broken["/me/messages/m"] = stub.BROKEN
        with pytest.raises(Unavailable):
            made.changes(cursor)
        box.broken.clear()
        assert follow(made, cursor).destroyed == ("m",)


# Folders that come and go


def test_a_folder_that_comes_later_tells_everything_as_news() -> None:
    box = Deltas()
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.folders.append(stub.folder("young"))
        box.deliver("moved", "f-young", age=9000)
        made.folders()
        told = follow(made, cursor)
        assert names(told.updated) == ["moved"]
        box.read("moved")
        assert names(follow(made, told.cursor).updated) == ["moved"]


def test_a_folder_that_moves_to_the_bin_takes_its_messages_along() -> None:
    box = Deltas()
    box.deliver("m", "f-own")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        (own,) = [one for one in box.folders if one["id"] == "f-own"]
        box.folders.remove(own)
        box.folders = [
            one | {"childFolderCount": 1} if one["id"] == "f-deleted" else one
            for one in box.folders
        ]
        whole = box.__call__

        def answer(path: str) -> Inner:
            if "f-deleted/childFolders" in path:
                return 200, {"value": [own]}
            if "f-own/messages/delta" in path:
                box.folders.append(own)
                try:
                    return whole(path)
                finally:
                    box.folders.remove(own)
            return whole(path)

    with reader(each(answer)) as made:
        told = follow(made, cursor)
        again = follow(made, told.cursor)
    assert [(one.remote_id, one.folder_ids) for one in told.updated] == [("m", ("f-own",))]
    assert "f-own" not in json.loads(told.cursor)["folders"]
    assert again.updated == ()


def test_a_folder_that_is_emptied_from_the_bin_at_once_makes_the_mailbox_be_compared() -> None:
    box = Deltas()
    box.deliver("m", "f-own")
    with reader(each(box)) as made:
        cursor = json.loads(settled(box, made))
        cursor["folders"]["f-own"] = {"stage": "leaving"}
        box.folders = [one for one in box.folders if one["id"] != "f-own"]
        with pytest.raises(CursorExpired):
            made.changes(json.dumps(cursor))


def test_a_folder_that_is_gone_makes_the_mailbox_be_compared() -> None:
    box = Deltas()
    box.deliver("m", "f-own")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.folders = [one for one in box.folders if one["id"] != "f-own"]
        made.folders()
        with pytest.raises(CursorExpired):
            made.changes(cursor)


def test_a_folder_that_goes_during_its_round_makes_the_mailbox_be_compared() -> None:
    box = Deltas()
    with reader(each(box)) as made:
        cursor = settled(box, made)
        gone = stub.refusal(404, "ErrorSyncFolderNotFound")
        box.broken["/me/mailFolders/f-own/messages/delta"] = gone
        with pytest.raises(CursorExpired):
            made.changes(cursor)


@pytest.mark.parametrize("refusal", [stub.NOT_FOUND, stub.refusal(400, "ErrorInvalidRequest")])
def test_a_folder_that_cannot_be_followed_is_left_alone(refusal: Inner) -> None:
    box = Deltas()
    box.deliver("m", age=0)
    box.broken["/me/mailFolders/f-own/messages/delta"] = refusal
    with reader(each(box)) as made:
        told = follow(made, start())
        assert names(told.created) == ["m"]
        box.broken.clear()
        box.deliver("late", "f-own")
        assert names(follow(made, told.cursor).updated) == ["late"]


# Lost positions


def test_a_position_that_expired_says_so() -> None:
    box = Deltas()
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.forget()
        with pytest.raises(CursorExpired):
            made.changes(cursor)


@pytest.mark.parametrize(
    "lost",
    [
        stub.LOST,
        stub.refusal(400, "resyncRequired"),
        stub.refusal(404, "syncStateInvalid"),
        stub.refusal(400, "BadRequest", "Badly formed token."),
    ],
    ids=str,
)
def test_a_round_that_is_lost_begins_again(lost: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "ENOUGH", 1)
    box = Deltas()
    for n in range(9):
        box.deliver(f"m{n}", age=0)
    with reader(each(box)) as made:
        for cursor in (start(), follow(made, start()).cursor):
            for n in range(9):
                box.read(f"m{n}", value=n % 2 == 0)
            first = made.changes(cursor)
            box.broken["/me/mailFolders/f-inbox/messages/delta?$skiptoken"] = lost
            box.asked.clear()
            second = made.changes(first.cursor)
            box.broken.clear()
            again = [path for path in box.asked if "f-inbox/messages/delta?$skip" not in path]
            assert all("$deltatoken" in path for path in again) is (cursor != start())
            rest = follow(made, second.cursor)
            told = (second.created, second.updated, rest.created, rest.updated)
            found = {one.remote_id: one.seen for states in told for one in states}
            assert found == {f"m{n}": n % 2 == 0 for n in range(9)}


def test_a_round_that_ends_well_forgets_how_often_it_began() -> None:
    stream = position.Stream("due", "/a")
    stream.move("/b")
    assert stream.restart()
    assert (stream.stage, stream.link, stream.start, stream.restarts) == ("due", "/a", "", 1)
    stream.end("/c")
    assert stream == position.Stream("done", "/c")


def test_a_round_that_is_lost_every_time_is_given_up_for_now() -> None:
    box = Deltas()
    for n in range(9):
        box.deliver(f"m{n}")
    box.broken["/me/mailFolders/f-inbox/messages/delta?$skiptoken"] = stub.LOST
    with reader(each(box)) as made, pytest.raises(CursorExpired):
        follow(made, start())


# Bad answers


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ({"value": []}, Unavailable),
        ({"value": [], "@odata.nextLink": "https://evil.example/v1.0/me"}, Unavailable),
        ({"value": [], "@odata.deltaLink": "http://graph.example/v1.0/me"}, Unavailable),
        ({"value": 7}, Unavailable),
        ("<html>", Unavailable),
    ],
    ids=str,
)
def test_bad_pages_are_not_followed(page: Any, kind: type[Exception]) -> None:
    seen: list[str] = []
    box = Deltas()
    box.broken["/me/mailFolders/f-inbox/messages/delta"] = (200, page)

    def say(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url.host))
        return each(box)(request)

    with reader(say) as made, pytest.raises(kind):
        follow(made, start())
    assert set(seen) == {"graph.example"}


def test_changes_in_circles_are_noticed() -> None:
    box = Deltas()
    link = f"{API}/v1.0/me/mailFolders/f-inbox/messages/delta?$skiptoken=1"
    box.broken["/me/mailFolders/f-inbox/messages/delta"] = (
        200,
        {"value": [], "@odata.nextLink": link},
    )
    with reader(each(box)) as made, pytest.raises(Unavailable, match="circles"):
        follow(made, start())


def test_an_empty_page_may_go_on() -> None:
    box = Deltas()
    box.deliver("m", age=0)
    path = "/me/mailFolders/f-inbox/messages/delta"
    box.broken[f"{path}?$select"] = (
        200,
        {"value": [], "@odata.nextLink": f"{API}/v1.0{path}?$deltatoken=0"},
    )
    with reader(each(box)) as made:
        assert names(follow(made, start()).created) == ["m"]


@pytest.mark.parametrize(
    ("inner", "kind"),
    [(stub.QUOTA, RateLimited), (stub.DENIED, ConsentNeeded), (stub.BROKEN, Unavailable)],
    ids=str,
)
def test_trouble_leaves_the_cursor_where_it_was(inner: Inner, kind: type[Exception]) -> None:
    box = Deltas()
    box.deliver("m")
    with reader(each(box)) as made:
        cursor = settled(box, made)
        box.read("m")
        box.broken["/me/mailFolders/f-own"] = inner
        with pytest.raises(kind):
            made.changes(cursor)
        box.broken.clear()
        assert names(follow(made, cursor).updated) == ["m"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "abc",
        "1",
        "null",
        "[]",
        "{}",
        '{"v":2,"at":"2026-05-04T12:00:00+00:00","folders":{}}',
        '{"v":1,"at":"yesterday","folders":{}}',
        '{"v":1,"at":"2026-05-04T12:00:00+00:00","folders":{"a":{"stage":"odd"}}}',
        '{"v":1,"at":"2026-05-04","folders":{"a":{"stage":"due","link":"https://evil.example/"}}}',
        "[" * 100_000,
    ],
    ids=lambda one: one[:60],
)
def test_a_cursor_from_nowhere_is_expired(cursor: str) -> None:
    with reader(each(Deltas())) as made, pytest.raises(CursorExpired):
        made.changes(cursor)


# All of it together


@pytest.mark.parametrize("chance", range(40))
def test_in_the_end_the_state_is_the_mailboxs_own(chance: int) -> None:
    """Whatever a person does and however oddly it is told, following leads to what is there."""
    dice = random.Random(chance)
    box = Deltas(chance, odd=True)
    for n in range(12):
        box.deliver(f"m{n}", dice.choice(FOLLOWED), age=500)
    with reader(each(box)) as made:
        rows = {one: (mail.folder, mail.read, mail.flagged) for one, mail in box.mail.items()}
        cursor = start()
        for turn in range(8):
            told = made.changes(cursor)
            cursor = told.cursor
            _apply(rows, told)
            for _ in range(dice.choice([0, 1, 5])):
                _do_something(box, dice, f"n{turn}-{dice.random()}")
        for _ in range(2):
            told = follow(made, cursor)
            cursor = told.cursor
            _apply(rows, told)
    truth = {one: (mail.folder, mail.read, mail.flagged) for one, mail in box.mail.items()}
    here = {one: told for one, told in truth.items() if told[0] in FOLLOWED}
    assert {one: told for one, told in rows.items() if told[0] in FOLLOWED} == here
    # Nobody follows what happens to mail once it is in the bin.
    assert all(truth.get(one, told)[0] not in FOLLOWED for one, told in rows.items() - here.items())


def _apply(rows: dict[str, Any], told: Changes) -> None:
    """As the engine does: what is present is news about copies we know."""
    for one in told.present:
        if one.remote_id in rows:
            rows[one.remote_id] = (one.folder_ids[0], one.seen, one.flagged)
    for one in (*told.created, *told.updated):
        rows[one.remote_id] = (one.folder_ids[0], one.seen, one.flagged)
    for gone in told.destroyed:
        rows.pop(gone, None)


def _do_something(box: Deltas, dice: random.Random, name: str) -> None:
    if not box.mail or dice.random() < 0.2:
        box.deliver(name, dice.choice([*FOLLOWED, "f-junk"]), age=dice.choice([0, -5]))
        return
    one = dice.choice(sorted(box.mail))
    match dice.choice(["read", "unread", "flag", "move", "move", "swing", "delete"]):
        case "read":
            box.read(one)
        case "unread":
            box.read(one, value=False)
        case "flag":
            box.flag(one)
        case "move":
            box.move(one, dice.choice([*FOLLOWED, "f-deleted", "f-junk"]))
        case "swing":
            there = box.mail[one].folder
            box.move(one, dice.choice(FOLLOWED))
            box.move(one, there)
        case _:
            box.delete(one)
