"""Mail folders: the vendor's own under their well-known names, people's own as a tree."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sandbox import mailbox
from sandbox.labels import (
    FOLDERS,
    Label,
    LabelTakenError,
    all_labels,
    create_label,
    save_label,
)
from sandbox.microsoft import odata
from sandbox.microsoft.call import Call, Json
from sandbox.microsoft.errors import GraphError, bad_option, bad_request, not_found

ROOT, UNREAD, SYNC = "#root", "#unread", "#sync"
KNOWN = {
    "msgfolderroot": ROOT, "inbox": "INBOX", "drafts": "DRAFT", "sentitems": "SENT",
    "deleteditems": "TRASH", "junkemail": "SPAM", "archive": "ARCHIVE", "outbox": "#outbox",
    "conversationhistory": "#conversations", "syncissues": SYNC, "conflicts": "#conflicts",
}  # fmt: skip
"""Names that stand for an id in every mailbox."""
MISSING = frozenset({"clutter", "localfailures", "serverfailures", "scheduled", "searchfolders",
                     "recoverableitemsdeletions"})  # fmt: skip
NAMES = {
    "en": {ROOT: "Top of Information Store", "INBOX": "Inbox", "DRAFT": "Drafts",
           "SENT": "Sent Items", "TRASH": "Deleted Items", "SPAM": "Junk Email",
           "ARCHIVE": "Archive", "#outbox": "Outbox", "#conversations": "Conversation History",
           SYNC: "Sync Issues", "#conflicts": "Conflicts", UNREAD: "Unread Mail"},
    "de": {ROOT: "Oberste Ebene des Informationsspeichers", "INBOX": "Posteingang",
           "DRAFT": "Entwürfe", "SENT": "Gesendete Elemente", "TRASH": "Gelöschte Elemente",
           "SPAM": "Junk-E-Mail", "ARCHIVE": "Archiv", "#outbox": "Postausgang",
           "#conversations": "Aufgezeichnete Unterhaltungen", SYNC: "Synchronisierungsprobleme",
           "#conflicts": "Konflikte", UNREAD: "Ungelesen"},
}  # fmt: skip
PROPERTIES = ("id", "displayName", "parentFolderId", "childFolderCount", "unreadItemCount",
              "totalItemCount", "isHidden")  # fmt: skip
SEARCH_TYPE = "#microsoft.graph.mailSearchFolder"
TAKEN = "A folder with the specified name already exists."


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder; ``key`` is its label, or a name with ``#`` for what holds no mail of its own."""

    key: str
    name: str
    parent: str
    is_hidden: bool = False


def tree(call: Call, connection: sqlite3.Connection) -> list[Folder]:
    """Every folder but the root, the vendor's own first.

    A label "Parent/Child" lies under the longest beginning of its name that is a label too.
    """
    names = NAMES[call.sandbox.settings.graph_language]
    found = [Folder(key, names[key], ROOT) for key in (*FOLDERS, "#outbox", "#conversations")]
    found.append(Folder(UNREAD, names[UNREAD], ROOT))
    found.append(Folder(SYNC, names[SYNC], ROOT, is_hidden=True))
    found.append(Folder("#conflicts", names["#conflicts"], SYNC, is_hidden=True))
    labels = {
        one.name: one.id for one in all_labels(connection, call.account.id) if one.kind == "user"
    }
    for name, key in labels.items():
        above, _, last = name.rpartition("/")
        while above and above not in labels:
            above, _, more = above.rpartition("/")
            last = f"{more}/{last}"
        found.append(Folder(key, last, labels.get(above, ROOT)))
    return found


def key_of(call: Call, connection: sqlite3.Connection, text: str) -> str:
    """The folder behind an id or a well-known name; 400 when malformed, 404 when not here."""
    name = text.lower()
    if name in KNOWN:
        return KNOWN[name]
    if name in MISSING:
        raise not_found(f"Default folder {text} not found.")
    key = call.ids.read_folder(text)
    if key != ROOT and key not in {one.key for one in tree(call, connection)}:
        raise not_found()
    return key


def get_folder(call: Call) -> Json:
    """GET mailFolders/{id}."""
    chosen = odata.select(call.options.get("select"), PROPERTIES, "MailFolder")
    with call.connect() as connection:
        key = key_of(call, connection, call.path["folder"])
        shown = render(call, connection, [key], chosen)[0]
    return {"@odata.context": f"{context(call, chosen)}/$entity"} | shown


def list_folders(call: Call) -> Json:
    """GET mailFolders: the children of the root."""
    return _list(call, ROOT)


def list_children(call: Call) -> Json:
    """GET mailFolders/{id}/childFolders."""
    with call.connect() as connection:
        return _list(call, key_of(call, connection, call.path["folder"]))


def create(call: Call) -> tuple[int, Json]:
    """POST mailFolders, or a folder's childFolders."""
    with call.sandbox.db.write() as connection:
        above = key_of(call, connection, call.path.get("folder", "msgfolderroot"))
        path = _path(connection, call, above) + _name(call)
        try:
            label = create_label(connection, call.account.id, path)
        except LabelTakenError:
            raise GraphError(409, "ErrorFolderExists", TAKEN) from None
        return 201, render(call, connection, [label.id], ())[0]


def rename(call: Call) -> Json:
    """PATCH mailFolders/{id}: its displayName."""
    with call.sandbox.db.write() as connection:
        own, *below = _own(call, connection)
        above = own.name.rpartition("/")[0]
        name = f"{above}/{_name(call)}" if above else _name(call)
        try:
            for one in (own, *below):
                changed = replace(one, name=name + one.name[len(own.name) :])
                save_label(connection, call.account.id, changed)
        except LabelTakenError:
            raise GraphError(409, "ErrorFolderExists", TAKEN) from None
        return render(call, connection, [own.id], ())[0]


def delete(call: Call) -> None:
    """DELETE mailFolders/{id}: the folder goes, with everything in it and below it."""
    with call.sandbox.action(call.account.id) as connection:
        for one in _own(call, connection):
            numbers = connection.execute(
                "SELECT message FROM message_labels WHERE account = ? AND label = ?",
                (call.account.id, one.id),
            ).fetchall()
            gone = [row[0] for row in numbers]
            mailbox.delete(connection, call.account.id, gone, call.sandbox.clock.time())
            connection.execute(
                "DELETE FROM user_labels WHERE account = ? AND id = ?", (call.account.id, one.id)
            )


def context(call: Call, chosen: Iterable[str]) -> str:
    """What the @odata.context of folders begins with."""
    selected = ",".join(chosen)
    return f"{call.context}users('{call.account.oid}')/mailFolders" + (
        f"({selected})" if selected else ""
    )


def render(
    call: Call, connection: sqlite3.Connection, keys: Iterable[str], chosen: tuple[str, ...]
) -> list[Json]:
    """Folders as the API shows them, with their counts."""
    every = tree(call, connection)
    names = NAMES[call.sandbox.settings.graph_language]
    known = {ROOT: Folder(ROOT, names[ROOT], ROOT)} | {one.key: one for one in every}
    counted = not chosen or bool({"totalItemCount", "unreadItemCount"} & set(chosen))
    shown = []
    for key in keys:
        total, unread = _counts(call, connection, key) if counted else (0, 0)
        one = {
            "id": call.ids.folder(key),
            "displayName": known[key].name,
            "parentFolderId": call.ids.folder(known[key].parent),
            "childFolderCount": sum(
                1 for child in every if child.parent == key and not child.is_hidden
            ),
            "unreadItemCount": unread,
            "totalItemCount": total,
            "isHidden": known[key].is_hidden,
        }
        kept = {name: one[name] for name in one if not chosen or name in {"id", *chosen}}
        shown.append((_search_folder(call, chosen) if key == UNREAD else {}) | kept)
    return shown


def _search_folder(call: Call, chosen: tuple[str, ...]) -> Json:
    found: Json = {"@odata.type": SEARCH_TYPE}
    if not chosen:
        found |= {"isSupported": True, "includeNestedFolders": True,
                  "sourceFolderIds": [call.ids.folder(ROOT)],
                  "filterQuery": "isRead eq false"}  # fmt: skip
    return found


def _counts(call: Call, connection: sqlite3.Connection, key: str) -> tuple[int, int]:
    if key == UNREAD:
        total = connection.execute(
            "SELECT COUNT(*) FROM message_labels WHERE account = ? AND label = 'UNREAD'",
            (call.account.id,),
        ).fetchone()[0]
        return total, total
    if key.startswith("#"):
        return 0, 0
    row = connection.execute(
        "SELECT COUNT(*), COUNT(u.message) FROM message_labels l LEFT JOIN message_labels u"
        " ON u.account = l.account AND u.label = 'UNREAD' AND u.message = l.message"
        " WHERE l.account = ? AND l.label = ?",
        (call.account.id, key),
    ).fetchone()
    return row[0], row[1]


def _list(call: Call, parent: str) -> Json:
    if "filter" in call.options or "expand" in call.options:
        raise bad_option("Only $select, $top, $skip and $count are understood for folders.")
    chosen = odata.select(call.options.get("select"), PROPERTIES, "MailFolder")
    top = odata.number(call.options, "top", 10, 1, 1000)
    skip = odata.number(call.options, "skip", 0, 0, 10**8)
    hidden = call.options.get("includehiddenfolders", "").lower() == "true"
    with call.connect() as connection:
        every = tree(call, connection)
        keys = [one.key for one in every if one.parent == parent and (hidden or not one.is_hidden)]
        shown = render(call, connection, keys[skip : skip + top], chosen)
    body: Json = {"@odata.context": context(call, chosen)}
    if call.options.get("count", "").lower() == "true":
        body["@odata.count"] = len(keys)
    body["value"] = shown
    if len(keys) > skip + top and not call.fault("next_missing"):
        body["@odata.nextLink"] = call.next_page(skip + top)
    return body


def _own(call: Call, connection: sqlite3.Connection) -> list[Label]:
    key = key_of(call, connection, call.path["folder"])
    labels = [one for one in all_labels(connection, call.account.id) if one.kind == "user"]
    found = [one for one in labels if one.id == key]
    if not found:
        message = "Distinguished folders cannot be deleted or renamed."
        raise GraphError(403, "ErrorDeleteDistinguishedFolder", message)
    return found + [one for one in labels if one.name.startswith(f"{found[0].name}/")]


def _path(connection: sqlite3.Connection, call: Call, above: str) -> str:
    own = [one for one in all_labels(connection, call.account.id) if one.id == above]
    return f"{own[0].name}/" if own and own[0].kind == "user" else ""


def _name(call: Call) -> str:
    name = call.body().get("displayname")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        raise bad_request("Folder DisplayName is not valid.", "ErrorInvalidProperty")
    return name.strip()
