"""How mail programs and people write dates, sums and courtesies in each language."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.world.wire import Mailbox


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language. `wrote` and `header` are what mail programs put above a quoted message."""

    days: tuple[str, ...]
    short: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    wrote: str
    hello: tuple[str, ...]
    bye: tuple[str, ...]
    reply: str = "Re: "
    phone: str = "Sent from my phone"
    header: tuple[str, ...] = ("From", "Sent", "To", "Cc", "Subject")
    thousands: str = "."


def read() -> dict[str, Tongue]:
    """Every language in tongues.toml."""
    given = tomllib.loads(Path(__file__).with_name("tongues.toml").read_text(encoding="utf-8"))
    return {name: tongue(entry) for name, entry in given.items()}


def tongue(entry: dict[str, Any]) -> Tongue:
    """One language; names of days, months and headers stand between bars."""
    bars = {key: tuple(entry[key].split("|")) for key in BARRED if key in entry}
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Tongue(**{**entry, **lists, **bars})


BARRED = ("days", "short", "months", "header")
TONGUES = read()


def day(language: str, moment: datetime) -> str:
    """A date as people write it in a sentence, without the year."""
    tongue = TONGUES[language]
    return tongue.date.format(day=moment.day, month=tongue.months[moment.month - 1])


def weekday(language: str, moment: datetime) -> str:
    """The name of the day."""
    return TONGUES[language].days[moment.weekday()]


def sum_of(language: str, amount: int) -> str:
    """An amount in whole euros."""
    digits = f"{amount:,}".replace(",", TONGUES[language].thousands)
    return f"€{digits}" if language in {"en", "ja"} else f"{digits} €"


def wrote(language: str, moment: datetime, box: Mailbox) -> str:
    """The line above a quoted message as Gmail-like programs write it."""
    tongue = TONGUES[language]
    month = tongue.months[moment.month - 1]
    return tongue.wrote.format(
        short=tongue.short[moment.weekday()],
        day=moment.day,
        month=month,
        mon=month if language in {"ar", "ja", "fr"} else month[:3],
        year=moment.year,
        time=f"{moment:%H:%M}",
        name=box.name or box.address,
        address=box.address,
    )


def apple(language: str, moment: datetime, box: Mailbox) -> str:
    """The same line as Apple's programs write it."""
    tongue = TONGUES[language]
    if language == "de":
        return f"Am {moment:%d.%m.%Y} um {moment:%H:%M} schrieb {box.name} <{box.address}>:"
    month = tongue.months[moment.month - 1][:3]
    when = f"{moment.day} {month} {moment.year}, at {moment:%H:%M}"
    return f"On {when}, {box.name} <{box.address}> wrote:"


def sent(language: str, moment: datetime) -> str:
    """The moment as Outlook writes it in the block above a quoted message."""
    tongue = TONGUES[language]
    name, month = tongue.days[moment.weekday()], tongue.months[moment.month - 1]
    if language == "en":
        return f"{moment.day:02} {month} {moment.year} {moment:%H:%M}"
    dot = "." if language == "de" else ""
    return f"{name}, {moment.day}{dot} {month} {moment.year} {moment:%H:%M}"
