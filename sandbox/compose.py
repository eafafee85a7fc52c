"""A message from the fields of a form."""

import re
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, getaddresses, make_msgid

ADDRESS = re.compile(r"[^\s<>@,;:\"\x00-\x1f]+@[^\s<>@,;:\"\x00-\x1f]+")


def compose(
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    sent_at: datetime,
    reply_to_id: str = "",
) -> bytes:
    """The bytes of a message; ValueError says which field is wrong."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _addresses("from", sender)
    message["To"] = _addresses("to", to)
    message["Subject"] = _line(subject)
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = make_msgid(domain="sandbox.example")
    if reply_to_id:
        message["In-Reply-To"] = message["References"] = _line(reply_to_id)
    message.set_content(_printable(text) or "\n")
    if html.strip():
        message.add_alternative(_printable(html), subtype="html")
    try:
        return message.as_bytes()
    except (MessageError, UnicodeError, LookupError) as error:
        raise ValueError(f"this cannot be sent: {error}") from None


def _addresses(field: str, value: str) -> str:
    pairs = getaddresses([_line(value)])
    if not pairs or not all(ADDRESS.fullmatch(address) for _, address in pairs):
        raise ValueError(f"{field}: not an e-mail address: {value[:100]!r}")
    return ", ".join(formataddr(pair) for pair in pairs)


def _line(value: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", _printable(value)).split())


def _printable(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
