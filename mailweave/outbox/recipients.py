"""Whom a letter goes to: what was typed, read as addresses, with what is wrong with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailweave.mime import address as addresses

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
    """What one line of text names, separated by commas, semicolons or line ends."""
    found: list[Recipient] = []
    for line in typed.replace(";", ",").splitlines():
        found += [
            Recipient(one.name, one.address, normal)
            if (normal := addresses.normalise(one.address))
            else _wrong(str(one.address))
            for one in addresses.parse_list(line)
        ] or ([_wrong(line.strip(" ,"))] if line.strip(" ,") else [])
    return found


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


def _wrong(typed: str) -> Recipient:
    shown = typed if len(typed) <= 60 else f"{typed[:57]}…"
    return Recipient("", typed, "", f"“{shown}” is no e-mail address.")
