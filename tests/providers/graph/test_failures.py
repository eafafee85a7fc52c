"""Refusals are sorted by what to do next, by code and not by status alone."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from mailweave.kit import clock
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    CursorExpired,
    ProviderError,
    RateLimited,
    Refused,
    SendAsDenied,
    Unavailable,
)
from mailweave.providers.graph.failures import (
    NO_MAILBOX,
    Corrupt,
    Crowded,
    Faulty,
    Gone,
    Homeless,
    Invalid,
    Lost,
    Slow,
    Stale,
    TooBig,
    Unexplained,
    failure,
)
from tests.providers.graph.stub import NOW, Inner, refusal


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


def sorted_out(inner: Inner, **headers: str) -> ProviderError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure(inner[0], named, msgspec.json.encode(inner[1]))


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        (refusal(401, "InvalidAuthenticationToken", "Lifetime validation failed."), Stale),
        (refusal(401, "InvalidAuthenticationToken", "Access token is empty."), Stale),
        (refusal(401, "unauthenticated", "IDX14100: JWT is not well formed"), Unexplained),
        (refusal(401, "UnknownError", ""), Unexplained),
        (refusal(403, "ErrorAccessDenied"), ConsentNeeded),
        (refusal(403, "Authorization_RequestDenied"), ConsentNeeded),
        (refusal(403, "ErrorSendAsDenied"), SendAsDenied),
        (refusal(404, "ErrorItemNotFound"), Gone),
        (refusal(404, "ErrorSyncFolderNotFound"), Gone),
        (refusal(404, "itemNotFound"), Gone),
        (refusal(400, "ErrorInvalidIdMalformed"), Invalid),
        (refusal(400, "InefficientFilter"), Invalid),
        (refusal(410, "SyncStateNotFound"), Lost),
        (refusal(410, "whatever"), Lost),
        (refusal(400, "resyncRequired"), Lost),
        (refusal(404, "SyncStateInvalid"), Lost),
        (refusal(409, "syncStateNotFound"), Lost),
        (refusal(400, "BadRequest", "Badly formed token."), Lost),
        (refusal(413, "RequestEntityTooLarge"), TooBig),
        (refusal(500, "ErrorCannotOpenFileAttachment", "OLE conversion failed"), Corrupt),
        (refusal(500, "ErrorCorruptData"), Corrupt),
        (refusal(500, "InternalServerError"), Faulty),
        (refusal(503, "ServiceUnavailable"), Faulty),
        (refusal(504, "UnknownError", ""), Slow),
        (refusal(408, "RequestTimeout"), Slow),
        (refusal(429, "TooManyRequests"), RateLimited),
        (refusal(503, "ApplicationThrottled"), RateLimited),
        (refusal(418, "Teapot"), Refused),
    ],
    ids=str,
)
def test_each_refusal_says_what_to_do(inner: Inner, kind: type[ProviderError]) -> None:
    assert type(sorted_out(inner)) is kind


def test_classes_mean_what_the_engine_knows() -> None:
    assert issubclass(Stale, AuthExpired)
    assert issubclass(Lost, CursorExpired)
    assert issubclass(Slow, Unavailable)
    assert issubclass(Crowded, RateLimited)


@pytest.mark.parametrize("code", ["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"])
def test_a_mailbox_elsewhere_is_refused_in_plain_words(code: str) -> None:
    error = sorted_out(refusal(404, code, "The mailbox is either inactive or on-premise."))
    assert type(error) is Homeless
    assert isinstance(error, Refused)
    assert str(error) == NO_MAILBOX
    assert "cannot be connected" in NO_MAILBOX


@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b"[]", b'{"error":"x"}', b"\xff\xfe"])
@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_what_is_no_answer_of_graph_is_a_fault(status: int, body: bytes) -> None:
    assert type(failure(status, {}, body)) is Faulty


def test_no_token_is_repeated() -> None:
    error = sorted_out(refusal(400, "Bad", "Bearer eyJhbGciOiJub25lIn0.e30.x is bad\x00"))
    assert "eyJ" not in str(error)
    assert "\x00" not in str(error)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("10", 10),
        ("2.128", 2.128),
        ("0", 1),
        ("-5", 1),
        ("", 30),
        ("soon", 30),
        ("nan", 30),
        ("inf", 30),
        ("1e300", 3600),
        ("99999999999999999999", 3600),
        ("Mon, 04 May 2026 12:02:00 GMT", 120),
        ("Mon, 04 May 2026 11:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_a_wait_is_told_and_bounded(retry_after: str, seconds: float) -> None:
    error = sorted_out(refusal(429, "TooManyRequests"), retry_after=retry_after)
    assert isinstance(error, RateLimited)
    assert error.retry_at == NOW + timedelta(seconds=seconds)


def test_a_date_to_wait_for_is_on_their_clock() -> None:
    error = sorted_out(
        refusal(429, "TooManyRequests"),
        retry_after="Mon, 04 May 2026 12:06:00 GMT",
        date="Mon, 04 May 2026 12:05:00 GMT",
    )
    assert isinstance(error, RateLimited)
    assert error.retry_at == NOW + timedelta(minutes=1)


def test_a_crowd_is_told_from_a_spent_quota() -> None:
    crowd = refusal(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit")
    error = sorted_out(crowd)
    assert isinstance(error, Crowded)
    assert error.retry_at == NOW + timedelta(seconds=2)
    assert type(sorted_out(crowd, retry_after="10")) is Crowded
    assert type(sorted_out(crowd, retry_after="10.5")) is RateLimited
