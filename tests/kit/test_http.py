"""The way out keeps secrets, refuses bombs and stays off the open wire."""

import gzip
import logging
import socket
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest

from mailweave.kit import clock, http


def answering(answer: Callable[[httpx2.Request], httpx2.Response]) -> httpx2.Client:
    return http.client(transport=httpx2.MockTransport(answer))


def body_of(response: httpx2.Response, *, cap: int = http.CAP) -> bytes:
    with answering(lambda _: response) as client:
        return http.send(client, client.build_request("GET", "https://api.example/"), cap=cap).body


def streamed(data: bytes, encoding: str) -> httpx2.Response:
    """A response whose body is still encoded, as the network gives it."""
    return httpx2.Response(
        200, headers={"content-encoding": encoding}, stream=httpx2.ByteStream(data)
    )


def test_it_names_itself_so_that_google_compresses() -> None:
    seen: list[httpx2.Headers] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers)
        return httpx2.Response(200, headers={"set-cookie": "spy=1; Path=/"})

    with answering(answer) as client:
        for _ in range(2):
            http.send(client, client.build_request("GET", "https://api.example/"))
    assert seen[0]["user-agent"].startswith("Mailweave/")
    assert "gzip" in seen[0]["user-agent"]
    assert seen[0]["accept-encoding"] == "gzip"
    assert "cookie" not in seen[1]


def test_the_environment_sets_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with http.client() as client:
        assert client._mounts == {}


def test_tls_is_verified_and_modern() -> None:
    context = http._tls()
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.check_hostname
    assert context.minimum_version.name == "TLSv1_2"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "intra.example"])
def test_plain_http_stays_on_this_machine_or_where_it_is_allowed(host: str) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
    with http.client(transport=transport, plain_hosts=["intra.example"]) as client:
        http.send(client, client.build_request("GET", f"http://{host}/"))


@pytest.mark.parametrize(
    "url", ["http://gmail.example/", "http://10.0.0.1/", "http://localhost.example/"]
)
def test_plain_http_elsewhere_is_refused(url: str) -> None:
    with answering(lambda _: httpx2.Response(200)) as client, pytest.raises(http.Insecure):
        http.send(client, client.build_request("GET", url))


def test_redirects_are_not_followed() -> None:
    with answering(lambda _: httpx2.Response(302, headers={"location": "https://x.example"})) as c:
        assert http.send(c, c.build_request("GET", "https://api.example/")).status == 302


@pytest.mark.parametrize("size", [0, 1, 300_000, 3_000_000])
def test_gzip_is_undone(size: int) -> None:
    data = bytes(i * i % 251 for i in range(size))
    assert body_of(streamed(gzip.compress(data), "gzip")) == data


def test_an_empty_body_may_claim_any_encoding() -> None:
    assert body_of(streamed(b"", "gzip")) == b""


def test_a_body_of_exactly_the_cap_passes_and_one_byte_more_does_not() -> None:
    assert len(body_of(streamed(gzip.compress(b"x" * 1000), "gzip"), cap=1000)) == 1000
    with pytest.raises(http.Oversized):
        body_of(streamed(gzip.compress(b"x" * 1001), "gzip"), cap=1000)
    with pytest.raises(http.Oversized):
        body_of(streamed(b"x" * 1001, ""), cap=1000)


def test_a_gzip_bomb_is_stopped_early() -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(http.MEGABYTE)
    bomb = b"".join(squeeze.compress(zeros) for _ in range(200)) + squeeze.flush()
    tracemalloc.start()
    with pytest.raises(http.Oversized):
        list(map(len, http.chunks(streamed(bomb, "gzip"), cap=8 * http.MEGABYTE)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * http.MEGABYTE


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "deflate", "zstd", "gzip,identity"])
def test_encodings_we_did_not_ask_for_are_refused(encoding: str) -> None:
    with pytest.raises(http.Garbled):
        body_of(streamed(gzip.compress(gzip.compress(b"hello")), encoding))


@pytest.mark.parametrize(
    "data", [b"not gzip", gzip.compress(b"hello " * 1000)[:-20]], ids=["none", "cut"]
)
def test_broken_gzip_is_named(data: bytes) -> None:
    with pytest.raises(http.Garbled):
        body_of(streamed(data, "gzip"))


def test_a_failure_keeps_the_credentials_to_itself() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    with answering(answer) as client:
        request = client.build_request(
            "POST", "https://api.example/x?code=4/secretcode", headers={"Authorization": "Bearer s"}
        )
        with pytest.raises(http.Unreachable) as caught:
            http.send(client, request)
    assert "api.example" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_connection_that_breaks_inside_the_body_is_unreachable() -> None:
    def halves() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with answering(lambda _: httpx2.Response(200, content=halves())) as client:
        request = client.build_request("GET", "https://api.example/")
        with pytest.raises(http.Unreachable):
            http.send(client, request)


def test_a_body_that_drips_on_and_on_is_given_up() -> None:
    with clock.use(clock.Hands(datetime(2026, 1, 1, tzinfo=UTC))) as hands:

        def drops() -> Iterator[bytes]:
            while True:
                hands.advance(20)
                yield b"x"

        with answering(lambda _: httpx2.Response(200, content=drops())) as client:
            request = client.build_request("GET", "https://api.example/")
            with pytest.raises(http.TimedOut, match="slowly"):
                http.send(client, request)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ReadTimeout("x"), http.TimedOut),
        (httpx2.ConnectTimeout("x"), http.TimedOut),
        (httpx2.ConnectError("x"), http.Unreachable),
        (httpx2.RemoteProtocolError("x"), http.Unreachable),
    ],
    ids=repr,
)
def test_a_time_out_is_told_from_other_silence(error: Exception, kind: type[Exception]) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    with answering(fail) as client, pytest.raises(http.Unreachable) as caught:
        http.send(client, client.build_request("GET", "https://api.example/"))
    assert type(caught.value) is kind


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with http.client(timeout=2.0) as client, pytest.raises(http.Unreachable):
            http.send(client, client.build_request("GET", f"http://127.0.0.1:{port}/"))


def test_addresses_are_not_logged_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), answering(lambda _: httpx2.Response(200)) as client:
        http.send(client, client.build_request("GET", "https://api.example/?code=4/secretcode"))
    assert "secretcode" not in caplog.text


@pytest.mark.parametrize(
    "secret",
    [
        "ya29.a0AfB_byExample-1",
        "1//0gExampleRefresh",
        "4/0AExampleCodeLong",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "opaque123",
    ],
)
@pytest.mark.parametrize(
    "around",
    ['{{"access_token": "{}"}}', "refresh_token={}&x=1", "Bearer {} was refused", "code={}"],
)
def test_redact_hides_tokens(secret: str, around: str) -> None:
    shown = http.redact(around.format(secret))
    assert secret not in shown
    assert "[redacted]" in shown


def test_redact_keeps_plain_words_short_and_on_one_line() -> None:
    assert http.redact("Daily limit\r\nexceeded\x1b") == "Daily limit  exceeded"
    assert len(http.redact("x" * 5000)) == 300
