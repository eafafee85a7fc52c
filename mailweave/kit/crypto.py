"""Sealing secrets: AES-256-GCM, bound to the row they lie in, under a named key.

A sealed value is ``1 | key id length | key id | nonce (12) | ciphertext and tag``. The associated
data names table, row and column, so a value copied to another place does not open. Keys are
random 256-bit, so random 96-bit nonces stay safe for 2^32 seals a key (NIST SP 800-38D).
"""

import base64
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealBrokenError(Exception):
    """The value was not sealed for this place, or not by a key we hold."""


class KeyFileError(Exception):
    """The master key is missing, malformed or readable by others."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that open, and the one that seals."""

    keys: Mapping[str, bytes]
    active: str

    def seal(self, plain: str, place: str) -> bytes:
        """Seal ``plain`` for ``place`` ("table/row/column") under the active key."""
        nonce = os.urandom(12)
        name = self.active.encode()
        box = AESGCM(self.keys[self.active]).encrypt(nonce, plain.encode(), _bind(place, name))
        return bytes([VERSION, len(name)]) + name + nonce + box

    def open(self, sealed: bytes, place: str) -> str:
        """The text sealed for ``place``; raises SealBrokenError for anything else."""
        name, nonce, box = _split(sealed)
        key = self.keys.get(name.decode("ascii", "replace"))
        if key is None:
            raise SealBrokenError("sealed under a key this installation does not hold")
        try:
            return AESGCM(key).decrypt(nonce, box, _bind(place, name)).decode()
        except (InvalidTag, UnicodeDecodeError) as error:
            raise SealBrokenError("the sealed value does not belong here or was changed") from error

    def sign(self, text: str, purpose: str) -> bytes:
        """A signature under the active key: HMAC-SHA-256, good for ``purpose`` and nothing else."""
        return _sign(self.keys[self.active], text, purpose)

    def is_signed(self, text: str, signature: bytes, purpose: str) -> bool:
        """Whether one of our keys signed ``text``."""
        made = (_sign(key, text, purpose) for key in self.keys.values())
        return any(hmac.compare_digest(one, signature) for one in made)

    def is_current(self, sealed: bytes) -> bool:
        """Whether ``sealed`` is already under the active key."""
        return _split(sealed)[0] == self.active.encode()


def _sign(key: bytes, text: str, purpose: str) -> bytes:
    """Under a key of its own, made of the master key for this purpose."""
    own = hmac.digest(key, b"mailweave|sign|" + purpose.encode(), "sha256")
    return hmac.digest(own, text.encode(), "sha256")


def _bind(place: str, key_name: bytes) -> bytes:
    return b"mailweave|1|" + place.encode() + b"|" + key_name


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < 2 + 1 + 12 + 16 or sealed[0] != VERSION:
        raise SealBrokenError("not a sealed value")
    end = 2 + sealed[1]
    if len(sealed) < end + 12 + 16:
        raise SealBrokenError("a sealed value that was cut off")
    return sealed[2:end], sealed[end : end + 12], sealed[end + 12 :]


def make_key() -> str:
    """A new key as one line of a key file: ``id:base64``."""
    return f"k{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def read_keys(text: str) -> Keyring:
    """Keys from lines of ``id:base64``; the first seals, all open. Raises KeyFileError."""
    keys: dict[str, bytes] = {}
    for line in filter(None, map(str.strip, text.replace(",", "\n").splitlines())):
        name, _, value = line.partition(":")
        try:
            key = base64.b64decode(value, validate=True)
        except ValueError as error:
            raise KeyFileError(f"master key {name!r} is not base64") from error
        if not KEY_ID.fullmatch(name) or len(key) != 32 or len(set(key)) < 8:
            raise KeyFileError("a master key is id:base64 of 32 random bytes")
        keys[name] = key
    if not keys:
        raise KeyFileError("there is no master key")
    return Keyring(keys, next(iter(keys)))


def load_keys(path: Path) -> Keyring:
    """Keys from a file only its owner can read; it is made on first use. Raises KeyFileError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: chmod 600 it")
    return read_keys(path.read_text())


def _make(path: Path) -> None:
    """Write a key in full before it has its name, so that nobody beside us reads half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(make_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was faster: theirs counts
            os.link(draft, path)
    finally:
        draft.unlink()
