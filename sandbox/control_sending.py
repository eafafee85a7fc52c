"""The control API's part on mail that goes out: what was accepted, what comes back, who sends."""

from collections.abc import Mapping
from typing import Any

from sandbox import bounces, transit
from sandbox.accounts import GOOGLE
from sandbox.google import send_as
from sandbox.state import Sandbox

Json = dict[str, Any]


def deliveries(sandbox: Sandbox, args: Mapping[str, str]) -> Json:
    """Every letter that was accepted, oldest first; ``mailbox`` and ``key`` narrow it down."""
    mailbox = args.get("mailbox", "").lower()
    return {"deliveries": transit.posted(sandbox, mailbox, args.get("key", ""))}


def bouncing(sandbox: Sandbox) -> Json:
    """Every address of which was said that mail to it comes back."""
    with sandbox.db.read() as connection:
        return {"bounces": bounces.listed(connection)}


def set_bounce(sandbox: Sandbox, given: Json) -> Json:
    """``address`` (or ``@`` and a domain), ``kind`` (hard, soft, delayed, or none to end it), and
    the server's ``code`` and words, ``said``."""
    kind = str(given.get("kind") or "")
    with sandbox.db.write() as connection:
        bounces.set_rule(connection, str(given["address"]), "" if kind == "none" else kind,
                         str(given.get("code") or ""), str(given.get("said") or ""))  # fmt: skip
    return bouncing(sandbox)


def set_send_as(sandbox: Sandbox, mailbox: str, given: Json) -> Json:
    """``address``, ``name``, ``signature`` (HTML), ``status`` (accepted, pending), ``default``."""
    if sandbox.account(mailbox).company != GOOGLE:
        raise ValueError("Microsoft's mailboxes have aliases")
    send_as.set_address(
        sandbox, mailbox, str(given["address"]), str(given.get("name") or ""),
        str(given.get("signature") or ""), str(given.get("status") or "accepted"),
        is_default=given.get("default") in {True, "true"},
    )  # fmt: skip
    return {}
