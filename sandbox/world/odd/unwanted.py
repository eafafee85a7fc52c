"""Mail that must not be taken in: spam, what was thrown away, drafts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

from sandbox.world import wire
from sandbox.world.cast import Cast
from sandbox.world.mail import Mail
from sandbox.world.odd.quirk import Pen
from sandbox.world.wire import Mailbox

SPAM = (
    "Congratulations, you have won a cruise for {n}!|Claim your cabin today: https://win.cruise-{ref}.example",
    "Your parcel {ref} could not be delivered|Pay {fee} customs here: https://parcel-{ref}.example",
    "Cheap crypto, {percent} % a day|Only until {weekday1}. Ask {somebody} how it works.",
    "Final notice: invoice {ref}|Sign in now or lose all: https://login.bank-{ref}.example",
    "RE: RE: our meeting|Dear friend, I am the widow of a harbour master, with {total} to share.",
    "Rank first in search|We looked at your site and found {many} errors. Reply for a free audit.",
)
THROWN = (
    "Lunch menu {weekday1}|Soup, fish, the usual.",
    "Parking tomorrow|The yard is blocked until {time1}.",
    "Printer on the second floor|It is offline. It knows what it did.",
    "Your order {ref} has shipped|One box of pens.",
)
DRAFTS = (
    "Re: price for {module}|Hello {somebodyfirst},\n\nthank you for your patience. I have now",
    "Idea for {month}|What if we",
    "|",
    "Apology|I wanted to write earlier, but",
    "Offer {ref}|Dear {somebodyfirst},\n\nour offer for {quantity} seats (ask Mara first!!)",
)
COUNTS = (26, 14, 11)


def mails(rng: Random, cast: Cast, now: datetime) -> Iterator[Mail]:
    """All three kinds."""
    pen = Pen(rng, cast, now, (), days=30)
    for _ in range(COUNTS[0]):
        subject, text = rng.choice(SPAM).split("|")
        text = pen.words(text)
        page = (
            f'<center><h1 style="color:red">{text}</h1><img src="https://t.example/x.gif"></center>'
        )
        body = wire.text(page, "html")
        sender = Mailbox(pen.words("{somebody}"), pen.words("info@mail{ref}.example"))
        mail = pen.mail(pen.other(), pen.ours(), subject, body, "html", "html-only", place="SPAM")
        yield replace(mail, sender=sender)
    for _ in range(COUNTS[1]):
        subject, text = rng.choice(THROWN).split("|")
        yield pen.mail(pen.other(), pen.ours(), subject, pen.words(text), place="TRASH")
    for _ in range(COUNTS[2]):
        yield draft(pen)


def draft(pen: Pen) -> Mail:
    """Something one of us has begun; half of them have no recipient yet."""
    subject, text = pen.rng.choice(DRAFTS).split("|")
    body = pen.words(text)
    mail = pen.mail(pen.ours(), pen.other(), subject, body, "plain-only", place="DRAFT")
    return replace(mail, to=mail.to if pen.rng.random() < 0.5 else ())
