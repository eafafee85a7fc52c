"""A person's decisions about links: made by hand, pinned, and undone only by a person."""

from django.db.models.functions import Now

from mailweave.kit.errors import Expected
from mailweave.linking import matching
from mailweave.linking.models import Link
from mailweave.mail import store
from mailweave.mail.models import Message


def link(message_id: int, kind: str, record_id: int, user_id: int) -> Link:
    """This message is about that record, whatever matching says."""
    return _decide(message_id, kind, record_id, user_id, linked=True)


def unlink(message_id: int, kind: str, record_id: int, user_id: int) -> Link:
    """This message is not about that record, and no later sync says otherwise."""
    return _decide(message_id, kind, record_id, user_id, linked=False)


def reset(message_id: int, kind: str, record_id: int) -> None:
    """Forget a person's decision and let matching decide again."""
    store.hold()
    thread_id = _thread_of(message_id)
    Link.objects.filter(message_id=message_id, kind=kind, record_id=record_id).delete()
    matching.link([thread_id])


def _decide(message_id: int, kind: str, record_id: int, user_id: int, *, linked: bool) -> Link:
    store.hold()
    thread_id = _thread_of(message_id)
    decision: Link
    decision, _ = Link.objects.update_or_create(
        message_id=message_id,
        kind=kind,
        record_id=record_id,
        defaults={
            "linked": linked,
            "pinned": True,
            "reason": Link.Reason.MANUAL,
            "address": None,
            "made_by_id": user_id,
            "made_at": Now(),
        },
    )
    matching.link([thread_id])
    return decision


def _thread_of(message_id: int) -> int:
    found = Message.objects.filter(pk=message_id).values_list("thread_id", flat=True).first()
    if found is None:
        raise Expected("This message is not here any more.")
    return int(found)
