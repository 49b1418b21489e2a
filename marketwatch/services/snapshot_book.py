"""The snapshots of what is followed: which feed's is shown and which is warm, who sees it, and what has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection

from marketwatch.domain.bars import BarSeries
from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Origin, Snapshot
from marketwatch.domain.snapshot_day import flush
from marketwatch.domain.venues import Calendars
from marketwatch.errors import DuplicateInstrument
from marketwatch.runtime.clock import Clock
from marketwatch.services.feed_route import FeedCounts, FeedFacts, FeedRoute, TradedVolume, silence
from marketwatch.services.snapshot_maker import SECONDS_FOR, SnapshotMaker

ExactSink = Callable[[Snapshot, MarketEvent], None]
"""Called at once with every accepted event of an instrument, after the snapshot has taken it in."""


class SnapshotBook:
    """Keeps the snapshots; the market hub, which is one, writes what the feeds say into them.

    `on_dirty` is called when the first snapshot has changed since the last `drain`.
    """

    def __init__(self, clock: Clock, calendars: Calendars | None = None) -> None:
        self.on_dirty: Callable[[], None] | None = None
        self.calendars = calendars or Calendars()
        self._monotonic_ns = clock.monotonic_ns
        self._routes: dict[FeedId, FeedRoute] = {}
        self._by_id: dict[InstrumentId, Snapshot] = {}
        self._warm: dict[InstrumentId, Snapshot] = {}
        self._dirty: list[Snapshot] = []
        self._received_ns = 0
        self._maker = SnapshotMaker(self.calendars, lambda: len(self._by_id) + len(self._warm))

    # What is followed

    def add_feed(self, facts: FeedFacts) -> None:
        """Make a feed known; its instruments and counts stay when the facts change."""
        route = self._routes.get(facts.id)
        if route is None:
            self._routes[facts.id] = FeedRoute(facts)
        else:
            route.facts = facts

    def facts(self, feed_id: FeedId) -> FeedFacts:
        """Return what is known about a feed."""
        return self._routes[feed_id].facts

    def track(self, instrument: Instrument, feed_id: FeedId, key: str) -> Snapshot:
        """Follow an instrument under the feed's own key; the snapshot of one feed at a time is the one shown.

        The sinks stay with the instrument. When it was warm there, the two snapshots change places, so that figures
        of two feeds never meet in one. Raises DuplicateInstrument when the key already means another instrument.
        """
        route = self._routes[feed_id]
        holder, before = self._holder(route, instrument, key), self._by_id.get(instrument.id)
        if holder is not None and holder is before:
            return holder
        if holder is not None:
            self._change_places(holder, before)
            return holder
        self._forget(before)
        snapshot = self._maker.make(instrument, route)
        snapshot.has_seconds = len(self._by_id) < SECONDS_FOR
        if before is not None:
            snapshot.sinks, snapshot.bid_ask_sinks = before.sinks, before.bid_ask_sinks
        route.enter(key, snapshot)
        self._by_id[instrument.id] = snapshot
        return snapshot

    def warm_up(self, instrument: Instrument, feed_id: FeedId, key: str) -> Snapshot:
        """Follow an instrument at a second feed, beside the one shown: bars and figures are kept, nobody is told.

        Raises DuplicateInstrument when the key already means another instrument.
        """
        route = self._routes[feed_id]
        holder = self._holder(route, instrument, key)
        if holder is not None:
            return holder
        self.cool_down(instrument.id)
        snapshot = self._maker.make(instrument, route)
        shown = self._by_id.get(instrument.id)
        snapshot.has_seconds = shown is not None and shown.has_seconds
        silence(snapshot, ())
        route.enter(key, snapshot)
        self._warm[instrument.id] = snapshot
        return snapshot

    def cool_down(self, instrument_id: InstrumentId) -> None:
        """Follow an instrument at a second feed no longer."""
        self._forget(self._warm.pop(instrument_id, None))

    def _holder(self, route: FeedRoute, instrument: Instrument, key: str) -> Snapshot | None:
        holder = route.snapshots.get(key)
        if holder is not None and holder.instrument.id != instrument.id:
            raise DuplicateInstrument(f"“{key}” already stands for {holder.instrument.id} at {route.facts.label}")
        return holder

    def _change_places(self, warm: Snapshot, shown: Snapshot | None) -> None:
        """Show the warm snapshot, and keep the one shown so far warm."""
        instrument_id, listeners = warm.instrument.id, warm.sinks
        warm.is_tracked = True
        warm.is_dirty = any(one is warm for one in self._dirty)
        warm.sinks = warm.bid_ask_sinks = ()
        self._by_id[instrument_id] = warm
        if shown is None:
            self._warm.pop(instrument_id, None)
        else:
            warm.sinks, warm.bid_ask_sinks = shown.sinks, shown.bid_ask_sinks
            silence(shown, listeners)
            self._warm[instrument_id] = shown
        warm.reports, warm.bid_ask_reports = bool(warm.sinks), bool(warm.bid_ask_sinks)
        if not warm.is_dirty:
            self._mark(warm)

    def _forget(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        snapshot.is_tracked = False
        self._routes[snapshot.feed_id].leave(snapshot)

    def untrack(self, instrument_id: InstrumentId) -> None:
        """Forget an instrument; later events of it count as unrouted."""
        self._forget(self._by_id.pop(instrument_id, None))

    def add_sink(self, instrument_id: InstrumentId, sink: ExactSink, *, quotes: bool = True) -> None:
        """Let `sink` see every accepted event of a tracked instrument; without `quotes` all but those.

        It sees by the snapshot's `feed_id` when another feed serves the instrument: what it compares begins anew then.
        """
        snapshot = self._by_id[instrument_id]
        snapshot.sinks = (*snapshot.sinks, sink)
        snapshot.reports = True
        if quotes:
            snapshot.bid_ask_sinks = (*snapshot.bid_ask_sinks, sink)
            snapshot.bid_ask_reports = True

    def remove_sink(self, instrument_id: InstrumentId, sink: ExactSink) -> None:
        """Undo `add_sink`; an instrument no longer tracked has no sinks."""
        snapshot = self._by_id.get(instrument_id)
        if snapshot is not None:
            snapshot.sinks = tuple(kept for kept in snapshot.sinks if kept != sink)
            snapshot.bid_ask_sinks = tuple(kept for kept in snapshot.bid_ask_sinks if kept != sink)

    def add_warm_sink(self, instrument_id: InstrumentId, sink: ExactSink) -> None:
        """Let `sink` see the trades of an instrument at its second feed, whichever that is."""
        snapshot = self._warm[instrument_id]
        silence(snapshot, (*snapshot.sinks, sink))

    def remove_warm_sink(self, instrument_id: InstrumentId, sink: ExactSink) -> None:
        """Undo `add_warm_sink`; an instrument no longer followed at a second feed has no sinks there."""
        snapshot = self._warm.get(instrument_id)
        if snapshot is not None:
            silence(snapshot, tuple(kept for kept in snapshot.sinks if kept != sink))

    # Reading

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        """Return the live snapshot of an instrument, None when it is not tracked."""
        return self._by_id.get(instrument_id)

    def warm_snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        """Return the snapshot of an instrument's second feed, None when there is none."""
        return self._warm.get(instrument_id)

    def snapshots(self, feed_id: FeedId) -> list[Snapshot]:
        """Return the snapshots a feed writes to."""
        return list(self._routes[feed_id].snapshots.values())

    def bars(self, instrument_id: InstrumentId) -> tuple[BarSeries, BarSeries] | None:
        """Return the second and minute bars up to this moment; None when not tracked."""
        snapshot = self._by_id.get(instrument_id)
        if snapshot is None:
            return None
        flush(snapshot)
        return snapshot.second_bars(), snapshot.minute_bars()

    def keep_seconds(self, instrument_id: InstrumentId) -> None:
        """Keep bars of a second of this instrument from now on, if it is not among those that have them anyway."""
        snapshot = self._by_id.get(instrument_id)
        if snapshot is not None and not snapshot.has_seconds:
            flush(snapshot)
            snapshot.has_seconds = True
            snapshot.run_end = 0

    def mark_gap(self, feed_id: FeedId, from_ns: int, to_ns: int, keys: Collection[str] | None = None) -> None:
        """Note that a feed, or its connection with these `keys`, was down between two instants of market time."""
        for snapshot in self._routes[feed_id].note_gap(from_ns, to_ns, keys):
            hours_ns = snapshot.calendar.day(to_ns).hours_ns
            if hours_ns is not None and from_ns < hours_ns[1] < to_ns:
                snapshot.origin = Origin(to_ns)
            for bars in (snapshot.seconds, snapshot.minutes):
                if bars is not None:
                    bars.mark_partial(from_ns, to_ns)

    def expect_again(self, feed_id: FeedId, keys: Collection[str] | None = None) -> None:
        """A feed, or its connection with these `keys`, was lost: what the next one sends of the time before, we know.

        A server may send the day so far to each new connection; a delayed one, what the real-time one had sent.
        """
        self._routes[feed_id].begin_again(keys, self._monotonic_ns())

    def gaps(self, instrument_id: InstrumentId) -> list[tuple[int, int]]:
        """Return the instants between which the feed of an instrument was down, oldest first."""
        snapshot = self._by_id.get(instrument_id)
        return [] if snapshot is None else self._routes[snapshot.feed_id].gaps_of(instrument_id)

    def drain(self) -> list[Snapshot]:
        """Hand over the snapshots that changed since the last call, each once."""
        changed, self._dirty = self._dirty, []
        drained = []
        for snapshot in changed:
            if snapshot.is_tracked:  # one that is warm by now stays silent
                snapshot.is_dirty = False
                snapshot.reports = snapshot.bid_ask_reports = True
                snapshot.version += 1
                drained.append(snapshot)
        return drained

    def counts(self, feed_id: FeedId) -> FeedCounts:
        """Return what a feed delivered so far."""
        return self._routes[feed_id].counts()

    def traded(self, feed_id: FeedId) -> dict[str, TradedVolume]:
        """Return trades and volume per key, for comparison with the source."""
        return self._routes[feed_id].traded()

    def reset(self, feed_id: FeedId) -> None:
        """Forget all figures and bars of a feed's instruments (its session is sought or starts anew)."""
        route = self._routes[feed_id]
        route.restart()
        for snapshot in route.snapshots.values():
            snapshot.clear()
            snapshot.origin = route.origin_at(snapshot.instrument.id.venue)
            if not snapshot.is_dirty:
                self._mark(snapshot)

    def _mark(self, s: Snapshot) -> None:
        s.is_dirty = True
        s.reports = bool(s.sinks)
        s.bid_ask_reports = bool(s.bid_ask_sinks)
        s.received_ns = self._received_ns
        dirty = self._dirty
        dirty.append(s)
        if len(dirty) == 1 and self.on_dirty is not None:
            self.on_dirty()
