"""A draft becomes a letter: the bytes that go out, frozen before anybody is asked to send them."""

from collections.abc import Iterator
from dataclasses import dataclass

from mailweave.kit import clock
from mailweave.mail import reading
from mailweave.mail.models import Copy, Message
from mailweave.mail.visibility import NotFound, Viewer
from mailweave.mime import compose, replies, twin, writing
from mailweave.mime.compose import File, Outgoing, Person
from mailweave.mime.headers import Headers, references
from mailweave.mime.quoting import Quote
from mailweave.outbox import answering, files, identities, recipients, rules
from mailweave.outbox.models import Draft, FrozenPiece, Submission
from mailweave.people.access import Member
from mailweave.providers.base import Letter
from mailweave.providers.sending import KEY_HEADER

PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """What a letter answers or forwards, as its writer sees it: Message-IDs without brackets."""

    message_id: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a letter, in both forms, and the files that go with it."""

    text: str
    html: str
    files: tuple[File, ...]


def write(member: Member, viewer: Viewer, submission: Submission) -> bytes:
    """The letter of a submission, as it would go now. Raises compose.Unwritable."""
    draft = submission.draft
    choice = identities.find(member, submission.mailbox_id, submission.address)
    name = choice.name if choice else member.name
    to, cc, bcc = (_people(one) for one in (draft.to, draft.cc, draft.bcc))
    origin = _origin(viewer, draft)
    content = _content(member, viewer, draft)
    answers = draft.act in {Draft.Act.REPLY, Draft.Act.REPLY_ALL}
    return compose.write(
        Outgoing(
            sender=Person(name, submission.address),
            reply_to=(),
            to=to,
            cc=(*cc, *_copied(to, cc, bcc)),
            bcc=bcc,
            subject=draft.subject,
            text=content.text,
            html=content.html,
            files=content.files,
            message_id=submission.own_message_id,
            in_reply_to=origin.message_id if origin and answers else "",
            references=replies.references(origin.references, origin.message_id) if origin else (),
            date=clock.now(),
            headers=((KEY_HEADER, submission.key),),
        )
    )


def freeze(submission: Submission, raw: bytes) -> None:
    """Keep the bytes that go out, once and for all of this submission's tries."""
    rows = FrozenPiece.objects.filter(submission=submission)
    if rows.exists():
        raise ValueError("the letter is frozen already")
    starts = range(0, len(raw), PIECE)
    for start in starts:
        FrozenPiece.objects.create(
            submission=submission, start=start, data=raw[start : start + PIECE]
        )


def is_frozen(submission: Submission) -> bool:
    """Whether the bytes of a submission stand."""
    return bool(FrozenPiece.objects.filter(submission=submission).exists())


def thaw(submission: Submission) -> None:
    """Let go of the bytes, once it is known what became of them."""
    FrozenPiece.objects.filter(submission=submission).delete()


def letter(submission: Submission) -> Letter:
    """The frozen bytes, with where they belong in the mailbox they leave from."""
    pieces = FrozenPiece.objects.filter(submission=submission).order_by("start")
    raw = b"".join(bytes(one.data) for one in pieces.iterator(16))
    return Letter(
        raw=raw,
        key=submission.key,
        message_id=submission.own_message_id,
        remote_thread_id=_remote_thread(submission),
    )


def missing(draft_id: int) -> list[int]:
    """The files carried over from messages whose bytes are not here yet: their numbers."""
    return [one.pk for one in files.listed(draft_id) if not one.ready]


def _remote_thread(submission: Submission) -> str:
    """The provider's thread an answer belongs to. What is forwarded has another subject: it begins
    a conversation of its own."""
    draft = submission.draft
    if draft.source_id is None or draft.act == Draft.Act.FORWARD:
        return ""
    rows = Copy.objects.filter(mailbox_id=submission.mailbox_id, message_id=draft.source_id)
    stored = rows.filter(state=Copy.State.STORED)
    return stored.values_list("remote_thread_id", flat=True).first() or ""


def _people(entries: list[str]) -> tuple[Person, ...]:
    return tuple(Person(one.name, one.address) for one in recipients.read(entries))


def _copied(*fields: tuple[Person, ...]) -> Iterator[Person]:
    """Those the workspace wants set in Cc who are not on the letter anyway."""
    here = {one.address.lower() for field in fields for one in field}
    for one in recipients.read(rules.current().copy_to):
        if not one.problem and one.address.lower() not in here:
            yield Person(one.name, one.address)


def _content(member: Member, viewer: Viewer, draft: Draft) -> Content:
    """What was written, with what is quoted below it."""
    quote = answering.quote(viewer, draft, member.time_zone) or Quote("", "")
    written = writing.clean(draft.html, marks=False)
    shown = {*written.cids, *quote.cids}
    is_plain = not draft.html  # then what is passed on is not shown, but goes along
    everything = is_plain and draft.act == Draft.Act.FORWARD
    carried = [
        File(one.name, one.content_type, b"".join(files.read(one.pk)), one.content_id)
        for one in files.listed(draft.pk)
        if everything or not one.content_id or (one.content_id in shown and not is_plain)
    ]
    text = draft.text if is_plain else twin.of(written.html)
    return Content(
        text="\n\n".join(part for part in (text, quote.text) if part),
        html="" if is_plain else writing.document(written.html, quote.html),
        files=(*carried, *written.images, *(() if is_plain else quote.images)),
    )


def _origin(viewer: Viewer, draft: Draft) -> Origin | None:
    if draft.source_id is None:
        return None
    source: Message | None = Message.objects.filter(pk=draft.source_id).first()
    if source is None or not source.message_id:
        return None
    try:
        head = Headers(reading.headers(viewer, source.pk))
    except NotFound:
        return Origin(source.message_id, ())
    return Origin(source.message_id, tuple(references(head)))
