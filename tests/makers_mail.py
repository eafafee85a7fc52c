"""Mail made row by row: small archives whose every fact is known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from mailweave.kit import scope
from mailweave.linking import matching
from mailweave.linking.models import Link, RecordAddress
from mailweave.mail import arrival
from mailweave.mail.models import (
    Address,
    Body,
    Copy,
    Mailbox,
    Message,
    Part,
    Participant,
    SearchRow,
    Thread,
)
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people import workspaces
from mailweave.people.access import Member
from mailweave.people.models import Membership, User

START = datetime(2026, 1, 1, tzinfo=UTC)
KIND = "test.thing"
Role = Participant.Role


@dataclass(frozen=True, slots=True)
class CopyFact:
    """Where a message lies, and in which state."""

    message_id: int
    mailbox_id: int
    seen: bool
    state: str
    sharing: int | None = None


@dataclass(frozen=True, slots=True)
class MessageFact:
    """What a message says."""

    id: int
    thread_id: int
    at: datetime
    direction: str
    sender: str
    people: frozenset[str]
    matched: frozenset[str]
    """Addresses that linking would compare with those of records."""
    subject: str
    text: str


@dataclass(slots=True)
class Archive:
    """Makes mail in the current workspace, and remembers what it made."""

    owners: dict[int, int] = field(default_factory=dict)
    sharing: dict[int, str] = field(default_factory=dict)
    delegates: dict[int, int] = field(default_factory=dict)
    """Shared mailboxes, each with the mailbox it is opened with."""
    messages: dict[int, MessageFact] = field(default_factory=dict)
    copies: list[CopyFact] = field(default_factory=list)
    links: dict[tuple[int, int], tuple[bool, bool]] = field(default_factory=dict)
    """(message, record) -> (linked, pinned)."""
    addresses: dict[int, set[str]] = field(default_factory=dict)
    """Addresses of records."""

    def mailbox(self, owner: User, sharing: str = "full", **fields: Any) -> int:
        address = f"box{len(self.owners)}@home.example"
        made = Mailbox.objects.create(
            kind="gmail",
            owner=owner,
            address=address,
            remote_account_id=address,
            sharing=sharing,
            **fields,
        )
        self.owners[made.pk], self.sharing[made.pk] = owner.pk, sharing
        if made.delegate_id:
            self.delegates[made.pk] = made.delegate_id
        return int(made.pk)

    def thread(self) -> int:
        return int(Thread.objects.create().pk)

    def message(
        self,
        thread_id: int,
        *,
        minute: int = 0,
        sender: str = "ann@client.example",
        to: Sequence[str] = ("us@home.example",),
        cc: Sequence[str] = (),
        reply_to: Sequence[str] = (),
        direction: str = "in",
        subject: str = "Hello",
        text: str = "Some text.",
        html: str | None = None,
        headers: str = "From: somebody",
        attachment_count: int = 0,
    ) -> int:
        at = START + timedelta(minutes=minute)
        made = Message.objects.create(
            thread_id=thread_id,
            identity=f"{len(self.messages):016}".encode(),
            subject=subject,
            sender_id=address_id(sender),
            sender_name=name_of(sender),
            sent_at=at,
            direction=direction,
            preview=text[:200],
            size=1000,
            attachment_count=attachment_count,
        )
        people = [(Role.FROM, sender)]
        for role, many in ((Role.REPLY_TO, reply_to), (Role.TO, to), (Role.CC, cc)):
            people += [(role, one) for one in many]
        _write_people(made, people)
        _write_body(made, text, html, headers)
        _write_words(made, [one for _, one in people])
        self.messages[made.pk] = MessageFact(
            id=made.pk,
            thread_id=thread_id,
            at=at,
            direction=direction,
            sender=sender,
            people=frozenset(one for _, one in people),
            matched=frozenset({*to, *cc} | ({sender} if direction == "in" else set())),
            subject=subject,
            text=text,
        )
        return int(made.pk)

    def copy(
        self,
        message_id: int,
        mailbox_id: int,
        *,
        seen: bool = True,
        state: str = "stored",
        bcc: Sequence[str] = (),
        sharing: int | None = None,
    ) -> None:
        Copy.objects.create(
            mailbox_id=mailbox_id,
            remote_id=f"r{message_id}",
            remote_thread_id=f"t{self.messages[message_id].thread_id}",
            state=state,
            message_id=message_id,
            thread_id=self.messages[message_id].thread_id,
            seen=seen,
            bcc=list(bcc),
            sharing=sharing,
        )
        self.copies.append(CopyFact(message_id, mailbox_id, seen, state, sharing))

    def link(
        self,
        message_id: int,
        record_id: int,
        *,
        linked: bool = True,
        pinned: bool = False,
        **more: Any,
    ) -> None:
        reason = "manual" if pinned else "thread"
        fields = {"reason": reason, **more}
        Link.objects.create(
            message_id=message_id,
            kind=KIND,
            record_id=record_id,
            linked=linked,
            pinned=pinned,
            **fields,
        )
        self.links[message_id, record_id] = (linked, pinned)

    def record_address(self, record_id: int, address: str) -> None:
        """An address of a record that no mail has been linked by yet."""
        RecordAddress.objects.create(
            kind=KIND, record_id=record_id, address_id=address_id(address), address_kind="primary"
        )
        self.addresses.setdefault(record_id, set()).add(address)

    def settle(self) -> None:
        """Derive what lists and panels read."""
        matching.derive({fact.thread_id for fact in self.messages.values()})

    def linked(self, message_id: int) -> bool:
        return any(yes for (pk, _), (yes, _) in self.links.items() if pk == message_id)

    def of(self, thread_id: int) -> Collection[MessageFact]:
        return [fact for fact in self.messages.values() if fact.thread_id == thread_id]


def join(name: str) -> User:
    """A user who is a plain member of the current workspace."""
    user = workspaces.make_user(name, f"{name.lower()}@north.example", "x")
    Membership.objects.create(user=user, role="member")
    return user


def eyes(user: User, role: str = "member") -> Viewer:
    """Somebody reading in the current workspace, who may see what the archive's records are."""
    modules = frozenset({"test", "crm"})
    return viewer_for(Member(scope.current(), user.pk, role, modules=modules))


def name_of(address: str) -> str:
    return address.partition("@")[0].title()


def address_id(address: str) -> int:
    made, _ = Address.objects.get_or_create(address=address, defaults={"name": name_of(address)})
    return int(made.pk)


def make_part(message_id: int, **fields: Any) -> int:
    given = {"part_id": "1", "filename": "a.pdf", "content_type": "application/pdf", "size": 5}
    made = Part.objects.create(message_id=message_id, inline=False, **{**given, **fields})
    return int(made.pk)


def _write_people(message: Message, people: Sequence[tuple[int, str]]) -> None:
    for position, (role, address) in enumerate(people):
        Participant.objects.create(
            message=message,
            address_id=address_id(address),
            role=role,
            position=position,
            name=name_of(address),
            sent_at=message.sent_at,
        )


def _write_body(message: Message, text: str, html: str | None, headers: str) -> None:
    Body.objects.create(
        message=message,
        text=text,
        html_zstd=arrival.compress(html) if html is not None else None,
        headers_zstd=arrival.compress(headers),
    )


def _write_words(message: Message, people: Sequence[str]) -> None:
    SearchRow.objects.create(message=message, sent_at=message.sent_at, words="")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mail_searchrow SET words = mail_words(m.subject, %s, b.text)"
            " FROM mail_message m JOIN mail_body b ON b.message_id = m.id"
            " WHERE mail_searchrow.message_id = m.id AND m.id = %s",
            [" ".join(f"{name_of(one)} {one}" for one in people), message.pk],
        )
