"""The table of what Microsoft Graph answers here: verbs, addresses, permissions, handlers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.microsoft import (
    attachments,
    delta,
    drafts,
    folder_delta,
    folders,
    listing,
    messages,
    sending,
    subscriptions,
    uploads,
    users,
)
from sandbox.microsoft.call import Answer, Call
from sandbox.microsoft.errors import GraphError, no_segment

Result = dict[str, Any] | tuple[int, dict[str, Any]] | Answer | None
READ = frozenset({"mail.read", "mail.readwrite"})
WRITE = frozenset({"mail.readwrite"})
SEND = frozenset({"mail.send"})
ME = frozenset({"user.read", "user.readwrite", "user.read.all", "directory.read.all"})


@dataclass(frozen=True, slots=True)
class Method:
    """One thing to ask of a person's mailbox; ``scopes`` are those of which one is enough."""

    verb: str
    steps: tuple[str, ...]
    scopes: frozenset[str]
    run: Callable[[Call], Result]


ROWS: Sequence[tuple[str, str, frozenset[str], Callable[[Call], Result]]] = (
    ("GET", "", ME, users.get_me),
    ("GET", "mailFolders", READ, folders.list_folders),
    ("POST", "mailFolders", WRITE, folders.create),
    ("GET", "mailFolders/delta", READ, folder_delta.list_changes),
    ("GET", "mailFolders/{folder}", READ, folders.get_folder),
    ("PATCH", "mailFolders/{folder}", WRITE, folders.rename),
    ("DELETE", "mailFolders/{folder}", WRITE, folders.delete),
    ("GET", "mailFolders/{folder}/childFolders", READ, folders.list_children),
    ("POST", "mailFolders/{folder}/childFolders", WRITE, folders.create),
    ("GET", "mailFolders/{folder}/messages/delta", READ, delta.list_changes),
    ("GET", "mailFolders/{folder}/messages", READ, listing.list_messages),
    ("POST", "mailFolders/{folder}/messages", WRITE, drafts.create),
    ("GET", "messages/delta", READ, delta.refuse_mailbox),
    ("GET", "messages", READ, listing.list_messages),
    ("POST", "messages", WRITE, drafts.create),
    ("GET", "messages/{message}", READ, messages.get_message),
    ("PATCH", "messages/{message}", WRITE, messages.patch),
    ("DELETE", "messages/{message}", WRITE, messages.delete),
    ("GET", "messages/{message}/$value", READ, messages.get_mime),
    ("POST", "messages/{message}/move", WRITE, messages.move),
    ("POST", "messages/{message}/permanentDelete", WRITE, messages.delete_for_good),
    ("POST", "messages/{message}/createReply", WRITE, drafts.create_reply),
    ("POST", "messages/{message}/createReplyAll", WRITE, drafts.create_reply_all),
    ("POST", "messages/{message}/createForward", WRITE, drafts.create_forward),
    ("POST", "messages/{message}/send", SEND, sending.send),
    ("POST", "sendMail", SEND, sending.send_mail),
    ("POST", "messages/{message}/attachments", WRITE, uploads.add),
    ("POST", "messages/{message}/attachments/createUploadSession", WRITE, uploads.begin),
    ("DELETE", "messages/{message}/attachments/{attachment}", WRITE, uploads.remove),
    ("GET", "messages/{message}/attachments", READ, attachments.list_attachments),
    ("GET", "messages/{message}/attachments/{attachment}", READ, attachments.get_attachment),
    ("GET", "messages/{message}/attachments/{attachment}/$value", READ, attachments.get_content),
    ("POST", "translateExchangeIds", ME | READ, messages.translate_ids),
)
TOP_ROWS: Sequence[tuple[str, str, frozenset[str], Callable[[Call], Result]]] = (
    ("GET", "subscriptions", READ, subscriptions.list_all),
    ("POST", "subscriptions", READ, subscriptions.create),
    ("GET", "subscriptions/{subscription}", READ, subscriptions.get),
    ("PATCH", "subscriptions/{subscription}", READ, subscriptions.renew),
    ("DELETE", "subscriptions/{subscription}", READ, subscriptions.delete),
    ("POST", "subscriptions/{subscription}/reauthorize", READ, subscriptions.reauthorize),
)
"""What stands beside people rather than below them."""


def _methods(
    rows: Sequence[tuple[str, str, frozenset[str], Callable[[Call], Result]]],
) -> list[Method]:
    return [
        Method(verb, tuple(path.split("/")) if path else (), scopes, run)
        for verb, path, scopes, run in rows
    ]


METHODS = _methods(ROWS)
TOP = _methods(TOP_ROWS)


def find_method(
    verb: str, steps: Sequence[str], methods: Sequence[Method] = METHODS
) -> tuple[Method, dict[str, str]]:
    """The method at an address below a person, and what the address names.

    400 for a step nobody knows, 405 for another verb.
    """
    plain = _short(steps)
    known = False
    for method in methods:
        named = _match(method.steps, plain)
        if named is not None:
            known = True
            if method.verb == verb:
                return method, named
    if known:
        raise GraphError(405, "Request_BadRequest", f"The method {verb} is not allowed here.")
    raise no_segment(plain[-1] if plain else "")


def _short(steps: Sequence[str]) -> list[str]:
    """Without the way there: a child folder is a folder, a message is the same in each folder."""
    plain = list(steps)
    while len(plain) > 3 and plain[2].lower() == "childfolders" and plain[3].lower() != "delta":
        plain = ["mailFolders", *plain[3:]]
    if len(plain) > 3 and [plain[0].lower(), plain[2].lower()] == ["mailfolders", "messages"]:
        return plain if plain[3].lower() == "delta" else plain[2:]
    return plain


def _match(wanted: Sequence[str], given: Sequence[str]) -> dict[str, str] | None:
    if len(wanted) != len(given):
        return None
    named = {}
    for step, found in zip(wanted, given, strict=True):
        if step.startswith("{"):
            named[step[1:-1]] = found
        elif step.lower() != found.lower():
            return None
    return named
