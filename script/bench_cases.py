"""What `script/bench pages` asks for: each case with other threads, words and depths every time."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import bench_seed
from django.db import connection

from mailweave.kit import scope
from mailweave.linking import history
from mailweave.mail import cursors, inbox, opening, reading, search
from mailweave.mail.inbox import Filters
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member

PAGE, SEARCH = 50.0, 150.0
CONTACT = "crm.contact"


@dataclass(frozen=True)
class Case:
    """Something people do: ``ask`` gives a fresh reading of the archive and the page's path."""

    name: str
    limit: float
    ask: Callable[[], tuple[Callable[[], Any], str]]


class Reader:
    """A member of the large workspace, and what there is to pick from."""

    def __init__(self, member: Member) -> None:
        self.dice = random.Random(1)  # noqa: S311 - not for secrets
        self.member = member
        base = bench_seed.ROOM
        with scope.workspace(member.workspace_id):
            self.viewer = viewer_for(member)
            mine, self.shared = self.viewer.own[0], next(iter(self.viewer.shared))
            self.threads = column(
                "SELECT thread_id FROM mail_threadmailbox WHERE mailbox_id = %s"
                " ORDER BY hashint8(id) LIMIT 400",
                mine,
            )
            self.long_threads = column(
                "SELECT thread_id FROM mail_threadmailbox WHERE mailbox_id = ANY(%s)"
                " OR linked AND mailbox_id = ANY(%s) ORDER BY message_count DESC LIMIT 20",
                list(self.viewer.own),
                list(self.viewer.shared),
            )
            self.long_dates = {
                pk: column("SELECT sent_at FROM mail_message WHERE thread_id = %s ORDER BY 1", pk)
                for pk in self.long_threads
            }
            by_threads = column(
                "SELECT record_id FROM linking_threadrecord GROUP BY 1 ORDER BY count(*) DESC"
            )
            texts = column("SELECT text FROM mail_body ORDER BY hashint8(message_id) LIMIT 300")
            self.addresses = column("SELECT address FROM mail_address WHERE id > %s", base + 100)
            self.frequent = column("SELECT address FROM mail_address WHERE id <= %s", base + 5)
        self.largest, self.contacts = by_threads[:5], by_threads[5:5000]
        self.phrases = [" ".join(text.split()[5:7]) for text in texts]

    def cases(self) -> Iterator[Case]:
        """All of them, in the order of the report."""
        mine, shared = self.viewer.own[0], self.shared
        yield self._list("Mail page, first")
        yield self._list("Mail page, any depth", deep=True)
        yield self._list("unread, first", unread=True)
        yield self._list("unread, any depth", unread=True, deep=True)
        yield self._list("own account, any depth", account=mine, deep=True)
        yield self._list("shared account, any depth", account=shared, deep=True)
        yield self._list("address, typical", addresses=self.addresses)
        yield self._list("address, most frequent, any depth", addresses=self.frequent, deep=True)
        yield Case("thread, typical", PAGE, lambda: self._thread(self.threads))
        yield Case("thread, longest", PAGE, lambda: self._thread(self.long_threads))
        yield Case("thread, longest, older part", PAGE, self._older)
        yield Case("contact panel, typical", PAGE, lambda: self._panel(self.contacts))
        yield Case("contact panel, largest", PAGE, lambda: self._panel(self.largest))
        yield self._search("search, common word", lambda: self._word(30, 40))
        yield self._search("search, medium word", lambda: self._word(500, 1000))
        yield self._search("search, rare word", lambda: self._word(10_000, 20_000))
        yield self._search("search, two words", lambda: self._words((100, 300), (300, 900)))
        yield self._search("search, phrase", lambda: f'"{self.dice.choice(self.phrases)}"')
        yield self._search("search, no match", lambda: f"zzz{self.dice.random()}".replace(".", ""))
        yield self._search("search, address", lambda: self.dice.choice(self.addresses))
        yield self._search("search, common, own account", lambda: self._word(30, 40), account=mine)

    def _list(
        self,
        name: str,
        *,
        unread: bool = False,
        account: int | None = None,
        addresses: list[str] | None = None,
        deep: bool = False,
    ) -> Case:
        def ask() -> tuple[Callable[[], Any], str]:
            address = self.dice.choice(addresses) if addresses else None
            filters = Filters(account, address, unread)
            after = self._depth() if deep else None
            given = {
                "part": "rows" if deep else "",
                "unread": "1" if unread else "",
                "account": account or "",
                "address": address or "",
                "after": after or "",
            }
            return lambda: inbox.page(self._viewer(), filters, after), mail_path(given)

        return Case(name, PAGE, ask)

    def _search(self, name: str, text: Callable[[], str], account: int | None = None) -> Case:
        def ask() -> tuple[Callable[[], Any], str]:
            words = text()
            given = {"part": "threads", "q": words, "account": account or ""}
            filters = Filters(account)
            return lambda: search.search(self._viewer(), words, filters), mail_path(given)

        return Case(name, SEARCH, ask)

    def _thread(self, among: list[int]) -> tuple[Callable[[], Any], str]:
        thread_id = self.dice.choice(among)

        def read() -> None:
            viewer = self._viewer()
            found = opening.open_thread(viewer, thread_id)
            reading.body(viewer, found.messages[-1].id)
            history.reasons_for([one.id for one in found.messages])

        return read, f"/mail/threads/{thread_id}/"

    def _older(self) -> tuple[Callable[[], Any], str]:
        thread_id = self.dice.choice(self.long_threads)
        dates = self.long_dates[thread_id]
        at = self.dice.choice(dates[len(dates) // 3 :])
        before = cursors.write(cursors.Place(at, 0))
        path = f"/mail/threads/{thread_id}/?part=older&before={before}"
        return lambda: opening.open_thread(self._viewer(), thread_id, before), path

    def _panel(self, among: list[int]) -> tuple[Callable[[], Any], str]:
        record_id = self.dice.choice(among)
        return (
            lambda: history.threads_of(self._viewer(), [(CONTACT, record_id)]),
            f"/records/{CONTACT}/{record_id}/threads/",
        )

    def _viewer(self) -> Any:
        return viewer_for(self.member)

    def _depth(self) -> str:
        """A place anywhere in three years of mail."""
        at = datetime.now(UTC) - timedelta(days=self.dice.random() * 1000)
        return cursors.write(cursors.Place(at, 0))

    def _word(self, low: int, high: int) -> str:
        return bench_seed.word(self.dice.randint(low, high))

    def _words(self, *ranges: tuple[int, int]) -> str:
        return " ".join(self._word(*one) for one in ranges)


def column(query: str, *parameters: Any) -> list[Any]:
    """The only column of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [value for (value,) in cursor.fetchall()]


def mail_path(given: dict[str, Any]) -> str:
    """The Mail page with these parameters, those that are empty left out."""
    return "/mail/?" + urlencode({name: value for name, value in given.items() if value})
