"""References: who can speak for a candidate, and whether they did."""

from mailweave.journal import entries
from mailweave.people.access import Member
from mailweave.records.recruiting import candidates
from mailweave.records.recruiting.models import Reference


def of(candidate_id: int) -> list[Reference]:
    """A candidate's references, in the order they were named."""
    return list(Reference.objects.filter(candidate=candidate_id).order_by("pk"))


def store(member: Member, reference: Reference) -> None:
    """Save one; the journal tells when its state changes."""
    before = Reference.objects.filter(pk=reference.pk).first() if reference.pk else None
    reference.save()
    record = (candidates.KIND, reference.candidate_id)
    what, new = f"Reference of {reference.name}", str(reference.get_state_display())
    if before is None:
        entries.note_event(member, record, f"{what}: {new.lower()}")
    else:
        entries.note_change(member, record, what, str(before.get_state_display()), new)


def delete(member: Member, reference: Reference) -> None:
    """Take one off the list."""
    record = (candidates.KIND, reference.candidate_id)
    entries.note_event(member, record, f"Reference of {reference.name}: taken off the list")
    reference.delete()
