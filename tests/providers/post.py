"""What became of letters, as the sandbox's own store has it."""

import email
from email import policy
from email.message import EmailMessage

from sandbox import mailbox, transit
from sandbox.state import Sandbox


def labelled(sandbox: Sandbox, address: str, label: str) -> list[int]:
    """The messages under a label, newest first, once everything due has arrived."""
    transit.arrive(sandbox)
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT message FROM message_labels WHERE account = ? AND label = ?"
            " ORDER BY message DESC",
            (sandbox.account(address).id, label),
        ).fetchall()
    return [row["message"] for row in rows]


def came(sandbox: Sandbox, address: str) -> list[EmailMessage]:
    """What lies in somebody's inbox, newest first."""
    numbers, account = labelled(sandbox, address, "INBOX"), sandbox.account(address).id
    with sandbox.db.read() as connection:
        raws = [mailbox.raw_of(connection, account, number) for number in numbers]
    return [email.message_from_bytes(raw, policy=policy.default) for raw in raws]


def threads(sandbox: Sandbox, address: str) -> list[int]:
    """The threads of the messages of a mailbox, newest first."""
    transit.arrive(sandbox)
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT thread FROM messages WHERE account = ? ORDER BY id DESC",
            (sandbox.account(address).id,),
        ).fetchall()
    return [row["thread"] for row in rows]
