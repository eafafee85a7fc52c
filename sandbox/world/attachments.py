"""Turns the file names of a play into files with content that fits the exchange."""

from collections.abc import Mapping
from random import Random

from sandbox.world import files, wire
from sandbox.world.wire import Part

LOGGED = (
    "INFO session opened",
    "WARN retrying upload",
    "ERROR token refused, code 401",
    "INFO plan saved",
)
STYLES = ("2231", "2231", "2047", "split", "raw")


def attach(rng: Random, name: str, facts: Mapping[str, str], text: str, language: str) -> Part:
    """The file called `name` (slots filled); the ending decides what is in it."""
    name = name.format_map(facts)
    style = "2231" if name.isascii() else rng.choice(STYLES[:4])
    kind, data = content(rng, name, facts, text, language)
    return wire.blob(data, kind, name, style)


def content(
    rng: Random, name: str, facts: Mapping[str, str], text: str, language: str
) -> tuple[str, bytes]:
    """MIME type and bytes."""
    lines = tuple(line for line in text.split("\n") if line)
    ending = name.rpartition(".")[2].lower()
    if ending == "pdf":
        return "application/pdf", files.pdf(
            (name.rpartition(".")[0], "", *(line[:95] for line in lines[1:14]))
        )
    if ending == "docx":
        return files.DOCX, files.docx((name, *lines))
    if ending == "csv":
        return "text/csv", files.csv(table(rng), ";" if language in {"de", "fr", "es"} else ",")
    if ending == "zip":
        return "application/zip", files.archive(
            {"readings.csv": files.csv(table(rng)).decode(), "note.txt": text}
        )
    if ending == "log":
        return "text/plain", log(rng, facts).encode()
    return "image/png", files.png(
        160, 90, (0xFFFFFF, rng.randrange(0xFFFFFF)), rng.randrange(4, 30)
    )


def table(rng: Random) -> tuple[tuple[str, ...], ...]:
    """Some readings by berth."""
    rows = (
        (f"B{n}", f"{rng.randrange(2, 90) / 10}", f"{rng.randrange(40, 99)}")
        for n in range(1, rng.randrange(8, 30))
    )
    return (("berth", "draught_m", "occupancy_pct"), *rows)


def log(rng: Random, facts: Mapping[str, str]) -> str:
    """Lines of a program's log that show the trouble."""
    lines = []
    for minute in range(rng.randrange(12, 40)):
        moment = f"0{rng.randrange(6, 9)}:{minute:02}:{rng.randrange(10, 59)}"
        lines.append(f"{moment} {facts['module'].lower()} {rng.choice(LOGGED)}\n")
    return "".join(sorted(lines))
