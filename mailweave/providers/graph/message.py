"""One of Graph's messages as the neutral shape everyone else reads."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from mailweave.kit import clock
from mailweave.providers.base import Attachment, Fetched, StateChange
from mailweave.providers.graph import payload, wire

ITEM = "itemattachment"
REFERENCE = "referenceattachment"
_ATTACHMENTS = 1000


def fetched(
    message: wire.Message, attached: Sequence[wire.Attachment] = (), *, truncated: bool = False
) -> Fetched:
    """Everything we keep of ``message``, with what is attached to it."""
    headers, cut = payload.headers(message)
    text, html, body_cut = payload.body(message)
    attachments = described(attached, html or "")
    return Fetched(
        remote_id=message.id,
        remote_thread_id=message.conversation_id or message.id,
        headers=headers,
        text=text,
        html=html,
        attachments=attachments,
        folder_ids=(message.parent_folder_id,) if message.parent_folder_id else (),
        seen=bool(message.is_read),
        flagged=is_flagged(message.flag),
        received_at=received(message.received_date_time, message.sent_date_time),
        size=len(text or html or "") + sum([one.size for one in attachments]),
        preview=message.body_preview or "",
        truncated=truncated or cut or body_cut or len(attached) > _ATTACHMENTS,
    )


def state(told: wire.State) -> StateChange:
    """A message's state, which must have been told whole."""
    return StateChange(
        remote_id=told.id,
        remote_thread_id=told.conversation_id or told.id,
        folder_ids=(told.parent_folder_id,) if told.parent_folder_id else (),
        seen=bool(told.is_read),
        flagged=is_flagged(told.flag),
        received_at=payload.moment(told.received_date_time),
    )


def may_have_attachments(message: wire.Message) -> bool:
    """Whether something may be attached; Outlook does not count what lies inside the text."""
    if message.has_attachments:
        return True
    return bool(message.body and "cid:" in (message.body.content or ""))


def described(attached: Sequence[wire.Attachment], html: str) -> tuple[Attachment, ...]:
    """Attachments as people know them."""
    kept = attached[:_ATTACHMENTS]
    names = part_ids(kept)
    return tuple([_attachment(one, name, html) for one, name in zip(kept, names, strict=True)])


def part_ids(attached: Sequence[wire.Attachment]) -> list[str]:
    """A short name for each attachment, out of what never changes about it; its id may."""
    seen: Counter[str] = Counter()
    names = []
    for one in attached:
        facts = f"{one.name}\x00{one.content_type}\x00{one.size}"
        mark = hashlib.blake2b(facts.encode("utf-8", "replace"), digest_size=12).hexdigest()
        names.append(f"{mark}.{seen[mark]}")
        seen[mark] += 1
    return names


def kind_of(told: wire.Attachment) -> str:
    """``fileattachment``, ``itemattachment`` or ``referenceattachment``."""
    return (told.odata_type or "").rpartition(".")[2].lower()


def is_flagged(flag: wire.Flag | None) -> bool:
    """Whether a message waits for somebody; what is ticked off does not."""
    return flag is not None and (flag.flag_status or "").lower() == "flagged"


def received(*told: str | None) -> datetime:
    """When a message came in; without a usable moment when it was sent, else now."""
    for value in told:
        moment = payload.moment(value)
        if moment is not None:
            return moment
    return clock.now()


def _attachment(told: wire.Attachment, part_id: str, html: str) -> Attachment:
    name = (told.name or "")[:1024]
    content_type = (told.content_type or "").lower().partition(";")[0].strip()
    if kind_of(told) == ITEM:
        content_type = content_type or "message/rfc822"
        name = name if name.lower().endswith(".eml") else f"{name or 'message'}.eml"
    content_id = (told.content_id or "").strip().removeprefix("<").removesuffix(">")[:998]
    return Attachment(
        part_id=part_id,
        filename=name,
        content_type=content_type[:255] or "application/octet-stream",
        size=max(0, told.size or 0),
        content_id=content_id,
        inline=bool(told.is_inline) or bool(content_id and f"cid:{content_id}" in html),
    )
