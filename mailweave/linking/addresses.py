"""The addresses of records: what their modules told us, and what mail is matched by."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Q

from mailweave.linking import activity, relinking
from mailweave.linking.companions import threads_about
from mailweave.linking.models import Companion, Link, RecordAddress, RecordOwner
from mailweave.mail import store
from mailweave.mail.models import Address


def set_addresses(kind: str, record_id: int, addresses: Sequence[tuple[str, str]]) -> None:
    """Make (normalised address, :class:`RecordAddress.Kind`) pairs all the addresses of a record.

    Stored mail of the addresses that came, went or changed is linked anew in the caller's
    transaction, or soon where it is much (see :mod:`linking.relinking`). The first mention of an
    address counts. The caller holds its own record (``select_for_update``), so that two changes of
    one record do not mix.
    """
    store.hold()  # before any row: mail that is being stored now is linked too, here or there
    wanted = _ids(addresses)
    rows = RecordAddress.objects.filter(kind=kind, record_id=record_id)
    before = dict(rows.values_list("address_id", "address_kind"))
    gone = before.keys() - wanted.keys()
    if gone:
        rows.filter(address_id__in=gone).delete()
    changed = {id_: to for id_, to in wanted.items() if before.get(id_) != to}
    _write(kind, record_id, changed)
    relinking.relink_addresses(gone | changed.keys())


def add_addresses(kind: str, given: Mapping[int, Sequence[tuple[str, str]]]) -> None:
    """Add (normalised address, kind of address) pairs to records of a kind, by number.

    Stored mail of all of them is linked anew, now or soon. An address that
    a record has keeps its kind. The caller holds the records.
    """
    store.hold()
    ids = _known({address for pairs in given.values() for address, _ in pairs})
    rows = [
        RecordAddress(kind=kind, record_id=pk, address_id=ids[address], address_kind=what)
        for pk, pairs in sorted(given.items())
        for address, what in pairs
    ]
    RecordAddress.objects.bulk_create(rows, ignore_conflicts=True)
    relinking.relink_addresses(set(ids.values()))


def forget(kind: str, record_id: int) -> None:
    """Take away the addresses, companions, owner and all links of a record that is deleted.

    Decisions made by hand go too: left behind, the thread would go on inheriting a record that is
    no more. The mail stays.
    """
    set_addresses(kind, record_id, ())
    thread_ids = threads_about(kind, [record_id])
    Companion.objects.filter(
        Q(kind=kind, record_id=record_id) | Q(to_kind=kind, to_record_id=record_id)
    ).delete()
    Link.objects.filter(kind=kind, record_id=record_id).delete()
    RecordOwner.objects.filter(kind=kind, record_id=record_id).delete()
    relinking.relink(thread_ids)
    activity.forget(kind, record_id)


def _ids(addresses: Iterable[tuple[str, str]]) -> dict[int, str]:
    """Kinds by the id of the address."""
    kinds: dict[str, str] = {}
    for address, kind in addresses:
        kinds.setdefault(address, kind)
    return {id_: kinds[address] for address, id_ in _known(kinds).items()}


def _known(addresses: Collection[str]) -> dict[str, int]:
    """Ids by address; addresses new to the workspace get a row."""
    if not addresses:
        return {}
    # In order, so that two writers of the same new addresses wait for each other in one direction.
    Address.objects.bulk_create(
        [Address(address=address) for address in sorted(addresses)], ignore_conflicts=True
    )
    return dict(Address.objects.filter(address__in=addresses).values_list("address", "id"))


def _write(kind: str, record_id: int, kinds: dict[int, str]) -> None:
    RecordAddress.objects.bulk_create(
        [
            RecordAddress(kind=kind, record_id=record_id, address_id=id_, address_kind=kinds[id_])
            for id_ in sorted(kinds)
        ],
        update_conflicts=True,
        unique_fields=["workspace_id", "kind", "record_id", "address"],
        update_fields=["address_kind"],
    )
