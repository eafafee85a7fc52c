"""What mail about contacts is about as well: their company, and their deals while open."""

from collections.abc import Collection
from datetime import UTC, datetime, time

from mailweave.linking import companions as linked
from mailweave.linking.companions import Companion
from mailweave.records.crm.models import Contact, Deal, DealContact

CONTACT, COMPANY, DEAL = "crm.contact", "crm.company", "crm.deal"


def tell(contact_ids: Collection[int]) -> None:
    """Let linking know of these contacts' companies and deals as they are now.

    Mail about them is linked anew where something has changed.
    """
    chosen = sorted(set(contact_ids))
    works = dict(Contact.objects.filter(pk__in=chosen).values_list("pk", "company_id"))
    given: dict[int, list[Companion]] = {
        pk: [Companion(COMPANY, company, "company")] if company else []
        for pk, company in works.items()
    }
    rows = DealContact.objects.filter(contact_id__in=chosen).select_related("deal")
    for row in rows.order_by("deal_id"):
        given[row.contact_id].append(_of_deal(row.deal))
    linked.set_all(CONTACT, {pk: given.get(pk, []) for pk in chosen})


def _of_deal(deal: Deal) -> Companion:
    since = datetime.combine(deal.opened_on, time(), UTC)
    return Companion(DEAL, deal.pk, "deal", since, deal.closed_at)
