"""Labels: the vendor's own and the ones people make; in a Microsoft mailbox, folders."""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.accounts import MICROSOFT, company_of

SYSTEM = (
    "CHAT", "SENT", "INBOX", "IMPORTANT", "TRASH", "DRAFT", "SPAM", "CATEGORY_FORUMS",
    "CATEGORY_UPDATES", "CATEGORY_PERSONAL", "CATEGORY_PROMOTIONS", "CATEGORY_SOCIAL", "STARRED",
    "UNREAD",
)  # fmt: skip
FIXED = frozenset({"SENT", "DRAFT", "CHAT"})
"""Labels that say where a message came from; nobody sets or removes them."""

FOLDERS = ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "ARCHIVE")
"""The folders of a Microsoft mailbox beside people's own; SPAM and TRASH by any other name."""
FLAGS = ("UNREAD", "STARRED")


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a mailbox; ``color`` is (text, background) or None."""

    id: str
    name: str
    kind: str = "user"
    message_visibility: str | None = None
    label_visibility: str | None = None
    color: tuple[str, str] | None = None


class LabelTakenError(Exception):
    """The name exists already, in this or another spelling."""


def folded(name: str) -> str:
    """The form under which two names are one: case and spaces around slashes do not count."""
    return re.sub(r"\s*/\s*", "/", " ".join(name.split())).casefold()


def system(connection: sqlite3.Connection, account: int) -> tuple[str, ...]:
    """The ids a company gives in that mailbox."""
    return (*FOLDERS, *FLAGS) if company_of(connection, account) == MICROSOFT else SYSTEM


def is_folder(label_id: str) -> bool:
    """Whether a message of a Microsoft mailbox can lie there."""
    return label_id in FOLDERS or (label_id not in SYSTEM)


def filed(label_ids: Iterable[str]) -> tuple[str, ...]:
    """Labels as a Microsoft mailbox keeps them: one folder, the last one named, then flags.

    What is in no folder is in the archive; labels only Gmail has are left out.
    """
    given = list(dict.fromkeys(label_ids))
    folders = [one for one in given if is_folder(one)] or ["ARCHIVE"]
    return (folders[-1], *(one for one in given if one in FLAGS))


def all_labels(connection: sqlite3.Connection, account: int) -> list[Label]:
    """System labels first, then people's own, oldest first."""
    rows = connection.execute(
        "SELECT * FROM user_labels WHERE account = ? ORDER BY length(id), id", (account,)
    )
    return [_system(name) for name in system(connection, account)] + [
        _from_row(row) for row in rows
    ]


def find_label(connection: sqlite3.Connection, account: int, label_id: str) -> Label | None:
    """The label with that id, or None."""
    if label_id in system(connection, account):
        return _system(label_id)
    row = connection.execute(
        "SELECT * FROM user_labels WHERE account = ? AND id = ?", (account, label_id)
    ).fetchone()
    return _from_row(row) if row else None


def find_by_name(connection: sqlite3.Connection, account: int, name: str) -> Label | None:
    """The label people know under that name (any case), or None.

    A Microsoft mailbox names its own folders otherwise: there, only people's are found.
    """
    wanted = folded(name)
    if wanted.upper() in SYSTEM and company_of(connection, account) != MICROSOFT:
        return _system(wanted.upper())
    row = connection.execute(
        "SELECT * FROM user_labels WHERE account = ? AND folded = ?", (account, wanted)
    ).fetchone()
    return _from_row(row) if row else None


def create_label(connection: sqlite3.Connection, account: int, name: str) -> Label:
    """A new label of a person; LabelTakenError when the name is taken."""
    if find_by_name(connection, account, name):
        raise LabelTakenError(name)
    number = connection.execute(
        "UPDATE accounts SET label_number = label_number + 1 WHERE id = ? RETURNING label_number",
        (account,),
    ).fetchone()[0]
    label = Label(f"Label_{number}", " ".join(name.split()))
    connection.execute(
        "INSERT INTO user_labels (account, id, name, folded) VALUES (?, ?, ?, ?)",
        (account, label.id, label.name, folded(name)),
    )
    return label


def save_label(connection: sqlite3.Connection, account: int, label: Label) -> None:
    """Write a changed label; LabelTakenError when its new name belongs to another."""
    other = find_by_name(connection, account, label.name)
    if other and other.id != label.id:
        raise LabelTakenError(label.name)
    connection.execute(
        "UPDATE user_labels SET name = ?, folded = ?, message_visibility = ?, label_visibility = ?,"
        " color = ? WHERE account = ? AND id = ?",
        (label.name, folded(label.name), label.message_visibility, label.label_visibility,
         "|".join(label.color) if label.color else None, account, label.id),
    )  # fmt: skip


def _system(name: str) -> Label:
    hidden = name in {"CHAT", "SENT", "DRAFT", "SPAM", "TRASH", "INBOX", "IMPORTANT"}
    category = name.startswith("CATEGORY_")
    return Label(name, name, "system", "hide" if hidden or category else None,
                 "labelHide" if category else "labelShow" if hidden else None)  # fmt: skip


def _from_row(row: sqlite3.Row) -> Label:
    color = tuple(row["color"].split("|")) if row["color"] else None
    return Label(row["id"], row["name"], "user", row["message_visibility"],
                 row["label_visibility"], color)  # fmt: skip
