"""Listings are cut by moment: nothing twice, nothing lost, whatever order equals come in."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailweave.kit import clock
from mailweave.providers.base import Listed, Role, Window
from mailweave.providers.errors import CursorExpired, Refused, Unavailable
from mailweave.providers.graph import calls, listing
from mailweave.providers.graph.failures import NO_MAILBOX
from mailweave.providers.graph.reader import GraphReader
from tests.providers.graph import stub
from tests.providers.graph.stub import NOW, Mailbox, each, message, minutes, reader

EVERYTHING = Window(None)


@pytest.fixture(autouse=True)
def _hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(calls, "PAGE", 10)
    with clock.use(clock.Hands(NOW)):
        yield


def pages(made: GraphReader, window: Window = EVERYTHING) -> list[list[Listed]]:
    found: list[list[Listed]] = []
    token: str | None = None
    while True:
        page = made.page(window, token)
        found.append(list(page.listed))
        token = page.next_token
        if token is None:
            return found
        assert len(token) <= 255
        assert len(found) < 500


def ids(found: list[list[Listed]]) -> list[str]:
    return [one.remote_id for page in found for one in page]


def at_seconds(*seconds: int) -> Mailbox:
    """Messages so many seconds ago."""
    return Mailbox(
        *[message(f"m{n:03}", NOW - timedelta(seconds=s)) for n, s in enumerate(seconds)]
    )


# Profile


def test_the_profile_asks_who_and_whether_there_is_a_mailbox() -> None:
    box = Mailbox()
    with reader(each(box)) as made:
        told = made.profile()
    assert (told.account_id, told.address, told.name) == ("tenant.person", "ana@example.com", "Ana")
    assert told.messages_total is None
    assert [path.partition("?")[0] for path in box.asked] == ["/me", "/me/mailFolders/inbox"]


def test_an_account_without_an_address_has_its_sign_in_name() -> None:
    box = Mailbox()
    who = {"id": "p", "displayName": None, "mail": None, "userPrincipalName": "ana@corp.example"}
    box.odd["/me?"] = [(200, who)]
    with reader(each(box)) as made:
        assert (made.profile().address, made.profile().name) == ("ana@corp.example", "")


def test_a_mailbox_elsewhere_cannot_be_connected() -> None:
    box = Mailbox()
    box.odd["/me/mailFolders/inbox"] = [stub.refusal(404, "MailboxNotEnabledForRESTAPI")]
    with reader(each(box)) as made, pytest.raises(Refused, match=NO_MAILBOX[:30]):
        made.profile()


# Pages


def test_each_message_comes_once_with_its_moment() -> None:
    box = at_seconds(*range(0, 250, 10))
    with reader(each(box)) as made:
        found = pages(made)
    assert ids(found) == [one["id"] for one in box.messages]
    assert found[0][1] == Listed("m001", "c-m001", NOW - timedelta(seconds=10))


def test_the_first_page_says_how_many_there_are() -> None:
    box = at_seconds(*range(25))
    with reader(each(box)) as made:
        first = made.page(EVERYTHING, None)
        assert first.estimate == 25
        assert made.page(EVERYTHING, first.next_token).estimate is None


def test_a_server_that_does_not_count_lists_all_the_same() -> None:
    box = at_seconds(*range(25))
    whole = box.answer

    def answer(path: str) -> stub.Inner:
        return stub.refusal(400, "BadRequest") if "$count" in path else whole(path)

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        assert made.page(EVERYTHING, None).estimate is None
        assert len(ids(pages(made))) == 25


@pytest.mark.parametrize(
    "seconds",
    [
        [0] * 9,
        [0] * 10,
        [0] * 11,
        [0] * 35,
        [0] * 5 + [1] * 7 + [2] * 30 + [3] * 2,
        [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
        [0] * 10 + [1] * 10 + [2] * 10,
        [0] * 12 + [1] * 12 + [2] * 12,
    ],
    ids=str,
)
def test_many_in_one_second_come_once(seconds: list[int]) -> None:
    box = at_seconds(*seconds)
    box._dice = _Sorted()  # type: ignore[assignment]
    with reader(each(box)) as made:
        assert sorted(ids(pages(made))) == [one["id"] for one in box.messages]


class _Sorted(random.Random):
    """Equals keep their order."""

    def shuffle(self, x: Any) -> None:
        x.sort(key=lambda one: one["id"])


@pytest.mark.parametrize("chance", range(25))
def test_equals_in_any_order_are_not_lost(chance: int) -> None:
    """Fewer in a second than a page holds: the order among them may differ each time."""
    dice = random.Random(chance)
    seconds: list[int] = []
    for second in range(40):
        seconds += [second] * dice.choice([0, 1, 1, 2, 4, 7])
    box = at_seconds(*seconds)
    with reader(each(box)) as made:
        found = ids(pages(made))
    assert sorted(found) == [one["id"] for one in box.messages]


def test_two_that_share_a_short_name_are_both_told_if_not_in_one_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "_mark", lambda _: "aaaaa")
    box = at_seconds(*range(35))
    with reader(each(box)) as made:
        assert ids(pages(made)) == [one["id"] for one in box.messages]


def test_more_in_a_second_than_a_token_can_name_move_on_by_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "PAGE", 100)
    box = at_seconds(*[0] * 30 + [1] * 90 + [2] * 60)
    box._dice = _Sorted()  # type: ignore[assignment]
    with reader(each(box)) as made:
        assert sorted(ids(pages(made))) == [one["id"] for one in box.messages]


def test_fractions_of_a_second_lose_nothing() -> None:
    """Some servers tell whole seconds only, and compare with fractions all the same."""
    box = at_seconds(*range(30))
    for n, one in enumerate(box.messages):
        one["receivedDateTime"] = one["receivedDateTime"].replace("Z", f".{n % 7}5Z")
    whole = box.answer

    def answer(path: str) -> stub.Inner:
        status, body = whole(path)
        told = [one | {"receivedDateTime": one["receivedDateTime"][:19] + "Z"} for one in
                body.get("value", []) if "receivedDateTime" in one]  # fmt: skip
        return status, body | ({"value": told} if told else {})

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        assert sorted(ids(pages(made))) == [one["id"] for one in box.messages]


def test_what_is_not_mail_for_people_is_left_out() -> None:
    box = at_seconds(*range(8))
    where = ["f-inbox", "f-drafts", "f-junk", "f-deleted", "f-outbox", "f-sent", "f-unknown", ""]
    for one, folder_id in zip(box.messages, where, strict=True):
        one["parentFolderId"] = folder_id or None
    box.messages[0]["isDraft"] = True
    with reader(each(box)) as made:
        assert ids(pages(made)) == ["m005", "m006", "m007"]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"inbox"}, ["m000"]),
        ({"junk", "trash"}, ["m002", "m003"]),
        ({"drafts"}, ["m001"]),
        ({"sent", ""}, ["m004", "m005"]),
    ],
)
def test_a_window_can_be_limited_to_roles(roles: set[Role], expected: list[str]) -> None:
    box = at_seconds(*range(7))
    box.folders.append(stub.folder("own"))
    where = ["f-inbox", "f-drafts", "f-junk", "f-deleted", "f-sent", "f-own", "f-outbox"]
    for one, folder_id in zip(box.messages, where, strict=True):
        one["parentFolderId"] = folder_id
    box.messages[1]["isDraft"] = True
    with reader(each(box)) as made:
        assert ids(pages(made, Window(None, frozenset(roles)))) == expected


def test_a_window_keeps_what_is_older_out_on_every_page() -> None:
    box = Mailbox(*[message(f"m{n:03}", NOW - minutes(n)) for n in range(60)])
    with reader(each(box)) as made:
        found = pages(made, Window(NOW - minutes(25) + timedelta(milliseconds=400)))
    assert ids(found) == [one["id"] for one in box.messages[:26]]
    lists = [path for path in box.asked if path.startswith("/me/messages?")]
    assert all("ge 2026-05-04T11:35:00Z" in path for path in lists)


def test_a_missing_link_ends_nothing_while_pages_are_full() -> None:
    box = at_seconds(*range(35))
    whole = box.answer

    def answer(path: str) -> stub.Inner:
        status, body = whole(path)
        body.pop("@odata.nextLink", None)
        return status, body

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        assert len(ids(pages(made))) == 35


def test_entries_nobody_can_read_do_not_end_the_listing() -> None:
    box = at_seconds(*range(15))
    box.messages[3]["isDraft"] = "maybe"
    box.messages[4]["receivedDateTime"] = None
    whole = box.answer

    def answer(path: str) -> stub.Inner:
        for one in box.messages:
            one["receivedDateTime"] = one["receivedDateTime"] or "2026-05-04T11:59:56Z"
        status, body = whole(path)
        for one in body.get("value", []):
            if one["id"] == "m004":
                one["receivedDateTime"] = None
        return status, body

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        assert set(ids(pages(made))) == {one["id"] for one in box.messages} - {"m003"}


@pytest.mark.parametrize("token", ["", "x", "1:2", "1:2:3", "a:b:c:", "1:99999999999999999:0:"])
def test_a_token_from_nowhere_begins_anew(token: str) -> None:
    with reader(each(Mailbox())) as made, pytest.raises(CursorExpired):
        made.page(EVERYTHING, token)


def test_a_listing_in_circles_is_noticed() -> None:
    box = at_seconds(*range(30))
    first = box.answer("/me/messages?$filter=receivedDateTime ge 1900-01-01T00:00:00Z&"
                       "$orderby=receivedDateTime desc&$top=10")  # fmt: skip
    box.odd["/me/messages?"] = [first]
    with reader(each(box)) as made, pytest.raises(Unavailable, match="circles"):
        pages(made)


def test_a_page_of_nothing_that_goes_on_is_noticed() -> None:
    box = Mailbox()
    box.odd["/me/messages?"] = [(200, {"value": [], "@odata.nextLink": f"{stub.API}/v1.0/x"})]
    with reader(each(box)) as made, pytest.raises(Unavailable, match="circles"):
        pages(made)


def test_very_old_mail_has_its_page_as_well() -> None:
    box = Mailbox(
        *[message(f"m{n:03}", datetime(1969, 7, 20, 20, n % 60, tzinfo=UTC)) for n in range(25)]
    )
    with reader(each(box)) as made:
        assert len(ids(pages(made))) == 25


# States


def test_states_and_roles_are_listed_to_the_end() -> None:
    box = at_seconds(*range(45))
    for n, one in enumerate(box.messages):
        one["isRead"] = bool(n % 2)
        one["parentFolderId"] = "f-sent" if n % 3 == 0 else "f-inbox"

    with reader(each(box)) as made:

        def of(name: str) -> list[str]:
            return [one for page in made.state_of(name) for one in page]

        everyone = [one["id"] for one in box.messages]
        assert of("unseen") == everyone[::2]
        assert of("sent") == everyone[::3]
        assert of("inbox") == [one for n, one in enumerate(everyone) if n % 3]
        assert of("archive") == []
    assert any("flag/flagStatus" in path for path in box.asked) is False


def test_a_role_without_a_folder_has_no_messages() -> None:
    box = Mailbox()
    box.odd["/me/mailFolders/archive"] = [stub.NOT_FOUND]
    with reader(each(box)) as made:
        assert list(made.state_of("archive")) == []


def test_flagged_is_asked_for_by_its_flag() -> None:
    box = Mailbox()
    with reader(each(box)) as made:
        assert list(made.state_of("flagged")) == [()]
    (path,) = box.asked
    assert "receivedDateTime ge 1900-01-01T00:00:00Z and flag/flagStatus eq 'flagged'" in path
