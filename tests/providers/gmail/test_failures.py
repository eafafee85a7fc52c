"""Each refusal lands in its class, whatever its status."""

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest

from mailweave.kit import clock
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    Misconfigured,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.gmail import failures
from tests.providers.stub import BROKEN, CROWDED, NOT_FOUND, NOT_READY, NOW, QUOTA, told

SCOPE = told(
    403,
    "Request had insufficient authentication scopes.",
    "insufficientPermissions",
    details=[{"@type": "x", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "metadata": {"a": "b"}}],
)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(lambda: NOW):
        yield


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, told(401, "Invalid Credentials", "authError"), AuthExpired),
        (401, b"", AuthExpired),
        (*QUOTA, RateLimited),
        (403, told(403, "User Rate Limit Exceeded", "userRateLimitExceeded"), RateLimited),
        (403, told(403, "Daily Limit Exceeded", "dailyLimitExceeded"), RateLimited),
        (*CROWDED, failures.Crowded),
        (429, b"<html>", RateLimited),
        (429, told(429, "Resource has been exhausted (e.g. check quota).", "x"), RateLimited),
        (403, SCOPE, ConsentNeeded),
        (403, told(403, "Gmail is disabled by the administrators.", "domainPolicy"), ConsentNeeded),
        (403, told(403, "Gmail API has not been used", "accessNotConfigured"), Misconfigured),
        (403, told(403, "User not authorized", "forbidden"), Refused),
        (403, b"<html>a proxy</html>", Unavailable),
        (*NOT_FOUND, failures.Gone),
        (404, b"<html>Not Found</html>", Unavailable),
        (404, b"{}", Unavailable),
        (*NOT_READY, failures.NotReady),
        (400, told(400, "Invalid id value", "invalidArgument"), failures.Invalid),
        (400, b'{"error":"invalid_request"}', Unavailable),
        (413, b"<html>Too large</html>", failures.TooBig),
        (418, told(418, "A teapot", "teapot"), Refused),
        (*BROKEN, Unavailable),
        (500, b"", Unavailable),
        (302, b"", Unavailable),
        (204, b"", Unavailable),
    ],
)
def test_failures_are_sorted(status: int, body: bytes, kind: type[ProviderError]) -> None:
    special = {failures.Stale, failures.Faulty}
    assert type(failures.failure(status, "", body)) in {kind} | special
    assert isinstance(failures.failure(status, "", body), kind)


@pytest.mark.parametrize(
    ("message", "header", "wait"),
    [
        ("User-rate limit exceeded.  Retry after 2026-05-04T12:10:00.000Z", "", 600),
        ("User-rate limit exceeded.  Retry after 2026-05-04T12:10:00Z", "9", 600),
        ("User-rate limit exceeded.  Retry after 2026-05-04T11:00:00.000Z", "", 1),
        ("User-rate limit exceeded.  Retry after 9999-12-31T23:59:59.999Z", "", 86_400),
        ("User-rate limit exceeded.  Retry after 2026-99-04T12:10:00.000Z", "", 30),
        ("Quota exceeded", "120", 120),
        ("Quota exceeded", "9" * 500, 86_400),
        ("Quota exceeded", "Mon, 04 May 2026 12:00:45 GMT", 45),
        ("Quota exceeded", "soon", 30),
        ("Quota exceeded", "", 30),
        ("Too many concurrent requests for user.", "", 2),
    ],
)
def test_a_limit_says_when(message: str, header: str, wait: int) -> None:
    error = failures.failure(429, header, told(429, message, "rateLimitExceeded"))
    assert isinstance(error, RateLimited)
    assert error.retry_at == NOW + timedelta(seconds=wait)
    assert error.retry_at.tzinfo is UTC


def test_words_are_googles_and_clean() -> None:
    body = told(403, "No\r\nway, Bearer ya29.secret", "forbidden")
    words = str(failures.failure(403, "", body))
    assert "No  way" in words
    assert "ya29" not in words
