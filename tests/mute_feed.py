"""A supervised feed with a connection in memory: the far end answers pings, but brings nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fake_time import FakeTime
from tiny_protocol import tiny_spec, topic_of

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import FeedAddress
from marketwatch.feeds.connection import Connection
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.runtime.tasks import TaskOwner


class MemoryConnection:
    """Answers like the tiny server, and every ping at once."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.arrived_ns = 0
        self.is_open = True
        self.deliver("hello")

    @property
    def pending(self) -> int:
        return self._messages.qsize()

    @property
    def pong_ns(self) -> int:
        return self._time.monotonic_ns()

    def deliver(self, text: str) -> None:
        self._messages.put_nowait(text.encode())

    async def receive(self) -> bytes:
        data = await self._messages.get()
        self.arrived_ns = self._time.monotonic_ns()
        return data

    async def send(self, message: str | bytes) -> None:
        word, _, rest = str(message).partition(" ")
        self.deliver("welcome" if word == "auth" else f"ok {rest}")

    async def close(self) -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)


class MemoryTransport:
    def __init__(self, time: FakeTime) -> None:
        self._time = time
        self.opened: list[MemoryConnection] = []

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        self.opened.append(MemoryConnection(self._time))
        return self.opened[-1]


class MuteFeed:
    def __init__(self, *, session_open: bool | None) -> None:
        self.time = FakeTime()
        self.transport = MemoryTransport(self.time)
        self.failures: list[BaseException] = []
        self.session_open = session_open
        self.tasks = TaskOwner(lambda where, error: self.failures.append(error))
        surroundings = Surroundings(
            transport=self.transport,
            clock=self.time,
            scheduler=self.time,
            tasks=self.tasks,
            on_failure=lambda where, error: self.failures.append(error),
            draw=lambda low, high: 0.0,
        )
        settings = FeedSettings(
            feed_id=FeedId("tiny"), label="Tiny", spec=tiny_spec(), address=FeedAddress("ws://127.0.0.1/")
        )
        self.supervisor = FeedSupervisor(
            settings,
            surroundings,
            credentials=lambda: None,
            sink=lambda events: None,
            session_open=lambda now_ns: self.session_open,
        )
        self.supervisor.want([topic_of("T.AAPL")])
        self.supervisor.start()

    async def end(self) -> None:
        assert await self.supervisor.stop() == []
        assert not any(connection.is_open for connection in self.transport.opened)
        assert self.failures == []
        assert self.time.waiting() == 0
