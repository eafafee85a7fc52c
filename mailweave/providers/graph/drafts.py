"""A letter as a draft in a Microsoft mailbox, and found there again.

It is made from MIME (https://learn.microsoft.com/en-us/graph/outlook-send-mime-message), so that
its headers are the letter's own; large files follow one by one. Last its key is written beside it,
as an extended property: a draft that has it is whole.
https://learn.microsoft.com/en-us/graph/api/resources/extended-properties-overview
"""

from mailweave.providers.base import Letter
from mailweave.providers.errors import Refused
from mailweave.providers.graph import calls, uploads, wire
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone
from mailweave.providers.graph.skeleton import split
from mailweave.providers.sending import sender_of

MOST = 2_000_000
"""Bytes of a message that are taken as MIME: in base64, with room to spare below four megabytes."""


def stage(client: Client, letter: Letter) -> str:
    """The id of a whole draft of this letter, which an earlier try may have left."""
    left = find(client, letter.key, letter.message_id)
    for one in left:
        if one.key == letter.key:
            return one.id
    for one in left:
        drop(client, one.id)
    return _make(client, letter)


def find(client: Client, key: str, message_id: str) -> list[wire.Mail]:
    """The drafts of this letter, by its Message-ID or its key."""
    named = client.ask(calls.drafts_named(message_id), wire.MAILS).value if message_id else []
    named = named or client.ask(calls.keyed(key), wire.MAILS).value
    return [one for one in named if one.is_draft]


def drop(client: Client, draft_id: str) -> None:
    """Take a draft of ours away, where Microsoft cannot do that for good into Deleted Items; gone
    already is fine."""
    try:
        client.get(calls.drop(draft_id))
    except Gone:
        return
    except Refused:
        client.get(calls.throw_away(draft_id))


def _make(client: Client, letter: Letter) -> str:
    """No call here is repeated by itself: what fails is found, and thrown away, by the next try."""
    skeleton, files = split(letter.raw, MOST)
    if len(skeleton) > MOST:
        raise Refused("The text of this message is too long for Microsoft.")
    made = client.read(wire.NAMED, client.settled(client.once(calls.make_draft(skeleton))))
    for file in files:
        uploads.attach(client, made.id, file)
    client.ask(calls.seal(made.id, letter.key, *sender_of(letter.raw)), wire.NAMED)
    return made.id
