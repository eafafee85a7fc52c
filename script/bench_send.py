"""How soon a letter is accepted after a click, and what the pages of writing cost.

A sandbox, a fresh database with mail of many correspondents, and one worker as processes:

(a) letters are ordered at a steady pace through the composer's form, at each latency of the
    provider. The seconds in which Send can be undone are left out; what remains is the request
    that orders it, the wait for the worker with what is checked and written before the provider is
    told to send (a draft is made there), and the provider's answer to that;
(b) requests of the composer, one after the other, asked of the application in this process.

The worker has ended before (b) is measured.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from bench_pages import cost, cpus, make_boxes, owner_url, percentile, walls
from bench_world import COMPANIES, Bench

ADA = "ada@bench.example"
BEN = "ben@bench.example"
UNDO = 5
GAP = 3.5
"""Seconds between letters: a mailbox sends no more than twenty in a minute."""
WARM = 3


class Writer:
    """The owner of the workspace, in a browser that asks the application in this process."""

    def __init__(self, bench: Bench, mailbox_id: int) -> None:
        from django.test import Client

        from mailweave.people.models import User

        self.member, self.mailbox_id = bench.member, mailbox_id
        self.client = Client(headers={"host": "127.0.0.1", "HX-Request-Type": "partial"})
        self.client.force_login(User.objects.get(pk=self.member.user_id))

    def inside(self) -> Any:
        """The workspace."""
        from mailweave.kit import scope

        return scope.workspace(self.member.workspace_id)

    def draft(self, number: int) -> Any:
        """A letter, ready to be sent."""
        from mailweave.outbox import drafts

        with self.inside():
            return drafts.begin(
                self.member,
                mailbox_id=self.mailbox_id,
                to=[BEN],
                subject=f"Letter {number}",
                html="<p>Hello</p>" * 10,
            )

    def form(self, draft: Any, do: str) -> dict[str, Any]:
        """What the composer's form says of it."""
        return {
            "do": do,
            "version": draft.version,
            "mode": "rich",
            "to": draft.to,
            "subject": draft.subject,
            "html": draft.html,
        }

    def post(self, path: str, form: dict[str, Any]) -> Any:
        """Send a form as htmx does; it must be taken."""
        answer = self.client.post(path, form, headers={"HX-Request": "true"})
        if answer.status_code >= 300:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return answer

    def get(self, path: str) -> Any:
        """Ask for a part of a page; it must be there."""
        answer = self.client.get(path, headers={"HX-Request": "true"})
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return answer


def measure_letters(writer: Writer, letters: int, gap: float, latency: int) -> None:
    """(a) At one latency."""
    from mailweave.outbox.models import Submission

    clicks, began = [], time.monotonic()
    with writer.inside():
        last = Submission.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for number in range(letters):
        time.sleep(max(0.0, began + number * gap - time.monotonic()))
        draft = writer.draft(number)
        at = time.perf_counter()
        writer.post(f"/compose/{draft.pk}/", writer.form(draft, "send"))
        clicks.append(time.perf_counter() - at)
    rows = wait_for(writer, last, letters)
    picked = [(one.released_at - one.send_at).total_seconds() for one in rows]
    answered = [(one.sent_at - one.released_at).total_seconds() for one in rows]
    whole = [sum(parts) for parts in zip(clicks, picked, answered, strict=True)]
    pieces = {"order": clicks, "until released": picked, "released": answered, "whole": whole}
    said = ", ".join(f"{name} {spread(took)}" for name, took in pieces.items())
    print(f"(a) {letters} letters, one in {gap} s, provider at {latency} ms, p50/p95: {said}")
    sys.stdout.flush()


def wait_for(writer: Writer, last: int, letters: int) -> list[Any]:
    """The orders, once all of them are accepted. Raises TimeoutError."""
    from mailweave.outbox.models import Submission

    until = time.monotonic() + 120
    while time.monotonic() < until:
        with writer.inside():
            rows = list(Submission.objects.filter(pk__gt=last, state="sent").order_by("pk"))
        if len(rows) == letters:
            return rows
        time.sleep(0.5)
    raise TimeoutError(f"{len(rows)} of {letters} letters were accepted")


def spread(seconds: list[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    return "/".join(f"{percentile(seconds, part) * 1000:.0f} ms" for part in (50, 95))


def measure_pages(writer: Writer, samples: int) -> None:
    """(b) Each request ``samples`` times."""
    cases = pages(writer)
    print(f"(b) {samples} samples each, ms   wall p50    p95   CPU p50    p95")
    for name, ask in cases.items():
        for number in range(WARM):
            ask(number)
        costs = [cost(partial(ask, number)) for number in range(samples)]
        print(f"    {name:28}{walls(costs)}   {cpus(costs)}", flush=True)


def pages(writer: Writer) -> dict[str, Callable[[int], Any]]:
    """The requests of the composer, by name."""
    from mailweave.mail.models import Address, ThreadMailbox
    from mailweave.outbox import drafts

    draft = writer.draft(0)
    with writer.inside():
        some = Address.objects.order_by("pk").values_list("address", flat=True)[:50_000:997]
        people = list(some)
        own = ThreadMailbox.objects.exclude(mailbox_id=writer.mailbox_id)
        mine = own.filter(mailbox__owner_id=writer.member.user_id).order_by("-pk")
        threads = list(mine.values_list("thread_id", flat=True)[:5000:50])

    def save(number: int) -> None:
        with writer.inside():
            now = drafts.find(writer.member, draft.pk)
        form = writer.form(now, "save") | {"html": f"<p>Hello {number}</p>" * 10}
        writer.post(f"/compose/{draft.pk}/", form)

    return {
        "a draft opened": lambda _: writer.get(f"/compose/{draft.pk}/?frame=dock"),
        "autosave": save,
        "suggestions, 3 letters": lambda n: writer.get(
            f"/compose/people/?q={people[n % len(people)][:3]}"
        ),
        "thread with its reply box": lambda n: writer.get(
            f"/mail/threads/{threads[n % len(threads)]}/"
        ),
        "outbox, sent": lambda _: writer.get("/mail/outbox/?show=sent"),
    }


def fill(bench: Bench, messages: int, people: int) -> None:
    """Mail of many correspondents."""
    import bench_seed

    addresses = [f"box{number}@ws1.example" for number in range(len(bench_seed.SHARINGS))]
    sharings = dict(zip(addresses, bench_seed.SHARINGS, strict=True))
    boxes = make_boxes(bench.member, 1, sharings)
    place = bench_seed.Place(
        bench.member.workspace_id, 1, messages, boxes, addresses, people=people
    )
    bench_seed.seed(owner_url(), [place])


def begin(bench: Bench) -> Writer:
    """Two accounts at the provider, one of them connected; and somebody who writes there."""
    from sandbox.state import Sandbox

    state = Sandbox(bench.sandbox / "sandbox.sqlite3")
    for address in (ADA, BEN):
        state.add_account(address, company=COMPANIES[bench.kind])
    state.close()
    bench.start(limited=False, latency_ms=0)
    bench.control("settings", {"gmail_sends_a_day": 10**6, "graph_sends_a_minute": 10**6})
    bench.open_workspace([])
    from mailweave.outbox.models import Habit, SendingRule

    writer = Writer(bench, bench.sign_in(ADA))
    with writer.inside():
        Habit.objects.create(user_id=writer.member.user_id, undo_seconds=UNDO)
        SendingRule.objects.create(mailbox_hour=10**6, mailbox_day=10**6, workspace_day=10**6)
    return writer


def run(options: argparse.Namespace) -> int:
    """Both, one after the other, in one world."""
    bench = Bench(options.kind, paced=False)
    try:
        writer = begin(bench)
        worker = bench.work()
        time.sleep(15)  # it starts, and reads the mailbox for the first time
        for latency in options.latencies:
            bench.control("settings", {"latency_ms": latency})
            measure_letters(writer, options.letters, options.gap, latency)
        bench.control("settings", {"latency_ms": 0})
        worker.terminate()
        worker.wait(30)
        fill(bench, options.messages, options.people)
        measure_pages(writer, options.samples)
    finally:
        bench.close()
    return 0


def main(arguments: Iterable[str] | None = None) -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="script/bench send", description=__doc__)
    parser.add_argument("--kind", default="gmail", choices=["gmail", "outlook"])
    parser.add_argument("--letters", type=int, default=60)
    parser.add_argument("--gap", type=float, default=GAP, help="seconds between letters")
    parser.add_argument("--latencies", type=int, nargs="*", default=[0, 50], metavar="MS")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--samples", type=int, default=100)
    return run(parser.parse_args(list(arguments) if arguments else None))


if __name__ == "__main__":
    sys.exit(main())
