"""The details panel says everything known of one instrument, why a figure is missing, and repaints what changed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hub_rig import IBM, HubRig, new_york, trade
from pytestqt.qtbot import QtBot

from marketwatch.domain.events import DayStatistics, MarketStatistics, Quote, YearStatistics
from marketwatch.domain.ids import CASH, FUTURES, INDEX, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.formatting import CUT, MISSING
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.details_panel import DetailsPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.feed_difference import DelayMeter, FeedDifference, FeedSide, difference_of
from marketwatch.services.feed_route import FeedFacts
from marketwatch.services.presentation import RowState, RowStateKind

LISTED = Instrument(
    id=IBM.id, name="International Business Machines", currency="USD", tick_size=Decimal("0.01"), exchange_tag="NYSE",
    isin="US4592001014",
)  # fmt: skip
OTHER = Instrument(id=InstrumentId(Venue("NSE"), CASH, "INFY"), currency="INR", tick_size=Decimal("0.10"))


class Market:
    """The source of the panel, over a hub with IBM."""

    def __init__(self, **facts: object) -> None:
        self.rig = HubRig(**facts)
        self.state = RowState(RowStateKind.LIVE, "", (), "Live", 0.0)
        self.asked = 0
        self.pair: FeedDifference | None = None

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        return self.rig.hub.snapshot(instrument_id)

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        self.asked += 1
        return self.state

    def zone(self, instrument_id: InstrumentId) -> str:
        return "America/New_York"

    def facts(self, instrument_id: InstrumentId) -> FeedFacts | None:
        return self.rig.facts if instrument_id == IBM.id else None

    def difference(self, instrument_id: InstrumentId) -> FeedDifference | None:
        return self.pair

    def trade(self, when: str, price: float, size: float = 100) -> Snapshot:
        return self.rig.publish(trade(when, price, size))

    def quote(self, bid: float | None, ask: float | None) -> Snapshot:
        stamp = new_york("09:59") // 1_000_000
        return self.rig.publish(Quote(key="IBM", stamp=stamp, bid=bid, bid_size=300, ask=ask, ask_size=1200))


@pytest.fixture
def market() -> Market:
    market = Market(delay_s=900.0)
    market.rig.publish(DayStatistics(key="IBM", stamp=new_york("09:00") // 1_000_000, prev_close=280.0))
    for when, price in (("09:30", 281.0), ("09:45", 284.0), ("09:50", 280.5), ("09:58:07", 282.8)):
        market.trade(when, price)
    market.quote(282.75, 282.85)
    return market


@pytest.fixture
def panel(theme: Theme, icons: IconSet, market: Market, qtbot: QtBot) -> DetailsPanel:
    panel = DetailsPanel(theme, icons, market)
    qtbot.addWidget(panel)
    panel.resize(340, 700)
    panel.show_instrument(LISTED)
    panel.show()
    return panel


def value(panel: DetailsPanel, key: str) -> tuple[str, str]:
    line = panel.line(key)
    assert line is not None
    assert line.row is not None
    return line.row.value, line.row.note


def test_shows_price_and_change_of_the_day(panel: DetailsPanel) -> None:
    view = panel.head.view
    assert view is not None
    assert (view.symbol, view.price, view.change) == ("IBM", "282.80", "+2.80 (+1.00%)")
    assert view.facts == "NYSE EQ USD"
    assert panel.source_line.text() == "Feed, 15 min behind, 09:59:00 ET"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("bid", ("282.75", "× 300")),
        ("ask", ("282.85", "× 1,200")),
        ("spread", ("0.10", "10 ticks, 0.04%")),
        ("day_open", ("281.00", "")),
        ("day_high", ("284.00", "")),
        ("day_low", ("280.50", "")),
        ("prev_close", ("280.00", "")),
        ("vwap", ("282.07", "+0.26% away")),
        ("volume", ("400", "")),
        ("trades", ("4", "")),
        ("last_size", ("100", "09:58:07 ET")),
        ("tick", ("0.01", "")),
        ("lot", ("1", "")),
        ("isin", ("US4592001014", "")),
    ],
)
def test_shows_each_figure(panel: DetailsPanel, key: str, expected: tuple[str, str]) -> None:
    assert value(panel, key) == expected


def test_range_says_where_the_price_is(panel: DetailsPanel) -> None:
    view = panel.range_line.view
    assert (view.low_text, view.high_text, view.place) == ("280.50", "284.00", "66% of range")
    assert "Open 281.00" in view.tip


def test_a_missing_figure_says_why(panel: DetailsPanel, market: Market) -> None:
    panel.apply([market.quote(None, 282.85)])
    line = panel.line("bid")
    assert line is not None
    assert value(panel, "bid")[0] == MISSING
    assert line.toolTip() == "Nothing offered on this side"
    assert value(panel, "spread")[0] == MISSING


def test_without_any_data_the_state_is_the_reason(panel: DetailsPanel, market: Market) -> None:
    market.state = RowState(RowStateKind.NO_DATA, "no feed", (), "No feed has this instrument", None)
    panel.show_instrument(OTHER)
    assert panel.state.text() == "No feed has this instrument"
    line = panel.line("day_open")
    assert line is not None
    assert line.toolTip() == "No feed has this instrument"
    assert value(panel, "tick") == ("0.10", "")
    assert panel.line("isin") is None


def test_every_state_has_its_line(panel: DetailsPanel, market: Market) -> None:
    market.state = RowState(RowStateKind.DELAYED, "", ("D15",), "15 min behind\nNothing new for 0:40", 40.0)
    panel.refresh()
    assert panel.state.text().splitlines() == ["15 min behind", "Nothing new for 0:40"]
    assert panel.state.property("role") == "delayed"


def test_extended_session_has_a_line_while_it_has_figures(panel: DetailsPanel, market: Market) -> None:
    assert panel.line("ext_last") is None
    market.state = RowState(RowStateKind.POST, "", ("POST",), "After the close", 0.0)
    panel.apply([market.trade("16:30", 285.628)])
    line = panel.line("ext_last")
    assert line is not None
    assert line.row is not None
    assert (line.row.name, line.row.value, line.row.note) == ("After hours", "285.63", "+2.83 (+1.00%)")
    assert line.row.note_role == "gain"


def test_only_its_own_instrument_is_read_again(panel: DetailsPanel, market: Market) -> None:
    market.asked = 0
    other = market.rig.hub.track(OTHER, market.rig.facts.id, "INFY")
    panel.apply([other])
    assert market.asked == 0
    panel.apply([market.trade("09:59", 283.0)])
    assert market.asked == 1
    assert panel.head.view is not None
    assert panel.head.view.price == "283.00"


def test_unchanged_lines_are_not_painted(panel: DetailsPanel, market: Market, qtbot: QtBot) -> None:
    qtbot.waitExposed(panel)
    opened = panel.line("day_open")
    assert opened is not None
    before = opened.row
    panel.apply([market.trade("09:59", 283.0)])
    assert opened.row is before


@pytest.mark.parametrize("width", [280, 340, 520])
def test_no_number_is_cut(panel: DetailsPanel, width: int) -> None:
    panel.resize(width, 700)
    panel.grab()
    for line in panel.lines():
        row = line.row
        assert row is not None
        assert line.shown[0] == row.value, row.key
        assert line.shown[1] in (row.note, CUT), row.key


def test_what_does_not_fit_becomes_dots_and_stays_in_the_tooltip(panel: DetailsPanel, market: Market) -> None:
    panel.apply([market.trade("09:59", 1_234_567_890_123.25)])
    panel.resize(280, 700)
    panel.grab()
    assert panel.head.shown[1] == CUT
    assert "1,234,567,890,123.25" in panel.head.accessibleName()


def test_empty_panel_says_the_next_step(theme: Theme, icons: IconSet, market: Market, qtbot: QtBot) -> None:
    panel = DetailsPanel(theme, icons, market)
    qtbot.addWidget(panel)
    panel.show()
    assert not panel.is_live()
    assert panel.accessibleName() == "Details"
    panel.show_instrument(LISTED)
    assert panel.is_live()
    panel.show_instrument(None)
    assert not panel.is_live()


def test_hidden_panel_is_not_live_and_reads_again_when_shown(panel: DetailsPanel, market: Market) -> None:
    panel.hide()
    assert not panel.is_live()
    market.trade("09:59", 283.5)
    panel.show()
    assert panel.is_live()
    assert panel.head.view is not None
    assert panel.head.view.price == "283.50"


def test_speaks(panel: DetailsPanel) -> None:
    assert panel.accessibleName() == "Details of IBM"
    line = panel.line("bid")
    assert line is not None
    assert line.accessibleName() == "Bid 282.75, × 300"
    assert "International Business Machines, last 282.80" in panel.head.accessibleName()


@pytest.mark.parametrize("name", ["light", "highContrast"])
def test_follows_the_theme(panel: DetailsPanel, theme: Theme, name: str) -> None:
    before = panel.grab().toImage()
    theme.switch(name)  # type: ignore[arg-type]
    after = panel.grab().toImage()
    assert after.pixelColor(3, 300) == theme.colour("panel")
    assert after != before


def test_direction_has_a_second_cue_in_monochrome(panel: DetailsPanel, theme: Theme) -> None:
    theme.switch(preset="mono")
    panel.grab()
    assert panel.head.shown[1] == "▲ +2.80 (+1.00%)"


NIFTY_FUTURE = Instrument(
    id=InstrumentId(Venue("NFO"), FUTURES, "NIFTY25SEPFUT"), currency="INR", tick_size=Decimal("0.05")
)


def follow(panel: DetailsPanel, market: Market, instrument: Instrument, **figures: float) -> None:
    """Show an instrument of which a vendor has stated some figures."""
    market.rig.hub.track(instrument, market.rig.facts.id, "X")
    market.rig.publish(MarketStatistics(key="X", stamp=new_york("09:58") // 1_000_000, **figures))
    panel.show_instrument(instrument)


def test_sums_of_the_book_are_written_short_by_currency(panel: DetailsPanel, market: Market) -> None:
    follow(panel, market, OTHER, total_bid_size=1_234_567.0, total_ask_size=411_522.0)
    assert value(panel, "total_bid_size") == ("12.35\u202fL", "75% of both")
    assert value(panel, "total_ask_size") == ("4.12\u202fL", "25% of both")
    line = panel.line("total_bid_size")
    assert line is not None
    assert "12,34,567" in line.toolTip()


def test_sums_that_are_not_stated_say_so_where_there_could_be_some(panel: DetailsPanel, market: Market) -> None:
    follow(panel, market, OTHER)
    line = panel.line("total_ask_size")
    assert line is not None
    assert value(panel, "total_ask_size") == (MISSING, "")
    assert line.toolTip() == "Not stated by this feed so far"


def test_sums_are_no_line_where_there_can_be_none(panel: DetailsPanel, market: Market) -> None:
    assert panel.line("total_bid_size") is None  # the tape of the United States has none
    follow(panel, market, Instrument(id=InstrumentId(Venue("NSE"), INDEX, "NIFTY 50"), currency="INR"))
    assert panel.line("total_bid_size") is None


def test_open_interest_is_of_derivatives(panel: DetailsPanel, market: Market) -> None:
    assert panel.line("open_interest") is None
    follow(panel, market, NIFTY_FUTURE)
    line = panel.line("open_interest")
    assert line is not None
    assert value(panel, "open_interest") == (MISSING, "")
    assert line.toolTip() == "Not stated by this feed so far"
    figures = {"open_interest": 12_345_678.0, "open_interest_high": 13_000_000.0, "open_interest_low": 9_000_000.0}
    market.rig.publish(MarketStatistics(key="X", stamp=new_york("09:59") // 1_000_000, **figures))
    panel.refresh()
    assert value(panel, "open_interest") == ("1.23\u202fCr", "90.00\u202fL to 1.30\u202fCr")
    assert "1,23,45,678" in line.toolTip()
    assert "today 90,00,000 to 1,30,00,000" in line.toolTip()


@pytest.mark.parametrize(
    ("last", "place"),
    [(282.8, "46% of range"), (320.0, "above the stated high"), (240.0, "below the stated low")],
)
def test_the_year_has_a_range_of_its_own_once_it_is_known(
    panel: DetailsPanel, market: Market, last: float, place: str
) -> None:
    assert panel.year_line.isHidden()
    market.trade("09:59", last)
    market.rig.publish(YearStatistics(key="IBM", high_52w=320.0 - 0.5, low_52w=251.5))
    panel.refresh()
    assert panel.year_line.isVisible()
    view = panel.year_line.view
    assert (view.name, view.low_text, view.high_text, view.place) == ("52 weeks", "251.50", "319.50", place)
    assert panel.year_line.accessibleName() == f"52 weeks 251.50 to 319.50, {place}"
    market.rig.hub.reset(market.rig.facts.id)
    panel.refresh()
    assert panel.year_line.isHidden()


def test_a_close_that_is_not_the_previous_one_has_a_line(panel: DetailsPanel, market: Market) -> None:
    market.rig.publish(YearStatistics(key="IBM", last_close=280.0))
    panel.refresh()
    assert panel.line("last_close") is None  # it is the previous close
    market.rig.publish(YearStatistics(key="IBM", last_close=282.8))
    panel.refresh()
    assert value(panel, "last_close") == ("282.80", "")


def feed_side(label: str, price: float | None, *, age_s: float = 3.0, delay_s: float = 0.0) -> FeedSide:
    return FeedSide(feed_id=FeedId(label), label=label, delay_s=delay_s, price=price, age_s=age_s)


def test_two_feeds_are_compared_while_there_are_two(panel: DetailsPanel, market: Market) -> None:
    assert panel.line("pair_difference") is None
    meter = DelayMeter()
    for number in range(9):
        stamp_ns = 1_750_000_000_000_000_000 + number * 370_000_000 + 1_000_000
        meter.take(0, stamp_ns, 282.0, stamp_ns)
        meter.take(1, stamp_ns, 282.0, stamp_ns + 420_000_000)
    market.pair = difference_of(feed_side("Feed", 282.80), feed_side("Local Polygon server", 282.85, age_s=75.0), meter)
    panel.refresh()
    rows = [(line.row.name, line.row.value, line.row.note) for line in panel.lines()[:4] if line.row is not None]
    assert rows == [
        ("Feed", "282.80", "0:03 old"),
        ("Local Polygon…", "282.85", "1:15 old"),
        ("Difference", "+0.05", "+0.02%, 5 ticks"),
        ("Delay between", "420 ms", "Local Polygon… later"),
    ]
    old = panel.line("second_feed")
    assert old is not None
    assert old.row is not None
    assert old.row.value_role == "stale"
    delay = panel.line("pair_delay")
    assert delay is not None
    assert delay.row is not None
    assert "the median of 8 trades" in delay.row.tip
    market.pair = None
    panel.refresh()
    assert panel.line("pair_difference") is None


def test_what_cannot_be_compared_says_why(panel: DetailsPanel, market: Market) -> None:
    market.pair = difference_of(feed_side("Feed", 282.80), feed_side("Late", None, delay_s=900.0), DelayMeter())
    panel.refresh()
    lines = {line.row.key: line.row for line in panel.lines() if line.row is not None}
    tips = {key: lines[key].tip for key in ("pair_difference", "pair_delay", "second_feed")}
    assert tips == {
        "pair_difference": "No price came from Late yet",
        "pair_delay": "Not measurable: no trade came from Feed yet",
        "second_feed": "Late, followed beside it, 15 min behind the market; no price yet",
    }
