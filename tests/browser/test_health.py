"""A mailbox's card in every state it can be in: words, shape and contrast, in light and dark."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import clock
from mailweave.people.access import Member
from tests.makers import make_member
from tests.web.boxes import Box

pytestmark = pytest.mark.browser

STATES: list[tuple[dict[str, Any], str]] = [
    ({}, "Healthy"),
    ({"last_synced_at": None}, "Never synced"),
    ({"last_synced_at": timedelta(hours=-30)}, "Stale"),
    (
        {"held_until": timedelta(minutes=20), "held_reason": "Gmail asks us to wait."},
        "Waiting until",
    ),
    ({"problem": "operator", "problem_since": timedelta(hours=-1)}, "Waiting"),
    ({"problem": "failed", "problem_text": "Gmail answered 503."}, "Sync failed"),
    ({"problem": "reconnect", "problem_text": "It was revoked."}, "Reconnect needed"),
]


def test_every_badge_has_its_words_and_shape(
    page: Page,
    enter: Callable[[Member], None],
    site: str,
    axe: Callable[[Page], list[str]],
    trouble: list[str],
) -> None:
    sam = make_member(name="Sam Reyes")
    for number, (fields, _) in enumerate(STATES):
        now = clock.now()
        sync = {k: now + v if isinstance(v, timedelta) else v for k, v in fields.items()}
        Box(sam, address=f"box{number}@northwind.example", sync=sync)
    enter(sam)
    page.goto("/settings/integrations/gmail/")
    badges = page.locator(".mailbox .health")
    expect(badges).to_have_count(len(STATES))
    for number, (_, label) in enumerate(STATES):
        expect(badges.nth(number)).to_contain_text(label)
    shapes = page.evaluate(
        "[...document.querySelectorAll('.mailbox .health')].map(one => {"
        " const it = getComputedStyle(one, '::before');"
        " return [it.borderRadius, it.borderWidth, it.rotate, it.clipPath].join() })"
    )
    assert len(set(shapes)) == 5, "healthy, never, stale, waiting, error"
    expect(page.locator("#worst .health")).to_have_attribute("data-h", "error")
    expect(page.locator("#refused")).to_contain_text("Google does not accept")
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto("/settings/integrations/")
    assert axe(page) == []
