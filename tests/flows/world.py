"""The whole product against the sandbox, in one process: no sockets, a clock moved by hand."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2

from mailweave.kit import clock, scope
from mailweave.mail.models import Copy, Mailbox
from mailweave.people import workspaces
from mailweave.people.access import Member
from mailweave.providers.base import Client, Endpoints
from mailweave.sync import backfill, connecting, engine
from mailweave.sync.models import Sync
from sandbox.state import Sandbox

CLIENT = Client("client-1", "secret-1")
THEIRS = Client("b2c1a0e4-0000-4000-8000-000000000001", "secret-2")
"""The app at Microsoft, where ids look like this."""
HOST = "http://localhost"
ENDPOINTS = Endpoints(
    authorize=f"{HOST}/o/oauth2/v2/auth",
    token=f"{HOST}/token",
    revoke=f"{HOST}/revoke",
    userinfo=f"{HOST}/v1/userinfo",
    certs=f"{HOST}/oauth2/v3/certs",
    api=HOST,
    issuers=("https://accounts.google.com",),
)
LOGIN = f"{HOST}/common"
MICROSOFT = Endpoints(
    authorize=f"{LOGIN}/oauth2/v2.0/authorize",
    token=f"{LOGIN}/oauth2/v2.0/token",
    revoke="",
    userinfo="",
    certs=f"{LOGIN}/discovery/v2.0/keys",
    api=HOST,
    issuers=("https://login.microsoftonline.com/{tenantid}/v2.0",),
    admin_consent=f"{HOST}/organizations/v2.0/adminconsent",
)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class World:
    """One workspace, one sandbox, and the hands that move both."""

    sandbox: Sandbox
    transport: httpx2.BaseTransport
    hands: clock.Hands
    member: Member

    def connect(self, address: str, member: Member | None = None) -> int:
        """Connect a sandbox mailbox the way a person does; returns the mailbox's id."""
        who = member or self.member
        kind = "gmail" if self.sandbox.account(address).company == "google" else "outlook"
        with scope.workspace(who.workspace_id):
            url = connecting.begin(who, kind, "session")
        answer = self.consent(url, address)
        connected = connecting.finish(
            who,
            kind,
            "session",
            state=answer.get("state", ""),
            code=answer.get("code", ""),
            error=answer.get("error", ""),
        )
        return connected.mailbox_id

    def consent(self, url: str, address: str) -> dict[str, str]:
        """Walk the sandbox's pages as ``address`` and agree; returns the callback's parameters."""
        with httpx2.Client(transport=self.transport) as browser:
            return agree(browser, url, address)

    def backfill(self, mailbox_id: int, range_name: str = "all") -> None:
        """Choose a range."""
        with scope.workspace(self.member.workspace_id):
            backfill.start(Mailbox.objects.get(pk=mailbox_id), range_name)

    def work(self, mailbox_id: int, *, until: Callable[[], bool] | None = None) -> None:
        """Let workers go on until nothing is due (or ``until`` says so), moving the clock."""
        workspace_id = self.member.workspace_id
        for _ in range(2000):
            with scope.workspace(workspace_id):
                sync = Sync.objects.get(mailbox_id=mailbox_id)
                due = engine.next_due(sync)
            if (until and until()) or due is None or due > self.hands.at + timedelta(minutes=4):
                return
            if due > self.hands.at:
                self.hands.at = due
            engine.advance(workspace_id, sync.pk)
        raise AssertionError("the work never ends")

    def states(self, mailbox_id: int) -> dict[str, int]:
        """How many copies of a mailbox are in each state."""
        with scope.workspace(self.member.workspace_id):
            found: dict[str, int] = {}
            for state in Copy.objects.filter(mailbox_id=mailbox_id).values_list("state", flat=True):
                found[state] = found.get(state, 0) + 1
            return found


def agree(browser: httpx2.Client, url: str, address: str) -> dict[str, str]:
    """Sign in at the sandbox as ``address`` and allow what is asked; the callback's parameters."""
    answer = browser.get(f"{url}&sandbox_account={address}")
    if answer.status_code == 200:
        answer = press(browser, url, answer, r'class="main" name="decision" value="(\w+)"')
    return query(answer.headers["location"])


def press(
    browser: httpx2.Client, url: str, answer: httpx2.Response, button: str
) -> httpx2.Response:
    """Send the form of a page of the sandbox's by the button whose value ``button`` finds."""
    fields = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', answer.text)
    form = {html.unescape(name): html.unescape(value) for name, value in fields}
    pressed = re.search(button, answer.text)
    assert pressed, answer.text
    return browser.post(url.partition("?")[0], data={**form, "decision": pressed[1]})


def query(url: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def make_owner() -> Member:
    """The owner of a new workspace."""
    user = workspaces.open_workspace(
        "Northwind", "Ada", "ada@northwind.example", "correct horse battery", "Europe/Berlin"
    )
    return workspaces.memberships(user)[0]
