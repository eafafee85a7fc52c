"""Microsoft Graph's refusals sorted by what to do next, by their code rather than their status.

https://learn.microsoft.com/en-us/graph/errors and, for throttling,
https://learn.microsoft.com/en-us/graph/throttling. Codes are compared without case.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from mailweave.kit import clock, http
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
from mailweave.providers.graph import wire


class Stale(AuthExpired):
    """The access token is not accepted; a fresh one may be."""


class Unexplained(Stale):
    """A 401 that does not speak of the token: with a fresh one it is a fault of Microsoft's."""


class Gone(Refused):
    """There is no such thing in this mailbox."""


class Nobody(Gone):
    """There is nobody of that address."""


class Homeless(Refused):
    """There is somebody of that address, and no mailbox that Microsoft 365 can open."""


class Invalid(Refused):
    """Graph does not accept a parameter."""


class Taken(Refused):
    """There is one already."""


class TooBig(Refused):
    """The answer is larger than we read."""


class Corrupt(Refused):
    """Exchange itself cannot open what was asked for."""


class Lost(CursorExpired):
    """The position inside a folder's changes is known no longer."""


class Faulty(Unavailable):
    """Graph, or something in front of it, answered with a fault of its own."""


class Slow(Faulty):
    """Graph took too long: less at once may work."""


class Crowded(RateLimited):
    """Too many requests at the same time, however few in all."""


_LOST = frozenset(
    {"syncstatenotfound", "syncstateinvalid", "resyncrequired", "syncstatenotfoundexception"}
)
_DENIED = frozenset({"erroraccessdenied", "accessdenied", "authorization_requestdenied"})
_TOKEN = frozenset({"invalidauthenticationtoken", "tokenexpired", "compacttokeninvalid"})
_NO_MAILBOX = frozenset(
    {"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox"}
)
_NOBODY = frozenset({"errorinvaliduser"})
_CORRUPT = frozenset({"errorcannotopenfileattachment", "errorcorruptdata"})
_GONE = frozenset(
    {"erroritemnotfound", "errorsyncfoldernotfound", "errorfoldernotfound", "itemnotfound"}
)

NO_MAILBOX = (
    "This account has no mailbox that Microsoft 365 can open: it lies on an Exchange server of the "
    "organisation's own, has no licence, or is not set up yet. Such mailboxes cannot be connected."
)
_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(hours=1)
_UNSAID = timedelta(seconds=30)
_CROWD = timedelta(seconds=2)
_LONGEST_CROWD = timedelta(seconds=10)
"""A crowd that lasts longer is not waited out but left alone."""


def failure(status: int, headers: Mapping[str, str], body: bytes | msgspec.Raw) -> ProviderError:
    """The error for an answer that is not a success. ``headers`` have lower-case names."""
    told = wire.told(body)
    if status == 401:
        return _unauthorised(told)
    if status == 429 or (told and told.code == "applicationthrottled"):
        return _limited(headers, told.message if told else "")
    if told and told.code in _CORRUPT:
        return Corrupt(f"Exchange cannot open this: {http.redact(told.message)}")
    if status in {408, 504}:
        return Slow(f"Microsoft Graph answered {status}.")
    if told and (status == 410 or told.code in _LOST or "badly formed token" in _low(told)):
        return Lost("Microsoft no longer knows what happened since then.")
    if status >= 500 or told is None:
        return Faulty(f"Microsoft Graph answered {status}.")
    return _refused(status, told)


def _unauthorised(told: wire.Told | None) -> Stale:
    if told and (told.code in _TOKEN or "token" in _low(told)):
        return Stale("Microsoft Graph does not accept the access token.")
    return Unexplained("Microsoft Graph turned us away without saying why.")


def _refused(status: int, told: wire.Told) -> ProviderError:
    words = http.redact(told.message)
    if told.code in _NO_MAILBOX:
        return Homeless(NO_MAILBOX)
    if told.code == "errorsendasdenied":
        return SendAsDenied(f"Microsoft refused: {words}")
    if status == 403 and told.code in _DENIED:
        return ConsentNeeded("The permission to read this mailbox is missing.")
    if told.code in _NOBODY:
        return Nobody(f"Microsoft knows nobody of that address: {words}")
    if status == 404 or told.code in _GONE:
        return Gone(f"Microsoft has no such thing: {words}")
    if status == 409:
        return Taken(f"Microsoft Graph has this already: {words}")
    if status == 413:
        return TooBig(f"Microsoft Graph finds this too large: {words}")
    if status == 400:
        return Invalid(f"Microsoft Graph does not understand: {words}")
    return Refused(f"Microsoft Graph refused ({status}): {words}")


def _low(told: wire.Told) -> str:
    return told.message.lower()


def _limited(headers: Mapping[str, str], message: str) -> RateLimited:
    now = clock.now()
    asked = _asked(headers.get("retry-after", ""), headers.get("date", ""), now)
    if "concurren" in message.lower() and (asked is None or asked <= now + _LONGEST_CROWD):
        return Crowded("Too many requests to Microsoft at once.", asked or now + _CROWD)
    return RateLimited("Microsoft asks us to wait.", asked or now + _UNSAID)


def _asked(retry_after: str, date: str, now: datetime) -> datetime | None:
    """RFC 9110, 10.2.3: seconds, here also with a fraction, or a date on the server's clock."""
    wait = _seconds(retry_after)
    if wait is None:
        until = _moment(retry_after)
        if until is None:
            return None
        wait = until - (_moment(date) or now)
    return now + min(max(wait, _SHORTEST), _LONGEST)


def _seconds(value: str) -> timedelta | None:
    try:
        number = float(value[:32])
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return timedelta(seconds=min(max(number, 0.0), _LONGEST.total_seconds()))


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
