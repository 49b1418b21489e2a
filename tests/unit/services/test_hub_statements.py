"""Quotes, and what a vendor states of the day: bars, figures, limits, levels of an index."""

from __future__ import annotations

import pytest
from hub_rig import FEED, IBM, HubRig, new_york, quote, trade

from marketwatch.domain.events import (
    DayStatistics,
    FairValue,
    PriceLimits,
    PriceValue,
    SecondBar,
    VendorBar,
)


def test_newest_quote_wins_and_an_older_one_is_dropped(rig: HubRig) -> None:
    s = rig.publish(quote("09:30:02", 99.0, 101.0), quote("09:30:01", 90.0, 110.0))
    assert (s.bid, s.ask, s.bid_size, s.ask_size, s.quote_ns) == (99.0, 101.0, 1, 2, new_york("09:30:02"))
    assert rig.hub.counts(FEED).late == 1
    rig.publish(quote("09:30:03", None, 101.5))
    assert (s.bid, s.ask) == (None, 101.5)
    assert s.withheld("bid") == "nothing offered on this side"


def test_quote_clock_that_went_back_is_followed(rig: HubRig) -> None:
    s = rig.publish(quote("12:00", 99.0, 101.0), quote("09:30", 90.0, 91.0))
    assert s.bid == 90.0


def bar(start: str, **figures: float) -> VendorBar:
    known = {"open": 100.0, "high": 101.0, "low": 99.0, "close": 100.5, "volume": 500.0, **figures}
    return VendorBar(key="IBM", stamp=new_york(start) // 10**6, ends_stamp=new_york(start) // 10**6 + 60_000, **known)


def test_vendor_bars_give_price_volume_and_open_where_no_trades_come(rig: HubRig) -> None:
    s = rig.publish(bar("09:30", day_volume=9_000, day_open=100.25, day_vwap=100.1))
    assert (s.last_price, s.volume, s.day_open, s.vwap, s.day_high) == (100.5, 9_000, 100.25, 100.1, 101.0)
    rig.publish(bar("09:31", close=102.0, high=102.0, day_volume=9_600))
    assert (s.last_price, s.volume, s.day_high, s.tick_direction) == (102.0, 9_600, 102.0, 1)


def test_cumulative_volume_makes_up_for_missed_trades_only(rig: HubRig) -> None:
    rig.publish(trade("09:30:10", 100.0, 400), trade("09:31:02", 100.0, 50))
    s = rig.publish(bar("09:30", day_volume=1_000))
    assert s.volume == 1_050
    rig.publish(trade("09:31:30", 100.0, 10), bar("09:31", day_volume=1_060))
    assert s.volume == 1_060


def test_vendor_bar_of_a_past_date_is_late(rig: HubRig) -> None:
    rig.publish(trade("09:30", 100.0), bar("2025-06-26T15:59"))
    assert rig.hub.counts(FEED).late == 1


def test_second_bars_fill_second_bars(rig: HubRig) -> None:
    stamp = new_york("09:30:05") // 10**6
    rig.publish(SecondBar(key="IBM", stamp=stamp, open=1.0, high=2.0, low=1.0, close=2.0, volume=5.0))
    bars = rig.hub.bars(IBM.id)
    assert bars is not None
    assert (list(bars[0].close), len(bars[1])) == ([2.0], 0)


def test_statistics_fill_what_is_unknown(rig: HubRig) -> None:
    s = rig.publish(
        DayStatistics(
            key="IBM",
            stamp=new_york("09:40") // 10**6,
            **{"prev_close": 98.0, "day_open": 99.0, "day_high": 110.0, "day_low": 90.0, "day_volume": 5_000.0},
            **{"last_price": 99.5, "last_size": 3.0, "last_trade_stamp": new_york("09:39") // 10**6},
        )
    )
    assert (s.last_price, s.day_open, s.day_high, s.day_low, s.volume) == (99.5, 99.0, 110.0, 90.0, 5_000)
    assert s.day_change_pct == pytest.approx(150 / 98)
    rig.publish(trade("09:41", 101.0, 10))
    assert (s.last_price, s.day_high, s.volume) == (101.0, 110.0, 5_010)


def test_statistics_of_a_past_date_change_nothing(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0), DayStatistics(key="IBM", stamp=new_york("2025-06-25T15:00"), prev_close=1.0))
    assert s.prev_close is None


def test_limits_and_halts(rig: HubRig) -> None:
    s = rig.publish(PriceLimits(key="IBM", stamp=new_york("09:31"), upper_limit=110.0, lower_limit=90.0))
    assert (s.upper_limit, s.lower_limit, s.halted) == (110.0, 90.0, None)
    rig.publish(PriceLimits(key="IBM", stamp=new_york("09:32"), halted=True))
    assert (s.upper_limit, s.halted, s.halted_ns) == (110.0, True, new_york("09:32"))
    rig.publish(PriceLimits(key="IBM", stamp=new_york("09:40"), halted=False))
    assert (s.halted, s.halted_ns) == (False, None)


def test_index_levels_move_the_price_without_volume(rig: HubRig) -> None:
    s = rig.publish(
        PriceValue(key="IBM", stamp=new_york("09:30"), value=5_000.0),
        PriceValue(key="IBM", stamp=new_york("09:30:01"), value=5_010.0),
    )
    assert (s.last_price, s.last_size, s.volume, s.trade_count, s.day_high) == (5_010.0, None, None, 0, 5_010.0)
    bars = rig.hub.bars(IBM.id)
    assert bars is not None
    assert list(bars[0].close) == [5_000.0, 5_010.0]
    rig.publish(FairValue(key="IBM", stamp=new_york("09:31"), value=1.0))
    assert s.last_price == 5_010.0
