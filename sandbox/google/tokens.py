"""Codes, grants and tokens: how they are made, found, and how they die."""

import json
import secrets
import sqlite3
from dataclasses import dataclass

from sandbox.accounts import GOOGLE
from sandbox.google.scopes import SIGN_IN, canonical
from sandbox.state import Sandbox

OURS = "ya29.a0A"
"""How every access token of Google's begins; those of other companies are none here."""
LIFETIME = 3599
CODE_LIFETIME = 600
TOKENS_PER_GRANT = 100
UNUSED = 183 * 86_400
TESTING = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Client:
    """A registered app."""

    id: str
    secret: str
    redirects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that is good now."""

    token: str
    client: str
    account: int
    scopes: frozenset[str]
    expires: float


@dataclass(frozen=True, slots=True)
class Code:
    """What a person agreed to, waiting to be exchanged."""

    client: str
    account: int
    redirect: str
    scopes: tuple[str, ...]
    nonce: str | None
    challenge: str | None
    method: str | None
    offline: bool


def find_client(sandbox: Sandbox, client_id: str) -> Client | None:
    """The app registered under that id, or None."""
    with sandbox.db.read() as connection:
        row = connection.execute(
            "SELECT * FROM clients WHERE client_id = ? AND company = ?", (client_id, GOOGLE)
        ).fetchone()
    return Client(row[0], row[1], tuple(json.loads(row[2]))) if row else None


def consented(sandbox: Sandbox, account: int, client: str) -> frozenset[str]:
    """Every scope the person has granted this app so far."""
    with sandbox.db.read() as connection:
        return _consented(connection, account, client)


def make_code(sandbox: Sandbox, code: Code) -> str:
    """Remember the consent and give out a code for it."""
    text = "4/0" + secrets.token_urlsafe(40)
    with sandbox.db.write() as connection:
        known = _consented(connection, code.account, code.client) | set(code.scopes)
        connection.execute(
            "INSERT OR REPLACE INTO consents VALUES (?, ?, ?)",
            (code.account, code.client, " ".join(canonical(known))),
        )
        connection.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')",
            (
                text,
                code.client,
                code.account,
                code.redirect,
                " ".join(code.scopes),
                code.nonce,
                code.challenge,
                code.method,
                code.offline,
                sandbox.clock.time(),
            ),
        )
    return text


def use_code(sandbox: Sandbox, text: str, client: str) -> Code | None:
    """The consent behind a code, once; None when it is unknown, used, old or another app's.

    A code that comes a second time takes back what was given out for it (RFC 6749 4.1.2).
    """
    with sandbox.db.write() as connection:
        row = connection.execute("SELECT * FROM codes WHERE code = ?", (text,)).fetchone()
        if row is None or row["client_id"] != client:
            return None
        if row["used"]:
            _kill(connection, row["account"], client)
            return None
        connection.execute("UPDATE codes SET used = 1 WHERE code = ?", (text,))
    if row["made"] < sandbox.clock.time() - CODE_LIFETIME:
        return None
    return Code(
        client,
        row["account"],
        row["redirect"],
        tuple(row["scopes"].split()),
        row["nonce"],
        row["challenge"],
        row["method"],
        bool(row["offline"]),
    )


def make_access_token(sandbox: Sandbox, account: int, client: str, scopes: frozenset[str]) -> str:
    """A new access token, good for an hour."""
    token = OURS + secrets.token_urlsafe(96)
    with sandbox.db.write() as connection:
        connection.execute(
            "DELETE FROM access_tokens WHERE expires < ?", (sandbox.clock.time() - 86_400,)
        )
        connection.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?)",
            (token, client, account, " ".join(canonical(scopes)), sandbox.clock.time() + LIFETIME),
        )
    return token


def make_refresh_token(sandbox: Sandbox, account: int, client: str, scopes: frozenset[str]) -> str:
    """A new refresh token; the oldest dies when the app holds a hundred of this person."""
    token, now = "1//0g" + secrets.token_urlsafe(64), sandbox.clock.time()
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?, ?)",
            (token, client, account, " ".join(canonical(scopes)), now, now),
        )
        connection.execute(
            "DELETE FROM refresh_tokens WHERE token IN (SELECT token FROM refresh_tokens"
            " WHERE account = ? AND client_id = ? ORDER BY token = ? DESC, made DESC"
            " LIMIT -1 OFFSET ?)",
            (account, client, token, TOKENS_PER_GRANT),
        )
    return token


def use_refresh_token(sandbox: Sandbox, token: str, client: str) -> AccessToken | None:
    """What a refresh token stands for; None when it is dead or another app's."""
    now = sandbox.clock.time()
    with sandbox.db.write() as connection:
        row = connection.execute(
            "SELECT * FROM refresh_tokens WHERE token = ? AND client_id = ?", (token, client)
        ).fetchone()
        if row is None or _too_old(sandbox, row, now):
            return None
        connection.execute("UPDATE refresh_tokens SET used = ? WHERE token = ?", (now, token))
    return AccessToken(token, client, row["account"], frozenset(row["scopes"].split()), now)


def find_access_token(sandbox: Sandbox, token: str) -> AccessToken | None:
    """A token that is good now, or None."""
    with sandbox.db.read() as connection:
        row = connection.execute("SELECT * FROM access_tokens WHERE token = ?", (token,)).fetchone()
    if row is None or row["expires"] <= sandbox.clock.time() or not token.startswith(OURS):
        return None
    return AccessToken(
        token, row["client_id"], row["account"], frozenset(row["scopes"].split()), row["expires"]
    )


def revoke_token(sandbox: Sandbox, token: str) -> bool:
    """Take back the whole grant a token belongs to; False when the token is dead already."""
    with sandbox.db.write() as connection:
        for table in ("refresh_tokens", "access_tokens"):
            row = connection.execute(
                f"SELECT account, client_id FROM {table} WHERE token = ?", (token,)
            ).fetchone()
            if row is not None:
                _kill(connection, row["account"], row["client_id"])
                return True
    return False


def expire_access_tokens(sandbox: Sandbox, account: int) -> None:
    """Every access token of an account is old from now on; refresh tokens stay good."""
    with sandbox.db.write() as connection:
        connection.execute("UPDATE access_tokens SET expires = 0 WHERE account = ?", (account,))


def _too_old(sandbox: Sandbox, row: sqlite3.Row, now: float) -> bool:
    testing = sandbox.settings.testing_app and set(row["scopes"].split()) - SIGN_IN
    return row["used"] < now - UNUSED or bool(testing and row["made"] < now - TESTING)


def _consented(connection: sqlite3.Connection, account: int, client: str) -> frozenset[str]:
    row = connection.execute(
        "SELECT scopes FROM consents WHERE account = ? AND client_id = ?", (account, client)
    ).fetchone()
    return frozenset(row["scopes"].split()) if row else frozenset()


def _kill(connection: sqlite3.Connection, account: int, client: str) -> None:
    for table in ("refresh_tokens", "access_tokens", "consents"):
        connection.execute(
            f"DELETE FROM {table} WHERE account = ? AND client_id = ?", (account, client)
        )
