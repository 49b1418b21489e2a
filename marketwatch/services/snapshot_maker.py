"""Makes snapshots, and divides the memory for bars of a second among them."""

from __future__ import annotations

from collections.abc import Callable

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.venues import Calendars
from marketwatch.services.feed_route import FeedRoute

SECONDS_FOR = 100
"""How many instruments keep bars of a second without being asked."""
_SECOND_BARS_BUDGET = 300_000  # of all instruments together, about 22 MB
_SECOND_BARS_RANGE = (600, 30_000)
_MINUTE_BARS = 3_000


class SnapshotMaker:
    """`count` tells how many snapshots there are."""

    def __init__(self, calendars: Calendars, count: Callable[[], int]) -> None:
        self._calendars = calendars
        self._count = count
        self._new_bars = self._make_bars

    def make(self, instrument: Instrument, route: FeedRoute) -> Snapshot:
        """Return an empty snapshot of an instrument at a feed."""
        calendar = self._calendars.of(instrument.id)
        return Snapshot(instrument, route.facts.id, route.origin_at(instrument.id.venue), calendar, self._new_bars)

    def _make_bars(self, interval: BarInterval) -> BarSeries:
        if interval is BarInterval.M1:
            return BarSeries(interval, _MINUTE_BARS)
        least, most = _SECOND_BARS_RANGE
        share = _SECOND_BARS_BUDGET // max(1, min(self._count(), SECONDS_FOR))
        return BarSeries(interval, min(most, max(least, share)))
