"""The table of Gmail API v1 methods: paths, verbs, scopes, quota units, parameters."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.google import (
    drafts,
    fields,
    gmail_labels,
    history,
    listing,
    messages,
    send_as,
    sending,
    watching,
)
from sandbox.google.call import Call, Method, Param

AUTH = "https://www.googleapis.com/auth/gmail."
FULL = "https://mail.google.com/"
MODIFY, READ, METADATA, LABELS = (AUTH + s for s in ("modify", "readonly", "metadata", "labels"))
COMPOSE, INSERT, BASIC = (AUTH + s for s in ("compose", "insert", "settings.basic"))
ADDON_ACTION, ADDON_META, ADDON_READ = (
    AUTH + "addons.current.message." + s for s in ("action", "metadata", "readonly")
)
READERS = (FULL, METADATA, MODIFY, READ)
OPENERS = (FULL, ADDON_ACTION, ADDON_META, ADDON_READ, METADATA, MODIFY, READ)
WRITERS = (FULL, MODIFY)
LABELLERS = (FULL, LABELS, MODIFY)
SENDERS = (FULL, MODIFY, READ, BASIC)
INSERTERS = (FULL, INSERT, MODIFY)
SEND, ADDON_COMPOSE = AUTH + "send", AUTH + "addons.current.action.compose"
POSTERS = (FULL, ADDON_COMPOSE, COMPOSE, MODIFY, SEND)
DRAFTERS = (FULL, ADDON_COMPOSE, COMPOSE, MODIFY)
DRAFT_READERS = (FULL, COMPOSE, MODIFY, READ)

PAGE = Param("integer", maximum=500)
LISTING = {"q": Param(), "labelIds": Param(repeated=True), "maxResults": PAGE,
           "pageToken": Param(), "includeSpamTrash": Param("boolean")}  # fmt: skip
OPENING = {"format": Param("enum", ("minimal", "full", "raw", "metadata")),
           "metadataHeaders": Param(repeated=True)}  # fmt: skip
THREADING = OPENING | {"format": Param("enum", ("full", "metadata", "minimal"))}
DRAFTING = {name: LISTING[name] for name in ("q", "maxResults", "pageToken", "includeSpamTrash")}
LOG = {"startHistoryId": Param("uint64"), "labelId": Param(), "maxResults": PAGE,
       "pageToken": Param(),
       "historyTypes": Param("enum", tuple(history.KEYS), repeated=True)}  # fmt: skip
STORING = {"internalDateSource": Param("enum", ("receivedTime", "dateHeader")),
           "deleted": Param("boolean")}  # fmt: skip
IMPORTING = STORING | {"neverMarkSpam": Param("boolean"), "processForCalendar": Param("boolean")}

CHANGE = frozenset({"addLabelIds", "removeLabelIds", "addClassificationLabels",
                    "removeClassificationLabelIds"})  # fmt: skip
THREAD_CHANGE = frozenset({"addLabelIds", "removeLabelIds"})
WATCH = frozenset({"topicName", "labelIds", "labelFilterAction", "labelFilterBehavior"})
MESSAGE_BODY = frozenset(fields.MESSAGE)
LABEL_BODY = frozenset(fields.LABEL)
DRAFT_BODY = frozenset(fields.DRAFT)

Row = tuple[
    str, str, str, int, int, tuple[str, ...], Callable[[Call], Any], fields.Shape,
    Mapping[str, Param], frozenset[str],
]  # fmt: skip
NO_PARAMS: Mapping[str, Param] = {}
EMPTY: frozenset[str] = frozenset()

# Name, verb, path, units since 2026-05, units before, scopes, handler, answer, parameters, body.
ROWS: list[Row] = [
    ("getProfile", "GET", "profile", 1, 1, (FULL, COMPOSE, METADATA, MODIFY, READ),
     history.get_profile, fields.PROFILE, NO_PARAMS, EMPTY),
    ("history.list", "GET", "history", 2, 2, READERS, history.list_history, fields.HISTORY, LOG,
     EMPTY),
    ("labels.list", "GET", "labels", 1, 1, (*READERS, LABELS), gmail_labels.list_labels,
     fields.LABELS, NO_PARAMS, EMPTY),
    ("labels.get", "GET", "labels/{id}", 1, 1, (*READERS, LABELS), gmail_labels.get_label,
     fields.LABEL, NO_PARAMS, EMPTY),
    ("labels.create", "POST", "labels", 5, 5, LABELLERS, gmail_labels.create, fields.LABEL,
     NO_PARAMS, LABEL_BODY),
    ("labels.patch", "PATCH", "labels/{id}", 5, 5, LABELLERS, gmail_labels.patch, fields.LABEL,
     NO_PARAMS, LABEL_BODY),
    ("labels.update", "PUT", "labels/{id}", 5, 5, LABELLERS, gmail_labels.update, fields.LABEL,
     NO_PARAMS, LABEL_BODY),
    ("labels.delete", "DELETE", "labels/{id}", 5, 5, LABELLERS, gmail_labels.delete,
     fields.NOTHING, NO_PARAMS, EMPTY),
    ("messages.list", "GET", "messages", 5, 5, READERS, listing.list_messages, fields.MESSAGES,
     LISTING, EMPTY),
    ("messages.get", "GET", "messages/{id}", 20, 5, OPENERS, messages.get_message, fields.MESSAGE,
     OPENING, EMPTY),
    ("messages.modify", "POST", "messages/{id}/modify", 5, 5, WRITERS, messages.modify_message,
     fields.MESSAGE, NO_PARAMS, CHANGE),
    ("messages.trash", "POST", "messages/{id}/trash", 20, 5, WRITERS, messages.trash_message,
     fields.MESSAGE, NO_PARAMS, EMPTY),
    ("messages.untrash", "POST", "messages/{id}/untrash", 5, 5, WRITERS, messages.untrash_message,
     fields.MESSAGE, NO_PARAMS, EMPTY),
    ("messages.delete", "DELETE", "messages/{id}", 10, 10, (FULL,), messages.delete_message,
     fields.NOTHING, NO_PARAMS, EMPTY),
    ("messages.batchModify", "POST", "messages/batchModify", 50, 50, WRITERS,
     messages.batch_modify, fields.NOTHING, NO_PARAMS, CHANGE | {"ids"}),
    ("messages.batchDelete", "POST", "messages/batchDelete", 50, 50, (FULL,),
     messages.batch_delete, fields.NOTHING, NO_PARAMS, frozenset({"ids"})),
    ("messages.insert", "POST", "messages", 25, 25, INSERTERS, messages.insert_message,
     fields.MESSAGE, STORING, MESSAGE_BODY),
    ("messages.import", "POST", "messages/import", 25, 25, INSERTERS, messages.import_message,
     fields.MESSAGE, IMPORTING, MESSAGE_BODY),
    ("messages.attachments.get", "GET", "messages/{messageId}/attachments/{id}", 20, 5,
     (FULL, ADDON_ACTION, ADDON_READ, MODIFY, READ), messages.get_attachment, fields.BODY,
     NO_PARAMS, EMPTY),
    ("threads.list", "GET", "threads", 10, 10, READERS, listing.list_threads, fields.THREADS,
     LISTING, EMPTY),
    ("threads.get", "GET", "threads/{id}", 40, 10, OPENERS, messages.get_thread, fields.THREAD,
     THREADING, EMPTY),
    ("threads.modify", "POST", "threads/{id}/modify", 10, 10, WRITERS, messages.modify_thread,
     fields.THREAD, NO_PARAMS, THREAD_CHANGE),
    ("threads.trash", "POST", "threads/{id}/trash", 20, 10, WRITERS, messages.trash_thread,
     fields.THREAD, NO_PARAMS, EMPTY),
    ("threads.untrash", "POST", "threads/{id}/untrash", 10, 10, WRITERS, messages.untrash_thread,
     fields.THREAD, NO_PARAMS, EMPTY),
    ("messages.send", "POST", "messages/send", 100, 100, POSTERS, sending.send_message,
     fields.MESSAGE, NO_PARAMS, MESSAGE_BODY),
    ("drafts.list", "GET", "drafts", 5, 5, DRAFT_READERS, drafts.list_drafts, fields.DRAFTS,
     DRAFTING, EMPTY),
    ("drafts.create", "POST", "drafts", 10, 10, DRAFTERS, drafts.create, fields.DRAFT, NO_PARAMS,
     DRAFT_BODY),
    ("drafts.get", "GET", "drafts/{id}", 20, 5, DRAFT_READERS, drafts.get, fields.DRAFT,
     {"format": OPENING["format"]}, EMPTY),
    ("drafts.update", "PUT", "drafts/{id}", 15, 15, DRAFTERS, drafts.update, fields.DRAFT,
     NO_PARAMS, DRAFT_BODY),
    ("drafts.delete", "DELETE", "drafts/{id}", 10, 10, DRAFTERS, drafts.delete, fields.NOTHING,
     NO_PARAMS, EMPTY),
    ("drafts.send", "POST", "drafts/send", 100, 100, DRAFTERS, drafts.send, fields.MESSAGE,
     NO_PARAMS, DRAFT_BODY),
    ("settings.sendAs.list", "GET", "settings/sendAs", 1, 1, SENDERS, send_as.list_all,
     fields.SEND_ASES, NO_PARAMS, EMPTY),
    ("settings.sendAs.get", "GET", "settings/sendAs/{sendAsEmail}", 1, 1, SENDERS, send_as.get,
     fields.SEND_AS, NO_PARAMS, EMPTY),
    ("watch", "POST", "watch", 100, 100, READERS, watching.watch, fields.WATCH, NO_PARAMS, WATCH),
    ("stop", "POST", "stop", 50, 50, READERS, watching.stop, fields.NOTHING, NO_PARAMS, EMPTY),
]  # fmt: skip

PREFIX = "gmail/v1/users/{userId}/"


def _method(row: Row) -> Method:
    name, verb, path, units, legacy, scopes, run, shape, params, body = row
    return Method(f"gmail.users.{name}", verb, PREFIX + path, units, legacy, scopes, run, shape,
                  params, body)  # fmt: skip


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


METHODS: list[Method] = [_method(row) for row in ROWS]
# Fixed paths come before those with an id, or batchModify would be taken for one.
_ROUTES = sorted(((_pattern(m.path), m) for m in METHODS), key=lambda pair: pair[1].path.count("{"))


def find_method(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method at a path with its path parameters, still percent-encoded; None for none."""
    for pattern, method in _ROUTES:
        if method.verb == verb and (match := pattern.fullmatch(path)):
            return method, match.groupdict()
    return None
