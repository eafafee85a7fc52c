"""Rules that need no database: what is taken in, and how a mailbox is."""

from datetime import UTC, datetime, timedelta

import pytest

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    Misconfigured,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.sync import filter as rules
from mailweave.sync import health, trouble
from mailweave.sync.models import Sync

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROLES = {"INBOX": "inbox", "SENT": "sent", "DRAFT": "drafts", "SPAM": "junk", "TRASH": "trash"}
ROLES |= {"CHAT": "chat", "Label_1": ""}
FOLLOWED = frozenset({"inbox", "sent"})


@pytest.mark.parametrize(
    ("folders", "followed", "taken"),
    [
        (["INBOX"], FOLLOWED, True),
        (["SENT", "Label_1"], FOLLOWED, True),
        (["Label_1"], FOLLOWED, False),
        ([], FOLLOWED, False),
        (["Label_1"], frozenset(), True),
        ([], frozenset(), True),
        (["unheard-of"], frozenset(), True),
        (["INBOX", "SPAM"], FOLLOWED, False),
        (["INBOX", "TRASH"], frozenset(), False),
        (["SENT", "DRAFT"], FOLLOWED, False),
        (["CHAT", "INBOX"], frozenset({"chat", "inbox"}), False),
    ],
)
def test_what_is_taken_in(folders: list[str], followed: frozenset[str], taken: bool) -> None:
    assert (rules.judge(folders, ROLES, followed) == "") is taken


def test_how_old() -> None:
    assert rules.judge_age(NOW, None) == rules.judge_age(NOW, NOW) == ""
    assert rules.judge_age(NOW - rules.SKEW - timedelta(seconds=1), NOW)
    assert not rules.judge_age(NOW - rules.SKEW, NOW)  # the provider's clock may be behind ours


def judged(mailbox: Mailbox | None = None, **fields: object) -> health.Name:
    with clock.use(clock.Hands(NOW)):
        return health.judge(mailbox or Mailbox(workspace_id=1), Sync(workspace_id=1, **fields)).name


def test_health() -> None:
    assert health.judge(Mailbox(workspace_id=1), None).name == "never"
    assert judged() == "never"
    assert judged(last_synced_at=NOW - timedelta(hours=25)) == "healthy"
    assert judged(last_synced_at=NOW - timedelta(hours=25, seconds=1)) == "stale"
    assert judged(last_synced_at=NOW, problem="failed") == "error"
    assert judged(Mailbox(workspace_id=1, disconnected_at=NOW), problem="reconnect") == "off"
    assert judged(last_synced_at=NOW, failures=2) == "healthy"
    held = {"last_synced_at": NOW, "held_until": NOW + timedelta(minutes=5)}
    assert judged(**held, held_reason="Gmail asks us to wait.") == "waiting"
    assert judged(**held, held_reason=trouble.TRYING) == "healthy", "we only try again"
    assert judged(**held) == "healthy", "our own pace"
    assert judged(Mailbox(workspace_id=1, kind="gmail"), problem="operator") == "waiting"


def test_the_worst_colours_the_dot() -> None:
    names: list[health.Name] = ["healthy", "off", "error", "never", "stale"]
    worst = health.worst([health.Health(name, name) for name in names])
    assert worst
    assert worst.name == "error"
    calm = health.worst([health.Health("waiting", "x"), health.Health("healthy", "y")])
    assert calm
    assert calm.name == "waiting", "shown, and not in red"
    assert health.worst([]) is None


def noted(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> Sync:
    monkeypatch.setattr(Sync, "save", lambda *_, **__: None)
    row = Sync(workspace_id=1)
    with clock.use(clock.Hands(NOW)):
        for error in errors:
            trouble.note(row, error)
    return row


def test_a_wait_never_outgrows_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    row = noted(monkeypatch, *[Unavailable("away")] * 100)
    assert row.held_until == NOW + timedelta(minutes=30)


def test_what_a_refusal_means(monkeypatch: pytest.MonkeyPatch) -> None:
    row = noted(monkeypatch, RateLimited("slow", NOW + timedelta(minutes=7)))
    assert (row.held_until, row.failures, row.problem) == (NOW + timedelta(minutes=7), 0, "")
    assert row.held_reason not in trouble.OUR_WAITS
    far = noted(monkeypatch, RateLimited("slow", NOW + timedelta(days=400)))
    assert far.held_until == NOW + timedelta(hours=24)
    assert noted(monkeypatch, AuthExpired("gone")).problem == "reconnect"
    assert noted(monkeypatch, ConsentNeeded("box")).problem == "consent"
    operator = noted(monkeypatch, Misconfigured("client"))
    assert (operator.problem, operator.failures) == ("operator", 0)
    assert operator.held_reason in trouble.OUR_WAITS


@pytest.mark.parametrize("error", [Unavailable("x"), Refused("x"), ValueError("secret")])
def test_anything_else_is_tried_thrice(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    seconds = []
    for times in (1, 2, 3, 4, 20):
        row = noted(monkeypatch, *[error] * times)
        assert (row.problem == "failed") is (times >= 3)
        assert row.held_until
        seconds.append((row.held_until - NOW).total_seconds())
        assert "secret" not in row.problem_text
    assert seconds == [30, 60, 120, 240, 1800]
