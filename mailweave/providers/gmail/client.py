"""Gmail over HTTP: every call is booked before it is made, every refusal sorted.

A client belongs to one mailbox and is used by one thread at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from mailweave.kit import clock, http
from mailweave.providers.base import Budget, Endpoints
from mailweave.providers.errors import (
    AuthExpired,
    InDoubt,
    Misconfigured,
    ProviderError,
    Refused,
    Unavailable,
)
from mailweave.providers.gmail import multipart, wire
from mailweave.providers.gmail.calls import Call, total
from mailweave.providers.gmail.failures import Crowded, Faulty, NotReady, Stale, TooBig, failure

T = TypeVar("T")

_PATIENCE = (0.5, 1.0, 2.0)
"""Seconds to wait before each new try when a precondition failed."""

_DONE = frozenset({200, 204})

Outcome = bytes | ProviderError


class Client:
    """Asks, and pays for it from ``budget``."""

    def __init__(
        self,
        web: httpx2.Client,
        endpoints: Endpoints,
        access_token: Callable[[], str],
        refresh: Callable[[str], str],
        budget: Budget,
    ) -> None:
        self.budget = budget
        self.batch_size = multipart.LIMIT
        """Calls to put in one request; smaller once Gmail finds that too many at once."""
        self._web = web
        self._userinfo = endpoints.userinfo
        self._root = endpoints.api.rstrip("/")
        self._mailbox = urlsplit(self._root).path + "/gmail/v1/users/me/"
        self._access_token = access_token
        self._refresh = refresh
        self._stale = self._fresh = ""

    def ask(self, call: Call, decoder: msgspec.json.Decoder[T]) -> T:
        """Make one call and read its answer; a failed precondition is tried again for a while."""
        for seconds in _PATIENCE:
            try:
                return _read(decoder, self.get(call))
            except NotReady:
                clock.sleep(seconds)
        return _read(decoder, self.get(call))

    def ask_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Make several calls in one request; what one refuses is its own outcome.

        Raises for what concerns all of them: the grant, the network, the quota.
        """
        if len(calls) == 1:
            return [self._alone(calls[0])]
        outcomes = self._together(calls)
        stale = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Stale)]
        if stale:
            self._replace(self._token())
            again = self._together([calls[n] for n in stale])
            for n, outcome in zip(stale, again, strict=True):
                outcomes[n] = outcome
        return outcomes

    def stream(self, call: Call, *, cap: int) -> Iterator[bytes]:
        """Make one call and give its answer as it comes."""
        self._book(call.units)
        with _translated():
            response = self._open(self._request("GET", self._url(call)))
            try:
                yield from http.chunks(response, cap=cap)
            finally:
                response.close()

    def person(self) -> wire.Person:
        """Who granted access, by OpenID Connect; costs nothing."""
        return _read(wire.PERSON, self._send("GET", self._userinfo).body)

    def get(self, call: Call) -> bytes:
        """Make one call once; its answer may be empty."""
        self._book(call.units)
        return self._send(call.method, self._url(call), call.body, call.content_type).body

    def commit(self, call: Call) -> bytes:
        """Make one call that may not be made twice, once.

        Raises InDoubt where nobody knows whether it was carried out; any other error says that it
        was not.
        """
        self._book(call.units)
        token = self._token()
        for last in (False, True):
            answer = self._commit(call, token)
            if answer.status == 200:
                return answer.body
            error = failure(answer.status, answer.headers.get("retry-after", ""), answer.body)
            if not isinstance(error, Stale):
                break
            if last:
                raise AuthExpired("Gmail accepts no token of this grant: reconnect.")
            token = self._replace(token)
        if isinstance(error, Unavailable) or answer.status < 400:
            raise InDoubt(f"Gmail answered {answer.status}.")
        raise error

    def _commit(self, call: Call, token: str) -> http.Answer:
        request = self._request(call.method, self._url(call), call.body, call.content_type)
        request.headers["Authorization"] = f"Bearer {token}"
        with _translated():
            try:
                return http.send(self._web, request, cap=http.MEGABYTE)
            except (http.Unreachable, http.Garbled, http.Oversized) as error:
                if isinstance(error, http.Unreachable) and not error.asked:
                    raise
                raise InDoubt(f"Gmail did not say what became of it: {error}.") from None

    def _alone(self, call: Call) -> Outcome:
        try:
            return self.get(call)
        except (Refused, Crowded, Faulty) as error:
            return error

    def _together(self, calls: Sequence[Call]) -> list[Outcome]:
        self._book(total(calls))
        inner = [(call.method, self._mailbox + call.path, call.body) for call in calls]
        body = multipart.compose(inner)
        url = f"{self._root}/batch/gmail/v1"
        answer = self._send("POST", url, body, multipart.CONTENT_TYPE)
        silent = Unavailable("Gmail left a call of a batch unanswered.")
        outcomes: list[Outcome] = [silent] * len(calls)
        try:
            for part in multipart.parse(answer.headers.get("content-type", ""), answer.body):
                if part.number < len(calls) and outcomes[part.number] is silent:
                    outcomes[part.number] = _outcome(part)
        except multipart.Malformed:
            raise Unavailable("Gmail answered a batch with something else.") from None
        return outcomes

    def _send(
        self, method: str, url: str, body: bytes | None = None, kind: str = multipart.CONTENT_TYPE
    ) -> http.Answer:
        with _translated():
            response = self._open(self._request(method, url, body, kind))
            try:
                data = b"".join(http.chunks(response))
            finally:
                response.close()
        return http.Answer(response.status_code, response.headers, data)

    def _open(self, request: httpx2.Request) -> httpx2.Response:
        """A response that is a success; a token that is not accepted is replaced once."""
        token = self._token()
        for last in (False, True):
            request.headers["Authorization"] = f"Bearer {token}"
            response = http.open_stream(self._web, request)
            if response.status_code in _DONE:
                return response
            error = _failed(response)
            if last and isinstance(error, Stale):
                raise AuthExpired("Gmail accepts no token of this grant: reconnect.")
            if not isinstance(error, Stale):
                raise error
            token = self._replace(token)
        raise AssertionError

    def _token(self) -> str:
        token = self._access_token()
        return self._fresh if token == self._stale else token

    def _replace(self, stale: str) -> str:
        self._stale, self._fresh = stale, self._refresh(stale)
        return self._fresh

    def _request(
        self, method: str, url: str, body: bytes | None = None, kind: str = ""
    ) -> httpx2.Request:
        headers = {"Content-Type": kind} if body is not None else {}
        return self._web.build_request(method, url, content=body, headers=headers)

    def _url(self, call: Call) -> str:
        upload = "/upload" if call.upload else ""
        return f"{self._root}{upload}/gmail/v1/users/me/{call.path}"

    def _book(self, units: int) -> None:
        self.budget.charge(units, clock.now())


def _failed(response: httpx2.Response) -> ProviderError:
    try:
        body = b"".join(http.chunks(response, cap=http.MEGABYTE))
    except (http.Oversized, http.Garbled):
        body = b""
    finally:
        response.close()
    return failure(response.status_code, response.headers.get("retry-after", ""), body)


def _outcome(part: multipart.Part) -> Outcome:
    if part.status in _DONE:
        return part.body
    return failure(part.status, part.retry_after, part.body)


def _read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return wire.read(decoder, body)
    except wire.Unreadable as error:
        raise Unavailable(f"Gmail's answer cannot be read: {http.redact(str(error))}.") from None


@contextmanager
def _translated() -> Iterator[None]:
    """What goes wrong on the way, in the provider's classes."""
    try:
        yield
    except http.Oversized as error:
        raise TooBig(f"Gmail's answer cannot be taken: {error}.") from None
    except http.Insecure as error:
        raise Misconfigured(f"Gmail's address may not be used: {error}.") from None
    except (http.Unreachable, http.Garbled) as error:
        raise Unavailable(f"Gmail cannot be reached: {error}.") from None
