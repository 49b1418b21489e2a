"""Report feeds behind real sockets: four endpoints, each its own connection, and no firing lost or told twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest_asyncio
from fake_time import settle, until
from integration.stream_stand import StreamStand, stream_stand
from supervisor_rig import Rig

from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.services.report_feeds import ReportFeeds, StreamState
from marketwatch.services.server_alerts import AlertDeed, Deed, PriceThen
from marketwatch.services.server_reports import ServerReports

FEED = FeedId("stream-service")
SBIN, TCS = (InstrumentId(Venue("NSE"), CASH, symbol) for symbol in ("SBIN", "TCS"))
AAPL = InstrumentId(Venue("XNAS"), CASH, "AAPL")
REPORTS = (Channel.ANALYSIS, Channel.ALERTS, Channel.PORTFOLIO)


def alerts(*, is_triggered: bool, threshold: float = 820.0) -> dict[str, Any]:
    return {"price_alerts": [{"type": "price_above", "threshold": threshold, "triggered": is_triggered}]}


def analysis(rsi: float) -> dict[str, Any]:
    return {"technical_indicators": {"rsi": rsi}, "patterns": [], "risk_metrics": {}}


def settings(url: str) -> FeedSettings:
    spec = CATALOG[FeedKind.STREAM_SERVICE]
    address = FeedAddress(spec.normalise_url(url))
    return FeedSettings(feed_id=FEED, label="My service", spec=spec, address=address)


class Desk:
    """Report feeds with ears."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.fired: list[AlertDeed] = []
        self.reports = ServerReports(lambda one: PriceThen(807.75, "Feed"))
        self.reports.fired.append(self.fired.append)
        self.feeds = ReportFeeds(self.rig.surroundings, self.reports, [SBIN])
        self.feeds.start()

    async def open(self, url: str) -> None:
        self.feeds.add_feed(settings(url), lambda: None)
        await self.rig.time.advance(1.0)

    def state(self, channel: Channel) -> StreamState:
        (state,) = self.feeds.states(channel)
        return state

    async def until_state(self, state: FeedState, *channels: Channel) -> None:
        await until(lambda: all(self.state(channel).state is state for channel in channels or REPORTS))

    async def until_confirmed(self, count: int = 1) -> None:
        await until(lambda: all(self.state(channel).confirmed == count for channel in REPORTS))

    async def wait_out(self, channel: Channel) -> None:
        """Let the wait for the next attempt pass."""
        retry_in_s = self.state(channel).retry_in_s
        assert retry_in_s is not None
        await self.rig.time.advance(retry_in_s)

    def deeds(self) -> list[Deed]:
        return [deed.deed for deed in self.reports.alerts.log]


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.feeds.stop()
    await made.rig.end()


@pytest_asyncio.fixture
async def stand() -> AsyncIterator[StreamStand]:
    async with stream_stand(("SBIN", "TCS")) as running:
        yield running


async def test_each_endpoint_is_asked_for_what_is_watched_and_its_values_arrive(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ANALYSIS, "SBIN", analysis(62.4))
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    position = {
        "position": {"quantity": 120, "avg_price": 795.4, "current_value": 96930.0},
        "pnl": {"unrealized": 1482.0},
    }
    await stand.say(Endpoint.PORTFOLIO, "SBIN", position)
    await desk.open(stand.url)
    await until(lambda: bool(desk.reports.positions() and desk.reports.analyses(SBIN) and list(desk.reports.alerts)))
    assert sorted(endpoint.value for endpoint, _ in stand.asked) == ["alerts", "analysis", "portfolio"]
    (stated,) = desk.reports.positions()
    assert stated.position.current_value == Decimal("96930")
    assert stated.position.average_price == Decimal("795.4")
    assert desk.reports.analyses(SBIN)[0].report.rsi == 62.4
    assert [record.key.threshold for record in desk.reports.alerts] == [820.0]


async def test_what_comes_to_be_watched_is_asked_for_and_what_is_not_its_market_never(
    desk: Desk, stand: StreamStand
) -> None:
    await desk.open(stand.url)
    await desk.until_confirmed()
    desk.feeds.watch(TCS)
    desk.feeds.watch(AAPL)
    await desk.until_confirmed(2)
    assert {symbol for _, symbol in stand.asked} == {"SBIN", "TCS"}
    assert desk.feeds.topic_state(FEED, AAPL, Channel.ANALYSIS) is None
    desk.feeds.unwatch(SBIN)
    await until(lambda: all(desk.state(channel).wanted == 1 for channel in REPORTS))


async def test_any_endpoint_in_the_address_leads_to_all(desk: Desk, stand: StreamStand) -> None:
    await desk.open(f"{stand.url}/ws/alerts")
    await desk.until_confirmed()
    assert len(stand.asked) == 3


async def test_an_endpoint_the_server_lacks_is_a_calm_state_until_the_server_comes_back(
    desk: Desk, stand: StreamStand
) -> None:
    for stand.refusal in (404, 403):
        stand.offered = {Endpoint.MAIN, Endpoint.ALERTS}
        await desk.open(stand.url)
        await desk.until_state(FeedState.REFUSED, Channel.ANALYSIS, Channel.PORTFOLIO)
        await desk.until_state(FeedState.LIVE, Channel.ALERTS)
        assert desk.state(Channel.ANALYSIS).is_missing
        assert desk.state(Channel.ANALYSIS).reason == f"this server does not offer it (HTTP {stand.refusal})"
        await desk.rig.time.advance(5.0)
        assert desk.state(Channel.PORTFOLIO).state is FeedState.REFUSED
        stand.offered = set(Endpoint)
        for generation in (1, 2):  # the prices connected, and again after a restart of the server
            desk.feeds.on_feed_status(
                FeedStatus(feed_id=FEED, label="", state=FeedState.LIVE, generation=generation)
            )  # fmt: skip
        await desk.until_state(FeedState.LIVE)
        await desk.feeds.remove_feed(FEED)


async def test_an_alert_fires_once_and_not_again_when_its_state_is_sent_again(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    await desk.open(stand.url)
    await until(lambda: bool(list(desk.reports.alerts)))
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=True))
    await until(lambda: len(desk.fired) == 1)
    for _ in range(3):
        await stand.drop(Endpoint.ALERTS)
        await desk.until_state(FeedState.BACKING_OFF, Channel.ALERTS)
        await desk.wait_out(Channel.ALERTS)
        await desk.until_confirmed()
        await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=True))
        await settle()
    assert [deed for deed in desk.deeds() if deed not in (Deed.BLIND, Deed.SIGHTED)] == [Deed.FIRED]
    assert desk.deeds().count(Deed.BLIND) == desk.deeds().count(Deed.SIGHTED) == 3
    assert len(desk.fired) == 1


async def test_an_alert_that_fired_while_the_line_was_down_is_told_late(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    await desk.open(stand.url)
    await until(lambda: bool(list(desk.reports.alerts)))
    await stand.drop(Endpoint.ALERTS)
    await desk.until_state(FeedState.BACKING_OFF, Channel.ALERTS)
    await desk.until_state(FeedState.LIVE, Channel.ANALYSIS, Channel.PORTFOLIO)  # the others know nothing of it
    lost_ns = desk.state(Channel.ALERTS).since_ns
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=True))
    await desk.wait_out(Channel.ALERTS)
    await until(lambda: len(desk.fired) == 1)
    assert (desk.fired[0].deed, desk.fired[0].detail) == (Deed.SEEN_LATE, "fired while disconnected")
    assert desk.deeds() == [Deed.BLIND, Deed.SIGHTED, Deed.SEEN_LATE]
    assert lost_ns is not None
    assert lost_ns < desk.fired[0].time_ns


async def test_since_when_it_is_down_stays_through_every_attempt(desk: Desk, stand: StreamStand) -> None:
    await desk.open(stand.url)
    await desk.until_confirmed()
    stand.offered.clear()
    stand.refusal = 503
    await stand.drop(Endpoint.ANALYSIS)
    await desk.until_state(FeedState.BACKING_OFF, Channel.ANALYSIS)
    lost_ns = desk.state(Channel.ANALYSIS).since_ns
    for _ in range(3):
        await desk.wait_out(Channel.ANALYSIS)
        await desk.until_state(FeedState.BACKING_OFF, Channel.ANALYSIS)
        assert desk.state(Channel.ANALYSIS).since_ns == lost_ns
        assert not desk.state(Channel.ANALYSIS).is_missing


async def test_acknowledged_and_silent_is_kept_and_known(desk: Desk, stand: StreamStand) -> None:
    stand.is_mute = True
    await desk.open(stand.url)
    await desk.until_confirmed()
    await desk.rig.time.advance(1.0)
    assert desk.state(Channel.ANALYSIS).is_seeing
    assert desk.reports.analyses(SBIN) == []


async def test_frames_of_a_symbol_nobody_asked_for_go_nowhere(desk: Desk, stand: StreamStand) -> None:
    await desk.open(stand.url)
    await desk.until_confirmed()
    (connection,) = stand.connections[Endpoint.ALERTS]
    await connection.send(
        msgspec.json.encode({"type": "data", "symbol": "TCS", "data": alerts(is_triggered=True)}).decode()
    )
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    await until(lambda: bool(list(desk.reports.alerts)))
    assert [record.key.instrument_id for record in desk.reports.alerts] == [SBIN]
    assert desk.fired == []


async def test_what_belongs_to_another_endpoint_is_not_heard(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    await desk.open(stand.url)
    await until(lambda: bool(list(desk.reports.alerts)))
    (connection,) = stand.connections[Endpoint.ANALYSIS]
    data = {**alerts(is_triggered=True), "technical_indicators": {"rsi": 50.0}}
    for said in (alerts(is_triggered=True), data):
        await connection.send(msgspec.json.encode({"type": "data", "symbol": "SBIN", "data": said}).decode())
    await until(lambda: bool(desk.reports.analyses(SBIN)))
    assert [record.is_triggered for record in desk.reports.alerts] == [False]
    assert desk.fired == []


async def test_nonsense_is_an_invalid_figure_and_an_empty_portfolio_is_empty(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ANALYSIS, "SBIN", analysis(1750.0))
    await stand.say(Endpoint.PORTFOLIO, "SBIN", {"position": None, "pnl": None})
    await desk.open(stand.url)
    await until(lambda: bool(desk.reports.positions() and desk.reports.analyses(SBIN)))
    report = desk.reports.analyses(SBIN)[0].report
    assert report.rsi is None
    assert [(one.name, one.sent, one.reason) for one in report.invalid] == [("rsi", "1750", "it lies outside 0 to 100")]
    assert desk.reports.positions()[0].is_empty


async def test_another_address_forgets_what_the_old_server_said(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    await desk.open(stand.url)
    await until(lambda: bool(list(desk.reports.alerts)))
    async with stream_stand() as other:
        await other.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=True))
        desk.feeds.replace(settings(other.url))
        assert list(desk.reports.alerts) == []
        await until(lambda: bool(list(desk.reports.alerts)))
        assert [(one.deed, one.detail) for one in desk.fired] == [
            (Deed.SEEN_LATE, "fired while MarketWatch was not connected")
        ]
        desk.feeds.replace(settings("ws://127.0.0.1:9/other"))
        assert [state.is_missing for state in desk.feeds.states()] == [True, True, True]
        desk.feeds.replace(settings(stand.url))
        await desk.until_confirmed()
        await desk.feeds.remove_feed(FEED)


async def test_other_channels_leave_the_connections_that_stay_alone(desk: Desk, stand: StreamStand) -> None:
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=False))
    await stand.say(Endpoint.ANALYSIS, "SBIN", analysis(62.4))
    await desk.open(stand.url)
    await desk.until_confirmed()
    await until(lambda: bool(desk.reports.analyses(SBIN) and list(desk.reports.alerts)))
    (kept,) = stand.connections[Endpoint.ALERTS]
    whole = settings(stand.url)
    spec = msgspec.structs.replace(whole.spec, report_streams=whole.spec.report_streams[1:2])
    await desk.feeds.reform(msgspec.structs.replace(whole, spec=spec, label="Another name"))
    assert [(state.name, state.feed_label) for state in desk.feeds.states()] == [("alerts", "Another name")]
    assert desk.reports.analyses(SBIN) == []
    await until(lambda: not stand.connections[Endpoint.ANALYSIS] and not stand.connections[Endpoint.PORTFOLIO])
    await desk.feeds.reform(whole)
    await desk.until_confirmed()
    await until(lambda: bool(desk.reports.analyses(SBIN)))
    assert stand.connections[Endpoint.ALERTS] == [kept]
    await stand.say(Endpoint.ALERTS, "SBIN", alerts(is_triggered=True))
    await until(lambda: len(desk.fired) == 1)
    assert desk.deeds() == [Deed.FIRED]
