"""What one chart shows: bars of one instrument and interval, ready to draw. Knows no widgets."""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol, TypeAlias

import numpy as np

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.calendar import TradingCalendar
from marketwatch.qt.charts.columns import BarColumns, FloatArray, IntArray
from marketwatch.qt.charts.pyramid import BarPyramid
from marketwatch.qt.charts.time_ticks import RegularHours, SessionIndex, TimeTicks
from marketwatch.qt.charts.zone_time import SECOND_NS, ZoneTime

WIDEST_HOLE_ROWS = 120

Gap: TypeAlias = tuple[int, int]
"""From and to, ns UTC, of a stretch of the session without data."""


class BarFeed(Protocol):
    """Bars that grow: what the chart service hands out."""

    @property
    def columns(self) -> BarSeries:
        """The bars, oldest first."""
        ...

    def take_change(self) -> int | None:
        """Return the first bar that changed since the last call, None when nothing did."""
        ...

    def gaps(self) -> Sequence[Gap]:
        """Return where the session has no data."""
        ...


class Change(enum.Enum):
    """What an update touched."""

    NOTHING = enum.auto()
    LAST_BAR = enum.auto()
    MORE = enum.auto()


class ChartModel:
    """The bars as rows: holes in the data take rows too, nights and weekends do not.

    `trimmed` counts the rows that the last update dropped at the old end.
    """

    def __init__(self, feed: BarFeed, interval: BarInterval, calendar: TradingCalendar) -> None:
        self.interval = interval
        self.calendar = calendar
        self.columns = BarColumns()
        self.pyramid = BarPyramid(self.columns)
        self.zone_time = ZoneTime(calendar.rules.zone)
        self.sessions = SessionIndex(self.columns, self.zone_time, -calendar.rules.day_starts * SECOND_NS)
        self.hours = RegularHours(calendar)
        self.ticks = TimeTicks(self.columns, self.sessions, self.zone_time)
        self.hole_rows: list[tuple[int, int]] = []
        self.trimmed = 0
        self._feed = feed
        self._holes: list[tuple[int, int]] = []
        feed.take_change()
        self._find_holes(feed.columns)
        self._rewrite(0)

    def update(self) -> Change:
        """Read what the feed changed."""
        self.trimmed = 0
        changed = self._feed.take_change()
        series = self._feed.columns
        if self._was_trimmed(series) or self._find_holes(series):
            self._rewrite(0)
            return Change.MORE
        if changed is None:
            return Change.NOTHING
        before = self.columns.count
        self._rewrite(changed)
        return Change.LAST_BAR if before == self.columns.count and self._row_of(changed) >= before - 1 else Change.MORE

    def forming_left_ns(self, now_ns: int | None) -> int | None:
        """Return the time until the last bar closes, None when it is closed or the time is not known."""
        if now_ns is None or not self.columns.count:
            return None
        left = int(self.columns.opens_ns[self.columns.count - 1]) + self.interval.ns - now_ns
        return left if 0 < left <= self.interval.ns else None

    def previous_close(self, row: int) -> float | None:
        """Return the close of the last bar before `row` that has one."""
        for earlier in range(row - 1, max(-1, row - WIDEST_HOLE_ROWS - 2), -1):
            if not self.columns.is_hole(earlier):
                return float(self.columns.close[earlier])
        return None

    def _was_trimmed(self, series: BarSeries) -> bool:
        count = self.columns.count
        if not count:
            return False
        return not len(series) or series.opens_ns[0] > self.columns.opens_ns[0]

    def _row_of(self, index: int) -> int:
        """Return the row of a bar by its place in the feed's columns."""
        return index + sum(rows for place, rows in self._holes if place <= index)

    def _find_holes(self, series: BarSeries) -> bool:
        """Look for holes again; tell whether they differ from before."""
        holes = find_holes(series, self._feed.gaps())
        differ = holes != self._holes
        self._holes = holes
        return differ

    def _rewrite(self, changed: int) -> None:
        series = self._feed.columns
        old_opens = self.columns.opens_ns[: self.columns.count]
        if changed == 0 and len(old_opens) and len(series):
            self.trimmed = int(np.searchsorted(old_opens, series.opens_ns[0]))
        first = self._row_of(changed) if changed else 0
        self.columns.write(first, *self._rows(series, changed))
        self.pyramid.update(first)
        self.sessions.update(first)
        self.hole_rows = self._hole_rows()

    def _rows(self, series: BarSeries, first: int) -> tuple[IntArray, tuple[FloatArray, ...]]:
        opens = np.array(series.opens_ns[first:], dtype=np.int64)
        prices = tuple(
            np.array(column[first:], dtype=np.float64)
            for column in (series.open, series.high, series.low, series.close, series.volume)
        )
        holes = [(place - first, rows) for place, rows in self._holes if place > first]
        if not holes:
            return opens, prices
        places = np.repeat([place for place, _ in holes], [rows for _, rows in holes])
        missing = np.concatenate(
            [opens[place - 1] + self.interval.ns * np.arange(1, rows + 1) for place, rows in holes]
        )
        filled = [np.insert(column, places, np.nan) for column in prices[:4]]
        return np.insert(opens, places, missing), (*filled, np.insert(prices[4], places, 0.0))

    def _hole_rows(self) -> list[tuple[int, int]]:
        sizes = [rows for _, rows in self._holes]
        before = [0, *accumulate(sizes)]
        return [(place + before[i], place + before[i + 1]) for i, (place, _) in enumerate(self._holes)]


def find_holes(series: BarSeries, gaps: Sequence[Gap]) -> list[tuple[int, int]]:
    """Return (index of the bar after the hole, missing bars) where a gap left bars out; wide holes are shortened."""
    interval, opens = series.interval_ns, series.opens_ns
    holes: dict[int, int] = {}
    for from_ns, to_ns in gaps:
        start = max(1, bisect_right(opens, from_ns))
        for index in range(start, min(len(opens), bisect_left(opens, to_ns) + 1)):
            missing = (opens[index] - opens[index - 1]) // interval - 1
            if missing > 0:
                holes[index] = min(missing, WIDEST_HOLE_ROWS)
    return sorted(holes.items())
