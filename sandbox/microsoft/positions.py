"""Positions in a stream of changes, written into the tokens of delta links; nothing is kept."""

import base64
import binascii
import zlib
from typing import Annotated, TypeVar

import msgspec

from sandbox.microsoft.errors import GraphError, badly_formed_token

LONGEST = 4_000_000
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Round(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a client stands in one folder's stream, with what it asked for at the beginning.

    ``since`` is the record it knows of; None while the first round still counts what is there.
    ``until`` is the last record of the round under way, None between rounds. Inside a round
    ``at`` and ``message`` say how far it came. ``left`` is how many messages $top still allows.
    """

    account: int
    folder: str
    oid: str
    select: str = ""
    kinds: tuple[str, ...] = ()
    since: Number | None = None
    until: Number | None = None
    at: Number = 0
    message: Number = 2**63 - 1
    least: Number = 0
    """The number a filter by date begins with."""
    left: Number | None = None


class Census(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every folder a client was told of, as a mark of what it was told."""

    oid: str
    select: str = ""
    told: dict[str, int] = {}
    hidden: bool = False


Kind = TypeVar("Kind", Round, Census)


def write(position: Round | Census) -> str:
    """A position as a token."""
    packed = zlib.compress(msgspec.json.encode(position), 6)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(token: str, kind: type[Kind]) -> Kind:
    """The position in a token; 400 for what nobody gave out."""
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        opener = zlib.decompressobj()
        data = opener.decompress(packed, LONGEST)
        return msgspec.json.decode(data, type=kind)
    except (binascii.Error, zlib.error, msgspec.MsgspecError, ValueError, UnicodeError):
        raise badly_formed_token() from None


def invalid(code: str, status: int) -> GraphError:
    """The other wording for a token that is good for nothing any more."""
    return GraphError(status, code, "The sync state is invalid; a full synchronization is needed.")
