"""One feed as the hub sees it: what is known about it, which key is which snapshot, and its counts."""

from __future__ import annotations

import datetime as dt
import enum
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from marketwatch.domain.calendar import Phase
from marketwatch.domain.events import EventKind, MarketEvent, TradeTick, stamp_to_ns
from marketwatch.domain.ids import FeedId, InstrumentId, Venue
from marketwatch.domain.snapshot import Origin, Snapshot
from marketwatch.domain.snapshot_rules import SEEN_BEFORE, SUSPECT, is_same_trade
from marketwatch.domain.wanted_sessions import WantedSessions
from marketwatch.runtime.clock import MarketClock

_MESSAGES_KEPT = 64  # more would push the events themselves out of the processor's cache

_GAPS_KEPT = 200
_NS = 1_000_000_000
_CLOCKS_DIFFER_NS = 60 * _NS
_BACKLOG_NS = 60 * _NS
_FAR_NS = 3_600 * _NS


class FeedNature(enum.Enum):
    """How real a feed is."""

    LIVE = "live"
    DELAYED = "delayed"
    REPLAY = "replay"
    SIMULATED = "simulated"


class FeedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a feed. `delay_s` is how far its source is behind the market by contract.

    With `sends_bars` its prices are closes of bars that were asked for, never ticks; none is of a day after
    `history_to`. `sessions` are those the user wants of it, None: all.
    """

    id: FeedId
    label: str
    nature: FeedNature
    market_clock: MarketClock
    delay_s: float = 0.0
    sends_bars: bool = False
    history_to: dt.date | None = None
    sessions: WantedSessions | None = None

    def leaves_out(self, phase: Phase) -> bool:
        """Tell whether the user wants nothing of this phase of the day from it."""
        return self.sessions is not None and self.sessions.leaves_out(phase)

    def is_history(self, now_ns: int, zone: dt.tzinfo) -> bool:
        """Tell whether the last day that was chosen is over where the instrument trades."""
        return self.history_to is not None and self.history_to < dt.datetime.fromtimestamp(now_ns // _NS, zone).date()


class FeedCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Events of one feed since the program started. `late` trades were counted by their own time, `duplicates` not.

    `unrouted` events are of instruments nobody tracks.
    """

    events: int
    trades: int
    quotes: int
    bars: int
    statistics: int
    limits: int
    values: int
    reports: int
    unrouted: int
    late: int
    duplicates: int
    untimed: int
    sink_errors: int


class TradedVolume(msgspec.Struct, frozen=True):
    """All trades of one instrument on its newest date; `excluded` ones do not count in the official volume."""

    trades: int
    volume: float
    excluded_trades: int
    excluded_volume: float


class _Gap(msgspec.Struct, frozen=True):
    """When nothing came. `keys` None: of no instrument."""

    from_ns: int
    to_ns: int
    keys: frozenset[str] | None


_COUNTED_BY_KIND = {
    EventKind.TRADE: "trades",
    EventKind.BAR: "bars",
    EventKind.STATISTICS: "statistics",
    EventKind.LIMITS: "limits",
    EventKind.VALUE: "values",
    EventKind.ANALYSIS: "reports",
    EventKind.ALERT: "reports",
    EventKind.POSITION: "reports",
    EventKind.BATCH: "reports",
    EventKind.PROGRESS: "reports",
    EventKind.FAILURE: "reports",
}

Taker = Callable[["FeedRoute", Snapshot, Any], None]
"""What the hub does with one kind of event of a tracked instrument."""


class FeedRoute:
    """Routing and counting of one feed; the hub alone uses it."""

    def __init__(self, facts: FeedFacts) -> None:
        self.facts = facts
        self.snapshots: dict[str, Snapshot] = {}
        self._keys: dict[InstrumentId, str] = {}
        self.quote_type: type[MarketEvent] | None = None
        self.trade_type: type[MarketEvent] | None = None
        self.takers: dict[type[MarketEvent], Taker] = {}
        self.events = 0
        self.trades = 0
        self.bars = 0
        self.statistics = 0
        self.limits = 0
        self.values = 0
        self.reports = 0
        self.unrouted = 0
        self.late = 0
        self.duplicates = 0
        self.untimed = 0
        self.sink_errors = 0
        self._gaps: deque[_Gap] = deque(maxlen=_GAPS_KEPT)
        self._recent: deque[Sequence[MarketEvent]] = deque(maxlen=_MESSAGES_KEPT)
        self._fresh_origins: dict[Venue, Origin] = {}
        self._came_to: dict[str, int] = {}
        self._began_again_ns = 0

    def enter(self, key: str, snapshot: Snapshot) -> None:
        """Let events of a key go to this snapshot."""
        self.snapshots[key] = snapshot
        self._keys[snapshot.instrument.id] = key

    def leave(self, snapshot: Snapshot) -> None:
        """Let no events go to this snapshot any more."""
        key = self._keys.pop(snapshot.instrument.id, None)
        if key is not None:
            del self.snapshots[key]

    def received(self, events: Sequence[MarketEvent]) -> None:
        """Count one message and keep it a while, so that trades sent again can be told."""
        self.events += len(events)
        self._recent.append(events)
        if self._fresh_origins:
            for venue, origin in self._fresh_origins.items():
                origin.seen_from_ns = self.facts.market_clock.now_ns(venue)
            self._fresh_origins.clear()

    def count(self, kind: EventKind) -> None:
        """Count an event of an instrument that nobody tracks; quotes are what remains of all events."""
        name = _COUNTED_BY_KIND.get(kind)
        if name is not None:
            setattr(self, name, getattr(self, name) + 1)

    def was_seen(self, trade: TradeTick) -> bool:
        """Tell whether the same trade came shortly before this one, which is in the newest message."""
        for events in self._recent:
            for event in events:
                if event is trade and events is self._recent[-1]:
                    return False
                if event.key == trade.key and isinstance(event, TradeTick) and is_same_trade(trade, event):
                    return True
        return False

    def begin_again(self, keys: Collection[str] | None, monotonic_ns: int) -> None:
        """Remember how far these instruments had come, None: all; a time after the market's was a wrong one."""
        self._began_again_ns = monotonic_ns
        for key in self.snapshots if keys is None else keys:
            s = self.snapshots.get(key)
            if s is None:
                continue
            newest_ns = stamp_to_ns(s.run_newest_stamp)
            if newest_ns <= self.facts.market_clock.now_ns(s.instrument.id.venue) + _CLOCKS_DIFFER_NS:
                self._came_to[key] = newest_ns
                s.run_number = s.run_number or SEEN_BEFORE

    def is_sent_again(self, trade: TradeTick, sort: int, monotonic_ns: int) -> bool:
        """Tell whether a trade that is not new came on an earlier connection: by its time, and no number denies it.

        What is far older and still comes after a while is no backlog: the server itself began anew.
        """
        if trade.sequence is not None and sort != SUSPECT:
            return False
        older_ns = self._came_to.get(trade.key, 0) - stamp_to_ns(trade.stamp or 0)
        is_over = monotonic_ns - self._began_again_ns > _BACKLOG_NS
        return 0 <= older_ns <= (_FAR_NS if is_over else older_ns)

    def origin_at(self, venue: Venue) -> Origin:
        """Return since when an instrument tracked now is followed: from the next message on."""
        origin = self._fresh_origins.get(venue)
        if origin is None:
            origin = self._fresh_origins[venue] = Origin(self.facts.market_clock.now_ns(venue))
        return origin

    def note_gap(self, from_ns: int, to_ns: int, keys: Collection[str] | None) -> list[Snapshot]:
        """Remember that nothing could come of these keys, None: of none at all; return the snapshots concerned."""
        self._gaps.append(_Gap(from_ns, to_ns, None if keys is None else frozenset(keys)))
        if keys is None:
            return list(self.snapshots.values())
        return [self.snapshots[key] for key in keys if key in self.snapshots]

    def gaps_of(self, instrument_id: InstrumentId) -> list[tuple[int, int]]:
        """Return when nothing could come of an instrument, oldest first."""
        key = self._keys.get(instrument_id)
        return [(gap.from_ns, gap.to_ns) for gap in self._gaps if gap.keys is None or key in gap.keys]

    def restart(self) -> None:
        """Forget what ties this feed to the session that was played so far; counts go on."""
        self._gaps.clear()
        self._recent.clear()
        self._came_to.clear()
        self._fresh_origins.clear()

    def counts(self) -> FeedCounts:
        """Return the counts so far."""
        others = self.trades + self.bars + self.statistics + self.limits + self.values + self.reports
        return FeedCounts(
            events=self.events,
            trades=self.trades,
            quotes=self.events - others,
            bars=self.bars,
            statistics=self.statistics,
            limits=self.limits,
            values=self.values,
            reports=self.reports,
            unrouted=self.unrouted,
            late=self.late,
            duplicates=self.duplicates,
            untimed=self.untimed,
            sink_errors=self.sink_errors,
        )

    def traded(self) -> dict[str, TradedVolume]:
        """Return trades and volume per key on its newest date."""
        return {
            key: TradedVolume(s.trade_count, s.own_volume + s.run_volume, s.excluded_count, s.excluded_volume)
            for key, s in self.snapshots.items()
        }


def silence(s: Snapshot, sinks: tuple[Callable[[Snapshot, MarketEvent], None], ...]) -> None:
    """Let a snapshot tell nobody but these: marked as changed for good, it is never marked again."""
    s.is_tracked = False
    s.is_dirty = True
    s.sinks = sinks
    s.bid_ask_sinks = ()
    s.reports = bool(sinks)
    s.bid_ask_reports = False
