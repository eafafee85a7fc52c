"""The ledger: faults that were sown are found and repaired, and everything adds up in the end."""

from datetime import timedelta
from typing import Any

import pytest

from mailweave.mail.models import Copy
from mailweave.sync import auditing, changes, deletions, ledger
from mailweave.sync.ledger import Found, Line
from mailweave.sync.models import Audit, Finding, Sync
from tests.flows.checks import copies, exact, inside, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World

BEN = "ben@northwind.example"


@pytest.fixture
def ids(world: World, settings: Any) -> list[str]:
    """Twelve letters, newest first."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0, "outlook": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    for number in range(12):
        world.sandbox.deliver(ADA, letter(number))
    return world.sandbox.message_ids(ADA)


@pytest.fixture
def box(world: World, ids: list[str]) -> int:
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def audit(world: World, mailbox: int) -> Audit:
    """Have an audit made now, to its end."""
    with inside(world):
        auditing.want(mailbox)
    world.work(mailbox)
    with inside(world):
        found = auditing.latest(mailbox)
        assert auditing.running(mailbox) is None
    assert found
    return found


def hide(world: World, mailbox: int) -> None:
    """What has happened by now is told by no changes: the cursor is ahead of what it covers."""
    with inside(world):
        history_id = world.sandbox.account(ADA).history_id
        Sync.objects.filter(mailbox_id=mailbox).update(cursor=str(history_id))


def found(world: World, mailbox: int) -> list[Found]:
    with inside(world):
        return ledger.findings(mailbox)


def whole(world: World, mailbox: int) -> Line:
    """The whole ledger as one line; each of its days must add up."""
    with inside(world):
        days = [*ledger.lines(mailbox, "day"), ledger.undated(mailbox)]
        assert [one for one in days if not one.balances] == []
        return ledger.total(days)


def verdict(world: World, mailbox: int) -> str:
    with inside(world):
        return ledger.status(mailbox).verdict


def test_after_an_import_it_is_audited_and_balances(world: World, box: int) -> None:
    with inside(world):
        done = auditing.latest(box)
    assert done
    assert (done.named, done.found, done.unbalanced) == (12, 0, 0)
    assert whole(world, box) == Line(None, 12, stored=12)
    assert verdict(world, box) == "balanced"
    assert sync_of(world, box).audit_at == done.ended_at + auditing.EVERY


def test_it_is_never_green_before_the_first_audit_has_ended(world: World, ids: list[str]) -> None:
    mailbox = world.connect(ADA)
    assert verdict(world, mailbox) == "unchecked"
    world.backfill(mailbox)
    assert verdict(world, mailbox) == "importing"
    seen = set()

    def look() -> bool:
        seen.add(verdict(world, mailbox))
        with inside(world):
            return auditing.latest(mailbox) is not None

    world.work(mailbox, until=look)
    world.work(mailbox)
    assert seen <= {"importing", "unchecked", "balanced"}
    assert verdict(world, mailbox) == "balanced"


def test_it_comes_once_a_day(world: World, box: int) -> None:
    poll(world, box)
    with inside(world):
        assert Audit.objects.count() == 1
    world.hands.at += timedelta(days=1)
    world.work(box)
    with inside(world):
        assert Audit.objects.count() == 2


def test_a_row_that_vanished_is_found_and_fetched(world: World, box: int, ids: list[str]) -> None:
    with inside(world):
        Copy.objects.filter(remote_id=ids[3]).delete()
    assert audit(world, box).found == 1
    (one,) = found(world, box)
    assert (one.remote_id, one.what, one.state, one.is_repaired) == (
        ids[3],
        "unknown",
        "stored",
        True,
    )
    exact(world, box, ADA)
    assert whole(world, box).stored == 12
    assert audit(world, box).found == 0


def test_a_row_that_vanishes_does_not_balance_until_then(
    world: World, box: int, ids: list[str]
) -> None:
    with inside(world):
        Copy.objects.filter(remote_id=ids[3]).delete()
        (day,) = ledger.lines(box, "day")
        assert (day.named, day.known, day.balances) == (12, 11, False)


def test_a_copy_wrongly_marked_gone_is_found_and_stored_again(
    world: World, box: int, ids: list[str]
) -> None:
    with inside(world):
        Copy.objects.filter(remote_id=ids[3]).update(state="gone")
    world.sandbox.modify(ADA, ids[5], remove=["INBOX"])
    poll(world, box)
    with inside(world):
        Copy.objects.filter(remote_id=ids[5]).update(state="gone")
    assert audit(world, box).found == 2
    assert {(one.remote_id, one.what, one.state) for one in found(world, box)} == {
        (ids[3], "gone", "stored"),
        (ids[5], "gone", "stored"),
    }, "the second lies where nobody follows, and was here all the same"
    assert whole(world, box) == Line(None, 12, stored=12)


def test_mail_that_changes_never_told_is_found(world: World, box: int) -> None:
    new = world.sandbox.deliver(ADA, letter(50))
    hide(world, box)
    poll(world, box)
    assert new not in copies(world, box)
    assert audit(world, box).found == 1
    exact(world, box, ADA)
    assert whole(world, box).stored == 13


def test_a_deletion_that_changes_never_told_is_found(
    world: World, box: int, ids: list[str]
) -> None:
    world.sandbox.delete(ADA, ids[:2])
    hide(world, box)
    assert audit(world, box).found == 2
    assert {(one.remote_id, one.what, one.state) for one in found(world, box)} == {
        (ids[0], "missing", "gone"),
        (ids[1], "missing", "gone"),
    }
    exact(world, box, ADA)
    assert whole(world, box) == Line(None, 10, stored=10)


@pytest.mark.sql
def test_what_left_spam_unheard_is_found(world: World, box: int) -> None:
    spam = world.sandbox.deliver(ADA, letter(50), labels=("SPAM",))
    poll(world, box)
    assert audit(world, box).junk == 1
    world.sandbox.modify(ADA, spam, add=["INBOX"], remove=["SPAM"])
    hide(world, box)
    assert audit(world, box).found == 1
    assert found(world, box)[0].what == "skipped"
    exact(world, box, ADA)
    assert whole(world, box).stored == 13


def test_a_page_that_was_skipped_is_found(world: World, ids: list[str], monkeypatch: Any) -> None:
    from mailweave.providers.base import Page
    from mailweave.providers.gmail import listing

    page, asked = listing.page, []

    def skipping(client: Any, window: Any, token: str | None) -> Page:
        answer = page(client, window, token)
        asked.extend([1] if window.since is None else [])
        return answer if len(asked) != 1 else Page(answer.listed[6:], answer.next_token, 12)

    monkeypatch.setattr(listing, "page", skipping)
    world.hands.advance(60)
    mailbox = world.connect(ADA)
    world.work(mailbox)  # the first round, so that the past is not listed once more after it
    world.backfill(mailbox)
    world.work(mailbox)
    assert len(asked) > 1
    with inside(world):
        assert auditing.latest(mailbox).found == 6  # type: ignore[union-attr]
    exact(world, mailbox, ADA)
    assert whole(world, mailbox) == Line(None, 12, stored=12)


def test_what_happens_while_it_runs_is_no_drift(
    world: World, box: int, ids: list[str], monkeypatch: Any
) -> None:
    take_over, pages = auditing._take_over, []

    def meanwhile(now: Audit, page: Any) -> None:
        take_over(now, page)
        pages.append(now.part)
        if len(pages) == 1:
            world.sandbox.deliver(ADA, letter(60))
            world.sandbox.delete(ADA, ids[0])
            world.sandbox.modify(ADA, ids[1], remove=["INBOX"])

    before, came = world.sandbox.deliver(ADA, letter(59)), world.sandbox.deliver(ADA, letter(58))
    world.sandbox.delete(ADA, ids[2])
    monkeypatch.setattr(auditing, "_take_over", meanwhile)
    assert audit(world, box).found == 0
    assert pages == ["followed", "rest", "junk", "trash"]
    assert found(world, box) == []
    assert {before, came} <= copies(world, box)
    assert whole(world, box).balances
    with inside(world):
        assert Finding.objects.count() == 0


def test_what_lies_elsewhere_is_counted_by_its_rule(world: World, box: int, ids: list[str]) -> None:
    world.sandbox.deliver(ADA, letter(50), labels=("SPAM",))
    world.sandbox.deliver(ADA, letter(51), labels=())
    world.sandbox.deliver(ADA, letter(52), labels=("TRASH",))
    world.sandbox.deliver(ADA, letter(53), labels=("DRAFT",))
    world.sandbox.trash(ADA, ids[0])
    poll(world, box)
    done = audit(world, box)
    assert (done.unfollowed, done.junk, done.trash, done.found) == (1, 1, 1, 0)
    assert whole(world, box) == Line(None, 12, stored=12)


def test_what_is_set_aside_or_left_out_balances(world: World, box: int, ids: list[str]) -> None:
    with inside(world):
        Copy.objects.filter(remote_id=ids[0]).update(state="stuck", received_at=None)
        Copy.objects.filter(remote_id=ids[1]).update(state="stuck")
        Copy.objects.filter(remote_id=ids[2]).update(state="skipped", reason="A rule of yours.")
    audit(world, box)
    line = whole(world, box)
    assert (line.named, line.stored, line.aside, line.left_out) == (12, 9, 2, 1)
    assert verdict(world, box) == "aside"
    with inside(world):
        assert ledger.undated(box).aside == 1
        assert ledger.reasons(box) == [("A rule of yours.", 1)]


def test_it_looks_only_as_far_back_as_the_range(world: World, ids: list[str]) -> None:
    world.hands.advance(60)
    mailbox = world.connect(ADA)
    world.work(mailbox)
    world.hands.advance(1200)
    new = world.sandbox.deliver(ADA, letter(50))
    poll(world, mailbox)
    assert audit(world, mailbox).found == 0
    assert copies(world, mailbox) == {new}
    assert whole(world, mailbox) == Line(None, 1, stored=1)


def test_what_a_canceled_import_left_is_not_taken_in(world: World, ids: list[str]) -> None:
    from mailweave.sync import backfill

    world.hands.advance(60)
    mailbox = world.connect(ADA)
    world.work(mailbox)
    world.backfill(mailbox)
    with inside(world):
        backfill.cancel(mailbox)
    assert audit(world, mailbox).found == 0
    assert copies(world, mailbox) == set()


def test_an_audit_goes_on_where_it_stopped(world: World, box: int, monkeypatch: Any) -> None:
    world.sandbox.faults.add("server_error", times=5, path="/messages")
    with inside(world):
        Copy.objects.all().delete()
    assert audit(world, box).found == 12
    assert whole(world, box) == Line(None, 12, stored=12)
    with inside(world):
        assert Audit.objects.filter(state="dropped").count() == 0


def test_a_place_in_the_listing_that_expired_begins_it_anew(
    world: World, box: int, monkeypatch: Any
) -> None:
    from mailweave.providers.errors import CursorExpired
    from mailweave.providers.gmail import listing

    page, asked = listing.page, []

    def forgetful(*given: Any) -> Any:
        asked.append(given)
        if len(asked) == 2:
            raise CursorExpired("gone")
        return page(*given)

    monkeypatch.setattr(listing, "page", forgetful)
    assert audit(world, box).named == 12
    with inside(world):
        states = list(Audit.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["done", "dropped", "done"]
        assert sync_of_row().reconcile_cursor == ""


def sync_of_row() -> Sync:
    found: Sync = Sync.objects.get()
    return found


def test_an_import_that_begins_ends_the_audit_under_way(world: World, box: int) -> None:
    with inside(world):
        auditing.want(box)
    world.work(box, until=lambda: _is_running(world, box))
    world.backfill(box, "30d")
    world.work(box)
    with inside(world):
        assert Audit.objects.order_by("-pk")[0].state == "done"
    assert whole(world, box).balances


def _is_running(world: World, box: int) -> bool:
    with inside(world):
        return auditing.running(box) is not None


# --- Outlook --------------------------------------------------------------------------------------


@pytest.fixture
def outlook(world: World, settings: Any) -> int:
    """Twelve letters in a mailbox at Microsoft, all taken in."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0, "outlook": 0}
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    for number in range(12):
        world.sandbox.deliver(BEN, letter(number))
    mailbox = world.connect(BEN)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def test_outlook_is_audited_alike(world: World, outlook: int) -> None:
    assert verdict(world, outlook) == "balanced"
    with inside(world):
        lost, gone, *_ = Copy.objects.order_by("pk").values_list("pk", flat=True)
        Copy.objects.filter(pk=lost).delete()
        Copy.objects.filter(pk=gone).update(state="gone")
    assert audit(world, outlook).found == 2
    assert {(one.what, one.state) for one in found(world, outlook)} == {
        ("unknown", "stored"),
        ("gone", "stored"),
    }
    assert whole(world, outlook) == Line(None, 12, stored=12)
    assert audit(world, outlook).found == 0


def test_what_outlooks_changes_did_not_bring_is_found(
    world: World, outlook: int, monkeypatch: Any
) -> None:
    world.sandbox.deliver(BEN, letter(50))
    world.sandbox.delete(BEN, world.sandbox.message_ids(BEN)[4:6])
    with monkeypatch.context() as deaf:
        deaf.setattr(changes, "_take_up", lambda *_: None)
        deaf.setattr(deletions, "note", lambda *_: None)
        poll(world, outlook)
    assert world.states(outlook) == {"stored": 12}
    assert audit(world, outlook).found == 3
    assert sorted(one.what for one in found(world, outlook)) == ["missing", "missing", "unknown"]
    assert whole(world, outlook) == Line(None, 11, stored=11)
