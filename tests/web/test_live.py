import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from mailweave.kit import live as news
from mailweave.kit import scope
from mailweave.people.access import Member
from mailweave.people.models import Membership, User
from mailweave.web import live
from tests import loops
from tests.makers import make_member, signed_in

PATIENCE = 20.0


def told(workspace_id: int, *topics: str) -> None:
    with scope.workspace(workspace_id):
        news.tell(*topics)
    connections.close_all()


async def follow(member: Member, **headers: str) -> StreamingHttpResponse:
    client = AsyncClient()
    client.cookies = await sync_to_async(lambda: signed_in(member).cookies)()
    answer = await client.get("/live/", headers=headers)
    await sync_to_async(connections.close_all)()
    return cast(StreamingHttpResponse, answer)


def events(answer: StreamingHttpResponse) -> AsyncIterator[bytes]:
    return cast(AsyncIterator[bytes], aiter(answer))  # type: ignore[arg-type]


async def heard(stream: AsyncIterator[bytes]) -> str:
    return (await asyncio.wait_for(anext(stream), PATIENCE)).decode()


def run(story: Callable[[], Awaitable[Any]]) -> None:
    async def whole() -> None:
        await story()
        await cast(Any, sync_to_async(connections.close_all)())

    async def soon() -> None:
        await asyncio.wait_for(whole(), 60)

    loops.run(soon())


@pytest.fixture
def sam(transactional_db: None) -> Member:
    return make_member()


@pytest.fixture
def other(transactional_db: None) -> Member:
    return make_member()


def test_a_page_hears_of_its_own_workspace_only(sam: Member, other: Member) -> None:
    async def story() -> None:
        answer = await follow(sam)
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Accel-Buffering"] == "no"
        stream = events(answer)
        assert await heard(stream) == "id: 1\n\n"
        await sync_to_async(told)(other.workspace_id, "secret-1")
        await sync_to_async(told)(sam.workspace_id, "mailbox-12", "threads")
        assert await heard(stream) == "event: mailbox-12\ndata:\n\nevent: threads\ndata:\n\n"

    run(story)


def test_what_was_told_while_the_page_was_drawn_is_told_again(sam: Member) -> None:
    async def story() -> None:
        first = events(await follow(sam))
        await heard(first)
        await sync_to_async(told)(sam.workspace_id, "mailbox-12")
        await heard(first)
        second = events(await follow(sam))
        await heard(second)
        assert "mailbox-12" in await heard(second)

    run(story)


def test_who_comes_back_is_told_to_look_again(sam: Member) -> None:
    async def story() -> None:
        stream = events(await follow(sam, **{"Last-Event-ID": "1"}))
        await heard(stream)
        assert await heard(stream) == "event: live-again\ndata:\n\n"

    run(story)


def test_a_quiet_stream_is_kept_open_by_comments(
    sam: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING", 0.05)

    async def story() -> None:
        stream = events(await follow(sam))
        await heard(stream)
        assert await heard(stream) == ": ping\n\n"

    run(story)


@pytest.mark.parametrize("end", ["membership", "password", "session"])
def test_a_stream_ends_soon_after_the_right_to_it(
    sam: Member, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(live, "PING", 0.02)
    monkeypatch.setattr(live, "RECHECK", 0.1)

    def take_away() -> None:
        if end == "membership":
            with scope.workspace(sam.workspace_id):
                Membership.objects.all().delete()
        elif end == "password":
            user = User.objects.get(pk=sam.user_id)
            user.set_unusable_password()
            user.save()
        else:
            from django.contrib.sessions.models import Session

            Session.objects.all().delete()
        connections.close_all()

    async def story() -> None:
        stream = events(await follow(sam))
        for _ in range(12):  # two looks at the rights
            assert await heard(stream)
        await sync_to_async(take_away)()
        more = [chunk async for chunk in stream]
        assert len(more) < 100
        assert not live.hub().streams

    run(story)


def test_a_page_that_leaves_is_forgotten(sam: Member) -> None:
    async def story() -> None:
        stream = events(await follow(sam))
        await heard(stream)
        assert len(live.hub().streams) == 1
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()  # as Django does when the browser has gone
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not live.hub().streams

    run(story)


def test_a_broken_listener_comes_back_and_says_so(
    sam: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FIRST_PAUSE", 0.05)

    def cut() -> None:
        with connections["default"].cursor() as cursor:
            # As the owner: the application's role ends nobody's connections.
            cursor.execute("RESET ROLE")
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
            )
            assert cursor.rowcount
        connections.close_all()

    async def story() -> None:
        stream = events(await follow(sam))
        await heard(stream)
        await sync_to_async(cut)()
        assert await heard(stream) == "event: live-again\ndata:\n\n"
        await sync_to_async(told)(sam.workspace_id, "mailbox-12")
        assert "mailbox-12" in await heard(stream)

    run(story)


@pytest.mark.django_db
def test_strangers_are_refused_and_servers_that_cannot_stream_decline() -> None:
    assert Client().get("/live/").status_code == 401
    assert signed_in(make_member()).get("/live/").status_code == 204


@pytest.mark.parametrize(
    "payload",
    ["", "nonsense", "[]", "{}", '{"w": 1}', '{"w": "x", "t": []}', '{"w": 1, "t": 5}', "null"],
)
def test_nonsense_on_the_channel_is_dropped(payload: str) -> None:
    async def story() -> None:
        hub = live.Hub()
        stream = live.Stream(1)
        hub.streams.add(stream)
        hub.hear(payload)
        assert stream.take() == []
        hub.hear('{"w": 1, "t": ["fine", "a\\nevent: forged", "", 7]}')
        assert stream.take() == ["fine", "7"]

    run(story)
