"""What walks through a whole installation share: who is there, and how they get about."""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.flows.installation import Installation

AXE = (Path(__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FAULTS = """async wanted => (await axe.run(document, wanted)).violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.html}`))"""
Axe = Callable[[Page], list[str]]

ADA, JO, SPARE = "ada@northwind.example", "jo@northwind.example", "spare@northwind.example"
MARA = "mara@acme.example"
FEW, MANY = 30, 240
SETTINGS = "/settings/integrations/"
RECORDS = {
    "companies": [{"name": "Acme", "domain": "acme.example"}],
    "contacts": [{"name": "Mara Lind", "title": "", "company": "Acme", "addresses": [MARA]}],
    "deals": [],
}


def find_faults(page: Page) -> list[str]:
    """What axe finds wrong with a page by WCAG 2.2 A and AA, and in the dark by its colours."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = _run_axe(page, "tag", RULES)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark: {one}" for one in _run_axe(page, "rule", ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    return found


def _run_axe(page: Page, kind: str, names: list[str]) -> list[str]:
    wanted = {"runOnly": {"type": kind, "values": names}, "resultTypes": ["violations"]}
    found: list[str] = page.evaluate(FAULTS, wanted)  # all else is half a megabyte a page
    return found


def fill(running: Installation) -> None:
    """An owner, a contact, and mail in two sandbox mailboxes."""
    now = datetime.now(UTC)
    for address, many in ((ADA, FEW), (JO, MANY), (SPARE, 0)):
        name = address.partition("@")[0].title()
        running.tell_google("mailboxes", address=address, name=name)
        letters = [_letter(address, f"Offer {n} for {name}", now, n) for n in range(many)]
        running.tell_google(f"mailboxes/{address}/bulk", messages=letters)
    running.set_up(ADA).close()
    document = running.home / "records.json"
    document.write_text(json.dumps(RECORDS))
    running.manage("load_contacts", str(document), "--workspace", "1")


def _letter(address: str, subject: str, now: datetime, number: int) -> dict[str, Any]:
    raw = (
        f"From: Mara Lind <{MARA}>\r\nTo: {address}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}.{address.replace('@', '.')}@acme.example>\r\n\r\n"
        f"This is number {number}.\r\n"
    )
    return {
        "raw": base64.b64encode(raw.encode()).decode(),
        "labels": ["INBOX"],
        "received_at": (now - timedelta(hours=number + 1)).isoformat(),
    }


def consent(page: Page, address: str) -> None:
    """Choose an account on the sandbox's pages and agree."""
    page.get_by_text(address).click()
    page.get_by_role("button", name="Continue").click()


def card_of(page: Page, address: str) -> Any:
    """A mailbox's card."""
    return page.get_by_role("region", name=re.compile(address))


def look(page: Page, axe: Axe, path: str) -> None:
    """No violations, and nothing that scrolls sideways on a phone."""
    page.goto(path)
    assert axe(page) == [], path
    page.set_viewport_size({"width": 390, "height": 800})
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert over <= 0, path
    page.set_viewport_size({"width": 1280, "height": 800})
