"""One of Gmail's messages as the neutral shape everyone else reads."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailweave.kit import clock
from mailweave.providers.base import Fetched, StateChange
from mailweave.providers.gmail import payload, wire


def fetched(message: wire.Message, load: payload.Load) -> Fetched:
    """Everything we keep of ``message``; raises payload.Unfit for a tree past the caps."""
    root = message.payload
    if root is None:
        raise payload.Unfit("it has no content")
    headers, cut = payload.headers(root)
    content = payload.walk(root, load)
    text, text_cut = _joined(content.plain)
    html, html_cut = _joined(content.html)
    return Fetched(
        remote_id=message.id,
        remote_thread_id=message.thread_id or message.id,
        headers=headers,
        text=text,
        html=html,
        attachments=tuple(content.attachments),
        folder_ids=tuple(message.label_ids),
        seen="UNREAD" not in message.label_ids,
        flagged="STARRED" in message.label_ids,
        received_at=_received(message.internal_date, root),
        size=max(0, message.size_estimate),
        preview=message.snippet,
        truncated=cut or text_cut or html_cut or content.truncated,
    )


def state(message: wire.Named) -> StateChange:
    """A message's labels as they are told beside a change."""
    return StateChange(
        remote_id=message.id,
        remote_thread_id=message.thread_id or message.id,
        folder_ids=tuple(message.label_ids),
        seen="UNREAD" not in message.label_ids,
        flagged="STARRED" in message.label_ids,
    )


def _joined(texts: list[str]) -> tuple[str | None, bool]:
    """Texts that follow each other, as some mail clients write around a picture."""
    if not texts:
        return None, False
    whole = texts[0] if len(texts) == 1 else "\n".join(texts)
    return whole[: payload.TEXT], len(whole) > payload.TEXT


def _received(milliseconds: str, root: wire.Part) -> datetime:
    """``internalDate``; without a usable one the sender's own date, else now."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return _dated(payload.header(root, "date"))


def _dated(value: str) -> datetime:
    try:
        moment = parsedate_to_datetime(value[:200])
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return clock.now()
