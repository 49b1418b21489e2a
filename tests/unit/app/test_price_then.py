"""The price that a server's report is held against: none that is not of now."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from marketwatch.app.core import Core, Runtime
from marketwatch.domain.events import ServerPosition, TradeTick
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.server_alerts import PriceThen

SBIN = InstrumentId.parse("NSE:EQ:SBIN")
ODIN, SERVICE = FeedId("odin"), FeedId("stream-service")


@pytest_asyncio.fixture
async def core() -> AsyncIterator[Core]:
    made = Core(Runtime())
    spec = CATALOG[FeedKind.ODIN]
    made.hub.add_feed(
        FeedFacts(id=ODIN, label="Odin", nature=FeedNature.LIVE, market_clock=LiveMarketClock(made.runtime.clock))
    )
    made.keys.set_rule(ODIN, spec.feed_key)
    settings = FeedSettings(feed_id=ODIN, label="Odin", spec=spec, address=FeedAddress("ws://127.0.0.1:9/"))
    made.feeds.add_feed(settings, lambda: None)
    made.feeds.acquire(SBIN)
    key = spec.feed_key(SBIN)
    assert key is not None
    made.hub.publish(ODIN, [TradeTick(key=key, stamp=made.runtime.clock.now_ns(), price=807.75, size=1.0)])
    yield made
    await made.stop()
    assert await made.runtime.stop() == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (FeedState.LIVE, PriceThen(807.75, "Odin")),
        (FeedState.BACKING_OFF, None),
        (FeedState.STALE, None),
        (FeedState.REFUSED, None),
    ],
)
async def test_a_price_of_a_feed_that_is_not_live_is_held_against_nothing(
    core: Core, monkeypatch: pytest.MonkeyPatch, state: FeedState, expected: PriceThen | None
) -> None:
    monkeypatch.setattr(core.feeds, "state", lambda feed_id, connection=None: (state, ""))
    core.reports.reports.take(SERVICE, SBIN, [ServerPosition(key="SBIN")], connection=1, now_ns=1)
    assert core.reports.reports.positions()[0].here == expected


async def test_a_close_of_chosen_days_in_the_past_is_held_against_nothing(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.feeds, "state", lambda feed_id, connection=None: (FeedState.LIVE, ""))
    core.hub.add_feed(msgspec.structs.replace(core.hub.facts(ODIN), history_to=dt.date(2020, 1, 3)))
    core.reports.reports.take(SERVICE, SBIN, [ServerPosition(key="SBIN")], connection=1, now_ns=1)
    assert core.reports.reports.positions()[0].here is None
