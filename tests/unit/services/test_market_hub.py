from __future__ import annotations

import gc
import logging
import sys

import msgspec
import pytest
from hub_rig import FEED, IBM, INFY, HubRig, new_york, quote, trade
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.events import (
    AnalysisReport,
    DayStatistics,
    FairValue,
    MarketEvent,
    PriceLimits,
    PriceValue,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.errors import DuplicateInstrument

ODD_LOT = (37,)
FORM_T = (12,)
SWEEP = (14, 41)


@pytest.fixture
def rig() -> HubRig:
    return HubRig()


# Trades


def test_trades_move_the_figures_of_the_day(rig: HubRig) -> None:
    s = rig.publish(
        trade("09:30", 100.0, 10), trade("09:30:01", 103.0, 20), trade("09:30:01.5", 99.0, 5), trade("09:31", 101.0, 5)
    )
    assert (s.last_price, s.last_size, s.last_trade_ns) == (101.0, 5, new_york("09:31"))
    assert (s.day_open, s.day_high, s.day_low) == (100.0, 103.0, 99.0)
    assert (s.volume, s.trade_count) == (40, 4)
    assert s.vwap == pytest.approx((1000 + 2060 + 495 + 505) / 40)
    assert s.updated_ns == new_york("09:31")


def test_first_trade_is_both_high_and_low(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0))
    assert (s.day_high, s.day_low) == (100.0, 100.0)


def test_tick_direction_keeps_the_last_change(rig: HubRig) -> None:
    directions = []
    for second, price in enumerate((10.0, 10.0, 11.0, 11.0, 10.5)):
        rig.publish(trade(f"09:30:{second:02d}", price))
        directions.append(rig.ibm.tick_direction)
    assert directions == [0, 0, 1, 1, -1]


def test_conditions_decide_what_a_trade_moves(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0, 100, conditions=SWEEP), trade("09:30:01", 120.0, 7, conditions=ODD_LOT))
    assert (s.last_price, s.day_high, s.volume) == (100.0, 100.0, 107)
    rig.publish(trade("09:30:02", 105.0, 1, conditions=(10,)))  # derivatively priced: high and low, not last
    assert (s.last_price, s.day_high) == (100.0, 105.0)
    rig.publish(trade("09:30:03", 90.0, 50, conditions=(15,)))  # official close: counts nowhere
    assert (s.last_price, s.day_low, s.volume) == (100.0, 100.0, 108)
    assert (rig.hub.traded(FEED)["IBM"].excluded_trades, rig.hub.traded(FEED)["IBM"].excluded_volume) == (1, 50)


def test_late_trade_counts_but_does_not_move_the_last_price(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0), trade("09:31", 101.0), trade("09:30:30", 95.0, 50))
    assert (s.last_price, s.day_low, s.volume, s.tick_direction) == (101.0, 95.0, 250, 1)
    assert rig.hub.counts(FEED).late == 1
    bars = rig.hub.bars(IBM.id)
    assert bars is not None
    assert (list(bars[1].low), list(bars[1].close)) == ([95.0, 101.0], [95.0, 101.0])


def test_late_trade_older_than_the_first_becomes_the_open(rig: HubRig) -> None:
    s = rig.publish(trade("09:30:10", 100.0), trade("09:31", 101.0), trade("09:30:01", 98.0))
    assert s.day_open == 98.0


def test_late_trade_moves_last_when_only_an_odd_lot_was_newer(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0), trade("09:30:05", 99.0, conditions=ODD_LOT), trade("09:30:04", 102.0))
    assert s.last_price == 102.0


@pytest.mark.parametrize("numbered", [True, False])
def test_same_trade_twice_counts_once(rig: HubRig, numbered: bool) -> None:
    same = {"sequence": 7} if numbered else {"trade_id": "a", "exchange": 4}
    first, second = trade("09:30", 100.0, **same), trade("09:30", 100.0, **same)
    s = rig.publish(first, second)
    assert s.volume == 100
    assert rig.hub.counts(FEED).duplicates == 1


def test_equal_trades_without_identity_all_count(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0), trade("09:30", 100.0), trade("09:30", 100.0))
    assert s.volume == 300


def test_trades_sent_again_after_newer_ones_count_once(rig: HubRig) -> None:
    tape = [trade(f"09:30:{second:02d}", 100.0 + second, sequence=second + 1) for second in range(5)]
    rig.publish(*tape)
    s = rig.publish(*tape)
    assert (s.volume, s.last_price) == (500, 104.0)
    assert rig.hub.counts(FEED).duplicates == 5


def test_late_trade_with_a_lower_number_that_was_never_seen_counts(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0, sequence=10), trade("09:31", 101.0, sequence=12))
    rig.publish(trade("09:30:30", 99.0, sequence=11))
    assert (s.volume, s.day_low) == (300, 99.0)


def test_units_of_time_may_be_mixed(rig: HubRig) -> None:
    seconds = new_york("09:30:02") // 10**9
    s = rig.publish(
        trade("09:30", 100.0),
        TradeTick(key="IBM", stamp=new_york("09:30:01"), price=101.0, size=1),
        TradeTick(key="IBM", stamp=seconds, price=102.0, size=1),
        TradeTick(key="IBM", stamp=new_york("09:30:02.5") // 1_000, price=103.0, size=1),
    )
    assert (s.last_price, s.volume, s.last_trade_ns) == (103.0, 103, new_york("09:30:02.5"))
    assert rig.hub.counts(FEED).late == 0


def test_trade_without_a_time_gets_the_markets(rig: HubRig) -> None:
    rig.market.ns = new_york("10:00")
    s = rig.publish(TradeTick(key="IBM", price=100.0, size=1))
    assert (s.last_price, s.last_trade_ns) == (100.0, new_york("10:00"))
    assert rig.hub.counts(FEED).untimed == 1


def test_a_date_far_in_the_future_does_not_freeze_the_row(rig: HubRig) -> None:
    rig.publish(trade("09:30", 100.0), trade("2031-01-02T10:00", 1.0))
    for second in range(20):
        rig.publish(trade(f"09:31:{second:02d}", 101.0 + second))
    s = rig.publish(trade("09:32", 130.0))
    assert (s.last_price, s.updated_ns) == (130.0, new_york("09:32"))


# Sessions


def test_extended_figures_are_kept_apart(rig: HubRig) -> None:
    s = rig.publish(
        DayStatistics(key="IBM", stamp=new_york("09:10") // 10**6, prev_close=100.0),
        trade("09:20", 101.0, 10, conditions=FORM_T),
    )
    assert s.is_extended
    assert (s.last_price, s.ext_last, s.volume, s.day_high) == (None, 101.0, 10, None)
    assert s.ext_change == pytest.approx(1.0)
    assert s.withheld("last_price") is not None
    assert (s.shown_price, s.shown_change) == (101.0, pytest.approx(1.0))
    rig.publish(trade("09:30", 102.0))
    assert (s.shown_price, s.shown_change_pct) == (102.0, pytest.approx(2.0))
    assert (s.last_price, s.ext_last, s.day_open, s.volume) == (102.0, 101.0, 102.0, 110)
    rig.publish(trade("15:59", 105.0), trade("16:05", 104.0, conditions=FORM_T))
    assert (s.last_price, s.ext_last, s.day_high, s.tick_direction) == (105.0, 104.0, 105.0, 1)
    assert s.ext_change_pct == pytest.approx(-100 / 105)
    assert s.day_change == pytest.approx(5.0)


def test_closing_prints_after_the_bell_belong_to_the_regular_session(rig: HubRig) -> None:
    s = rig.publish(trade("15:59", 105.0), trade("16:00:03", 106.0, 5_000, conditions=(8, 41)))
    assert (s.last_price, s.day_high, s.ext_last, s.volume) == (106.0, 106.0, None, 5_100)


def test_a_new_date_starts_new_figures_and_keeps_the_close() -> None:
    rig = HubRig()
    s = rig.publish(trade("09:30", 100.0), trade("15:59", 105.0))
    rig.publish(trade("2025-06-30T08:00", 106.0, 10, conditions=FORM_T))
    assert (s.last_price, s.ext_last, s.volume) == (105.0, 106.0, 10)
    assert s.ext_change == pytest.approx(1.0)
    rig.publish(trade("2025-06-30T09:30", 107.0, 1))
    assert (s.day_open, s.day_high, s.day_low, s.prev_close, s.volume) == (107.0, 107.0, 107.0, 105.0, 11)
    assert s.day_change == pytest.approx(2.0)
    assert "last trade" in (s.caveat("prev_close") or "")


def test_a_skipped_session_leaves_the_previous_close_unknown(rig: HubRig) -> None:
    s = rig.publish(trade("09:30", 100.0), trade("2025-07-02T09:30", 107.0))
    assert s.prev_close is None
    assert s.withheld("day_change") == "previous close not given by this feed"


def test_joining_late_withholds_the_open_and_warns_about_the_range() -> None:
    rig = HubRig()
    rig.market.ns = new_york("11:00")
    s = rig.hub.track(Instrument(id=InstrumentId(Venue("XNYS"), CASH, "GE")), FEED, "GE")
    rig.publish(trade("11:00:01", 50.0, key="GE"))
    assert s.day_open is None
    assert s.withheld("day_open") == "the open was not seen and is not given by this feed"
    assert s.caveat("day_high") is not None
    assert s.caveat("volume") is not None


def test_a_prelude_from_the_open_counts_as_having_seen_it() -> None:
    rig = HubRig()
    rig.hub.untrack(IBM.id)
    rig.market.ns = new_york("11:00")
    s = rig.hub.track(IBM, FEED, "IBM")
    rig.publish(trade("09:30", 50.0), trade("10:59", 51.0))
    assert (s.day_open, s.caveat("day_high")) == (50.0, None)


def test_an_open_missed_in_a_gap_is_not_claimed(rig: HubRig) -> None:
    s = rig.publish(trade("09:20", 50.0, conditions=FORM_T))
    rig.hub.mark_gap(FEED, new_york("09:25"), new_york("09:45"))
    rig.publish(trade("09:46", 51.0))
    assert s.day_open is None


# Quotes


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


# Statements


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


# Routing, sinks, draining


def test_events_of_nobody_are_counted(rig: HubRig) -> None:
    rig.publish(trade("09:30", 1.0, key="X"), quote("09:30", 1.0, 2.0, key="X"), trade("09:30", 100.0))
    counts = rig.hub.counts(FEED)
    assert (counts.events, counts.trades, counts.quotes, counts.unrouted) == (3, 2, 1, 2)


def test_one_key_cannot_mean_two_instruments(rig: HubRig) -> None:
    with pytest.raises(DuplicateInstrument):
        rig.hub.track(INFY, FEED, "IBM")
    assert rig.hub.track(IBM, FEED, "IBM") is rig.ibm


def test_untracked_instrument_is_neither_drained_nor_written(rig: HubRig) -> None:
    rig.publish(trade("09:30", 100.0))
    rig.hub.untrack(IBM.id)
    assert rig.hub.drain() == []
    rig.publish(trade("09:31", 101.0))
    assert rig.ibm.last_price == 100.0
    assert rig.hub.snapshot(IBM.id) is None


def test_drain_hands_each_changed_snapshot_out_once(rig: HubRig) -> None:
    calls = []
    rig.hub.on_dirty = lambda: calls.append(1)
    rig.publish(trade("09:30", 100.0), quote("09:30", 1.0, 2.0), trade("09:31", 101.0))
    assert calls == [1]
    assert rig.hub.drain() == [rig.ibm]
    assert (rig.ibm.version, rig.hub.drain()) == (1, [])
    rig.publish(quote("09:31", 1.0, 2.0))
    assert (calls, rig.hub.drain(), rig.ibm.version) == ([1, 1], [rig.ibm], 2)


def test_received_time_is_that_of_the_oldest_change_not_yet_shown(rig: HubRig) -> None:
    first = rig.time.monotonic_ns()
    rig.publish(trade("09:30", 100.0))
    rig.time._monotonic_ns += 5_000
    rig.publish(trade("09:31", 100.0))
    assert rig.ibm.received_ns == first
    rig.hub.drain()
    rig.publish(trade("09:32", 100.0))
    assert rig.ibm.received_ns == first + 5_000


def test_exact_sinks_see_every_accepted_event_in_order(rig: HubRig) -> None:
    seen: list[tuple[float | None, MarketEvent]] = []
    only_trades: list[MarketEvent] = []
    rig.hub.add_sink(IBM.id, lambda s, event: seen.append((s.last_price, event)))
    sink = lambda _s, event: only_trades.append(event)  # noqa: E731
    rig.hub.add_sink(IBM.id, sink, quotes=False)
    events = [trade("09:30", 1.0, sequence=1), quote("09:30", 1.0, 2.0), trade("09:30", 2.0, sequence=2)]
    rig.publish(*events, msgspec.structs.replace(events[2]))
    rig.publish(trade("09:29:59", 3.0))
    assert [event for _, event in seen][:3] == events
    assert [price for price, _ in seen] == [1.0, 1.0, 2.0, 2.0]
    assert [event for event in only_trades if isinstance(event, Quote)] == []
    rig.hub.remove_sink(IBM.id, sink)
    rig.publish(trade("09:31", 3.0))
    assert len(only_trades) == 3


def test_a_failing_sink_is_logged_and_stops_nobody(rig: HubRig, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_snapshot: Snapshot, _event: MarketEvent) -> None:
        raise ValueError("broken sink")

    seen = []
    rig.hub.add_sink(IBM.id, fail)
    rig.hub.add_sink(IBM.id, lambda _s, event: seen.append(event))
    with caplog.at_level(logging.ERROR):
        rig.publish(*(trade(f"09:30:{second:02d}", 1.0) for second in range(10)))
    assert len(seen) == 10
    assert rig.hub.counts(FEED).sink_errors == 10
    assert len(caplog.records) == 4  # the 1st, 2nd, 4th and 8th


def test_classes_of_a_wire_are_learnt(rig: HubRig) -> None:
    class OtherTrade(TradeTick, frozen=True, gc=False, kw_only=True):
        """A second wire's trade."""

    rig.publish(trade("09:30", 100.0))
    rig.publish(OtherTrade(key="IBM", stamp=new_york("09:31"), price=101.0, size=1), trade("09:32", 102.0))
    assert (rig.ibm.last_price, rig.hub.counts(FEED).trades) == (102.0, 3)


def test_reset_forgets_figures_and_bars_but_not_the_instruments(rig: HubRig) -> None:
    rig.publish(trade("09:30", 100.0), trade("09:31", 101.0))
    bars = rig.hub.bars(IBM.id)
    rig.hub.drain()
    rig.hub.reset(FEED)
    assert (rig.ibm.last_price, rig.ibm.volume, rig.hub.drain()) == (None, None, [rig.ibm])
    assert bars is not None
    assert (len(bars[0]), len(bars[1])) == (0, 0)
    rig.publish(trade("09:30", 100.0))
    assert (rig.ibm.last_price, rig.ibm.volume) == (100.0, 100)


def test_playing_again_after_a_reset_gives_an_equal_state() -> None:
    tape = [
        trade(f"09:3{i // 60}:{i % 60:02d}", 100 + i % 7, i, conditions=(37,) if i % 3 else None) for i in range(300)
    ]
    straight, sought = HubRig(), HubRig()
    straight.publish(*tape)
    sought.publish(*tape[:200])
    sought.hub.reset(FEED)
    sought.publish(*tape)
    names = ("last_price", "last_size", "day_open", "day_high", "day_low", "volume", "vwap", "sparkline", "trade_count")
    assert [getattr(straight.ibm, name) for name in names] == [getattr(sought.ibm, name) for name in names]
    for ours, theirs in zip(straight.hub.bars(IBM.id) or (), sought.hub.bars(IBM.id) or (), strict=True):
        assert repr(ours.close) == repr(theirs.close)


def test_sparkline_is_bounded_and_ends_with_the_last_price(rig: HubRig) -> None:
    for minute in range(390):
        rig.publish(trade(new_york("09:30") + minute * 60 * 10**9, 100.0 + minute))
        points = rig.ibm.sparkline
        assert len(points) <= 46
        assert points[0] == (new_york("09:30"), 100.0)
        assert points[-1][1] == 100.0 + minute
        assert points == sorted(points)
    assert len(points) >= 22


def test_sparkline_shows_the_first_minutes_already(rig: HubRig) -> None:
    for step in range(10):
        rig.publish(trade(new_york("09:30") + step * 30 * 10**9, 100.0 + step))
    assert [price for _, price in rig.ibm.sparkline] == [100.0 + step for step in range(10)]


def test_usual_gap_is_learnt(rig: HubRig) -> None:
    for step in range(60):
        rig.publish(trade(new_york("09:30") + step * 20 * 10**9, 100.0))
    assert rig.ibm.usual_gap_s == pytest.approx(20, abs=1)


def test_many_instruments_keep_minutes_only_until_a_chart_asks() -> None:
    rig = HubRig()
    for number in range(120):
        rig.hub.track(Instrument(id=InstrumentId(Venue("XNYS"), CASH, f"S{number}")), FEED, f"S{number}")
    late = InstrumentId(Venue("XNYS"), CASH, "S119")
    rig.publish(*(trade(f"09:30:{second:02d}", 1.0, key="S119") for second in range(30)))
    bars = rig.hub.bars(late)
    assert bars is not None
    assert (len(bars[0]), len(bars[1]), bars[1].count[0]) == (0, 1, 30)
    rig.hub.keep_seconds(late)
    rig.publish(*(trade(f"09:30:{second:02d}", 2.0, key="S119") for second in range(30, 40)))
    rig.hub.bars(late)
    assert (len(bars[0]), bars[1].count[0], rig.hub.counts(FEED).late) == (10, 40, 0)


# Size and invariants


def test_a_snapshot_at_rest_is_small(rig: HubRig) -> None:
    gc.collect()
    assert sys.getsizeof(rig.ibm) <= 620


prices = st.integers(100, 10_000).map(lambda cents: cents / 100)
events = st.lists(
    st.tuples(
        prices,
        st.integers(0, 300),
        st.integers(0, 90_000),
        st.sampled_from([None, (37,), (14,), (10,), (12,), (15,), (37, 14)]),
    ),
    min_size=1,
    max_size=50,
)


@given(events, st.booleans())
def test_last_lies_between_low_and_high_and_volume_is_the_sum(
    made: list[tuple[float, int, int, tuple[int, ...] | None]], in_order: bool
) -> None:
    rig = HubRig()
    if in_order:
        made.sort(key=lambda one: one[2])
    for price, size, ms, conditions in made:
        rig.publish(trade(new_york("09:30") + ms * 10**6, price, size, conditions=conditions))
    s = rig.ibm
    if s.last_price is not None:
        assert s.day_low is not None
        assert s.day_high is not None
        assert s.day_low <= s.last_price <= s.day_high
    assert (s.volume or 0) == sum(size for _, size, _, conditions in made if conditions != (15,))
    bars = rig.hub.bars(IBM.id)
    assert bars is not None
    assert sum(bars[0].volume) == sum(bars[1].volume) == (s.volume or 0)


def test_counts_are_plain_data(rig: HubRig) -> None:
    assert msgspec.to_builtins(rig.hub.counts(FEED))["events"] == 0


def test_what_a_server_says_beside_market_data_changes_no_figure_and_loses_none(rig: HubRig) -> None:
    seen: list[MarketEvent] = []
    rig.hub.add_sink(IBM.id, lambda _snapshot, event: seen.append(event))
    report = AnalysisReport(key="IBM", origin="server", rsi=44.0)
    rig.publish(trade("10:00", 100.0), report, AnalysisReport(key="XYZ"), trade("10:00:01", 101.0))
    assert rig.ibm.last_price == 101.0
    assert report in seen
    counts = rig.hub.counts(FEED)
    assert (counts.trades, counts.reports, counts.quotes, counts.unrouted) == (2, 2, 0, 1)
