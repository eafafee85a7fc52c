"""Bulk mail must look like real mail, or figures measured on it mean nothing."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from itertools import islice

import pytest

from sandbox import bulk

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOX = "inbox@quillhaven.example"


@pytest.fixture(scope="module")
def heap() -> list[bulk.Delivery]:
    return list(bulk.generate(2_000, mailbox=BOX, now=NOW))


def text(one: bulk.Delivery) -> bytes:
    parts = message_from_bytes(one.raw).walk()
    data = next(p for p in parts if p.get_content_maintype() == "text").get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


def test_has_the_shape_of_real_mail(heap: list[bulk.Delivery]) -> None:
    shape = bulk.shape(heap)
    assert shape.messages == 2_000
    assert shape.size >= 10_000
    assert shape.html >= 0.6
    assert 0.12 <= shape.attachments <= 0.18
    assert 3 <= shape.per_thread <= 4
    assert 4.5 <= shape.addresses <= 5.5
    assert 300 <= shape.correspondents <= 900


def test_prints_its_figures(heap: list[bulk.Delivery]) -> None:
    shown = str(bulk.shape(heap[:50]))
    for word in ("50 messages", "kB", "HTML", "attachments", "per thread", "addresses per message"):
        assert word in shown


def test_is_the_same_for_the_same_seed(heap: list[bulk.Delivery]) -> None:
    again = bulk.generate(2_000, mailbox=BOX, now=NOW)
    assert list(islice(again, 40)) == heap[:40]
    other = bulk.generate(2_000, seed=2, mailbox=BOX, now=NOW)
    assert next(other).raw != heap[0].raw


def test_comes_in_order_of_arrival_and_ends_before_now(heap: list[bulk.Delivery]) -> None:
    moments = [one.received_at for one in heap]
    assert moments == sorted(moments)
    assert NOW - timedelta(days=2) < moments[-1] < NOW


def test_answers_quote_and_refer_to_what_came_before(heap: list[bulk.Delivery]) -> None:
    answer = next(one for one in reversed(heap) if b"In-Reply-To" in one.raw)
    known = f"Message-ID: {message_from_bytes(answer.raw)['In-Reply-To']}".encode()
    before = next(one for one in heap if known in one.raw)
    assert before.received_at < answer.received_at
    assert b" wrote:" in text(answer)


def test_uses_a_vocabulary_of_thousands_of_words(heap: list[bulk.Delivery]) -> None:
    words: set[str] = set()
    for one in heap[:600]:
        words |= set(text(one).decode().split())
    assert len(words) > 5_000


def test_streams_without_making_everything_first() -> None:
    first = next(bulk.generate(10**9, mailbox=BOX, now=NOW))
    assert first.mailbox == BOX
