"""Which messages there are: by window, or by label."""

from collections.abc import Iterator, Sequence

from mailweave.providers.base import Listed, Page, Profile, RemoteFolder, Role, Sought, Window
from mailweave.providers.errors import CursorExpired, Unavailable
from mailweave.providers.gmail import calls, wire
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import Invalid

_MOST_PAGES = 20_000
"""Ten million messages: a listing that goes on longer is running in circles."""

NAMES: dict[Role, str] = {
    "inbox": "Inbox",
    "sent": "Sent",
    "drafts": "Drafts",
    "junk": "Spam",
    "trash": "Bin",
    "archive": "All Mail",
    "important": "Important",
    "chat": "Chats",
}
_ROLE_OF: dict[str, Role] = {calls.LABEL_OF[role]: role for role in NAMES if role in calls.LABEL_OF}


def profile(client: Client, account_id: str) -> Profile:
    """Whose mailbox this is; asks who granted access only if ``account_id`` is empty."""
    told = client.ask(calls.profile(), wire.PROFILE)
    person = wire.Person(account_id) if account_id else client.person()
    return Profile(
        account_id=person.sub,
        address=told.email_address,
        name=person.name,
        messages_total=told.messages_total,
        cursor=told.history_id,
    )


def folders(client: Client) -> list[RemoteFolder]:
    """Every label; system labels that are states or tabs are hidden."""
    return [_folder(label) for label in client.ask(calls.labels(), wire.LABELS).labels]


def _folder(label: wire.Label) -> RemoteFolder:
    role = _ROLE_OF.get(label.id, "")
    if role:
        return RemoteFolder(label.id, NAMES[role], role)
    return RemoteFolder(label.id, label.name or label.id, hidden=label.type == "system")


def page(client: Client, window: Window, token: str | None) -> Page:
    """One page of a listing. A page may be empty and still have a next one."""
    number, remote = _unpack(token)
    try:
        told = client.ask(calls.listing(window, remote), wire.LISTING)
    except Invalid as error:
        if not remote:
            raise
        raise CursorExpired("Gmail no longer knows this place in the listing.") from error
    return Page(
        listed=tuple([Listed(one.id, one.thread_id or one.id) for one in told.messages]),
        next_token=_pack(number + 1, remote, told.next_page_token),
        estimate=told.result_size_estimate,
    )


def find(client: Client, sought: Sought) -> list[Listed]:
    """Messages that fit, wherever they lie; see ``base.Reader``."""
    told = client.ask(calls.search(sought), wire.LISTING)
    return [Listed(one.id, one.thread_id or one.id) for one in told.messages]


def _unpack(token: str | None) -> tuple[int, str]:
    """Our tokens count the pages, so that a listing in circles is noticed without a memory."""
    number, _, remote = (token or "0:").partition(":")
    return (int(number), remote) if number.isdecimal() else (0, "")


def _pack(number: int, previous: str, following: str) -> str | None:
    if not following:
        return None
    if following == previous or number > _MOST_PAGES:
        raise Unavailable("Gmail's listing runs in circles.")
    return f"{number}:{following}"


def state_of(client: Client, role_or_keyword: str) -> Iterator[Sequence[str]]:
    """Pages of ids that carry a role's or a state's label; see ``base.Reader``."""
    label = calls.LABEL_OF[role_or_keyword]
    token, seen = "", set[str]()
    while True:
        told = client.ask(calls.labelled(label, token), wire.LISTING)
        yield tuple([one.id for one in told.messages])
        token = told.next_page_token
        if not token:
            return
        if token in seen:
            raise Unavailable("Gmail's listing runs in circles.")
        seen.add(token)
