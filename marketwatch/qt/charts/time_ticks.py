"""Where the time axis of bars stands: session starts, labels in exchange time, extended hours. Knows no Qt."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from marketwatch.domain.calendar import TradingCalendar
from marketwatch.qt.charts.columns import BarColumns, IntArray
from marketwatch.qt.charts.zone_time import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    ZoneTime,
    date_of,
    day_label,
    month_label,
    month_of,
)

_STEPS_NS = (
    *(n * SECOND_NS for n in (1, 5, 15, 30)),
    *(n * MINUTE_NS for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR_NS for n in (1, 2, 4, 6, 12)),
)
_MONTH_DAYS = 21
_LEAST_SHADED_PX = 8.0
_CLOSEST = 0.6


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A place on the time axis: bar `row`, its text, and whether a session (or month) begins there."""

    row: int
    text: str
    is_start: bool


class SessionIndex:
    """Rows at which a trading day begins.

    `day_shift_ns` moves the change of the trading day away from local midnight, for markets that open the evening
    before.
    """

    def __init__(self, columns: BarColumns, zone_time: ZoneTime, day_shift_ns: int = 0) -> None:
        self._columns = columns
        self._zone_time = zone_time
        self._shift_ns = day_shift_ns
        self.rows: list[int] = []
        self.days: list[int] = []

    def update(self, first: int) -> None:
        """Look again at the rows from `first` on."""
        while self.rows and self.rows[-1] >= first:
            self.rows.pop()
            self.days.pop()
        count = self._columns.count
        if first >= count:
            return
        days = self._days_of(self._columns.opens_ns[first:count])
        previous = self.days[-1] if self.days else None
        changed = np.flatnonzero(np.diff(days)) + 1
        candidates = changed.tolist() if previous == int(days[0]) else [0, *changed.tolist()]
        for offset in candidates:
            self.rows.append(first + offset)
            self.days.append(int(days[offset]))

    def between(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return (row, day) of the sessions that begin in rows `first` to `last` (exclusive)."""
        start, end = bisect_right(self.rows, first - 1), bisect_right(self.rows, last - 1)
        return list(zip(self.rows[start:end], self.days[start:end], strict=True))

    def spans(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return (first row, end row, day) of every session that touches rows `first` to `last` (exclusive)."""
        if not self.rows or last <= first:
            return []
        start = max(0, bisect_right(self.rows, first) - 1)
        end = bisect_right(self.rows, last - 1)
        edges = [*self.rows[start : end + 1], self._columns.count]
        return [(edges[i], edges[i + 1], self.days[start + i]) for i in range(end - start)]

    def _days_of(self, instants: IntArray) -> IntArray:
        return (self._zone_time.local_ns(instants) + self._shift_ns) // DAY_NS


class RegularHours:
    """Open and close of the regular session by day number; asked of the calendar once a day of the chart."""

    def __init__(self, calendar: TradingCalendar) -> None:
        self._calendar = calendar
        self._known: dict[int, IntArray | None] = {}

    def of(self, day: int) -> IntArray | None:
        """Return open and close in ns UTC, None on a day without a session."""
        if day not in self._known:
            hours = self._calendar.day_on(date_of(day)).hours_ns
            self._known[day] = None if hours is None else np.array(hours[1:3], dtype=np.int64)
        return self._known[day]


class TimeTicks:
    """Chooses the labels of the time axis for a range of rows."""

    def __init__(self, columns: BarColumns, sessions: SessionIndex, zone_time: ZoneTime) -> None:
        self._columns = columns
        self._sessions = sessions
        self._zone_time = zone_time

    def choose(self, first: int, last: int, pitch: float, interval_ns: int, label_px: float) -> list[TimeTick]:
        """Return ticks in order of rows, wanted about `label_px` apart; the first of a session carries the date."""
        if last <= first:
            return []
        days = self._sessions.between(first, last)
        step = self._step_ns(first, last, pitch, interval_ns, label_px)
        if step is None:
            return self._day_ticks(days, first, last, pitch, label_px)
        ticks = [TimeTick(row, day_label(day), True) for row, day in days]
        starts = {row for row, _ in days}
        for begin, end, _ in self._sessions.spans(first, last):
            for row, text in self._within(max(begin, first), min(end, last), step):
                if row not in starts:
                    ticks.append(TimeTick(row, text, False))
        ticks.sort(key=lambda tick: tick.row)
        return self._with_opening_time(_thinned(ticks, _CLOSEST * label_px / pitch))

    def _with_opening_time(self, ticks: list[TimeTick]) -> list[TimeTick]:
        """Name the time too where a session has just begun: no other label would tell it yet."""
        if not ticks or not ticks[-1].is_start:
            return ticks
        last = ticks[-1]
        opened_ns = int(self._columns.opens_ns[last.row])
        _, offset = self._zone_time.segments(opened_ns, opened_ns)[-1]
        return [*ticks[:-1], TimeTick(last.row, f"{last.text} {self._clock_text(opened_ns, offset)}", True)]

    def _step_ns(self, first: int, last: int, pitch: float, interval_ns: int, label_px: float) -> int | None:
        """Return the finest step that leaves room for labels; None when a whole session is narrower than two."""
        sessions = max(1, len(self._sessions.spans(first, last)))
        if (last - first) / sessions * pitch < 2.0 * label_px and sessions > 1:
            return None
        wanted = label_px / pitch * interval_ns
        return next((step for step in _STEPS_NS if step >= wanted and step >= interval_ns), None)

    def _within(self, begin: int, end: int, step: int) -> list[tuple[int, str]]:
        """Return the first row at or after each round local time, labelled with the time of that row."""
        opens = self._columns.opens_ns[begin:end]
        start_ns, end_ns = int(opens[0]), int(opens[-1])
        segments = self._zone_time.segments(start_ns, end_ns)
        found: dict[int, str] = {}
        for index, (segment_start, offset) in enumerate(segments):
            low = max(start_ns, segment_start)
            high = min(end_ns, segments[index + 1][0] - 1) if index + 1 < len(segments) else end_ns
            marks = np.arange(-(-(low + offset) // step) * step, high + offset + 1, step, dtype=np.int64) - offset
            for row in np.searchsorted(opens, marks).tolist():
                found.setdefault(begin + row, self._clock_text(int(opens[row]), offset))
        return list(found.items())

    def _clock_text(self, ns: int, offset: int) -> str:
        seconds = (ns + offset) // SECOND_NS % 86_400
        text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
        return f"{text}:{seconds % 60:02d}" if seconds % 60 else text

    def _day_ticks(
        self, days: list[tuple[int, int]], first: int, last: int, pitch: float, label_px: float
    ) -> list[TimeTick]:
        per_day = (last - first) / max(1, len(days)) * pitch
        if per_day * _MONTH_DAYS < label_px * 0.7:
            return self._month_ticks(days, every=3 if per_day * _MONTH_DAYS * 3 >= label_px * 0.7 else 12)
        if per_day * 5 < label_px:
            return self._month_ticks(days, every=1)
        return [TimeTick(row, day_label(day), True) for row, day in days]

    def _month_ticks(self, days: list[tuple[int, int]], every: int) -> list[TimeTick]:
        ticks: list[TimeTick] = []
        previous: tuple[int, int] | None = None
        for row, day in days:
            year, month = month_of(day)
            period = (year, (month - 1) // every)
            if previous is not None and period != previous:
                ticks.append(TimeTick(row, month_label(day), month == 1))
            previous = period
        return ticks


def _thinned(ticks: list[TimeTick], least_rows: float) -> list[TimeTick]:
    """Leave out times too near to a session start or to the time before: quiet hours have few bars an hour."""
    starts = [tick.row for tick in ticks if tick.is_start]
    kept: list[TimeTick] = []
    previous = -math.inf
    for tick in ticks:
        if not tick.is_start:
            after = bisect_right(starts, tick.row)
            following = starts[after] if after < len(starts) else math.inf
            if tick.row - previous < least_rows or following - tick.row < least_rows:
                continue
        kept.append(tick)
        previous = tick.row
    return kept


def shaded_spans(
    columns: BarColumns, sessions: SessionIndex, hours: RegularHours, first: int, last: int, pitch: float
) -> list[tuple[int, int]]:
    """Return row ranges outside regular hours; none when they would be thinner than can be seen."""
    spans: list[tuple[int, int]] = []
    for begin, end, day in sessions.spans(first, last):
        if (end - begin) * pitch < _LEAST_SHADED_PX:
            continue
        regular = hours.of(day)
        if regular is None:
            continue
        opens = columns.opens_ns[begin:end]
        before, after = np.searchsorted(opens, regular).tolist()
        spans += [(begin, begin + before)] if before else []
        spans += [(begin + after, end)] if begin + after < end else []
    return spans
