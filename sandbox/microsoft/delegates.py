"""Mailboxes opened by others than their owner: whom an organization lets in, and how far.

What is said to those who may not is Microsoft's: a mailbox is told from nothing only to whoever may
open it. https://learn.microsoft.com/en-us/graph/outlook-share-messages-folders
"""

from collections.abc import Sequence

from sandbox.accounts import MICROSOFT, Account, account_by_id, find_account
from sandbox.microsoft import errors
from sandbox.microsoft.call import Request, steps_of
from sandbox.microsoft.errors import GraphError
from sandbox.microsoft.ids import Ids
from sandbox.microsoft.tokens import Grant
from sandbox.state import Sandbox

FULL, INBOX, NONE = "full", "inbox", "none"
RIGHTS = (FULL, INBOX, NONE)
"""Full Access, the inbox alone, or nothing any more."""
AS, BEHALF = "as", "behalf"
SEND = (AS, BEHALF, NONE)
"""Send As, Send on Behalf, or neither."""


def allow(
    sandbox: Sandbox, address: str, delegate: str, rights: str = FULL, send: str = AS
) -> None:
    """Let somebody of the same organization into a mailbox, or keep them out again; whether they
    may send from it is granted beside that."""
    if rights not in RIGHTS or send not in SEND:
        raise ValueError(f"rights is one of {', '.join(RIGHTS)}, send of {', '.join(SEND)}")
    there, who = sandbox.account(address), sandbox.account(delegate)
    if there.company != MICROSOFT or who.tenant != there.tenant or there.is_personal:
        raise ValueError(f"{address} and {delegate} are not of one organization at Microsoft")
    with sandbox.db.write() as connection:
        connection.execute("INSERT OR REPLACE INTO delegates VALUES (?, ?, ?, ?)",
                           (there.id, who.id, rights, send))  # fmt: skip


def add_alias(sandbox: Sandbox, address: str, alias: str) -> None:
    """Another address of a mailbox at Microsoft."""
    account = sandbox.account(address).id
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO aliases VALUES (?, ?)", (alias.strip().lower(), account)
        )


def listed(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """Who may open which mailbox, and how far."""
    found: dict[str, dict[str, str]] = {}
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT a.address, b.address AS delegate, d.rights FROM delegates d"
            " JOIN accounts a ON a.id = d.account JOIN accounts b ON b.id = d.delegate"
            " WHERE d.rights <> ? ORDER BY b.address", (NONE,),
        ).fetchall()  # fmt: skip
    for row in rows:
        found.setdefault(row["address"], {})[row["delegate"]] = row["rights"]
    return found


def whose(sandbox: Sandbox, grant: Grant, request: Request) -> Account:
    """Whose mailbox a request is for, by its path; the caller's where it names nobody known."""
    steps = steps_of(request.path.removeprefix("/v1.0"))
    if steps[0].lower() != "users" or len(steps) < 2:
        return grant.account
    return find(sandbox, grant, steps[1]) or grant.account


def check(sandbox: Sandbox, grant: Grant, account: Account, who: str, below: Sequence[str]) -> None:
    """GraphError unless the caller may go there."""
    if account.id == grant.account.id and find(sandbox, grant, who):
        return
    if not any(scope.lower().endswith(".shared") for scope in grant.scopes):
        raise errors.denied()
    if account.id == grant.account.id:
        raise errors.invalid_user(who)
    rights = _rights(sandbox, account, grant.account)
    if rights == FULL or (rights == INBOX and _is_inbox(account, below)) or not below:
        return
    raise _hidden(below)


def find(sandbox: Sandbox, grant: Grant, who: str) -> Account | None:
    """Somebody of the caller's organization, by address, alias or number."""
    name = who.strip().lower()
    with sandbox.db.read() as connection:
        found = find_account(connection, name)
        row = connection.execute(
            "SELECT account AS id FROM aliases WHERE address = ?1 UNION"
            " SELECT id FROM accounts WHERE oid = ?1 AND oid <> ''", (name,),
        ).fetchone()  # fmt: skip
        found = found or (account_by_id(connection, row["id"]) if row else None)
    if found is None or found.company != MICROSOFT or found.tenant != grant.account.tenant:
        return None
    return None if found.is_personal and found.id != grant.account.id else found


def may_send(sandbox: Sandbox, account: Account, delegate: Account) -> str:
    """How somebody may send from a mailbox: as it, on its behalf, or not at all."""
    if account.id == delegate.id:
        return AS
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT send FROM delegates WHERE account = ? AND delegate = ?",
            (account.id, delegate.id),
        ).fetchone()
    return row["send"] if row else NONE


def _rights(sandbox: Sandbox, account: Account, delegate: Account) -> str:
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT rights FROM delegates WHERE account = ? AND delegate = ?",
            (account.id, delegate.id),
        ).fetchone()
    return row["rights"] if row else NONE


def _is_inbox(account: Account, below: Sequence[str]) -> bool:
    names = {"inbox", Ids(account).folder("INBOX").lower()}
    return len(below) > 1 and below[0].lower() == "mailfolders" and below[1].lower() in names


def _hidden(below: Sequence[str]) -> GraphError:
    """The same as if there were nothing."""
    if [step.lower() for step in below[:2]] == ["mailfolders", "inbox"]:
        return errors.not_found("Default folder Inbox not found.")
    return errors.not_found()
