"""The market hub: takes the events of all feeds, alone writes snapshots, and tells who must know.

Quotes and trades are applied at once (domain/snapshot_rules), exact sinks see every accepted event in order, and what
the screen shows is only marked: `drain` hands the changed snapshots out once per display tick.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec

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
from marketwatch.domain.ids import FeedId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.snapshot_day import enter_day
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
from marketwatch.runtime.clock import Clock
from marketwatch.services.feed_route import FeedFacts, FeedNature, FeedRoute, Taker
from marketwatch.services.snapshot_book import ExactSink, SnapshotBook

__all__ = ["FeedFacts", "FeedNature", "MarketHub"]

_log = logging.getLogger(__name__)
_QUOTE_REWIND_NS = 60_000_000_000  # a quote this much older means that the newest had a wrong time


class MarketHub(SnapshotBook):
    """Sole writer of snapshots. All calls come from one thread."""

    def __init__(self, clock: Clock, calendars: Calendars | None = None) -> None:
        super().__init__(clock, calendars)
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

    def publish(self, feed_id: FeedId, events: Sequence[MarketEvent]) -> None:
        """Take in the events of one message, in order; those of a session that is not wanted are left out."""
        route = self._routes[feed_id]
        if route.facts.sessions is not None:
            events = route.facts.sessions.of(events)
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
        if sort in (LATE, SUSPECT):
            if route.is_sent_again(trade, sort, self._received_ns) or (sort == SUSPECT and route.was_seen(trade)):
                route.duplicates += 1
                return
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
