"""Fetching an image a stranger named, without being led anywhere else.

The address is checked after resolving, and the connection goes to the address that was checked;
every redirect starts over. Nothing about the reader leaves: no cookie, no referrer, one name.
"""

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from ssl import SSLContext, TLSVersion
from typing import Any

import httpcore2
import httpx2

from mailweave.kit.http import MEGABYTE

MAX_BYTES = 5 * MEGABYTE
MAX_SECONDS = 10.0
CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
MAX_REDIRECTS = 3
MAX_TRIES = 3
"""Addresses of one host that are tried until one answers."""
MAX_URL = 8_000
PORTS = frozenset((80, 443))
USER_AGENT = "Mailweave image proxy"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Every address of a host, as text. Raises OSError when there is none."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|[0-9a-f:.]+", re.ASCII)
_NUMERIC = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.ASCII)
_BAD = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
_USER = re.compile(r"[^/?#]*//[^/?#]*@")
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal", ".home.arpa", ".lan")

# is_global of Python 3.11 lets these through.
_DENIED = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24"),
            *("198.18.0.0/15", "240.0.0.0/4", "64:ff9b:1::/48", "100::/64", "2001:2::/48"),
            *("2001:10::/28", "2001:20::/28", "2001:db8::/32", "3fff::/20", "5f00::/16"),
            *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "::/96"),
        ),
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


class Forbidden(Exception):
    """The URL leads where this must not go. The text says why."""


class NotAnImage(Exception):
    """The answer is no PNG, JPEG, GIF or WebP."""


class TooLarge(Exception):
    """The answer is over 5 MB."""


class FetchFailed(Exception):
    """The host is not there, is too slow, or answers with an error."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image's bytes, and its type as told from them."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL that may be asked, and the addresses it was checked to have."""

    url: httpx2.URL
    port: int
    addresses: tuple[str, ...]


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Every IPv4 and IPv6 address of ``host`` by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def fetch_image(
    url: str,
    *,
    resolve: Resolve = resolve_host,
    transport: httpcore2.NetworkBackend | None = None,
    allowed_ports: Collection[int] = PORTS,
    tls: SSLContext | None = None,
) -> Image:
    """The image at ``url``, within 10 s and 5 MB, after at most 3 redirects.

    ``transport`` opens the connections (to checked addresses only), ``tls`` says whom to trust.
    Raises Forbidden, NotAnImage, TooLarge or FetchFailed.
    """
    network = _Deadline(transport or httpcore2.SyncBackend(), time.monotonic() + MAX_SECONDS)
    for _ in range(MAX_REDIRECTS + 1):
        target = check(url, resolve=resolve, allowed_ports=allowed_ports)
        answer = _ask(target, network, tls or _tls())
        if isinstance(answer, bytes):
            return Image(answer, sniff(answer))
        url = str(target.url.join(_parse(answer)))
    raise FetchFailed("the image is behind too many redirects")


def check(url: str, *, resolve: Resolve, allowed_ports: Collection[int] = PORTS) -> _Target:
    """Whether ``url`` may be asked: its form, and every address its host has.

    Raises Forbidden, or FetchFailed when the host has no address.
    """
    parsed = _parse(url)
    if parsed.scheme not in ("http", "https"):
        raise Forbidden("only http and https are fetched")
    if parsed.userinfo or _USER.match(url):
        raise Forbidden("the address carries a user name")
    host = parsed.raw_host.decode("ascii", "replace").lower()
    if not _HOST.fullmatch(host) or len(host) > 253 or _is_odd_number(host):
        raise Forbidden("the host name is malformed")
    if f".{host.rstrip('.')}".endswith(_LOCAL_NAMES):
        raise Forbidden("the host is local")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    if port not in allowed_ports:
        raise Forbidden(f"port {port} is not a web port")
    return _Target(parsed, port, _public_addresses(host, port, resolve))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet, also as seen through any tunnel."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id:
        return False
    return all(_is_public(each) for each in _unwrapped(ip))


def sniff(content: bytes) -> str:
    """The media type of an image by its first bytes; raises NotAnImage."""
    for magic, content_type in _MAGIC.items():
        if content.startswith(magic):
            return content_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise NotAnImage("the answer is not a PNG, JPEG, GIF or WebP image")


def _parse(url: str) -> httpx2.URL:
    if len(url) > MAX_URL or _BAD.search(url):
        raise Forbidden("the address is malformed")
    try:
        return httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise Forbidden("the address is malformed") from None


def _is_odd_number(host: str) -> bool:
    """Whether a host is a number that resolvers read as an address, but we do not (127.1, 0x7f)."""
    if not _NUMERIC.search(host):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def _public_addresses(host: str, port: int, resolve: Resolve) -> tuple[str, ...]:
    try:
        addresses = tuple(resolve(host, port))
    except (OSError, UnicodeError):
        raise FetchFailed("the host is unknown") from None
    if not addresses:
        raise FetchFailed("the host is unknown")
    if not all(map(is_public, addresses)):
        raise Forbidden("the host is not on the public Internet")
    return addresses


def _unwrapped(ip: Address) -> Iterable[Address]:
    """The addresses a packet for ``ip`` may end up at."""
    if isinstance(ip, ipaddress.IPv4Address):
        return (ip,)
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip in _NAT64:
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    if ip.sixtofour:
        return (ip, ip.sixtofour)
    return (ip, *(ip.teredo or ()))


def _is_public(ip: Address) -> bool:
    denied = any(ip.version == net.version and ip in net for net in _DENIED)
    return ip.is_global and not ip.is_multicast and not denied


def _tls() -> SSLContext:
    context = httpx2.create_ssl_context(trust_env=False)
    context.minimum_version = TLSVersion.TLSv1_2
    return context


def _ask(target: _Target, network: "_Deadline", tls: SSLContext) -> bytes | str:
    """The body of the answer, or where it redirects to."""
    pinned = _Pinned(network, target.addresses)
    url = target.url
    request = httpcore2.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=target.port, target=url.raw_path
    )
    headers: dict[bytes | str, bytes | str] = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": USER_AGENT,
        "Accept": "image/webp,image/png,image/jpeg,image/gif",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    timeout = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=tls, network_backend=pinned) as pool,
            pool.stream("GET", request, headers=headers, extensions={"timeout": timeout}) as answer,
        ):
            return _read(answer)
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise FetchFailed(f"the host did not answer ({type(error).__name__})") from None


def _read(answer: httpcore2.Response) -> bytes | str:
    headers = {
        name.lower().decode("latin-1"): value.decode("latin-1") for name, value in answer.headers
    }
    if answer.status in _REDIRECTS and headers.get("location"):
        return headers["location"]
    if answer.status != 200:
        raise FetchFailed(f"the host answered {answer.status}")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise FetchFailed("the host compressed what it was asked not to")
    size = headers.get("content-length", "0")
    if size.isdecimal() and int(size[:20]) > MAX_BYTES:
        raise TooLarge("the image is over 5 MB")
    body = bytearray()
    for piece in answer.iter_stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise TooLarge("the image is over 5 MB")
    return bytes(body)


class _Deadline(httpcore2.NetworkBackend):
    """A network whose every step ends when the whole fetch has to."""

    def __init__(self, network: httpcore2.NetworkBackend, until: float) -> None:
        self._network = network
        self._until = until

    def left(self, timeout: float | None) -> float:
        """How long the next step may take. Raises httpcore2.ReadTimeout when time is up."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the fetch took too long")
        return min(left, timeout or left)

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore2.NetworkStream:
        opened = self._network.connect_tcp(host, port, self.left(timeout), *args, **options)
        return _Stream(opened, self)


class _Pinned(httpcore2.NetworkBackend):
    """A network that connects to the checked addresses, whatever the name resolves to by now."""

    def __init__(self, network: _Deadline, addresses: tuple[str, ...]) -> None:
        self._network = network
        self._addresses = addresses

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the name has been resolved
        port: int,
        timeout: float | None = None,
        *args: Any,
        **options: Any,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("no address")
        for address in self._addresses[:MAX_TRIES]:
            try:
                return self._network.connect_tcp(address, port, timeout, *args, **options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore2.NetworkStream):
    """A connection that keeps to the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
