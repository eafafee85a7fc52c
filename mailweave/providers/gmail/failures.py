"""Gmail's refusals sorted by what to do next, never by the HTTP status alone.

A 403 can mean a spent quota, a missing permission, an administrator's rule or a project that is
not set up (https://developers.google.com/workspace/gmail/api/guides/handle-errors).
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mailweave.kit import clock, http
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    Misconfigured,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.gmail import wire


class Stale(AuthExpired):
    """The access token is not accepted; a fresh one may be."""


class Gone(Refused):
    """There is no such thing in this mailbox."""


class Invalid(Refused):
    """Gmail does not accept a parameter."""


class NotReady(Refused):
    """A precondition failed: often only for seconds, with mail that has just come in."""


class TooBig(Refused):
    """The answer is larger than we read, or Gmail finds what we say too large."""


class Faulty(Unavailable):
    """Gmail, or something in front of it, answered with a fault of its own."""


class Crowded(RateLimited):
    """Too many requests at the same time, however few in all."""


_SLOW = frozenset(
    {
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "dailyLimitExceeded",
        "quotaExceeded",
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
    }
)
_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_DOMAIN = frozenset({"domainPolicy"})
_PROJECT = frozenset({"accessNotConfigured", "SERVICE_DISABLED", "CONSUMER_INVALID"})
_PRECONDITION = frozenset({"failedPrecondition", "FAILED_PRECONDITION"})

_UNTIL = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*Z")
_LONGEST = timedelta(hours=24)
_MINUTE_QUOTA = timedelta(seconds=30)


def failure(status: int, retry_after: str, body: bytes) -> ProviderError:
    """The error for an answer that is not a success."""
    told = wire.told(body)
    if status == 401:
        return Stale("Gmail does not accept the access token.")
    if status == 429 or (told and told.reasons & _SLOW):
        return _limited(retry_after, told or wire.Told("", frozenset()))
    if status == 413:
        return TooBig("Gmail finds this too large.")
    if status >= 500 or told is None:
        return Faulty(f"Gmail answered {status}.")
    return _refused(status, told)


def _refused(status: int, told: wire.Told) -> ProviderError:
    words = http.redact(told.message)
    if told.reasons & _SCOPE:
        return ConsentNeeded("The permission to read mail is missing.")
    if told.reasons & _DOMAIN:
        return ConsentNeeded(f"The organisation's administrators do not allow this: {words}")
    if told.reasons & _PROJECT:
        return Misconfigured(f"The Google Cloud project is not set up for Gmail: {words}")
    if status == 404:
        return Gone(f"Gmail has no such thing: {words}")
    if told.reasons & _PRECONDITION:
        return NotReady(f"Gmail cannot do this: {words}")
    if status == 400:
        return Invalid(f"Gmail does not understand: {words}")
    return Refused(f"Gmail refused ({status}): {words}")


def _limited(retry_after: str, told: wire.Told) -> RateLimited:
    now = clock.now()
    asked = _until(told.message) or _header(retry_after, now)
    if asked is not None:
        retry_at = min(max(asked, now + timedelta(seconds=1)), now + _LONGEST)
        return RateLimited("Gmail asks us to wait.", retry_at)
    if "concurrent" in told.message:
        return Crowded("Too many requests to Gmail at once.", now + timedelta(seconds=2))
    if "dailyLimitExceeded" in told.reasons:
        return RateLimited("Gmail's quota for today is spent.", now + timedelta(hours=1))
    return RateLimited("Gmail's quota for this minute is spent.", now + _MINUTE_QUOTA)


def _until(message: str) -> datetime | None:
    found = _UNTIL.search(message)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _header(value: str, now: datetime) -> datetime | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    if value.isascii() and value.isdigit():
        return now + timedelta(seconds=min(int(value[:9]), _LONGEST.total_seconds()))
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
