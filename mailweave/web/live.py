"""The event stream of open pages: names of what changed, for the member's workspace only.

One connection in each web process listens for all its streams. A stream starts with what was told
in the last seconds, so that nothing falls between drawing a page and hearing for it; ``live-again``
says that something may have been missed, and pages that listen for a topic listen for that too.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from asgiref.sync import sync_to_async
from django.contrib import auth
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from mailweave.kit import live as news
from mailweave.people import workspaces
from mailweave.people.access import Member
from mailweave.people.models import User

log = logging.getLogger(__name__)

AGAIN = "live-again"
PING, RECHECK, BREATH, OVERLAP = 15.0, 60.0, 0.2, 5.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between attempts to listen
TOPIC = re.compile(r"[\w.:-]{1,100}")
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Stream:
    """One open page: the topics it has still to be told."""

    __slots__ = ("topics", "wake", "workspace_id")

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id
        self.topics: dict[str, None] = {}
        self.wake = asyncio.Event()

    def tell(self, topics: list[str]) -> None:
        """Note ``topics`` for the page; told twice before it looked, it hears once."""
        self.topics.update(dict.fromkeys(topics))
        self.wake.set()

    def take(self) -> list[str]:
        """What there is to tell now."""
        taken = list(self.topics)
        self.topics.clear()
        self.wake.clear()
        return taken


class Hub:
    """The streams of one process (one event loop), and the connection that hears for them."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self._lately: deque[tuple[float, int, list[str]]] = deque(maxlen=1000)
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def join(self, workspace_id: int) -> Stream:
        """A new stream, once this process listens; a database that is away delays nobody long."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        try:
            await asyncio.wait_for(self._listening.wait(), OVERLAP)
        except TimeoutError:
            log.warning("live: not listening yet")
        stream = Stream(workspace_id)
        self.streams.add(stream)
        since = asyncio.get_running_loop().time() - OVERLAP
        for told, where, topics in self._lately:
            if told >= since and where == workspace_id:
                stream.tell(topics)
        return stream

    def leave(self, stream: Stream) -> None:
        """The page is gone."""
        self.streams.discard(stream)

    def hear(self, payload: str) -> None:
        """Pass a notification on to the streams of its workspace; others' nonsense is dropped."""
        try:
            workspace_id, told = news.hear(payload)
            topics = [topic for topic in told if TOPIC.fullmatch(topic)]
        except (ValueError, TypeError, KeyError):
            log.warning("live: a notification that is not ours")
            return
        self._lately.append((asyncio.get_running_loop().time(), workspace_id, topics))
        for stream in self.streams:
            if stream.workspace_id == workspace_id:
                stream.tell(topics)

    async def _listen(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_address()) as listener:
                    await listener.execute(f"LISTEN {news.CHANNEL}")
                    pause = FIRST_PAUSE
                    self._back()
                    while True:
                        async for heard in listener.notifies(timeout=RECHECK):
                            self.hear(heard.payload)
                        await listener.execute("SELECT 1")
            except (psycopg.Error, OSError) as error:
                log.warning("live: cannot listen (%s); again in %g s", type(error).__name__, pause)
            self._listening.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _back(self) -> None:
        """Listening (again): who was open meanwhile may have missed something."""
        self._listening.set()
        for stream in self.streams:
            stream.tell([AGAIN])


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


async def live(request: HttpRequest) -> HttpResponseBase:
    """The stream; 401 for strangers (pages try again, slowly), 204 where nothing can stream."""
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is None:
        return HttpResponse(status=401)
    if not isinstance(request, ASGIRequest):
        return HttpResponse(status=204)
    # The request lasts as long as the page: it must not keep a database connection that long.
    await sync_to_async(connections.close_all)()
    is_back = "Last-Event-ID" in request.headers
    events = _events(member, request.session.session_key or "", is_back)
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=HEADERS)


async def _events(member: Member, session_key: str, is_back: bool) -> AsyncIterator[str]:
    here = hub()
    stream = await here.join(member.workspace_id)
    if is_back:
        stream.tell([AGAIN])
    clock = asyncio.get_running_loop().time
    checked = clock()
    try:
        yield "id: 1\n\n"  # so that whoever comes back says so
        while clock() - checked < RECHECK or await sync_to_async(may_stay)(member, session_key):
            checked = clock() if clock() - checked >= RECHECK else checked
            try:
                await asyncio.wait_for(stream.wake.wait(), PING)
            except TimeoutError:
                yield ": ping\n\n"
                continue
            yield "".join(f"event: {topic}\ndata:\n\n" for topic in stream.take())
            await asyncio.sleep(BREATH)
    finally:
        here.leave(stream)


def may_stay(member: Member, session_key: str) -> bool:
    """Whether the session still stands and its user is still a member."""
    asking = HttpRequest()
    asking.session = SessionStore(session_key)
    try:
        user = auth.get_user(asking)
        if not isinstance(user, User) or not user.is_active:
            return False
        here = {one.workspace_id for one in workspaces.memberships(user)}
        return member.workspace_id in here
    finally:
        connections.close_all()


def _address() -> dict[str, Any]:
    """Where Django's connection goes, for a connection of our own."""
    found = dict(connection.get_connection_params())
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        found.pop(ours, None)
    return found | {"autocommit": True}
