"""Who is one of us: the addresses of the workspace's mailboxes, and the domains that are ours."""

from dataclasses import dataclass

from django.db.models import Exists

from mailweave.mail.models import Mailbox

SHARED = frozenset(
    {"aol", "fastmail", "gmail", "gmx", "googlemail", "hotmail", "icloud", "live", "msn", "outlook"}
    | {"passport", "proton", "protonmail", "yahoo", "yandex", "ymail", "zoho"}
)
"""Names of companies at whose domains everybody can have an address."""


@dataclass(frozen=True, slots=True)
class Own:
    """Normalised addresses, and domains whose every address is a colleague's."""

    addresses: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def own(*, unless: Exists | None = None) -> Own:
    """Who is one of us in this workspace; nobody if ``unless`` is so. One query."""
    boxes = Mailbox.objects.exclude(unless) if unless else Mailbox.objects.all()
    found = [one.lower() for one in boxes.values_list("address", flat=True)]
    domains = {one.rpartition("@")[2] for one in found}
    ours = sorted(one for one in domains if one and not is_shared(one))
    return Own(tuple(sorted(set(found))), tuple(ours))


def is_shared(domain: str) -> bool:
    """Whether people who have nothing to do with each other have addresses at this domain.

    ``outlook.com`` and ``yahoo.co.uk`` are meant, not ``outlook.acme.example.com``.
    """
    labels = domain.split(".")
    return len(labels) <= len(("name", "co", "uk")) and labels[0] in SHARED
