"""Live bars for charts: any interval, put together from the base bars that the hub keeps of every instrument.

The base bars hold every trade (the hub builds them before any conflation), so a chart opened late has its history and
none that is open costs the hot path anything: a series takes over what changed when it is asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from marketwatch.domain.bar_interval import BarInterval, bar_start
from marketwatch.domain.bars import BarSeries, ChangeCursor
from marketwatch.domain.calendar import TradingCalendar
from marketwatch.domain.ids import InstrumentId
from marketwatch.services.market_hub import MarketHub

Gap = tuple[int, int]
"""From and to, ns UTC, of a stretch of trading hours without data."""

_LIMIT = 100_000


class ChartSeries:
    """Bars of one instrument and interval, oldest first, the forming one last.

    `columns` are read only, up to date as of the last `refresh` or `take_change`; `version` grows with every change.
    """

    def __init__(self, hub: MarketHub, instrument_id: InstrumentId, interval: BarInterval) -> None:
        self.instrument_id = instrument_id
        self.interval = interval
        self.version = 0
        self._hub = hub
        self._calendar = hub.calendars.of(instrument_id)
        self.columns = BarSeries(interval, _LIMIT, self._calendar.bar_offset_ns(interval))
        self._changes = self.columns.cursor()
        self._oldest_ns: int | None = None
        self._base: BarSeries | None = None
        self._base_changes: ChangeCursor | None = None
        self.refresh()

    def refresh(self) -> None:
        """Take over what changed in the base bars."""
        is_anew = self._follow()
        base, first_ns = self._base, None if self._base_changes is None else self._base_changes.take()
        if base is None or (first_ns is None and not is_anew):
            return
        if not is_anew and first_ns is not None and len(base) and first_ns >= base.opens_ns[0]:
            start_ns = bar_start(first_ns, self.columns.interval_ns, self.columns.offset_ns)
            self.columns.drop_from(start_ns)
            self.columns.merge_from(base, start_ns)
        else:
            self.columns.clear()
            self.columns.merge_from(base)
        self.version += 1

    def take_change(self) -> int | None:
        """Refresh; return the place of the first bar that changed since the last call, None when nothing did."""
        self.refresh()
        first_ns = self._changes.take()
        if first_ns is None:
            return None
        opens_ns = self.columns.opens_ns
        oldest_ns, self._oldest_ns = self._oldest_ns, opens_ns[0] if len(opens_ns) else None
        if oldest_ns != self._oldest_ns:
            return 0
        return min(bisect_left(opens_ns, first_ns), max(0, len(opens_ns) - 1))

    def gaps(self) -> list[Gap]:
        """Return the parts of trading hours in which the feed was down."""
        return [
            piece
            for from_ns, to_ns in self._hub.gaps(self.instrument_id)
            for piece in _inside_sessions(self._calendar, from_ns, to_ns)
        ]

    def leave(self) -> None:
        """Follow the base bars no longer."""
        if self._base is not None and self._base_changes is not None:
            self._base.forget(self._base_changes)
        self._base = self._base_changes = None

    def _follow(self) -> bool:
        """Find the base bars; True when they are others than before: the instrument came to another feed."""
        kept = self._hub.bars(self.instrument_id)
        base = None if kept is None else kept[0] if self.interval.base is BarInterval.S1 else kept[1]
        if base is None or base is self._base:
            return False
        self.leave()
        self._hub.keep_seconds(self.instrument_id)
        self._base = base
        self._base_changes = base.cursor()
        return len(base) > 0 or len(self.columns) > 0


class ChartService:
    """Opens and closes chart series."""

    def __init__(self, hub: MarketHub) -> None:
        self._hub = hub

    def open(self, instrument_id: InstrumentId, interval: BarInterval) -> ChartSeries:
        """Begin to follow the bars of an instrument, tracked or not yet; give the series back with `close`."""
        return ChartSeries(self._hub, instrument_id, interval)

    def close(self, series: ChartSeries) -> None:
        """Stop following."""
        series.leave()


def _inside_sessions(calendar: TradingCalendar, from_ns: int, to_ns: int) -> Iterator[Gap]:
    day = calendar.day(from_ns)
    while day.starts_ns < to_ns:
        if day.hours_ns is not None:
            start_ns, end_ns = max(from_ns, day.hours_ns[0]), min(to_ns, day.hours_ns[3])
            if start_ns < end_ns:
                yield start_ns, end_ns
        day = calendar.day(day.ends_ns)
