"""The protocols every mail provider answers, and the neutral shapes it answers with.

A provider is asked one question per method and keeps no pipeline of its own. All network work
happens here, never inside a database transaction. Every method may raise the errors of
:mod:`mailweave.providers.errors`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from mailweave.providers.access import Client as Client  # noqa: PLC0414 - one of the shapes
from mailweave.providers.access import Endpoints as Endpoints  # noqa: PLC0414 - likewise
from mailweave.providers.access import Tokens as Tokens  # noqa: PLC0414 - likewise
from mailweave.providers.budget import Budget as Budget  # noqa: PLC0414 - likewise
from mailweave.providers.consent import Dialect as Dialect  # noqa: PLC0414 - likewise
from mailweave.providers.consent import Permission as Permission  # noqa: PLC0414 - likewise
from mailweave.providers.consent import Place as Place  # noqa: PLC0414 - likewise
from mailweave.providers.consent import Shared as Shared  # noqa: PLC0414 - likewise
from mailweave.providers.sending import Letter as Letter  # noqa: PLC0414 - likewise
from mailweave.providers.sending import SendAs as SendAs  # noqa: PLC0414 - likewise
from mailweave.providers.sending import Sender as Sender  # noqa: PLC0414 - likewise
from mailweave.providers.sending import Sent as Sent  # noqa: PLC0414 - likewise
from mailweave.providers.sending import Staged as Staged  # noqa: PLC0414 - likewise
from mailweave.providers.sending import Untraced as Untraced  # noqa: PLC0414 - likewise
from mailweave.providers.sending import Waiting as Waiting  # noqa: PLC0414 - likewise

Role = Literal["inbox", "sent", "drafts", "trash", "junk", "archive", "important", "chat", ""]
"""A folder's well-known use (RFC 6154, RFC 8621); empty for a folder a person made."""


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """One folder or label. ``hidden`` ones carry state (read, starred) and are not shown."""

    remote_id: str
    name: str
    role: Role = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose mailbox this is, as the provider says it. ``account_id`` never changes."""

    account_id: str
    address: str
    name: str
    messages_total: int | None
    cursor: str
    """Where following changes may begin: everything after this moment will be told."""
    inbox_id: str = ""
    """The inbox's remote id where no two mailboxes have the same: who has it is this mailbox."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the past: mail received at or after ``since`` (None = everything).

    ``roles`` limits it to folders with these roles; empty means every folder but drafts, junk
    and trash.
    """

    since: datetime | None
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Listed:
    """One message as a listing names it. A provider may read better by moments than by ids."""

    remote_id: str
    remote_thread_id: str
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """A message as a person knows it: by its Message-ID (without brackets), words of its subject,
    or its sender."""

    by: Literal["message_id", "subject", "sender"]
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, newest first. ``next_token`` is None on the last page."""

    listed: tuple[Listed, ...]
    next_token: str | None
    estimate: int | None
    """How many messages the provider believes the whole listing has; often wrong."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part a person would save. ``part_id`` finds it again in the provider's message."""

    part_id: str
    filename: str
    content_type: str
    size: int
    content_id: str
    """Content-ID without angle brackets; empty if none (RFC 2392)."""
    inline: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message with everything we keep, whatever the provider.

    Text is Unicode as the provider or our own decoding gives it; it may still hold NULs and lone
    surrogates, which the archive strips. Headers keep their order and repetitions.
    """

    remote_id: str
    remote_thread_id: str
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]
    folder_ids: tuple[str, ...]
    """Remote ids of folders and labels. Nothing is derived from them here."""
    seen: bool
    flagged: bool
    received_at: datetime
    size: int
    preview: str = ""
    truncated: bool = False
    """Some body or header went over a cap and was cut; the provider still has all of it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The message was listed but is gone now."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The provider answered with something we cannot read; ``reason`` says what."""

    remote_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """The state of a message after a change: absolute, not a difference."""

    remote_id: str
    remote_thread_id: str
    folder_ids: tuple[str, ...]
    seen: bool
    flagged: bool
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened since a cursor, folded so that the last event of a message wins.

    ``created`` and ``updated`` may name messages we know or not: the caller decides by its rows.
    Save ``cursor`` in the transaction that stores what it covers. ``has_more`` means: ask again.
    """

    created: tuple[StateChange, ...]
    updated: tuple[StateChange, ...]
    destroyed: tuple[str, ...]
    cursor: str
    has_more: bool
    present: tuple[StateChange, ...] = ()
    """Messages that were merely enumerated, by a provider that cannot tell what changed without
    telling what there is first. News only about copies we know; others are left to the listing."""


class Reader(Protocol):
    """Reads one mailbox."""

    reads_threads: bool
    """Whether messages of one thread cost less together than neighbours in time do."""

    def profile(self) -> Profile: ...

    def folders(self) -> list[RemoteFolder]: ...

    def changes(self, cursor: str) -> Changes:
        """Follow changes after ``cursor``; raises CursorExpired when it is too old."""
        ...

    def page(self, window: Window, token: str | None) -> Page: ...

    def find(self, sought: Sought) -> list[Listed]:
        """Some twenty messages at most that fit, wherever they lie, junk and trash included; no
        drafts. One call."""
        ...

    def state_of(self, role_or_keyword: str) -> Iterator[Sequence[str]]:
        """Pages of remote ids that are in a role ("inbox", "sent") or have "unseen", "flagged"."""
        ...

    def fetch(self, wanted: Sequence[Listed]) -> Iterator[Fetched | Missing | Unreadable]:
        """Everything about these messages, in any order; each is answered exactly once.

        May also yield messages of the same threads that were not asked for, if they cost nothing.
        """
        ...

    def states(self, remote_ids: Sequence[str]) -> Iterator[StateChange | Missing | Unreadable]:
        """How these messages are now, without their contents; each is answered exactly once.

        What goes wrong is raised after whatever could be answered was.
        """
        ...

    def attachment(self, remote_id: str, part_id: str) -> Iterator[bytes]:
        """The decoded bytes of one part, in chunks. Raises Refused if it no longer exists."""
        ...

    def raw(self, remote_id: str, cap: int) -> bytes:
        """The message as RFC 5322; raises Refused if it is gone, or has more than ``cap`` bytes.

        A provider that keeps no such thing writes one; it need not be what once was sent.
        """
        ...


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a provider is to send its notices. A notice is only a wake-up."""

    url: str
    """The https address for notices."""
    lifecycle_url: str = ""
    """The one for what becomes of the subscription itself; empty where there is no such thing."""
    secret: str = field(default="", repr=False)
    """Comes back with each notice, at most 128 characters; empty where notices are signed."""
    topic: str = ""
    """Where Gmail publishes: ``projects/<project>/topics/<topic>``."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A subscription that stands at the provider."""

    resource: str
    """What is watched: a folder by its remote id, or empty for the whole mailbox."""
    remote_id: str
    """The provider's id of the subscription; empty where it has none."""
    expires_at: datetime
    """When it ends unless it is renewed (aware UTC)."""


class Watcher(Protocol):
    """Has a provider tell us when something happens in one mailbox.

    Misconfigured where the operator's part is wrong, Refused where the provider will not have it.
    """

    tells_early: bool
    """Whether a notice may come before what it tells of can be read."""

    def resources(self, roles: frozenset[Role]) -> list[str]:
        """What has to be watched, so that nothing in folders of these roles goes untold.

        No roles are every folder that is taken in. An empty resource is the whole mailbox.
        """
        ...

    def watch(self, resource: str, hook: Hook) -> Watch:
        """Begin; a subscription that stands already is found and taken over."""
        ...

    def renew(self, watch: Watch, hook: Hook) -> Watch:
        """Let it last; one the provider has forgotten is made anew, with another id."""
        ...

    def unwatch(self, watch: Watch) -> None:
        """End it; one that has ended already is fine."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """The provider has it now."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The provider will never write this to this message; ``reason`` says why."""

    remote_id: str
    reason: str


class Writer(Protocol):
    """Writes to one mailbox. It marks, and does nothing else: it never moves, never deletes."""

    def mark_seen(
        self, remote_ids: Sequence[str], *, seen: bool
    ) -> Iterator[Written | Missing | NotWritten]:
        """Mark these messages as read, or as unread, at most a thousand. Again does no harm.

        Each is answered exactly once; what goes wrong is raised after whatever could be answered
        was. Of a message without an answer nobody knows whether it was written. Where a provider
        does not say that one of many is missing, it counts as written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mailbox as people and settings see it."""

    name: str
    label: str
    company: str
    endpoints: Endpoints
    """Where the real provider answers; settings may say otherwise."""
    scopes: tuple[str, ...]
    """Asked for at connecting; compare what was granted with ``scopes.missing``."""
    permissions: tuple[Permission, ...]
    folder_names: Mapping[Role, str]
    """What this provider's people call the well-known folders."""
    units_per_second: float
    """How fast a mailbox may be read for long, in the provider's quota units."""
    units_at_once: float
    """How many units may be spent in one go after a rest."""
    units_per_minute: float
    """The provider's published quota, which the pace above is made for."""
    dialect: Dialect = field(default_factory=Dialect)
    about: str = ""
    """Which mailboxes are meant, and which cannot be connected, where the label leaves doubt."""
    removal: tuple[Place, ...] = ()
    """Where people take the permission back, if we cannot give it back for them."""
    shared: Shared | None = None
    unshared: str = ""
    """Why there are no shared mailboxes, where there are none."""
    short_lived: str = ""
    """Why a permission may be given for days only, and who can change that."""
    registration: tuple[str, ...] = ()
    """How somebody gets an OAuth client from the company, step by step."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One mailbox, reachable."""

    reader: Reader
    writer: Writer
    watcher: Watcher | None = None
    """None where a mailbox cannot be watched."""
    sender: Sender | None = None
    """None where nothing can be sent from a mailbox."""
