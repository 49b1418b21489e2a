"""Measures the two feeds of the one instrument that is looked at; nothing is measured of any other."""

from __future__ import annotations

from marketwatch.domain.events import MarketEvent, PriceValue, TradeTick
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.runtime.clock import Clock
from marketwatch.services.feed_difference import DelayMeter, FeedDifference, difference_of, side_of
from marketwatch.services.market_hub import MarketHub


class PairWatch:
    """Follows one instrument at a time, for as long as it is asked about."""

    def __init__(self, hub: MarketHub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._instrument_id: InstrumentId | None = None
        self._feeds: tuple[FeedId, FeedId] | None = None
        self._first: FeedId | None = None
        self._meter = DelayMeter()
        self._untimed = [0, 0]

    def difference(self, instrument_id: InstrumentId) -> FeedDifference | None:
        """Compare the feeds of an instrument, and measure them from now on; None where there is but one."""
        hub = self._hub
        shown, second = hub.snapshot(instrument_id), hub.warm_snapshot(instrument_id)
        if shown is None or second is None:
            self.leave()
            return None
        self._follow(instrument_id, shown, second)
        for place, feed_id in enumerate((shown.feed_id, second.feed_id)):
            if hub.counts(feed_id).untimed > self._untimed[place]:
                self._meter.note_untimed(place)  # the hub gives such trades the time of their arrival
        sides = side_of(shown, hub.facts(shown.feed_id)), side_of(second, hub.facts(second.feed_id))
        return difference_of(*sides, self._meter)

    def leave(self) -> None:
        """Measure nothing any more."""
        if self._instrument_id is not None:
            self._hub.remove_sink(self._instrument_id, self._take)
            self._hub.remove_warm_sink(self._instrument_id, self._take)
        self._instrument_id = self._feeds = None

    def _follow(self, instrument_id: InstrumentId, shown: Snapshot, second: Snapshot) -> None:
        feeds = (shown.feed_id, second.feed_id)
        if (instrument_id, feeds) != (self._instrument_id, self._feeds):
            self.leave()
            self._instrument_id, self._feeds, self._first = instrument_id, feeds, shown.feed_id
            behind = [self._hub.facts(feed_id).delay_s for feed_id in feeds]
            self._meter = DelayMeter(behind[1] - behind[0])
            self._untimed = [self._hub.counts(feed_id).untimed for feed_id in feeds]
        if self._take not in shown.sinks:
            self._hub.add_sink(instrument_id, self._take, quotes=False)
        if self._take not in second.sinks:
            self._hub.add_warm_sink(instrument_id, self._take)

    def _take(self, snapshot: Snapshot, event: MarketEvent) -> None:
        if isinstance(event, TradeTick):
            price = event.price
        elif isinstance(event, PriceValue):
            price = event.value
        else:
            return
        place = 0 if snapshot.feed_id == self._first else 1
        if event.event_ns is not None:
            self._meter.take(place, event.event_ns, price, self._clock.monotonic_ns())
