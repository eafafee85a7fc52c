"""What happens to an answer between here and there: compressed, cut, slowed, or never sent."""

import gzip
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.wrappers import Response

from sandbox.faults import Fault

HTML = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
)


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A connection to be reset instead of an answer, after so many seconds of silence."""

    silence: float = 0.0


def compress(response: Response, body: bytes) -> None:
    """Send the body gzipped."""
    response.set_data(gzip.compress(body, 1))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Origin, X-Origin, Referer, Accept-Encoding"


def spoil(response: Response, fault: Fault) -> Response | Spoiled:
    """The answer as a fault of the wire leaves it."""
    if fault.kind == "reset":
        return Spoiled()
    if fault.kind == "timeout":
        return Spoiled(float(fault.options.get("seconds", 60)))
    if fault.kind == "slow":
        return _slowed(response, float(fault.options.get("seconds", 2)))
    if fault.kind == "html":
        status = int(fault.options.get("status", 200))
        return Response(HTML, status=status, content_type="text/html; charset=utf-8")
    if fault.kind == "gzip_bomb":
        return _bomb(int(fault.options.get("megabytes", 200)))
    body = response.get_data()
    response.set_data(body[: max(1, len(body) * 2 // 3)])
    return response


def _slowed(response: Response, seconds: float) -> Response:
    body, steps = response.get_data(), 10
    size = max(1, -(-len(body) // steps))

    def trickle() -> Iterator[bytes]:
        for start in range(0, len(body), size):
            time.sleep(seconds / steps)
            yield body[start : start + size]

    length = str(len(body))
    slow = Response(trickle(), status=response.status_code, headers=response.headers)
    slow.headers["Content-Length"] = length
    return slow


def _bomb(megabytes: int) -> Response:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b'{"a":"' + b" " * (1 << 20)
    packed = packer.compress(block)
    for _ in range(min(megabytes, 4096) - 1):
        packed += packer.compress(b" " * (1 << 20))
    packed += packer.compress(b'"}') + packer.flush()
    response = Response(packed, content_type="application/json; charset=UTF-8")
    response.headers["Content-Encoding"] = "gzip"
    return response
