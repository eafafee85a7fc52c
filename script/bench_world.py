"""The world that a bench measures in: a sandbox provider, a fresh database, and processes."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.chdir(ROOT)

import psutil  # noqa: E402

from sandbox import bulk  # noqa: E402
from sandbox.state import Sandbox  # noqa: E402

CLIENT_ID, CLIENT_SECRET = "bench.apps.example", "bench-secret"
MICROSOFT_ID = "5ca1ab1e-0000-4000-8000-00000000be7c"
COMPANIES = {"gmail": "google", "outlook": "microsoft"}
LANES = 4
"""Requests that Microsoft lets one app have in flight for one mailbox."""
PORT, SANDBOX_PORT = 8790, 8791


class Bench:
    """One world to measure: directories, processes and a database of its own."""

    def __init__(self, kind: str, *, paced: bool) -> None:
        self.kind = kind
        self.home = Path(tempfile.mkdtemp(prefix="mailweave-bench-"))
        self.home.chmod(0o755)
        vendor = f"http://127.0.0.1:{SANDBOX_PORT}"
        os.environ.update(
            {
                "MAILWEAVE_DATA": str(self.home / "data"),
                "MAILWEAVE_URL": f"http://127.0.0.1:{PORT}",
                "MAILWEAVE_GOOGLE_CLIENT_ID": CLIENT_ID,
                "MAILWEAVE_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
                "MAILWEAVE_GOOGLE_UNITS": "6000" if paced else "0",
                "MAILWEAVE_MICROSOFT_CLIENT_ID": MICROSOFT_ID,
                "MAILWEAVE_MICROSOFT_CLIENT_SECRET": CLIENT_SECRET,
                "MAILWEAVE_MICROSOFT_REQUESTS": "10000" if paced else "0",
                "MAILWEAVE_MICROSOFT_LOGIN": vendor,
                "MAILWEAVE_MICROSOFT_GRAPH": vendor,
                "DJANGO_SETTINGS_MODULE": "mailweave.config.settings",
                **{
                    f"MAILWEAVE_GOOGLE_{name}": vendor
                    for name in ("API", "ACCOUNTS", "OAUTH", "USERINFO", "CERTS")
                },
            }
        )
        (self.home / "data").mkdir(mode=0o755)
        self.children: list[subprocess.Popen[bytes]] = []

    def load(self, address: str, count: int) -> bulk.Shape:
        """Generate mail into a sandbox mailbox; returns its measured shape."""
        state = Sandbox(self.sandbox / "sandbox.sqlite3")
        state.add_account(address, company=COMPANIES[self.kind])
        now = datetime.now(UTC)
        mail = bulk.generate(count, mailbox=address, now=now)
        state.deliver_many(address, ((one.raw, one.labels, one.received_at) for one in mail))
        state.close()
        return bulk.shape(islice(bulk.generate(count, mailbox=address, now=now), 2000))

    @property
    def sandbox(self) -> Path:
        """The sandbox's directory."""
        directory = self.home / "sandbox"
        directory.mkdir(exist_ok=True)
        return directory

    def start(self, *, limited: bool, latency_ms: int) -> None:
        """Start the sandbox and the database."""
        self.vendor = self._spawn(
            *("-m", "sandbox", "--data", str(self.sandbox), "--port", str(SANDBOX_PORT)),
            *("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET),
            *("--microsoft-client-id", MICROSOFT_ID),
            *("--redirect-uri", f"http://127.0.0.1:{PORT}/connect/{self.kind}/callback/"),
        )
        from mailweave.config import boot

        boot.start()
        subprocess.run([sys.executable, "manage.py", "prepare"], check=True, capture_output=True)
        self._wait()
        settings = {
            "quota_profile": "new" if limited else "off",
            "concurrency": 10 if limited else 0,
            "graph_requests": 10_000 if limited else 0,
            "graph_concurrency": LANES if limited else 0,
            "latency_ms": latency_ms,
        }
        self.control("settings", settings)

    def connect(self, address: str) -> int:
        """Connect a mailbox and choose everything; returns the mailbox's id."""
        from mailweave.kit import scope
        from mailweave.mail.models import Mailbox
        from mailweave.sync import backfill

        mailbox_id = self.sign_in(address)
        with scope.workspace(self.member.workspace_id):
            backfill.start(Mailbox.objects.get(pk=mailbox_id), "all")
        return mailbox_id

    def sign_in(self, address: str) -> int:
        """Connect a mailbox as a person does, and choose new mail only; returns its id."""
        import httpx2

        from mailweave.kit import scope
        from mailweave.sync import connecting
        from tests.flows.world import agree

        with scope.workspace(self.member.workspace_id):
            url = connecting.begin(self.member, self.kind, "bench")
        with httpx2.Client() as browser:
            answer = agree(browser, url, address)
        return connecting.finish(
            self.member, self.kind, "bench", state=answer["state"], code=answer["code"], error=""
        ).mailbox_id

    def open_workspace(self, correspondents: list[str]) -> None:
        """A workspace whose contacts are the mail's correspondents, so that linking has work."""
        import django

        django.setup()
        from mailweave.kit import scope
        from mailweave.linking import addresses
        from mailweave.people import workspaces

        owner = workspaces.open_workspace(
            "Bench", "Ada", "ada@bench.example", "not used for anything", "UTC"
        )
        self.member = workspaces.memberships(owner)[0]
        with scope.workspace(self.member.workspace_id):
            for number, address in enumerate(correspondents):
                addresses.set_addresses("crm.contact", number + 1, [(address, "primary")])

    def work(self) -> psutil.Process:
        """Start one worker."""
        return psutil.Process(self._spawn("manage.py", "worker", "--concurrency", "4").pid)

    def stored(self) -> int:
        """How many copies are stored now."""
        return self._count("stored")

    def _count(self, state: str) -> int:
        from mailweave.kit import scope
        from mailweave.mail.models import Copy

        with scope.workspace(self.member.workspace_id):
            return Copy.objects.filter(state=state).count()

    def database_bytes(self) -> int:
        """The size of the database on disk."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the sandbox's control API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{SANDBOX_PORT}/sandbox/api/{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def close(self) -> None:
        """End everything and forget it."""
        from django.db import connections

        from mailweave.config import database

        for child in reversed(self.children):
            child.terminate()
            child.wait(20)
        connections.close_all()
        database.embedded(self.home / "data").stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, *arguments]
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)  # noqa: S603 - our own programs
        self.children.append(child)
        return child

    def _wait(self) -> None:
        for _ in range(100):
            try:
                self.control("stats")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the sandbox does not answer")


def correspondents(mailbox: str, count: int) -> list[str]:
    """Who writes in this mail: half of them become contacts."""
    from email import message_from_bytes
    from email.utils import getaddresses

    seen: set[str] = set()
    mail = bulk.generate(min(count, 2000), mailbox=mailbox, now=datetime.now(UTC))
    for one in mail:
        found = getaddresses(message_from_bytes(one.raw).get_all("From", []))
        seen.update(address.lower() for _, address in found)
    return sorted(seen - {mailbox})[::2]


def cpu(process: psutil.Process) -> float:
    """User and system seconds of a process and the children it waited for."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def database_cpu() -> float:
    """CPU seconds of the server this bench started, with every backend it ever had."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])
    postmaster = backend.parent()
    if postmaster is None:
        raise RuntimeError("the database is not on this computer")
    return cpu(postmaster) + sum(cpu(child) for child in postmaster.children())


def peak_rss(process: psutil.Process) -> float:
    """The most memory a process ever had, in MB (VmHWM)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
