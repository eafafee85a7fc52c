"""How fast pages are when the archive is large: seeds a million messages, then reads them.

"archive" is the reading alone, "page" the whole request in this process: session, queries and HTML,
as the browser asks for it. The limits hold for the page's wall time; CPU is what remains true on a
busy computer. Exit code 1 when a limit is passed.

Before it is measured, each case is asked a few times for other things, as on a server that people
use: the code is loaded, templates are compiled, statements prepared. What a sample asks for (which
thread, which word, how deep) is drawn anew each time, and nothing is done to bring its mail into
memory.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "script")]
os.chdir(ROOT)

ENVIRONMENT = """
It needs nothing but `script/setup`, which `script/bench` runs. Data directory, keys and static
files are its own, in a temporary directory that is removed in the end; of the environment it reads

  DATABASE_URL       a database to use: an empty one is filled, one that an earlier run has filled
                     is brought up to date and read again. Its user must be allowed to make tables,
                     the role and the extension btree_gin; a superuser fills it faster.
                     Without it, the database is an embedded one in the temporary directory.
  MAILWEAVE_DB_ROLE  as in the README
  MAILWEAVE_PG_BIN   as in the README
  TMPDIR             where the temporary directory is made: a million messages take 10 GB there, and
                     about twenty minutes

and no other setting of Mailweave's. For example:

  createdb reading && DATABASE_URL=postgresql:///reading script/bench pages
"""
KEPT = {"MAILWEAVE_DB_ROLE", "MAILWEAVE_PG_BIN"}
WARM = 3
SMALL = 5
READER = "reader@bench.example"
READERS = {
    "owner": ("owner", []),
    "member": ("member", ["crm"]),
    "shut": ("member", ["recruiting"]),
}
"""Who reads: role and modules. To who is shut out, no linked mail of colleagues opens."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds by the wall clock, and of CPU of this process and its server process."""

    wall: float
    cpu: float


def main() -> int:
    """Fill, read, report."""
    options = read_options()
    with database():
        subprocess.run(
            [sys.executable, "manage.py", "prepare"], check=True, stdout=subprocess.DEVNULL
        )
        import django

        django.setup()
        from mailweave.people import workspaces

        if workspaces.is_first_run():
            fill(options.messages)
        admit(options.reader)
        over = measure(options.samples, options.only)
        print_sizes()
    print("\n" + (f"Over the limit: {', '.join(over)}" if over else "All within the limits."))
    return 1 if over else 0


def read_options() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(
        prog="script/bench pages",
        description=__doc__,
        epilog=ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=200, help="of each case")
    parser.add_argument("--reader", choices=READERS, default="owner", help="who reads")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose names hold it")
    return parser.parse_args()


@contextlib.contextmanager
def database(kept: Path | None = None) -> Iterator[None]:
    """DATABASE_URL's database (used as it is if it is filled already), or an embedded one, in a
    directory that stays or in one that is removed in the end."""
    for name in [one for one in os.environ if one.startswith("MAILWEAVE_") and one not in KEPT]:
        del os.environ[name]
    os.environ["DJANGO_SETTINGS_MODULE"] = "mailweave.config.settings"
    home = kept.resolve() if kept else Path(tempfile.mkdtemp(prefix="mailweave-bench-"))
    (home / "data").mkdir(mode=0o755, parents=True, exist_ok=True)
    home.chmod(0o755)
    os.environ["MAILWEAVE_DATA"] = str(home / "data")
    from mailweave.config import boot
    from mailweave.config import database as place

    boot.start()
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        if not os.environ.get("DATABASE_URL"):
            place.embedded(home / "data").stop()
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def fill(messages: int) -> None:
    """A workspace with half of the mail and five with a tenth each."""
    import bench_seed

    from mailweave.people import workspaces

    places = []
    for number in range(1, SMALL + 2):
        name, email = ("Reader", READER) if number == 1 else ("X", f"x{number}@bench.example")
        user = workspaces.open_workspace(name, name, email, "not used for anything", "UTC")
        (member,) = workspaces.memberships(user)
        share = messages // (2 if number == 1 else 10)
        sharings = bench_seed.SHARINGS if number == 1 else ["full"] * 4
        addresses = [f"box{i}@ws{number}.example" for i in range(len(sharings))]
        boxes = make_boxes(member, number, dict(zip(addresses, sharings, strict=True)))
        places.append(bench_seed.Place(member.workspace_id, number, share, boxes, addresses))
    print(f"Filling the database with {messages:,} messages:", flush=True)
    bench_seed.seed(owner_url(), places)


def admit(reader: str) -> None:
    """Let the reader be who was asked for."""
    from mailweave.kit import scope
    from mailweave.people import workspaces
    from mailweave.people.models import Membership, User

    user = User.objects.get(email=READER)
    (member,) = workspaces.memberships(user)
    role, modules = READERS[reader]
    with scope.workspace(member.workspace_id):
        Membership.objects.filter(user=user).update(role=role, modules=modules)


def make_boxes(member: Any, number: int, sharings: dict[str, str]) -> list[int]:
    """Mailboxes, two of them the member's own and the others a colleague's; their ids."""
    from mailweave.kit import scope
    from mailweave.mail.models import Mailbox
    from mailweave.people import workspaces

    colleague = workspaces.make_user("Colleague", f"colleague{number}@bench.example", "unused")
    with scope.workspace(member.workspace_id):
        return [
            Mailbox.objects.create(
                kind="gmail",
                owner_id=member.user_id if place in {2, 9} else colleague.pk,
                address=address,
                remote_account_id=address,
                sharing=sharing,
            ).pk
            for place, (address, sharing) in enumerate(sharings.items())
        ]


def owner_url() -> str:
    """The database, as the owner of its tables reaches it."""
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    known = connection.settings_dict
    port = known["PORT"] or None
    password = known["PASSWORD"] or None
    return make_conninfo(
        dbname=known["NAME"],
        user=known["USER"] or None,
        password=password,
        host=known["HOST"] or None,
        port=port,
    )


def measure(samples: int, only: str) -> list[str]:
    """Time the cases; returns the names of those over their limit."""
    from bench_cases import Reader
    from django.test import Client

    from mailweave.people import workspaces
    from mailweave.people.models import User

    user = User.objects.get(email=READER)
    (member,) = workspaces.memberships(user)
    client = Client(headers={"host": "127.0.0.1", "HX-Request-Type": "partial"})
    client.force_login(user)
    over = []
    cases = [case for case in Reader(member).cases() if only in case.name]
    for case in cases:
        sample(case, WARM, member.workspace_id, client)
    print(f"\nEach case was asked {WARM} times before; of these no figures are taken.")
    print(f"\n{samples} samples each, ms     archive        page    limit   archive        page")
    print("                                wall          wall              CPU         CPU")
    print(f"{'':28}" + "   p50    p95" * 2 + "         " + "   p50    p95" * 2, flush=True)
    for case in cases:
        archive, page = sample(case, samples, member.workspace_id, client)
        high = percentile([one.wall for one in page], 95)
        over += [case.name] if high > case.limit else []
        mark = f"{case.limit:6.0f}{' !' if high > case.limit else '  '} "
        print(
            f"{case.name:28}{walls(archive)}{walls(page)}{mark}{cpus(archive)}{cpus(page)}",
            flush=True,
        )
    return over


def sample(case: Any, samples: int, workspace: int, client: Any) -> tuple[list[Cost], list[Cost]]:
    """What reading and what the page cost, each time for something else."""
    from mailweave.kit import scope

    archive, page = [], []
    for _ in range(samples):
        read, _ = case.ask()
        with scope.workspace(workspace):
            archive.append(cost(read))
        _, path = case.ask()
        page.append(cost(lambda path=path: get(client, path)))
    return archive, page


def walls(costs: list[Cost]) -> str:
    """Median and 95th percentile by the wall clock."""
    return "".join(f"{percentile([one.wall for one in costs], p):7.1f}" for p in (50, 95))


def cpus(costs: list[Cost]) -> str:
    """The same for CPU time."""
    return "".join(f"{percentile([one.cpu for one in costs], p):7.1f}" for p in (50, 95))


def get(client: Any, path: str) -> None:
    """A page, which must be there."""
    response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}")


def cost(act: Callable[[], Any]) -> Cost:
    """What doing it costs. Our connection stays the same all along."""
    from django.db import connection

    connection.ensure_connection()
    database = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    began, cpu = time.perf_counter(), time.process_time() + backend_seconds(database)
    act()
    wall = time.perf_counter() - began
    return Cost(wall * 1000, (time.process_time() + backend_seconds(database) - cpu) * 1000)


def backend_seconds(schedstat: Path) -> float:
    """CPU seconds of our connection's server process, if it runs on this computer."""
    return int(schedstat.read_text().split()[0]) / 1e9 if schedstat.exists() else 0.0


def percentile(times: list[float], part: int) -> float:
    """The value that ``part`` percent of the times do not pass."""
    return sorted(times)[min(len(times) - 1, len(times) * part // 100)]


def print_sizes() -> None:
    """How large the tables are."""
    import bench_seed

    print(f"\n{'table':24}{'rows':>12}{'MB':>10}{'indexes MB':>12}")
    for name, rows, size, indexes in bench_seed.sizes(owner_url()):
        print(f"{name:24}{rows:12,}{size / 1e6:10,.0f}{indexes / 1e6:12,.0f}")


if __name__ == "__main__":
    sys.exit(main())
