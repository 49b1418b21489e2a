"""Local time of an exchange for whole columns of instants, right on the days the clocks change."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from marketwatch.qt import time_text
from marketwatch.qt.charts.columns import IntArray

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_PROBE_NS = 7 * DAY_NS
_UTC = "Etc/UTC"


class ZoneTime:
    """Converts ns UTC to local time of one zone; the changes of its offset are found once per range and kept."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._from_ns = 0
        self._to_ns = -1
        self._changes: list[tuple[int, int]] = []

    def offset_ns(self, ns: int) -> int:
        """Return how far local time is ahead of UTC at an instant."""
        return time_text.offset_s(ns, self.zone) * SECOND_NS

    def bar_time(self, ns: int, *, with_seconds: bool = False) -> str:
        """Write the start of a bar with its zone; in the hour that autumn repeats, with the exact zone (`EDT`)."""
        text = time_text.bar_time(ns, self.zone, with_seconds=with_seconds)
        offset = self.offset_ns(ns)
        if offset == self.offset_ns(ns - HOUR_NS) == self.offset_ns(ns + HOUR_NS):
            return text
        exact = time_text.local_time(ns, self.zone).tzname() or ""
        return f"{text.rpartition(' ')[0]} {exact}"

    def local_ns(self, instants: IntArray) -> IntArray:
        """Return local wall time in ns for a sorted, non-empty column of instants."""
        segments = self.segments(int(instants[0]), int(instants[-1]))
        starts = np.array([start for start, _ in segments], dtype=np.int64)
        offsets = np.array([offset for _, offset in segments], dtype=np.int64)
        return instants + offsets[np.searchsorted(starts, instants, side="right") - 1]

    def segments(self, from_ns: int, to_ns: int) -> list[tuple[int, int]]:
        """Return (start, offset) of each stretch of constant offset that covers a range; the first starts early."""
        if from_ns < self._from_ns or to_ns > self._to_ns:
            self._from_ns = from_ns - _PROBE_NS
            self._to_ns = to_ns + _PROBE_NS
            self._changes = self._find_changes(self._from_ns, self._to_ns)
        covering = [change for change in self._changes if change[0] <= to_ns]
        while len(covering) > 1 and covering[1][0] <= from_ns:
            del covering[0]
        return covering

    def _find_changes(self, from_ns: int, to_ns: int) -> list[tuple[int, int]]:
        changes = [(from_ns, self.offset_ns(from_ns))]
        here = from_ns
        while here < to_ns:
            ahead = min(here + _PROBE_NS, to_ns)
            offset = self.offset_ns(ahead)
            if offset != changes[-1][1]:
                changes.append((self._bisect(here, ahead, changes[-1][1]), offset))
            here = ahead
        return changes

    def _bisect(self, before: int, after: int, old_offset: int) -> int:
        while after - before > SECOND_NS:
            middle = (before + after) // 2
            if self.offset_ns(middle) == old_offset:
                before = middle
            else:
                after = middle
        return after // SECOND_NS * SECOND_NS


def day_label(ordinal: int) -> str:
    """Return a day number since 1970 as `4 Sep`."""
    return time_text.day(ordinal * DAY_NS, _UTC)


def date_of(ordinal: int) -> date:
    """Return a day number since 1970 as a date."""
    return date(1970, 1, 1) + timedelta(days=ordinal)


def month_of(ordinal: int) -> tuple[int, int]:
    """Return year and month of a day number since 1970."""
    day = date_of(ordinal)
    return day.year, day.month


def month_label(ordinal: int) -> str:
    """Return the month of a day number as `Sep`, or its year for January."""
    year, month = month_of(ordinal)
    return str(year) if month == 1 else day_label(ordinal).partition(" ")[2]
