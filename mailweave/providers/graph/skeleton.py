"""A message and its large files apart: Microsoft takes the one as MIME, the others one by one.

What is left is the message as it was, headers and all, without some of its parts.
"""

from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32

_AS_IT_WAS = compat32.clone(linesep="\r\n", max_line_length=0, mangle_from_=False)


@dataclass(frozen=True, slots=True)
class File:
    """What was taken out of a message."""

    name: str
    content_type: str
    data: bytes
    content_id: str
    """Without brackets; empty for what the message does not show inside."""


def split(raw: bytes, most: int) -> tuple[bytes, list[File]]:
    """The message in at most ``most`` bytes, if it can be, and the files taken out."""
    if len(raw) <= most:
        return raw, []
    whole = message_from_bytes(raw, policy=_AS_IT_WAS)
    left, files = len(raw), []
    for parent, part, size in sorted(_files(whole), key=lambda one: -one[2]):
        if left <= most:
            break
        parent.set_payload([one for one in _parts(parent) if one is not part])
        files.append(_file(part))
        left -= size
    return whole.as_bytes(policy=_AS_IT_WAS), files


def _files(message: Message) -> list[tuple[Message, Message, int]]:
    """Each file with the part it lies in and its size as it is written there."""
    found = []
    for part in _parts(message):
        if part.is_multipart():
            found += _files(part)
        elif part.get_filename() or part.get_content_disposition() == "attachment":
            found.append((message, part, len(str(part.get_payload()))))
    return found


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _file(part: Message) -> File:
    data = part.get_payload(decode=True)
    shown = part.get_content_disposition() == "inline"
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    return File(
        str(make_header(decode_header(part.get_filename() or "file"))),
        part.get_content_type(),
        data if isinstance(data, bytes) else b"",
        content_id if shown else "",
    )
