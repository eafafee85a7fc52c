"""Our OAuth clients: the installation's from the environment, or one a workspace's admin typed."""

from dataclasses import dataclass

from django.conf import settings

from mailweave.kit import vault
from mailweave.providers.base import Client
from mailweave.sync import trouble
from mailweave.sync.models import OAuthClient


@dataclass(frozen=True, slots=True)
class Source:
    """Which client a workspace uses for a kind of mailbox, and where it comes from."""

    client: Client
    typed: bool


def find(kind: str) -> Source | None:
    """The current workspace's client for ``kind``; None when nobody has set one up."""
    row = OAuthClient.objects.filter(kind=kind).first()
    if row:
        return Source(Client(row.client_id, vault.unseal(row, "client_secret")), typed=True)
    client_id, secret = settings.PROVIDER_CLIENTS.get(kind, ("", ""))
    return Source(Client(client_id, secret), typed=False) if client_id else None


def save(kind: str, client_id: str, client_secret: str, user_id: int) -> None:
    """Use this client for ``kind`` in the current workspace. An empty secret keeps the old one."""
    row = OAuthClient.objects.filter(kind=kind).first()
    if row is None:
        row = OAuthClient.objects.create(kind=kind, client_id=client_id, changed_by_id=user_id)
    row.client_id, row.changed_by_id = client_id, user_id
    if client_secret or not row.client_secret:
        vault.seal(row, "client_secret", client_secret)
    row.save()
    trouble.try_again(kind)


def forget(kind: str) -> None:
    """Go back to the installation's client, if there is one."""
    OAuthClient.objects.filter(kind=kind).delete()
    trouble.try_again(kind)
