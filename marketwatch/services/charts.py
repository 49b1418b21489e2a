"""Live bars of one instrument and interval for a chart: kept up to date from the hub's second or minute bars."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries, ChangeCursor
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.venues import Calendars

Gap = tuple[int, int]
"""From and to, ns UTC, of a stretch of the session without data."""

_LIMIT = 100_000
_MOST_GAPS = 200


class BarKeeper(Protocol):
    """Where finer bars come from: the market hub."""

    @property
    def calendars(self) -> Calendars:
        """The calendars of all venues."""
        ...

    def bars(self, instrument_id: InstrumentId) -> tuple[BarSeries, BarSeries] | None:
        """Return second and minute bars up to this moment, None for an instrument nobody follows."""
        ...


class ChartSeries:
    """Bars of one interval, oldest first, the last one forming. `columns` are read only for the chart.

    Whoever shows it calls `take_change` before reading: this brings the bars up to date.
    """

    def __init__(self, keeper: BarKeeper, instrument_id: InstrumentId, interval: BarInterval) -> None:
        self.instrument_id = instrument_id
        self.interval = interval
        self.version = 0
        self._keeper = keeper
        self._source: BarSeries | None = None
        self._cursor: ChangeCursor | None = None
        self._offset_ns = keeper.calendars.of(instrument_id).bar_offset_ns(interval)
        self._gaps: list[Gap] = []
        self.columns = BarSeries(interval, _LIMIT, self._offset_ns)
        self._follow()

    def take_change(self) -> int | None:
        """Bring the bars up to date and return the place of the first that changed; None when none did."""
        self._follow()
        changed_ns = None if self._cursor is None else self._cursor.take()
        if changed_ns is None or self._source is None:
            return None
        self.version += 1
        start_ns = self._opens(changed_ns) if self._source.opens_ns else changed_ns
        self.columns.drop_from(start_ns)
        first = len(self.columns)
        self.columns.merge_from(self._source, start_ns)
        return min(first, bisect_left(self.columns.opens_ns, start_ns))

    def gaps(self) -> Sequence[Gap]:
        """Return where ticks are known to be missing."""
        return self._gaps

    def mark_gap(self, from_ns: int, to_ns: int) -> None:
        """Note a stretch in which no data came although it should have."""
        if to_ns > from_ns:
            self._gaps.append((from_ns, to_ns))
            del self._gaps[:-_MOST_GAPS]

    def forget_gaps(self) -> None:
        """Know of no missing ticks any more."""
        self._gaps.clear()

    def leave(self) -> None:
        """Follow no longer."""
        if self._source is not None and self._cursor is not None:
            self._source.forget(self._cursor)
        self._source = self._cursor = None

    def _follow(self) -> None:
        """Take up the hub's series; another object than before (a new feed) is read from its beginning."""
        bars = self._keeper.bars(self.instrument_id)
        source = None if bars is None else bars[0 if self.interval.seconds < 60 else 1]
        if source is self._source:
            return
        self.leave()
        self.columns.clear()
        self._source = source
        if source is not None:
            self._cursor = source.cursor()
            self._cursor.first_ns = source.opens_ns[0] if len(source) else self._cursor.first_ns

    def _opens(self, instant_ns: int) -> int:
        return instant_ns - (instant_ns - self._offset_ns) % self.interval.ns


class ChartService:
    """Opens and closes series; knows which gaps each instrument has."""

    def __init__(self, keeper: BarKeeper) -> None:
        self._keeper = keeper
        self._open: list[ChartSeries] = []
        self._gaps: dict[InstrumentId, list[Gap]] = {}

    def open(self, instrument_id: InstrumentId, interval: BarInterval) -> ChartSeries:
        """Begin to follow the bars of an instrument; give the series back with `close`."""
        series = ChartSeries(self._keeper, instrument_id, interval)
        for gap in self._gaps.get(instrument_id, ()):
            series.mark_gap(*gap)
        self._open.append(series)
        return series

    def close(self, series: ChartSeries) -> None:
        """Stop following."""
        self._open.remove(series)
        series.leave()

    def mark_gap(self, instrument_id: InstrumentId, from_ns: int, to_ns: int) -> None:
        """Note that ticks of an instrument are missing between two instants of market time."""
        gaps = self._gaps.setdefault(instrument_id, [])
        gaps.append((from_ns, to_ns))
        del gaps[:-_MOST_GAPS]
        for series in self._open:
            if series.instrument_id == instrument_id:
                series.mark_gap(from_ns, to_ns)

    def forget_gaps(self) -> None:
        """Forget all gaps: the session starts anew."""
        self._gaps.clear()
        for series in self._open:
            series.forget_gaps()
