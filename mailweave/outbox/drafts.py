"""What people are writing: begun, saved, discarded. A draft is its writer's alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mailweave.kit import clock, live
from mailweave.kit.errors import Expected
from mailweave.mail.models import Message
from mailweave.mime import writing
from mailweave.mime.outgoing import Unwritable
from mailweave.outbox import files
from mailweave.outbox.models import Draft, DraftFile, Submission
from mailweave.people.access import Member

KEPT = timedelta(days=7)
"""How long a discarded draft can be had back."""
LONGEST = 1024 * 1024
"""Characters of a body."""
TOO_LONG = "This message is too long to be kept: a million characters are the most."
FIELDS = (
    "mailbox_id", "address", "to", "cc", "bcc", "subject", "html", "text", "quoted",
    "kinds", "record_ids",
)  # fmt: skip
OPEN = ~Q(state__in=[Submission.State.FAILED, Submission.State.CANCELED])
"""Submissions that keep their draft from being written."""

Record = tuple[str, int]


class NotFound(Exception):
    """There is no such draft, or it is another's; the two look the same."""


class Conflict(Exception):
    """The draft was changed elsewhere since it was read: ``current`` is how it is now."""

    def __init__(self, current: Draft) -> None:
        super().__init__("changed elsewhere")
        self.current = current


def topic(user_id: int) -> str:
    """What a user's open pages hear when their drafts or letters changed."""
    return f"outbox-{user_id}"


def begin(member: Member, *, records: Sequence[Record] = (), **given: Any) -> Draft:
    """A new draft of this member's, with what is ``given`` of its fields; nothing else is new
    about it until it is saved."""
    kinds, ids = [kind for kind, _ in records], [number for _, number in records]
    draft: Draft = Draft.objects.create(
        author_id=member.user_id, kinds=kinds, record_ids=ids, **given
    )
    live.tell(topic(member.user_id))
    return draft


def find(member: Member, draft_id: int) -> Draft:
    """A draft of this member's. Raises :class:`NotFound`."""
    rows = Draft.objects.filter(pk=draft_id, author_id=member.user_id, discarded_at=None)
    found: Draft | None = rows.select_related("source", "mailbox").first()
    if found is None:
        raise NotFound
    return found


def find_open(member: Member, draft_id: int) -> Draft:
    """A draft that can be written now: not on its way. Raises :class:`NotFound`, or Expected."""
    found = find(member, draft_id)
    if Submission.objects.filter(OPEN, draft=found).exists():
        raise Expected("This message is on its way already. Undo or cancel it to change it.")
    return found


def find_answer(member: Member, message_id: int, act: str) -> Draft | None:
    """The draft in which this member already answers, or forwards, this message."""
    rows = unsent(member).filter(source_id=message_id, act=act)
    found: Draft | None = rows.order_by("-saved_at").first()
    return found


def save(
    member: Member,
    draft_id: int,
    version: int,
    *,
    sources: Mapping[str, str] | None = None,
    **given: Any,
) -> Draft:
    """Write what is ``given`` of :data:`FIELDS` into version ``version`` of a draft; the new one.

    ``html`` is cleaned; ``sources`` says which of its images' addresses stand for which
    "cid:…". Raises :class:`NotFound`, :class:`Conflict` where another version is newer, or
    Expected if it is on its way, or too long. Saving what stands there already changes nothing,
    whatever the version.
    """
    draft = find_open(member, draft_id)
    if given.get("html"):
        given["html"] = _clean(draft, given["html"], sources)
    changed = {name: value for name, value in given.items() if getattr(draft, name) != value}
    if not changed:
        return draft
    if unknown := changed.keys() - set(FIELDS):
        raise TypeError(f"drafts have no {sorted(unknown)}")
    if max(len(changed.get("html", "")), len(changed.get("text", ""))) > LONGEST:
        raise Expected(TOO_LONG)
    rows = Draft.objects.filter(pk=draft.pk, version=version)
    if not rows.update(**changed, version=F("version") + 1, saved_at=clock.now()):
        raise Conflict(find(member, draft_id))
    live.tell(topic(member.user_id))
    return find(member, draft_id)


def discard(member: Member, draft_id: int) -> None:
    """Throw a draft away; it can be had back for a week. Raises NotFound, or Expected."""
    draft = find_open(member, draft_id)
    Draft.objects.filter(pk=draft.pk).update(discarded_at=clock.now())
    live.tell(topic(member.user_id))


def restore(member: Member, draft_id: int) -> Draft:
    """Have a discarded draft back. Raises :class:`NotFound`."""
    rows = Draft.objects.filter(pk=draft_id, author_id=member.user_id)
    rows.update(discarded_at=None)
    live.tell(topic(member.user_id))
    return find(member, draft_id)


def unsent(member: Member) -> QuerySet[Draft]:
    """The drafts a member is at: not discarded, not on their way, not sent."""
    going = Submission.objects.filter(OPEN, draft=OuterRef("pk"))
    rows: QuerySet[Draft] = Draft.objects.filter(author_id=member.user_id, discarded_at=None)
    return rows.filter(~Exists(going))


def written(member: Member) -> QuerySet[Draft]:
    """Those of them on which anything was written, to which a file was attached, or that were to
    be sent as they began."""
    attached = DraftFile.objects.filter(draft=OuterRef("pk"), part=None)
    ordered = Submission.objects.filter(draft=OuterRef("pk"))
    return unsent(member).filter(Q(version__gt=1) | Exists(attached) | Exists(ordered))


def listed(
    member: Member, *, before: tuple[datetime, int] | None = None, limit: int = 30
) -> list[Draft]:
    """A page of these, last saved first; ``before`` is (saved_at, number) of the last one shown."""
    rows = written(member).select_related("mailbox", "source").order_by("-saved_at", "-pk")
    if before:
        at, number = before
        rows = rows.filter(Q(saved_at__lt=at) | Q(saved_at=at, pk__lt=number))
    return list(rows[:limit])


def in_threads(member: Member, thread_ids: Iterable[int]) -> list[Draft]:
    """The drafts that answer messages of these threads, oldest first."""
    rows = written(member).filter(source__thread_id__in=list(thread_ids))
    return list(rows.select_related("mailbox", "source").order_by("made_at"))


def about(member: Member, record: Record) -> list[Draft]:
    """Those that were begun on a record's page, oldest first; fifty at most."""
    kind, number = record
    rows = written(member).filter(kinds__contains=[kind], record_ids__contains=[number])
    found = rows.select_related("mailbox", "source").order_by("made_at")[:50]
    return [one for one in found if record in zip(one.kinds, one.record_ids, strict=True)]


def newest_in(thread_id: int) -> int:
    """The number of the message that was stored last in a thread; 0 if it has none."""
    rows = Message.objects.filter(thread_id=thread_id).order_by("-pk")
    return int(rows.values_list("pk", flat=True).first() or 0)


def _clean(draft: Draft, html: str, sources: Mapping[str, str] | None) -> str:
    """What may be kept of what was written; images that stand in it as data become files."""
    try:
        written = writing.clean(html, sources=sources)
    except Unwritable as error:
        raise Expected(TOO_LONG) from error
    here = set(DraftFile.objects.filter(draft=draft).values_list("content_id", flat=True))
    for image in written.images:
        if image.content_id not in here:
            size, cid = len(image.data), image.content_id
            file = files.begin(draft, image.name, image.content_type, size, content_id=cid)
            files.put(file, 0, image.data)
    return written.html


def forget_old() -> None:
    """Delete what was discarded long ago, or begun and never written on, in this workspace."""
    long_ago = clock.now() - KEPT
    Draft.objects.filter(discarded_at__lte=long_ago).delete()
    ordered = Submission.objects.filter(draft=OuterRef("pk"))
    attached = DraftFile.objects.filter(draft=OuterRef("pk"), part=None)
    blank = Draft.objects.filter(version=1, saved_at__lte=long_ago)
    blank.filter(~Exists(ordered) & ~Exists(attached)).delete()
