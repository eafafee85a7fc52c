"""One mail before it is delivered, and how a text with its habits becomes a MIME body."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from random import Random

from sandbox.world import files, markup, styles, wire
from sandbox.world.cast import Actor
from sandbox.world.styles import Ink, Said
from sandbox.world.wire import Mailbox, Part

LOGO_COLOURS = (0xFFFFFF, 0x1F4E79)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its author sent it; `at` is in the author's own zone.

    `date` overrides the Date header; "" leaves it out, as "" does for `message_id` and None for
    `subject`. `place` is SPAM, TRASH or DRAFT for mail that must not be taken in; `label` is the
    name of a user label for our copies; `reach` are mailboxes it comes to unnamed, as from a list.
    """

    at: datetime
    sender: Mailbox
    to: tuple[Mailbox, ...]
    subject: str | None
    body: Part
    message_id: str
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    references: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    charset: str = "utf-8"
    scheme: str = "B"
    date: str | None = None
    client: str = "gmail"
    place: str = ""
    label: str = ""
    tags: frozenset[str] = field(default=frozenset())
    reach: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A finished body, what a later mail quotes of it, and what is special about it."""

    body: Part
    said: Said
    tags: frozenset[str]


def mark(rng: Random) -> str:
    """Sixteen hex digits nobody else has."""
    return f"{rng.getrandbits(64):016x}"


def new_id(rng: Random, box: Mailbox, client: str) -> str:
    """A Message-ID in the fashion of the client."""
    domain = box.address.partition("@")[2]
    if client.startswith("outlook"):
        left = f"AM0PR{rng.randrange(10**6):06}{mark(rng).upper()}"
        return f"<{left}@AM0PR{rng.randrange(10**4):04}.prod.{domain}>"
    if client in {"apple", "phone"}:
        raw = mark(rng).upper() + mark(rng).upper()
        return f"<{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}@{domain}>"
    return f"<CA+{mark(rng)}{mark(rng)[:9]}@mail.{domain}>"


def boundary(rng: Random, client: str) -> str:
    """A boundary in the fashion of the client."""
    if client.startswith("outlook"):
        return f"_000_{mark(rng).upper()}{mark(rng).upper()}_"
    if client in {"apple", "phone"}:
        return f"Apple-Mail=_{mark(rng).upper()}"
    return f"000000000000{mark(rng)}"


def write(
    rng: Random, author: Actor, ink: Ink, head: Said, attached: tuple[Part, ...] = ()
) -> Written:
    """The body of a mail. `head` says who writes to whom; its text and HTML are filled in here."""
    tags = habits(author, ink)
    plain, charset = styles.plain(ink), author.charset
    content = wire.text(plain, "plain", charset)
    html = ""
    if author.client != "plain" and ink.client != "plain":
        html = markup.inner(replace(ink, logo="", picture=""))
        page = markup.page(ink, wire.fit(plain, charset))
        content = alternative(rng, ink, content, wire.text(page, "html", charset), tags)
    content = with_pictures(rng, ink, content, tags)
    if attached:
        content = wire.multi("mixed", boundary(rng, ink.client), content, *attached)
        tags.add("attachment")
    tags |= {"plain-only"} if not html else {"html"}
    if not plain.isascii():
        tags.add(f"charset:{wire.fit(plain, charset)}")
    quoted = html or "<br>\n".join(escape(line) for line in plain.split("\n"))
    said = Said(head.sender, head.to, head.cc, head.subject, head.at, plain, quoted)
    return Written(content, said, frozenset(tags))


def habits(author: Actor, ink: Ink) -> set[str]:
    """Tags for the client's way of quoting and signing."""
    tags: set[str] = set(ink.tags)
    style = "plain" if author.client == "plain" else ink.client
    if ink.above:
        tags.add(f"quote:{'apple' if style == 'phone' else style}")
    if style == "phone":
        tags.add("phone")
    return tags


def alternative(rng: Random, ink: Ink, plain: Part, html: Part, tags: set[str]) -> Part:
    """Both texts, or the HTML alone as some programs send it."""
    if ink.client.startswith("outlook") and rng.random() < 0.12:
        tags.add("html-only")
        return html
    return wire.multi("alternative", boundary(rng, ink.client), plain, html)


def with_pictures(rng: Random, ink: Ink, content: Part, tags: set[str]) -> Part:
    """The text with the pictures its HTML shows by content id."""
    shown: list[Part] = []
    if ink.logo:
        logo = files.png(96, 24, LOGO_COLOURS, 5 + len(ink.signature[-1]) % 9)
        shown.append(wire.blob(logo, "image/png", "logo.png", cid=ink.logo))
        tags.add("signature-logo")
    if ink.picture:
        picture = files.png(240, 120, (0xF6F7F9, 0x5546D6), rng.randrange(4, 40))
        shown.append(wire.blob(picture, "image/png", "screenshot.png", cid=ink.picture))
        tags.add("inline-image")
    return wire.multi("related", boundary(rng, ink.client), content, *shown) if shown else content
