"""A stream service's four endpoints in the window: panels, alert cards, layout, and the choice of channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest_asyncio
from fake_time import until
from integration.stream_stand import StreamStand, stream_stand
from PySide6.QtWidgets import QApplication
from window_desk import WindowDesk

from marketwatch.app.report_panels import ReportPanels
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.protocols.base import Channel
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.storage.settings import Preferences

SBIN = InstrumentId.parse("NSE:EQ:SBIN")
FEED = FeedId("stream-service")
PRICE = {"price": 807.75, "volume": 8_053_013, "change": -4.2}
ANALYSIS = {"technical_indicators": {"rsi": 1750.0, "macd": 3.2}, "patterns": [], "risk_metrics": {"beta": 1.2}}
POSITION = {"position": {"quantity": 120, "avg_price": 795.4, "current_value": 96930.0}, "pnl": {"unrealized": 1482.0}}


def alert(*, is_triggered: bool) -> dict[str, Any]:
    return {"price_alerts": [{"type": "price_above", "threshold": 820.0, "triggered": is_triggered}]}


def service(url: str, **facts: Any) -> FeedConfig:
    made = FeedConfig(id=FEED, kind="stream-service", name="My service", variant=OWN_ADDRESS, own_address=url)
    return msgspec.structs.replace(made, **facts)


class Desk(WindowDesk):
    """The window with its reports, as the program joins them."""

    def __init__(self, app: QApplication, preferences: Preferences | None = None) -> None:
        super().__init__(app, SBIN, preferences=preferences)
        self.screen.right.fill()
        self.screen.build_reports()
        if preferences is None:
            self.screen.window.resize(1600, 1000)
            self.screen.window.arrange()
        self.screen.window.show()
        self.core.start()

    @property
    def panels(self) -> ReportPanels:
        assert self.screen.reports is not None
        return self.screen.reports

    async def open(self, *feeds: FeedConfig) -> None:
        async with self.sessions.turn:
            view = await self.sessions.open_configured(feeds, lambda feed_id: lambda: None)
        assert view is not None
        self.screen.show_session(view)
        self.screen.list_panel.show_instrument(SBIN)

    async def seeing(self, *channels: Channel) -> None:
        wanted = channels or (Channel.ANALYSIS, Channel.ALERTS, Channel.PORTFOLIO)
        states = self.core.reports.states
        await until(lambda: all(one.confirmed for channel in wanted for one in states(channel)) and bool(states()))


@pytest_asyncio.fixture
async def desk(qapp: QApplication) -> AsyncIterator[Desk]:
    made = Desk(qapp)
    yield made
    await made.end()


@pytest_asyncio.fixture
async def stand() -> AsyncIterator[StreamStand]:
    async with stream_stand() as running:
        await running.say(Endpoint.MAIN, "SBIN", PRICE)
        await running.say(Endpoint.ANALYSIS, "SBIN", ANALYSIS)
        await running.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=False))
        await running.say(Endpoint.PORTFOLIO, "SBIN", POSITION)
        yield running


def shown(desk: Desk) -> dict[str, bool]:
    return {name: desk.screen.window.is_panel_shown(name) for name in ("analysis", "alerts", "portfolio")}


async def test_the_panels_come_with_the_feed_and_say_what_the_server_says(desk: Desk, stand: StreamStand) -> None:
    assert shown(desk) == {"analysis": False, "alerts": False, "portfolio": False}
    await desk.open(service(stand.url))
    await desk.seeing()
    await until(lambda: bool(desk.core.reports.reports.positions()))
    panels = desk.panels
    assert shown(desk) == {"analysis": True, "alerts": True, "portfolio": True}
    assert panels.analysis is not None
    assert panels.portfolio is not None
    desk.screen.window.show_panel("analysis", is_shown=True)
    await until(lambda: panels.analysis is not None and bool(panels.analysis.invalid()))
    panels.refresh()
    assert [(line.name, line.sent) for line in panels.analysis.invalid()] == [("RSI", "1750")]
    assert panels.analysis.rows()["macd"].value == "+3.20"
    assert panels.analysis.source.text().startswith("My service, computed there at 13:09:50 IST")
    assert panels.portfolio.title == "Server portfolio – My service"
    rows = [panels.portfolio.model.row(place) for place in range(2)]
    assert [row.texts[:4] for row in rows if row is not None] == [
        ("SBIN", "120", "795.40", "96,930.00"),
        ("Total INR", "", "", "96,930.00"),
    ]
    assert panels.portfolio.stated.text() == "As stated by the server at 13:09:50 IST"
    snapshot = desk.core.hub.snapshot(SBIN)
    assert snapshot is not None
    assert snapshot.last_price == 807.75


async def test_a_firing_has_a_card_until_it_is_acknowledged(desk: Desk, stand: StreamStand) -> None:
    await desk.open(service(stand.url))
    await until(lambda: bool(list(desk.core.reports.reports.alerts)))
    await until(lambda: desk.core.hub.snapshot(SBIN).last_price is not None)  # type: ignore[union-attr]
    await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))
    await until(lambda: bool(desk.panels.cards.cards))
    (card,) = desk.panels.cards.cards
    (view,) = card.views
    assert (view.symbol, view.condition, view.price) == ("SBIN", "is above 820.00", "807.75")
    assert (view.origin, card.place) == ("server: My service", "1 of 1")
    for _ in range(2):  # its state is sent again, on this connection and on the next
        await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))
    await stand.drop(Endpoint.ALERTS)
    await until(lambda: not desk.core.reports.states(Channel.ALERTS)[0].is_seeing)
    desk.core.reports.retry_now(FEED)
    await desk.seeing(Channel.ALERTS)
    assert len(desk.panels.cards.cards) == 1
    card.acknowledge.click()
    assert desk.panels.cards.cards == []
    assert desk.panels.alerts is not None
    desk.panels.alerts.refresh()
    row = desk.panels.alerts.model.row(0)
    assert row is not None
    assert row.number is None
    assert row.state.startswith("triggered ")


async def test_one_pill_and_the_connections_in_its_details(desk: Desk, stand: StreamStand) -> None:
    stand.offered.discard(Endpoint.PORTFOLIO)
    await desk.open(service(stand.url))
    await desk.seeing(Channel.ANALYSIS, Channel.ALERTS)
    await until(lambda: desk.core.reports.states(Channel.PORTFOLIO)[0].is_missing)
    assert [status.label for status in desk.core.feeds.statuses()] == ["My service"]
    beside = desk.screen.status_line.streams_of(FEED)
    assert [(one.name, one.words, one.trouble) for one in beside] == [
        ("analysis", "live, 1 of 1 confirmed", ""),
        ("alerts", "live, 1 of 1 confirmed", ""),
        ("portfolio", "not offered by this server", ""),
    ]
    desk.screen.status_line.show_statuses(desk.core.feeds.statuses())
    desk.screen.status_line._open_details(FEED)
    details = desk.screen.status_line._details
    assert details is not None
    assert (details.values()["State"], details.values()["Portfolio"]) == ("live", "not offered by this server")
    details.close()
    await until(lambda: sum(one.message_count for one in desk.screen.status_line.streams_of(FEED)) >= 4)
    stand.offered.discard(Endpoint.ALERTS)
    stand.refusal = 503
    await stand.drop(Endpoint.ALERTS)
    await until(lambda: desk.core.reports.states(Channel.ALERTS)[0].since_ns is not None)
    await until(lambda: not desk.core.reports.states(Channel.ALERTS)[0].is_seeing)
    desk.screen.status_line.show_statuses(desk.core.feeds.statuses())
    pill = desk.screen.status_line._pills[FEED].view
    assert (pill.words, pill.words_role, pill.is_fault) == ("live, alerts down", "error", True)
    assert "alerts down since" in pill.explanation
    assert desk.panels.portfolio is not None
    desk.panels.portfolio.refresh()
    assert desk.panels.portfolio.message.startswith("My service gives no positions")
    assert [notice.sentence for notice in desk.core.notices] == []


async def test_the_settings_choose_which_endpoints_are_opened(desk: Desk, stand: StreamStand) -> None:
    await desk.open(service(stand.url, channels=("T", "ALERTS")))
    await desk.seeing(Channel.ALERTS)
    assert [state.name for state in desk.core.reports.states()] == ["alerts"]
    assert shown(desk) == {"analysis": False, "alerts": True, "portfolio": False}
    await desk.open(service(stand.url, channels=("ANALYSIS",)))
    await desk.seeing(Channel.ANALYSIS)
    await until(lambda: bool(desk.core.reports.reports.analyses(SBIN)))
    assert [state.name for state in desk.core.reports.states()] == ["analysis"]
    subscription = desk.core.feeds.subscription(SBIN)
    assert subscription is not None
    assert subscription.feed_id is None  # nobody gives its price, and its analysis comes all the same


async def test_without_a_feed_of_reports_the_panels_are_put_away_and_come_back(desk: Desk, stand: StreamStand) -> None:
    await desk.open(service(stand.url))
    await desk.seeing()
    desk.screen.window.show_panel("portfolio", is_shown=False)
    async with desk.sessions.turn:
        desk.screen.show_session(await desk.sessions.open_simulated())
    assert shown(desk) == {"analysis": False, "alerts": False, "portfolio": False}
    desk.panels.ask_for("analysis")
    desk.screen.window.show_panel("analysis", is_shown=True)
    assert desk.panels.analysis is not None
    await until(lambda: desk.panels.analysis.message.startswith("No open feed gives analyses"))  # type: ignore[union-attr]
    await desk.open(service(stand.url))
    assert shown(desk) == {"analysis": True, "alerts": True, "portfolio": False}


async def test_the_layout_is_restored_as_it_was(desk: Desk, stand: StreamStand, qapp: QApplication) -> None:
    await desk.open(service(stand.url))
    await desk.seeing()
    desk.screen.window.show_panel("portfolio", is_shown=False)
    desk.screen.window.show_panel("analysis", is_shown=True)
    geometry, state = desk.screen.window.layout_state()
    again = Desk(qapp, Preferences(window_geometry=geometry, window_state=state))
    try:
        await again.open(service(stand.url))
        assert shown(again) == {"analysis": True, "alerts": True, "portfolio": False}
    finally:
        await again.end()


async def test_the_keyboard_gets_into_the_newest_card_or_the_alerts(
    desk: Desk, stand: StreamStand, qapp: QApplication
) -> None:
    await desk.open(service(stand.url))
    await until(lambda: bool(list(desk.core.reports.reports.alerts)))
    desk.panels.go_to_newest_alert()
    assert desk.screen.window.is_panel_shown("alerts")
    await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))
    await until(lambda: bool(desk.panels.cards.cards))
    desk.panels.go_to_newest_alert()
    (card,) = desk.panels.cards.cards
    qapp.processEvents()  # the window system gives the focus
    await until(card.acknowledge.hasFocus)
