"""The control API's part on mailboxes that several people open: whom they let in, and how far."""

from typing import Any

from sandbox.microsoft import delegates
from sandbox.state import Sandbox

Json = dict[str, Any]


def allow(sandbox: Sandbox, address: str, given: Json) -> Json:
    """``delegate``, an address of the same organization; ``rights``: full, inbox or none; and
    ``send``: as (Send As, unless told otherwise), behalf (Send on Behalf) or none."""
    rights, send = str(given.get("rights") or delegates.FULL), str(given.get("send") or "as")
    delegates.allow(sandbox, address, str(given["delegate"]), rights, send)
    return {"delegates": delegates.listed(sandbox).get(address, {})}


def add_alias(sandbox: Sandbox, address: str, given: Json) -> Json:
    """``alias``: one more address of the mailbox."""
    delegates.add_alias(sandbox, address, str(given["alias"]))
    return {}
