"""The written scenes: plays/*.toml read into dataclasses, and the wording of one performance."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

CHOICE = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One mail of a play.

    who     them | us | peer (a colleague of theirs) | mate (one of ours) | boss (our founder)
    say     wordings, one is taken; [[a|b]] chooses, {slot} is filled from the facts
    files   names of attachments; the ending decides what they are
    gap     hours since the mail before, from and to
    chance  how likely the mail is written at all; without it the play ends
    """

    who: str
    say: tuple[str, ...]
    files: tuple[str, ...]
    gap: tuple[float, float]
    chance: float
    cc: str
    brief: bool
    picture: bool


@dataclass(frozen=True, slots=True)
class Play:
    """One kind of exchange: which of our rooms plays it (`room`), with which people (`cast`)."""

    name: str
    room: str
    language: str
    cast: tuple[str, ...]
    subjects: tuple[str, ...]
    slots: Mapping[str, tuple[str | list[str], ...]]
    turns: tuple[Turn, ...]
    weight: int
    label: str


@cache
def plays() -> tuple[Play, ...]:
    """Every written play, in the order of the files' names."""
    files = sorted(Path(__file__).with_name("plays").glob("*.toml"))
    return tuple(play(file, entry) for file in files for entry in read(file))


def read(file: Path) -> list[dict[str, Any]]:
    """The entries of one file."""
    entries: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["play"]
    return entries


def play(file: Path, entry: dict[str, Any]) -> Play:
    """One entry; the file's name gives the room and, after a dot, the language."""
    room, _, language = file.stem.partition(".")
    return Play(
        entry["name"],
        entry.get("room", room),
        language or "en",
        tuple(entry["cast"]),
        tuple(entry["subjects"]),
        {name: tuple(values) for name, values in entry.get("slots", {}).items()},
        tuple(turn(one) for one in entry["turns"]),
        entry.get("weight", 10),
        entry.get("label", ""),
    )


def turn(entry: dict[str, Any]) -> Turn:
    """One turn of an entry."""
    low, high = entry.get("gap", (1, 30))
    return Turn(
        entry["who"],
        tuple(entry["say"]),
        tuple(entry.get("files", ())),
        (low, high),
        entry.get("chance", 1.0),
        entry.get("cc", ""),
        entry.get("brief", False),
        entry.get("picture", False),
    )


def word_it(rng: Random, wording: str, facts: Mapping[str, str]) -> str:
    """The wording with choices made and slots filled; KeyError for a slot nobody knows."""
    while CHOICE.search(wording):
        wording = CHOICE.sub(lambda found: rng.choice(found[1].split("|")), wording)
    while SLOT.search(wording):
        wording = SLOT.sub(lambda found: fill(found, facts), wording)
    return wording.strip()


def fill(found: re.Match[str], facts: Mapping[str, str]) -> str:
    """The fact for a slot, with a capital where it begins a sentence."""
    fact, before = facts[found[1]], found.string[: found.start()]
    begins = not before.strip() or before.endswith((". ", "! ", "? ", "\n\n"))
    return fact[:1].upper() + fact[1:] if begins else fact
