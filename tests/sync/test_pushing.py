"""Subscriptions made, renewed, lost and ended, against a provider that does as it is told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from mailweave.kit import clock, crypto, scope, vault
from mailweave.mail import policy
from mailweave.mail.models import Folder, Mailbox, Policy
from mailweave.people.access import Member
from mailweave.providers.base import (
    Changes,
    Hook,
    Page,
    Provider,
    RemoteFolder,
    Watch,
)
from mailweave.providers.errors import (
    Misconfigured,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.sync import agenda, changes, engine, hands, notices, push, pushing, subscriptions
from mailweave.sync.models import Backfill, Subscription, Sync, Wakeup
from tests.makers import make_member

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIFE, NEVER = timedelta(days=7), NOW + timedelta(days=400)
POLL, TOLD = timedelta(minutes=5), timedelta(minutes=60)
"""Between polls, by the policy that stands unless somebody chooses."""


@dataclass
class Fake:
    """A provider of one mailbox: answers what it is told to, and remembers what it was asked."""

    folders_: list[str] = field(default_factory=lambda: ["in", "out"])
    watched: list[str] = field(default_factory=lambda: [""])
    standing: dict[str, Watch] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    news: list[list[str]] = field(default_factory=list)
    tells_early: bool = True
    reads_threads: bool = False

    def folders(self) -> list[RemoteFolder]:
        return [RemoteFolder(one, one, "inbox") for one in self.folders_]

    def changes(self, cursor: str) -> Changes:
        self._ask("changes")
        found = self.news.pop(0) if self.news else []
        gone = tuple(found)
        return Changes((), (), gone, cursor, has_more=False)

    def page(self, window: object, token: str | None) -> Page:
        self._ask("page")
        return Page((), None, 0)

    def resources(self, roles: frozenset[str]) -> list[str]:
        self._ask("resources")
        return self.watched

    def watch(self, resource: str, hook: Hook) -> Watch:
        self._ask(f"watch {resource}")
        self.hooks.append(hook)
        made = Watch(resource, f"id-{len(self.hooks)}", clock.now() + LIFE)
        self.standing[made.remote_id] = made
        return made

    def renew(self, watch: Watch, hook: Hook) -> Watch:
        self._ask(f"renew {watch.resource}")
        if watch.remote_id not in self.standing:
            return self.watch(watch.resource, hook)
        made = Watch(watch.resource, watch.remote_id, clock.now() + LIFE)
        self.standing[made.remote_id] = made
        return made

    def unwatch(self, watch: Watch) -> None:
        self._ask(f"unwatch {watch.resource}")
        self.standing.pop(watch.remote_id, None)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.errors:
            raise self.errors[what]

    def take(self) -> list[str]:
        """What was asked since the last look, rounds of changes left out."""
        asked, self.asked = self.asked, []
        return [one for one in asked if one not in {"changes", "page"}]


@dataclass
class Trial:
    """One mailbox, its provider, and the hands that move the clock."""

    member: Member
    fake: Fake
    hands: clock.Hands
    pk: int = 0

    def __post_init__(self) -> None:
        with self.inside():
            box = Mailbox.objects.create(
                kind="gmail",
                owner_id=self.member.user_id,
                address="Ada@Northwind.Example",
                remote_account_id="1",
                followed_roles=["inbox"],
            )
            self.pk = box.pk
            Sync.objects.create(
                mailbox_id=self.pk, cursor="c", polled_at=self.hands.at, audit_at=NEVER
            )
            for one in self.fake.folders_:
                Folder.objects.create(mailbox_id=self.pk, remote_id=one, name=one, role="inbox")

    def inside(self) -> Any:
        return scope.workspace(self.member.workspace_id)

    def sync(self) -> Sync:
        with self.inside():
            found: Sync = Sync.objects.get(mailbox_id=self.pk)
            return found

    def box(self) -> Mailbox:
        with self.inside():
            found: Mailbox = Mailbox.objects.get(pk=self.pk)
            return found

    def due(self) -> datetime | None:
        with self.inside():
            return engine.next_due(Sync.objects.get(mailbox_id=self.pk))

    def go(self, seconds: float = 0) -> None:
        """Work off what falls due within this time, and let it pass."""
        until = self.hands.at + timedelta(seconds=seconds)
        for _ in range(3000):
            due = self.due()
            if due is None or due > until:
                self.hands.at = max(until, self.hands.at)
                return
            self.hands.at = max(due, self.hands.at)
            engine.advance(self.member.workspace_id, self.sync().pk)
        raise AssertionError("the work never ends")

    def rows(self) -> list[Subscription]:
        with self.inside():
            return list(Subscription.objects.filter(mailbox_id=self.pk).order_by("resource"))

    def wake(self) -> int:
        return notices.wake(self.member.workspace_id, [self.pk])

    def pause(self) -> timedelta:
        with self.inside():
            return agenda.read(Sync.objects.get(mailbox_id=self.pk)).plan.pause

    def box_(self) -> Mailbox:
        found: Mailbox = Mailbox.objects.get(pk=self.pk)
        return found

    def said(self) -> push.Push:
        with self.inside():
            box = self.box_()
            sync = Sync.objects.get(mailbox_id=self.pk)
            standing = subscriptions.standing([box]).get(box.pk)
            return push.judge(box, sync, standing, policy.current())

    def choose(self, **choices: str) -> None:
        """Choose for the workspace."""
        with self.inside():
            Policy.objects.update_or_create(defaults=choices)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def trial(fake: Fake, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    settings.PUSH_URL = "https://mail.weave.example"
    settings.PUSH_TOPICS = {"gmail": "projects/weave/topics/mail"}
    settings.PUSH_ACCOUNTS = {"gmail": "push@weave.example"}

    class Grant:
        access_token = refresh = None

    monkeypatch.setattr(hands.grants, "open_grant", lambda *_: Grant)
    monkeypatch.setattr(hands.kinds, "connect", lambda *_, **__: Provider(fake, fake, fake))  # type: ignore[arg-type]
    moving = clock.Hands(NOW)
    with clock.use(moving):
        yield Trial(make_member(), fake, moving)


# --- made, renewed, ended -------------------------------------------------------------------------


def test_what_is_missing_is_made_and_written_down(trial: Trial, fake: Fake) -> None:
    assert trial.pause() == POLL
    trial.go()
    assert fake.take() == ["resources", "watch "]
    (row,) = trial.rows()
    assert (row.resource, row.remote_id, row.address) == ("", "id-1", "ada@northwind.example")
    assert row.expires_at == NOW + LIFE
    assert fake.hooks == [
        Hook("https://mail.weave.example/hooks/gmail/", topic="projects/weave/topics/mail")
    ]
    assert trial.pause() == TOLD
    assert trial.due() == NOW + TOLD
    assert trial.said() == push.Push(is_on=True)


def test_what_is_due_now_is_made_by_a_clock_that_never_stands_still(
    trial: Trial, fake: Fake
) -> None:
    class Ticking(clock.Hands):
        def __call__(self) -> datetime:
            self.advance(0.000_1)
            return self.at

    with clock.use(Ticking(NOW)):
        engine.advance(trial.member.workspace_id, trial.sync().pk)
    assert fake.take() == ["resources", "watch "]


def test_outlook_gets_a_secret_and_an_address_for_what_becomes_of_it(
    trial: Trial, fake: Fake
) -> None:
    with trial.inside():
        Mailbox.objects.update(kind="outlook")
    fake.watched = ["in", "out"]
    trial.go()
    assert [row.resource for row in trial.rows()] == ["in", "out"]
    first, second = fake.hooks
    assert first == second
    assert first.url == "https://mail.weave.example/hooks/outlook/"
    assert first.lifecycle_url == "https://mail.weave.example/hooks/outlook/lifecycle/"
    assert notices.read_secret(first.secret) == (trial.member.workspace_id, trial.pk)


def test_renewals_never_lapse_in_thirty_days(trial: Trial, fake: Fake) -> None:
    trial.choose(poll_minutes="off")  # fewer rounds to wait for
    trial.go()
    fake.take()
    for _ in range(30):
        trial.go(24 * 3600)
        (row,) = trial.rows()
        assert row.expires_at - trial.hands.at > LIFE * 3 / 4
        assert trial.said().is_on
    assert 29 <= fake.take().count("renew ") <= 31
    assert len(fake.standing) == 1


def test_a_short_life_is_renewed_after_a_third(trial: Trial, fake: Fake, monkeypatch: Any) -> None:
    monkeypatch.setattr("tests.sync.test_pushing.LIFE", timedelta(hours=3))
    trial.go()
    assert trial.due() == NOW + timedelta(hours=1)


def test_one_the_provider_has_dropped_is_made_again(trial: Trial, fake: Fake) -> None:
    trial.go()
    fake.standing.clear()
    fake.take()
    assert notices.renew(trial.member.workspace_id, trial.pk, "id-1", is_gone=True)
    assert trial.pause() == POLL  # meanwhile nobody tells us
    trial.go()
    assert fake.take() == ["resources", "renew ", "watch "]
    assert trial.rows()[0].remote_id == "id-2"
    assert trial.pause() == TOLD


def test_what_is_no_longer_followed_is_ended(trial: Trial, fake: Fake) -> None:
    fake.watched = ["in", "out", "more"]
    trial.go()
    fake.take()
    fake.watched = ["in", "new"]
    with trial.inside():
        subscriptions.look(trial.pk)
    trial.go()
    asked = ["resources", "renew in", "watch new", "unwatch more", "unwatch out"]
    assert sorted(fake.take()) == sorted(asked)
    assert [row.resource for row in trial.rows()] == ["in", "new"]
    assert {one.resource for one in fake.standing.values()} == {"in", "new"}


def test_a_folder_that_came_or_went_has_them_looked_at(trial: Trial, fake: Fake) -> None:
    trial.go()
    fake.take()
    trial.wake()
    trial.go(60)
    assert fake.take() == []
    fake.folders_.append("new")
    fake.watched.append("new")
    trial.wake()
    trial.go(60)
    assert fake.take() == ["resources", "renew ", "watch new"]


def test_sync_now_renews_too(trial: Trial, fake: Fake) -> None:
    trial.go()
    fake.take()
    with trial.inside():
        engine.want(trial.pk)
    trial.go()
    assert fake.take() == ["resources", "renew "]


@pytest.mark.parametrize("change", ["address", "topic", "key"])
def test_when_notices_go_elsewhere_they_are_made_anew(
    trial: Trial, fake: Fake, settings: Any, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    if change != "topic":
        with trial.inside():
            Mailbox.objects.update(kind="outlook")
    trial.go()
    fake.take()
    if change == "address":
        settings.PUSH_URL = "https://elsewhere.example"
    elif change == "topic":
        settings.PUSH_TOPICS = {"gmail": "projects/weave/topics/other"}
    else:
        found = crypto.read_keys(crypto.make_key())
        monkeypatch.setattr(vault, "keyring", lambda: found)
    assert trial.pause() == POLL
    trial.go(1)
    assert fake.take() == ["resources", "unwatch ", "watch "]
    assert fake.hooks[0] != fake.hooks[1]
    assert trial.pause() == TOLD


# --- where there is none ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PUSH_URL": ""}, "every 5 minutes: this installation has no public address."),
        ({"PUSH_TOPICS": {"gmail": ""}}, "the operator has not set up notices from Google."),
        ({"PUSH_ACCOUNTS": {"gmail": ""}}, "the operator has not set up notices from Google."),
    ],
)
def test_without_an_address_nothing_is_asked_and_the_card_says_why(
    trial: Trial, fake: Fake, settings: Any, given: dict[str, Any], words: str
) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    trial.go(3600)
    assert fake.take() == []
    assert fake.asked == []
    assert trial.pause() == POLL
    assert words in trial.said().text


def test_a_workspace_that_wants_none_has_them_ended(trial: Trial, fake: Fake) -> None:
    trial.go()
    trial.choose(push="off", poll_minutes="15")
    fake.take()
    trial.go(60)
    assert "unwatch " in fake.take()
    assert trial.rows() == []
    assert trial.pause() == timedelta(minutes=15)
    assert "every 15 minutes: the workspace's policy asks for no notices." in trial.said().text
    trial.choose(push="on")
    with trial.inside():
        subscriptions.look(trial.pk)
    trial.go(1)
    assert trial.said().is_on
    assert trial.pause() == timedelta(minutes=15)


def test_a_mailbox_that_cannot_be_watched_is_polled(
    trial: Trial, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands.kinds, "connect", lambda *_, **__: Provider(fake, fake))  # type: ignore[arg-type]
    trial.go(60)
    assert trial.due() == NOW + POLL
    assert pushing.UNWATCHED in trial.said().text


def test_nothing_to_watch_yet(trial: Trial, fake: Fake) -> None:
    fake.watched = []
    trial.go(60)
    assert fake.take() == ["resources"]
    fake.watched = [""]
    trial.go(3600)
    assert "watch " in fake.take()


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (Misconfigured("Gmail may not publish to the topic."), timedelta(hours=1)),
        (Refused("It cannot reach us."), timedelta(hours=1)),
        (Unavailable("It does not answer."), timedelta(minutes=5)),
        (RateLimited("It is busy.", NOW + timedelta(minutes=7)), timedelta(minutes=7)),
        (RateLimited("It is busy.", NOW + timedelta(days=70)), timedelta(days=1)),
        (ProviderError("Something."), timedelta(hours=1)),
        (ZeroDivisionError("ada@northwind.example"), timedelta(minutes=5)),
    ],
)
def test_its_failures_never_fail_the_mailbox(
    trial: Trial, fake: Fake, error: Exception, wait: timedelta
) -> None:
    fake.errors["watch "] = error
    trial.go()
    sync = trial.sync()
    assert (sync.problem, sync.failures, sync.held_until) == ("", 0, None)
    assert sync.push_retry_at == NOW + wait
    assert "northwind" not in sync.push_problem
    assert sync.push_problem in trial.said().text
    assert trial.said().retry_at == NOW + wait
    assert trial.pause() == POLL
    fake.errors.clear()
    trial.hands.at += wait
    trial.go()
    assert trial.said() == push.Push(is_on=True)
    assert trial.sync().push_problem == ""


def test_a_folder_that_is_refused_keeps_no_other_from_being_watched(
    trial: Trial, fake: Fake
) -> None:
    fake.watched = ["a", "bad", "z"]
    fake.errors["watch bad"] = Refused("Not this folder.")
    trial.go()
    assert [row.resource for row in trial.rows()] == ["a", "z"]
    assert "Not this folder." in trial.said().text
    assert trial.pause() == POLL  # nobody would tell of that folder


def test_sync_now_does_not_wait_for_the_next_try(trial: Trial, fake: Fake) -> None:
    fake.errors["watch "] = Refused("It cannot reach us.")
    trial.go()
    fake.errors.clear()
    with trial.inside():
        engine.want(trial.pk)
    trial.go()
    assert trial.said().is_on


# --- notices --------------------------------------------------------------------------------------


def test_a_notice_brings_a_round_and_is_used_up(trial: Trial, fake: Fake) -> None:
    fake.tells_early = False
    trial.go(600)
    fake.asked.clear()
    assert trial.wake() == 1
    assert trial.wake() == 0
    trial.go()
    assert fake.asked == ["changes"]
    with trial.inside():
        assert not Wakeup.objects.exists()
    trial.go(TOLD.total_seconds() - 1)
    assert fake.asked == ["changes"]


def test_a_notice_while_we_ask_is_about_something_newer(
    trial: Trial, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.tells_early = False
    trial.go(600)
    fake.asked.clear()
    follow = changes.follow

    def meanwhile(*given: Any, **more: Any) -> None:
        if len(fake.asked) < 2:
            trial.wake()
        follow(*given, **more)

    monkeypatch.setattr(changes, "follow", meanwhile)
    trial.wake()
    trial.go(10)
    assert fake.asked == ["changes"] * 3


def test_crowds_of_notices_make_few_rounds(trial: Trial, fake: Fake) -> None:
    fake.tells_early = False
    trial.go(600)
    fake.asked.clear()
    for _ in range(40):
        trial.wake()
        trial.go(0.25)
    assert 10 <= len(fake.asked) <= 11


def test_notices_one_after_the_other_do_not_keep_the_past_waiting(
    trial: Trial, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "BREATH", timedelta(0))
    trial.go(600)
    fake.asked.clear()
    with trial.inside():
        Backfill.objects.create(mailbox_id=trial.pk, range_name="all")
    follow = changes.follow

    def always(*given: Any, **more: Any) -> None:
        trial.wake()
        trial.hands.advance(1)
        follow(*given, **more)

    monkeypatch.setattr(changes, "follow", always)
    trial.wake()
    engine.advance(trial.member.workspace_id, trial.sync().pk)
    assert fake.asked[:3] == ["changes", "page", "changes"]


def test_an_empty_round_after_a_notice_is_asked_again(trial: Trial, fake: Fake) -> None:
    trial.go(600)
    fake.asked.clear()
    trial.wake()
    trial.go()
    waits = []
    while trial.sync().again is not None:
        due = trial.due()
        assert due
        waits.append((due - trial.hands.at).total_seconds())
        trial.hands.at = due
        trial.go()
    assert waits == [2, 5, 15]
    trial.go(TOLD.total_seconds())
    assert len(fake.asked) == 5  # the poll, which nobody asks again


def test_once_it_has_come_nobody_asks_again(trial: Trial, fake: Fake) -> None:
    trial.go(600)
    fake.asked.clear()
    fake.news = [[], ["gone-1"]]
    trial.wake()
    trial.go(60)
    assert fake.asked == ["changes"] * 2


def test_what_has_come_at_once_is_asked_after_once_more(trial: Trial, fake: Fake) -> None:
    """A second message within the second may go untold."""
    trial.go(600)
    fake.asked.clear()
    fake.news = [["gone-1"]]
    trial.wake()
    trial.go()
    assert fake.asked == ["changes"]
    due = trial.due()
    assert due
    assert (due - trial.hands.at).total_seconds() == 2
    trial.go(60)
    assert fake.asked == ["changes"] * 2


def test_a_poll_alone_is_never_asked_again(trial: Trial, fake: Fake) -> None:
    trial.go(600)
    fake.asked.clear()
    trial.go(TOLD.total_seconds())
    assert fake.asked == ["changes"]


def test_a_lost_nudge_costs_seconds(trial: Trial) -> None:
    """Rows are the truth: the sweep finds a mailbox that was told of."""

    def due() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT workspace_id, sync_id FROM sync_due(%s)", [clock.now()])
            return list(cursor.fetchall())

    trial.go(600)
    assert due() == []
    trial.wake()
    assert due() == [(trial.member.workspace_id, trial.sync().pk)]
    with trial.inside():
        Sync.objects.update(held_until=clock.now() + timedelta(minutes=1))
    assert due() == []
    with trial.inside():
        Sync.objects.update(held_until=None, due_at=None)  # a person's move
    assert due() == []


def test_forgotten_with_the_connection(trial: Trial, fake: Fake) -> None:
    fake.errors["watch "] = Refused("No.")
    fake.watched = ["a", ""]
    trial.go()
    trial.wake()
    with trial.inside():
        subscriptions.forget(trial.pk)
    assert trial.rows() == []
    assert trial.sync().push_problem == ""
    with trial.inside():
        assert not Wakeup.objects.exists()
