"""The archive's tables."""

from mailweave.mail.models.copies import Copy
from mailweave.mail.models.mailboxes import Credential, Folder, ImageConsent, Mailbox
from mailweave.mail.models.messages import Address, Body, Message, Part, Participant, SearchRow
from mailweave.mail.models.policies import NeverSync, Policy, Switch
from mailweave.mail.models.threads import RemoteThread, Thread, ThreadKey, ThreadMailbox

__all__ = [
    "Address",
    "Body",
    "Copy",
    "Credential",
    "Folder",
    "ImageConsent",
    "Mailbox",
    "Message",
    "NeverSync",
    "Part",
    "Participant",
    "Policy",
    "RemoteThread",
    "SearchRow",
    "Switch",
    "Thread",
    "ThreadKey",
    "ThreadMailbox",
]
