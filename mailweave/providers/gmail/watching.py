"""Whether Gmail tells us when something happens in a mailbox.

It publishes to a topic of ours at Google Cloud Pub/Sub, one for each mailbox and project, always
for the whole mailbox: https://developers.google.com/workspace/gmail/api/guides/push.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from mailweave.kit import clock
from mailweave.providers.base import Hook, Role, Watch
from mailweave.providers.errors import Misconfigured, Refused
from mailweave.providers.gmail import calls, wire
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import Gone, Invalid, NotReady, TooBig

PUBLISHER = "gmail-api-push@system.gserviceaccount.com"
"""Who must be allowed to publish to the topic."""

_WEEK = timedelta(days=7)
_ONE_ONLY = "only one user push notification client"


class GmailWatcher:
    """Implements :class:`mailweave.providers.base.Watcher`; promises are written there."""

    tells_early = True

    def __init__(self, client: Client) -> None:
        self._client = client

    def resources(self, roles: frozenset[Role]) -> list[str]:  # noqa: ARG002 - labels are no places
        return [""]

    def watch(self, resource: str, hook: Hook) -> Watch:  # noqa: ARG002 - there is one resource
        if not hook.topic:
            raise Misconfigured("No topic is set that Gmail could publish its notices to.")
        with _explained(hook.topic):
            told = self._ask(hook.topic)
        return Watch("", "", _moment(told.expiration))

    def renew(self, watch: Watch, hook: Hook) -> Watch:
        return self.watch(watch.resource, hook)

    def unwatch(self, watch: Watch) -> None:  # noqa: ARG002 - there is one watch
        self._client.get(calls.stop())

    def _ask(self, topic: str) -> wire.Watch:
        """A mailbox has one topic in a project; another one of ours gives way."""
        call = calls.watch(topic)
        try:
            return self._client.ask(call, wire.WATCH)
        except Invalid as error:
            if _ONE_ONLY not in str(error).lower():
                raise
        self._client.get(calls.stop())
        return self._client.ask(call, wire.WATCH)


@contextmanager
def _explained(topic: str) -> Iterator[None]:
    """What is refused here is about the topic, never about the person's grant."""
    try:
        yield
    except (NotReady, TooBig):
        raise
    except Gone as error:
        raise Misconfigured(f"There is no topic {topic} at Google Cloud Pub/Sub: {error}") from None
    except Invalid as error:
        raise Misconfigured(
            f"Gmail cannot publish to {topic}; the topic must lie in the Google Cloud project of "
            f"the OAuth client: {error}"
        ) from None
    except Refused as error:
        raise Misconfigured(
            f"Gmail may not publish to {topic}; give {PUBLISHER} the role Pub/Sub Publisher "
            f"there: {error}"
        ) from None


def _moment(expiration: str | int) -> datetime:
    """A week from now, unless Gmail says something sensible."""
    try:
        return datetime.fromtimestamp(int(expiration) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return clock.now() + _WEEK
