"""One SQLite file that holds everything the sandbox must not forget."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clients (
  client_id TEXT PRIMARY KEY, secret TEXT NOT NULL, redirects TEXT NOT NULL,
  company TEXT NOT NULL DEFAULT 'google') WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
  id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, name TEXT NOT NULL, sub TEXT NOT NULL,
  history_id INTEGER NOT NULL, history_floor INTEGER NOT NULL, label_number INTEGER NOT NULL,
  company TEXT NOT NULL DEFAULT 'google', tenant TEXT NOT NULL DEFAULT '',
  oid TEXT NOT NULL DEFAULT '', shared INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS aliases (
  address TEXT PRIMARY KEY, account INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delegates (
  account INTEGER NOT NULL, delegate INTEGER NOT NULL, rights TEXT NOT NULL,
  send TEXT NOT NULL DEFAULT 'as',
  PRIMARY KEY (account, delegate)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS codes (
  code TEXT PRIMARY KEY, client_id TEXT NOT NULL, account INTEGER NOT NULL, redirect TEXT NOT NULL,
  scopes TEXT NOT NULL, nonce TEXT, challenge TEXT, method TEXT, offline INTEGER NOT NULL,
  made REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0,
  authority TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refresh_tokens (
  token TEXT PRIMARY KEY, client_id TEXT NOT NULL, account INTEGER NOT NULL, scopes TEXT NOT NULL,
  made REAL NOT NULL, used REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refresh_by_grant ON refresh_tokens (account, client_id, made);
CREATE TABLE IF NOT EXISTS access_tokens (
  token TEXT PRIMARY KEY, client_id TEXT NOT NULL, account INTEGER NOT NULL, scopes TEXT NOT NULL,
  expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consents (
  account INTEGER NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL,
  PRIMARY KEY (account, client_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tenants (
  tenant TEXT PRIMARY KEY, consent_policy TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tenant_consents (
  tenant TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL,
  PRIMARY KEY (tenant, client_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consent_requests (
  account INTEGER NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, reason TEXT NOT NULL,
  made REAL NOT NULL, PRIMARY KEY (account, client_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revoked_tokens (
  token TEXT PRIMARY KEY, account INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS user_labels (
  account INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
  message_visibility TEXT, label_visibility TEXT, color TEXT,
  PRIMARY KEY (account, id), UNIQUE (account, folded)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  account INTEGER NOT NULL, id INTEGER NOT NULL, thread INTEGER NOT NULL, date INTEGER NOT NULL,
  history_id INTEGER NOT NULL, size INTEGER NOT NULL, attached INTEGER NOT NULL,
  labels TEXT NOT NULL, snippet TEXT NOT NULL, message_id TEXT NOT NULL, subject TEXT NOT NULL,
  PRIMARY KEY (account, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_date ON messages (account, date, id, thread);
CREATE INDEX IF NOT EXISTS messages_by_thread ON messages (account, thread, date);
CREATE INDEX IF NOT EXISTS messages_by_message_id ON messages (account, message_id);
CREATE TABLE IF NOT EXISTS message_labels (
  account INTEGER NOT NULL, label TEXT NOT NULL, message INTEGER NOT NULL,
  PRIMARY KEY (account, label, message)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents (
  account INTEGER NOT NULL, message INTEGER NOT NULL,
  head BLOB NOT NULL, payload BLOB NOT NULL, raw BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS contents_by_message ON contents (account, message);
CREATE TABLE IF NOT EXISTS words (
  account INTEGER NOT NULL, message INTEGER NOT NULL, sender TEXT NOT NULL,
  recipients TEXT NOT NULL, cc TEXT NOT NULL, bcc TEXT NOT NULL, subject TEXT NOT NULL,
  files TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS words_by_message ON words (account, message);
CREATE TABLE IF NOT EXISTS history (
  account INTEGER NOT NULL, id INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  message INTEGER NOT NULL, thread INTEGER NOT NULL, labels TEXT NOT NULL, changed TEXT NOT NULL,
  at REAL NOT NULL, PRIMARY KEY (account, id, seq, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
  account INTEGER NOT NULL, message INTEGER NOT NULL, attached INTEGER NOT NULL,
  head BLOB NOT NULL, headers BLOB NOT NULL, body BLOB NOT NULL, attachments BLOB NOT NULL,
  edits TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS items_by_message ON items (account, message);
CREATE TABLE IF NOT EXISTS moves (
  account INTEGER NOT NULL, message INTEGER NOT NULL, times INTEGER NOT NULL,
  PRIMARY KEY (account, message)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscriptions (
  id TEXT PRIMARY KEY, account INTEGER NOT NULL, client_id TEXT NOT NULL, resource TEXT NOT NULL,
  folder TEXT NOT NULL, kinds TEXT NOT NULL, url TEXT NOT NULL, lifecycle_url TEXT,
  client_state TEXT, expires REAL NOT NULL, immutable INTEGER NOT NULL, seen INTEGER NOT NULL,
  made REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subscriptions_by_account ON subscriptions (account);
CREATE TABLE IF NOT EXISTS topics (
  name TEXT PRIMARY KEY, publisher INTEGER NOT NULL, push_url TEXT NOT NULL,
  audience TEXT NOT NULL, signer TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS watches (
  account INTEGER PRIMARY KEY, topic TEXT NOT NULL, labels TEXT NOT NULL, excluded INTEGER NOT NULL,
  expires REAL NOT NULL, seen INTEGER NOT NULL, told REAL NOT NULL);
CREATE TABLE IF NOT EXISTS notices (
  id INTEGER PRIMARY KEY, company TEXT NOT NULL, teller TEXT NOT NULL, mailbox TEXT NOT NULL,
  what TEXT NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL, made REAL NOT NULL, due REAL NOT NULL,
  tries INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS notices_by_due ON notices (due, id);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, company TEXT NOT NULL, mailbox TEXT NOT NULL,
  what TEXT NOT NULL, url TEXT NOT NULL, count INTEGER NOT NULL, tries INTEGER NOT NULL,
  answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (
  account INTEGER NOT NULL, id TEXT NOT NULL, message INTEGER NOT NULL,
  PRIMARY KEY (account, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS send_as (
  account INTEGER NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL, signature TEXT NOT NULL,
  status TEXT NOT NULL, chosen INTEGER NOT NULL, PRIMARY KEY (account, address)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS properties (
  account INTEGER NOT NULL, message INTEGER NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (account, message, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, account INTEGER NOT NULL, made REAL NOT NULL, size INTEGER NOT NULL,
  told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pieces (
  upload TEXT NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS letters (
  id INTEGER PRIMARY KEY, account INTEGER NOT NULL, at REAL NOT NULL, mailbox TEXT NOT NULL,
  key TEXT NOT NULL, told TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS letters_by_account ON letters (account, at);
CREATE INDEX IF NOT EXISTS letters_by_key ON letters (key);
CREATE TABLE IF NOT EXISTS transit (
  id INTEGER PRIMARY KEY, due REAL NOT NULL, kind TEXT NOT NULL, account INTEGER NOT NULL,
  told TEXT NOT NULL, raw BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS transit_by_due ON transit (due, id);
CREATE TABLE IF NOT EXISTS bounces (
  address TEXT PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, said TEXT NOT NULL
  ) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS count_moves AFTER DELETE ON message_labels
 WHEN OLD.label NOT IN ('UNREAD', 'STARRED')
 AND EXISTS (SELECT 1 FROM messages WHERE account = OLD.account AND id = OLD.message)
 BEGIN INSERT INTO moves VALUES (OLD.account, OLD.message, 1)
 ON CONFLICT DO UPDATE SET times = times + 1; END;
CREATE TRIGGER IF NOT EXISTS forget_items AFTER DELETE ON contents
 BEGIN DELETE FROM items WHERE account = OLD.account AND message = OLD.message; END;
CREATE TRIGGER IF NOT EXISTS forget_drafts AFTER DELETE ON messages
 BEGIN DELETE FROM drafts WHERE account = OLD.account AND message = OLD.id; END;
CREATE TRIGGER IF NOT EXISTS forget_properties AFTER DELETE ON messages
 BEGIN DELETE FROM properties WHERE account = OLD.account AND message = OLD.id; END;
CREATE TRIGGER IF NOT EXISTS forget_moves AFTER DELETE ON accounts
 BEGIN DELETE FROM moves WHERE account = OLD.id; END;
"""
# What tables of an earlier sandbox lack.
ADDED = (
    ("clients", "company", "TEXT NOT NULL DEFAULT 'google'"),
    ("accounts", "company", "TEXT NOT NULL DEFAULT 'google'"),
    ("accounts", "tenant", "TEXT NOT NULL DEFAULT ''"),
    ("accounts", "oid", "TEXT NOT NULL DEFAULT ''"),
    ("accounts", "shared", "INTEGER NOT NULL DEFAULT 0"),
    ("delegates", "send", "TEXT NOT NULL DEFAULT 'as'"),
    ("codes", "authority", "TEXT NOT NULL DEFAULT ''"),
)


class Database:
    """Connections for a threaded server: readers run beside the one writer.

    In memory (``:memory:``) there is one connection, and everybody waits for it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._shared = self._connect() if self.path == ":memory:" else None
        self._local = threading.local()
        self._lock = threading.RLock()
        with self.write() as connection:
            for statement in SCHEMA.split(";\n"):
                connection.execute(statement)
            for table, column, kind in ADDED:
                if not connection.execute(
                    "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column)
                ).fetchone():
                    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the last finished write."""
        if self._shared is None:
            yield self._mine()
            return
        with self._lock:
            yield self._shared

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction; nested uses join the outer one, an exception undoes all of it."""
        with self._lock:
            connection = self._shared or self._mine()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close what this thread has open; other threads' connections end with them."""
        connection = self._shared or getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def _mine(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=30
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # A crash of this process loses nothing; only a crash of the whole machine may.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -32000")
        return connection
