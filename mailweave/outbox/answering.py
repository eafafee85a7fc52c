"""Drafts that answer or pass on a message: begun with everything it implies, quoted when sent."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mailweave.mail import reading
from mailweave.mail.models import Message, Part
from mailweave.mail.reading import MessageView
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Level, NotFound, Viewer
from mailweave.mime import quoting, replies, threads
from mailweave.mime.address import Address
from mailweave.mime.headers import Headers
from mailweave.mime.quoting import Original, Quote
from mailweave.mime.replies import Answered
from mailweave.outbox import drafts, files, identities, signing
from mailweave.outbox.models import Draft
from mailweave.people.access import Member

Act = Draft.Act


def begin(
    member: Member,
    viewer: Viewer,
    message_id: int,
    act: Act,
    records: Sequence[tuple[str, int]] = (),
) -> Draft:
    """A draft in which a member answers or forwards a message; the one they are at already, if
    there is one. Raises mail.visibility.NotFound unless they may read all of the message."""
    source = reading.message(viewer, message_id)
    if source.level < Level.FULL:
        raise NotFound("no such message")
    if open_one := drafts.find_answer(member, message_id, act):
        return open_one
    answered = _answered(viewer, source)
    mine = {one.address: one for one in identities.choices(member)}
    choice = identities.pick(
        member,
        mailbox_id=source.mailbox_id,
        addresses=[replies.received_as(answered, list(mine)).lower()],
    )
    to = replies.recipients(answered, list(mine), everybody=act == Act.REPLY_ALL)
    is_forward = act == Act.FORWARD
    word = threads.forward if is_forward else threads.reply
    made = drafts.begin(
        member,
        records=records,
        act=act,
        source_id=source.id,
        known=drafts.newest_in(_thread_of(source.id)),
        mailbox_id=choice.mailbox_id if choice else None,
        address=choice.address if choice else "",
        to=[] if is_forward else [_typed(one) for one in to.to],
        cc=[] if is_forward else [_typed(one) for one in to.cc],
        subject=word(source.subject or ""),
        html=signing.opening(member, choice, reply=True),
    )
    _carry(viewer, made, source)
    return made


def quote(viewer: Viewer, draft: Draft, zone: str) -> Quote | None:
    """What goes along of the message a draft answers or forwards; None if nothing does, or if its
    writer may not read it any more."""
    if draft.source_id is None or not draft.quoted:
        return None
    try:
        original = _original(viewer, draft.source_id)
    except NotFound:
        return None
    made = quoting.forward if draft.act == Act.FORWARD else quoting.answer
    return made(original, ZoneInfo(zone))


def _carry(viewer: Viewer, draft: Draft, source: MessageView) -> None:
    """The files that go along: all that a forwarded message has, and images the quote shows.

    What is called inline and shown nowhere goes as an attachment: some programs call all so.
    """
    quoted = quote(viewer, draft, "UTC")
    shown = set(quoted.cids) if quoted else set()
    for part in Part.objects.filter(message_id=source.id).order_by("pk"):
        is_shown = part.content_id in shown
        if is_shown or draft.act == Act.FORWARD:
            files.carry(draft, part, shown=is_shown)


def _answered(viewer: Viewer, source: MessageView) -> Answered:
    head = Headers(reading.headers(viewer, source.id))
    lists = head.first("List-Post").strip(" <>")
    return Answered(
        sender=_address(source.sender),
        reply_to=tuple(map(_address, source.reply_to)),
        to=tuple(map(_address, source.to)),
        cc=tuple(map(_address, source.cc)),
        list_post=lists.removeprefix("mailto:").partition("?")[0] if "mailto:" in lists else "",
    )


def _original(viewer: Viewer, message_id: int) -> Original:
    source = reading.message(viewer, message_id)
    body = reading.body(viewer, message_id)
    return Original(
        sender=_address(source.sender),
        to=tuple(map(_address, source.to)),
        cc=tuple(map(_address, source.cc)),
        subject=source.subject or "",
        sent_at=source.sent_at,
        text=body.text,
        html=body.html or "",
    )


def _thread_of(message_id: int) -> int:
    return int(Message.objects.values_list("thread_id", flat=True).get(pk=message_id))


def _address(person: Correspondent) -> Address:
    return Address(person.name, person.address)


def _typed(one: Address) -> str:
    return f"{one.name} <{one.address}>" if one.name else one.address
