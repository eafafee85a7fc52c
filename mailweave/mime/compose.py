"""Mail written: the one function that builds every message that leaves here.

RFC 5322 and MIME, seven-bit, in the shape mail programs agree on: mixed(related(alternative(plain,
HTML), images of the HTML), attachments), each level only where it is needed. It is put together by
hand, since the standard library makes encoded words of long References, and then no mail program
finds the thread (https://github.com/python/cpython/pull/137201). What was built is read back by
:mod:`mailweave.mime.parse` and compared with what was asked for before it is handed out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.utils import format_datetime

from mailweave.mime import fields, parts
from mailweave.mime.address import MAX_NAME, normalise, parse_list
from mailweave.mime.headers import Headers, decode, message_id, references
from mailweave.mime.outgoing import File, Outgoing, Person, Unwritable
from mailweave.mime.params import filename
from mailweave.mime.parse import Parsed, parse

__all__ = ["File", "Outgoing", "Person", "Unwritable", "ascii_address", "write"]

HEADERS = frozenset(("X-Mailweave-Key", "Auto-Submitted", "X-Auto-Response-Suppress"))
"""Whatever else a message may carry; names never come from outside."""
MAX_SUBJECT = 998
MAX_RECIPIENTS = 500
MAX_FILES = 36 * 1024 * 1024
"""Bytes of all files together: encoded, they are just below what is read back."""
MAX_TEXT = 2 * 1024 * 1024
FIRST_REFERENCES, LAST_REFERENCES = 1, 10

_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED = re.compile(r"\"?[A-Za-z0-9!#$%&'*+/=?^_`{|}~. -]{1,64}\"?")
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+_-]{0,63}/[a-z0-9][a-z0-9.+_-]{0,126}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]{1,200}")
_CONTENT = frozenset(("Content-Type", "Content-Transfer-Encoding"))
_VALUE = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


def write(outgoing: Outgoing) -> bytes:
    """The message, ready to be sent: ASCII, CRLF, no line over 998; Bcc stands in it.

    Controls are taken out of every value, References cut to the first and the last ten. The same
    input gives the same bytes. Raises :class:`Unwritable`; ValueError for what no person chose: a
    date without a zone, a Message-ID that is none, a header that is not in :data:`HEADERS`.
    """
    tidy = _tidy(outgoing)
    head = list(_head(tidy))
    raw = b"".join(
        (
            *(fields.field(*one) for one in head),
            *parts.body(tidy.text, tidy.html, tidy.files, seed=tidy.message_id),
        )
    )
    wrong = _differs(parse(raw), tidy, [name for name, _ in head])
    if wrong or not raw.isascii() or max(map(len, raw.split(b"\r\n"))) > fields.MAX_LINE:
        raise Unwritable(f"The message cannot be written: {wrong or 'a line of it'} got lost.")
    return raw


def ascii_address(address: str) -> str:
    """``address`` as it can be sent to everywhere, its domain in ASCII; raises Unwritable."""
    local, _, domain = address.strip().rpartition("@")
    domain = (normalise(f"x@{domain}") or "").rpartition("@")[2]
    if not local or not _DOMAIN.fullmatch(domain):
        raise Unwritable(f"“{fields.line(address)}” is not an e-mail address.")
    if not local.isascii():
        raise Unwritable(
            f"“{fields.line(address)}” cannot be written to: the part before the “@” has letters "
            "that most mail servers do not take."
        )
    if _DOT_ATOM.fullmatch(local):
        return f"{local}@{domain}"
    if not _QUOTED.fullmatch(local) or (" " in local and local[0] != '"'):
        raise Unwritable(f"“{fields.line(address)}” is not an e-mail address.")
    return '"{}"@{}'.format(local.strip('"'), domain)


def _tidy(outgoing: Outgoing) -> Outgoing:
    """What will be written, every value as it will be read back."""
    subject = fields.line(outgoing.subject)
    if len(subject) > MAX_SUBJECT:
        raise Unwritable(f"The subject is longer than {MAX_SUBJECT} characters.")
    everybody = [*outgoing.to, *outgoing.cc, *outgoing.bcc]
    if not everybody:
        raise Unwritable("The message has no recipients.")
    if len(everybody) > MAX_RECIPIENTS:
        raise Unwritable(f"The message has more than {MAX_RECIPIENTS} recipients.")
    files = tuple(_file(one, shown=bool(outgoing.html)) for one in outgoing.files)
    if sum(len(one.data) for one in files) > MAX_FILES:
        raise Unwritable(f"The files are larger than {MAX_FILES >> 20} MB together.")
    if max(len(outgoing.text), len(outgoing.html)) > MAX_TEXT:
        raise Unwritable(f"The text is longer than {MAX_TEXT >> 20} million characters.")
    return replace(
        outgoing,
        sender=_people((outgoing.sender,))[0],
        reply_to=_people(outgoing.reply_to),
        to=_people(outgoing.to),
        cc=_people(outgoing.cc),
        bcc=_people(outgoing.bcc),
        subject=subject,
        text=parts.lines(outgoing.text),
        html=parts.lines(outgoing.html) if outgoing.html else "",
        files=files,
        references=_references(outgoing),
    )


def _people(people: Sequence[Person]) -> tuple[Person, ...]:
    """Each address once, as it can be written."""
    found: dict[str, Person] = {}
    for one in people:
        address = ascii_address(one.address)
        name = fields.line(one.name)[:MAX_NAME].rstrip()
        found.setdefault(address.lower(), Person("" if name == address else name, address))
    return tuple(found.values())


def _file(file: File, *, shown: bool) -> File:
    """A file whose description is harmless; no content id where no HTML shows it."""
    if file.content_id and not _CONTENT_ID.fullmatch(file.content_id):
        raise Unwritable(f"The image “{fields.line(file.name)}” has an id that cannot be written.")
    content_type = file.content_type.partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(content_type):  # also what has parts or is a mail: it comes in base64
        content_type = "application/octet-stream"
    name = filename(fields.line(file.name)).replace("=?", "=_") or "file"
    return replace(
        file,
        name=name,
        content_type=content_type,
        content_id=file.content_id if shown else "",
    )


def _references(outgoing: Outgoing) -> tuple[str, ...]:
    """The thread's ids, the one answered last; the middle of a long thread is left out."""
    ids = dict.fromkeys(one for one in outgoing.references if _is_id(one))
    if _is_id(outgoing.in_reply_to):
        ids.pop(outgoing.in_reply_to, None)
        ids[outgoing.in_reply_to] = None
    kept = tuple(ids)
    if len(kept) <= FIRST_REFERENCES + LAST_REFERENCES:
        return kept
    return kept[:FIRST_REFERENCES] + kept[-LAST_REFERENCES:]


def _is_id(text: str) -> bool:
    return bool(fields.message_ids((text,)))


def _head(outgoing: Outgoing) -> Iterator[tuple[str, list[str]]]:
    """(name, words) of each field before those of the body; none without a value but Subject."""
    if outgoing.date.tzinfo is None:
        raise ValueError("a date without a time zone")
    if not _is_id(outgoing.message_id):
        raise ValueError("no Message-ID")
    addressed = ("Reply-To", outgoing.reply_to), ("To", outgoing.to), ("Cc", outgoing.cc)
    yield "Date", format_datetime(outgoing.date).split()
    yield "From", _words((outgoing.sender,))
    for name, people in (*addressed, ("Bcc", outgoing.bcc)):
        if people:
            yield name, _words(people)
    yield "Subject", fields.text(outgoing.subject)
    yield "Message-ID", fields.message_ids((outgoing.message_id,))
    if _is_id(outgoing.in_reply_to):
        yield "In-Reply-To", fields.message_ids((outgoing.in_reply_to,))
    if outgoing.references:
        yield "References", fields.message_ids(outgoing.references)
    for name, value in outgoing.headers:
        if name not in HEADERS or not _VALUE.fullmatch(value):
            raise ValueError(f"no header that is written: {name!r}")
        yield name, [value]
    yield "MIME-Version", ["1.0"]


def _words(people: Sequence[Person]) -> list[str]:
    return fields.mailboxes([(one.name, one.address) for one in people])


def _differs(read: Parsed, asked: Outgoing, names: Sequence[str]) -> str:
    """What of a message does not read back as it was asked for; "" when all of it does."""
    headers = Headers(read.headers)
    added = [name for name, _ in read.headers[len(names) :]]
    if [name for name, _ in read.headers[: len(names)]] != names or not _CONTENT.issuperset(added):
        return "a header"
    people = {
        "From": (asked.sender,),
        "Reply-To": asked.reply_to,
        "To": asked.to,
        "Cc": asked.cc,
        "Bcc": asked.bcc,
    }
    for name, expected in people.items():
        found = parse_list(headers.first(name))
        if [(one.name, one.address) for one in found] != [(p.name, p.address) for p in expected]:
            return f"who stands in “{name}”"
    if decode(headers.first("Subject")) != asked.subject:
        return "the subject"
    if (message_id(headers), references(headers)) != (asked.message_id, asked.references):
        return "what it answers"
    return _body_differs(read, asked)


def _body_differs(read: Parsed, asked: Outgoing) -> str:
    if read.truncated:
        return "a part"
    if (read.text or "").rstrip("\r\n") != asked.text.rstrip("\r\n"):
        return "the text"
    if (read.html or "").rstrip("\r\n") != asked.html.rstrip("\r\n"):
        return "the formatted text"
    shown = [one for one in asked.files if one.content_id]
    files = [*shown, *(one for one in asked.files if not one.content_id)]
    found = [(a.filename, a.content_type, a.size, a.content_id) for a in read.attachments]
    if found != [(f.name, f.content_type, len(f.data), f.content_id) for f in files]:
        return "a file"
    return ""
