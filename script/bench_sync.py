"""How fast and how big: backfills generated mail through everything a user would wait for.

A sandbox server, a fresh database and one worker process, as in production; the worker's and the
database's CPU are read from the operating system. The last line is the CPU time of worker plus
database per message, for the costlier of the kinds of mailbox.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass

import psutil
from bench_delta import measure_delta
from bench_world import LANES, Bench, correspondents, cpu, database_cpu, peak_rss

LIMIT_MS = 1.2


@dataclass(frozen=True)
class Result:
    """What one backfill took."""

    messages: int
    seconds: float
    worker_cpu: float
    database_cpu: float
    sandbox_cpu: float
    peaks: dict[int, float]
    bytes_per_message: float

    @property
    def cpu_ms(self) -> float:
        """CPU of worker plus database for one message, in milliseconds."""
        return (self.worker_cpu + self.database_cpu) * 1000 / self.messages


def main() -> int:
    """Run what was asked for, each part in a process of its own; the last line counts."""
    options = read_options()
    kinds = options.kind.split(",")
    if options.part:
        run_part(options, kinds[0])
        return 0
    figures = {}
    for kind in kinds:
        print(f"\n{kind}", flush=True)
        figures[kind] = float(part("cpu", kind, options))
        if options.rss_messages > options.messages:
            print(f"  Memory, backfilling {options.rss_messages:,} messages:", flush=True)
            part("memory", kind, options)
        if options.quota_seconds:
            part("quota", kind, options)
        if options.delta_messages:
            part("delta", kind, options)
    if len(figures) > 1:
        first, second = kinds[:2]
        ratio = figures[second] / figures[first]
        print(f"\n{second} costs {ratio:.2f} times what {first} costs")
    print(f"\nCPU of worker + database (limit {LIMIT_MS} ms), CPU-ms per message:")
    print(f"{max(figures.values()):.3f}")
    return 0 if max(figures.values()) <= LIMIT_MS else 1


def read_options() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(prog="script/bench sync", description=__doc__)
    parser.add_argument("--kind", default="gmail,outlook", help="which mailboxes, in this order")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rss-messages", type=int, default=50_000, help="0: skip")
    parser.add_argument("--quota-seconds", type=int, default=300, help="0: skip")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds, with quotas on")
    parser.add_argument(
        "--delta-messages", type=int, default=100_000, help="the largest mailbox; 0: skip"
    )
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def part(name: str, kind: str, options: argparse.Namespace) -> str:
    """Measure one part in a fresh process; passes its lines on and returns the last."""
    argv = [sys.executable, __file__, "--part", name, "--kind", kind]
    for option in ("messages", "rss_messages", "quota_seconds", "delta_messages", "latency"):
        argv += [f"--{option.replace('_', '-')}", str(getattr(options, option))]
    last = ""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - us
        for line in child.stdout or ():
            last = line.strip()
            if not last.startswith("result "):
                print(line, end="", flush=True)
    if child.returncode:
        raise SystemExit(child.returncode)
    return last.removeprefix("result ")


def run_part(options: argparse.Namespace, kind: str) -> None:
    """One part of the measurement, in this process."""
    if options.part == "quota":
        MEASURES[kind](options.quota_seconds, options.latency or LATENCY_MS[kind])
        return
    if options.part == "delta":
        measure_delta(kind, options.delta_messages)
        return
    count = options.messages if options.part == "cpu" else options.rss_messages
    result = measure_cpu(kind, count)
    for messages, peak in result.peaks.items():
        print(f"  peak RSS of the worker at {messages:,} messages: {peak:.0f} MB")
    print(f"result {result.cpu_ms:.3f}")


def measure_cpu(kind: str, messages: int) -> Result:
    """One mailbox, quotas off: what a message costs."""
    bench = Bench(kind, paced=False)
    try:
        address = "ada@bench.example"
        shape = bench.load(address, messages)
        print(f"  {messages:,} messages; shape of a sample: {shape}", flush=True)
        bench.start(limited=False, latency_ms=0)
        bench.open_workspace(correspondents(address, messages))
        before = bench.database_bytes()
        bench.connect(address)
        return report(run_backfill(bench, messages, before))
    finally:
        bench.close()


def run_backfill(bench: Bench, messages: int, bytes_before: int) -> Result:
    """Let one worker do all of it, looking at the clocks before and after."""
    vendor = psutil.Process(bench.vendor.pid)
    database_before, vendor_before = database_cpu(), cpu(vendor)
    began = time.monotonic()
    worker = bench.work()
    peaks: dict[int, float] = {}
    marks = [mark for mark in (5_000, 20_000, 50_000) if mark <= messages]
    while not done(bench):
        time.sleep(0.25)
        if marks and bench.stored() >= marks[0]:
            peaks[marks.pop(0)] = peak_rss(worker)
        if time.monotonic() - began > messages / 20 + 120:
            raise TimeoutError(f"only {bench.stored()} of {messages} messages came in")
    seconds = time.monotonic() - began
    for mark in marks:
        peaks[mark] = peak_rss(worker)
    stored = bench.stored()
    time.sleep(1.0)  # let the database write what it still holds back
    return Result(
        messages=stored,
        seconds=seconds,
        worker_cpu=cpu(worker),
        database_cpu=database_cpu() - database_before,
        sandbox_cpu=cpu(vendor) - vendor_before,
        peaks=peaks,
        bytes_per_message=(bench.database_bytes() - bytes_before) / stored,
    )


def done(bench: Bench) -> bool:
    """Whether every backfill has ended."""
    from mailweave.kit import scope
    from mailweave.sync.models import Backfill

    with scope.workspace(bench.member.workspace_id):
        return not Backfill.objects.exclude(state=Backfill.State.DONE).exists()


def report(result: Result) -> Result:
    """Print a result; returns it."""
    count = result.messages
    print(
        f"  {count:,} stored in {result.seconds:.1f} s = {count / result.seconds:.0f} messages/s"
        f" (sandbox's own CPU: {result.sandbox_cpu * 1000 / count:.3f} ms per message)\n"
        f"  worker {result.worker_cpu * 1000 / count:.3f} CPU-ms per message, start included;"
        f" database {result.database_cpu * 1000 / count:.3f} CPU-ms per message\n"
        f"  database size: {result.bytes_per_message:,.0f} bytes per message",
        flush=True,
    )
    return result


def measure_units(seconds: int, latency_ms: int) -> None:
    """Three Gmail mailboxes with quotas and latency on: how much of what is allowed is used."""
    print(f"  Quotas on, {latency_ms} ms latency, three mailboxes, {seconds} s:", flush=True)
    bench = Bench("gmail", paced=True)
    try:
        settle(bench, ["ada", "ben", "cid"], max(2500, seconds * 12), latency_ms)
        before, stored, began = units(bench), bench.stored(), time.monotonic()
        time.sleep(seconds)
        used, took = units(bench) - before, time.monotonic() - began
        allowed = 3 * 6000 * took / 60
        print(
            f"  {used:,} units used of {allowed:,.0f} allowed = {used / allowed:.1%};"
            f" {(bench.stored() - stored) / took:.1f} messages/s;"
            f" calls refused: {refused(bench)}",
            flush=True,
        )
    finally:
        bench.close()


def measure_lanes(seconds: int, latency_ms: int) -> None:
    """One Outlook mailbox with limits and latency on: how full its four lanes are."""
    print(f"  Limits on, {latency_ms} ms latency, one mailbox, {seconds} s:", flush=True)
    bench = Bench("outlook", paced=True)
    try:
        settle(bench, ["ada"], max(5000, seconds * 450), latency_ms)
        asked = time.monotonic()
        while not is_enumerated(bench):
            time.sleep(0.5)
        print(f"  listing it, in one lane, took {time.monotonic() - asked:.0f} s more", flush=True)
        before, stored, began = busy(bench), bench.stored(), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        share = (busy(bench) - before) / (LANES * took)
        if done(bench):
            raise RuntimeError("the mailbox was too small: nothing was left to read")
        print(
            f"  {LANES} lanes busy {share:.1%} of the time;"
            f" {(bench.stored() - stored) / took:.1f} messages/s;"
            f" calls refused: {refused(bench)}",
            flush=True,
        )
    finally:
        bench.close()


def is_enumerated(bench: Bench) -> bool:
    """Whether the provider has told all there is, so that only reading is left."""
    from mailweave.kit import scope
    from mailweave.sync.models import Backfill, Sync

    with scope.workspace(bench.member.workspace_id):
        listing = Backfill.objects.filter(listing_done=False)
        return not listing.exists() and not Sync.objects.filter(polled_at=None).exists()


def settle(bench: Bench, names: list[str], count: int, latency_ms: int) -> None:
    """Mailboxes with mail, connected and being read."""
    addresses = [f"{name}@bench.example" for name in names]
    for address in addresses:
        bench.load(address, count)
    bench.start(limited=True, latency_ms=latency_ms)
    bench.open_workspace(correspondents(addresses[0], 2000))
    for address in addresses:
        bench.connect(address)
    bench.work()
    while bench.stored() < 20 * len(names):
        time.sleep(0.1)


MEASURES = {"gmail": measure_units, "outlook": measure_lanes}
LATENCY_MS = {"gmail": 150, "outlook": 500}
"""What an answer is made to take: a batch of small calls there, a page of whole messages here."""


def busy(bench: Bench) -> float:
    """Seconds that calls of all mailboxes have been in flight so far."""
    return sum(float(row["busy_seconds"]) for row in bench.control("stats")["mailboxes"].values())


def units(bench: Bench) -> int:
    """Quota units all mailboxes have used so far."""
    return sum(int(row["units"]) for row in bench.control("stats")["mailboxes"].values())


def refused(bench: Bench) -> int:
    """Calls the sandbox has turned away so far."""
    return sum(int(row["rejected"]) for row in bench.control("stats")["mailboxes"].values())


if __name__ == "__main__":
    sys.exit(main())
