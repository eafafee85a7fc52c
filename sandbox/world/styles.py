"""What one message says and quotes, and how mail programs lay it out as plain text."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.world import tongues
from sandbox.world.wire import Mailbox


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the next one quotes it; `text` and `html` include what it quoted itself."""

    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    at: datetime
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Ink:
    """What goes into one message: `logo` and `picture` are content ids, `above` is answered."""

    client: str
    language: str
    text: str
    signature: tuple[str, ...] = ()
    logo: str = ""
    picture: str = ""
    above: Said | None = None
    tags: set[str] = field(default_factory=set)


def plain(ink: Ink) -> str:
    """The text/plain body, quote and signature included."""
    parts = [ink.text]
    if ink.picture:
        parts.append("[image: screenshot.png]" if ink.client == "gmail" else f"[cid:{ink.picture}]")
    if ink.signature:
        mark = "" if ink.client.startswith("outlook") else "-- \n"
        parts.append(mark + "\n".join(ink.signature))
    if ink.above:
        parts.append(plain_quote(ink, ink.above))
    return "\n\n".join(parts) + "\n"


def plain_quote(ink: Ink, above: Said) -> str:
    """The answered message under the new text."""
    if ink.client.startswith("outlook"):
        lines = [f"{name}: {value}" for name, value in outlook_block(ink, above)]
        return "\n".join(["_" * 32, *lines, "", above.text])
    mark = tongues.apple if ink.client in {"apple", "phone"} else tongues.wrote
    lines = above.text.rstrip().split("\n")
    quoted = "\n".join(">" + line if line[:1] in {"", ">"} else "> " + line for line in lines)
    gap = "\n\n" if ink.client == "apple" else "\n"
    return mark(ink.language, above.at, above.sender) + gap + quoted


def outlook_block(ink: Ink, above: Said) -> list[tuple[str, str]]:
    """The header block Outlook puts above the answered message, in the program's language."""
    language = (
        "de"
        if ink.client == "outlook-de"
        else ink.language
        if ink.language in {"fr", "es"}
        else "en"
    )
    names = tongues.TONGUES[language].header
    values = (
        f"{above.sender.name} <{above.sender.address}>",
        tongues.sent(language, above.at),
        "; ".join(f"{box.name} <{box.address}>" for box in above.to),
        "; ".join(f"{box.name} <{box.address}>" for box in above.cc),
        above.subject,
    )
    return [(name, value) for name, value in zip(names, values, strict=True) if value]
