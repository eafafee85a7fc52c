"""Microsoft Graph over HTTP: every call is booked before it is made, every refusal sorted.

A client belongs to one mailbox and is used by one thread at a time; only :meth:`Client.attempt`
may be called by several.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
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
    Unavailable,
)
from mailweave.providers.graph import batch, wire
from mailweave.providers.graph.calls import IMMUTABLE, VERSION, Call
from mailweave.providers.graph.failures import (
    Crowded,
    Faulty,
    Slow,
    Stale,
    TooBig,
    Unexplained,
    failure,
)

T = TypeVar("T")

SHARD = 50
"""Whole messages on one page: a few hundred kilobytes. A page that is too much is halved."""

PATIENCE = (0.5, 1.0)
"""Seconds to wait before each new try after a passing failure."""

_DONE = frozenset({200, 201, 204})
_UPLOADS = frozenset({"outlook.office.com", "outlook.office365.com"})

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
        self.shard = SHARD
        """Messages to ask for with one call; fewer once Graph finds that too many."""
        self.attached = True
        """Whether a page of messages may tell what is attached to them."""
        self.content_ids = True
        """Whether Graph tells the Content-IDs of attachments in a list."""
        self._web = web
        self._root = endpoints.api.rstrip("/")
        self._access_token = access_token
        self._refresh = refresh
        self._stale = self._fresh = ""

    def ask(self, call: Call, decoder: msgspec.json.Decoder[T]) -> T:
        """Make one call and read its answer; what passes is waited out for a little."""
        return self.read(decoder, self.get(call))

    def get(self, call: Call) -> bytes:
        """Make one call; what passes is waited out for a little."""
        for seconds in PATIENCE:
            try:
                return self.settled(self.once(call))
            except (Faulty, Crowded) as error:
                clock.sleep(pause(error, seconds))
        return self.settled(self.once(call))

    def ask_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Make several calls in as few requests as possible; each has its own outcome.

        Raises for what concerns all of them: the grant, the network, the quota.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(calls), batch.LIMIT):
            outcomes += self._together(calls[start : start + batch.LIMIT])
        return outcomes

    def stream(self, call: Call) -> Iterator[bytes]:
        """Make one call and give its answer as it comes."""
        token = self.token()
        for last in (False, True):
            self.book(1)
            with _translated():
                response = self._open(call, token)
                if response.status_code == 200:
                    try:
                        yield from http.chunks(response, cap=call.cap)
                    finally:
                        response.close()
                    return
                error = _failed(response)
            if last or not isinstance(error, Stale):
                self.settled(error)  # raises it
            token = self.replace(token)

    def there(self, path: str) -> str:
        """The path of a call as it is sent: where ``/me`` may come to mean another mailbox."""
        return path

    def settle(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """What these outcomes come to in the end."""
        return [final(one) if isinstance(one, ProviderError) else one for one in outcomes]

    def settled(self, outcome: Outcome) -> bytes:
        """What came, or what went wrong in the end, raised."""
        (end,) = self.settle([outcome])
        if isinstance(end, ProviderError):
            raise end
        return end

    def attempt(self, call: Call, token: str) -> Outcome:
        """One request, neither booked nor repeated; whatever goes wrong is the outcome."""
        try:
            with _translated():
                response = self._open(call, token)
                if response.status_code not in _DONE:
                    return _failed(response)
                try:
                    return b"".join(http.chunks(response, cap=call.cap))
                finally:
                    response.close()
        except ProviderError as error:
            return error

    def commit(self, call: Call) -> None:
        """Make one call that may not be made twice, once; 202 is its only good answer.

        Raises InDoubt where nobody knows whether it was carried out; any other error says that it
        was not.
        """
        token = self.token()
        for _ in range(2):
            self.book(1)
            request = self._request(call.method, self.there(call.path), token, call.body)
            answer = _answer(self._web, request)
            if answer.status == 202:
                return
            error = failure(answer.status, answer.headers, answer.body)
            if not isinstance(error, Stale):
                break
            token = self.replace(token)
        if isinstance(error, Unavailable) or answer.status < 400:
            raise InDoubt(f"Microsoft Graph answered {answer.status}.")
        self.settled(error)

    def upload(self, url: str, piece: bytes | None, said: str) -> bytes:
        """Send a piece to an address Graph gave for it, without a token, or ask how far it got."""
        if not _takes_pieces(url):
            url = self._root + self.link(url)
        with _translated():
            headers = {"Content-Range": said} if piece is not None else {}
            method = "GET" if piece is None else "PUT"
            request = self._web.build_request(method, url, content=piece, headers=headers)
            answer = http.send(self._web, request, cap=http.MEGABYTE)
        if answer.status not in _DONE:
            raise final(failure(answer.status, answer.headers, answer.body))
        return answer.body

    def link(self, url: str) -> str:
        """The path of a link Graph gave; raises Unavailable if it leads to another address.

        What is kept begins with a slash and goes behind our own address word for word.
        """
        try:
            theirs, ours = urlsplit(url), urlsplit(self._root)
            same = (theirs.scheme, theirs.hostname, theirs.port or _port(theirs.scheme)) == (
                ours.scheme, ours.hostname, ours.port or _port(ours.scheme),
            )  # fmt: skip
        except ValueError:
            same = False
        if not same or not theirs.path.startswith(f"{ours.path}/"):
            raise Unavailable("Microsoft Graph's answer leads on to another address: not followed.")
        return url[url.index("/", url.index("//") + 2) + len(ours.path) :]

    def read(self, decoder: msgspec.json.Decoder[T], body: bytes) -> T:
        """An answer as ``decoder`` reads it; raises Unavailable if it cannot."""
        try:
            return wire.read(decoder, body)
        except wire.Unreadable as error:
            raise unusable(error) from None

    def read_page(
        self, decoder: msgspec.json.Decoder[wire.Page[T]], body: bytes
    ) -> tuple[wire.Page[T], list[wire.Odd]]:
        """A page, and its entries nobody can read; raises Unavailable if it is no page."""
        try:
            return wire.read_page(decoder, body)
        except wire.Unreadable as error:
            raise unusable(error) from None

    def token(self) -> str:
        """An access token to use now."""
        token = self._access_token()
        return self._fresh if token == self._stale else token

    def replace(self, stale: str) -> str:
        """A better token than ``stale``; only one is fetched however many calls it failed."""
        if self.token() == stale:
            self._stale, self._fresh = stale, self._refresh(stale)
        return self.token()

    def book(self, units: int) -> None:
        """Take ``units`` from the budget."""
        self.budget.charge(units, clock.now())

    def once(self, call: Call) -> Outcome:
        """One request, booked, with a better token if that is what it takes."""
        token = self.token()
        self.book(1)
        outcome = self.attempt(call, token)
        if isinstance(outcome, Stale):
            token = self.replace(token)
            self.book(1)
            outcome = self.attempt(call, token)
        return outcome

    def _together(self, calls: Sequence[Call]) -> list[Outcome]:
        outcomes: list[Outcome] = [Unavailable("")] * len(calls)
        waiting = list(range(len(calls)))
        for seconds in (*PATIENCE, None):
            replies = self._batch([calls[n] for n in waiting])
            for n, reply in zip(waiting, replies, strict=True):
                outcomes[n] = reply
            waiting = [n for n in waiting if isinstance(outcomes[n], Faulty | Crowded)]
            if not waiting or seconds is None:
                break
            clock.sleep(max(pause(outcomes[n], seconds) for n in waiting))
        return self.settle(outcomes)

    def _batch(self, calls: Sequence[Call]) -> list[Outcome]:
        """One request for all; a token that is not accepted is replaced once."""
        token = self.token()
        outcomes = self._post(calls, token)
        stale = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Stale)]
        if stale:
            again = self._post([calls[n] for n in stale], self.replace(token))
            for n, outcome in zip(stale, again, strict=True):
                outcomes[n] = outcome
        return outcomes

    def _post(self, calls: Sequence[Call], token: str) -> list[Outcome]:
        self.book(len(calls))
        body = batch.compose([replace(call, path=self.there(call.path)) for call in calls])
        request = self._request("POST", f"{VERSION}/$batch", token, body)
        with _translated():
            response = http.open_stream(self._web, request)
            if response.status_code != 200:
                error = _failed(response)
                if isinstance(error, Stale | Faulty | Crowded):
                    return [error] * len(calls)
                raise error
            try:
                answer = b"".join(http.chunks(response))
            finally:
                response.close()
        try:
            return batch.parse(answer, len(calls))
        except wire.Unreadable as error:
            return [unusable(error)] * len(calls)

    def _open(self, call: Call, token: str) -> httpx2.Response:
        return http.open_stream(
            self._web,
            self._request(
                call.method, self.there(call.path), token, call.body, call.prefer, call.content_type
            ),
        )

    def _request(
        self,
        method: str,
        path: str,
        token: str,
        body: bytes | None,
        prefer: str = IMMUTABLE,
        kind: str = "application/json",
    ) -> httpx2.Request:
        headers = {"Authorization": f"Bearer {token}", "Prefer": prefer}
        if body is not None:
            headers["Content-Type"] = kind
        with _translated():
            return self._web.build_request(method, self._root + path, content=body, headers=headers)


def _answer(web: httpx2.Client, request: httpx2.Request) -> http.Answer:
    """What a call that may not be made twice is answered."""
    with _translated():
        try:
            return http.send(web, request, cap=http.MEGABYTE)
        except (http.Unreachable, http.Garbled, http.Oversized) as error:
            if isinstance(error, http.Unreachable) and not error.asked:
                raise
            raise InDoubt(f"Microsoft did not say what became of it: {error}.") from None


def _takes_pieces(url: str) -> bool:
    """Whether Microsoft takes large files at this address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc.lower() in _UPLOADS


def pause(error: Outcome, seconds: float) -> float:
    """How long to wait before trying again; a crowd may ask for longer."""
    if isinstance(error, Crowded):
        return max(seconds, (error.retry_at - clock.now()).total_seconds())
    return seconds


def final(error: ProviderError) -> ProviderError:
    """What it means that a fresh token was not accepted either."""
    if isinstance(error, Unexplained):
        return Unavailable(str(error))
    if isinstance(error, Stale):
        return AuthExpired("Microsoft accepts no token of this grant: reconnect.")
    return error


def unusable(error: wire.Unreadable) -> Faulty:
    """A success that says nothing."""
    return Faulty(f"Microsoft Graph's answer cannot be read: {http.redact(str(error))}.")


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _failed(response: httpx2.Response) -> ProviderError:
    try:
        body = b"".join(http.chunks(response, cap=http.MEGABYTE))
    except (http.Oversized, http.Garbled):
        body = b""
    finally:
        response.close()
    return failure(response.status_code, response.headers, body)


@contextmanager
def _translated() -> Iterator[None]:
    """What goes wrong on the way, in the provider's classes."""
    try:
        yield
    except http.Oversized as error:
        raise TooBig(f"Microsoft Graph's answer cannot be taken: {error}.") from None
    except http.Insecure as error:
        raise Misconfigured(f"Microsoft Graph's address may not be used: {error}.") from None
    except http.TimedOut as error:
        raise Slow(f"Microsoft Graph cannot be reached: {error}.") from None
    except (http.Unreachable, http.Garbled, httpx2.InvalidURL) as error:
        raise Unavailable(f"Microsoft Graph cannot be reached: {error}.") from None
