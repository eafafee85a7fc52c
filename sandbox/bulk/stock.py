"""What bulk mail is made from: words with the long tail of real language, people, files."""

import binascii
import tomllib
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

CORRESPONDENTS = 420
SENTENCES = 20_000
ENDINGS = ("s", "ed", "ing", "er", "ers", "able")
LEADS = ("", "re", "un", "pre")
KINDS = (
    ("application/pdf", "pdf"),
    ("image/png", "png"),
    ("text/csv", "csv"),
    ("application/zip", "zip"),
)


@dataclass(frozen=True, slots=True)
class Stock:
    """What mails are made from; drawn once."""

    sentences: list[str]
    people: list[str]
    files: list[tuple[str, str, bytes]]


def gather(rng: Random) -> Stock:
    """Everything drawn once: sentences of common and rare words, people and files."""
    given = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    lists = {name: words.split() for name, words in given.items()}
    words = vocabulary(rng, lists["fillers"], lists["stems"])
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    sentences = [
        sentence(rng.choices(words, cum_weights=weights, k=rng.randrange(6, 17)))
        for _ in range(SENTENCES)
    ]
    people = [
        person(rng.choice(lists["first"]), rng.choice(lists["last"]), number)
        for number in range(CORRESPONDENTS)
    ]
    return Stock(sentences, people, [file(rng, number) for number in range(24)])


def vocabulary(rng: Random, fillers: list[str], stems: list[str]) -> list[str]:
    """Some eight thousand words, the most frequent first."""
    ends = [inflect(stem, ending) for ending in ENDINGS for stem in stems]
    rare = [lead + word for word in ends for lead in LEADS]
    rng.shuffle(rare)
    return fillers + rng.sample(stems, len(stems)) + rare


def inflect(stem: str, ending: str) -> str:
    """The word with an ending; a silent e gives way to a vowel."""
    return (stem[:-1] if stem[-1] == "e" and ending[0] in "eia" else stem) + ending


def sentence(words: list[str]) -> str:
    """Words with a capital and a full stop."""
    return " ".join(words).capitalize() + "."


def person(first: str, last: str, number: int) -> str:
    """A mailbox at one of some sixty firms."""
    address = f"{first}.{last}{number}@firm{number % 60}.example".lower()
    return f"{first} {last} <{address}>"


def file(rng: Random, number: int) -> tuple[str, str, bytes]:
    """A small attachment, already in base64."""
    kind, ending = rng.choice(
        (
            ("application/pdf", "pdf"),
            ("image/png", "png"),
            ("text/csv", "csv"),
            ("application/zip", "zip"),
        )
    )
    data = binascii.b2a_base64(rng.randbytes(rng.randrange(2_000, 24_000))).strip()
    lines = b"\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    return kind, f"file-{number}.{ending}", lines
