from __future__ import annotations

import random

import pytest
from hub_rig import FEED, IBM, INFY, HubRig, new_york, trade

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries, BarSource
from marketwatch.domain.events import VendorBar
from marketwatch.services.charts import ChartService


def columns(series: BarSeries) -> list[str]:
    names = ("opens_ns", "open", "high", "low", "close", "volume", "count")
    return [repr(getattr(series, name)) for name in names]


def test_a_chart_opened_late_has_its_history(rig: HubRig) -> None:
    rig.publish(*(trade(f"09:{30 + minute}", 100.0 + minute) for minute in range(10)))
    series = ChartService(rig.hub).open(IBM.id, BarInterval.M5)
    assert list(series.columns.open) == [100.0, 105.0]
    assert list(series.columns.close) == [104.0, 109.0]
    assert series.take_change() == 0
    assert series.take_change() is None


def test_the_forming_bar_follows_every_trade(rig: HubRig) -> None:
    series = ChartService(rig.hub).open(IBM.id, BarInterval.S5)
    rig.publish(trade("09:30", 100.0))
    assert series.take_change() == 0
    rig.publish(trade("09:30:01", 101.0), trade("09:30:02", 99.0))
    assert series.take_change() == 0
    assert (series.columns.high[-1], series.columns.low[-1], series.columns.close[-1]) == (101.0, 99.0, 99.0)
    rig.publish(trade("09:30:05", 102.0))
    version = series.version
    assert series.take_change() == 1
    assert (len(series.columns), series.version) == (2, version + 1)


def test_a_late_trade_changes_an_earlier_bar(rig: HubRig) -> None:
    series = ChartService(rig.hub).open(IBM.id, BarInterval.M1)
    rig.publish(*(trade(f"09:{30 + minute}", 100.0) for minute in range(5)))
    series.take_change()
    rig.publish(trade("09:31:30", 120.0))
    assert series.take_change() == 1
    assert list(series.columns.high) == [100.0, 120.0, 100.0, 100.0, 100.0]


@pytest.mark.parametrize("interval", list(BarInterval))
def test_every_interval_equals_bars_built_from_the_trades(rig: HubRig, interval: BarInterval) -> None:
    rng = random.Random(3)
    series = ChartService(rig.hub).open(IBM.id, interval)
    expected = BarSeries(interval, 100_000)
    for _ in range(400):
        for _ in range(rng.randint(1, 5)):
            when = new_york("10:00") + rng.randint(0, 3_600_000) * 10**6
            price, size = round(rng.uniform(90, 110), 2), rng.randint(1, 300)
            rig.publish(trade(when, price, size))
            expected.add_trade(price, size, when)
        if rng.random() < 0.3:
            series.take_change()
    series.refresh()
    assert columns(series.columns) == columns(expected)


def test_a_seek_empties_the_chart(rig: HubRig) -> None:
    series = ChartService(rig.hub).open(IBM.id, BarInterval.M1)
    rig.publish(*(trade(f"09:{30 + minute}", 100.0) for minute in range(5)))
    series.take_change()
    rig.hub.reset(FEED)
    assert series.take_change() == 0
    assert len(series.columns) == 0
    rig.publish(trade("09:30", 50.0))
    assert series.take_change() == 0
    assert list(series.columns.close) == [50.0]


def test_an_instrument_that_is_tracked_later_or_anew_is_followed(rig: HubRig) -> None:
    series = ChartService(rig.hub).open(INFY.id, BarInterval.M1)
    assert (series.take_change(), len(series.columns)) == (None, 0)
    rig.hub.track(INFY, FEED, "INFY")
    rig.publish(trade("09:30", 10.0, key="INFY"))
    assert series.take_change() == 0
    rig.hub.untrack(INFY.id)
    rig.hub.track(INFY, FEED, "INFY.NS")
    rig.publish(trade("09:31", 11.0, key="INFY.NS"))
    assert series.take_change() == 0
    assert list(series.columns.close) == [11.0]


def test_hourly_bars_begin_with_the_session_in_india(rig: HubRig) -> None:
    rig.hub.track(INFY, FEED, "INFY")
    series = ChartService(rig.hub).open(INFY.id, BarInterval.H1)
    opening = new_york("2025-06-26T23:45")  # 09:15 in India on the 27th
    rig.publish(trade(opening, 10.0, key="INFY"), trade(opening + 3_599 * 10**9, 11.0, key="INFY"))
    series.refresh()
    assert list(series.columns.opens_ns) == [opening]


def test_a_closed_series_follows_no_longer(rig: HubRig) -> None:
    service = ChartService(rig.hub)
    one, other = service.open(IBM.id, BarInterval.M1), service.open(IBM.id, BarInterval.M1)
    rig.publish(trade("09:30", 100.0))
    assert (one.take_change(), other.take_change()) == (0, 0)
    service.close(one)
    rig.publish(trade("09:31", 100.0))
    assert other.take_change() == 1
    assert len(one.columns) == 1


def test_gaps_are_those_inside_trading_hours(rig: HubRig) -> None:
    series = ChartService(rig.hub).open(IBM.id, BarInterval.M1)
    rig.hub.mark_gap(FEED, new_york("10:00"), new_york("10:02"))
    rig.hub.mark_gap(FEED, new_york("19:00"), new_york("2025-06-30T05:00"))
    assert series.gaps() == [
        (new_york("10:00"), new_york("10:02")),
        (new_york("19:00"), new_york("20:00")),
        (new_york("2025-06-30T04:00"), new_york("2025-06-30T05:00")),
    ]


def test_vendor_bars_fill_a_gap_and_are_marked(rig: HubRig) -> None:
    series = ChartService(rig.hub).open(IBM.id, BarInterval.M5)
    rig.publish(trade("09:30", 100.0), trade("09:33", 103.0))
    rig.hub.mark_gap(FEED, new_york("09:30:30"), new_york("09:32:30"))
    start = new_york("09:31")
    rig.publish(VendorBar(key="IBM", stamp=start // 10**6, open=101.0, high=150.0, low=101.0, close=102.0, volume=70.0))
    assert series.take_change() == 0
    assert (series.columns.high[0], series.columns.volume[0]) == (150.0, 270.0)
    assert series.columns.source[0] == BarSource.VENDOR_PARTS
