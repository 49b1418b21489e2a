"""What the screen may read of the market: facts, snapshots, states and times of instruments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from marketwatch.app.core import Core
from marketwatch.app.demo import demo_instruments
from marketwatch.app.list_limits import LimitWords, limit_words
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.feeds.status import FeedStatus
from marketwatch.feeds.subscriptions import TopicStatus
from marketwatch.protocols.base import Channel
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.presentation import Moment, OnFallback, RowState, row_state

if TYPE_CHECKING:
    from marketwatch.qt.models.search_model import ListingWords
    from marketwatch.services.feed_difference import FeedDifference
    from marketwatch.services.pair_watch import PairWatch

_TAGS = {FeedNature.SIMULATED: "SIM", FeedNature.REPLAY: "REPLAY"}


class MarketView:
    """Reads the core for lists, search and chart. Statuses are those of the last second or the last change."""

    def __init__(self, core: Core, open_feeds: Callable[[], Sequence[FeedId]]) -> None:
        self._core = core
        self._open_feeds = open_feeds
        self._pairs: PairWatch | None = None
        self._statuses: dict[FeedId, FeedStatus] = {}
        core.status_changed.append(self._on_status)

    def refresh_statuses(self) -> list[FeedStatus]:
        """Ask every feed for its status now."""
        statuses = self._core.feeds.statuses()
        self._statuses = {status.feed_id: status for status in statuses}
        return statuses

    def _on_status(self, status: FeedStatus) -> None:
        self._statuses[status.feed_id] = status

    # --- rows

    def instrument(self, instrument_id: InstrumentId) -> Instrument:
        return self._core.instrument(instrument_id)

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        return self._core.hub.snapshot(instrument_id)

    def zone(self, instrument_id: InstrumentId) -> str:
        return self._core.calendars.of(instrument_id).rules.zone

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        core, clock = self._core, self._core.runtime.clock
        subscription = core.feeds.subscription(instrument_id)
        feed_id = None if subscription is None else subscription.feed_id
        facts = None if feed_id is None else core.hub.facts(feed_id)
        status = None if feed_id is None else self._statuses.get(feed_id)
        if status is not None and subscription is not None:
            status = status.of_connection(subscription.connection)
        return row_state(
            core.hub.snapshot(instrument_id),
            subscription,
            status,
            facts,
            core.calendars.of(instrument_id),
            Moment(self.now_ns(instrument_id, facts), clock.now_ns(), clock.monotonic_ns()),
            self._fallback(instrument_id, facts),
        )

    def _fallback(self, instrument_id: InstrumentId, facts: FeedFacts | None) -> OnFallback | None:
        if facts is None or facts.nature in _TAGS:
            return None  # what was named for real feeds is no concern of a simulation or a replay
        fall = self._core.feeds.detour(instrument_id)
        if fall is None:
            return None
        return OnFallback(facts.label, fall.since_ns, fall.reason, is_tagged=not fall.is_passing)

    def difference(self, instrument_id: InstrumentId) -> FeedDifference | None:
        """Compare the two feeds of an instrument, and measure them from now on; None where one alone covers it."""
        if self._pairs is None:
            if self._core.hub.warm_snapshot(instrument_id) is None:
                return None
            from marketwatch.services.pair_watch import PairWatch

            self._pairs = PairWatch(self._core.hub, self._core.runtime.clock)
        return self._pairs.difference(instrument_id)

    def depth_state(self, instrument_id: InstrumentId) -> TopicStatus | None:
        return self._core.feeds.channel_state(instrument_id, Channel.DEPTH)

    def source_ns(self, instrument_id: InstrumentId) -> int:
        facts = self.facts(instrument_id)
        return self.now_ns(instrument_id, facts) - (0 if facts is None else round(facts.delay_s * 1e9))

    def wall_ns(self) -> int:
        return self._core.runtime.clock.now_ns()

    # --- search

    def suggestions(self, instruments: Sequence[Instrument]) -> list[Instrument]:
        """Return those of the session and the best known ones, as far as an open feed has them."""
        known = [*instruments, *demo_instruments(self._core.directory)]
        return [one for one in dict.fromkeys(known) if self._first_feed(one.id) is not None]

    def _first_feed(self, instrument_id: InstrumentId) -> FeedId | None:
        keys = self._core.keys
        return next((one for one in self._open_feeds() if keys.feed_key(one, instrument_id) is not None), None)

    def feed_label(self, instrument_id: InstrumentId) -> str:
        facts = self.facts(instrument_id)
        return "" if facts is None else facts.label

    def delay_tag(self, instrument_id: InstrumentId) -> str:
        facts = self.facts(instrument_id)
        if facts is None:
            return ""
        return f"D{facts.delay_s / 60:.0f}" if facts.delay_s else _TAGS.get(facts.nature, "")

    def listing(self, instrument: Instrument) -> ListingWords:
        from marketwatch.app.listing_words import listing_words

        return listing_words(self._core.directory, instrument)

    def limit_after_adding(self, instrument_id: InstrumentId) -> str:
        """Say how much of the feed's limit is used once it is added; empty without a limit, or when it is listed."""
        facts = self.facts(instrument_id)
        status = None if facts is None else self._statuses.get(facts.id)
        if status is None or status.instruments_allowed is None:
            return ""
        if self._core.feeds.subscription(instrument_id) is not None:
            return ""
        used, allowed = status.instruments + 1, status.instruments_allowed
        beyond = ", over the limit: it would get no prices" if used > allowed else ""
        return f"then {used:,} of {allowed:,} instruments on {status.label}{beyond}"

    def limit_used(self, instrument_ids: Iterable[InstrumentId]) -> LimitWords:
        """Say how much is used of the limits of the feeds that serve these, empty where none has a limit."""
        return limit_words(self._core.feeds.serving(instrument_ids), self._statuses)

    # --- times and facts

    def facts(self, instrument_id: InstrumentId) -> FeedFacts | None:
        """Return the feed that serves an instrument, or would serve it; None when none has it."""
        subscription = self._core.feeds.subscription(instrument_id)
        feed_id = None if subscription is None else subscription.feed_id
        if feed_id is None:
            feed_id = self._first_feed(instrument_id)
        return None if feed_id is None else self._core.hub.facts(feed_id)

    def now_ns(self, instrument_id: InstrumentId, facts: FeedFacts | None = None) -> int:
        """Return market time where an instrument trades, by the feed that serves it."""
        found = facts or self.facts(instrument_id)
        if found is None:
            return self._core.runtime.clock.now_ns()
        return found.market_clock.now_ns(instrument_id.venue)

    def tag(self, instrument_id: InstrumentId) -> str:
        """Return `SIM` or `REPLAY` for figures that are not the market's of now."""
        facts = self.facts(instrument_id)
        return "" if facts is None else _TAGS.get(facts.nature, "")
