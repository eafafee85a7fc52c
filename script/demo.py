"""Shows Mailweave with invented mail: a sandbox of Google and Microsoft, a web server, a worker, a
database.

Everything lives in one directory and on loopback, and ends with Ctrl-C. Run it again and it goes
on where it was; ``--fresh`` starts over.
"""

import argparse
import json
import os
import re
import shutil
import sys
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default as default_policy
from email.utils import parseaddr
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from processes import Processes, Program  # noqa: E402

from sandbox import loading, world  # noqa: E402
from sandbox.accounts import MICROSOFT  # noqa: E402
from sandbox.google import pubsub  # noqa: E402
from sandbox.microsoft import delegates  # noqa: E402
from sandbox.state import Sandbox  # noqa: E402
from sandbox.world import files  # noqa: E402

CLIENT_ID, CLIENT_SECRET = "demo.apps.example", "demo-secret"
MICROSOFT_ID = "de300000-0000-4000-8000-000000000001"
LABELS = {"google": "Gmail", "microsoft": "Outlook"}
PASSWORD = "sail with the evening tide"  # noqa: S105 - shown to whoever runs the demo
STAGES = {
    "Lead": "new",
    "Qualified": "qualified",
    "Negotiation": "proposal",
    "Proposal": "proposal",
}


NOTED = 6
"""Deals whose people have something written down on their timelines."""
NOTES: tuple[tuple[str, float, str, dict[str, object]], ...] = (
    ("task", 0.2, "Send {first} the dates for {subject}", {"due_in": 2}),
    (
        "call",
        1.4,
        (
            "{first} asked who trains the crew, and whether it can wait until after the season. "
            "Wants dates in writing before the board meets."
        ),
        {"direction": "in", "minutes": 12},
    ),
    (
        "note",
        4.3,
        "Prefers short mails. Decides with the board, every first Monday.",
        {},
    ),
    (
        "meeting",
        9.1,
        "Went through {subject} step by step. The price is fine; the start is what is open.",
        {"minutes": 45},
    ),
    ("task", 12.2, "Find out which of our people speak to their port office", {"done": True}),
    ("call", 16.4, "First talk about {subject}.", {"direction": "out", "minutes": 25}),
)
"""What is written down of each: its type, how many days ago, the words, and what else there is."""

TICKETS = 14
CASES = (
    ("open", "high"),
    ("waiting", "medium"),
    ("in_progress", "medium"),
    ("open", "low"),
    ("resolved", "medium"),
    ("closed", "urgent"),
)

STATUSES = ("new", "working", "qualified")
SOURCES = ("Boat show", "Web form", "Recommended by a customer")
JOBS = {
    "Support Engineer": ("SUP-1", "Support"),
    "Backend Developer": ("DEV-1", "Engineering"),
    "Product Designer": ("DES-1", "Product"),
    "Field Technician": ("FLD-1", "Installations"),
    "Customer Trainer": ("TRN-1", "Support"),
    "Data Engineer": ("DAT-1", "Engineering"),
}
"""The positions that the mail is about: code and department."""
RESUME = (
    "2021 to today    Tern Harbour Systems: berth planning for nine marinas, on call in the season",
    "2017 to 2021     Saltmarsh Instruments: gauges for draught and tide, from bench to quay",
    "2014 to 2017     Apprentice at the Ebb Lane boatyard; electronics, then networks",
    "",
    "Languages: English, German, enough Danish for a harbour office",
    "Likes: early shifts, wiring diagrams that are true, rowing",
)
"""The lines of the demo's one document."""
PARTS = {"Greycliff Marinas": "Tidewater Ferries"}
DESKS = {
    "Cardinal Marine Insurance": {"addresses": ["leon.adeyemi@cardinal-marine.example"]},
    "Pinegate Talent": {"portal": ["marcus@pinegate.example"]},
}
"""Addresses that write to us and belong to a company rather than to a contact."""


def main() -> int:
    """Prepare what is missing, then run until told to stop."""
    options = read_options()
    data: Path = options.data.resolve()
    if options.fresh and data.exists():
        stop_database(data)
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o755)  # the database server may run as another user; keys inside stay 0600
    environment = make_environment(data, options.port, options.sandbox_port)
    os.environ.update(environment)
    said = fill_sandbox(data / "sandbox", options.mail)
    prepare_product(data)
    site = f"http://127.0.0.1:{options.port}"
    returns = ("gmail/callback", "outlook/callback", "outlook/consent")
    python = sys.executable
    try:
        with Processes() as processes:
            processes.start(
                Program(
                    "sandbox",
                    [
                        *(python, "-m", "sandbox", "--data", str(data / "sandbox")),
                        *("--port", str(options.sandbox_port)),
                        *(f"--redirect-uri={site}/connect/{path}/" for path in returns),
                        *("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET),
                        *("--microsoft-client-id", MICROSOFT_ID),
                        # Notices stay on this computer, where there is no HTTPS.
                        *("--push-url", f"{site}/hooks/gmail/", "--allow-http-hooks"),
                    ],
                )
            )
            application = "mailweave.config.asgi:application"
            serve = [python, "-m", "uvicorn", application, "--host", "127.0.0.1"]
            quiet = ["--port", str(options.port), "--log-level", "warning"]
            quiet += ["--timeout-graceful-shutdown", "1"]
            processes.start(Program("web", serve + quiet))
            processes.start(Program("worker", [python, "manage.py", "worker"]))
            processes.wait_for(f"http://127.0.0.1:{options.port}/account/login/")
            processes.wait_for(f"http://127.0.0.1:{options.sandbox_port}/sandbox/")
            tell(options.port, options.sandbox_port, said)
            processes.run()
    finally:
        stop_database(data)
    return 0


def read_options() -> argparse.Namespace:
    """What to show, and where."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="where Mailweave answers")
    parser.add_argument("--sandbox-port", type=int, default=8800, help="where the sandbox answers")
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "demo", help="kept here")
    parser.add_argument("--fresh", action="store_true", help="forget everything and start over")
    parser.add_argument(
        "--mail",
        type=Path,
        help="real mail for the first mailbox: an mbox, a Maildir or a folder of .eml files",
    )
    return parser.parse_args()


def make_environment(data: Path, port: int, sandbox_port: int) -> dict[str, str]:
    """The settings of the demo: everything points at the sandbox."""
    vendors = f"http://127.0.0.1:{sandbox_port}"
    names = ("API", "ACCOUNTS", "OAUTH", "USERINFO", "CERTS")
    return {
        "MAILWEAVE_DATA": str(data),
        "MAILWEAVE_URL": f"http://127.0.0.1:{port}",
        "MAILWEAVE_PUSH_URL": f"http://127.0.0.1:{port}",
        "MAILWEAVE_GOOGLE_TOPIC": pubsub.TOPIC,
        "MAILWEAVE_GOOGLE_PUSH_ACCOUNT": pubsub.SIGNER,
        "MAILWEAVE_GOOGLE_CLIENT_ID": CLIENT_ID,
        "MAILWEAVE_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "DJANGO_SETTINGS_MODULE": "mailweave.config.settings",
        **{f"MAILWEAVE_GOOGLE_{name}": vendors for name in names},
        "MAILWEAVE_MICROSOFT_CLIENT_ID": MICROSOFT_ID,
        "MAILWEAVE_MICROSOFT_CLIENT_SECRET": CLIENT_SECRET,
        "MAILWEAVE_MICROSOFT_LOGIN": vendors,
        "MAILWEAVE_MICROSOFT_GRAPH": vendors,
    }


def fill_sandbox(directory: Path, mail: Path | None) -> str:
    """Put mail into the sandbox's mailboxes, once; says what is there."""
    directory.mkdir(parents=True, exist_ok=True)
    state = Sandbox(directory / "sandbox.sqlite3")
    invented = world.build(1, now=datetime.now(UTC))
    if not state.accounts():
        print("Inventing mail for six mailboxes ...", flush=True)
        for person in invented.people:
            state.add_account(person.address, person.name, company=invented.homes[person.address])
        first = invented.people[0].address
        for address in invented.mailboxes():
            if mail and address == first:
                items = loading.deliveries(mail, address)
            else:
                items = (one for one in invented.deliveries if one.mailbox == address)
            deliver(state, invented, address, items)
    open_desk(state, invented)
    counts = {
        one.address: f"{'shared' if one.is_shared else LABELS[one.company]:8} "
        f"{len(state.message_ids(one.address)):,} messages"
        for one in state.accounts()
    }
    state.close()
    (directory.parent / "world.json").write_text(json.dumps(records_of(invented)))
    return "\n".join(f"  {address:28} {what}" for address, what in counts.items())


def deliver(
    state: Sandbox, invented: world.World, address: str, items: Iterable[world.Delivery]
) -> None:
    """Put these into a mailbox, labels by their names."""
    state.deliver_many(
        address, ((one.raw, invented.label_names(one), one.received_at) for one in items)
    )


def open_desk(state: Sandbox, invented: world.World) -> None:
    """The shared mailbox, once, and who may open it."""
    desk = invented.desk
    address = desk.person.address
    if address in {one.address for one in state.accounts()}:
        return
    state.add_account(address, desk.person.name, company=MICROSOFT, shared=True)
    deliver(state, invented, address, desk.deliveries)
    for delegate in desk.delegates:
        if state.account(delegate).company == MICROSOFT:
            delegates.allow(state, address, delegate)


def records_of(invented: world.World) -> dict[str, list[dict[str, object]]]:
    """The records of the world, as ``load_contacts`` and ``load_candidates`` read them. Of the
    people with whom nothing is under way, every third is a lead; who has no company applies."""
    records = invented.contacts()
    busy = {address for deal in records.deals for address in deal.contacts}
    people = [one for one in records.contacts if one.company]
    fresh = [one for one in people if one.address not in busy][2::3]
    return {
        **applicants([one for one in records.contacts if not one.company]),
        "tickets": asked_for(invented),
        "entries": written_down(invented),
        "companies": [
            {
                "name": one.name,
                "domain": one.domain,
                "part_of": PARTS.get(one.name, ""),
                **DESKS.get(one.name, {}),
            }
            for one in records.companies
        ],
        "contacts": [_person(one) for one in people if one not in fresh],
        "leads": [
            {**_person(one), "status": STATUSES[at % 3], "source": SOURCES[at % 3]}
            for at, one in enumerate(fresh)
        ],
        "deals": [
            {
                "name": one.name,
                "company": one.company,
                "stage": STAGES.get(one.stage, one.stage.lower()),
                "amount": one.amount,
                "contacts": [one.primary, *(c for c in one.contacts if c != one.primary)],
            }
            for one in records.deals
        ],
    }


def written_down(invented: world.World) -> list[dict[str, object]]:
    """Calls, meetings, notes and tasks about the people of the first deals, by who sells."""
    names = {one.address: one.name for one in invented.contacts().contacts}
    sellers = [one.address for one in invented.people if one.title.startswith("Account")]
    found: list[dict[str, object]] = []
    deals = list({deal.primary: deal for deal in invented.contacts().deals}.values())[:NOTED]
    for at, (deal, by) in enumerate(zip(deals, cycle(sellers), strict=False)):
        about = {"about": deal.primary, "by": by}
        first = names[deal.primary].split()[0]
        subject = deal.name.partition(": ")[2]
        for type_, days, text, more in NOTES:
            said = text.format(first=first, subject=subject)
            found.append({**about, "type": type_, "text": said, "days_ago": days + at / 3, **more})
    return found


def asked_for(invented: world.World) -> list[dict[str, object]]:
    """Tickets of what customers wrote to the support desk last, as the mail has it."""
    home = invented.desk.person.address.partition("@")[2]
    found: dict[str, dict[str, object]] = {}
    for one in reversed(invented.desk.deliveries):
        headers = message_from_bytes(one.raw, policy=default_policy)
        name, customer = parseaddr(str(headers["From"]))
        title = re.sub(
            r"^((re|aw|sv|tr|fwd?)\s*:\s*)+", "", str(headers["Subject"]), flags=re.IGNORECASE
        )
        if title and customer and not customer.endswith(home):
            found.setdefault(
                title, {"title": title[:200], "customer": customer, "customer_name": name}
            )
    agents = cycle((*invented.desk.delegates, ""))
    return [
        {**ticket, "status": status, "priority": priority, "assignee": agent}
        for ticket, (status, priority), agent in zip(
            list(found.values())[:TICKETS], cycle(CASES), agents, strict=False
        )
    ]


def applicants(people: list[world.Contact]) -> dict[str, list[dict[str, object]]]:
    """Jobs as the mail names them, and who applies for one."""
    jobs = list(JOBS)
    return {
        "jobs": [
            {"name": name, "code": code, "department": where, "location": "Harwell Quay"}
            for name, (code, where) in JOBS.items()
        ],
        "candidates": [
            {
                **_person(one),
                "title": "",
                "source": "Mail",
                "jobs": [next((job for job in jobs if one.title.startswith(job)), jobs[at % 6])],
                "stage": ("applied", "screening", "interview", "offer")[at % 4],
                "resumes": [] if at else [resume(one)],
            }
            for at, one in enumerate(people)
        ],
    }


def resume(one: world.Contact) -> dict[str, object]:
    """What an applicant wrote about themselves."""
    job = next((job for job in JOBS if one.title.startswith(job)), next(iter(JOBS)))
    page = files.pdf((one.name, f"{job} - {one.address}", "", *RESUME))
    return {"name": f"{one.name}, resume.pdf", "data": b64encode(page).decode()}


def _person(one: world.Contact) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.title,
        "company": one.company,
        "addresses": [one.address, *one.others],
    }


def prepare_product(data: Path) -> None:
    """Database, tables, the demo's people and their contacts."""
    from mailweave.config import boot

    boot.start()
    # Its own process: migrations run as the owner of the tables.
    run("manage.py", "prepare")
    import django

    django.setup()
    from mailweave.people import workspaces

    if workspaces.is_first_run():
        make_people()
        workspace = first_workspace()
        for what in ("load_contacts", "load_candidates", "load_tickets", "load_journal"):
            run("manage.py", what, str(data / "world.json"), "--workspace", str(workspace))


def make_people() -> None:
    """Six users of one workspace: the first owns it, the second is an admin, the third looks after
    the sales team and works on applications, the last looks on."""
    from mailweave.kit import scope
    from mailweave.people import teams, workspaces
    from mailweave.people.models import Membership, Role

    invented = world.build(1, now=datetime.now(UTC))
    owner, *others = invented.people
    zone = "Europe/Berlin"
    workspaces.open_workspace(invented.company.name, owner.name, owner.address, PASSWORD, zone)
    with scope.workspace(first_workspace()):
        sales = teams.add("Sales")
    roles = [Role.ADMIN, Role.MANAGER, Role.MEMBER, Role.MEMBER, Role.VIEWER]
    for person, role in zip(others, roles, strict=True):
        user = workspaces.make_user(person.name, person.address, PASSWORD, zone)
        more = {"modules": ["crm", "recruiting", "support"]} if role == Role.MANAGER else {}
        with scope.workspace(first_workspace()):
            team = sales if role in {Role.MANAGER, Role.MEMBER} else None
            Membership.objects.create(user=user, role=role, team=team, **more)


def first_workspace() -> int:
    """The demo's workspace."""
    from mailweave.people.models import Workspace

    return int(Workspace.objects.order_by("pk").values_list("pk", flat=True)[0])


def run(*arguments: str) -> None:
    """Run one of our own programs to its end."""
    import subprocess

    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)  # noqa: S603 - our own


def stop_database(data: Path) -> None:
    """Let the embedded database write everything down and end."""
    from mailweave.config import database

    if not os.environ.get("DATABASE_URL"):
        database.embedded(data).stop()


def tell(port: int, sandbox_port: int, said: str) -> None:
    """How to use it, in a few lines."""
    first, shared = said.split(maxsplit=1)[0], said.rsplit("\n", 1)[-1].split(maxsplit=1)[0]
    print(
        f"""
Mailweave runs at  http://127.0.0.1:{port}/
  sign in as       {first}
  password         {PASSWORD}
Then: Settings > Integrations > Gmail > Connect, choose the same address, choose a range. Colleagues
have the same password; those at Outlook connect there. Two of them, jonas@ and priya@, may open the
shared mailbox {shared}: Settings > Integrations > Outlook > Add shared mailbox.
Applications by mail: once a mailbox is connected, Recruiting > Intakes > Add intake.

The sandbox of Google and Microsoft, with its switches: http://127.0.0.1:{sandbox_port}/sandbox/
{said}
Ctrl-C ends everything; nothing leaves this computer.
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
