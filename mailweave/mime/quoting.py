"""A message quoted in an answer, or copied into one that passes it on: as HTML and as text.

The HTML comes as the message has it and is cleaned here; what is added around it is ours, with
every word of the message escaped. It is marked the way by which other mail programs fold quotes.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from mailweave.mime import twin, writing
from mailweave.mime.address import Address
from mailweave.mime.fields import line
from mailweave.mime.outgoing import File, Unwritable
from mailweave.mime.text import clean, from_html

MAX_QUOTE = 512 * 1024
"""Characters of a quote: what is longer is quoted as text, and that is cut."""
CUT = "[The rest is too long to be quoted and was left out.]"

_BAR = "margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex"
_ENDS = re.compile(r"\r\n?")
_BLANKS = re.compile(r"  +|^ ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A message to be quoted; ``html`` as it came, "" when it has none."""

    sender: Address | None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str
    sent_at: datetime
    text: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote ready to be sent below what somebody writes.

    ``cids`` are the Content-IDs of the images it shows, which have to be sent along; ``images``
    stood in the HTML as data and are such files already.
    """

    html: str
    text: str
    cids: tuple[str, ...] = ()
    images: tuple[File, ...] = ()


def answer(original: Original, zone: tzinfo) -> Quote:
    """``original`` as the quote in an answer, its moment told in ``zone``."""
    who = _person(original.sender) if original.sender else "an unknown sender"
    introduction = f"On {_moment(original.sent_at, zone)}, {who} wrote:"
    body = _body(original)
    quoted = "\n".join(_quoted(each) for each in body.text.split("\n"))
    html = (
        f'<div class="gmail_quote"><div class="gmail_attr">{escape(introduction)}<br></div>'
        f'<blockquote class="gmail_quote" type="cite" style="{_BAR}">{body.html}</blockquote></div>'
    )
    return Quote(html, f"{introduction}\n{quoted}", body.cids, body.images)


def forward(original: Original, zone: tzinfo) -> Quote:
    """``original`` as it is passed on: who wrote it when and to whom, then all of it."""
    headers = {
        "From": _person(original.sender) if original.sender else "",
        "Date": _moment(original.sent_at, zone),
        "Subject": line(original.subject),
        "To": ", ".join(map(_person, original.to)),
        "Cc": ", ".join(map(_person, original.cc)),
    }
    title = "---------- Forwarded message ---------"
    head = [title, *(f"{name}: {value}" for name, value in headers.items() if value)]
    body = _body(original)
    html = (
        f'<div class="gmail_quote"><div class="gmail_attr">{"<br>".join(map(escape, head))}<br>'
        f"</div><br>{body.html}</div>"
    )
    return Quote(html, "\n".join((*head, "", body.text)), body.cids, body.images)


def _body(original: Original) -> Quote:
    """The words of a message in both forms."""
    text = _ENDS.sub("\n", clean(original.text)).strip("\n")
    if original.html:
        try:
            written = writing.clean(original.html, marks=False)
        except Unwritable:
            text = text or from_html(original.html)
        else:
            text = text if text.strip() else twin.of(written.html)
            if len(written.html) <= MAX_QUOTE:
                return Quote(written.html, _cut(text), written.cids, written.images)
    text = _cut(text)
    return Quote("<br>".join(map(_html, text.split("\n"))), text)


def _cut(text: str) -> str:
    if len(text) <= MAX_QUOTE:
        return text
    return f"{text[:MAX_QUOTE].rpartition(chr(10))[0] or text[:MAX_QUOTE]}\n{CUT}"


def _html(text: str) -> str:
    """One line of text as HTML that keeps its blanks in every mail program."""
    return _BLANKS.sub(lambda match: "&nbsp;" * len(match[0]), escape(text))


def _quoted(text: str) -> str:
    return f">{text}" if not text or text.startswith(">") else f"> {text}"


def _person(person: Address) -> str:
    address = line(person.address)
    return f"{line(person.name)} <{address}>" if line(person.name) else f"<{address}>"


def _moment(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"
