"""The market hub: takes the events of all feeds, alone writes snapshots, and tells who must know.

Quotes are kept by reference, trades are applied at once (domain/snapshot_rules), exact sinks see every accepted event
in order, and what the screen shows is only marked: `drain` hands the changed snapshots out once per display tick.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from marketwatch.domain.bars import BarSeries
from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    EventKind,
    MarketEvent,
    PriceLimits,
    PriceValue,
    Quote,
    TradeTick,
    VendorBar,
    stamp_to_ns,
)
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Origin, Snapshot
from marketwatch.domain.snapshot_day import enter_day, flush
from marketwatch.domain.snapshot_rules import (
    APPLIED,
    LATE,
    NEW_DAY,
    SUSPECT,
    UNTIMED,
    apply_late,
    apply_trade,
    apply_value,
    must_rewind,
    rewind,
)
from marketwatch.domain.snapshot_statements import apply_limits, apply_statistics, apply_vendor_bar, keep_depth
from marketwatch.domain.venues import Calendars
from marketwatch.errors import DuplicateInstrument
from marketwatch.runtime.clock import Clock
from marketwatch.services.feed_route import FeedCounts, FeedFacts, FeedNature, FeedRoute, Taker, TradedVolume, silence
from marketwatch.services.snapshot_maker import SECONDS_FOR, SnapshotMaker

__all__ = ["ExactSink", "FeedCounts", "FeedFacts", "FeedNature", "MarketHub", "TradedVolume"]

ExactSink = Callable[[Snapshot, MarketEvent], None]
"""Called at once with every accepted event of an instrument, after the snapshot has taken it in."""

_log = logging.getLogger(__name__)
_QUOTE_REWIND_NS = 60_000_000_000  # a quote this much older means that the newest had a wrong time


class MarketHub:
    """Sole writer of snapshots. All calls come from one thread.

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
        self._takers: dict[EventKind, Taker] = {
            EventKind.TRADE: self._take_trade,
            EventKind.QUOTE: self._take_quote,
            EventKind.BAR: self._take_bar,
            EventKind.STATISTICS: self._take_statistics,
            EventKind.LIMITS: self._take_limits,
            EventKind.VALUE: self._take_value,
            EventKind.ANALYSIS: self._take_report,
            EventKind.ALERT: self._take_report,
            EventKind.POSITION: self._take_report,
            EventKind.BATCH: self._take_report,
            EventKind.PROGRESS: self._take_report,
            EventKind.FAILURE: self._take_report,
        }

    # Set-up

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

    def mark_gap(self, feed_id: FeedId, from_ns: int, to_ns: int) -> None:
        """Note that a feed was down between two instants of market time: a hole in its charts."""
        route = self._routes[feed_id]
        route.gaps.append((from_ns, to_ns))
        for snapshot in route.snapshots.values():
            hours_ns = snapshot.calendar.day(to_ns).hours_ns
            if hours_ns is not None and from_ns < hours_ns[1] < to_ns:
                snapshot.origin = Origin(to_ns)
            for bars in (snapshot.seconds, snapshot.minutes):
                if bars is not None:
                    bars.mark_partial(from_ns, to_ns)

    def gaps(self, instrument_id: InstrumentId) -> list[tuple[int, int]]:
        """Return the instants between which the feed of an instrument was down, oldest first."""
        snapshot = self._by_id.get(instrument_id)
        return [] if snapshot is None else list(self._routes[snapshot.feed_id].gaps)

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

    # Events

    def publish(self, feed_id: FeedId, events: Sequence[MarketEvent]) -> None:
        """Take in the events of one message, in order."""
        route = self._routes[feed_id]
        self._received_ns = self._monotonic_ns()
        route.received(events)
        find = route.snapshots.get
        quote_type, trade_type = route.quote_type, route.trade_type
        trades = 0
        items: Sequence[Any] = events  # the type is looked at once, here
        for event in items:
            event_type = type(event)
            if event_type is quote_type:
                s = find(event.key)
                stamp = event.stamp
                if s is None or stamp is None or stamp < s.bid_ask_stamp:
                    self._odd_quote(route, s, event)
                    continue
                s.bid_ask_stamp = stamp
                s.bid = event.bid
                s.bid_size = event.bid_size
                s.ask = event.ask
                s.ask_size = event.ask_size
                if s.bid_ask_reports:
                    self._attend_quote(s, event)
            elif event_type is trade_type:
                trades += 1
                s = find(event.key)
                sort = UNTIMED if s is None else apply_trade(s, event)
                if s is None or sort:
                    self._odd_trade(route, s, event, sort)
                elif s.reports:
                    self._attend(s, event)
            else:
                self._dispatch(route, event)
        route.trades += trades

    def _attend(self, s: Snapshot, event: MarketEvent) -> None:
        """Mark a snapshot as changed and let its exact sinks see the event."""
        if not s.is_dirty:
            self._mark(s)
        if s.sinks:
            self._tell(s, s.sinks, event)

    def _attend_quote(self, s: Snapshot, quote: Quote) -> None:
        if not s.is_dirty:
            self._mark(s)
        if s.bid_ask_sinks:
            self._tell(s, s.bid_ask_sinks, quote)

    def _tell(self, s: Snapshot, sinks: tuple[ExactSink, ...], event: MarketEvent) -> None:
        for sink in sinks:
            try:
                sink(s, event)
            except Exception:  # noqa: BLE001 - the boundary: a sink cannot take the feed down; counted and logged
                self._note_sink_error(s, sink)

    def _mark(self, s: Snapshot) -> None:
        s.is_dirty = True
        s.reports = bool(s.sinks)
        s.bid_ask_reports = bool(s.bid_ask_sinks)
        s.received_ns = self._received_ns
        dirty = self._dirty
        dirty.append(s)
        if len(dirty) == 1 and self.on_dirty is not None:
            self.on_dirty()

    def _note_sink_error(self, s: Snapshot, sink: ExactSink) -> None:
        route = self._routes[s.feed_id]
        route.sink_errors += 1
        if route.sink_errors.bit_count() == 1:  # the 1st, 2nd, 4th, 8th ... so that a bad sink cannot flood the log
            _log.exception("Sink %r failed for %s (%d failures)", sink, s.instrument.id, route.sink_errors)

    def _dispatch(self, route: FeedRoute, event: MarketEvent) -> None:
        """Take in an event of a kind that is rare, or of a class not yet seen."""
        take = route.takers.get(type(event))
        if take is None:
            take = self._learn(route, event)
        s = route.snapshots.get(event.key)
        if s is None:
            route.count(event.kind)
            route.unrouted += 1
        else:
            take(route, s, event)

    def _learn(self, route: FeedRoute, event: MarketEvent) -> Taker:
        """Find out once per class what its events are."""
        event_type = type(event)
        # A book is kept as a whole, which the path of quotes has no time for.
        if isinstance(event, Quote) and not isinstance(event, Depth) and route.quote_type is None:
            route.quote_type = event_type
        if isinstance(event, TradeTick) and route.trade_type is None:
            route.trade_type = event_type
        take = route.takers[event_type] = self._takers[event.kind]
        return take

    def _take_quote(self, route: FeedRoute, s: Snapshot, quote: Quote) -> None:
        stamp = quote.stamp
        if stamp is None or stamp < s.bid_ask_stamp:
            self._odd_quote(route, s, quote)
        else:
            self._set_quote(s, quote, stamp)

    def _set_quote(self, s: Snapshot, quote: Quote, stamp: int) -> None:
        s.bid_ask_stamp = stamp
        s.bid, s.bid_size, s.ask, s.ask_size = quote.bid, quote.bid_size, quote.ask, quote.ask_size
        if isinstance(quote, Depth):
            keep_depth(s, quote)
        self._attend_quote(s, quote)

    def _take_trade(self, route: FeedRoute, s: Snapshot, trade: TradeTick) -> None:
        route.trades += 1
        self._odd_trade(route, s, trade, apply_trade(s, trade))

    def _odd_quote(self, route: FeedRoute, s: Snapshot | None, quote: Quote) -> None:
        """A quote of nobody, without a time, or older than the one we have."""
        if s is None:
            route.unrouted += 1
            return
        if quote.stamp is None:
            route.untimed += 1
            quote = msgspec.structs.replace(quote, stamp=self._market_ns(route, s))
        elif 0 < stamp_to_ns(s.bid_ask_stamp) - stamp_to_ns(quote.stamp) < _QUOTE_REWIND_NS:  # units may be mixed
            route.late += 1
            return
        self._set_quote(s, quote, quote.stamp or 0)

    def _odd_trade(self, route: FeedRoute, s: Snapshot | None, trade: TradeTick, sort: int) -> None:
        """A trade that `apply_trade` did not apply, or the first of its class, or of nobody."""
        if s is None:
            route.unrouted += 1
            return
        if sort == UNTIMED:
            route.untimed += 1
            trade = msgspec.structs.replace(trade, stamp=self._market_ns(route, s))
            sort = apply_trade(s, trade)
        if sort == SUSPECT and route.was_seen(trade):
            route.duplicates += 1
            return
        if sort in (LATE, SUSPECT):
            sort = self._late_trade(route, s, trade)
        if sort == NEW_DAY:
            self._enter_day(route, s, trade.event_ns or 0)
            apply_trade(s, trade)
        self._attend(s, trade)

    def _late_trade(self, route: FeedRoute, s: Snapshot, trade: TradeTick) -> int:
        route.late += 1
        if must_rewind(s, trade):
            _log.warning("%s: the newest trade had a wrong time; going on from %s", s.instrument.id, trade.event_ns)
            rewind(s, trade)
            return NEW_DAY
        apply_late(s, trade)
        return APPLIED

    def _take_value(self, route: FeedRoute, s: Snapshot, value: PriceValue) -> None:
        route.values += 1
        if value.is_fair_value:
            return
        if value.stamp is None:
            route.untimed += 1
            value = msgspec.structs.replace(value, stamp=self._market_ns(route, s))
        sort = apply_value(s, value)
        if sort == NEW_DAY:
            self._enter_day(route, s, value.event_ns or 0)
            sort = apply_value(s, value)
        if sort == APPLIED:
            self._attend(s, value)
        else:
            route.late += 1

    def _take_bar(self, route: FeedRoute, s: Snapshot, bar: VendorBar) -> None:
        route.bars += 1
        if apply_vendor_bar(s, bar):
            self._attend(s, bar)
        else:
            route.late += 1

    def _take_statistics(self, route: FeedRoute, s: Snapshot, statistics: DayStatistics) -> None:
        route.statistics += 1
        apply_statistics(s, statistics)
        self._attend(s, statistics)

    def _take_limits(self, route: FeedRoute, s: Snapshot, limits: PriceLimits) -> None:
        route.limits += 1
        apply_limits(s, limits)
        self._attend(s, limits)

    def _take_report(self, route: FeedRoute, s: Snapshot, report: MarketEvent) -> None:
        """Hand on what a server says beside market data (analysis, alerts, history …); no figure changes by it."""
        route.reports += 1
        if s.sinks:
            self._tell(s, s.sinks, report)

    def _enter_day(self, route: FeedRoute, s: Snapshot, event_ns: int) -> None:
        origin = s.origin
        origin.seen_from_ns = min(origin.seen_from_ns, event_ns)  # a replay or prelude from before we began to follow
        enter_day(s, s.calendar.day(event_ns))

    def _market_ns(self, route: FeedRoute, s: Snapshot) -> int:
        """Time for an event that has none: the market's, but not before the newest event."""
        return max(route.facts.market_clock.now_ns(s.instrument.id.venue), s.updated_ns or 0)
