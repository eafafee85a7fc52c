"""What ten changes cost in mailboxes of any size, and what looking at all of a mailbox costs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psutil
from bench_world import Bench, correspondents, cpu

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 10
LATER = timedelta(days=400)


@dataclass(slots=True)
class Meter:
    """CPU and time that this process and its database connection take."""

    worker: float = 0.0
    database: float = 0.0
    seconds: float = 0.0

    def run(self, work: Callable[[], object]) -> None:
        """Do some work, and add what it took."""
        here, there = psutil.Process(), _backend()
        before, began = (cpu(here), cpu(there)), time.monotonic()
        work()
        self.seconds += time.monotonic() - began
        self.worker += cpu(here) - before[0]
        self.database += cpu(there) - before[1]

    @property
    def cpu_ms(self) -> float:
        """Worker and database together."""
        return (self.worker + self.database) * 1000

    def shown(self, by: int = 1) -> str:
        """Milliseconds of CPU, worker and database, divided by so many."""
        here, there = self.worker * 1000 / by, self.database * 1000 / by
        return f"{here:.1f} + {there:.1f} CPU-ms, {self.seconds * 1000 / by:.0f} ms"


def measure_delta(kind: str, largest: int) -> None:
    """Three mailboxes of three sizes in one database; this process is their worker."""
    sizes = [size for size in SIZES if size <= largest]
    print(f"  Ten changes in mailboxes of {', '.join(f'{one:,}' for one in sizes)}:", flush=True)
    bench = Bench(kind, paced=False)
    try:
        addresses = {size: f"of{size}@bench.example" for size in sizes}
        for size, address in addresses.items():
            bench.load(address, size)
        bench.start(limited=False, latency_ms=0)
        bench.open_workspace(correspondents(addresses[sizes[0]], 2000))
        boxes = {size: bench.connect(address) for size, address in addresses.items()}
        _import(bench, sum(sizes))
        for size in sizes:
            _measure(bench, boxes[size], addresses[size], size)
    finally:
        bench.close()


def _import(bench: Bench, count: int) -> None:
    """Let a worker read everything; afterwards nothing falls due by itself."""
    from mailweave.kit import scope
    from mailweave.sync.models import Backfill, Sync

    worker, until = bench.work(), time.monotonic() + count / 20 + 120
    with scope.workspace(bench.member.workspace_id):
        busy = Backfill.objects.exclude(state=Backfill.State.DONE)
        while busy.exists() or Sync.objects.filter(polled_at=None).exists():
            if time.monotonic() > until:
                raise TimeoutError("the import does not end")
            time.sleep(0.5)
    worker.terminate()
    worker.wait(20)
    with scope.workspace(bench.member.workspace_id):
        Sync.objects.update(audit_at=_later(), lease_token="", lease_until=None)
    _sql("VACUUM ANALYZE")


def _measure(bench: Bench, mailbox_id: int, address: str, size: int) -> None:
    from mailweave.kit import scope
    from mailweave.mail.visibility import viewer_for
    from mailweave.sync import auditing, engine, marks

    def inside(act: Callable[[], object]) -> None:
        with scope.workspace(bench.member.workspace_id):
            act()

    def mark(seen: bool) -> None:
        marks.mark(viewer_for(bench.member), marks.everything(), seen=seen, mailbox_id=mailbox_id)

    round_ = Meter()
    for number in range(ROUNDS + 1):
        _change(bench, address, number)
        inside(lambda: engine.want(mailbox_id))
        meter = round_ if number else Meter()  # the first one opens connections
        meter.run(lambda: _work(bench, mailbox_id))
    print(f"  {size:>7,}: ten changes {round_.shown(ROUNDS)}", flush=True)

    inside(lambda: auditing.want(mailbox_id))
    audit = Meter()
    audit.run(lambda: _work(bench, mailbox_id))
    inside(lambda: _is_balanced(mailbox_id))
    each = audit.cpu_ms / size
    print(f"           audit {audit.shown()}: {each:.3f} CPU-ms a message", flush=True)

    inside(lambda: mark(seen=True))
    inside(lambda: engine.want(mailbox_id))
    _work(bench, mailbox_id)
    act, written = Meter(), Meter()
    act.run(lambda: inside(lambda: mark(seen=False)))
    written.run(lambda: _work(bench, mailbox_id))
    print(
        f"           all marked unread {act.shown()}; told to the provider {written.shown()}",
        flush=True,
    )


def _change(bench: Bench, address: str, number: int) -> None:
    """Five letters arrive, and five are read or become unread elsewhere."""
    for letter in range(5):
        letter_of = {"from": "mara@acme.example", "subject": f"News {number} {letter}"}
        bench.control(f"mailboxes/{address}/messages", {**letter_of, "text": "Hello. " * 200})
    listed = bench.control(f"mailboxes/{address}/messages?limit=50")["messages"]
    ids = [one["id"] for one in listed[20:25]]
    verb = "add" if number % 2 else "remove"
    bench.control(f"mailboxes/{address}/modify", {"ids": ids, verb: ["UNREAD"]})


def _work(bench: Bench, mailbox_id: int) -> None:
    """What a worker does, until nothing is due."""
    from mailweave.kit import clock, scope
    from mailweave.sync import engine
    from mailweave.sync.models import Sync

    workspace_id = bench.member.workspace_id
    while True:
        with scope.workspace(workspace_id):
            sync = Sync.objects.get(mailbox_id=mailbox_id)
            due = engine.next_due(sync)
        if due is None or due > clock.now() + timedelta(minutes=1):
            return
        time.sleep(max(0.0, (due - clock.now()).total_seconds()))
        engine.advance(workspace_id, sync.pk)


def _is_balanced(mailbox_id: int) -> None:
    from mailweave.sync import ledger

    if (verdict := ledger.status(mailbox_id).verdict) != "balanced":
        raise RuntimeError(f"the ledger is {verdict}")


def _later() -> Any:
    from mailweave.kit import clock

    return clock.now() + LATER


def _backend() -> psutil.Process:
    """The database's process for this connection."""
    return psutil.Process(int(_sql("SELECT pg_backend_pid()")[0][0]))


def _sql(query: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall()) if cursor.description else []
