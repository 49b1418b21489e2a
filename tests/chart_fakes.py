"""Bars for chart tests: a feed of the shape that the chart service hands out, filled by hand."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.calendar import TradingCalendar
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import Calendars

MINUTE_NS = 60 * 1_000_000_000
OPEN_NS = 1_381_239_000 * 1_000_000_000
"""2013-10-08 09:30 in New York."""

IBM = Instrument(
    id=InstrumentId(Venue("XNYS"), CASH, "IBM"),
    name="International Business Machines",
    currency="USD",
    tick_size=Decimal("0.01"),
    exchange_tag="NYSE",
)
SPY = Instrument(
    id=InstrumentId(Venue("ARCX"), CASH, "SPY"), name="SPDR S&P 500", currency="USD", tick_size=Decimal("0.01")
)
RELIANCE = Instrument(
    id=InstrumentId(Venue("NSE"), CASH, "RELIANCE"), name="Reliance", currency="INR", tick_size=Decimal("0.05")
)

Ohlcv = tuple[float, float, float, float, float]


def calendar_of(instrument: Instrument) -> TradingCalendar:
    """Return the calendar of a venue."""
    return Calendars().of(instrument.id)


class FakeFeed:
    """A BarFeed over a series."""

    def __init__(self, series: BarSeries, gaps: Sequence[tuple[int, int]] = ()) -> None:
        self.columns = series
        self.known_gaps = list(gaps)
        self._cursor = series.cursor()

    def take_change(self) -> int | None:
        """Return the first changed bar."""
        first_ns = self._cursor.take()
        return None if first_ns is None else bisect_left(self.columns.opens_ns, first_ns)

    def gaps(self) -> Sequence[tuple[int, int]]:
        """Return the gaps told by hand."""
        return self.known_gaps


def series_of(
    bars: Sequence[Ohlcv],
    interval: BarInterval = BarInterval.M1,
    start_ns: int = OPEN_NS,
    opens_ns: Sequence[int] | None = None,
    limit: int = 2_000_000,
) -> BarSeries:
    """Build a series of bars that follow one another, or that open when told."""
    series = BarSeries(interval, limit)
    count = len(bars)
    opens = list(opens_ns) if opens_ns is not None else [start_ns + i * interval.ns for i in range(count)]
    series.opens_ns = array("q", opens)
    for place, name in enumerate(("open", "high", "low", "close", "volume")):
        setattr(series, name, array("d", [bar[place] for bar in bars]))
    series.count = array("q", [1] * count)
    series.first_ns = array("q", opens)
    series.last_ns = array("q", opens)
    series.source = array("b", [0] * count)
    return series


def zigzag(count: int, start: float = 100.0) -> list[Ohlcv]:
    """Return bars that rise and fall by turns."""
    bars: list[Ohlcv] = []
    for index in range(count):
        low = start + (index % 7) * 0.1
        opened, closed = (low + 0.1, low + 0.3) if index % 2 else (low + 0.3, low + 0.1)
        bars.append((opened, low + 0.4, low, closed, 100.0 + index % 5))
    return bars
