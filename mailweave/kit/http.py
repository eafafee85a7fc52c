"""The way out: one factory for HTTP clients, and answers read under a cap.

Promises to whoever calls: nothing is asked over plain HTTP except on this machine or where the
operator said so; no proxy from the environment sees mail; redirects are not followed and cookies
not kept; a compressed answer cannot fill the memory; a failure's text never holds a secret.
"""

import ipaddress
import logging
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from ssl import SSLContext, TLSVersion

import httpx2

from mailweave.kit import clock

MEGABYTE = 1024 * 1024
CAP = 64 * MEGABYTE
"""How many decoded bytes of an answer are read unless a caller says otherwise."""


def _version() -> str:
    try:
        return version("mailweave")
    except PackageNotFoundError:
        return "0"


PATIENCE = timedelta(minutes=5)
"""How long a body may take in all; a single silence is bounded by the client's timeout."""

USER_AGENT = f"Mailweave/{_version()} (gzip)"
"""Google compresses only for a client whose name says gzip."""

_PIECE = 256 * 1024

# Both write addresses or headers at levels operators do switch on.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Unreachable(Exception):
    """No answer came, or it broke off."""

    asked = True
    """Whether the request may have arrived; not when no connection came about."""


class TimedOut(Unreachable):
    """The answer took too long, or never ended."""


class Oversized(Exception):
    """The answer is bigger than we are willing to read."""


class Garbled(Exception):
    """The answer's encoding cannot be undone."""


class Insecure(Exception):
    """The address would carry secrets in the clear."""


FAILURES = (Unreachable, Oversized, Garbled, Insecure)
"""Everything :func:`send`, :func:`open_stream` and :func:`chunks` raise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, decoded."""

    status: int
    headers: httpx2.Headers
    body: bytes


def client(
    *,
    transport: httpx2.BaseTransport | None = None,
    timeout: float = 30.0,
    connect_timeout: float = 5.0,
    plain_hosts: Collection[str] = (),
) -> httpx2.Client:
    """A client to share between threads; close it when done.

    ``transport`` stands in for the network. Only connecting is tried again, never a request that
    may have arrived. ``plain_hosts`` are hosts besides loopback that may be spoken to without TLS.
    """
    made = httpx2.Client(
        transport=transport or _transport(),
        timeout=httpx2.Timeout(timeout, connect=connect_timeout),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Accept": "*/*"},
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [_guard(frozenset(plain_hosts))]},
    )
    made.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return made


def _transport() -> httpx2.BaseTransport:
    return httpx2.HTTPTransport(verify=_tls(), trust_env=False, retries=2)


@cache
def _tls() -> SSLContext:
    """One for the process: reading the certificate authorities takes longer than a round does."""
    context = httpx2.create_ssl_context(trust_env=False)
    context.minimum_version = TLSVersion.TLSv1_2
    return context


def _guard(plain_hosts: frozenset[str]) -> Callable[[httpx2.Request], None]:
    def check(request: httpx2.Request) -> None:
        url = request.url
        if url.scheme == "https" or is_loopback(url.host) or url.host in plain_hosts:
            return
        raise Insecure(f"{url.scheme}://{url.host} is not encrypted")

    return check


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def send(http: httpx2.Client, request: httpx2.Request, *, cap: int = CAP) -> Answer:
    """Ask and read the whole answer, whatever its status.

    Raises Unreachable, Oversized, Garbled or Insecure.
    """
    response = open_stream(http, request)
    try:
        body = b"".join(chunks(response, cap=cap))
    finally:
        response.close()
    return Answer(response.status_code, response.headers, body)


def open_stream(http: httpx2.Client, request: httpx2.Request) -> httpx2.Response:
    """Ask and return once the headers are in; read with :func:`chunks`, then close.

    Raises Unreachable or Insecure.
    """
    try:
        return http.send(request, stream=True)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        # The chain is cut: those exceptions carry the request and with it the credentials.
        raise _unreachable(request, error) from None


def chunks(
    response: httpx2.Response, *, cap: int = CAP, within: timedelta = PATIENCE
) -> Iterator[bytes]:
    """The decoded body in pieces, at most ``cap`` bytes of it and no longer than ``within``.

    Raises Oversized past the cap, Garbled for stacked, unknown or broken encodings, Unreachable
    if the connection breaks or drips on and on.
    """
    total, until = 0, clock.now() + within
    for piece in _decoded(response):
        total += len(piece)
        if total > cap:
            raise Oversized(f"the answer is larger than {cap // MEGABYTE} MB")
        if clock.now() > until:
            raise TimedOut(f"{response.request.url.host} answers too slowly")
        yield piece


def _decoded(response: httpx2.Response) -> Iterator[bytes]:
    if response.is_stream_consumed:  # somebody made it with its content, or read it
        return iter([response.content])
    return _decoder(response.headers.get("content-encoding", ""))(_raw(response))


def _raw(response: httpx2.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_raw()
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        raise _unreachable(response.request, error) from None


def _decoder(encoding: str) -> Callable[[Iterator[bytes]], Iterator[bytes]]:
    match encoding.strip().lower():
        case "" | "identity":
            return iter
        case "gzip" | "x-gzip":
            return _gunzip
        case _:
            raise Garbled("the answer is encoded in a way that was not asked for")


def _gunzip(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Undo one layer of gzip, never holding more than one piece."""
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    empty = True
    try:
        for data in raw:
            empty = empty and not data
            piece = inflate.decompress(data, _PIECE)
            while piece:
                yield piece
                piece = inflate.decompress(inflate.unconsumed_tail, _PIECE)
    except zlib.error:
        raise Garbled("the answer is not valid gzip") from None
    if not (inflate.eof or empty):
        raise Garbled("the answer ends in the middle")


_UNCONNECTED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def _unreachable(request: httpx2.Request, error: Exception) -> Unreachable:
    kind = TimedOut if isinstance(error, httpx2.TimeoutException) else Unreachable
    made = kind(f"{request.url.host} did not answer ({type(error).__name__})")
    made.asked = not isinstance(error, _UNCONNECTED)
    return made


_SECRETS = re.compile(
    r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]+"
    r"|\b(?:access_token|refresh_token|id_token|client_secret|code|code_verifier|token|assertion)"
    r"[\"']?\s*[=:]\s*[\"']?[^\s&\"',;]+"
    r"|\bya29\.[\w.-]+|\b1//[\w.-]+|\b4/[\w.-]{10,}|\beyJ[\w-]+\.[\w.-]+"
)


def redact(text: str, *, limit: int = 300) -> str:
    """``text`` fit to be shown: no tokens, codes or control characters, and not too long."""
    clean = "".join(c if c.isprintable() else " " for c in text[: limit * 4])
    return _SECRETS.sub("[redacted]", clean)[:limit].strip()
