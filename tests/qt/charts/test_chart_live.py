from __future__ import annotations

import pytest
from chart_fakes import IBM, MINUTE_NS, OPEN_NS
from pytestqt.qtbot import QtBot

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.events import TradeTick
from marketwatch.domain.ids import FeedId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.qt.flush_timer import FlushTimer
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.chart_panel import ChartFacts, ChartPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.charts import ChartService
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

FEED = FeedId("replay")
_MS = 1_000_000


class SessionClock:
    """Market and machine time in one, moved by hand."""

    def __init__(self) -> None:
        self.at_ns = OPEN_NS

    def now_ns(self, venue: Venue | None = None) -> int:
        """Return the time set."""
        return self.at_ns

    def monotonic_ns(self) -> int:
        """Return the time set."""
        return self.at_ns


class Session:
    """Hub, chart service and panel, wired as the program wires them."""

    def __init__(self, theme: Theme, icons: IconSet) -> None:
        self.clock = SessionClock()
        self.hub = MarketHub(self.clock)
        self.hub.add_feed(
            FeedFacts(id=FEED, label="Replay", delay_s=0, nature=FeedNature.REPLAY, market_clock=self.clock)
        )
        self.hub.track(IBM, FEED, "IBM")
        service = ChartService(self.hub)
        self.panel = ChartPanel(theme, icons, service, self._facts, self.hub.snapshot)
        self.flush = FlushTimer(self.hub.drain)
        self.flush.add_surface(self.panel)
        self.hub.on_dirty = self.flush.wake

    def _facts(self, instrument: Instrument) -> ChartFacts:
        return ChartFacts(calendar=self.hub.calendars.of(instrument.id), now_ns=self.clock.now_ns, source="Replay")

    def trade(self, price: float, size: float, at_ns: int) -> None:
        """A trade comes in from the feed."""
        self.clock.at_ns = at_ns
        self.hub.publish(FEED, [TradeTick(key="IBM", stamp=at_ns // _MS, price=price, size=size)])


@pytest.fixture
def session(qtbot: QtBot, theme: Theme, icons: IconSet) -> Session:
    session = Session(theme, icons)
    qtbot.addWidget(session.panel)
    session.panel.resize(662, 612)
    session.panel.show_instrument(IBM)
    session.panel.show()
    return session


def test_trades_become_candles_and_the_forming_bar_follows(session: Session, qtbot: QtBot) -> None:
    for minute in range(5):
        for second in range(0, 60, 10):
            session.trade(180.0 + minute + second / 100, 100, OPEN_NS + minute * MINUTE_NS + second * 10**9)
    qtbot.waitUntil(lambda: not session.flush.is_running)
    picture = session.panel.canvas.picture
    assert picture is not None
    columns = picture.model.columns
    assert columns.count == 5
    assert columns.open[:5].tolist() == [180.0, 181.0, 182.0, 183.0, 184.0]
    assert columns.volume[:4].tolist() == [600.0] * 4
    assert picture.shown.is_forming
    assert picture.shown.lines.last == 184.5
    assert picture.shown.lines.countdown == "00:10"


def test_a_seek_backwards_empties_the_chart_and_fills_it_again(session: Session, qtbot: QtBot) -> None:
    for minute in range(30):
        session.trade(180.0, 100, OPEN_NS + minute * MINUTE_NS)
    qtbot.waitUntil(lambda: not session.flush.is_running)
    session.hub.reset(FEED)
    for minute in range(3):
        session.trade(181.0, 100, OPEN_NS + minute * MINUTE_NS)
    qtbot.waitUntil(lambda: not session.flush.is_running)
    picture = session.panel.canvas.picture
    assert picture is not None
    assert picture.model.columns.count == 3
    assert picture.model.columns.close[:3].tolist() == [181.0] * 3
    assert session.panel.canvas.viewport.is_at_end
    assert not session.panel.grab().isNull()


@pytest.mark.parametrize("interval", list(BarInterval))
def test_every_interval_sums_up_to_the_same_volume(session: Session, interval: BarInterval, qtbot: QtBot) -> None:
    for second in range(0, 400, 3):
        session.trade(180.0 + second / 100, 10, OPEN_NS + second * 10**9)
    qtbot.waitUntil(lambda: not session.flush.is_running)
    session.panel.show_interval(interval)
    picture = session.panel.canvas.picture
    assert picture is not None
    columns = picture.model.columns
    assert columns.volume_sum[columns.count] == 134 * 10
    assert picture.model.pyramid.price_range(0, columns.count) == pytest.approx((180.0, 183.99))
