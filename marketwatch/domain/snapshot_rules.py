"""How trades change a snapshot. For the market hub alone.

The path of almost every trade (newer than the last, of the same run) is `apply_trade` down to its end; whatever
is unusual leaves it at the first comparison.
"""

from __future__ import annotations

from bisect import bisect_left

from marketwatch.domain.bar_interval import NS_PER_SECOND
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.effects import (
    ALL_EFFECTS,
    EXTENDED_EFFECTS,
    IS_REGULAR_PRINT,
    REGULAR_EFFECTS,
    UPDATES_HIGH_LOW,
    UPDATES_LAST,
    UPDATES_VOLUME,
)
from marketwatch.domain.events import PriceValue, TradeTick, stamp_to_ns
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.snapshot_day import begin_run, flush

APPLIED = 0
LATE = 1
"""Older than the newest: not applied, hand it to `apply_late`."""
SUSPECT = 2
"""Not new by its number or id either: not applied, since it may have been seen before. If not, it is `LATE`."""
NEW_DAY = 3
"""The first of another date: not applied, call `enter_day` first."""
UNTIMED = 4
"""Without a stamp: not applied."""

SEEN_BEFORE = 1 << 62
"""As the newest number of trades without any: an earlier connection brought them, more of that instant is suspect."""
_PRICE_EFFECTS = UPDATES_LAST | UPDATES_HIGH_LOW
CLOSING_PRINTS_NS = 600 * NS_PER_SECOND
"""For so long after the close, trades of the regular session are still reported."""
_REWIND_AFTER = 16
_REWIND_GAP_NS = 3_600 * NS_PER_SECOND


def apply_trade(s: Snapshot, trade: TradeTick) -> int:
    """Apply a trade; the answer is `APPLIED` or the reason why it was not."""
    stamp = trade.stamp
    if stamp is None:
        return UNTIMED
    number = trade.sequence or 0
    # Many trades share a stamp: a number above the newest says without further looks that this one is new.
    if not s.run_newest_stamp < stamp < s.run_end and (stamp != s.run_newest_stamp or number <= s.run_number):
        sort = _sort_out(s, trade)
        if sort:
            return sort
    effects = s.run_effects[trade.conditions]
    if effects != ALL_EFFECTS:
        return _apply_partly(s, trade, effects)
    s.run_newest_stamp = s.price_stamp = stamp
    s.run_number = number
    price = trade.price
    if price != s.price:
        s.prior_price = s.price
        s.price = price
    if price > s.run_high:
        s.run_high = price
    if price < s.run_low:
        s.run_low = price
    if s.run_open is None:
        s.run_open = price
        s.run_first_stamp = stamp
    s.price_size = size = trade.size
    s.run_volume += size
    s.run_turnover += price * size
    s.run_count += 1
    return APPLIED


def _apply_partly(s: Snapshot, trade: TradeTick, effects: int) -> int:
    """Apply a trade whose conditions forbid something: an odd lot, for example, moves volume only."""
    stamp = trade.stamp or 0
    price = trade.price
    s.run_newest_stamp = stamp
    s.run_number = trade.sequence or 0
    if effects & IS_REGULAR_PRINT:
        if _is_closing_print(s, stamp_to_ns(stamp)):
            apply_late(s, trade)
            return APPLIED
        effects ^= IS_REGULAR_PRINT
    if effects & UPDATES_VOLUME:
        size = trade.size
        s.run_volume += size
        s.run_turnover += price * size
        s.run_count += 1
    else:
        s.excluded_volume += trade.size
        s.excluded_count += 1
    if effects & _PRICE_EFFECTS:
        s.run_high = max(s.run_high, price)
        s.run_low = min(s.run_low, price)
    if effects & UPDATES_LAST:
        s.price_stamp = stamp
        s.price_size = trade.size
        if price != s.price:
            s.prior_price = s.price
            s.price = price
        if s.run_open is None:
            s.run_open = price
            s.run_first_stamp = stamp
    else:
        s.unofficial_price = price
    return APPLIED


def _sort_out(s: Snapshot, trade: TradeTick) -> int:
    """Say what an unusual trade is; `APPLIED` lets it pass as an ordinary one."""
    stamp = trade.stamp or 0
    number = trade.sequence
    if stamp == s.run_newest_stamp and s.run_newest_stamp:
        if number is None:
            return SUSPECT if trade.trade_id is not None or s.run_number == SEEN_BEFORE else APPLIED
        return SUSPECT if number <= s.run_number else APPLIED
    event_ns = stamp_to_ns(stamp)
    if event_ns < stamp_to_ns(s.run_newest_stamp):
        return SUSPECT if number is not None and number <= s.run_number else LATE
    day = s.day
    if day is None or not day.starts_ns <= event_ns < day.ends_ns:
        return NEW_DAY
    begin_run(s, day, stamp, event_ns)
    return APPLIED


def is_same_trade(one: TradeTick, other: TradeTick) -> bool:
    """Tell whether two reports are of one trade: same sequence, or same id at the same exchange."""
    if one.price != other.price or one.size != other.size:
        return False
    if one.sequence is not None and other.sequence is not None:
        return one.sequence == other.sequence
    return one.trade_id is not None and one.trade_id == other.trade_id and one.exchange == other.exchange


def _is_closing_print(s: Snapshot, event_ns: int) -> bool:
    """Tell whether a trade reported without Form T belongs to the regular session that has just closed."""
    hours = None if s.session is None else s.session.hours_ns
    return hours is not None and hours[2] <= event_ns < hours[2] + CLOSING_PRINTS_NS


def apply_late(s: Snapshot, trade: TradeTick) -> None:
    """Count a trade where it belongs by its own time. It moves the last price only if no later one has."""
    event_ns = trade.event_ns or 0
    flush(s)
    is_extended = s.day is not None and s.day.is_extended(event_ns)
    effects = (EXTENDED_EFFECTS if is_extended else REGULAR_EFFECTS)[trade.conditions]
    if effects & IS_REGULAR_PRINT:
        effects ^= IS_REGULAR_PRINT
        is_extended = is_extended and not _is_closing_print(s, event_ns)
    for bars in _bars(s):
        bars.add_trade(trade.price, trade.size, event_ns, effects)
    if s.day is None or not s.day.starts_ns <= event_ns < s.day.ends_ns:
        return
    if effects & UPDATES_VOLUME:
        s.own_volume += trade.size
        s.own_turnover += trade.price * trade.size
        s.own_count += 1
    else:
        s.excluded_volume += trade.size
        s.excluded_count += 1
    if not is_extended and s.session is s.day and effects & _PRICE_EFFECTS:
        s.own_high = max(s.own_high, trade.price)
        s.own_low = min(s.own_low, trade.price)
    if effects & UPDATES_LAST:
        _amend_ends(s, trade, event_ns, is_extended)


def _amend_ends(s: Snapshot, trade: TradeTick, event_ns: int, is_extended: bool) -> None:
    """Let an eligible late trade become the open or the last price if by its time it is."""
    if not is_extended and s.own_open is not None and event_ns < s.own_open_ns and s.session is s.day:
        s.own_open, s.own_open_ns = trade.price, event_ns
    stamp = trade.stamp or 0
    if is_extended != s.is_extended:
        if event_ns >= stamp_to_ns(s.other_stamp):
            s.other_price, s.other_size, s.other_stamp = trade.price, trade.size, stamp
    elif event_ns >= stamp_to_ns(s.price_stamp):
        if trade.price != s.price:
            s.prior_price, s.price = s.price, trade.price
        s.price_size, s.price_stamp = trade.size, stamp


def apply_value(s: Snapshot, value: PriceValue) -> int:
    """Apply an index level: it moves the price like a trade without a size, and counts as none."""
    counted = s.trade_count
    result = apply_trade(s, TradeTick(key=value.key, stamp=value.stamp, price=value.value, size=0.0))
    s.run_count -= s.trade_count - counted
    return result


def must_rewind(s: Snapshot, trade: TradeTick) -> bool:
    """Tell, per late trade, whether the newest stamp was a mistake of the feed (a date in the future, say).

    True when many eligible trades in a row are far older than it, and more than those that are not. Call `rewind`
    then, or nothing would move again.
    """
    event_ns = trade.event_ns or 0
    far = stamp_to_ns(s.run_newest_stamp) - event_ns > _REWIND_GAP_NS
    if not far or not s.run_effects[trade.conditions] & UPDATES_LAST:
        s.late_run = 0
        return False
    s.late_run += 1
    if s.late_run < _REWIND_AFTER:
        return False
    flush(s)
    minutes = _bars(s)[-1]
    newer = bisect_left(minutes.opens_ns, event_ns + NS_PER_SECOND)
    return sum(minutes.count[newer:]) < s.late_run


def rewind(s: Snapshot, trade: TradeTick) -> None:
    """Forget the mistaken newest trade: trading goes on from this one."""
    event_ns = trade.event_ns or 0
    flush(s)
    for bars in _bars(s):
        bars.drop_from(event_ns + NS_PER_SECOND)
    s.day = s.price = s.price_size = s.prior_price = None
    s.price_stamp = s.run_newest_stamp = s.run_number = s.run_end = s.late_run = 0


def _bars(s: Snapshot) -> tuple[BarSeries, ...]:
    return (s.second_bars(), s.minute_bars()) if s.has_seconds else (s.minute_bars(),)
