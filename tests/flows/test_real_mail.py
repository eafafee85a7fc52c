"""Real mail, and mail made to break readers, through everything: all accounted for."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.mail.models import Body, Copy, Message, Participant, SearchRow, Thread
from sandbox import bombs, loading
from tests.flows.checks import derived
from tests.flows.test_backfill import ADA
from tests.flows.world import World

SAMPLES = Path(__file__).parent.parent / "samples"
SIZES = {"headers": 2_000_000, "long_header": 2_000_000, "content_type": 1_000_000}
SIZE = 5_000
"""Bombs are made smaller where the sandbox itself would be slow to take them."""


@pytest.fixture(autouse=True)
def open_doors(world: World, settings: Any) -> None:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")


def bring(world: World, mail: Iterable[bytes]) -> dict[str, int]:
    """Everything through provider and engine; how many ended in each state, all accounted for."""
    delivered = world.sandbox.deliver_many(ADA, [(raw, ("INBOX",), None) for raw in mail])
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    states = world.states(mailbox)
    assert sum(states.values()) == len(delivered)
    assert states.keys() <= {"stored", "skipped", "stuck", "gone"}
    with scope.workspace(world.member.workspace_id):
        known = set(Copy.objects.values_list("remote_id", flat=True))
        assert known == set(delivered)
        left_out = Copy.objects.exclude(state="stored")
        assert all(left_out.values_list("reason", flat=True))
        findable()
        derived()
    return states


def findable() -> None:
    """Every message has its body, its row to be found by, and whoever wrote it."""
    messages = set(Message.objects.values_list("pk", flat=True))
    assert set(Body.objects.values_list("message_id", flat=True)) == messages
    assert set(SearchRow.objects.values_list("message_id", flat=True)) == messages
    wrote = set(Participant.objects.filter(role=1).values_list("message_id", flat=True))
    assert wrote <= messages
    assert set(Copy.objects.filter(state="stored").values_list("message_id", flat=True)) == messages


def test_the_sample(world: World) -> None:
    states = bring(world, loading.read(SAMPLES / "sample.mbox"))
    assert states.keys() == {"stored"}


def test_hostile_mail(world: World) -> None:
    files = sorted((SAMPLES / "hostile").glob("*.eml"))
    assert len(files) > 30
    states = bring(world, [one.read_bytes() for one in files])
    assert states == {"stored": len(files)}


def test_bombs(world: World) -> None:
    made = [bomb(SIZES.get(name, SIZE)) for name, bomb in bombs.ALL.items()]
    states = bring(world, made)
    assert states.get("stored", 0) > len(made) / 2


def test_mail_from_outside(world: World, real_mail: Path, capsys: Any) -> None:
    """With ``script/test --mail PATH``: says what became of all of it."""
    states = bring(world, loading.read(real_mail))
    with scope.workspace(world.member.workspace_id):
        found = {"messages": Message.objects.count(), "threads": Thread.objects.count()}
        reasons = Counter(Copy.objects.exclude(reason="").values_list("reason", flat=True))
    with capsys.disabled():
        sys.stdout.write(f"\n{real_mail.name}: {states}, {found}, {dict(reasons)}\n")
    assert states.get("stored")
