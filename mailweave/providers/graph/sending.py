"""Sending from a mailbox at Microsoft: a draft is made, and that draft is sent.

https://learn.microsoft.com/en-us/graph/api/message-send answers 202 and nothing else. The draft
becomes the copy in Sent Items; when, and whether under the same ids, is nowhere promised. So what
became of it is asked by every name it has, and it counts as unsent only while it is still a draft.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mailweave.providers.base import Letter, SendAs, Sent, Staged, Untraced, Waiting
from mailweave.providers.errors import (
    ConsentNeeded,
    InDoubt,
    ProviderError,
    Refused,
    SendAsDenied,
)
from mailweave.providers.graph import calls, drafts, wire
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone, Invalid
from mailweave.providers.graph.shared import SharedClient
from mailweave.providers.sending import KEY_HEADER

LARGEST = 36_700_160
"""35 MB, as Exchange Online has it unless an administrator says otherwise:
https://learn.microsoft.com/en-us/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits"""

DENIED = (
    "Microsoft does not let this account send as that address. An Exchange administrator gives it "
    "Send As or Send on Behalf, beside Full Access: Exchange admin center > Recipients > "
    "Mailboxes > the mailbox > Delegation. It can take an hour to work."
)
NO_ALIAS = (
    "Microsoft does not let this account send as that address. An Exchange administrator allows "
    "sending from aliases: Exchange admin center > Settings > Mail flow. It can take an hour to "
    "work."
)
NO_PERMISSION = "The permission to send mail is missing: reconnect the mailbox and allow it."


class GraphSender:
    """Implements :class:`mailweave.providers.base.Sender`; promises are written there."""

    largest = LARGEST

    def __init__(self, client: Client) -> None:
        self.client = client

    def identities(self) -> list[SendAs]:
        return identities(self.client)

    def stage(self, letter: Letter) -> Staged:
        if len(letter.raw) > LARGEST:
            raise Refused(f"Microsoft takes no mail of more than {LARGEST >> 20} MB.")
        draft_id = drafts.stage(self.client, letter)
        return Staged(draft_id, letter.key, letter.message_id)

    def release(self, staged: Staged) -> Sent:
        return release(self.client, staged)

    def fate(self, staged: Staged, since: datetime) -> Waiting | Sent | Untraced:
        return fate(self.client, staged, since)

    def discard(self, staged: Staged) -> None:
        """What has become a sent copy meanwhile stays."""
        found = _by_id(self.client, staged.draft_id)
        if found and found.is_draft:
            drafts.drop(self.client, found.id)


def identities(client: Client) -> list[SendAs]:
    """See :class:`mailweave.providers.base.Sender`. Of a mailbox that is shared, only its address
    can be known. Whether the organisation lets people send from aliases, nobody is told: unless
    an administrator turned it on (SendFromAliasEnabled), Exchange puts the mailbox's own address
    in their place, and says nothing. https://learn.microsoft.com/en-us/powershell/module/exchange/set-organizationconfig
    """
    if isinstance(client, SharedClient):
        return [_identity(client.address, "", is_primary=True)]
    try:
        told = client.ask(calls.addresses(), wire.PERSON)
    except Invalid:  # personal accounts have fewer properties
        told = client.ask(calls.person(), wire.PERSON)
    own = told.mail or told.user_principal_name or ""
    smtp = [one[5:] for one in told.proxy_addresses or [] if one.lower().startswith("smtp:")]
    aliases = [one for one in dict.fromkeys(smtp) if one.lower() != own.lower()]
    name = told.display_name or ""
    return [
        _identity(own, name, is_primary=True),
        *(_identity(one, name, is_primary=False) for one in aliases),
    ]


def release(client: Client, staged: Staged) -> Sent:
    """See :class:`mailweave.providers.base.Sender`."""
    try:
        client.commit(calls.send(staged.draft_id))
    except Gone:
        raise InDoubt("The draft is not there any more: it may have been sent.") from None
    except SendAsDenied:
        words = DENIED if isinstance(client, SharedClient) else NO_ALIAS
        raise SendAsDenied(words) from None
    except ConsentNeeded:
        raise ConsentNeeded(NO_PERMISSION) from None
    try:
        found = _by_id(client, staged.draft_id)
    except ProviderError:  # only a nicety: what was accepted stays accepted
        found = None
    return _sent(found) if found and not found.is_draft else Sent("", "", "")


def fate(client: Client, staged: Staged, since: datetime) -> Waiting | Sent | Untraced:
    """See :class:`mailweave.providers.base.Sender`."""
    for found in _everywhere(client, staged, since):
        for one in found:
            if not one.is_draft:
                return _sent(one)
        if found:
            return Waiting()
    # What one sends to oneself is also received, under the same Message-ID: a proof, but no copy.
    received = client.ask(calls.named(staged.message_id), wire.MAILS).value
    return Sent("", "", "") if any(not one.is_draft for one in received) else Untraced()


def _everywhere(client: Client, staged: Staged, since: datetime) -> Iterator[Sequence[wire.Mail]]:
    """By its id, by the key beside it, by its Message-ID where sent mail is, by the key within."""
    same = _by_id(client, staged.draft_id)
    yield [same] if same else []
    yield client.ask(calls.keyed(staged.key), wire.MAILS).value
    yield client.ask(calls.sent_named(staged.message_id), wire.MAILS).value
    newest = client.ask(calls.newest_sent(since), wire.MAILS).value
    yield [one for one in newest if one.header(KEY_HEADER) == staged.key]


def _by_id(client: Client, draft_id: str) -> wire.Mail | None:
    try:
        return client.ask(calls.mail(draft_id), wire.MAIL)
    except (Gone, Invalid):
        return None


def _sent(one: wire.Mail) -> Sent:
    name = (one.internet_message_id or "").strip().removeprefix("<").removesuffix(">")
    return Sent(one.id, one.conversation_id or "", name)


def _identity(address: str, name: str, *, is_primary: bool) -> SendAs:
    return SendAs(address, name, "", is_primary, is_primary, ready=True, why="")
