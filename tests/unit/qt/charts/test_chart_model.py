from __future__ import annotations

import math

import numpy as np
from chart_fakes import IBM, MINUTE_NS, OPEN_NS, FakeFeed, calendar_of, series_of, zigzag

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.qt.charts.model import WIDEST_HOLE_ROWS, Change, ChartModel, find_holes


def _model(feed: FakeFeed) -> ChartModel:
    return ChartModel(feed, BarInterval.M1, calendar_of(IBM))


def test_rows_are_the_bars() -> None:
    series = series_of(zigzag(50))
    model = _model(FakeFeed(series))
    assert model.columns.count == 50
    assert model.columns.close[:50].tolist() == list(series.close)
    assert model.update() is Change.NOTHING


def test_a_tick_of_the_last_bar_changes_the_last_bar_only() -> None:
    series = series_of(zigzag(50))
    model = _model(FakeFeed(series))
    series.add_trade(200.0, 7, series.opens_ns[-1] + 5)
    assert model.update() is Change.LAST_BAR
    assert model.columns.high[49] == 200.0
    assert model.pyramid.price_range(0, 50) == (100.0, 200.0)


def test_a_new_bar_and_a_late_trade_are_more() -> None:
    series = series_of(zigzag(50))
    model = _model(FakeFeed(series))
    series.add_trade(101.0, 7, series.opens_ns[-1] + MINUTE_NS)
    assert model.update() is Change.MORE
    assert model.columns.count == 51
    series.add_trade(300.0, 7, series.opens_ns[10] + 5)
    assert model.update() is Change.MORE
    assert model.columns.high[10] == 300.0
    assert model.columns.volume_sum[51] == sum(series.volume)


def test_bars_dropped_at_the_old_end_are_counted() -> None:
    series = series_of(zigzag(80), limit=80)
    model = _model(FakeFeed(series))
    for index in range(1, 13):
        series.add_trade(101.0, 7, OPEN_NS + (79 + index) * MINUTE_NS)
    assert series.opens_ns[0] > OPEN_NS
    assert model.update() is Change.MORE
    assert model.trimmed == (series.opens_ns[0] - OPEN_NS) // MINUTE_NS
    assert model.columns.opens_ns[: model.columns.count].tolist() == list(series.opens_ns)


def test_clearing_the_feed_empties_the_chart() -> None:
    series = series_of(zigzag(20))
    model = _model(FakeFeed(series))
    series.clear()
    assert model.update() is Change.MORE
    assert model.columns.count == 0
    assert model.pyramid.price_range(0, 20) is None


def test_a_hole_takes_rows_without_bars() -> None:
    opens = [OPEN_NS + index * MINUTE_NS for index in (0, 1, 2, 6, 7)]
    feed = FakeFeed(series_of(zigzag(5), opens_ns=opens), [(OPEN_NS + 3 * MINUTE_NS, OPEN_NS + 6 * MINUTE_NS)])
    model = _model(feed)
    assert model.columns.count == 8
    assert model.hole_rows == [(3, 6)]
    assert np.isnan(model.columns.close[3:6]).all()
    assert model.columns.opens_ns[:8].tolist() == [OPEN_NS + index * MINUTE_NS for index in range(8)]
    assert model.previous_close(6) == model.columns.close[2]


def test_the_last_bar_behind_a_hole_is_updated_in_place() -> None:
    opens = [OPEN_NS + index * MINUTE_NS for index in (0, 1, 6)]
    series = series_of(zigzag(3), opens_ns=opens)
    model = _model(FakeFeed(series, [(OPEN_NS + 2 * MINUTE_NS, OPEN_NS + 6 * MINUTE_NS)]))
    series.add_trade(150.0, 1, opens[-1] + 9)
    assert model.update() is Change.LAST_BAR
    assert model.columns.count == 7
    assert model.columns.high[6] == 150.0


def test_a_hole_shows_when_the_first_bar_after_it_comes_and_goes_when_it_is_filled() -> None:
    series = series_of(zigzag(3))
    feed = FakeFeed(series)
    model = _model(feed)
    feed.known_gaps = [(OPEN_NS + 3 * MINUTE_NS, OPEN_NS + 9 * MINUTE_NS)]
    assert model.update() is Change.NOTHING
    series.add_trade(100.0, 1, OPEN_NS + 9 * MINUTE_NS)
    assert model.update() is Change.MORE
    assert model.hole_rows == [(3, 9)]
    for minute in range(3, 9):
        series.put_vendor_bar(OPEN_NS + minute * MINUTE_NS, (1.0, 1.0, 1.0, 1.0), 5.0)
    assert model.update() is Change.MORE
    assert model.hole_rows == []
    assert model.columns.count == 10


def test_a_minute_without_trades_is_no_hole_and_a_night_long_gap_is_shortened() -> None:
    opens = [OPEN_NS, OPEN_NS + 5 * MINUTE_NS, OPEN_NS + 5000 * MINUTE_NS]
    series = series_of(zigzag(3), opens_ns=opens)
    assert find_holes(series, []) == []
    assert find_holes(series, [(OPEN_NS + 6 * MINUTE_NS, OPEN_NS + 5000 * MINUTE_NS)]) == [(2, WIDEST_HOLE_ROWS)]


def test_the_last_bar_forms_until_market_time_leaves_it() -> None:
    model = _model(FakeFeed(series_of(zigzag(3))))
    opens = OPEN_NS + 2 * MINUTE_NS
    assert model.forming_left_ns(opens + 20 * 10**9) == 40 * 10**9
    assert model.forming_left_ns(opens + MINUTE_NS) is None
    assert model.forming_left_ns(opens - MINUTE_NS) is None
    assert model.forming_left_ns(None) is None


def test_a_bar_without_an_eligible_trade_keeps_its_volume() -> None:
    bars = zigzag(4)
    bars[2] = (math.nan, math.nan, math.nan, math.nan, 40.0)
    model = _model(FakeFeed(series_of(bars)))
    assert model.columns.is_hole(2)
    assert model.columns.volume[2] == 40.0
    assert model.previous_close(3) == bars[1][3]
