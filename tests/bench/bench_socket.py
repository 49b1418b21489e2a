"""From a loopback socket to applied state inside a running Qt loop: throughput, and what it does to the screen.

The server is another process; the client is the program's own: transport, supervisor, Massive protocol, hub with
5,000 instruments, drained ten times a second. The peer is decoding and applying the same frames without a socket.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import asyncio
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from frame_server import EVENTS_PER_FRAME, SYMBOLS, frames, symbol_name
from harness import Row, at_most, cpu_seconds
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from marketwatch.app.event_loop import MarketLoop
from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.feeds.transport import WebSocketTransport
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.runtime.clock import LiveMarketClock, SystemClock
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.scheduler import LoopScheduler
from marketwatch.runtime.tasks import TaskOwner
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.market_hub import MarketHub

ROUNDS = 5
FLOOD_FRAMES = 6_000
PACED_PER_S = 300_000
PACED_S = 2.0
INTERVAL_MS = 16
_DRAIN_MS = 100
_FEED = FeedId("bench")
_SERVER = Path(__file__).resolve().parent / "frame_server.py"
_LONGEST_S = 60.0


def _make_hub() -> MarketHub:
    clock = SystemClock()
    hub = MarketHub(clock)
    hub.add_feed(FeedFacts(id=_FEED, label="Bench", nature=FeedNature.LIVE, market_clock=LiveMarketClock(clock)))
    for number in range(SYMBOLS):
        symbol = symbol_name(number)
        hub.track(Instrument(id=InstrumentId(Venue("XNAS"), CASH, symbol), currency="USD"), _FEED, symbol)
    return hub


def _fail(where: str, error: BaseException) -> None:
    raise RuntimeError(where) from error


class Lateness:
    """How late each beat of a timer of one display interval is, in ms."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._before = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(INTERVAL_MS)

    def begin(self) -> None:
        """Forget what was."""
        self._late.clear()
        self._before = 0.0

    def _beat(self) -> None:
        now = time.perf_counter() * 1e3
        if self._before:
            self._late.append(max(0.0, now - self._before - INTERVAL_MS))
        self._before = now

    def p99(self) -> float:
        """Return the 99th percentile."""
        return statistics.quantiles(self._late, n=100)[98]

    def worst(self) -> float:
        """Return the latest."""
        return max(self._late)


class Client:
    """The program's way from the socket to the hub."""

    def __init__(self, url: str) -> None:
        clock = SystemClock()
        self.hub = _make_hub()
        self.count = 0
        self._tasks = TaskOwner(_fail)
        self._pool = WorkerPool("worker", _fail, size=1)
        surroundings = Surroundings(transport=WebSocketTransport(clock, self._pool), clock=clock,
                                    scheduler=LoopScheduler(), tasks=self._tasks, on_failure=_fail)  # fmt: skip
        settings = FeedSettings(feed_id=_FEED, label="Bench", spec=CATALOG[FeedKind.MASSIVE], address=FeedAddress(url))
        self._supervisor = FeedSupervisor(settings, surroundings, credentials=lambda: Secret("bench"), sink=self._take)
        self._drain = QTimer()
        self._drain.timeout.connect(self.hub.drain)
        self._drain.start(_DRAIN_MS)

    def _take(self, events: Sequence[MarketEvent]) -> None:
        self.count += len(events)
        self.hub.publish(_FEED, events)

    async def open(self) -> None:
        """Connect and subscribe."""
        topics = [Topic(channel, "*") for channel in (Channel.TRADES, Channel.QUOTES, Channel.MINUTE_BARS)]
        self._supervisor.want(topics)
        self._supervisor.start()
        await self._until(lambda: self._supervisor.status().subscriptions == len(topics))

    async def receive(self, events: int) -> None:
        """Wait for so many further events."""
        goal = self.count + events
        await self._until(lambda: self.count >= goal)

    async def _until(self, is_done: Callable[[], bool]) -> None:
        async with asyncio.timeout(_LONGEST_S):
            while not is_done():  # noqa: ASYNC110 - an event per frame would be measured too
                await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Disconnect."""
        self._drain.stop()
        await self._supervisor.stop()
        await self._tasks.stop(1.0)
        await self._pool.stop(1.0)


class Bench:
    """One server, one client, and the measurements."""

    def __init__(self, server: subprocess.Popen[str], client: Client) -> None:
        assert server.stdin is not None
        self._orders = server.stdin
        self._client = client
        self.lateness = Lateness()

    def _order(self, line: str) -> None:
        self._orders.write(f"{line}\n")
        self._orders.flush()

    async def idle(self) -> tuple[float, float]:
        """Return p99 and worst lateness when nothing comes."""
        await asyncio.sleep(0.3)
        self.lateness.begin()
        await asyncio.sleep(PACED_S)
        return self.lateness.p99(), self.lateness.worst()

    async def paced(self) -> float:
        """Return the p99 lateness at a steady rate."""
        goal = self._client.count + int(PACED_PER_S * PACED_S)
        self._order(f"pace {PACED_PER_S} {PACED_S}")
        await self._client.receive(EVENTS_PER_FRAME)
        self.lateness.begin()
        await self._client.receive(goal - self._client.count)
        return self.lateness.p99()

    async def flood(self) -> tuple[float, float, float]:
        """Return CPU seconds, wall seconds and the worst lateness of a burst as fast as it goes."""
        goal = self._client.count + FLOOD_FRAMES * EVENTS_PER_FRAME
        self._order(f"flood {FLOOD_FRAMES}")
        await self._client.receive(EVENTS_PER_FRAME)
        self.lateness.begin()
        rest = goal - self._client.count
        cpu, wall = time.process_time(), time.perf_counter()
        await self._client.receive(rest)
        scale = FLOOD_FRAMES * EVENTS_PER_FRAME / rest
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return cpu * scale, wall * scale, self.lateness.worst()


class Alone:
    """Decodes and applies the same frames without a socket; each turn goes on where the last one ended."""

    def __init__(self) -> None:
        self._hub = _make_hub()
        self._client = MassiveClient()
        self._frames = frames()

    def cpu_s(self) -> float:
        """Return the CPU time of one turn."""
        chosen = list(itertools.islice(self._frames, FLOOD_FRAMES))
        return cpu_seconds(lambda: self._work(chosen))

    def _work(self, chosen: Sequence[bytes]) -> None:
        hub, receive = self._hub, self._client.receive
        for position, frame in enumerate(chosen):
            hub.publish(_FEED, receive(frame, 0.0))
            if position % 2000 == 0:
                hub.drain()


async def _measure(server: subprocess.Popen[str], url: str) -> list[Row]:
    client = Client(url)
    await client.open()
    bench = Bench(server, client)
    alone = Alone()
    alone.cpu_s()
    await bench.flood()
    ratios, walls, worst = [], [], []
    for _ in range(ROUNDS):
        cpu, wall, late = await bench.flood()
        ratios.append(alone.cpu_s() / cpu)
        walls.append(wall)
        worst.append(late)
    idle, paced = [], []
    for _ in range(ROUNDS):
        idle.append(await bench.idle())
        paced.append(await bench.paced())
    await client.close()
    return [_throughput(ratios, walls), *_lateness(idle, paced, worst)]


def _throughput(ratios: list[float], walls: list[float]) -> Row:
    rate = FLOOD_FRAMES * EVENTS_PER_FRAME / statistics.median(walls)
    ratio = statistics.median(ratios)
    return Row(name="loopback socket to applied state in the Qt loop", value=rate, unit="events/s", budget=">= 0.5 x",
               peer="decode and apply alone (CPU time)", ratio=ratio, holds=ratio >= 0.5)  # fmt: skip


def _lateness(idle: list[tuple[float, float]], paced: list[float], flooded: list[float]) -> list[Row]:
    idle_p99 = statistics.median(p99 for p99, _ in idle)
    idle_worst = statistics.median(worst for _, worst in idle)
    steady = max(0.0, statistics.median(paced) - idle_p99)
    flood = max(0.0, statistics.median(flooded) - idle_worst)
    return [
        at_most(f"{INTERVAL_MS} ms timer at {PACED_PER_S:,} events/s: late by, p99", steady, "ms", 3,
                peer=f"idle loop: {idle_p99:.2f} ms, taken off"),
        at_most(f"{INTERVAL_MS} ms timer at saturation: latest of all beats", flood, "ms", INTERVAL_MS,
                peer=f"idle loop: {idle_worst:.2f} ms, taken off"),
    ]  # fmt: skip


def run() -> list[Row]:
    """Start the server, measure, and end it."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    loop = MarketLoop(app)
    asyncio.set_event_loop(loop)
    with subprocess.Popen(
        [sys.executable, str(_SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            return loop.run_until_complete(_measure(server, server.stdout.readline().strip()))
        finally:
            server.terminate()
            loop.close()
            asyncio.set_event_loop(None)
