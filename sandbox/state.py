"""The whole sandbox as one object: what tests, loaders and every face of it work on."""

import itertools
import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from sandbox import accounts, delivery, hooks, labels, mailbox
from sandbox.accounts import COMPANIES, GOOGLE, MICROSOFT, Account
from sandbox.clock import Clock
from sandbox.database import Database
from sandbox.faults import Faults
from sandbox.microsoft import store
from sandbox.quota import Quota
from sandbox.settings import Settings

Item = tuple[bytes, Sequence[str], datetime | None]
CHUNK = 300


class Sandbox:
    """A world of mailboxes in one file (or ``:memory:``), with its clock, faults and quota.

    Labels may be given as ids (``INBOX``) or as names (``Customers``, made when missing). In a
    Microsoft mailbox they mean folders: see ``labels.filed``.
    Message ids are the vendor's: lower-case hex.
    """

    def __init__(self, path: str | Path = ":memory:", clock: Clock | None = None) -> None:
        self.db = Database(path)
        self.clock = clock or Clock(float(self._meta("clock", "0")))
        self.settings = Settings()
        self.settings.change(msgspec.json.decode(self._meta("settings", "{}")))
        self.mark = self._meta("mark", "") or self._set_meta("mark", secrets.token_urlsafe(18))
        self.faults = Faults()
        self.later: list[tuple[float, Callable[[], object]]] = []
        """Calls nobody waits for any more, and when they are carried out."""
        self.quota = Quota(self.clock)
        self.send: hooks.Send = hooks.post
        """How notices go out; tests without a network have their own way."""
        self._apply()

    # -- people and apps ------------------------------------------------------------------

    def add_account(
        self,
        address: str,
        name: str = "",
        company: str = GOOGLE,
        tenant: str | None = None,
        oid: str | None = None,
        *,
        shared: bool = False,
    ) -> Account:
        """A mailbox for that address; ValueError when it is none.

        ``tenant`` and ``oid`` are for Microsoft's: the organization, by default one for each
        domain, accounts.CONSUMERS for a personal account; and the person in it. A ``shared``
        mailbox is the organization's, and nobody signs in to it: see ``microsoft.delegates``.
        """
        with self.db.write() as connection:
            return accounts.add_account(
                connection, address, name, company, tenant, oid, shared=shared
            )

    def account(self, address: str) -> Account:
        """That account as it is now; LookupError when there is none."""
        with self.db.read() as connection:
            found = accounts.find_account(connection, address)
        if found is None:
            raise LookupError(f"no mailbox {address!r} in the sandbox")
        return found

    def accounts(self, company: str = "") -> list[Account]:
        """Everybody, or everybody with a mailbox at one company."""
        with self.db.read() as connection:
            every = accounts.all_accounts(connection)
        return [one for one in every if company in {"", one.company}]

    def register_client(
        self,
        client_id: str,
        secret: str,
        redirects: Sequence[str],
        company: str = GOOGLE,
    ) -> None:
        """An OAuth client with its exact redirect URIs; registering again replaces it."""
        if company not in COMPANIES:
            raise ValueError(f"company is one of {', '.join(COMPANIES)}")
        with self.db.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?)",
                (client_id, secret, msgspec.json.encode(list(redirects)).decode(), company),
            )

    def revoke(self, address: str) -> None:
        """The person takes every grant back: all tokens of the account die."""
        account = self.account(address).id
        with self.db.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO revoked_tokens SELECT token, account FROM refresh_tokens"
                " WHERE account = ?",
                (account,),
            )
            for table in ("refresh_tokens", "access_tokens", "consents", "codes"):
                connection.execute(f"DELETE FROM {table} WHERE account = ?", (account,))

    # -- mail -----------------------------------------------------------------------------

    def deliver(
        self,
        address: str,
        raw: bytes,
        labels: Sequence[str] = ("INBOX", "UNREAD"),
        received_at: datetime | None = None,
    ) -> str:
        """One message into one mailbox; returns its id."""
        return self.deliver_many(address, [(raw, labels, received_at)])[0]

    def deliver_many(self, address: str, items: Iterable[Item]) -> list[str]:
        """Many messages into one mailbox, a few hundred a transaction; returns their ids."""
        account, ids, stream = self.account(address).id, [], iter(items)
        while chunk := list(itertools.islice(stream, CHUNK)):
            parcels = [self._pack(account, *item) for item in chunk]
            with self.db.write() as connection:
                ids += [self._write(connection, account, parcel)[0] for parcel in parcels]
        return [f"{number:x}" for number in ids]

    def label(self, address: str, name: str) -> str:
        """The id of the label with that name, made when there is none."""
        return self._label_id(self.account(address).id, name)

    def modify(
        self,
        address: str,
        ids: str | Iterable[str],
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Add and remove labels, as one action of the mailbox's owner in another client."""
        account = self.account(address).id
        adding = [self._label_id(account, label) for label in add]
        removing = [self._label_id(account, label) for label in remove]
        with self.action(account) as connection:
            mailbox.relabel(connection, account, _numbers(ids), adding, removing, self.clock.time())

    def trash(self, address: str, ids: str | Iterable[str]) -> None:
        """Move to the bin."""
        self.modify(address, ids, add=["TRASH"])

    def delete(self, address: str, ids: str | Iterable[str]) -> None:
        """Delete for good."""
        account = self.account(address).id
        with self.action(account) as connection:
            mailbox.delete(connection, account, _numbers(ids), self.clock.time())

    def message_ids(self, address: str) -> list[str]:
        """Every message of a mailbox, newest first."""
        account = self.account(address).id
        with self.db.read() as connection:
            rows = connection.execute(
                "SELECT id FROM messages WHERE account = ? ORDER BY date DESC, id DESC", (account,)
            ).fetchall()
        return [f"{row['id']:x}" for row in rows]

    def expire_history(self, address: str) -> None:
        """Everything logged so far is forgotten: older cursors answer 404 from now on."""
        account = self.account(address).id
        with self.db.write() as connection:
            number = accounts.next_history_id(connection, account)
            connection.execute(
                "UPDATE accounts SET history_floor = ? WHERE id = ?", (number, account)
            )
            connection.execute("DELETE FROM history WHERE account = ?", (account,))

    # -- the world around -----------------------------------------------------------------

    def change_settings(self, **values: object) -> None:
        """Change and keep settings; ValueError on a wrong one."""
        self.settings.change(values)
        self._apply()
        self._set_meta("settings", msgspec.json.encode(self.settings.shown()).decode())

    def save_clock(self) -> None:
        """Keep the clock's offset over a restart."""
        self._set_meta("clock", str(self.clock.offset))

    def pause(self) -> None:
        """Wait as long as an answer is set to take."""
        if self.settings.latency_ms:
            time.sleep(self.settings.latency_ms / 1000)

    def reset(self) -> None:
        """Forget all mail, people and grants; clients, keys and settings stay."""
        tables = (
            "accounts",
            "aliases",
            "delegates",
            "tenants",
            "tenant_consents",
            "consent_requests",
            "revoked_tokens",
            "codes",
            "refresh_tokens",
            "access_tokens",
            "consents",
            "history",
            "user_labels",
            "messages",
            "message_labels",
            "contents",
            "words",
            "subscriptions",
            "watches",
            "notices",
            "deliveries",
            "drafts",
            "send_as",
            "properties",
            "uploads",
            "pieces",
            "letters",
            "transit",
            "bounces",
        )
        with self.db.write() as connection:
            for table in tables:
                connection.execute(f"DELETE FROM {table}")
        self.faults.clear()
        self.later.clear()
        self.quota.reset()

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    @contextmanager
    def action(self, account: int) -> Iterator[sqlite3.Connection]:
        """A transaction of one person's action, with a bare record after it when switched on."""
        with self.db.write() as connection:
            before = accounts.account_by_id(connection, account).history_id
            yield connection
            after = accounts.account_by_id(connection, account).history_id
            if self.settings.bare_records and after > before:
                self._bare(connection, account, after)

    def insert(
        self, account: int, raw: bytes, label_ids: Sequence[str], date: int, thread: int | None,
        *, certain: bool = False, number: int = 0,
    ) -> tuple[int, int]:  # fmt: skip
        """Store what the owner's client hands in; returns (message id, thread id)."""
        parcel = delivery.pack(
            raw, label_ids, date, self.mark, arrived=self.clock.milliseconds(), thread=thread,
            certain=certain,
        )  # fmt: skip
        parcel = replace(parcel, number=number)
        with self.db.write() as connection:
            return self._write(connection, account, parcel)

    def _pack(
        self, account: int, raw: bytes, names: Sequence[str], received_at: datetime | None
    ) -> delivery.Parcel:
        ids = [self._label_id(account, name) for name in names]
        moment = delivery.milliseconds(received_at or self.clock.now())
        return delivery.pack(raw, ids, moment, self.mark)

    def _write(
        self, connection: sqlite3.Connection, account: int, parcel: delivery.Parcel
    ) -> tuple[int, int]:
        in_folders = accounts.company_of(connection, account) == MICROSOFT
        if in_folders:
            parcel = replace(parcel, labels=labels.filed(parcel.labels))
        record = accounts.next_history_id(connection, account)
        number, thread = delivery.write(connection, account, parcel, record)
        if in_folders:
            store.keep(connection, account, number, parcel.raw, parcel.rendered)
        names = msgspec.json.encode(parcel.labels).decode()
        change = mailbox.Change("messageAdded", number, thread, names)
        mailbox.log(connection, account, [change], self.clock.time(), record)
        if self.settings.bare_records and random.random() < 0.5:
            self._bare(connection, account, record)
        return number, thread

    def _bare(self, connection: sqlite3.Connection, account: int, record: int) -> None:
        row = connection.execute(
            "SELECT message, thread, labels FROM history WHERE account = ? AND id = ? LIMIT 1",
            (account, record),
        ).fetchone()
        if row is not None:
            change = mailbox.Change("bare", row["message"], row["thread"], row["labels"])
            mailbox.log(connection, account, [change], self.clock.time())

    def _label_id(self, account: int, name: str) -> str:
        if name in labels.SYSTEM:
            return name
        with self.db.read() as connection:
            found = labels.find_label(connection, account, name)
            found = found or labels.find_by_name(connection, account, name)
        if found is not None:
            return found.id
        with self.db.write() as connection:
            found = labels.find_by_name(connection, account, name)  # somebody may have been faster
            return (found or labels.create_label(connection, account, name)).id

    def _apply(self) -> None:
        self.quota.profile = self.settings.quota_profile
        self.quota.concurrency = self.settings.concurrency
        self.quota.user_limit = self.settings.units_per_minute or None

    def secret(self, name: str) -> str | None:
        """Something kept in the store under a name, or None."""
        return self._meta(f"secret:{name}", "") or None

    def keep_secret(self, name: str, value: str) -> str:
        """Keep it, unless somebody was faster; returns what is kept."""
        with self.db.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO meta VALUES (?, ?)", (f"secret:{name}", value)
            )
        return self._meta(f"secret:{name}", value)

    def _meta(self, name: str, default: str) -> str:
        with self.db.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row["value"])

    def _set_meta(self, name: str, value: str) -> str:
        with self.db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        return value


def _numbers(ids: str | Iterable[str]) -> list[int]:
    return [int(item, 16) for item in ([ids] if isinstance(ids, str) else ids)]
