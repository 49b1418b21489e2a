"""Bars as the statements a row and a chart are made of: the newest day, and the newest minutes."""

from __future__ import annotations

import struct
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from marketwatch.domain.events import BarBatch, BatchBar, DayStatistics, VendorBar
from marketwatch.protocols.data_provider.keys import rules_of

_FLOAT32: Final = struct.Struct("<f")
_LEAST, _MOST = 1e-30, 1e30  # beyond, 32 bits hold fewer digits or none
_NS: Final = 1_000_000_000
_OLDEST_NS: Final = 100_000_000_000_000_000  # 1973: smaller stamps of events are not read as ns
_DAY_NS: Final = 86_400 * _NS
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def day_of(batch: BarBatch) -> DayStatistics | None:
    """Return the newest day that has a close, stamped with the open of its session; None without one.

    The previous close is that of the row before it. The time is that of the bar, never of the answer: a close of last
    week stays of last week.
    """
    whole = [bar for bar in batch.bars if bar.close is not None]
    if not whole or not batch.is_dated:
        return None
    newest = whole[-1]
    opens_ns = session_open_ns(newest, batch.key)
    if opens_ns < _OLDEST_NS:
        return None
    return DayStatistics(
        key=batch.key,
        stamp=opens_ns,
        prev_close=plain(whole[-2].close) if len(whole) > 1 else None,
        day_open=plain(newest.open),
        day_high=plain(newest.high),
        day_low=plain(newest.low),
        day_volume=newest.volume,
        last_price=plain(newest.close),
        last_trade_stamp=opens_ns,
    )


def minutes_of(batch: BarBatch, after_ns: int, count: int | None) -> list[VendorBar]:
    """Return the newest `count` whole bars of a minute from `after_ns` on; the close of the last one is a price."""
    bars = batch.bars if count is None else batch.bars[-count:]
    found = [bar for each in bars if each.opens_ns >= after_ns and (bar := _minute(batch.key, each)) is not None]
    if found:
        found[-1] = msgspec.structs.replace(found[-1], close=plain(found[-1].close))
    return found


def plain(price: float | None) -> float | None:
    """Return a price as it was quoted: `590.0999755859375` is what 32 bits made of 590.1, and means that.

    A price that does not come from 32 bits is returned as it is.
    """
    if price is None or not _is_narrow(price):
        return price
    return next(short for digits in range(6, 18) if _narrow(short := float(f"{price:.{digits}g}")) == price)


def _is_narrow(price: float) -> bool:
    return _LEAST < abs(price) < _MOST and _narrow(price) == price


def _narrow(price: float) -> float:
    narrow: float = _FLOAT32.unpack(_FLOAT32.pack(price))[0]
    return narrow


def session_open_ns(bar: BatchBar, key: str) -> int:
    """Return when the session of a dated bar opens, ns UTC."""
    rules = rules_of(key)
    day = date.fromordinal(bar.opens_ns // _DAY_NS + _EPOCH_DAY)
    midnight = datetime.combine(day, time(), ZoneInfo(rules.zone))
    opening = midnight + timedelta(seconds=rules.hours.opens)
    return round(opening.timestamp()) * _NS


def _minute(key: str, bar: BatchBar) -> VendorBar | None:
    opened, high, low, close = bar.open, bar.high, bar.low, bar.close
    if opened is None or high is None or low is None or close is None or bar.opens_ns < _OLDEST_NS:
        return None
    if not low <= min(opened, close) <= max(opened, close) <= high:
        return None
    return VendorBar(key=key, stamp=bar.opens_ns, open=opened, high=high, low=low, close=close, volume=bar.volume)
