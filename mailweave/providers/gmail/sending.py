"""Sending from a Gmail mailbox: a draft is made, and that draft is sent.

https://developers.google.com/workspace/gmail/api/guides/drafts. A draft is sent once: then its id
is gone, and a new message is there, under a Message-ID that Gmail gave it. So a draft that is there
was not sent, and one that is gone is looked for among the newest of what was sent, by its key.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from mailweave.providers.base import Letter, SendAs, Sent, Staged, Untraced, Waiting
from mailweave.providers.errors import InDoubt, ProviderError, Refused, SendAsDenied, Unavailable
from mailweave.providers.gmail import calls, wire
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import Gone, NotReady
from mailweave.providers.sending import KEY_HEADER, sender_of

LARGEST = 36_700_160
"""35 MiB: maxSize of the upload in https://gmail.googleapis.com/$discovery/rest?version=v1."""
LOOKED_AT = 10
"""Newest messages to look at in one go: each costs as much as reading it."""
_PAGES = 10
_CLOCKS = timedelta(hours=1)
"""How far Gmail's clock and ours may differ."""

UNVERIFIED = (
    "Gmail has not verified that this address is yours. Open Gmail > Settings > Accounts > Send "
    "mail as, and enter the code that was mailed to it."
)

NOT_YOURS = (
    "Gmail does not let this mailbox send as {}. Add the address at Gmail > Settings > Accounts > "
    "Send mail as, and enter the code that is mailed to it."
)


class GmailSender:
    """Implements :class:`mailweave.providers.base.Sender`; promises are written there."""

    largest = LARGEST

    def __init__(self, client: Client) -> None:
        self.client = client

    def identities(self) -> list[SendAs]:
        return identities(self.client)

    def stage(self, letter: Letter) -> Staged:
        return stage(self.client, letter)

    def release(self, staged: Staged) -> Sent:
        return release(self.client, staged)

    def fate(self, staged: Staged, since: datetime) -> Waiting | Sent | Untraced:
        return fate(self.client, staged, since)

    def discard(self, staged: Staged) -> None:
        try:
            self.client.get(calls.drop_draft(staged.draft_id))
        except Gone:
            return


def identities(client: Client) -> list[SendAs]:
    """See :class:`mailweave.providers.base.Sender`."""
    listed = client.ask(calls.send_as(), wire.SEND_ASES).send_as
    found = [
        SendAs(
            address=one.send_as_email,
            name=one.display_name,
            signature_html=one.signature,
            is_primary=one.is_primary,
            is_default=one.is_default,
            ready=one.verification_status != "pending",
            why=UNVERIFIED if one.verification_status == "pending" else "",
        )
        for one in listed
    ]
    return sorted(found, key=lambda one: not one.is_primary)


def stage(client: Client, letter: Letter) -> Staged:
    """See :class:`mailweave.providers.base.Sender`. What an earlier try left is overwritten."""
    if len(letter.raw) > LARGEST:
        raise Refused(f"Gmail takes no mail of more than {LARGEST >> 20} MB.")
    _check_sender(client, letter)
    left = _left(client, letter)
    # A thread, or what an earlier try left, may have been deleted since.
    for thread_id in dict.fromkeys((letter.remote_thread_id, "")):
        for draft_id in dict.fromkeys((left, "")):
            with suppress(Gone):
                call = calls.write_draft(draft_id, letter.raw, thread_id)
                made = client.ask(call, wire.DRAFT)
                return Staged(made.id, letter.key, letter.message_id)
    raise Unavailable("Gmail would not keep a draft.")


def release(client: Client, staged: Staged) -> Sent:
    """See :class:`mailweave.providers.base.Sender`."""
    try:
        answer = client.commit(calls.send_draft(staged.draft_id))
        sent = wire.read(wire.NAMED, answer)
    except Gone:
        raise InDoubt("The draft is not at Gmail any more: it may have been sent.") from None
    except NotReady:
        raise Unavailable("Gmail cannot send this draft yet.") from None
    except wire.Unreadable:
        raise InDoubt("Gmail's answer to sending cannot be read.") from None
    return Sent(sent.id, sent.thread_id, _message_id(client, sent.id))


def fate(client: Client, staged: Staged, since: datetime) -> Waiting | Sent | Untraced:
    """See :class:`mailweave.providers.base.Sender`."""
    try:
        client.ask(calls.draft(staged.draft_id), wire.DRAFT)
    except Gone:
        return _sent(client, staged, since) or Untraced()
    return Waiting()


def _check_sender(client: Client, letter: Letter) -> None:
    """Gmail does not refuse an address that is not the mailbox's: it puts its own into From."""
    _, address = sender_of(letter.raw)
    known = {one.address.lower(): one for one in identities(client)}
    found = known.get(address.lower())
    if found is None:
        raise SendAsDenied(NOT_YOURS.format(address))
    if not found.ready:
        raise SendAsDenied(found.why)


def _left(client: Client, letter: Letter) -> str:
    """The draft that an earlier try left, or nothing. A draft is in the thread it belongs to, or
    begins one of its own: those are looked at first. For one that refers to others, and belongs to
    no thread we know of, Gmail chooses one."""
    drafts = client.ask(calls.drafts(), wire.DRAFTS).drafts
    near = [
        one for one in drafts if one.message.thread_id in {letter.remote_thread_id, one.message.id}
    ]
    chosen = (
        not letter.remote_thread_id and b"\nReferences:" in letter.raw.partition(b"\r\n\r\n")[0]
    )
    far = [one for one in drafts if chosen and one not in near]
    mine = {one.message.id: one.id for one in (*near, *far)}
    heads = _heads(client, list(mine)[:LOOKED_AT])
    return next((mine[head.id] for head in heads if _is(head, letter.key)), "")


def _sent(client: Client, staged: Staged, since: datetime) -> Sent | None:
    """The sent copy, looked for until what is listed is older. Listings are not strictly in order,
    so that a whole page has to be."""
    token = ""
    for _ in range(_PAGES):
        page = client.ask(calls.sent(token, LOOKED_AT), wire.LISTING)
        heads = _heads(client, [one.id for one in page.messages])
        for head in heads:
            if _is(head, staged.key) or staged.message_id == _value(head, "message-id"):
                return Sent(head.id, head.thread_id, _value(head, "message-id"))
        older = all(_moment(head) < since - _CLOCKS for head in heads)
        if not page.next_page_token or (heads and older):
            break
        token = page.next_page_token
    return None


def _heads(client: Client, remote_ids: Sequence[str]) -> list[wire.Message]:
    """The headers that tell a letter, of those messages that are there."""
    if not remote_ids:
        return []
    outcomes = client.ask_all([calls.head(one) for one in remote_ids])
    for outcome in outcomes:
        if isinstance(outcome, ProviderError) and not isinstance(outcome, Gone):
            raise outcome
    try:
        return [wire.read(wire.MESSAGE, one) for one in outcomes if isinstance(one, bytes)]
    except wire.Unreadable:
        raise Unavailable("Gmail's answer about a message cannot be read.") from None


def _message_id(client: Client, remote_id: str) -> str:
    """What Gmail calls the sent message now. Only a nicety: what was sent stays sent."""
    try:
        return _value(client.ask(calls.head(remote_id), wire.MESSAGE), "message-id")
    except ProviderError:
        return ""


def _is(head: wire.Message, key: str) -> bool:
    return _value(head, KEY_HEADER.lower()) == key


def _value(head: wire.Message, name: str) -> str:
    headers = head.payload.headers if head.payload else []
    found = (one.value for one in headers if one.name.lower() == name)
    return next(found, "").strip().removeprefix("<").removesuffix(">")


def _moment(head: wire.Message) -> datetime:
    try:
        return datetime.fromtimestamp(int(head.internal_date) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)
