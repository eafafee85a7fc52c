"""Killing the worker, the web server and the database in the middle of an import loses nothing.

The programs are real, the kills are SIGKILL, and their moments come from a seed that is printed;
MAILWEAVE_TEST_SEED repeats one.
"""

import base64
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from mailweave.config import database
from mailweave.kit.postgres.process import living
from tests.flows.installation import PATIENCE, Installation, press, wait_until
from tests.flows.test_backfill import letter
from tests.flows.world import agree

ADA = "ada@northwind.example"
MANY = 600


class Look:
    """What the database says, asked past all walls; patient while it is down."""

    def __init__(self, data: Path) -> None:
        self.cluster = database.embedded(data)

    def at(self, query: str) -> list[tuple[object, ...]]:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(self.cluster.url(database.NAME)) as connection:
                    return connection.execute(query).fetchall()  # type: ignore[arg-type]
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def number(self, query: str) -> int:
        return int(str(self.at(query)[0][0]))

    def stored(self) -> int:
        return self.number("SELECT count(*) FROM mail_copy WHERE state = 'stored'")

    def state(self) -> str:
        return str(self.at("SELECT state FROM sync_backfill ORDER BY id DESC LIMIT 1")[0][0])

    def kill_database(self) -> None:
        server = living(self.cluster.pgdata)
        assert server
        os.kill(server.pid, signal.SIGKILL)


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mailweave-walk-"))
    made.chmod(0o755)  # the server may run as another user, whom pytest's directories keep out
    yield made
    database.embedded(made / "data").stop()
    shutil.rmtree(made)


@pytest.fixture
def installation(home: Path) -> Iterator[Installation]:
    with Installation(home) as running:
        yield running


def fill(installation: Installation) -> set[str]:
    """A mailbox with many messages; returns their ids."""
    installation.tell_google("mailboxes", address=ADA, name="Ada")
    items = [
        {"raw": base64.b64encode(letter(n)).decode(), "labels": ["INBOX"]} for n in range(MANY)
    ]
    return set(installation.tell_google(f"mailboxes/{ADA}/bulk", messages=items)["ids"])


def connect(installation: Installation, browser: httpx2.Client) -> int:
    """Connect Ada's mailbox the way a person does; returns its id."""
    away = press(browser, "/connect/gmail/", page="/settings/integrations/")
    with httpx2.Client(timeout=30) as theirs:
        back = agree(theirs, away.headers["location"], ADA)
    answer = browser.get("/connect/gmail/callback/", params=back)
    assert answer.status_code == 302, answer.text
    return int(answer.headers["location"].split("/mailboxes/")[1].split("/")[0])


def test_nothing_is_lost_or_doubled_by_kills_at_any_moment(installation: Installation) -> None:
    seed = int(os.environ.get("MAILWEAVE_TEST_SEED") or random.randrange(10**6))
    sys.stderr.write(f"MAILWEAVE_TEST_SEED={seed}\n")
    chance = random.Random(seed)
    look = Look(installation.home / "data")
    expected = fill(installation)
    browser = installation.set_up(ADA)
    mailbox = connect(installation, browser)
    base = f"/settings/integrations/mailboxes/{mailbox}"
    installation.tell_google("settings", latency_ms=600, quota_profile="off", concurrency=0)
    press(browser, f"{base}/range/", range="all", folders="")

    victims = ["worker", "web", "database"]
    chance.shuffle(victims)
    for victim in victims:
        before = look.stored()
        goal = before + chance.randrange(0, (MANY - before) // 4)
        wait_until(lambda goal=goal: look.stored() >= goal, f"{goal} stored")  # type: ignore[misc]
        time.sleep(chance.random())
        sys.stderr.write(f"{look.stored()} stored: killing the {victim}\n")
        if victim == "database":
            look.kill_database()
        else:
            installation.kill(victim)

    # Paused, killed, and still paused, while new mail comes in.
    wait_until(lambda: pressed(browser, f"{base}/import/pause/"), "the pages answer again")
    assert look.state() == "paused"
    time.sleep(0.5)  # the page in hand
    installation.kill("worker")
    sent = {"from": "mara@acme.example", "to": ADA, "subject": "New", "text": "Hello"}
    new = installation.tell_google(f"mailboxes/{ADA}/messages", **sent)["id"]
    pressed(browser, f"{base}/sync/")
    arrived = f"SELECT count(*) FROM mail_copy WHERE remote_id = '{new}' AND state = 'stored'"
    wait_until(lambda: look.number(arrived) == 1, "new mail comes in while the past is paused")
    assert look.state() == "paused"
    assert look.stored() < MANY

    installation.tell_google("settings", latency_ms=0)
    assert pressed(browser, f"{base}/import/resume/")
    wait_until(lambda: look.state() == "done", "the import ends")
    copies = look.at("SELECT remote_id, state, message_id FROM mail_copy")
    assert {row[0] for row in copies} == expected | {new}
    assert {row[1] for row in copies} == {"stored"}
    assert len({row[2] for row in copies}) == len(copies) == MANY + 1
    assert look.number("SELECT count(*) FROM mail_message") == MANY + 1
    assert look.number("SELECT count(*) FROM mail_body") == MANY + 1
    assert look.number("SELECT count(*) FROM mail_searchrow") == MANY + 1
    assert look.number("SELECT listed_count FROM sync_backfill") == MANY
    assert look.at("SELECT problem, failures FROM sync_sync") == [("", 0)]
    browser.close()


def pressed(browser: httpx2.Client, path: str) -> bool:
    """Whether a button's form was taken; False while the server is away."""
    try:
        return press(browser, path, page="/settings/integrations/gmail/").status_code == 302
    except httpx2.HTTPError:
        return False
