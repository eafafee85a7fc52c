"""Finding mail that somebody misses: what we know of a message, what its provider says when it is
asked now, and why the two differ."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from django.db.models import Q

from mailweave.kit import live, scope
from mailweave.kit.errors import Expected
from mailweave.mail import arrival
from mailweave.mail.models import Address, Copy, Folder, Mailbox, Message, Participant, ThreadKey
from mailweave.mime import address as addresses
from mailweave.providers.base import Fetched, Listed, Sought
from mailweave.sync import backfill, hands, listing
from mailweave.sync import filter as rules
from mailweave.sync.models import Sync

MOST = 25
"""Messages that one question tells of."""
ASKED = 10
"""Messages that a provider is asked about in full."""
SILENCE = 10.0
"""Seconds a provider may be silent while a person waits."""
WAYS: tuple[str, ...] = get_args(Sought.__annotations__["by"])
_LABEL = re.compile(r"message-id\s*:\s*", re.IGNORECASE)
_BRACKETS = re.compile(r"[^<>]*<([^<>\s]+)>")


@dataclass(frozen=True, slots=True)
class There:
    """A message that the provider has. ``copy`` is what we have of it; ``why`` says why it is not
    stored here, and is empty if it is. ``can_take`` tells whether a person may overrule that."""

    remote_id: str
    remote_thread_id: str
    copy: Copy | None
    subject: str = ""
    sender: str = ""
    received_at: datetime | None = None
    why: str = ""
    can_take: bool = False


def read(text: str, by: str = "") -> tuple[Sought, ...]:
    """What a person pasted, as questions: ``by`` as they said it is meant, else by its looks.

    Empty for blank text.
    """
    bare = " ".join(_LABEL.sub("", text.replace("\x00", ""), count=1).split())[:998]
    inside = _BRACKETS.fullmatch(bare)
    word = inside[1] if inside else bare
    if not bare:
        return ()
    if by in WAYS:
        return (Sought(by, bare if by == "subject" else word),)  # type: ignore[arg-type]
    if "@" not in word or " " in word:
        return (Sought("subject", bare),)
    if inside and not bare.startswith("<"):
        return (Sought("sender", word),)
    return (Sought("message_id", word), Sought("sender", word))


def here(mailbox_ids: Collection[int], soughts: Sequence[Sought]) -> list[Copy]:
    """Copies in these mailboxes that fit, or whose id at the provider it is; newest first."""
    fits = Q(pk__in=())
    for one in soughts:
        fits |= Q(remote_id=one.text) | Q(message_id__in=_messages(mailbox_ids, one))
    copies = Copy.objects.filter(fits, mailbox_id__in=list(mailbox_ids))
    return list(copies.select_related("mailbox", "message").order_by("-received_at", "-pk")[:MOST])


def ask(workspace_id: int, mailbox_id: int, soughts: Sequence[Sought]) -> list[There]:
    """What the provider has that fits, asked now. Talks to the network: no transaction may be open.

    Raises the errors of :mod:`mailweave.providers.errors`.
    """
    listed: dict[str, Listed] = {}
    with hands.visit(workspace_id, mailbox_id, timeout=SILENCE) as provider:
        for one in soughts:
            listed |= {found.remote_id: found for found in provider.reader.find(one)}
        named = list(listed.values())[:ASKED]
        known = _known(workspace_id, mailbox_id, list(listed))
        absent = [one for one in named if not _is_here(known.get(one.remote_id))]
        answers = list(provider.reader.fetch(absent)) if absent else []
    fetched = {one.remote_id: one for one in answers if isinstance(one, Fetched)}
    with scope.workspace(workspace_id):
        return [
            _there(mailbox_id, one, known.get(one.remote_id), fetched.get(one.remote_id))
            for one in named
        ]


def take(mailbox_id: int, remote_id: str, remote_thread_id: str) -> None:
    """Have a message fetched next, wherever it lies and however old it is.

    Nobody's never-sync list is overruled by it.
    """
    if not remote_id or max(len(remote_id), len(remote_thread_id)) > 255 or "\x00" in remote_id:
        raise Expected("This is no message of this mailbox.")
    listing.add_new(mailbox_id, [Listed(remote_id, remote_thread_id or remote_id)])
    rows = Copy.objects.filter(mailbox_id=mailbox_id, remote_id=remote_id)
    rows.update(asked_for=True)
    rows.filter(state=Copy.State.STUCK).update(state=Copy.State.LISTED, reason="", place=-1)
    live.tell(f"mailbox-{mailbox_id}")
    backfill.wake(Sync.objects.get(mailbox_id=mailbox_id))


def _messages(mailbox_ids: Collection[int], sought: Sought) -> list[int]:
    copies = Copy.objects.filter(mailbox_id__in=list(mailbox_ids), message__isnull=False)
    match sought.by:
        case "message_id":
            keys = ThreadKey.objects.filter(key=arrival.hash_id(sought.text))
            rows = Message.objects.filter(thread_id__in=keys.values("thread_id"))
            found = rows.filter(message_id=sought.text).values_list("pk", flat=True)
        case "sender":
            known = Address.objects.filter(address=addresses.normalise(sought.text) or sought.text)
            people = Participant.objects.filter(
                address_id__in=list(known.values_list("pk", flat=True))
            )
            sent = people.filter(role=Participant.Role.FROM).order_by("-sent_at")
            found = sent.values_list("message_id", flat=True)
        case _:
            fits = copies.filter(message__subject__icontains=sought.text)
            found = fits.order_by("-received_at").values_list("message_id", flat=True)
    return list(found[: 4 * MOST])


def _known(workspace_id: int, mailbox_id: int, remote_ids: list[str]) -> dict[str, Copy]:
    with scope.workspace(workspace_id):
        rows = Copy.objects.filter(mailbox_id=mailbox_id, remote_id__in=remote_ids)
        return {one.remote_id: one for one in rows}


def _is_here(copy: Copy | None) -> bool:
    return copy is not None and copy.state == Copy.State.STORED


def _there(mailbox_id: int, listed: Listed, copy: Copy | None, found: Fetched | None) -> There:
    base = (listed.remote_id, listed.remote_thread_id, copy)
    if _is_here(copy):
        return There(*base)
    if found is None:
        return There(*base, why="The provider names it, and did not answer when asked for it.")
    why, can_take = _explain(mailbox_id, copy, found)
    subject, sender = _head(mailbox_id, found)
    return There(*base, subject, sender, found.received_at, why, can_take)


def _explain(mailbox_id: int, copy: Copy | None, found: Fetched) -> tuple[str, bool]:
    """Why a message is not here, and whether its owner may have it taken in all the same."""
    people = _never(mailbox_id, found)
    if people:
        return people, False
    mailbox, sync = Mailbox.objects.get(pk=mailbox_id), Sync.objects.get(mailbox_id=mailbox_id)
    folders = Folder.objects.filter(mailbox_id=mailbox_id)
    roles = dict(folders.values_list("remote_id", "role"))
    reason = rules.judge(found.folder_ids, roles, mailbox.followed_roles)
    reason = reason or rules.judge_age(found.received_at, sync.since)
    if copy and copy.state == Copy.State.LISTED:
        return "It waits to be fetched, and will be here by itself.", False
    if copy and copy.state == Copy.State.SKIPPED and copy.reason == rules.UNMATCHED:
        return copy.reason, True
    if copy and copy.state == Copy.State.STUCK:
        return f"It was set aside. {copy.reason}", True
    if reason:
        return reason, reason in rules.OVERRULED
    if copy and copy.state == Copy.State.GONE:
        return "It was marked as deleted here, and is at the provider all the same.", True
    return "The provider has not told us of it. The next check would find it.", True


def _never(mailbox_id: int, found: Fetched) -> str:
    try:
        one = arrival.read(found, mailbox_id=mailbox_id, sent_ids=frozenset())
    except Exception:  # noqa: BLE001 - what cannot be read has nobody on it
        return ""
    return rules.judge_people(mailbox_id, [one]).get(found.remote_id, "")


def _head(mailbox_id: int, found: Fetched) -> tuple[str, str]:
    """Subject and sender as they came, short enough to show."""
    try:
        one = arrival.read(found, mailbox_id=mailbox_id, sent_ids=frozenset())
    except Exception:  # noqa: BLE001 - then it is shown by its id
        return "", ""
    return one.subject[:300], (one.sender.name or one.sender.address) if one.sender else ""
