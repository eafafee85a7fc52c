"""Writes MIME by hand, so that every habit and oddity of real mail can be produced."""

import base64
import binascii
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

CRLF = "\r\n"
SPECIALS = frozenset('()<>[]:;@\\,."')


class Mailbox(NamedTuple):
    """A display name (may be "") and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    """A MIME entity: its own headers and its encoded body, CRLF throughout."""

    headers: tuple[tuple[str, str], ...]
    body: bytes

    def render(self) -> bytes:
        """The entity as bytes, headers first."""
        return head(self.headers) + b"\r\n" + self.body


def head(headers: tuple[tuple[str, str], ...]) -> bytes:
    """Header lines; characters that should not be there are written as raw UTF-8."""
    return "".join(f"{name}: {value}{CRLF}" for name, value in headers).encode(
        errors="surrogateescape"
    )


def word(text: str, charset: str = "utf-8", scheme: str = "B") -> str:
    """The text as RFC 2047 encoded-words of at most 75 characters; plain ASCII stays as it is."""
    if text.isascii():
        return text
    label = fit(text, charset)
    words: list[str] = []
    chunk = ""
    for letter in text:
        if len(encoded_word(chunk + letter, label, scheme)) > 75 - len(" "):
            words.append(encoded_word(chunk, label, scheme))
            chunk = ""
        chunk += letter
    words.append(encoded_word(chunk, label, scheme))
    return f"{CRLF} ".join(words)


def encoded_word(text: str, charset: str, scheme: str) -> str:
    """One encoded-word, however long."""
    data = text.encode(charset)
    if scheme == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?{''.join(q(byte) for byte in data)}?="


def q(byte: int) -> str:
    """One byte in the Q encoding of RFC 2047."""
    letter = chr(byte)
    if letter == " ":
        return "_"
    return letter if letter.isascii() and letter.isalnum() else f"={byte:02X}"


def fit(text: str, charset: str) -> str:
    """The charset if it can carry the text, else UTF-8."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return "utf-8"
    return charset


def address(box: Mailbox, charset: str = "utf-8", scheme: str = "B") -> str:
    """A mailbox as it stands in From or To."""
    if not box.name:
        return box.address
    if not box.name.isascii():
        return f"{word(box.name, charset, scheme)} <{box.address}>"
    name = f'"{box.name}"' if SPECIALS & set(box.name) else box.name
    return f"{name} <{box.address}>"


def addresses(boxes: tuple[Mailbox, ...], charset: str = "utf-8", scheme: str = "B") -> str:
    """A folded list of mailboxes."""
    return f",{CRLF} ".join(address(box, charset, scheme) for box in boxes)


def parameter(name: str, value: str, style: str = "2231", charset: str = "utf-8") -> str:
    """A header parameter with its leading "; ".

    Non-ASCII values are written as RFC 2231 says, as its continuations ("split"), as the
    encoded-words in quotes that many programs send ("2047"), or as bare 8-bit ("raw").
    """
    if value.isascii():
        return f'; {name}="{value}"'
    if style == "2047":
        joined = word(value, charset).replace(CRLF, "")
        return f'; {name}="{joined}"'
    if style == "raw":
        return f'; {name}="{value}"'
    escaped = quote(value.encode(fit(value, charset)), safe="")
    label = fit(value, charset)
    if style == "split":
        return continuations(name, escaped, label)
    return f";{CRLF} {name}*={label}''{escaped}"


def continuations(name: str, escaped: str, charset: str) -> str:
    """RFC 2231 section 3 and 4.1: a long value in numbered pieces."""
    cut = [escaped[at : at + 39] for at in range(0, len(escaped), 39)]
    first = f";{CRLF} {name}*0*={charset}''{cut[0]}"
    return first + "".join(f";{CRLF} {name}*{n}*={piece}" for n, piece in enumerate(cut[1:], 1))


def text(
    content: str,
    subtype: str = "plain",
    charset: str = "utf-8",
    label: str | None = None,
    encoding: str = "",
) -> Part:
    """A text part. `label` is the charset it claims, if not the true one; "" claims none."""
    charset = fit(content, charset)
    data = content.replace("\r\n", "\n").replace("\n", CRLF).encode(charset)
    encoding = encoding or choose(data, charset)
    claimed = charset if label is None else label
    kind = f"text/{subtype}" + (f'; charset="{claimed}"' if claimed else "")
    return Part(
        (("Content-Type", kind), ("Content-Transfer-Encoding", encoding)), encode(data, encoding)
    )


def choose(data: bytes, charset: str) -> str:
    """The transfer encoding a usual mail program would take."""
    long = max((len(line) for line in data.split(b"\r\n")), default=0) > 900
    if data.isascii() and not long:
        return "7bit"
    return "base64" if charset in {"shift_jis", "gb18030"} else "quoted-printable"


def encode(data: bytes, encoding: str) -> bytes:
    """The body under a transfer encoding."""
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return binascii.b2a_qp(data, istext=True).replace(b"=\n", b"=\r\n")
    return data


def blob(
    data: bytes, kind: str, name: str, style: str = "2231", cid: str = "", charset: str = "utf-8"
) -> Part:
    """An attached file, or an inline one if it has a content id."""
    disposition = ("inline" if cid else "attachment") + parameter("filename", name, style, charset)
    headers = [
        (
            "Content-Type",
            kind + parameter("name", name, "2047" if style != "raw" else "raw", charset),
        ),
        ("Content-Disposition", disposition),
        ("Content-Transfer-Encoding", "base64"),
    ]
    if cid:
        headers.append(("Content-ID", f"<{cid}>"))
    return Part(tuple(headers), encode(data, "base64"))


def enclosed(raw: bytes, name: str = "") -> Part:
    """A whole mail inside another (message/rfc822)."""
    disposition = "attachment" + (parameter("filename", name) if name else "")
    return Part((("Content-Type", "message/rfc822"), ("Content-Disposition", disposition)), raw)


def multi(subtype: str, boundary: str, *parts: Part) -> Part:
    """A multipart entity; `subtype` may bring parameters of its own."""
    kind, _, more = subtype.partition(";")
    value = f'multipart/{kind}{";" + more if more else ""};{CRLF} boundary="{boundary}"'
    seam = f"--{boundary}{CRLF}".encode()
    body = b"".join(seam + part.render() + b"\r\n" for part in parts)
    return Part((("Content-Type", value),), body + f"--{boundary}--{CRLF}".encode())
