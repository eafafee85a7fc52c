"""The facts of one exchange: vessel, sum, date; drawn once, so that every mail of it agrees."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sandbox.world import tongues
from sandbox.world.plays import Play

LISTS: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_name("facts.toml").read_text(encoding="utf-8")
)
KINDS = ("vessels", "modules", "names")


def facts(rng: Random, play: Play, start: datetime, language: str = "") -> dict[str, str]:
    """Everything a wording may ask for by name."""
    language = language or play.language
    drawn = numbers(rng, language) | dates(rng, language, start) | things(rng)
    for names, values in play.slots.items():
        fact = rng.choice(values)
        drawn |= zip(names.split("+"), (fact,) if isinstance(fact, str) else fact, strict=True)
    return drawn


def numbers(rng: Random, language: str) -> dict[str, str]:
    """Quantities and sums that multiply up."""
    quantity, unit = rng.randrange(2, 40), rng.choice((18, 29, 45, 64, 120, 240, 480, 950))
    total, percent = quantity * unit, rng.choice((5, 8, 10, 12, 15))
    return {
        "n": str(rng.randrange(2, 9)),
        "many": str(rng.randrange(11, 90)),
        "quantity": str(quantity),
        "unit": tongues.sum_of(language, unit),
        "total": tongues.sum_of(language, total),
        "percent": str(percent),
        "reduced": tongues.sum_of(language, total * (100 - percent) // 100),
        "yearly": tongues.sum_of(language, rng.randrange(12, 190) * 120),
        "fee": tongues.sum_of(language, rng.randrange(3, 40) * 45),
        "ref": f"{rng.randrange(10_000, 99_999)}",
        "ticket": f"QH-{rng.randrange(2_000, 9_999)}",
        "version": f"{rng.randrange(3, 6)}.{rng.randrange(0, 12)}.{rng.randrange(0, 9)}",
        "minutes": str(rng.choice((20, 30, 45, 60))),
    }


def dates(rng: Random, language: str, start: datetime) -> dict[str, str]:
    """Days ahead of the first mail, in working weeks, and times of day."""
    ahead = [
        workday(start + timedelta(days=rng.randrange(low, high)))
        for low, high in ((4, 7), (9, 14), (20, 40))
    ]
    past = start - timedelta(days=rng.randrange(2, 7))
    months = tongues.TONGUES[language].months
    hours = rng.sample(range(9, 17), 2)
    return {
        "date1": tongues.day(language, ahead[0]),
        "date2": tongues.day(language, ahead[1]),
        "date3": tongues.day(language, ahead[2]),
        "past": tongues.day(language, past),
        "weekday1": tongues.weekday(language, ahead[0]),
        "weekday2": tongues.weekday(language, ahead[1]),
        "month": months[start.month % 12],
        "thismonth": months[start.month - 1],
        "year": str(start.year),
        "nextyear": str(start.year + 1),
        "time1": f"{hours[0]}:{rng.choice(('00', '30'))}",
        "time2": f"{hours[1]}:{rng.choice(('00', '15', '30'))}",
    }


def things(rng: Random) -> dict[str, str]:
    """Vessels, berths, programs and people who are only talked about."""
    vessels, modules, names = (rng.sample(LISTS[kind], 2) for kind in KINDS)
    return {
        "vessel": vessels[0],
        "vessel2": vessels[1],
        "module": modules[0],
        "module2": modules[1],
        "somebody": names[0],
        "somebody2": names[1],
        "somebodyfirst": names[0].split(" ")[0],
        "sensor": rng.choice(LISTS["sensors"]),
        "berth": f"{rng.choice('ABCDE')}{rng.randrange(1, 48)}",
        "berth2": f"{rng.choice('FGH')}{rng.randrange(1, 48)}",
        "job": rng.choice(LISTS["jobs"]),
    }


def workday(moment: datetime) -> datetime:
    """The moment itself, or the Monday after if it falls on a weekend."""
    return moment + timedelta(days=max(0, 7 - moment.weekday()) if moment.weekday() > 4 else 0)
