"""What linking costs when there is much of everything: a million messages, 100,000 records.

1. all stored mail linked anew, as after a change of the policy;
2. a policy tried before it is chosen;
3. an address taken from a record and given back: a typical one, in the request that did it, and
   the one with most mail, in the background until all of it is linked;
4. the pages that show links.

The limits hold for wall time; CPU (this process and its server process) is what remains true on a
busy computer. Exit code 1 when a limit is passed.
"""

import argparse
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bench_pages
from bench_pages import READER, Cost, cost, percentile

PAGE_MS, ADDRESS_MS, MANY_S = 50.0, 100.0, 5.0
MANY = 100_000
"""Messages of the address that :data:`MANY_S` seconds are meant for."""
PARTS = (("threads", "panel"), ("emails", "flat list"), ("timeline", "timeline"))
"""The pages of a record's mail, and what they are called."""
NUMBER = 1
"""The workspace's, among those that a seed can fill."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report, with its limit in the unit it speaks of, if it has one."""

    name: str
    text: str
    value: float
    limit: float | None = None

    @property
    def over(self) -> bool:
        """Whether the limit is passed."""
        return self.limit is not None and self.value > self.limit


def main() -> int:
    """Fill, measure, report."""
    options = read_options()
    with bench_pages.database(options.data):
        subprocess.run(
            [sys.executable, "manage.py", "prepare"], check=True, stdout=subprocess.DEVNULL
        )
        import django

        django.setup()
        member = fill(options.messages, options.records)
        over = []
        for line in Bench(member, options.samples).lines(options.part):
            limit = "" if line.limit is None else f"  limit {line.limit:g}"
            print(f"{line.name:34}{line.text}{limit}{' !' if line.over else ''}", flush=True)
            over += [line.name] if line.over else []
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"\npeak memory of this process: {peak} MB")
    print("\n" + (f"Over the limit: {', '.join(over)}" if over else "All within the limits."))
    return 1 if over else 0


def read_options() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(
        prog="script/bench linking",
        description=__doc__,
        epilog=bench_pages.ENVIRONMENT.replace("script/bench pages", "script/bench linking"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=100_000, help="contacts")
    parser.add_argument("--samples", type=int, default=100, help="of each page")
    parser.add_argument("--part", choices=("all", "relink", "addresses", "pages"), default="all")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIRECTORY",
        help="an embedded database there: filled by the first run, kept, read by the next",
    )
    return parser.parse_args()


def fill(messages: int, records: int) -> Any:
    """A workspace with all of it, made by large statements; returns its owner."""
    import bench_seed

    from mailweave.people import workspaces

    if workspaces.is_first_run():
        user = workspaces.open_workspace("Reader", "Reader", READER, "not used", "UTC")
    else:
        from mailweave.people.models import User

        with bench_seed.connect(bench_pages.owner_url()) as owner:
            if not owner.execute("SELECT to_regclass('bench.filled') IS NOT NULL").fetchone()[0]:
                sys.exit("This database was not filled to the end. Remove it and begin anew.")
        user = User.objects.get(email=READER)
        return workspaces.memberships(user)[0]
    (member,) = workspaces.memberships(user)
    addresses = [f"box{i}@ws{NUMBER}.example" for i in range(len(bench_seed.SHARINGS))]
    sharings = dict(zip(addresses, bench_seed.SHARINGS, strict=True))
    boxes = bench_pages.make_boxes(member, NUMBER, sharings)
    # Half as many people again as records: those are the further addresses.
    place = bench_seed.Place(
        member.workspace_id, NUMBER, messages, boxes, addresses, records + records // 2
    )
    print(f"Filling the database with {messages:,} messages and {records:,} contacts:", flush=True)
    bench_seed.seed(bench_pages.owner_url(), [place])
    known = statements()
    with bench_seed.connect(bench_pages.owner_url()) as owner:
        owner.execute(
            "SELECT set_config('mailweave.workspace_id', %s::text, false)", [place.workspace]
        )
        for statement in known["records"].strip().rstrip(";").split(";\n"):
            owner.execute(statement.encode(), {**place.parameters, "records": records})
        owner.execute("VACUUM ANALYZE")
        owner.execute("CREATE TABLE bench.filled ()")
    return member


def statements() -> dict[str, str]:
    """This bench's statements by name."""
    from mailweave.kit.sql import NAME

    pieces = NAME.split(Path(__file__).with_suffix(".sql").read_text())
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


class Bench:
    """What is measured, in the workspace of one member."""

    def __init__(self, member: Any, samples: int) -> None:
        self.member, self.samples = member, samples
        self.dice = random.Random(1)  # noqa: S311 - not for secrets
        self.known = statements()

    def lines(self, part: str) -> Iterator[Line]:
        """All of it or a part, in the order of the report."""
        ((messages, records, addresses),) = self._ask("counts")
        print(f"\n{messages:,} messages, {records:,} records with {addresses:,} addresses")
        if part in {"all", "relink"}:
            yield self._whole("all mail linked anew", messages, self._relink)
            yield self._whole("a policy tried", messages, self._try)
        if part in {"all", "addresses"}:
            yield from self._lines_of_addresses()
        if part in {"all", "pages"}:
            yield from self._pages()

    def _lines_of_addresses(self) -> Iterator[Line]:
        ranked = self._ask("addresses")
        middle = len(ranked) // 2
        typical = self.dice.sample(ranked[middle - middle // 10 : middle + middle // 10 + 1], 20)
        yield self._typical(typical)
        yield from self._largest(*ranked[-1])

    def _whole(self, name: str, messages: int, act: Callable[[], None]) -> Line:
        took = cost(act)
        rate = messages / took.wall * 1000
        text = f"{took.wall / 1000:8.1f} s  {rate:6.0f} messages/s"
        return Line(name, f"{text}  {took.cpu / messages:.3f} CPU-ms each", rate)

    def _relink(self) -> None:
        """As after a change: newest threads first, to the end."""
        from mailweave.kit import clock
        from mailweave.linking.models import Relinking
        from mailweave.linking.relinking import State, versions

        with self._inside():
            row = Relinking(state=State.APPLYING, versions=versions(), started_at=clock.now())
            row.save()
        self._finish(row.pk)

    def _try(self) -> None:
        from mailweave.linking import forecast, relinking

        with self._inside():
            wish = forecast.Wish({"link_mode": "first"}, {}, tuple(relinking.versions()))
            row = forecast.propose(wish, self.member.user_id)
        self._finish(row.pk)
        with self._inside():
            forecast.drop(row.pk)

    def _finish(self, relinking_id: int) -> None:
        from mailweave.linking import relinking

        while relinking.step(self.member.workspace_id, relinking_id):
            pass

    def _typical(self, chosen: list[tuple[int, str, int]]) -> Line:
        """Taken away and given back, each in a request's transaction."""
        costs = [one for pk, address, _ in chosen for one in self._swap(pk, address)]
        walls = [one.wall for one in costs]
        mails = sorted(count for *_, count in chosen)[len(chosen) // 2]
        text = f"{percentile(walls, 50):8.1f} ms p50 {percentile(walls, 95):8.1f} ms p95"
        cpu = percentile([one.cpu for one in costs], 50)
        name = f"an address with {mails} messages"
        return Line(name, f"{text}  {cpu:.1f} CPU-ms", percentile(walls, 50), ADDRESS_MS)

    def _swap(self, record_id: int, address: str) -> tuple[Cost, Cost]:
        kept = self._addresses(record_id)
        fewer = [pair for pair in kept if pair[0] != address]
        return (
            cost(lambda: self._set(record_id, fewer)),
            cost(lambda: self._set(record_id, kept)),
        )

    def _largest(self, record_id: int, address: str, mails: int) -> Iterator[Line]:
        """The request only notes it; the rest is the background's."""
        kept = self._addresses(record_id)
        fewer = [pair for pair in kept if pair[0] != address]
        for word, pairs in (("taken", fewer), ("given back", kept)):
            request = cost(partial(self._set, record_id, pairs))
            background = cost(self._settle)
            seconds = background.wall / 1000 / mails * MANY
            text = f"{background.wall / 1000:8.1f} s behind a request of {request.wall:.0f} ms"
            text += f"  {background.cpu / mails:.3f} CPU-ms each  {seconds:.1f} s for {MANY:,}"
            yield Line(f"{mails:,} messages, {word}", text, seconds, MANY_S)

    def _settle(self) -> None:
        from mailweave.linking.models import Relinking

        with self._inside():
            working = Relinking.objects.filter(state__in=Relinking.WORKING)
            rows = list(working.values_list("pk", flat=True))
        for pk in rows:
            self._finish(pk)

    def _addresses(self, record_id: int) -> list[tuple[str, str]]:
        from mailweave.linking.models import RecordAddress

        with self._inside():
            rows = RecordAddress.objects.filter(kind="crm.contact", record_id=record_id)
            return list(rows.values_list("address__address", "address_kind"))

    def _set(self, record_id: int, pairs: list[tuple[str, str]]) -> None:
        from mailweave.linking import addresses

        with self._inside():
            addresses.set_addresses("crm.contact", record_id, pairs)

    def _pages(self) -> Iterator[Line]:
        by_mail = [(kind, pk) for kind, pk, _ in self._ask("records_by_mail")]
        contacts = [one for one in by_mail if one[0] == "crm.contact"]
        companies = [one for one in by_mail if one[0] == "crm.company"]
        for what, records in (("contact", contacts), ("company", companies)):
            for part, word in PARTS:
                for size, among in (("largest", records[:5]), ("any", records)):
                    if among:
                        yield self._page(f"{what} {word}, {size}", self._path(among, part))
        yield self._page("Unlinked", lambda: "/mail/unlinked/")

    def _path(self, among: list[tuple[str, int]], part: str) -> Callable[[], str]:
        def path() -> str:
            kind, record_id = self.dice.choice(among)
            return f"/records/{kind}/{record_id}/{part}/"

        return path

    def _page(self, name: str, path: Callable[[], str]) -> Line:
        from django.test import Client

        from mailweave.people.models import User

        client = Client(headers={"host": "127.0.0.1", "HX-Request-Type": "partial"})
        client.force_login(User.objects.get(email=READER))
        for _ in range(bench_pages.WARM):
            bench_pages.get(client, path())
        costs = [cost(partial(bench_pages.get, client, path())) for _ in range(self.samples)]
        walls = [one.wall for one in costs]
        text = f"{percentile(walls, 50):8.1f} ms p50 {percentile(walls, 95):8.1f} ms p95"
        cpu = percentile([one.cpu for one in costs], 95)
        return Line(name, f"{text}  {cpu:.1f} CPU-ms p95", percentile(walls, 95), PAGE_MS)

    def _ask(self, name: str) -> list[Any]:
        from django.db import connection

        with self._inside(), connection.cursor() as cursor:
            cursor.execute(self.known[name], {"workspace": self.member.workspace_id})
            return list(cursor.fetchall())

    @contextmanager
    def _inside(self) -> Iterator[None]:
        from mailweave.kit import scope

        with scope.workspace(self.member.workspace_id):
            yield


if __name__ == "__main__":
    sys.exit(main())
