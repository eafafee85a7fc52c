"""The bytes of an attachment, fetched from the provider when somebody asks for them."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import F

from mailweave.kit import clock, http, scope
from mailweave.mail.models import Mailbox
from mailweave.mail.reading import PartSource
from mailweave.providers import kinds
from mailweave.providers.base import Budget
from mailweave.sync import grants, hands
from mailweave.sync.models import Sync


def stream(workspace_id: int, source: PartSource) -> Iterator[bytes]:
    """The decoded bytes in chunks. Talks to the network: no transaction may be open.

    Nothing is asked before the first chunk is. Raises the errors of
    :mod:`mailweave.providers.errors`: AuthExpired if the mailbox must be reconnected, Refused if
    the attachment is not there any more. A person waits, so that the import's pace does not hold
    this back; what it costs is booked.
    """
    with scope.workspace(workspace_id):
        mailbox: Mailbox = Mailbox.objects.get(pk=source.mailbox_id)
    budget = Budget(rate=0, burst=0, level=0, at=clock.now())
    with http.client(transport=hands.NETWORK) as web:
        grant = grants.open_grant(workspace_id, mailbox.pk, mailbox.kind, web)
        provider = kinds.connect(
            mailbox.kind,
            endpoints=settings.PROVIDER_ENDPOINTS[mailbox.kind],
            access_token=grant.access_token,
            refresh=grant.refresh,
            budget=budget,
            web=web,
            account_id=mailbox.remote_account_id,
        )
        try:
            yield from provider.reader.attachment(source.remote_id, source.part_id)
        finally:
            with scope.workspace(workspace_id):
                rows = Sync.objects.filter(mailbox_id=mailbox.pk)
                rows.update(units_spent=F("units_spent") + budget.spent)
