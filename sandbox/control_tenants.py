"""The control API's part on Microsoft's organizations: who may agree to apps, and who has."""

from typing import Any

from sandbox.microsoft import scopes, tenants
from sandbox.microsoft.tokens import withdraw
from sandbox.state import Sandbox

Json = dict[str, Any]


def organizations(sandbox: Sandbox) -> Json:
    """Every organization with its policy, what its administrators agreed to, and who waits."""
    asked = tenants.requests(sandbox)
    return {
        "tenants": [
            {
                "tenant": one.id,
                "domains": one.domains,
                "consent_policy": one.policy,
                "granted": {
                    client: sorted(names) for client, names in tenants.grants(sandbox, one.id)
                },
                "requests": [
                    {"address": each.address, "client_id": each.client, "reason": each.reason,
                     "scopes": sorted(each.scopes)}
                    for each in asked if each.tenant == one.id
                ],
            }
            for one in tenants.tenants(sandbox)
        ]
    }  # fmt: skip


def set_policy(sandbox: Sandbox, given: Json) -> Json:
    """``tenant`` (GUID or domain) and ``consent_policy``."""
    tenants.set_policy(sandbox, str(given["tenant"]), str(given["consent_policy"]))
    return organizations(sandbox)


def grant(sandbox: Sandbox, given: Json) -> Json:
    """An administrator agrees for all: ``tenant``, ``client_id`` and ``scopes`` (a list or text;
    without it, what the app is registered for)."""
    wanted = given.get("scopes") or scopes.EVERYTHING
    try:
        names = scopes.read(wanted if isinstance(wanted, str) else " ".join(wanted))
    except scopes.UnknownScopeError as error:
        raise ValueError(f"no such scope: {error.name[:100]!r}") from None
    found = tenants.tenant(sandbox, str(given["tenant"]))
    tenants.grant(sandbox, found.id, str(given["client_id"]), names)
    return organizations(sandbox)


def take_back(sandbox: Sandbox, given: Json) -> Json:
    """An administrator takes it back: ``tenant`` and ``client_id``."""
    found = tenants.tenant(sandbox, str(given["tenant"]))
    tenants.withdraw(sandbox, found.id, str(given["client_id"]))
    return organizations(sandbox)


def withdraw_consent(sandbox: Sandbox, address: str, _: Json) -> Json:
    """The person takes their own agreement back; tokens stay and are refused (65001)."""
    withdraw(sandbox, sandbox.account(address).id)
    return {}
