"""Watches the rows that have a fall-back, moves them, and tells the user once per failure of a feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from marketwatch.domain.calendar import Phase
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.feeds.status import FeedState
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.scheduler import Cancellable, Scheduler
from marketwatch.services.failover import FailoverRules, Move, RowFailover, Side, Trouble
from marketwatch.services.feed_rows import RowFeeds, RowSubscription
from marketwatch.services.market_hub import MarketHub

_NS = 1_000_000_000
_PACE_S = 1.0
_REST_S = 5.0
_MOST_AT_ONCE = 200  # rows looked at in one go: a fraction of a frame's time
_SOON_S = 0.1


class BackedRows(Protocol):
    """What is asked of feed control."""

    def backed_rows(self) -> list[InstrumentId]: ...
    def row_feeds(self, instrument_id: InstrumentId) -> RowFeeds | None: ...
    def subscription_at(self, instrument_id: InstrumentId, feed_id: FeedId) -> RowSubscription | None: ...
    def state(self, feed_id: FeedId, connection: int | None = None) -> tuple[FeedState, str]: ...
    def fall(self, instrument_id: InstrumentId, reason: str) -> None: ...
    def pass_over(self, instrument_id: InstrumentId, feed_id: FeedId) -> FeedId | None: ...
    def restore(self, instrument_id: InstrumentId) -> None: ...


class FailoverWatch:
    """Looks at every row with a fall-back once a second, a part of them at a time when they are many.

    `tell` gets thing, cause and next step of a notice.
    """

    def __init__(
        self,
        control: BackedRows,
        hub: MarketHub,
        clock: Clock,
        scheduler: Scheduler,
        tell: Callable[[str, str, str], object],
        rules: FailoverRules | None = None,
    ) -> None:
        self._control = control
        self._hub = hub
        self._clock = clock
        self._scheduler = scheduler
        self._tell = tell
        self._rules = rules or FailoverRules()
        self._judges: dict[InstrumentId, tuple[FeedId, FeedId, RowFailover]] = {}
        self._fallen: dict[InstrumentId, tuple[FeedId, Trouble]] = {}
        self._told: set[tuple[FeedId, Trouble]] = set()
        self._passed: set[tuple[FeedId, Trouble]] = set()
        self._queue: list[InstrumentId] = []
        self._is_busy = False
        self._handle: Cancellable | None = None

    def start(self) -> None:
        """Begin to look; again has no effect."""
        if self._handle is None:
            self._handle = self._scheduler.call_later(_PACE_S, self._pass)

    def stop(self) -> None:
        """Look no longer; rows stay where they are."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _pass(self) -> None:
        if not self._queue:
            self._queue = self._control.backed_rows()
            self._is_busy = False
            self._forget({*self._queue})
        part, self._queue = self._queue[:_MOST_AT_ONCE], self._queue[_MOST_AT_ONCE:]
        self.look(part)
        pause_s = _SOON_S if self._queue else _PACE_S if self._is_busy else _REST_S
        self._handle = self._scheduler.call_later(pause_s, self._pass)

    def look(self, instrument_ids: Sequence[InstrumentId]) -> None:
        """Judge these rows now."""
        for instrument_id in instrument_ids:
            feeds = self._control.row_feeds(instrument_id)
            if feeds is not None and feeds.is_backed and feeds.second is not None:
                self._look_at(instrument_id, feeds, feeds.second)

    def _look_at(self, instrument_id: InstrumentId, feeds: RowFeeds, second: FeedId) -> None:
        is_fallen = feeds.fall is not None
        primary, fallback = (second, feeds.serving) if is_fallen else (feeds.serving, second)
        before = self._judges.get(instrument_id)
        if before is None or before[:2] != (primary, fallback) or before[2].is_fallen is not is_fallen:
            before = self._judges[instrument_id] = (primary, fallback, RowFailover(self._rules))
        judge = before[2]
        of_primary = self._side(instrument_id, primary, is_shown=not is_fallen)
        of_fallback = self._side(instrument_id, fallback, is_shown=is_fallen)
        phase = self._hub.calendars.of(instrument_id).phase(of_primary.source_ns)
        phase = Phase.CLOSED if self._hub.facts(primary).leaves_out(phase) else phase
        self._is_busy |= is_fallen or of_primary.trouble is not None or phase is not Phase.CLOSED
        now = self._clock.monotonic_ns() / _NS
        move = judge.judge(now, of_primary, of_fallback, is_open=phase is Phase.REGULAR)
        if move is Move.FALL:
            self._on_fall(instrument_id, primary, fallback, judge)
        elif move is Move.RETURN:
            self._on_return(instrument_id, primary)
        elif of_fallback.bar is not None:
            self._go_on(instrument_id, (primary, fallback), of_fallback.bar, judge)

    def _go_on(
        self, instrument_id: InstrumentId, pair: tuple[FeedId, FeedId], bar: Trouble, judge: RowFailover
    ) -> None:
        """Leave a fall-back that does not give the instrument for the next feed that has it, if there is one."""
        primary, fallback = pair
        why = self._why(instrument_id, fallback, bar)
        following = self._control.pass_over(instrument_id, fallback)
        if following is None:
            return
        judge.change_fallback()
        self._judges[instrument_id] = (primary, following, judge)
        if judge.is_fallen and (fallback, bar) not in self._passed:
            self._passed.add((fallback, bar))
            label = self._hub.facts(fallback).label
            self._tell(
                f"{instrument_id.symbol} goes on to {self._hub.facts(following).label}",
                f"{label} {bar.value}{f': {why}' if why else ''}",
                "So does every row that this happens to; they return to their own feed when that is well again",
            )

    def _side(self, instrument_id: InstrumentId, feed_id: FeedId, *, is_shown: bool) -> Side:
        facts, wish = self._hub.facts(feed_id), self._control.subscription_at(instrument_id, feed_id)
        snapshot = self._hub.snapshot(instrument_id) if is_shown else self._hub.warm_snapshot(instrument_id)
        bar = None
        if wish is not None and wish.refused_reason is not None:
            bar = Trouble.REFUSED
        elif wish is not None and wish.over_limit:
            bar = Trouble.OVER_LIMIT
        return Side(
            state=self._control.state(feed_id, None if wish is None else wish.connection)[0],
            source_ns=facts.market_clock.now_ns(instrument_id.venue) - round(facts.delay_s * _NS),
            bar=bar,
            newest_ns=None if snapshot is None else snapshot.updated_ns,
        )

    def _on_fall(self, instrument_id: InstrumentId, primary: FeedId, fallback: FeedId, judge: RowFailover) -> None:
        trouble = judge.trouble or Trouble.DOWN
        why = self._why(instrument_id, primary, trouble)
        label = self._hub.facts(primary).label
        self._control.fall(instrument_id, f"{label} {trouble.value}{f', {why}' if why else ''}")
        self._fallen[instrument_id] = (primary, trouble)
        if (primary, trouble) in self._told:
            return
        self._told.add((primary, trouble))
        what, others = f"Rows of {label} continue", "They"
        if not trouble.is_of_the_feed:
            what, others = f"{instrument_id.symbol} continues", "So does every row that this happens to; they"
        self._tell(
            f"{what} on {self._hub.facts(fallback).label}",
            f"{label} {trouble.value}{f': {why}' if why else ''}",
            f"{others} are marked “via”, and return once {label} has been well for {judge.returns_after_s:.0f} s",
        )

    def _why(self, instrument_id: InstrumentId, feed_id: FeedId, trouble: Trouble) -> str:
        if trouble is Trouble.REFUSED:
            wish = self._control.subscription_at(instrument_id, feed_id)
            return "" if wish is None else wish.refused_reason or ""
        return self._control.state(feed_id)[1] if trouble.is_of_the_feed else ""

    def _on_return(self, instrument_id: InstrumentId, primary: FeedId) -> None:
        self._control.restore(instrument_id)
        self._end_fall(instrument_id)
        if not any(feed_id == primary for feed_id, _ in self._fallen.values()):
            self._tell(f"All rows are back on {self._hub.facts(primary).label}", "it has been well for a while", "")

    def _forget(self, backed: set[InstrumentId]) -> None:
        for instrument_id in [one for one in self._judges if one not in backed]:
            del self._judges[instrument_id]
            self._end_fall(instrument_id)

    def _end_fall(self, instrument_id: InstrumentId) -> None:
        ended = self._fallen.pop(instrument_id, None)
        if ended is not None and ended not in self._fallen.values():
            self._told.discard(ended)
        if not self._fallen:
            self._passed.clear()
