"""Address headers, read the way RFC 5322 means them, however hostile they are.

The standard library's modern policy is not used: a kilobyte of "(" overflows its stack, and it
decodes encoded words inside an address.
"""

import re
import unicodedata
from dataclasses import dataclass, field

import idna

from mailweave.mime.headers import decode, strip_controls

MAX_ADDRESSES = 2_000
MAX_ENTRIES = 5_000
"""Entries looked at, readable or not."""
MAX_LENGTH = 320
MAX_NAME = 400
MAX_INPUT = 128 * 1024

_ATOM = r"[^\s\x00-\x20\x7f-\x9f\"(),:;<>@\[\]\\]++"
_QUOTED = r"\"(?:[^\"\\]++|\\.)*+\""
_DOMAIN = rf"(?:\[[^\[\]\\\s]*+\]|{_ATOM})"
_SIMPLE = re.compile(
    rf"""\s*+(?:"([^"\\]*+)"|([^"(),:;<>@\[\]\\]*+))\s*+<({_ATOM}@{_ATOM})>\s*+""", re.ASCII
)
_BARE = re.compile(rf"\s*+({_ATOM}@{_ATOM})\s*+", re.ASCII)
_PLAIN = re.compile(rf"\s*+(?:([^<>@]*+)<({_ATOM}@{_ATOM})>|({_ATOM}@{_ATOM}))\s*+", re.ASCII)
_SPECIAL = re.compile(r"[\"():;\[\]\\]|=\?")
_ADDR_SPEC = re.compile(rf"(?:{_QUOTED}|{_ATOM})@{_DOMAIN}", re.DOTALL)
# A quoted string is passed over whole, so that an address inside it is not taken for one.
_WORD = re.compile(rf"(?<!\S)(?:{_QUOTED}|{_ATOM})(@{_DOMAIN})?+(?!\S)|\S++", re.DOTALL)
_TOKEN = re.compile(
    r"\s++|=\?[^?\s]{1,60}+\?[bBqQ]\?[^?\s]*+\?=|[,;][\s,;]*+|[\"()<>:\\]|[^\s\"()<>:\\,;]++"
)
_PAREN = re.compile(r"[()]|\\.", re.DOTALL)
_STRING = re.compile(_QUOTED, re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_AROUND = re.compile(r" ?([.@]) ?")

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ASCII = re.compile(rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~.-]+@((?:{_LABEL}\.)*{_LABEL})")
_DOT_ATOM = re.compile(r'"([^\s"(),:;<>@\[\]\\]+)"')


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header: a name to show (may be "") and an address as written."""

    name: str
    address: str


def parse_list(header: str) -> tuple[Address, ...]:
    """The mailboxes in an address header, in order, each address once; at most 2,000.

    Groups are flattened, comments dropped (or taken as the name when there is no other), names
    decoded. The address is what stands in angle brackets, never what the name looks like; entries
    without a readable address are left out. Never raises; linear; looks at 128 K characters.
    """
    simple = _SIMPLE.fullmatch(header) if len(header) < 1_000 and header.isascii() else None
    if simple and len(simple[3]) <= MAX_LENGTH:
        return (Address(_clean_name(simple[1] or simple[2] or ""), simple[3]),)
    bare = _BARE.fullmatch(header) if len(header) <= MAX_LENGTH and header.isascii() else None
    if bare:
        return (Address("", bare[1]),)
    return _plain_list(header) or _Reader(header[:MAX_INPUT]).read()


def _plain_list(header: str) -> tuple[Address, ...]:
    """The mailboxes of a list without anything to interpret, as most are; empty for any other."""
    if len(header) > 10_000 or not header.isascii() or _SPECIAL.search(header):
        return ()
    found: dict[str, Address] = {}
    for entry in header.split(","):
        match = _PLAIN.fullmatch(entry)
        spec = match[2] or match[3] if match else ""
        if not match or len(spec) > MAX_LENGTH:
            return ()
        found.setdefault(spec.lower(), Address(_clean_name(match[1] or ""), spec))
    return tuple(found.values())


def normalise(address: str) -> str | None:
    """The form addresses are compared in; None when ``address`` is no addr-spec.

    Lower case, NFC, the domain in its ASCII form (UTS 46). Plus tags and dots are kept. Applying it
    twice changes nothing.
    """
    address = address.strip().lower()
    if len(address) > MAX_LENGTH:
        return None
    match = _ASCII.fullmatch(address)
    if match and "xn--" not in address and len(match[1]) <= 253:
        return address
    local, _, domain = address.rpartition("@")
    local = _local(local)
    domain = _domain(domain.removesuffix("."))
    whole = f"{local}@{domain}"
    return whole if local and domain and len(whole) <= MAX_LENGTH else None


def _local(local: str) -> str:
    """A local part ready to compare; "" when it is none."""
    local = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())
    local = _DOT_ATOM.sub(r"\1", local) if local[:1] == '"' else local
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn") for char in local):
        return ""
    return local if _ADDR_SPEC.fullmatch(local + "@x") else ""


def _domain(domain: str) -> str:
    """The ASCII form of a domain; "" when there is none."""
    try:
        return idna.encode(domain, uts46=True, std3_rules=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""


def _clean_name(name: str) -> str:
    return " ".join(decode(name[: MAX_NAME * 4]).split())[:MAX_NAME]


@dataclass(slots=True)
class _Entry:
    """One mailbox while it is being read."""

    words: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: list[str] | None = None
    inside: bool = False

    def add(self, piece: str, name: str) -> None:
        """A piece as it stands, and as it reads in a name."""
        if self.inside and self.angle is not None:
            self.angle.append(piece)
        elif self.angle is None:
            self.words.append(piece)
            self.name.append(name)

    def open_angle(self) -> None:
        if self.angle is None:
            self.angle = []
            self.inside = True

    def ends_at(self, separator: str) -> bool:
        """Whether a separator ends this entry: not inside "<", unless the ">" was forgotten."""
        if not self.inside or self.angle is None:
            return True
        text = "".join(self.angle).lstrip()
        return separator == ";" or ("@" in text and text[0] != "@")

    def read(self) -> tuple[str, str]:
        """(name, addr-spec) as far as they can be told; "" for what cannot."""
        name = "".join(self.name)
        if self.angle is not None:
            spec = _AROUND.sub(r"\1", "".join(self.angle)).strip()
            if spec.startswith("@"):  # a source route (RFC 5322 section 4.4)
                spec = spec.rpartition(":")[2].strip()
        else:
            words = _AROUND.sub(r"\1", "".join(self.words))
            specs = [match[0] for match in _WORD.finditer(words) if match[1]]
            spec = specs[0] if len(specs) == 1 else ""
            name = "" if '"' in spec else _AROUND.sub(r"\1", name).replace(spec, "", 1)
        name = " ".join(name.split()) or " ".join(self.comments)
        valid = len(spec) <= MAX_LENGTH and _ADDR_SPEC.fullmatch(spec)
        return name, spec if valid and strip_controls(spec) == spec else ""


class _Reader:
    """One pass over a header. What is never closed (quote, comment) counts as ordinary text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain: set[str] = set()
        self._entry = _Entry()
        self._before = ""
        self._found: dict[str, Address] = {}
        self._entries = 0

    def read(self) -> tuple[Address, ...]:
        position, size = 0, len(self._text)
        while position < size and len(self._found) < MAX_ADDRESSES and self._entries < MAX_ENTRIES:
            match = _TOKEN.match(self._text, position)
            position = self._take(match[0], position) if match else position + 1
        self._finish()
        return tuple(self._found.values())[:MAX_ADDRESSES]

    def _take(self, piece: str, position: int) -> int:
        """Read the piece at ``position``; answers where the next one starts."""
        end = position + len(piece)
        if piece in ('"', "(") and piece not in self._plain:
            return self._span(piece, position)
        if piece[0] in ",;" and self._entry.ends_at(piece[0]):
            self._finish()
        elif piece == "<":
            self._entry.open_angle()
        elif piece == ">":
            self._entry.inside = False
        elif piece == ":" and not self._entry.inside:
            self._entry = _Entry()  # what stood there was the name of a group
        else:
            word = " " if piece.isspace() else piece
            self._entry.add("=" if _is_masked(piece) else word, word)
        return end

    def _span(self, opener: str, position: int) -> int:
        end = self._end_of_quote(position) if opener == '"' else self._end_of_comment(position)
        if end < 0:
            self._plain.add(opener)
            return position
        span = self._text[position:end]
        if opener == '"':
            self._entry.add(span, _ESCAPE.sub(r"\1", span[1:-1]))
        elif len(self._entry.comments) < 10:
            self._entry.comments.append(_ESCAPE.sub(r"\1", span[1:-1][: MAX_NAME * 4]))
        return end

    def _end_of_quote(self, position: int) -> int:
        match = _STRING.match(self._text, position)
        return match.end() if match else -1

    def _end_of_comment(self, position: int) -> int:
        depth = 0
        for match in _PAREN.finditer(self._text, position):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0:
                return match.end()
        return -1

    def _finish(self) -> None:
        """File the entry just read. An unquoted "Doe, John <j@x>" keeps its first half."""
        entry, self._entry = self._entry, _Entry()
        self._entries += 1
        name, spec = entry.read()
        if not spec:
            self._before = name[:MAX_NAME] if entry.angle is None and "@" not in name else ""
            return
        if self._before and entry.angle is not None:
            name = f"{self._before}, {name}"
        self._before = ""
        self._found.setdefault(spec.lower(), Address(_clean_name(name), spec))


def _is_masked(piece: str) -> bool:
    """An encoded word with a bare "@" in it: part of a name, whatever it looks like."""
    return piece.startswith("=?") and piece.endswith("?=") and "@" in piece
