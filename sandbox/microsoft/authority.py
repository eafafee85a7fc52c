"""The first step of every path: which people an address of the identity platform is for."""

from dataclasses import dataclass

from sandbox.accounts import CONSUMERS, MICROSOFT, Account
from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.microsoft.tenants import find_tenant
from sandbox.state import Sandbox

COMMON, ORGANIZATIONS, PERSONAL = "common", "organizations", "consumers"


@dataclass(frozen=True, slots=True)
class Authority:
    """``name`` is common, organizations, consumers, or a tenant's GUID."""

    name: str

    def admits(self, account: Account) -> bool:
        """Whether that person signs in here."""
        if account.company != MICROSOFT or account.is_shared:
            return False
        if self.name == PERSONAL:
            return account.is_personal
        if self.name == ORGANIZATIONS:
            return not account.is_personal
        return self.name in {COMMON, account.tenant}

    @property
    def issuer_tenant(self) -> str:
        """What stands for the tenant in the issuer of its discovery document."""
        if self.name in {COMMON, ORGANIZATIONS}:
            return "{tenantid}"
        return CONSUMERS if self.name == PERSONAL else self.name


def find_authority(sandbox: Sandbox, path: str) -> Authority:
    """The authority a path begins with; SignInError 90002 for a tenant that is none."""
    name = path.lstrip("/").partition("/")[0].lower()
    if name in {COMMON, ORGANIZATIONS, PERSONAL}:
        return Authority(name)
    if name == CONSUMERS:
        return Authority(PERSONAL)
    found = find_tenant(sandbox, name)
    if found is None:
        raise SignInError(90002, f"Tenant: '{name[:100]}'.")
    return Authority(found.id)
