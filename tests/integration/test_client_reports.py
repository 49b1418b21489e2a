"""Analysis, alerts and portfolio from Python: each channel opens the endpoint that brings it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio
from fake_time import FakeTime, until
from integration.stream_stand import StreamStand, stream_stand

from marketwatch.client import FeedClient
from marketwatch.domain.events import AnalysisReport, MarketEvent, PriceValue, ServerAlert, ServerPosition
from marketwatch.errors import ConfigurationError, FeedError
from marketwatch.protocols.stream_service.endpoints import Endpoint

ALERT = {"price_alerts": [{"type": "price_above", "threshold": 820.0, "triggered": False}]}


@pytest_asyncio.fixture
async def stand() -> AsyncIterator[StreamStand]:
    async with stream_stand() as running:
        await running.say(Endpoint.MAIN, "SBIN", {"price": 807.75, "volume": 1_000, "change": -4.2})
        await running.say(Endpoint.ANALYSIS, "SBIN", {"technical_indicators": {"rsi": 62.4}, "risk_metrics": {}})
        await running.say(Endpoint.ALERTS, "SBIN", ALERT)
        await running.say(Endpoint.PORTFOLIO, "SBIN", {"position": {"quantity": 120}, "pnl": {"unrealized": 14.5}})
        yield running


async def test_every_channel_brings_its_events_over_an_endpoint_of_its_own(stand: StreamStand) -> None:
    async with FeedClient("stream-service", url=f"{stand.url}/ws/analysis") as client:
        events = aiter(client)
        await client.subscribe("SBIN", ["T", "ANALYSIS", "ALERTS", "PORTFOLIO"])
        found: dict[type[MarketEvent], MarketEvent] = {}
        async for event in events:
            found.setdefault(type(event), event)
            if {AnalysisReport, ServerAlert, ServerPosition} <= set(found) and any(
                isinstance(one, PriceValue) for one in found.values()
            ):
                break
        analysis, alert, position = found[AnalysisReport], found[ServerAlert], found[ServerPosition]
        assert isinstance(analysis, AnalysisReport)
        assert analysis.rsi == 62.4
        assert isinstance(alert, ServerAlert)
        assert (alert.threshold, alert.is_triggered) == (820.0, False)
        assert isinstance(position, ServerPosition)
        assert position.unrealised_pnl == Decimal("14.5")
        (price,) = {one.value for one in found.values() if isinstance(one, PriceValue)}
        assert price == 807.75
        assert client.status.subscriptions == 4
        assert client.get_status()["subscriptions"] == {"SBIN": ["ALERTS", "ANALYSIS", "PORTFOLIO", "T"]}
    assert all(not connections for connections in stand.connections.values())


async def test_only_what_is_asked_for_is_connected_and_a_callback_gets_it(stand: StreamStand) -> None:
    told: list[dict[str, object]] = []
    client = FeedClient("stream-service", url=stand.url)
    await client.subscribe("SBIN", "ANALYSIS", told.append)
    await client.connect()
    await until(lambda: bool(told))
    assert (told[0]["symbol"], told[0]["rsi"]) == ("SBIN", 62.4)
    assert [endpoint for endpoint, _ in stand.asked] == [Endpoint.ANALYSIS]
    assert not stand.connections[Endpoint.ALERTS]
    await client.disconnect()


async def test_an_endpoint_the_server_lacks_is_told_and_the_others_go_on(stand: StreamStand) -> None:
    stand.offered.discard(Endpoint.ALERTS)
    told: list[Exception] = []
    async with FeedClient("stream-service", url=stand.url, on_error=told.append) as client:
        await client.subscribe("SBIN", ["ALERTS", "PORTFOLIO"])
        async for event in client:
            assert isinstance(event, ServerPosition)
            break
        await until(lambda: bool(told))
    (error,) = told
    assert isinstance(error, FeedError)
    assert "does not offer it (HTTP 404)" in str(error)


async def test_p19_after_a_sleep_every_connection_is_another_one(stand: StreamStand) -> None:
    time = FakeTime()
    async with FeedClient("stream-service", url=stand.url, clock=time, scheduler=time) as client:
        await client.subscribe("SBIN", ["T", "ANALYSIS", "ALERTS", "PORTFOLIO"])
        await until(lambda: len(stand.asked) == 4)
        old = {endpoint: stand.connections[endpoint][0] for endpoint in Endpoint}
        time.step_wall(300.0)
        await time.advance(10.0)
        await until(lambda: len(stand.asked) == 8 and client.status.subscriptions == 4)
        await until(lambda: all(len(stand.connections[endpoint]) == 1 for endpoint in Endpoint))
        assert all(stand.connections[endpoint][0] is not old[endpoint] for endpoint in Endpoint)


async def test_a_channel_no_endpoint_has_is_named(stand: StreamStand) -> None:
    client = FeedClient("stream-service", url=stand.url)
    with pytest.raises(ConfigurationError, match="T, ANALYSIS, ALERTS, PORTFOLIO"):
        await client.subscribe("SBIN", "Q")
