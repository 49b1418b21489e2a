"""A fall-back has day figures of its own: they are fetched while it is only followed, and kept when it takes over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest_asyncio

from marketwatch.app.core import Core, Runtime
from marketwatch.app.day_figures import DayFigures
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.feed_route import FeedFacts, FeedNature

AAPL = InstrumentId.parse("XNAS:EQ:AAPL")
FIRST, SECOND = FeedId("first"), FeedId("second")


class Fetcher:
    """Notes what is asked of the web service."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def request(self, keys: Iterable[str]) -> None:
        self.asked.append([*keys])

    async def stop(self) -> None: ...


@pytest_asyncio.fixture
async def core() -> AsyncIterator[Core]:
    made = Core(Runtime())
    yield made
    await made.stop()
    assert await made.runtime.stop() == []


def open_feed(core: Core, feed_id: FeedId) -> tuple[DayFigures, Fetcher]:
    clock = LiveMarketClock(core.runtime.clock)
    core.hub.add_feed(FeedFacts(id=feed_id, label=feed_id, nature=FeedNature.LIVE, market_clock=clock))
    spec = CATALOG[FeedKind.MASSIVE]
    core.keys.set_rule(feed_id, spec.feed_key)
    figures, fetcher = DayFigures(core, feed_id, None, lambda: None), Fetcher()
    figures._fetcher = fetcher  # type: ignore[assignment]
    figures.open()
    settings = FeedSettings(feed_id=feed_id, label=feed_id, spec=spec, address=FeedAddress("ws://127.0.0.1:9/"))
    core.feeds.add_feed(settings, lambda: None)
    return figures, fetcher


async def test_a_warm_feed_fetches_once_and_again_after_its_own_reconnect(core: Core) -> None:
    first, of_first = open_feed(core, FIRST)
    second, of_second = open_feed(core, SECOND)
    core.feeds.acquire(AAPL)
    core.feeds.choose({AAPL: FeedChoice(fallback=SECOND)})

    def connected(feed_id: FeedId, generation: int) -> None:
        core._on_status(FeedStatus(feed_id=feed_id, label=feed_id, state=FeedState.LIVE, generation=generation))

    connected(FIRST, 1)
    connected(SECOND, 1)
    assert (of_first.asked, of_second.asked) == ([["AAPL"]], [["AAPL"]])
    core.feeds.fall(AAPL, "First is gone")
    core.feeds.restore(AAPL)
    assert (of_first.asked, of_second.asked) == ([["AAPL"]], [["AAPL"]])  # both have been followed all the time
    connected(SECOND, 2)
    assert of_second.asked[1:] == [["AAPL"]]
    core.feeds.choose({AAPL: FeedChoice()})
    connected(SECOND, 3)
    assert of_second.asked[2:] == [[]]
    core.feeds.choose({AAPL: FeedChoice(fallback=SECOND)})
    assert of_second.asked[3:] == [["AAPL"]]
    await first.close()
    await second.close()
