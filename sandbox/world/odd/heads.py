"""Quirks of headers: subjects, dates, ids, recipients."""

from collections.abc import Iterator
from datetime import timedelta

from sandbox.world import wire
from sandbox.world.mail import Mail
from sandbox.world.odd.quirk import Pen
from sandbox.world.wire import Mailbox

LONG = (
    "Fwd: Re: AW: Re: Minutes of the meeting of the working group on visiting berths, shore power "
    "and winter storage of {past}, including the remarks of {somebody} and {somebody2} on the "
    "agenda item '{vessel}', the answers given by the harbour office, the list of open questions "
    "({many} of them), and the proposal to meet again on {date3}, which please confirm before "
    "{date1} if at all possible"
)
ZONES = (
    "Mon, 02 Feb 2026 09:12:00 +1700",
    "Tue, 3 Feb 2026 10:40:11 -0000",
    "Wed, 4 Mar 26 08:15 GMT",
    "Thu, 05 Mar 2026 17:30:00 +0530 (IST)",
    "Fri, 6 Mar 2026 25:61:00 +0100",
    "2026-03-07T08:00:00Z",
    "Sun, 08 Mar 2026 12:00:00 EDT",
)
EMOJI = (
    "🚢 {vessel} is in! 🎉",
    "Thank you 🙏🏽",
    "⚓ {module} update ✅",
    "👩‍✈️ New skipper on {vessel}",
    "Happy new year 🥂 from {berth}",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿 regatta photos",
)


def mails(pen: Pen) -> Iterator[Mail]:
    """All of them."""
    yield from subjects(pen)
    yield from dates(pen)
    yield from ids(pen)
    yield from hidden(pen)
    yield from together(pen)
    yield from lonely(pen)


def subjects(pen: Pen) -> Iterator[Mail]:
    """None at all, an empty one, a very long one, emoji."""
    for number in range(8):
        text = pen.words("See the [[photo|list]] from {past}. Berth {berth} is the one I meant.")
        subject = None if number % 2 else ""
        yield pen.mail(pen.other(), pen.ours(), subject, text, "no-subject", "plain-only")
    for _ in range(5):
        text = pen.words("Please see the subject. The open questions are the same as in {month}.")
        yield pen.mail(pen.other(), pen.ours(), LONG, text, "long-subject", "plain-only")
    for subject in EMOJI:
        text = pen.words("[[Sails up!|So glad it worked out 😀]] See you at {berth} ⛵")
        more = {"charset": "utf-8"}
        yield pen.mail(pen.other(), pen.ours(), subject, text, "emoji", "rfc2047", **more)


def dates(pen: Pen) -> Iterator[Mail]:
    """Dates in zones that do not exist, in old spellings, impossible ones, none."""
    for date in ZONES:
        text = pen.words(
            "The clock of our {sensor} is [[off|wrong again]], please ignore the time."
        )
        other = pen.other()
        tags = ("odd-date", "odd-zone") if "+1700" in date else ("odd-date",)
        yield pen.mail(other, pen.ours(), "Clock of the {sensor}", text, *tags, date=date)
    for _ in range(3):
        text = pen.words("Alarm: {sensor} at {berth}, battery {many} %.")
        yield pen.mail(pen.other("walt"), pen.ours(), "Alarm {berth}", text, "no-date", date="")


def ids(pen: Pen) -> Iterator[Mail]:
    """No Message-ID, and one Message-ID on different mails."""
    for _ in range(4):
        text = pen.words("Automatic report of {past}: {many} arrivals, {n} departures.")
        yield pen.mail(
            pen.other(), pen.ours(), "Daily report {past}", text, "no-message-id", message_id=""
        )
    for _ in range(3):
        first = pen.mail(
            pen.other(),
            pen.ours(),
            "Scan {ref}",
            pen.words("Scan {ref} of {past}."),
            "repeated-message-id",
        )
        for _ in range(2):
            text = pen.words("Scan {ref}: this is another page, {many} lines.")
            again = pen.mail(pen.other(), pen.ours(), "Scan {ref}", text, "repeated-message-id")
            yield Mail(
                first.at + timedelta(days=pen.rng.uniform(0.01, 3)),
                first.sender,
                first.to,
                again.subject,
                again.body,
                first.message_id,
                client="quirk",
                tags=first.tags,
            )
        yield first


def hidden(pen: Pen) -> Iterator[Mail]:
    """Blind copies, and mail to nobody that is named."""
    for number in range(8):
        author, blind = pen.ours(), pen.ours() if number % 2 else pen.other()
        text = pen.words("The new [[price list|opening hours]] apply from {date3}.")
        bcc = (blind.box, pen.other().box)
        yield pen.mail(author, pen.other(), "News from {past}", text, "plain-only", bcc=bcc)
    for _ in range(3):
        text = pen.words(
            "The office is closed on {weekday1}. We are back at {time1} the day after."
        )
        nobody = {"to": (Mailbox("", "undisclosed-recipients:;"),)}
        reach = tuple(one.person.address for one in pen.cast.ours[:4])
        yield pen.mail(
            pen.other(),
            pen.ours(),
            "Closed on {weekday1}",
            text,
            "undisclosed",
            reach=reach,
            **nobody,
        )


def together(pen: Pen) -> Iterator[Mail]:
    """The same mail to three of us at once."""
    for _ in range(24):
        readers = pen.rng.sample(pen.cast.ours, 3)
        text = pen.words(
            "To all of you, so that nobody has to ask: [[we are closed on {weekday1}|the gate "
            "code changes on {date1}|our new address is Pier {n}|the new crane works from {date2}"
            "|{somebody} takes over from me in {month}]]. [[Please pass it on.|No need to answer.]]"
        )
        to = tuple(one.box for one in readers)
        yield pen.mail(
            pen.other(),
            readers[0],
            "[[Please note|For your files|News]], {date1}",
            text,
            to=to,
        )


def lonely(pen: Pen) -> Iterator[Mail]:
    """Notes to oneself, and one mail from nobody in particular."""
    for _ in range(7):
        me = pen.ours()
        text = pen.words(
            "- call {somebody}\n- {berth}: paint\n- ask about {module}\n- present for {somebody2}"
        )
        yield pen.mail(me, me, "[[To do|Note to self|{weekday1}]]", text, "to-self", "plain-only")
    body = wire.text(pen.words("{many} new skippers signed up for {module} today."))
    robot = Mailbox("", "no-reply@status.quillhaven.example")
    yield pen.mail(pen.other(), pen.ours("owner"), "Sign-ups", body, "robot", sender=robot)
