"""P4 with a connection in memory: the far end answers pings, but brings nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fake_time import NS, FakeTime, settle
from tiny_protocol import tiny_spec, topic_of

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import FeedAddress
from marketwatch.feeds.connection import Connection
from marketwatch.feeds.status import FeedState
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


class Bench:
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


async def test_p4_open_but_mute_in_session_is_marked_then_replaced_less_and_less_often() -> None:
    bench = Bench(session_open=True)
    await bench.time.advance(24.0)
    assert bench.supervisor.status().state is FeedState.LIVE
    await bench.time.advance(2.0)
    assert bench.supervisor.status().state is FeedState.STALE
    assert bench.supervisor.status().reason == "no data comes"

    replaced_at = []
    for second in range(26, 1000):
        await bench.time.advance(1.0)
        if len(bench.transport.opened) > len(replaced_at) + 1:
            replaced_at.append(second + 1)
    assert replaced_at == [60, 180, 420, 900]
    assert bench.supervisor.status().stall_count == 4
    await bench.end()


async def test_p4_a_quiet_night_is_no_fault() -> None:
    bench = Bench(session_open=False)
    await bench.time.advance(12 * 3600.0)
    assert len(bench.transport.opened) == 1
    assert bench.supervisor.status().state is FeedState.LIVE

    bench.session_open = True  # the opening bell, and nothing comes
    await bench.time.advance(24.0)
    assert bench.supervisor.status().state is FeedState.LIVE
    await bench.time.advance(12.0)
    assert bench.supervisor.status().state is FeedState.STALE
    assert len(bench.transport.opened) == 1
    await bench.end()


async def test_when_the_session_is_unknown_rows_are_marked_and_the_connection_kept() -> None:
    bench = Bench(session_open=None)
    await bench.time.advance(3600.0)
    assert len(bench.transport.opened) == 1
    assert bench.supervisor.status().state is FeedState.STALE
    bench.transport.opened[0].deliver("t AAPL 1")
    await settle()
    assert bench.supervisor.status().state is FeedState.LIVE
    await bench.end()


async def test_an_idle_feed_sleeps() -> None:
    bench = Bench(session_open=False)
    await bench.time.advance(5.0)
    woken = 0
    original = bench.time.call_later

    def counting(delay_s: float, callback: object) -> object:
        nonlocal woken
        woken += 1
        return original(delay_s, callback)  # type: ignore[arg-type]

    bench.time.call_later = counting  # type: ignore[assignment, method-assign]
    await bench.time.advance(600.0)
    assert woken <= 90  # well under the budget of one a second
    await bench.end()


async def test_uptime_counts_from_the_opening() -> None:
    bench = Bench(session_open=False)
    await bench.time.advance(12.5)
    assert bench.supervisor.status().uptime_s == 12.5
    assert bench.time.monotonic_ns() % NS == NS // 2
    await bench.end()
    assert bench.supervisor.status().uptime_s is None
