"""Requests the sandbox makes: to the addresses somebody asked it to tell things to."""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

MOST = 64 * 1024
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class UnansweredError(Exception):
    """Nothing came back; ``late`` says that it took too long."""

    def __init__(self, words: str, *, late: bool = False) -> None:
        super().__init__(words)
        self.late = late


Send = Callable[[str, bytes, Mapping[str, str], float], Reply]
"""Post these bytes with these headers to this address, and wait so many seconds for the answer.
Raises UnansweredError."""


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
    """The usual Send, over the network; redirects are answers like any other."""
    parts, started = urlsplit(url), time.monotonic()
    connection = _connection(parts, seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        made = Reply(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(MOST),
        )
    except TimeoutError:
        raise UnansweredError("no answer in time", late=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise UnansweredError(type(error).__name__) from None
    finally:
        connection.close()
    if time.monotonic() - started > seconds:
        raise UnansweredError("the answer took too long", late=True)
    return made


def refusal(url: str, *, plain: bool) -> str:
    """What is wrong with an address as a hook, or nothing. ``plain`` lets http on loopback pass."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "it is no address"
    if not host or any(char.isspace() or ord(char) < 32 for char in url):
        return "it is no address"
    if parts.scheme == "https" or (parts.scheme == "http" and plain and _is_loopback(host)):
        return ""
    return "it must begin with https"


def _connection(parts: SplitResult, seconds: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=seconds)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
