"""P19 in the program's core: a jump of the clock replaces the connections of the prices and of the reports alike."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fake_time import FakeTime, until
from integration.stream_stand import StreamStand, stream_stand

from marketwatch.app.core import Core, Runtime
from marketwatch.app.live_feed import feed_of_environment
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.protocols.stream_service.endpoints import Endpoint

FEED = FeedId("stream-service")
SBIN = InstrumentId(Venue("NSE"), CASH, "SBIN")


@pytest_asyncio.fixture
async def time() -> FakeTime:
    return FakeTime()


@pytest_asyncio.fixture
async def core(time: FakeTime) -> AsyncIterator[Core]:
    runtime = Runtime(time)
    runtime.scheduler = time  # type: ignore[assignment]  # satisfies Scheduler
    made = Core(runtime)
    made.start()
    yield made
    await made.stop()
    assert await runtime.stop() == []
    assert runtime.failures.counts == {}


@pytest_asyncio.fixture
async def stand() -> AsyncIterator[StreamStand]:
    async with stream_stand() as running:
        yield running


def all_asked(stand: StreamStand, times: int) -> bool:
    return sorted(endpoint.value for endpoint, _ in stand.asked) == sorted([one.value for one in Endpoint] * times)


@pytest.mark.parametrize("jump_s", [300.0, -3_600.0])
async def test_p19_a_jump_of_the_clock_replaces_all_four_connections(
    jump_s: float, core: Core, stand: StreamStand, time: FakeTime
) -> None:
    feed_of_environment(core, CATALOG[FeedKind.STREAM_SERVICE], stand.url).open()
    core.feeds.acquire(SBIN)
    await time.advance(1.0)
    await until(lambda: all_asked(stand, 1))
    old = {endpoint: stand.connections[endpoint][0] for endpoint in Endpoint}

    time.step_wall(jump_s)
    await time.advance(10.0)
    await until(lambda: all_asked(stand, 2))
    await until(lambda: all(len(stand.connections[endpoint]) == 1 for endpoint in Endpoint))
    assert all(stand.connections[endpoint][0] is not old[endpoint] for endpoint in Endpoint)
    assert core.feeds.supervisor(FEED).state is FeedState.LIVE
    await until(lambda: not core.feeds.supervisor(FEED).difference().missing)
    assert [notice.thing for notice in core.notices].count("Connections renewed") == 1
