"""The feed's path on the loop of the window: connect, flood, stall watch, say goodbye, leave nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from fake_time import until
from integration.scripted_server import Peer, ScriptedServer
from PySide6.QtWidgets import QApplication
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.app.event_loop import MarketLoop
from marketwatch.feeds.status import FeedState
from marketwatch.runtime.scheduler import LoopScheduler, wait_until
from marketwatch.runtime.stall_watchdog import StallWatchdog

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def run(qapp: QApplication) -> Iterator[Run]:
    loop = MarketLoop(qapp)
    asyncio.set_event_loop(loop)

    def run_to_the_end(coroutine: Coroutine[Any, Any, None]) -> None:
        loop.run_until_complete(asyncio.wait_for(coroutine, 20.0))

    yield run_to_the_end
    asyncio.set_event_loop(None)
    loop.close()


def test_a_feed_lives_and_ends_on_the_qt_loop(run: Run) -> None:
    async def serve(peer: Peer) -> None:
        await peer.serve(1)
        peer.send(*[f"t AAPL {number}" for number in range(500)])
        await peer.hold()

    async def scenario() -> None:
        rig = Rig()
        async with ScriptedServer(serve) as server:
            supervisor = rig.supervisor(server.url, "T.AAPL")
            await until_confirmed(supervisor, "T.AAPL")
            await until(lambda: len(rig.events) == 500)
            server.peers[0].reset()
            await until_state(supervisor, FeedState.BACKING_OFF)
            await rig.time.advance(1.0)
            await until_confirmed(supervisor, "T.AAPL")
            await rig.end()
            await until(lambda: server.peers[1].close_code == 1000)
        assert rig.failures == []

    run(scenario())


def test_a_stall_of_the_qt_loop_is_recorded(run: Run) -> None:
    async def scenario() -> None:
        watchdog = StallWatchdog()
        watchdog.start()
        await asyncio.sleep(0.03)
        time.sleep(0.15)  # noqa: ASYNC251 - the loop must really stand still
        await until(lambda: any("scenario" in line for stall in watchdog.stalls for line in stall.stack))
        watchdog.stop()
        assert watchdog.longest_s > 0.05

    run(scenario())


def test_a_deadline_of_the_qt_loop_sets_the_event(run: Run) -> None:
    async def scenario() -> None:
        event = asyncio.Event()
        await wait_until(event, 0.01, LoopScheduler())
        assert event.is_set()

    run(scenario())
