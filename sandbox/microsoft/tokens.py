"""Codes, grants and tokens at Microsoft: how they are made, found, and how they die."""

import json
import random
import secrets
from dataclasses import dataclass
from typing import Any

from sandbox.accounts import MICROSOFT, Account, account_by_id
from sandbox.microsoft import tenants
from sandbox.microsoft.errors import GraphError
from sandbox.microsoft.scopes import graph_only
from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.state import Sandbox

CODE_LIFETIME = 600
REFRESH_LIFETIME = 90 * 86_400
SHORTEST, LONGEST = 3600, 5399
"""An access token is good for sixty to ninety minutes, by chance."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered app."""

    id: str
    secret: str
    redirects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """What a person agreed to, waiting to be exchanged where it was asked for."""

    client: str
    account: int
    redirect: str
    scopes: frozenset[str]
    authority: str
    nonce: str | None
    challenge: str | None
    method: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a token speaks for, which app holds it, and the short names of what it may do."""

    account: Account
    client_id: str
    scopes: frozenset[str]


def find_client(sandbox: Sandbox, client_id: str) -> Client | None:
    """The app registered at Microsoft under that id, or None."""
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT * FROM clients WHERE client_id = ? AND company = ?", (client_id, MICROSOFT)
        ).fetchone()
    return Client(row[0], row[1], tuple(json.loads(row[2]))) if row else None


def consented(sandbox: Sandbox, account: Account, client: str) -> frozenset[str]:
    """What the app may do for this person: by their own word, or by their administrator's."""
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT scopes FROM consents WHERE account = ? AND client_id = ?", (account.id, client)
        ).fetchone()
    own = frozenset(row["scopes"].split()) if row else frozenset()
    return own | tenants.granted(sandbox, account.tenant, client)


def consent(sandbox: Sandbox, account: Account, client: str, scopes: frozenset[str]) -> None:
    """The person agrees."""
    with sandbox.db.write() as connection:
        known = consented(sandbox, account, client) | scopes
        connection.execute(
            "INSERT OR REPLACE INTO consents VALUES (?, ?, ?)",
            (account.id, client, " ".join(sorted(known))),
        )


def withdraw(sandbox: Sandbox, account: int) -> None:
    """The person takes every agreement back. Tokens stay; using one finds no consent (65001)."""
    with sandbox.db.write() as connection:
        connection.execute("DELETE FROM consents WHERE account = ?", (account,))


def make_code(sandbox: Sandbox, code: Code) -> str:
    """Give out a code."""
    text = "0.A" + secrets.token_urlsafe(600)
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?)",
            (
                text,
                code.client,
                code.account,
                code.redirect,
                " ".join(sorted(code.scopes)),
                code.nonce,
                code.challenge,
                code.method,
                sandbox.clock.time(),
                code.authority,
            ),
        )
    return text


def use_code(sandbox: Sandbox, text: str, client: str, authority: str) -> Code:
    """What a code stands for, once. SignInError when it is unknown, another app's, used, old, or
    was made at another authority; a wrong authority does not use it up."""
    with sandbox.db.write() as connection:
        row = connection.execute("SELECT * FROM codes WHERE code = ?", (text,)).fetchone()
        if row is None or row["client_id"] != client:
            raise SignInError(9002313 if row is None else 70000)
        if row["used"]:
            raise SignInError(54005)
        if row["authority"] != authority:
            raise SignInError(700005)
        connection.execute("UPDATE codes SET used = 1 WHERE code = ?", (text,))
    if row["made"] < sandbox.clock.time() - CODE_LIFETIME:
        raise SignInError(70008)
    scopes = frozenset(row["scopes"].split())
    return Code(client, row["account"], row["redirect"], scopes, authority,
                row["nonce"], row["challenge"], row["method"])  # fmt: skip


def make_access_token(
    sandbox: Sandbox, account: Account, client: str, scopes: frozenset[str]
) -> tuple[str, int]:
    """A new access token and the seconds it is good for. What is in it is nobody's business."""
    token, life = "EwB" + secrets.token_urlsafe(1100), random.randint(SHORTEST, LONGEST)
    now = sandbox.clock.time()
    with sandbox.db.write() as connection:
        connection.execute("DELETE FROM access_tokens WHERE expires < ?", (now - 86_400,))
        connection.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?)",
            (token, client, account.id, " ".join(sorted(graph_only(scopes))), now + life),
        )
    return token, life


def make_refresh_token(
    sandbox: Sandbox, account: Account, client: str, scopes: frozenset[str]
) -> str:
    """A new refresh token, good for ninety days; earlier ones stay good beside it."""
    token = ("M.C5" if account.is_personal else "1.A") + secrets.token_urlsafe(800)
    now = sandbox.clock.time()
    with sandbox.db.write() as connection:
        connection.execute(
            "DELETE FROM refresh_tokens WHERE account = ? AND made < ?",
            (account.id, now - 2 * REFRESH_LIFETIME),
        )
        connection.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?, ?)",
            (token, client, account.id, " ".join(sorted(scopes)), now, now),
        )
    return token


def use_refresh_token(sandbox: Sandbox, token: str, client: str) -> Grant:
    """What a refresh token stands for. SignInError when it is dead or another app's."""
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT * FROM refresh_tokens WHERE token = ?", (token,)
        ).fetchone()
        if row is None:
            known = connection.execute("SELECT 1 FROM revoked_tokens WHERE token = ?", (token,))
            raise SignInError(50173 if known.fetchone() else 9002313)
        account = account_by_id(connection, row["account"])
    if row["client_id"] != client:
        raise SignInError(70000)
    if row["made"] < sandbox.clock.time() - REFRESH_LIFETIME:
        raise SignInError(700082)
    return Grant(account, client, frozenset(row["scopes"].split()))


def authorize(sandbox: Sandbox, environ: dict[str, Any]) -> Grant:
    """Who calls Microsoft Graph; GraphError 401 when the token is missing, strange or old."""
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("Access token is empty.")
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT * FROM access_tokens WHERE token = ?", (token.strip(),)
        ).fetchone()
        account = account_by_id(connection, row["account"]) if row else None
    if row is None or account is None:
        raise _unauthorized("IDX14100: JWT is not well formed, there are no dots (.).")
    if account.company != MICROSOFT:
        raise _unauthorized("Access token validation failure. Invalid audience.")
    if row["expires"] <= sandbox.clock.time():
        raise _unauthorized("Lifetime validation failed, the token is expired.")
    return Grant(account, row["client_id"], frozenset(row["scopes"].split()))


def _unauthorized(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message)
