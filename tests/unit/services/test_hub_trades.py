"""What a trade moves and what it does not: the day, late ones, sent twice, sessions and the closes between."""

from __future__ import annotations

import pytest
from hub_rig import FEED, IBM, HubRig, new_york, trade

from marketwatch.domain.events import (
    DayStatistics,
    TradeTick,
)
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument

ODD_LOT = (37,)
FORM_T = (12,)
SWEEP = (14, 41)


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
