"""Who looks after a record, as its module told us: mail about it opens to who may see that."""

from collections.abc import Mapping

from mailweave.linking import relinking
from mailweave.linking.companions import threads_about
from mailweave.linking.models import RecordOwner
from mailweave.mail import store


def tell(kind: str, owners: Mapping[int, int | None]) -> None:
    """Let linking know who owns these records of a kind: a user's id, or nobody.

    Told before a new record's addresses are. Where an owner changed, the doors of its mail are
    derived anew in the caller's transaction, or soon where it is much. The caller holds the
    records.
    """
    store.hold()  # before any row, as everybody does who changes what links follow from
    rows = RecordOwner.objects.filter(kind=kind, record_id__in=list(owners))
    before = dict(rows.values_list("record_id", "owner_id"))
    changed = {pk: owner for pk, owner in owners.items() if before.get(pk) != owner}
    if not changed:
        return
    rows.filter(record_id__in=list(changed)).delete()
    RecordOwner.objects.bulk_create(
        [RecordOwner(kind=kind, record_id=pk, owner_id=own) for pk, own in changed.items() if own]
    )
    relinking.relink(threads_about(kind, list(changed)))
