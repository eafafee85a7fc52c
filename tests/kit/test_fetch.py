# ruff: noqa: E501 - tables of addresses
import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailweave.kit import fetch
from mailweave.kit.fetch import FetchFailed, Forbidden, NotAnImage, TooLarge, check, fetch_image

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50
PUBLIC = "93.184.216.34"


class Web(httpcore2.NetworkBackend):
    """The Internet, where every address leads to one server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connected: list[tuple[str, int]] = []
        self.dead: set[str] = set()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **options: Any
    ) -> httpcore2.NetworkStream:
        self.connected.append((host, port))
        if host in self.dead:
            raise httpcore2.ConnectError("refused")
        return httpcore2.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout, None, [])


class Site:
    """A web site for one test: ``answer`` is called with each request."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.web = Web(server.server_address[1])
        self.requests: list[BaseHTTPRequestHandler] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = image

    def fetch(self, url: str, **options: Any) -> fetch.Image:
        options = {"resolve": lambda host, port: [PUBLIC], "transport": self.web, **options}
        return fetch_image(url, **options)


def image(request: BaseHTTPRequestHandler) -> None:
    reply(request, 200, PNG)


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.requests.append(self)
            try:
                held.answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    held = Site(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def resolves_to(*addresses: str) -> fetch.Resolve:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254
    100.64.0.1 100.127.255.254 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1
    203.0.113.1 168.63.129.16 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 ::1 ::
    ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:100.64.0.1 ::127.0.0.1 ::93.184.216.34
    64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::1 64:ff9b:1::5db8:d822 2002:7f00:1:: 2002:a00:1::
    2001:0:5db8:d822::8000:ffff 2001:db8::1 fe80::1 fe80::1%eth0 2606:4700::1%eth0 fec0::1
    fc00::1 fd00:ec2::254 ff02::1 ff0e::1 100::1 3fff::1 5f00::1 1.2.3 garbage""".split(),  # noqa: SIM905
)
def test_no_address_but_a_public_one_is_reached(address: str) -> None:
    assert not fetch.is_public(address)
    with pytest.raises(Forbidden, match="not on the public Internet"):
        check("http://x.example/", resolve=resolves_to(address))
    with pytest.raises(Forbidden, match="not on the public Internet"):
        check("http://x.example/", resolve=resolves_to(PUBLIC, address))


@pytest.mark.parametrize(
    "address", [PUBLIC, "2606:4700::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_reached(address: str) -> None:
    assert check("http://x.example/", resolve=resolves_to(address)).addresses == (address,)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://localhost/",
        "http://localhost./",
        "http://LOCALHOST/",
        "http://x.localhost/",
        "http://metadata.google.internal/",
        "http://printer.local/",
    ],
)
def test_every_spelling_of_a_local_host_is_refused_by_the_real_resolver(url: str) -> None:
    with pytest.raises(Forbidden):
        check(url, resolve=fetch.resolve_host)


@pytest.mark.parametrize("host", ["127-0-0-1.nip.io", "7F000001.nip.io", "rebind.example"])
def test_names_are_judged_by_their_addresses(host: str) -> None:
    with pytest.raises(Forbidden, match="public"):
        check(f"http://{host}/", resolve=resolves_to("127.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        *("gopher://x.example/", "file:///etc/passwd", "ftp://x.example/", "//x.example/", "/in", ""),
        *("javascript:alert(1)", "data:image/png;base64,AAAA", "http:///x", "http://"),
        *("http://user@x.example/", "http://user:pass@x.example/", "http://@x.example/"),
        *("http://a\\@b.example/", "http://a.example\\b", "http://x.exa\tmple/", "http://x.example/\n"),
        *("http://x .example/", "http://x.example\u2028/", "http://x.example\x00/", "http://x%00.example/"),
        *("http://a..example/", "http://x.example:22/", "http://x.example:8080/", "https://x.example:25/"),
        *("http://[::1", "http://x.example:99999/", "http://x.example:-1/", "http://x$y.example/"),
        "http://x.example/" + "a" * 9_000,
        "http://" + "a." * 200 + "example/",
    ],
)  # fmt: skip
def test_odd_addresses_are_refused_before_anything_is_resolved(url: str) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError(f"{host} was resolved")

    with pytest.raises(Forbidden):
        check(url, resolve=resolve)


def test_the_host_is_what_every_parser_takes_it_for() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [PUBLIC]

    check("http://evil.example#@ok.example/", resolve=resolve)
    check("http://ok.example/@evil.example", resolve=resolve)
    assert asked == ["evil.example", "ok.example"]


def test_an_image_is_fetched_from_the_checked_address(site: Site) -> None:
    assert site.fetch("http://pics.example/a b.png?x=1".replace(" ", "%20")).content == PNG
    assert site.web.connected == [(PUBLIC, 80)]
    (request,) = site.requests
    assert request.path == "/a%20b.png?x=1"
    assert request.headers["Host"] == "pics.example"
    assert request.headers["User-Agent"] == "Mailweave image proxy"
    assert request.headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Referer", "Authorization"} & set(request.headers)


def test_environment_proxies_are_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert site.fetch("http://pics.example/").content == PNG


def test_other_ports_have_to_be_allowed(site: Site) -> None:
    site.fetch("http://pics.example:8080/", allowed_ports={8080})
    assert site.web.connected == [(PUBLIC, 8080)]
    assert site.requests[0].headers["Host"] == "pics.example:8080"


def test_the_next_address_is_tried_when_one_is_dead(site: Site) -> None:
    site.web.dead = {PUBLIC}
    found = site.fetch("http://pics.example/", resolve=resolves_to(PUBLIC, "93.184.216.35"))
    assert found.content == PNG
    assert site.web.connected == [(PUBLIC, 80), ("93.184.216.35", 80)]


def test_a_name_that_changes_its_address_is_judged_anew_and_pinned(site: Site) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    site.answer = lambda request: reply(request, 302, b"", Location="/again")
    with pytest.raises(Forbidden, match="public"):
        site.fetch("http://rebind.example/", resolve=lambda host, port: next(answers))
    assert site.web.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "gopher://x.example/",
        "http://user@x.example/",
        "http://x.example:22/",
        "http://localhost/",
        "\\\\host\\share",
    ],
)
def test_a_redirect_cannot_lead_inside(site: Site, location: str) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return [host if host[0].isdigit() else PUBLIC]

    site.answer = lambda request: reply(request, 302, b"", Location=location)
    with pytest.raises(Forbidden):
        site.fetch("http://pics.example/", resolve=resolve)
    assert len(site.web.connected) == 1


def test_three_redirects_are_followed_and_no_more(site: Site) -> None:
    def hop(request: BaseHTTPRequestHandler) -> None:
        number = int(request.path[1:])
        if number == 3:
            image(request)
        else:
            reply(request, 301, b"", Location=str(number + 1))

    site.answer = hop
    assert site.fetch("http://pics.example/0").content == PNG
    site.answer = lambda request: reply(request, 307, b"", Location="/on")
    with pytest.raises(FetchFailed, match="redirects"):
        site.fetch("http://pics.example/0")
    assert len(site.web.connected) == 8


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_the_type_is_told_from_the_bytes(site: Site, content: bytes, content_type: str) -> None:
    site.answer = lambda request: reply(request, 200, content, Content_Type="text/html")
    assert site.fetch("http://pics.example/").content_type == content_type


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='x'/>", b"<html>", b"RIFF0000WAVE", b" " + PNG, b"\x00\x00\x00 ftypavif"],
)
def test_what_is_no_raster_image_is_refused(site: Site, content: bytes) -> None:
    site.answer = lambda request: reply(request, 200, content, Content_Type="image/png")
    with pytest.raises(NotAnImage):
        site.fetch("http://pics.example/")


def test_an_announced_giant_is_not_read(site: Site) -> None:
    site.answer = lambda request: reply(request, 200, PNG, Content_Length="6000000")
    with pytest.raises(TooLarge):
        site.fetch("http://pics.example/")


def test_an_endless_answer_is_cut(site: Site) -> None:
    def flood(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(200):
            request.wfile.write(PNG + b"x" * 100_000)

    site.answer = flood
    with pytest.raises(TooLarge):
        site.fetch("http://pics.example/")


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip", "deflate"])
def test_a_compressed_answer_is_refused(site: Site, encoding: str) -> None:
    site.answer = lambda request: reply(request, 200, PNG, Content_Encoding=encoding)
    with pytest.raises(FetchFailed, match="compressed"):
        site.fetch("http://pics.example/")


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 500])
def test_an_error_is_no_image(site: Site, status: int) -> None:
    site.answer = lambda request: reply(request, status, b"")
    with pytest.raises(FetchFailed, match=str(status)):
        site.fetch("http://pics.example/")


@pytest.mark.parametrize("place", ["head", "body"])
def test_a_host_that_drips_is_given_up(
    site: Site, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_SECONDS", 0.4)
    done = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if place == "body" else b""))
        while not done.wait(0.05):
            request.wfile.write(b"X: y\r\n")
            request.wfile.flush()

    site.answer = drip
    started = time.monotonic()
    with pytest.raises(FetchFailed, match="Timeout"):
        site.fetch("http://pics.example/")
    done.set()
    assert time.monotonic() - started < 3


def test_unknown_hosts_and_broken_answers_are_failures(site: Site) -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    with pytest.raises(FetchFailed, match="unknown"):
        site.fetch("http://pics.example/", resolve=unknown)
    with pytest.raises(FetchFailed, match="unknown"):
        site.fetch("http://pics.example/", resolve=resolves_to())
    site.answer = lambda request: request.wfile.write(b"garbage\r\n\r\n") and None
    with pytest.raises(FetchFailed, match="did not answer"):
        site.fetch("http://pics.example/")
    site.web.dead = {PUBLIC}
    with pytest.raises(FetchFailed, match="did not answer"):
        site.fetch("http://pics.example/")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_https_is_verified_by_name_though_the_address_is_pinned(site: Site, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "pics.example")
    seen: list[str | None] = []
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(cert, key)
    server_tls.sni_callback = lambda _, name, __: seen.append(name)
    site.server.socket = server_tls.wrap_socket(site.server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(cert))

    assert site.fetch("https://pics.example/", tls=trusting).content == PNG
    assert site.web.connected == [(PUBLIC, 443)]
    assert seen == ["pics.example"]
    with pytest.raises(FetchFailed):
        site.fetch("https://other.example/", tls=trusting)
    with pytest.raises(FetchFailed):
        site.fetch("https://pics.example/")


def test_old_tls_is_not_spoken() -> None:
    context = fetch._tls()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_the_deny_list_is_needed() -> None:
    """Addresses this Python calls global, though they are not for us."""
    assert any(
        ipaddress.ip_address(each).is_global and not fetch.is_public(each)
        for each in ("168.63.129.16", "64:ff9b::a9fe:a9fe", "224.0.0.1", "2002:7f00:1::")
    )
