"""Bars built from trades, sorted by start, with rules for trades that come late.

Columns are plain arrays, so that a chart reads them without a copy (`numpy.frombuffer`) and this module needs no
numpy. **A bar in which no trade moved the price** (odd lots only, say) keeps its volume; its open, high, low and
close are NaN: draw its volume and no candle.
"""

from __future__ import annotations

import enum
import math
from array import array
from bisect import bisect_left

from marketwatch.domain.bar_interval import BarInterval, bar_start
from marketwatch.domain.effects import ALL_EFFECTS, UPDATES_HIGH_LOW, UPDATES_LAST, UPDATES_VOLUME

_NAN = math.nan
_NEVER = -(2**63)
_EVER = 2**63 - 1
_TRIM_SLACK = 8  # trimming moves everything: do it once per eighth of the limit


class BarSource(enum.IntEnum):
    """Who built a bar."""

    TICKS = 0
    VENDOR = 1
    VENDOR_PARTS = 2
    """Put together from shorter bars, some of them the vendor's."""


class ChangeCursor:
    """One reader's mark in a series: remembers the earliest bar that changed since the reader last looked."""

    __slots__ = ("first_ns",)

    def __init__(self) -> None:
        self.first_ns = _EVER

    def take(self) -> int | None:
        """Return the start of the earliest changed bar and forget it; None when nothing changed."""
        first_ns, self.first_ns = self.first_ns, _EVER
        return None if first_ns == _EVER else first_ns


class BarSeries:
    """Bars of one instrument and one interval, oldest first, at most `limit` of them (plus an eighth).

    Read the columns freely; write only through the methods. `first_ns` and `last_ns` are the times of the trades that
    gave open and close, so that a late trade finds its place; in a bar without a price they are out of all reach.
    """

    __slots__ = (
        "_cursors",
        "_partial",
        "close",
        "count",
        "first_ns",
        "high",
        "interval_ns",
        "last_ns",
        "limit",
        "low",
        "offset_ns",
        "open",
        "opens_ns",
        "source",
        "volume",
    )

    def __init__(self, interval: BarInterval, limit: int, offset_ns: int = 0) -> None:
        self.interval_ns = interval.ns
        self.offset_ns = offset_ns % interval.ns
        self.limit = limit
        self.opens_ns = array("q")
        self.open = array("d")
        self.high = array("d")
        self.low = array("d")
        self.close = array("d")
        self.volume = array("d")
        self.count = array("q")
        self.first_ns = array("q")
        self.last_ns = array("q")
        self.source = array("b")
        self._partial: set[int] | None = None
        self._cursors: list[ChangeCursor] = []

    def __len__(self) -> int:
        return len(self.opens_ns)

    def _columns(self) -> tuple[array[int] | array[float], ...]:
        return (
            *(self.opens_ns, self.open, self.high, self.low, self.close),
            *(self.volume, self.count, self.first_ns, self.last_ns, self.source),
        )

    # Reading

    def cursor(self) -> ChangeCursor:
        """Start to follow changes; give it back with `forget`."""
        cursor = ChangeCursor()
        self._cursors.append(cursor)
        return cursor

    def forget(self, cursor: ChangeCursor) -> None:
        """Stop following."""
        self._cursors.remove(cursor)

    def index_of(self, event_ns: int) -> int | None:
        """Return the place of the bar that holds this instant, None when there is none."""
        opens_ns = bar_start(event_ns, self.interval_ns, self.offset_ns)
        index = bisect_left(self.opens_ns, opens_ns)
        return index if index < len(self) and self.opens_ns[index] == opens_ns else None

    def is_closed(self, index: int, now_ns: int) -> bool:
        """Tell whether market time has left this bar; a late trade may still amend it."""
        return self.opens_ns[index] + self.interval_ns <= now_ns

    # Writing

    def add_trade(self, price: float, size: float, event_ns: int, effects: int = ALL_EFFECTS) -> None:
        """Count one trade in its own bar, however late it comes.

        The earliest eligible trade opens the bar and the latest closes it (at one stamp: in order of arrival). A bar
        of the vendor is complete and stays as it is.
        """
        opens_ns = bar_start(event_ns, self.interval_ns, self.offset_ns)
        index = self._place(opens_ns)
        if index < 0 or self.source[index] == BarSource.VENDOR:
            return
        if effects & UPDATES_VOLUME:
            self.volume[index] += size
            self.count[index] += 1
        if effects & (UPDATES_HIGH_LOW | UPDATES_LAST):
            self._widen(index, price, price)
        if effects & UPDATES_LAST:
            self._set_ends(index, price, event_ns, price, event_ns)
        self._touch(opens_ns)

    def merge(
        self,
        start_ns: int,
        prices: tuple[float, float, float, float],
        volume: float,
        count: int,
        times: tuple[int, int],
        source: int = BarSource.TICKS,
    ) -> None:
        """Take in a bar (open, high, low, close) of a finer or the same interval that starts at `start_ns`.

        `times` are those of the trades that gave its open and close; prices may be NaN.
        """
        opens_ns = start_ns - (start_ns - self.offset_ns) % self.interval_ns
        starts = self.opens_ns
        if not starts or opens_ns > starts[-1]:
            self._append(opens_ns, prices, volume, count, times, source)
        else:
            index = self._place(opens_ns)
            if index < 0 or (self.source[index] == BarSource.VENDOR and not source):
                return
            self.volume[index] += volume
            self.count[index] += count
            if source:
                self.source[index] = source
            first, high, low, last = prices
            if high == high:
                self._widen(index, high, low)
            if last == last:
                self._set_ends(index, first, times[0], last, times[1])
        for cursor in self._cursors:
            if opens_ns < cursor.first_ns:
                cursor.first_ns = opens_ns

    def put_vendor_bar(self, start_ns: int, prices: tuple[float, float, float, float], volume: float) -> bool:
        """Fill a place where our own ticks are missing or known to be incomplete; True when it was used."""
        opens_ns = bar_start(start_ns, self.interval_ns, self.offset_ns)
        index = self._place(opens_ns)
        if index < 0:
            return False
        own = self.count[index] > 0 and self.source[index] != BarSource.VENDOR
        if own and not (self._partial and opens_ns in self._partial):
            return False
        if self.source[index] == BarSource.VENDOR and self.volume[index] == volume and self.close[index] == prices[3]:
            return True  # said again
        self.open[index], self.high[index], self.low[index], self.close[index] = prices
        self.volume[index] = volume
        self.source[index] = BarSource.VENDOR
        self.first_ns[index], self.last_ns[index] = opens_ns, opens_ns + self.interval_ns - 1
        self._touch(opens_ns)
        return True

    def mark_partial(self, from_ns: int, to_ns: int) -> None:
        """Note that ticks between these instants are missing: the bars there give way to the vendor's."""
        if self._partial is None:
            self._partial = set()
        start = bar_start(from_ns, self.interval_ns, self.offset_ns)
        stop = min(to_ns, start + self.limit * self.interval_ns)
        self._partial.update(range(start, stop, self.interval_ns))

    def drop_from(self, start_ns: int) -> None:
        """Forget the bars that start at `start_ns` or later."""
        index = bisect_left(self.opens_ns, start_ns)
        if index < len(self):
            for column in self._columns():
                del column[index:]
            self._touch(start_ns)

    def clear(self) -> None:
        """Forget everything, as before the first trade; readers see a change from the beginning."""
        self._partial = None
        for column in self._columns():
            del column[:]
        self._touch(_NEVER)

    def merge_from(self, finer: BarSeries, start_ns: int = _NEVER) -> None:
        """Take in the bars of a finer series that start at `start_ns` or later."""
        is_longer = self.interval_ns > finer.interval_ns
        for index in range(bisect_left(finer.opens_ns, start_ns), len(finer)):
            self.merge(
                finer.opens_ns[index],
                (finer.open[index], finer.high[index], finer.low[index], finer.close[index]),
                finer.volume[index],
                finer.count[index],
                (finer.first_ns[index], finer.last_ns[index]),
                BarSource.VENDOR_PARTS if finer.source[index] and is_longer else finer.source[index],
            )

    # The rest is bookkeeping

    def _place(self, opens_ns: int) -> int:
        """Find the bar that starts here or make an empty one; -1 when it is older than all that a full series keeps."""
        starts = self.opens_ns
        size = len(starts)
        if size and starts[-1] == opens_ns:
            return size - 1
        if not size or opens_ns > starts[-1]:
            self._append(opens_ns, (_NAN, _NAN, _NAN, _NAN), 0.0, 0, (_EVER, _NEVER), 0)
            return len(starts) - 1
        index = bisect_left(starts, opens_ns)
        if starts[index] == opens_ns:
            return index
        if index == 0 and size >= self.limit:
            return -1
        starts.insert(index, opens_ns)
        for prices in (self.open, self.high, self.low, self.close):
            prices.insert(index, _NAN)
        self.volume.insert(index, 0.0)
        self.count.insert(index, 0)
        self.first_ns.insert(index, _EVER)
        self.last_ns.insert(index, _NEVER)
        self.source.insert(index, 0)
        return index

    def _append(
        self,
        opens_ns: int,
        prices: tuple[float, float, float, float],
        volume: float,
        count: int,
        times: tuple[int, int],
        source: int,
    ) -> None:
        self.opens_ns.append(opens_ns)
        first, high, low, last = prices
        self.open.append(first)
        self.high.append(high)
        self.low.append(low)
        self.close.append(last)
        self.volume.append(volume)
        self.count.append(count)
        opened, closed = times
        self.first_ns.append(opened)
        self.last_ns.append(closed)
        self.source.append(source)
        surplus = len(self.opens_ns) - self.limit
        if surplus > 0 and surplus * _TRIM_SLACK > self.limit:
            for column in self._columns():
                del column[:surplus]

    def _widen(self, index: int, high: float, low: float) -> None:
        if not high <= self.high[index]:  # also when it is NaN
            self.high[index] = high
        if not low >= self.low[index]:
            self.low[index] = low

    def _set_ends(self, index: int, first: float, first_ns: int, last: float, last_ns: int) -> None:
        if first_ns < self.first_ns[index]:
            self.open[index] = first
            self.first_ns[index] = first_ns
        if last_ns >= self.last_ns[index]:
            self.close[index] = last
            self.last_ns[index] = last_ns

    def _touch(self, opens_ns: int) -> None:
        for cursor in self._cursors:
            cursor.first_ns = min(cursor.first_ns, opens_ns)
