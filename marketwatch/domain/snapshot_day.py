"""How seconds, phases and days end in a snapshot. For the market hub alone."""

from __future__ import annotations

import math
from array import array

from marketwatch.domain.bar_interval import NS_PER_SECOND
from marketwatch.domain.calendar import TradingDay
from marketwatch.domain.effects import EXTENDED_EFFECTS, REGULAR_EFFECTS
from marketwatch.domain.snapshot import NO_HIGH, NO_LOW, Snapshot

_NAN = math.nan
_SPARK_POINTS = 45  # and the live one
_GAP_WEIGHT = 0.1
_PAUSE_NS = 1_800 * NS_PER_SECOND  # longer silences are pauses of trading, not the symbol's habit
_MINUTE_NS = 60 * NS_PER_SECOND
_SPARK_STEP_NS = 30 * NS_PER_SECOND


def begin_run(s: Snapshot, day: TradingDay, stamp: int, event_ns: int) -> None:
    """Fold the run of trades that ended and make ready for the one that holds `event_ns`.

    A run is a second, or a minute for the many instruments of which no bars of a second are kept.
    """
    counted = s.trade_count - s.run_from_count  # not `run_count`: that one begins anew when somebody reads the bars
    if counted > 0 and event_ns > s.run_ns:
        _note_gap(s, (event_ns - s.run_ns) // counted)
    if s.run_count or s.run_high != NO_HIGH:
        flush(s)
    s.run_from_count = s.own_count
    length_ns = NS_PER_SECOND if s.has_seconds else _MINUTE_NS
    start_ns = event_ns - event_ns % length_ns
    scale = event_ns // stamp
    s.run_ns = start_ns
    s.run_scale = scale
    s.run_end = (start_ns + length_ns) // scale
    if day.has_extended or s.session is not day:
        enter_phase(s, day, day.is_extended(event_ns))
    s.late_run = 0


def _note_gap(s: Snapshot, gap_ns: int) -> None:
    """Learn how long this symbol is usually silent between trades, in market time."""
    if gap_ns > _PAUSE_NS:
        return
    gap_s = gap_ns / NS_PER_SECOND
    usual = s.usual_gap_s
    s.usual_gap_s = gap_s if usual is None else usual + _GAP_WEIGHT * (gap_s - usual)


def flush(s: Snapshot) -> None:
    """Fold the accumulators of the run into the bars and the figures of the day."""
    count, high, low = s.run_count, s.run_high, s.run_low
    if not count and high == NO_HIGH:
        return
    opened, closed = s.run_open, s.price
    if opened is None or closed is None:
        has_range = high != NO_HIGH
        prices = (_NAN, high if has_range else _NAN, low if has_range else _NAN, _NAN)
        times = (2**63 - 1, -(2**63))
    else:
        prices = (opened, high, low, closed)
        times = (s.run_first_stamp * s.run_scale, s.price_stamp * s.run_scale)
        if not s.is_extended:
            _fold_price(s, opened, times[0])
    volume = s.run_volume
    if s.has_seconds:
        (s.seconds or s.second_bars()).merge(s.run_ns, prices, volume, count, times)
    (s.minutes or s.minute_bars()).merge(s.run_ns, prices, volume, count, times)
    s.own_volume += volume
    s.own_turnover += s.run_turnover
    s.own_count += count
    if not s.is_extended:
        if high > s.own_high:
            s.own_high = high
        if low < s.own_low:
            s.own_low = low
    s.clear_run()


def _fold_price(s: Snapshot, opened: float, opened_ns: int) -> None:
    if s.own_open is None:
        s.own_open = opened
        s.own_open_ns = opened_ns
    if s.run_ns >= s.spark_due_ns:
        _add_spark(s, opened)  # the first price of a run: when a reader asks for it early does not change it


def _add_spark(s: Snapshot, price: float) -> None:
    """Take one point of the day's course: close together at first, and half as close whenever the line is full."""
    if s.spark_ns is None or s.spark_prices is None:
        s.spark_ns, s.spark_prices = array("q"), array("d")
        s.spark_step_ns = _SPARK_STEP_NS
    s.spark_ns.append(s.run_ns)
    s.spark_prices.append(price)
    if len(s.spark_ns) >= _SPARK_POINTS:
        del s.spark_ns[1::2], s.spark_prices[1::2]
        s.spark_step_ns *= 2
    s.spark_due_ns = s.run_ns + s.spark_step_ns


def enter_phase(s: Snapshot, day: TradingDay, is_extended: bool) -> None:
    """Let the trades that follow move the figures of the regular or of the extended session."""
    if is_extended != s.is_extended:
        s.price, s.other_price = s.other_price, s.price
        s.price_size, s.other_size = s.other_size, s.price_size
        s.price_stamp, s.other_stamp = s.other_stamp, s.price_stamp
        s.prior_price = None
        s.is_extended = is_extended
        s.run_effects = EXTENDED_EFFECTS if is_extended else REGULAR_EFFECTS
    if not is_extended and s.session is not day:
        enter_session(s, day)


def enter_session(s: Snapshot, day: TradingDay) -> None:
    """Start the regular figures of a new date; the last price becomes the previous close if it is of the day before."""
    before = s.session
    last = s.last_price
    s.rolled_close = last if before is not None and before.date == day.previous_date else None
    if before is not None:
        s.stated_prev_close = None
        s.stated_open = None
        s.has_stated_range = False
        if s.is_extended:
            _forget_other(s)
        else:
            _forget_price(s)
    s.session = day
    s.own_open = None
    s.own_high, s.own_low = NO_HIGH, NO_LOW
    s.spark_ns = s.spark_prices = None
    s.spark_due_ns = 0


def enter_day(s: Snapshot, day: TradingDay) -> None:
    """Start the volume of a new date and forget the extended prices of the one before."""
    flush(s)
    had_day = s.day is not None
    s.day = day
    if not had_day:
        return
    if s.is_extended:
        _forget_price(s)
    else:
        _forget_other(s)
    s.unofficial_price = None
    s.own_volume = s.own_turnover = s.volume_offset = 0.0
    s.own_count = s.excluded_count = 0
    s.excluded_volume = 0.0
    s.stated_vwap = None
    s.halted = s.halted_ns = None
    if s.vendor_figures is not None:
        s.vendor_figures.begin_day(day.starts_ns)


def _forget_price(s: Snapshot) -> None:
    s.price = s.price_size = s.prior_price = None
    s.price_stamp = 0


def _forget_other(s: Snapshot) -> None:
    s.other_price = s.other_size = None
    s.other_stamp = 0
