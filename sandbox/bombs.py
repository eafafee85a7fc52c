"""Mail that is too big to keep in a repository and made to break readers. Invented, as all else."""

from collections.abc import Callable, Mapping

TOP = (
    b"From: bomb@attacker.example\r\nTo: us@quillhaven.example\r\n"
    b"Date: Mon, 02 Feb 2026 09:00:00 +0000\r\n"
)
MIME = b"MIME-Version: 1.0\r\n"


def top(name: str) -> bytes:
    """The usual header lines."""
    return TOP + f"Subject: {name}\r\nMessage-ID: <{name}@attacker.example>\r\n".encode() + MIME


def headers(size: int = 10_000_000) -> bytes:
    """`size` bytes of header lines before a short body."""
    line = b"X-Padding: " + b"a" * 65 + b"\r\n"
    return top("headers") + line * (size // len(line)) + b"\r\nbody\r\n"


def long_header(size: int = 10_000_000) -> bytes:
    """One header line of `size` bytes, not folded."""
    return top("long-header") + b"X-Long: " + b"a" * size + b"\r\n\r\nbody\r\n"


def multipart(depth: int = 5_000) -> bytes:
    """Multiparts nested `depth` deep with a text at the bottom."""
    opened = (
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(depth)
    )
    closed = (b"\r\n--b%d--\r\n" % level for level in reversed(range(depth)))
    text = b"Content-Type: text/plain\r\n\r\nthe bottom\r\n"
    return top("multipart") + b"".join(opened) + text + b"".join(closed)


def rfc822(depth: int = 5_000) -> bytes:
    """A mail in a mail in a mail, `depth` deep."""
    shell = b"Subject: shell\r\nContent-Type: message/rfc822\r\n\r\n"
    inner = b"Subject: the last\r\nContent-Type: text/plain\r\n\r\nthe bottom\r\n"
    return top("rfc822") + shell * depth + inner


def parts(count: int = 100_000) -> bytes:
    """One multipart with `count` tiny attachments."""
    part = (
        b'--b\r\nContent-Type: text/plain; name="x"\r\nContent-Disposition: attachment\r\n\r\nx\r\n'
    )
    head = top("parts") + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + part * count + b"--b--\r\n"


def content_type(length: int = 1_000_000) -> bytes:
    """A Content-Type of `length` characters of parameters."""
    parameter = b"; a=b"
    line = b"Content-Type: text/plain" + parameter * (length // len(parameter))
    return top("content-type") + line + b"\r\n\r\nbody\r\n"


def continuations(count: int = 100_000) -> bytes:
    """A file name in `count` pieces (RFC 2231)."""
    pieces = b"".join(b"; filename*%d=x" % number for number in range(count))
    return top("continuations") + b"Content-Disposition: attachment" + pieces + b"\r\n\r\nbody\r\n"


def recipients(count: int = 100_000) -> bytes:
    """`count` addresses in Cc."""
    people = b",\r\n ".join(b"p%d@crowd.example" % number for number in range(count))
    return top("recipients") + b"Cc: " + people + b"\r\n\r\nbody\r\n"


def references(count: int = 100_000) -> bytes:
    """`count` ids in References."""
    ids = b"\r\n ".join(b"<%d@crowd.example>" % number for number in range(count))
    return top("references") + b"References: " + ids + b"\r\n\r\nbody\r\n"


def comments(depth: int = 100_000) -> bytes:
    """An address inside `depth` nested comments (RFC 5322 section 3.2.2)."""
    return top("comments") + b"Cc: " + b"(" * depth + b")" * depth + b" a@b.example\r\n\r\nbody\r\n"


def words(count: int = 100_000) -> bytes:
    """A header of `count` encoded-words."""
    return top("words") + b"X-Words: " + b"\r\n ".join([b"=?utf-8?B?w7w=?="] * count) + b"\r\n\r\n"


def html(depth: int = 100_000) -> bytes:
    """HTML elements nested `depth` deep."""
    return top("html") + b"Content-Type: text/html\r\n\r\n" + b"<div>" * depth + b"the bottom\r\n"


ALL: Mapping[str, Callable[[], bytes]] = {
    one.__name__: one
    for one in (
        headers,
        long_header,
        multipart,
        rfc822,
        parts,
        content_type,
        continuations,
        recipients,
        references,
        comments,
        words,
        html,
    )
}
"""Every bomb by name, at full size."""
