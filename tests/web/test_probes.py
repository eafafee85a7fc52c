"""What programs that watch us are told: alive, ready, how syncing goes; and nothing of anybody."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from mailweave.kit import jobs
from mailweave.mail.models import Copy, Mailbox
from mailweave.sync.models import Subscription
from mailweave.web import hooks, probes
from tests.makers import make_member
from tests.web.boxes import Box

TOKEN = "a token for tests"


@pytest.fixture
def token(settings: Any) -> dict[str, str]:
    """The header that opens the metrics."""
    settings.METRICS_TOKEN = TOKEN
    return {"Authorization": f"Bearer {TOKEN}"}


def read(headers: dict[str, str]) -> dict[tuple[str, ...], float]:
    """Every sample: its name and labels, in order, and its value."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(answer.content.decode())
        for one in family.samples
    }


def test_alive_asks_nothing_of_the_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_come_by_any_name_and_without_https(db: None, settings: Any, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200
    assert Client().get("/", headers={"Host": "10.1.2.3:8000"}).status_code == 400


@pytest.mark.parametrize("path", list(probes.PROBES))
def test_probes_only_answer_reading(path: str) -> None:
    assert Client().post(path).status_code == 405
    assert Client(enforce_csrf_checks=True).delete(path).status_code == 405


@pytest.mark.sql
def test_ready_with_a_database_whose_tables_are_ours(db: None) -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "tables": "ok"}


def test_not_ready_before_prepare(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = probes._migrations() | {("mail", "9999_of_tomorrow")}
    monkeypatch.setattr(probes, "_migrations", lambda: ahead)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["tables"] == "behind by 1: run script/manage prepare"


def test_not_ready_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise OperationalError("connection to server at 10.9.8.7 failed for user mailweave")

    monkeypatch.setattr(probes, "_missing_migrations", fail)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False, "database": "does not answer", "tables": "unknown",
    }  # fmt: skip


def test_metrics_are_for_whoever_has_the_token(db: None, settings: Any) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ("", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN):
        answer = Client().get("/metrics", headers={"Authorization": given})
        assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.sql
def test_metrics_of_all_workspaces_and_of_nobody_in_person(db: None, token: dict[str, str]) -> None:
    now = timezone.now()
    well = Box(
        make_member(), sync={"last_synced_at": now - timedelta(minutes=2), "units_spent": 70}
    )
    late = Box(
        make_member(),
        address="late@northwind.example",
        sync={"due_at": now - timedelta(hours=1), "problem": "operator", "last_synced_at": None},
    )
    held = Box(
        make_member(),
        address="held@northwind.example",
        sync={"due_at": now - timedelta(hours=1), "held_until": now + timedelta(minutes=5)},
    )
    with held.inside():
        for number, (state, place) in enumerate(
            [("listed", -1), ("listed", 0), ("listed", 7), ("stuck", 0)]
        ):
            Copy.objects.create(
                mailbox_id=held.pk, remote_id=f"r{number}", state=state, place=place
            )
    seen = read(token)
    name = "mailweave_mailbox_"
    of = {box.address: str(box.pk) for box in (well, late, held)}
    one, two, three = of.values()
    assert seen[f"{name}last_sync_age_seconds", "gmail", one] == pytest.approx(120, abs=30)
    assert (f"{name}last_sync_age_seconds", "gmail", two) not in seen
    assert seen[f"{name}overdue_seconds", "gmail", one] == 0
    assert seen[f"{name}overdue_seconds", "gmail", two] == pytest.approx(3600, abs=60)
    assert seen[f"{name}overdue_seconds", "gmail", three] == 0
    assert seen[f"{name}held_seconds", "gmail", three] == pytest.approx(300, abs=60)
    assert seen[f"{name}problem", "gmail", two, "operator"] == 1
    assert not [key for key in seen if key[0] == f"{name}problem" and key[2] != two]
    assert seen["mailweave_client_refused_mailboxes", "gmail"] == 1
    assert seen["mailweave_client_refused_mailboxes", "outlook"] == 0
    assert seen[f"{name}quota_units_total", "gmail", one] == 70
    states = {key[3]: value for key, value in seen.items() if key[0] == f"{name}messages"
              and key[2] == three}  # fmt: skip
    assert states == {"new": 1, "past": 2, "set_aside": 1}
    whole = Client().get("/metrics", headers=token).content.decode()
    assert "northwind" not in whole
    assert "sam@" not in whole


def test_a_disconnected_mailbox_is_not_measured(db: None, token: dict[str, str]) -> None:
    box = Box(make_member())
    with box.inside():
        Mailbox.objects.update(disconnected_at=timezone.now())
    assert not [key for key in read(token) if key[0].startswith("mailweave_mailbox")]


def test_waiting_jobs_are_counted(db: None, token: dict[str, str]) -> None:
    jobs.nudge("sync.advance", workspace_id=1, sync_id=1)
    jobs.nudge("sync.advance", workspace_id=1, sync_id=2)
    assert read(token)["mailweave_jobs", "todo", "sync.advance"] == 2


def test_subscriptions_that_stand_and_how_long(db: None, token: dict[str, str]) -> None:
    now = timezone.now()
    told, refused = Box(make_member()), Box(make_member(), sync={"push_problem": "It may not."})
    with told.inside():
        for resource, left in (("a", timedelta(days=6)), ("b", timedelta(days=1))):
            Subscription.objects.create(
                mailbox_id=told.pk,
                resource=resource,
                address="sam@northwind.example",
                made_for="x",
                made_at=now - timedelta(days=7) + left,
                renew_at=now,
                expires_at=now + left,
            )
    hooks.COUNTED.labels("outlook", "forged").inc()
    seen = read(token)
    one, two = str(told.pk), str(refused.pk)
    assert seen["mailweave_push_subscriptions", "gmail", one] == 2
    assert seen["mailweave_push_subscriptions", "gmail", two] == 0
    assert seen["mailweave_push_life_left_ratio", "gmail", one] == pytest.approx(1 / 7, abs=0.01)
    assert seen["mailweave_push_expires_seconds", "gmail", one] == pytest.approx(86400, abs=60)
    assert ("mailweave_push_expires_seconds", "gmail", two) not in seen
    assert seen["mailweave_push_problem", "gmail", two] == 1
    assert ("mailweave_push_problem", "gmail", one) not in seen
    assert seen["mailweave_notices_total", "outlook", "forged"] >= 1
