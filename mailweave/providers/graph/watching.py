"""Whether Microsoft Graph tells us when something happens in a mailbox: a subscription a folder.

https://learn.microsoft.com/en-us/graph/api/resources/subscription. One ends by itself in less than
seven days; making it, Graph at once asks our address to prove that it is ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from mailweave.kit import clock
from mailweave.providers.base import Hook, Role, Watch
from mailweave.providers.errors import Refused, Unavailable
from mailweave.providers.graph import calls, payload, wire
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone, Invalid, Taken
from mailweave.providers.graph.folders import Folders

LIFE = timedelta(days=6, hours=23)
"""What is asked for: at most 10,080 minutes are given, by Graph's clock."""
MOST = 100
"""More folders are watched as one mailbox: all applications share a thousand subscriptions."""

_MOST_PAGES = 100
_OWNER = re.compile(r"^/?(?:v1\.0/)?(?:me|users(?:/[^/]+|\('[^']*'\)))/", re.IGNORECASE)
_KEY = re.compile(r"\('([^']*)'\)")
_UNPROVEN = ("validation request", "notificationurl", "validation error")


class GraphWatcher:
    """Implements :class:`mailweave.providers.base.Watcher`; promises are written there."""

    tells_early = False

    def __init__(self, client: Client, folders: Folders) -> None:
        self._client = client
        self._folders = folders

    def resources(self, roles: frozenset[Role]) -> list[str]:
        tree = self._folders.recent().values()
        wanted = [one.id for one in tree if one.is_listed(roles)]
        return wanted if len(wanted) <= MOST else [""]

    def watch(self, resource: str, hook: Hook) -> Watch:
        try:
            return self._make(resource, hook)
        except Taken:
            return self._take_over(resource, hook)

    def renew(self, watch: Watch, hook: Hook) -> Watch:
        try:
            return self._prolong(watch.remote_id, watch.resource, hook)
        except Gone:
            return self.watch(watch.resource, hook)

    def unwatch(self, watch: Watch) -> None:
        self._drop(watch.remote_id)

    def _make(self, resource: str, hook: Hook) -> Watch:
        call = calls.subscribe(calls.watched(resource), hook, clock.now() + LIFE)
        with _explained(hook):
            return _standing(resource, self._client.ask(call, wire.SUBSCRIPTION))

    def _prolong(self, remote_id: str, resource: str, hook: Hook) -> Watch:
        """Neither lifecycle address nor secret can be changed: what differs is made anew."""
        call = calls.prolong(remote_id, clock.now() + LIFE)
        with _explained(hook):
            told = self._client.ask(call, wire.SUBSCRIPTION)
        if _is_ours(told, hook):
            return _standing(resource, told)
        self._drop(remote_id)
        return self._make(resource, hook)

    def _take_over(self, resource: str, hook: Hook) -> Watch:
        """The subscription in our way: renewed if it leads here, else replaced."""
        for one in self._all():
            if _path(one.resource or "") != _path(calls.watched(resource)):
                continue
            try:
                return self._prolong(one.id, resource, hook)
            except Gone:
                continue
        return self._make(resource, hook)

    def _all(self) -> list[wire.Subscription]:
        """Everything this person is subscribed to through us."""
        page = self._client.ask(calls.subscriptions(), wire.SUBSCRIPTIONS)
        found = list(page.value)
        for _ in range(_MOST_PAGES):
            if not page.next_link:
                return found
            following = calls.following(self._client.link(page.next_link))
            page = self._client.ask(following, wire.SUBSCRIPTIONS)
            found += page.value
        raise Unavailable("Microsoft's list of subscriptions runs in circles.")

    def _drop(self, remote_id: str) -> None:
        try:
            self._client.get(calls.unsubscribe(remote_id))
        except Gone:
            return


@contextmanager
def _explained(hook: Hook) -> Iterator[None]:
    """Words for the refusal that is about our address rather than about the mailbox."""
    try:
        yield
    except Invalid as error:
        if any(word in str(error).lower() for word in _UNPROVEN):
            raise Refused(
                f"Microsoft cannot reach {hook.url}: it must answer there over https from the "
                f"open internet within ten seconds. {error}"
            ) from None
        raise


def _is_ours(told: wire.Subscription, hook: Hook) -> bool:
    """Whether its notices come here and can be told from forged ones; nothing told is no proof of
    the contrary."""
    pairs = (
        (told.notification_url, hook.url),
        (told.lifecycle_notification_url, hook.lifecycle_url),
        (told.client_state, hook.secret),
    )
    return all(not there or there == here for there, here in pairs)


def _standing(resource: str, told: wire.Subscription) -> Watch:
    return Watch(resource, told.id, payload.moment(told.expiration_date_time) or clock.now() + LIFE)


def _path(resource: str) -> str:
    """A resource below its mailbox, however it is written: ``mailFolders('x')`` is
    ``mailFolders/x``."""
    below = _OWNER.sub("", _KEY.sub(r"/\1", resource), count=1)
    head, _, rest = below.partition("/")
    return f"{head.lower()}/{rest}"
