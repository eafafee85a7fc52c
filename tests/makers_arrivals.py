"""Mail as a provider hands it over, stored as the engine stores it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from mailweave.linking import matching
from mailweave.mail import arrival, store
from mailweave.mail.arrival import Arrival
from mailweave.mail.models import Message, Thread
from mailweave.mail.store import Stored
from mailweave.providers.base import Attachment, Fetched

START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
SENT = frozenset({"SENT"})
MARA, BOB, ADA, BEN = (
    "mara@acme.example",
    "bob@acme.example",
    "ada@home.example",
    "ben@home.example",
)
MALLORY = "mallory@attacker.example"
_number = count(1)


def fetch(
    key: str = "",
    sender: str = MARA,
    to: Sequence[str] = (ADA,),
    *,
    cc: Sequence[str] = (),
    refs: Sequence[str] = (),
    sent: bool = False,
    thread: str = "",
    remote_id: str = "",
    minute: int = 0,
    subject: str = "Offer",
    text: str | None = None,
    html: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    seen: bool = True,
    folders: Sequence[str] = (),
    parts: Sequence[Attachment] = (),
    received_at: datetime | None = None,
) -> Fetched:
    """A message whose Message-ID is ``key``; each has a provider thread of its own unless told."""
    number = next(_number)
    at = START + timedelta(minutes=minute)
    lines = [("From", sender)] if sender else []
    lines += [("To", ", ".join(to)), ("Subject", subject)]
    lines += [("Date", at.strftime("%a, %d %b %Y %H:%M:%S +0000"))]
    lines += [("Message-ID", f"<{key}>")] if key else []
    lines += [("Cc", ", ".join(cc))] if cc else []
    lines += [("References", " ".join(f"<{one}>" for one in refs))] if refs else []
    lines += list(headers)
    return Fetched(
        remote_id=remote_id or f"m{number}",
        remote_thread_id=thread or f"t{number}",
        headers=tuple(lines),
        text=f"Text of {key or number}" if text is None else text,
        html=html,
        attachments=tuple(parts),
        folder_ids=tuple(folders) or (("SENT",) if sent else ("INBOX",)),
        seen=seen,
        flagged=False,
        received_at=received_at or at + timedelta(seconds=5),
        size=1000,
    )


def read(fetched: Fetched, mailbox_id: int = 1) -> Arrival:
    return arrival.read(fetched, mailbox_id=mailbox_id, sent_ids=SENT)


def put(mailbox_id: int, *page: Fetched) -> Stored:
    """Store a page and link it, as the engine does."""
    stored = store.store(mailbox_id, [read(one, mailbox_id) for one in page])
    matching.link(stored.thread_ids)
    return stored


def by_key() -> dict[str, Message]:
    """Stored messages by their Message-ID."""
    return {one.message_id: one for one in Message.objects.all()}


def together() -> list[list[str]]:
    """The threads, as sorted lists of Message-IDs."""
    threads: dict[int, list[str]] = {one: [] for one in Thread.objects.values_list("pk", flat=True)}
    for message_id, thread_id in Message.objects.values_list("message_id", "thread_id"):
        threads[thread_id].append(message_id)
    return sorted(sorted(one) for one in threads.values())
