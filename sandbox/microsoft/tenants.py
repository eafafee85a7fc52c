"""Organizations: who may agree to what, and what their administrators have agreed to for all."""

from dataclasses import dataclass

from sandbox.accounts import MICROSOFT
from sandbox.state import Sandbox

POLICIES = ("user", "admin", "admin_workflow")
"""Who agrees to an app that reads mail: each person, only an administrator, or an administrator
whom people can ask on the page."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organization; ``domains`` are those of its people, the oldest first."""

    id: str
    domains: tuple[str, ...]
    policy: str


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asked their administrator to approve an app."""

    tenant: str
    address: str
    client: str
    scopes: frozenset[str]
    reason: str


def tenants(sandbox: Sandbox) -> list[Tenant]:
    """Every organization somebody is in."""
    domains: dict[str, dict[str, None]] = {}
    for account in sandbox.accounts(MICROSOFT):
        if not account.is_personal:
            found = domains.setdefault(account.tenant, {})
            found[account.address.rpartition("@")[2]] = None
    with sandbox.db.read() as connection:
        policies = dict(connection.execute("SELECT tenant, consent_policy FROM tenants").fetchall())
    return [Tenant(one, tuple(names), policies.get(one, "user")) for one, names in domains.items()]


def find_tenant(sandbox: Sandbox, name: str) -> Tenant | None:
    """The organization with that GUID or domain, or None."""
    wanted = name.strip().lower()
    every = tenants(sandbox)
    return next((one for one in every if wanted == one.id or wanted in one.domains), None)


def tenant(sandbox: Sandbox, name: str) -> Tenant:
    """The same; LookupError when there is none."""
    found = find_tenant(sandbox, name)
    if found is None:
        raise LookupError(f"no organization {name!r} in the sandbox")
    return found


def set_policy(sandbox: Sandbox, name: str, policy: str) -> None:
    """Who may agree to apps in that organization, by its GUID or domain."""
    if policy not in POLICIES:
        raise ValueError(f"consent_policy is one of {', '.join(POLICIES)}")
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO tenants VALUES (?, ?)", (tenant(sandbox, name).id, policy)
        )


def grants(sandbox: Sandbox, tenant_id: str) -> list[tuple[str, frozenset[str]]]:
    """Each app an administrator there has agreed to, with what it may do."""
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT client_id, scopes FROM tenant_consents WHERE tenant = ? ORDER BY client_id",
            (tenant_id,),
        ).fetchall()
    return [(row["client_id"], frozenset(row["scopes"].split())) for row in rows]


def granted(sandbox: Sandbox, tenant_id: str, client: str) -> frozenset[str]:
    """What an administrator has agreed to for everybody there."""
    return dict(grants(sandbox, tenant_id)).get(client, frozenset())


def grant(sandbox: Sandbox, tenant_id: str, client: str, scopes: frozenset[str]) -> None:
    """An administrator agrees for everybody; what people asked for is answered by it."""
    with sandbox.db.write() as connection:
        known = granted(sandbox, tenant_id, client) | scopes
        connection.execute(
            "INSERT OR REPLACE INTO tenant_consents VALUES (?, ?, ?)",
            (tenant_id, client, " ".join(sorted(known))),
        )
        connection.execute(
            "DELETE FROM consent_requests WHERE client_id = ? AND account IN"
            " (SELECT id FROM accounts WHERE tenant = ?)",
            (client, tenant_id),
        )


def withdraw(sandbox: Sandbox, tenant_id: str, client: str) -> None:
    """An administrator takes that agreement back."""
    with sandbox.db.write() as connection:
        connection.execute(
            "DELETE FROM tenant_consents WHERE tenant = ? AND client_id = ?", (tenant_id, client)
        )


def ask(sandbox: Sandbox, account: int, client: str, scopes: frozenset[str], reason: str) -> None:
    """Somebody asks their administrator for an app."""
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO consent_requests VALUES (?, ?, ?, ?, ?)",
            (account, client, " ".join(sorted(scopes)), reason, sandbox.clock.time()),
        )


def requests(sandbox: Sandbox) -> list[Request]:
    """What administrators have been asked and have not answered, oldest first."""
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT a.tenant, a.address, r.* FROM consent_requests r"
            " JOIN accounts a ON a.id = r.account ORDER BY r.made"
        ).fetchall()
    return [
        Request(row["tenant"], row["address"], row["client_id"],
                frozenset(row["scopes"].split()), row["reason"])
        for row in rows
    ]  # fmt: skip
