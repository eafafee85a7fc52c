"""Whom a letter goes to: what was typed, read as addresses, with what is wrong with it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailweave.mime import address as addresses

_PIECE = re.compile(r'(?:"(?:[^"\\\n]|\\.)*+"|<[^<>\n]*+>|[^,;\n])++')
MOST = 500
"""Recipients of one letter: what Gmail and Exchange take by default."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One entry of a recipient field. ``problem`` says in words what is wrong; empty if nothing.

    ``address`` is as it was written, ``normal`` the form addresses are compared in.
    """

    name: str
    address: str
    normal: str
    problem: str = ""

    def __str__(self) -> str:
        """As it is typed, and kept in drafts."""
        return f"{self.name} <{self.address}>" if self.name else self.address


def split(typed: str) -> list[Recipient]:
    """What a text names, separated by commas, semicolons or line ends; what cannot be read is there
    with its problem, so that nothing that was typed is lost. A name may have a comma in it."""
    found: list[Recipient] = []
    before = ""
    for piece in filter(None, (one.strip() for one in _PIECE.findall(typed))):
        whole = f"{before}, {piece}" if before and "<" in piece else piece
        if before and whole is piece:
            found.append(_wrong(before))
        before = "" if "@" in whole else whole
        if not before:
            found.append(_entry(whole))
    return [*found, _wrong(before)] if before else found


def read(entries: Iterable[str]) -> list[Recipient]:
    """The entries of a draft's field, each address once."""
    found: dict[str, Recipient] = {}
    for entry in entries:
        for one in split(entry):
            found.setdefault(one.normal or one.address, one)
    return list(found.values())


def problems(fields: Sequence[Sequence[Recipient]]) -> list[str]:
    """Why a letter with these fields cannot go, in words; empty if it can."""
    everybody = [one for field in fields for one in field]
    if not everybody:
        return ["Please name at least one recipient."]
    wrong = [one.problem for one in everybody if one.problem]
    if len(everybody) > MOST:
        wrong.append(f"A letter goes to at most {MOST} recipients; this one names more.")
    return wrong


def _entry(typed: str) -> Recipient:
    one = next(iter(addresses.parse_list(typed)), None)
    normal = addresses.normalise(one.address) if one else None
    return Recipient(one.name, one.address, normal) if one and normal else _wrong(typed)


def _wrong(typed: str) -> Recipient:
    shown = typed if len(typed) <= 60 else f"{typed[:57]}…"
    return Recipient("", typed, "", f"“{shown}” is no e-mail address.")
