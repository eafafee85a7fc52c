"""Neighbours by the page, each message answered once, and nothing dropped on a bad day."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Budget, Fetched, Listed, Missing, Unreadable
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    OverBudget,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.graph import fetching
from mailweave.providers.graph.asks import Ask
from mailweave.providers.graph.failures import Invalid
from tests.providers.graph import stub
from tests.providers.graph.stub import NOW, Inner, Mailbox, budget, each, message, minutes, reader


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


def mailbox(count: int, **changes: Any) -> Mailbox:
    return Mailbox(*[message(f"m{n:03}", NOW - minutes(n), **changes) for n in range(count)])


def listed(box: Mailbox, *, dated: bool = True) -> list[Listed]:
    """What a listing would name, by moments or by ids alone."""
    at = {f"m{n:03}": NOW - minutes(n) for n in range(1000)}
    ids = [one["id"] for one in box.messages]
    return [Listed(one, f"c-{one}", at.get(one) if dated else None) for one in ids]


def answers(box: Mailbox, wanted: list[Listed], purse: Budget | None = None) -> dict[str, Any]:
    with reader(each(box), purse) as made:
        got = list(made.fetch(wanted))
    assert len({one.remote_id for one in got}) == len(got)
    return {one.remote_id: one for one in got}


def lists(box: Mailbox) -> list[str]:
    return [one for one in box.asked if one.startswith("/me/messages?")]


def test_neighbours_come_by_the_page() -> None:
    box, purse = mailbox(60), budget()
    got = answers(box, listed(box), purse)
    assert set(got) == {one["id"] for one in box.messages}
    assert all(isinstance(one, Fetched) for one in got.values())
    assert len(box.asked) == len(lists(box)) == purse.spent == 3


def test_the_order_of_asking_does_not_matter() -> None:
    box = mailbox(60)
    wanted = listed(box)
    answers(box, [*wanted[1::2], *wanted[::2]])
    assert len(box.asked) == 3


def test_what_has_no_moment_is_asked_for_alone() -> None:
    box = mailbox(3)
    got = answers(box, listed(box, dated=False))
    assert len(got) == 3
    assert all(path.startswith("/me/messages/m") for path in box.asked)


def test_one_alone_needs_no_page() -> None:
    box = mailbox(1)
    assert answers(box, listed(box))
    assert box.asked[0].startswith("/me/messages/m000?")


def test_strangers_between_do_not_come_along() -> None:
    box = mailbox(40)
    wanted = listed(box)[::2]
    got = answers(box, wanted)
    assert set(got) == {one.remote_id for one in wanted}
    assert len(box.asked) == 1


def test_strangers_with_attachments_do_not_come_along_either() -> None:
    box = mailbox(20, hasAttachments=True)
    wanted = listed(box)[::2]
    assert set(answers(box, wanted)) == {one.remote_id for one in wanted}
    assert len(box.asked) == 11


def test_a_page_full_of_strangers_is_followed_once_then_each_is_asked_for() -> None:
    box = mailbox(400)
    wanted = [listed(box)[n] for n in (0, 1, 2, 5, 380, 390, 399)]
    got = answers(box, wanted)
    assert set(got) == {one.remote_id for one in wanted}
    assert len(lists(box)) == 2
    assert "lt 2026-05-04T12:00:01Z" in box.asked[0]
    assert "lt 2026-05-04T11:47:01Z" in box.asked[1]
    assert sorted(path[13:17] for path in box.asked[2:]) == ["m380", "m390", "m399"]


def test_many_in_one_second_are_all_found() -> None:
    box = Mailbox(*[message(f"m{n:03}", NOW) for n in range(120)])
    wanted = [Listed(f"m{n:03}", "", NOW) for n in range(120)]
    got = answers(box, wanted)
    assert len(got) == 120
    assert all(isinstance(one, Fetched) for one in got.values())


def test_a_moment_that_is_wrong_costs_a_call_and_no_message() -> None:
    box = mailbox(10)
    wanted = [Listed(one.remote_id, "", NOW - timedelta(days=900)) for one in listed(box)]
    got = answers(box, wanted)
    assert all(isinstance(one, Fetched) for one in got.values())
    assert len(box.asked) == 11


def test_what_vanished_is_missing_and_the_rest_comes() -> None:
    box = mailbox(30)
    wanted = listed(box)
    del box.messages[7], box.messages[20]
    got = answers(box, wanted)
    assert {one for one, what in got.items() if isinstance(what, Missing)} == {"m007", "m021"}
    assert len(got) == 30


def test_asking_twice_is_answered_once() -> None:
    box = mailbox(3)
    assert len(answers(box, listed(box) * 2)) == 3


# Odd answers


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        ({"subject": 7}, Unreadable),
        ({"body": "text"}, Unreadable),
        ({"subject": None, "body": None, "flag": None, "internetMessageHeaders": None}, Fetched),
        ({"conversationId": None, "parentFolderId": None, "isRead": None}, Fetched),
        ({"receivedDateTime": "yesterday"}, Fetched),
        ({"from": 7, "toRecipients": {}, "internetMessageHeaders": None}, Fetched),
        ({"subject": "nul \x00 lone \ud83d"}, Fetched),
    ],
    ids=str,
)
def test_one_odd_message_does_not_spoil_its_page(odd: dict[str, Any], kind: type) -> None:
    box = mailbox(5)
    wanted = listed(box)
    box.messages[2] |= odd
    if "receivedDateTime" in odd:
        box.messages[2]["receivedDateTime"] = "2026-05-04T11:58:00Z"
        page = {"value": [one | (odd if n == 2 else {}) for n, one in enumerate(box.messages)]}
        box.odd["/me/messages?"] = [(200, page)]
    got = answers(box, wanted)
    assert set(got) == {one.remote_id for one in wanted}
    assert isinstance(got["m002"], kind)
    assert sum(isinstance(one, Fetched) for one in got.values()) >= 4


def test_an_entry_without_an_id_costs_a_call_of_its_own() -> None:
    box = mailbox(5)
    page = {"value": [*box.messages[:2], {"id": None}, *box.messages[3:]]}
    box.odd["/me/messages?"] = [(200, page)]
    got = answers(box, listed(box))
    assert all(isinstance(one, Fetched) for one in got.values())
    assert len(box.asked) == 2


@pytest.mark.parametrize(
    ("alone", "kind"),
    [
        (stub.NOT_FOUND, Missing),
        (stub.refusal(400, "ErrorInvalidIdMalformed"), Unreadable),
        (stub.refusal(500, "ErrorCorruptData"), Unreadable),
        ((200, {"id": "another"}), Unreadable),
        ((200, {"id": "m000", "body": 7}), Unreadable),
        ((200, "[" * 100_000), Unreadable),
        ((200, {"id": "m000"}), Fetched),
    ],
    ids=str,
)
def test_one_message_alone(alone: Inner, kind: type) -> None:
    box = mailbox(5)
    box.odd["/me/messages/m000?"] = [alone]
    got = answers(box, listed(box, dated=False))
    assert isinstance(got["m000"], kind)
    assert sum(isinstance(one, Fetched) for one in got.values()) >= 4


@pytest.mark.parametrize(
    "page",
    [
        (200, {"value": 7}),
        (200, {}),
        (200, "[" * 100_000),
        stub.NOT_FOUND,
        stub.refusal(400, "InefficientFilter"),
    ],
    ids=str,
)
def test_a_page_that_never_works_is_read_message_by_message(page: Inner) -> None:
    box = mailbox(10)
    box.odd["/me/messages?"] = [page]
    got = answers(box, listed(box))
    assert all(isinstance(one, Fetched) for one in got.values())
    # What is not understood is asked for with less and less.
    assert len(lists(box)) == (3 if page[0] == 400 else 1)


def test_a_message_exchange_cannot_open_is_set_aside_alone() -> None:
    broken = stub.refusal(500, "ErrorCorruptData")
    box = mailbox(30)
    whole = box.answer

    def answer(path: str) -> Inner:
        status, body = whole(path)
        bad = status == 200 and any(one["id"] == "m017" for one in body.get("value", [body]))
        return broken if bad else (status, body)

    box.answer = answer  # type: ignore[method-assign]
    got = answers(box, listed(box))
    assert isinstance(got.pop("m017"), Unreadable)
    assert all(isinstance(one, Fetched) for one in got.values())


# Bad days


@pytest.mark.parametrize("passing", [stub.BROKEN, stub.CROWDED, (200, "<html>"), (200, '{"va')])
def test_passing_failures_are_tried_again(passing: Inner, hands: clock.Hands) -> None:
    box = mailbox(30)
    box.odd["/me/messages?"] = [passing, passing, passing, (200, {"value": box.messages})]
    got = answers(box, listed(box))
    assert len(got) == 30
    assert all(isinstance(one, Fetched) for one in got.values())
    assert hands.at > NOW


@pytest.mark.parametrize("passing", [stub.BROKEN, stub.CROWDED, (200, "<html>"), (200, '{"id"')])
def test_one_alone_is_tried_again_with_growing_pauses(passing: Inner, hands: clock.Hands) -> None:
    box = mailbox(1)
    box.odd["/me/messages/m000?"] = [passing, passing, passing, (200, box.messages[0])]
    assert isinstance(answers(box, listed(box))["m000"], Fetched)
    assert len(box.asked) == fetching.TRIES
    assert hands.at >= NOW + timedelta(seconds=0.5 + 1 + 2)


def test_a_crowd_is_given_the_time_it_asks_for(hands: clock.Hands) -> None:
    box = mailbox(1)
    answered: list[int] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        answered.append(1)
        if len(answered) == 1:
            return stub.reply(stub.CROWDED, **{"Retry-After": "6.5"})
        return each(box)(request)

    with reader(say) as made:
        assert len(list(made.fetch(listed(box)))) == 1
    assert hands.at == NOW + timedelta(seconds=6.5)


@pytest.mark.parametrize("slow", [stub.SLOW, httpx2.ReadTimeout("slow"), "heavy"], ids=str)
def test_pages_that_are_too_much_are_halved_for_good(slow: Any) -> None:
    box = mailbox(50)
    sizes: list[int] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        (path,) = stub.calls(request)
        top = int(path.partition("$top=")[2].partition("&")[0] or 2) // 2
        sizes.append(top)
        if top > 6:
            if isinstance(slow, Exception):
                raise slow
            return stub.reply(slow if slow != "heavy" else (200, b" " * 17_000_000))
        return each(box)(request)

    with reader(say) as made:
        got = list(made.fetch(listed(box)))
        assert len(got) == 50
        assert all(isinstance(one, Fetched) for one in got)
        before = len(sizes)
        assert len(list(made.fetch(listed(box)))) == 50
    assert max(sizes[before:]) <= 6


def test_one_message_too_large_to_read_is_set_aside() -> None:
    box = mailbox(9)

    def say(request: httpx2.Request) -> httpx2.Response:
        answer = each(box)(request)
        if b'"m004"' in answer.content:
            return stub.reply((413, stub.refusal(413, "ResponseTooLarge")[1]))
        return answer

    with reader(say) as made:
        got = {one.remote_id: one for one in made.fetch(listed(box))}
    assert isinstance(got.pop("m004"), Unreadable)
    assert len(got) == 8
    assert all(isinstance(one, Fetched) for one in got.values())


@pytest.mark.parametrize(
    ("lasting", "kind"),
    [
        (stub.BROKEN, Unavailable),
        (stub.CROWDED, RateLimited),
        (stub.QUOTA, RateLimited),
        ((200, "<html>"), Unavailable),
        (stub.DENIED, ConsentNeeded),
        (stub.STALE, AuthExpired),
        (stub.refusal(403, "Forbidden"), Refused),
    ],
    ids=str,
)
def test_trouble_is_raised_after_what_came(lasting: Inner, kind: type[ProviderError]) -> None:
    box = mailbox(5)
    box.odd["/me/messages/m004?"] = [lasting]
    got: list[str] = []
    with reader(each(box)) as made, pytest.raises(kind):
        got.extend(one.remote_id for one in made.fetch(listed(box, dated=False)))
    assert "m004" not in got
    assert got


def test_many_failures_are_no_outage_while_others_are_answered() -> None:
    box = mailbox(400)
    whole = box.answer

    def answer(path: str) -> Inner:
        hour, minute = path.partition("ge 2026-05-04T")[2][:5].split(":")
        is_even = (int(hour) * 60 + int(minute)) // 2 % 2 == 0
        return stub.BROKEN if is_even and box.asked.count(path) == 1 else whole(path)

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        made.client.shard = 2
        assert len(list(made.fetch(listed(box)))) == 400
    assert len(box.asked) == 300
    assert 2 * fetching._OUTAGE < 100  # as many failed


def test_an_outage_ends_soon() -> None:
    box = mailbox(500)
    box.odd["/me"] = [stub.BROKEN]
    with reader(each(box)) as made, pytest.raises(Unavailable):
        list(made.fetch(listed(box)))
    assert len(box.asked) <= fetching._OUTAGE + fetching.AHEAD


def test_after_a_spent_quota_nothing_more_is_asked() -> None:
    box = mailbox(300)
    box.odd["/me"] = [stub.QUOTA]
    with reader(each(box)) as made, pytest.raises(RateLimited):
        list(made.fetch(listed(box, dated=False)))
    assert len(box.asked) <= fetching.WIDTH + 1


# What is attached


def file(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": f"id-{name}",
        "name": name,
        "contentType": "application/pdf",
        "size": 1000,
        "isInline": False,
        "contentId": None,
    } | changes


def test_attachments_are_asked_for_where_there_may_be_some() -> None:
    box = mailbox(3)
    box.messages[1]["hasAttachments"] = True
    box.messages[2]["body"] = {"contentType": "html", "content": '<img src="cid:logo@x">'}
    box.files = {"m001": [file("a.pdf")], "m002": [file("logo.png", contentId="logo@x")]}
    got = answers(box, listed(box))
    assert [one.filename for one in got["m001"].attachments] == ["a.pdf"]
    (logo,) = got["m002"].attachments
    assert (logo.filename, logo.content_id, logo.inline) == ("logo.png", "logo@x", True)
    assert got["m000"].attachments == ()
    assert len(box.asked) == 3


def test_a_page_may_tell_what_is_attached() -> None:
    box = mailbox(30, hasAttachments=True)
    box.expands = True
    box.files = {one["id"]: [file("a.pdf", contentId="x@y")] for one in box.messages}
    got = answers(box, listed(box))
    assert len(box.asked) == 2
    assert {one.attachments[0].content_id for one in got.values()} == {"x@y"}
    assert "$expand=attachments($select=id,name,contentType,size,isInline,microsoft" in box.asked[0]


def test_more_attachments_than_a_page_tells_are_asked_for() -> None:
    box = mailbox(3, hasAttachments=True)
    told = [one | {"attachments": [file("a.pdf")]} for one in box.messages]
    told[1]["attachments" + "@odata.nextLink"] = (
        f"{stub.API}/v1.0/me/messages/m001/attachments?$skip=1"
    )
    box.odd["/me/messages?"] = [(200, {"value": told})]
    box.files = {"m001": [file("a.pdf"), file("b.pdf")]}
    got = answers(box, listed(box))
    assert [len(one.attachments) for one in got.values()].count(2) == 1
    assert len(got["m001"].attachments) == 2


def test_a_server_that_sends_the_bytes_along_is_not_asked_again() -> None:
    box = mailbox(60, hasAttachments=True)
    box.expands = True
    box.files = {one["id"]: [file("a.pdf", contentBytes="AAAA")] for one in box.messages}
    with reader(each(box)) as made:
        assert len(list(made.fetch(listed(box)[:20]))) == 20
        box.asked.clear()
        assert len(list(made.fetch(listed(box)[20:]))) == 40
    assert not any("$expand" in path for path in box.asked)


@pytest.mark.parametrize("refused", ["contentId", "$expand"])
def test_a_server_that_refuses_to_tell_it_by_the_page_is_asked_otherwise(refused: str) -> None:
    box = mailbox(60, hasAttachments=True)
    box.expands = True
    box.files = {one["id"]: [file("a.pdf")] for one in box.messages}
    whole = box.answer

    def answer(path: str) -> Inner:
        refusal = stub.refusal(400, "BadRequest", "Not here.")
        return refusal if path.startswith("/me/messages?") and refused in path else whole(path)

    box.answer = answer  # type: ignore[method-assign]
    got = answers(box, listed(box))
    assert all(isinstance(one, Fetched) and len(one.attachments) == 1 for one in got.values())
    pages = [path for path in lists(box) if refused not in path]
    assert len(pages) == 3
    single = [path for path in box.asked if "/attachments?" in path]
    assert len(single) == (0 if refused == "contentId" else 60)
    assert all("contentId" in path for path in single)


def test_a_late_refusal_takes_no_more_away() -> None:
    late = Ask("shard", (), attached=True, content_ids=True)
    with reader(each(mailbox(0))) as made:
        made.client.attached = False
        fetching._Fetch(made.client, [])._expect_less(late, Invalid("no"))
        assert made.client.content_ids


@pytest.mark.parametrize("much", [(200, " " * 17_000_000), stub.SLOW], ids=["large", "slow"])
def test_a_page_too_much_with_what_is_attached_is_asked_for_without(much: Inner) -> None:
    box = mailbox(20, hasAttachments=True)
    box.expands = True
    box.files = {one["id"]: [file("a.pdf")] for one in box.messages}
    whole = box.answer

    def answer(path: str) -> Inner:
        return much if "$expand" in path else whole(path)

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        got = list(made.fetch(listed(box)))
        assert made.client.shard == 25
    assert all(isinstance(one, Fetched) and len(one.attachments) == 1 for one in got)


def test_an_odd_attachment_costs_calls_but_no_message() -> None:
    box = mailbox(5, hasAttachments=True)
    box.expands = True
    box.files = {"m002": [{"id": None}], "m003": [file("a.pdf")]}
    got = answers(box, listed(box))
    assert all(isinstance(one, Fetched) for one in got.values())
    assert (got["m002"].truncated, len(got["m003"].attachments)) == (True, 1)
    assert len(box.asked) == 3


def test_a_server_that_refuses_content_ids_is_asked_without_from_then_on() -> None:
    box = mailbox(12, hasAttachments=True)
    box.files = {one["id"]: [file("a.pdf")] for one in box.messages}
    whole = box.answer

    def answer(path: str) -> Inner:
        refused = stub.refusal(400, "RequestBroker--ParseUri", "Could not find a property")
        return refused if "contentId" in path else whole(path)

    box.answer = answer  # type: ignore[method-assign]
    with reader(each(box)) as made:
        got = list(made.fetch(listed(box)))
        assert all(isinstance(one, Fetched) and len(one.attachments) == 1 for one in got)
        box.asked.clear()
        assert len(list(made.fetch(listed(box)))) == 12
    assert not any("contentId" in path for path in box.asked)


@pytest.mark.parametrize(
    "failure",
    [
        stub.refusal(500, "ErrorCannotOpenFileAttachment", "OLE conversion failed"),
        stub.refusal(400, "BadRequest"),
        stub.NOT_FOUND,
        stub.BROKEN,
        (200, {"value": 7}),
    ],
    ids=str,
)
def test_a_message_is_not_lost_for_what_is_attached(failure: Inner) -> None:
    box = Mailbox(*[message(f"m{n:03}", NOW - minutes(n)) for n in range(200)])
    box.messages[3]["hasAttachments"] = True
    box.odd["/me/messages/m003/attachments"] = [failure]
    got = answers(box, listed(box))
    assert len(got) == 200
    assert isinstance(got["m003"], Fetched)
    assert got["m003"].truncated
    assert got["m003"].attachments == ()
    assert not got["m002"].truncated


def test_in_an_outage_a_message_waits_for_what_is_attached() -> None:
    box = mailbox(1, hasAttachments=True)
    box.odd["/me/messages/m000/attachments"] = box.odd["/me/mailFolders"] = [stub.BROKEN]
    with reader(each(box)) as made, pytest.raises(Unavailable):
        list(made.fetch(listed(box)))


def test_many_attachments_come_over_several_pages() -> None:
    box = mailbox(1, hasAttachments=True)
    link = f"{stub.API}/v1.0/me/messages/m000/attachments?$skip=1"
    box.odd["/me/messages/m000/attachments?$select"] = [
        (200, {"value": [file("a.pdf")], "@odata.nextLink": link})
    ]
    box.files = {"m000": [file("b.pdf")]}
    got = answers(box, listed(box))
    assert [one.filename for one in got["m000"].attachments] == ["a.pdf", "b.pdf"]


def test_attachments_elsewhere_are_not_followed_and_the_message_says_so() -> None:
    box = mailbox(1, hasAttachments=True)
    page = {"value": [file("a.pdf")], "@odata.nextLink": "https://evil.example/v1.0/x"}
    box.odd["/me/messages/m000/attachments"] = [(200, page)]
    (got,) = answers(box, listed(box)).values()
    assert [one.filename for one in got.attachments] == ["a.pdf"]
    assert got.truncated


# Pace and lanes


def test_the_budget_is_kept(hands: clock.Hands) -> None:
    box, purse = mailbox(30), budget(rate=2, burst=8)
    wanted = listed(box, dated=False)
    got: list[str] = []
    with reader(each(box), purse) as made:
        with pytest.raises(OverBudget) as caught:
            got.extend(one.remote_id for one in made.fetch(wanted))
        assert len(got) == len(box.asked) == 8
        hands.at = caught.value.retry_at
        left = [one for one in wanted if one.remote_id not in got]
        with pytest.raises(OverBudget):
            got.extend(one.remote_id for one in made.fetch(left))
    assert len(got) == 10
    assert (caught.value.retry_at - NOW).total_seconds() == pytest.approx(1, abs=0.01)


class Gate:
    """Counts how many requests are inside at once; opens when told to."""

    def __init__(self, box: Mailbox) -> None:
        self.box = box
        self.inside = self.most = self.done = 0
        self.lock = threading.Lock()
        self.open = threading.Event()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self.open.wait(5)
        try:
            with self.lock:
                return each(self.box)(request)
        finally:
            with self.lock:
                self.inside -= 1
                self.done += 1


def until(what: Any) -> None:
    end = time.monotonic() + 5
    while not what():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_four_are_asked_at_once_and_never_more() -> None:
    gate = Gate(mailbox(300))
    with reader(gate) as made:
        answered = made.fetch(listed(gate.box))
        taker = threading.Thread(target=lambda: list(answered))
        taker.start()
        until(lambda: gate.inside == 4)
        gate.open.set()
        taker.join(5)
    assert gate.most == 4


def test_lanes_go_on_while_answers_are_stored_but_not_for_ever() -> None:
    gate = Gate(mailbox(600))
    gate.open.set()
    with reader(gate) as made:
        answered = made.fetch(listed(gate.box))
        next(answered)
        until(lambda: gate.done == 1 + fetching.AHEAD)
        time.sleep(0.02)
        assert gate.done == 1 + fetching.AHEAD
        assert len(list(answered)) == 599


def test_who_stops_listening_stops_the_lanes() -> None:
    gate = Gate(mailbox(600))
    gate.open.set()
    before = threading.active_count()
    with reader(gate) as made:
        answered = made.fetch(listed(gate.box))
        next(answered)
        answered.close()  # type: ignore[attr-defined]
        done = gate.done
        assert threading.active_count() == before
    assert gate.done == done < 24


def test_a_token_that_ends_in_the_middle_is_replaced_once() -> None:
    box = mailbox(200)
    tokens: list[str] = []
    lock = threading.Lock()

    def say(request: httpx2.Request) -> httpx2.Response:
        with lock:
            tokens.append(request.headers["authorization"])
            if request.headers["authorization"] == "Bearer t0" and len(tokens) > 2:
                return stub.reply(stub.STALE)
            return each(box)(request)

    with reader(say) as made:
        assert len(list(made.fetch(listed(box)))) == 200
    assert set(tokens) == {"Bearer t0", "Bearer t1"}


def test_the_answer_needs_no_more_than_was_selected() -> None:
    box = mailbox(2)
    answers(box, listed(box))
    (path,) = box.asked
    selected = set(path.partition("&$select=")[2].partition("&")[0].split(","))
    assert selected == set(json.loads(json.dumps(message("a")))) - {"@odata.etag"}
