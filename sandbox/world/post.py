"""The postal service: a mail becomes a copy, labelled, in each mailbox of ours it reaches."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from sandbox.world import wire
from sandbox.world.mail import Mail, mark
from sandbox.world.shapes import Delivery
from sandbox.world.wire import Mailbox

LABELS = {
    "Label_1": "Contracts",
    "Label_2": "Invoices",
    "Label_3": "Candidates",
    "Label_4": "Bugs",
    "Label_5": "Renewals",
    "Label_6": "Kunden Küste",
    "Label_7": "Projects/Tidewatch rollout",
}
UNREAD = (0.6, 0.3, 0.15, 0.06, 0.005)
FOLD = "\r\n        "
IDS = {name: key for key, name in LABELS.items()}
AGENTS = {
    "outlook": "Microsoft Outlook 16.0",
    "outlook-de": "Microsoft Outlook 16.0",
    "apple": "Apple Mail (2.3826.300.87.4.3)",
    "phone": "iPhone Mail (23A345)",
    "plain": "Mozilla Thunderbird",
}


def deliver(mail: Mail, homes: frozenset[str], now: datetime, rng: Random) -> Iterator[Delivery]:
    """The copies of a mail in the mailboxes named by `homes`: the sender's and each recipient's."""
    own = mail.sender.address
    if own in homes and mail.place != "SPAM":
        yield kept(mail, own, rng)
    if mail.place == "DRAFT":
        return
    named = (box.address for box in (*mail.to, *mail.cc, *mail.bcc))
    reached = dict.fromkeys((*named, *mail.reach))
    readers = [address for address in reached if address in homes and address != own]
    for reader in readers:
        yield received(mail, reader, now, rng, len(readers))


def kept(mail: Mail, own: str, rng: Random) -> Delivery:
    """The sender's own copy: no trace headers, and the only one that shows Bcc."""
    reached = {box.address for box in (*mail.to, *mail.cc, *mail.bcc)}
    labels = ["DRAFT"] if mail.place == "DRAFT" else ["SENT"]
    tags = set(mail.tags) | {label.lower() for label in labels}
    if own in reached:
        labels.append("INBOX")
        tags.add("to-self")
    if mail.label and rng.random() < 0.5:
        labels.append(IDS[mail.label])
    if mail.bcc:
        tags.add("bcc")
    raw = render(mail, bcc=True)
    return Delivery(
        own, raw, tuple(labels), mail.at.astimezone(UTC), frozenset(tags | marked(labels))
    )


def received(mail: Mail, reader: str, now: datetime, rng: Random, readers: int) -> Delivery:
    """A recipient's copy, with the road it took."""
    at = mail.at.astimezone(UTC) + timedelta(seconds=rng.randrange(2, 40))
    labels = [mail.place] if mail.place else shelf(mail, now - at, rng)
    tags = set(mail.tags) | marked(labels)
    if readers >= 3:
        tags.add("three-mailboxes")
    raw = road(mail, reader, at, rng) + render(mail)
    return Delivery(reader, raw, tuple(labels), at, frozenset(tags))


def shelf(mail: Mail, age: timedelta, rng: Random) -> list[str]:
    """Where the reader keeps it: old mail tends to be read and archived."""
    labels = []
    if rng.random() > min(0.75, age.days / 120):
        labels.append("INBOX")
    if rng.random() < UNREAD[min(age.days // 10, 4)]:
        labels.append("UNREAD")
    if rng.random() < 0.03:
        labels.append("STARRED")
    if "newsletter" in mail.tags:
        labels.append("CATEGORY_PROMOTIONS")
    if "mailing-list" in mail.tags:
        labels.append("CATEGORY_FORUMS")
    if mail.label and rng.random() < 0.6:
        labels.append(IDS[mail.label])
    return labels


def marked(labels: list[str]) -> set[str]:
    """Tags that say where a copy lies."""
    tags = {name.lower() for name in ("UNREAD", "STARRED", "SPAM", "TRASH") if name in labels}
    if not {"INBOX", "SENT", "DRAFT", "SPAM", "TRASH"} & set(labels):
        tags.add("archived")
    if any(label.startswith("Label_") for label in labels):
        tags.add("user-label")
    return tags


def road(mail: Mail, reader: str, at: datetime, rng: Random) -> bytes:
    """Trace headers; they differ from copy to copy."""
    domain = mail.sender.address.partition("@")[2] or "nowhere.example"
    stamp, before = format_datetime(at), format_datetime(at - timedelta(seconds=2))
    near = f"2001:db8:a05:{rng.randrange(0x1000, 0xFFFF):x}::"
    host = f"mail.{domain} (mail.{domain}. [198.51.100.{rng.randrange(2, 250)}])"
    far = (
        f"from {host}",
        f"by mx.quillhaven.example with ESMTPS id {mark(rng)}",
        f"for <{reader}>",
        f"(version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); {before}",
    )
    checks = (
        "mx.quillhaven.example;",
        f"dkim=pass header.i=@{domain} header.s=mail1;",
        f"spf=pass smtp.mailfrom={mail.sender.address}",
    )
    lines = (
        ("Delivered-To", reader),
        ("Received", f"by {near} with SMTP id {mark(rng)};{FOLD}{stamp}"),
        ("Return-Path", f"<{'' if 'bounce' in mail.tags else mail.sender.address}>"),
        ("Received", FOLD.join(far)),
        ("Authentication-Results", FOLD.join(checks)),
    )
    return wire.head(lines)


def render(mail: Mail, bcc: bool = False) -> bytes:
    """The mail as its author's program wrote it."""
    lines = [("MIME-Version", "1.0"), *people(mail, bcc)]
    if mail.subject is not None:
        lines.append(("Subject", folded(mail)))
    if mail.date != "":
        lines.append(("Date", mail.date or format_datetime(mail.at)))
    if mail.message_id:
        lines.append(("Message-ID", mail.message_id))
    if mail.references:
        lines += [
            ("In-Reply-To", mail.references[-1]),
            ("References", "\r\n ".join(mail.references)),
        ]
    if mail.client in AGENTS:
        lines.append(("X-Mailer", AGENTS[mail.client]))
    return wire.head((*lines, *mail.extra)) + mail.body.render()


def people(mail: Mail, bcc: bool) -> list[tuple[str, str]]:
    """From, To, Cc and, in the sender's copy, Bcc."""

    def shown(boxes: tuple[Mailbox, ...]) -> str:
        return wire.addresses(boxes, mail.charset, mail.scheme)

    lines = [("From", shown((mail.sender,)))]
    lines += [(name, shown(boxes)) for name, boxes in (("To", mail.to), ("Cc", mail.cc)) if boxes]
    return lines + ([("Bcc", shown(mail.bcc))] if bcc and mail.bcc else [])


def folded(mail: Mail) -> str:
    """The subject, encoded if it must be, folded at blanks if it is long."""
    subject = wire.word(mail.subject or "", mail.charset, mail.scheme)
    if "\r\n" in subject or len(subject) < 70:
        return subject
    lines, line = [], ""
    for piece in subject.split(" "):
        if line and len(line) + len(piece) > 70:
            lines.append(line)
            line = ""
        line += (" " if line else "") + piece
    return "\r\n ".join([*lines, line])
