"""How statements of the vendor (day figures, bars, limits) change a snapshot. For the market hub alone."""

from __future__ import annotations

from bisect import bisect_left

from marketwatch.domain.bar_interval import NS_PER_SECOND
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.calendar import TradingDay
from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    MarketStatistics,
    PriceLimits,
    VendorBar,
    YearStatistics,
    stamp_to_ns,
)
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.snapshot_day import enter_day, enter_phase, enter_session


def apply_statistics(s: Snapshot, statistics: DayStatistics) -> None:
    """Take over what a vendor states about the day; nothing that our own trades know better."""
    stamp_ns = statistics.event_ns
    day = s.day if stamp_ns is None else s.calendar.day(stamp_ns)
    if day is not None and not _accept_day(s, day):
        return
    if statistics.prev_close is not None:
        s.stated_prev_close = statistics.prev_close
    if statistics.day_open:
        s.stated_open = statistics.day_open
    if statistics.day_high and statistics.day_low:
        s.own_high = max(s.own_high, statistics.day_high)
        s.own_low = min(s.own_low, statistics.day_low)
        s.has_stated_range = True
    if statistics.day_vwap:
        s.stated_vwap = statistics.day_vwap
    if statistics.day_volume is not None:
        _raise_volume(s, statistics.day_volume, stamp_ns)
    _take_last(s, statistics)
    if isinstance(statistics, MarketStatistics):
        s.make_vendor_figures().take_market(statistics)
    elif isinstance(statistics, YearStatistics):
        s.make_vendor_figures().take_year(statistics)


def keep_depth(s: Snapshot, depth: Depth) -> None:
    """Keep a book whose first levels have just become bid and ask."""
    figures = s.make_vendor_figures()
    figures.book, figures.book_feed_id = depth, s.feed_id


def _accept_day(s: Snapshot, day: TradingDay) -> bool:
    """Enter the day a statement is about; False when it is about one that is over."""
    if s.session is not None and day.date < s.session.date:
        return False
    if s.day is None or day.date > s.day.date:
        enter_day(s, day)
    if s.session is None or day.date > s.session.date:
        enter_session(s, day)
    return True


def _take_last(s: Snapshot, statistics: DayStatistics) -> None:
    """Take the stated last price, unless a trade or a newer statement is known."""
    price = statistics.last_price
    if price is None or s.is_extended:
        return
    if s.price is not None and (s.trade_count or not _is_newer(statistics.last_trade_stamp, s.price_stamp)):
        return
    s.price = price
    s.price_size = statistics.last_size
    s.price_stamp = statistics.last_trade_stamp or 0


def _is_newer(stamp: int | None, known: int) -> bool:
    """Tell whether a statement is not older than the one taken before; at one time the later word counts."""
    return bool(stamp) and stamp_to_ns(stamp or 0) >= stamp_to_ns(known)


def _raise_volume(s: Snapshot, stated: float, until_ns: int | None) -> None:
    """Make up for trades that were missed: what the vendor counted up to an instant and we did not. Never lowers."""
    own = s.own_volume
    if until_ns is None or s.run_ns < until_ns:
        own += s.run_volume
    if until_ns is not None and s.seconds is not None:
        own -= _volume_since(s.seconds, until_ns)
    if stated - own > s.volume_offset:
        s.volume_offset = stated - own


def _volume_since(seconds: BarSeries, since_ns: int) -> float:
    if not len(seconds) or seconds.opens_ns[-1] < since_ns:
        return 0.0
    return sum(seconds.volume[bisect_left(seconds.opens_ns, since_ns) :])


def apply_vendor_bar(s: Snapshot, bar: VendorBar) -> bool:
    """Take over a bar of the vendor: day volume, official open, missing bars, and the price where no trades come.

    Returns False when it is about a date that is over.
    """
    start_ns = bar.event_ns
    if start_ns is None:
        return False
    ends_ns = start_ns + bar.interval_s * NS_PER_SECOND
    day = s.day
    if day is None or not day.starts_ns <= start_ns < day.ends_ns:
        day = s.calendar.day(start_ns)
        if s.day is not None and day.date < s.day.date:
            return False
        enter_day(s, day)
    is_extended = day.is_extended(start_ns)
    if not is_extended and s.session is not day:
        enter_session(s, day)
    _put_bar(s, bar, start_ns)
    if bar.day_open and not is_extended:
        s.stated_open = bar.day_open
    if bar.day_vwap:
        s.stated_vwap = bar.day_vwap
    if bar.day_volume is not None:
        _raise_volume(s, bar.day_volume, ends_ns)
    if not is_extended:
        s.own_high = max(s.own_high, bar.high)
        s.own_low = min(s.own_low, bar.low)
    if not s.trade_count:
        enter_phase(s, day, is_extended)
        _take_close(s, bar, ends_ns)
    return True


def _put_bar(s: Snapshot, bar: VendorBar, start_ns: int) -> None:
    prices = (bar.open, bar.high, bar.low, bar.close)
    (s.second_bars() if bar.interval_s == 1 else s.minute_bars()).put_vendor_bar(start_ns, prices, bar.volume or 0.0)


def _take_close(s: Snapshot, bar: VendorBar, ends_ns: int) -> None:
    """A feed without trades: the close of its newest bar is the last price there is."""
    if ends_ns < stamp_to_ns(s.run_newest_stamp):
        return
    s.run_newest_stamp = s.price_stamp = ends_ns
    s.price_size = None
    if bar.close != s.price:
        s.prior_price, s.price = s.price, bar.close


def apply_limits(s: Snapshot, limits: PriceLimits) -> None:
    """Take over price limits and halts; what the event does not say stays."""
    if limits.upper_limit is not None:
        s.upper_limit = limits.upper_limit
    if limits.lower_limit is not None:
        s.lower_limit = limits.lower_limit
    halted = limits.halted if limits.halted is not None else _halted_by(limits.indicators)
    if halted is not None and halted != s.halted:
        s.halted = halted
        s.halted_ns = limits.event_ns if halted else None


_HALT_INDICATORS = frozenset({17})  # the tape's limit-up/limit-down indicators: trading pause, and its end
_RESUME_INDICATORS = frozenset({18})


def _halted_by(indicators: tuple[int, ...] | None) -> bool | None:
    """Read a halt or its end from the indicators of a price band, None when they say nothing of it."""
    if indicators is None:
        return None
    if not _HALT_INDICATORS.isdisjoint(indicators):
        return True
    return None if _RESUME_INDICATORS.isdisjoint(indicators) else False
