"""One of Gmail's messages in neutral shape."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Fetched
from mailweave.providers.gmail import payload, wire
from mailweave.providers.gmail.message import fetched, state
from tests.providers.stub import NOW, message, sealed


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(lambda: NOW):
        yield


def read(**changes: Any) -> Fetched:
    return fetched(msgspec.convert(message("a1", **changes), wire.Message), lambda _: None)


def test_the_plain_case() -> None:
    got = read()
    assert (got.remote_id, got.remote_thread_id, got.preview, got.size) == (
        "a1",
        "a1",
        "Hello",
        512,
    )
    assert got.headers == (("Subject", "About a1"),)
    assert (got.text, got.html, got.truncated) == ("Hello", None, False)
    assert (got.folder_ids, got.seen, got.flagged) == (("INBOX", "UNREAD"), False, False)
    assert got.received_at == datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_labels_that_are_absent_mean_read_and_archived() -> None:
    got = fetched(wire.Message("a1", payload=wire.Part()), lambda _: None)
    assert (got.folder_ids, got.seen, got.flagged) == ((), True, False)
    assert got.remote_thread_id == "a1"


def test_a_star_is_a_flag() -> None:
    assert read(labelIds=["STARRED"]).flagged
    told = state(wire.Named("a1", "t1", ["STARRED", "UNREAD"]))
    assert (told.flagged, told.seen, told.remote_thread_id) == (True, False, "t1")


def with_date(value: str) -> dict[str, Any]:
    return {"mimeType": "text/plain", "headers": [{"name": "DATE", "value": value}]}


@pytest.mark.parametrize(
    ("internal", "header", "at"),
    [
        ("0", "", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1777896000123", "", datetime(2026, 5, 4, 12, 0, 0, 123000, tzinfo=UTC)),
        ("", "Mon, 04 May 2026 14:00:00 +0200", datetime(2026, 5, 4, 12, tzinfo=UTC)),
        ("x", "Mon, 04 May 2026 12:00:00 -0000", datetime(2026, 5, 4, 12, tzinfo=UTC)),
        ("9" * 30, "Mon, 04 May 2026 12:00:00 +1700", datetime(2026, 5, 3, 19, tzinfo=UTC)),
        ("", "Mon, 04 May 2026 12:00:00 +9900", NOW),
        ("", "Fri, 31 Dec 9999 23:59:59 -1200", NOW),
        ("", "yesterday", NOW),
        ("", "", NOW),
    ],
)
def test_the_moment_of_arrival(internal: str, header: str, at: datetime) -> None:
    assert read(internalDate=internal, payload=with_date(header)).received_at == at


def test_texts_that_follow_each_other_are_joined_and_capped() -> None:
    texts = [{"mimeType": "text/plain", "body": {"data": sealed(t)}} for t in ("one", "two")]
    tree: dict[str, Any] = {"mimeType": "multipart/mixed", "parts": texts}
    assert read(payload=tree).text == "one\ntwo"
    big = {"mimeType": "text/plain", "body": {"data": sealed("x" * payload.TEXT)}}
    got = read(payload={"mimeType": "multipart/mixed", "parts": [big, big]})
    assert got.text is not None
    assert (len(got.text), got.truncated) == (payload.TEXT, True)


def test_no_content_is_unfit() -> None:
    with pytest.raises(payload.Unfit):
        read(payload=None)
