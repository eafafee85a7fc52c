"""Ids as Microsoft Graph writes them: long, URL-safe, case-sensitive, and of two formats."""

import base64
import binascii
import struct

from sandbox.accounts import Account
from sandbox.microsoft.errors import GraphError, malformed_id

DEFAULT, FOLDER, ATTACHMENT = b"\x00\x03\x24\x00", b"\x00\x03\x24\x01", b"\x00\x03\x24\x02"
IMMUTABLE = b"\x00\x09\x00\x2e" + bytes(4) + bytes.fromhex("1d840311aa6611cd9bc800aa002fc45a0c")
DEFAULT_SIZE, IMMUTABLE_SIZE, FOLDER_SIZE, ATTACHMENT_SIZE = 113, 90, 90, 143


class Ids:
    """The ids of one mailbox. A message has a default id, which every move changes, and an
    immutable one; both are understood everywhere. What was made for another mailbox is malformed.
    """

    def __init__(self, account: Account) -> None:
        text = account.oid.encode()
        self._default, self._folder = DEFAULT + text, FOLDER + text
        self._attachment = ATTACHMENT + text
        self._immutable = IMMUTABLE + bytes.fromhex(account.oid.replace("-", ""))
        self._thread = b"\x00\x04\x24\x00" + text
        self._folders: dict[str, str] = {}
        self._version = b"\x09\x00\x00\x00\x16\x00\x00\x00" + self._immutable[-16:]

    def message(self, number: int, moves: int | None) -> str:
        """A message's id: the default one after so many moves, or the immutable one for None."""
        if moves is None:
            return _text(self._immutable + struct.pack(">Q", number), IMMUTABLE_SIZE)
        return _text(self._default + struct.pack(">QI", number, moves), DEFAULT_SIZE)

    def folder(self, label: str) -> str:
        """A folder's id; there is only one format."""
        if label not in self._folders:
            self._folders[label] = _text(self._folder + label.encode(), FOLDER_SIZE)
        return self._folders[label]

    def attachment(self, number: int, part: str) -> str:
        """An attachment's id."""
        rest = struct.pack(">Q", number) + (part or "-").encode()
        return _text(self._attachment + rest, ATTACHMENT_SIZE)

    def conversation(self, thread: int) -> str:
        """A conversation's id."""
        return _text(self._thread + struct.pack(">Q", thread), 56)

    def change_key(self, version: int) -> str:
        """What an item's etag and changeKey are made of."""
        return base64.b64encode(self._version + struct.pack(">Q", version)).decode()

    def read_message(self, text: str) -> tuple[int, int | None]:
        """A message's number, and the moves its id knows of (None in an immutable one)."""
        data = _bytes(text)
        if len(data) == DEFAULT_SIZE and data.startswith(self._default):
            number, moves = struct.unpack_from(">QI", data, len(self._default))
            return _number(number), moves
        if len(data) == IMMUTABLE_SIZE and data.startswith(self._immutable):
            return _number(*struct.unpack_from(">Q", data, len(self._immutable))), None
        raise malformed_id()

    def read_folder(self, text: str) -> str:
        """The label behind a folder's id."""
        data = _bytes(text)
        if len(data) != FOLDER_SIZE or not data.startswith(self._folder):
            raise malformed_id()
        return _plain(data[len(self._folder) :])

    def read_attachment(self, text: str) -> tuple[int, str]:
        """The message and the part behind an attachment's id."""
        data, start = _bytes(text), len(self._attachment)
        if len(data) < start + 8 or not data.startswith(self._attachment):
            raise malformed_id()
        part = _plain(data[start + 8 :])
        return _number(*struct.unpack_from(">Q", data, start)), "" if part == "-" else part

    def read_conversation(self, text: str) -> int | None:
        """The thread behind a conversation's id, or None."""
        try:
            data = _bytes(text)
        except GraphError:
            return None
        if len(data) < len(self._thread) + 8 or not data.startswith(self._thread):
            return None
        return _number(*struct.unpack_from(">Q", data, len(self._thread)))


def _number(number: int) -> int:
    if number >= 2**63:
        raise malformed_id()
    return number


def _text(data: bytes, size: int) -> str:
    return base64.urlsafe_b64encode(data.ljust(size, b"\x00")).decode()


def _plain(data: bytes) -> str:
    return data.rstrip(b"\x00").decode("utf-8", "replace")


def _bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError, ValueError):
        raise malformed_id() from None
    if base64.urlsafe_b64encode(data).decode() != text:
        raise malformed_id()
    return data
