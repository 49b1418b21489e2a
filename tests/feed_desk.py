"""Feed control and hub with supervisors that a test plays: no sockets, no time but the test's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from unittest.mock import patch

from fake_time import NS, FakeTime
from hub_rig import StandingClock, new_york
from tiny_protocol import tiny_spec

from marketwatch.domain.events import MarketEvent, TradeTick
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.catalog import FeedAddress
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.protocols.base import Topic
from marketwatch.services.feed_control import FeedControl
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

FIRST, SECOND, THIRD = FeedId("first"), FeedId("second"), FeedId("third")
IDS = [InstrumentId.parse(f"XNAS:EQ:{symbol}") for symbol in ("AAPL", "MSFT", "NVDA", "TSLA")]
AAPL, MSFT, NVDA, TSLA = IDS
OPEN_NS = new_york("12:00")
_CONFIRMED = TopicStatus(TopicPhase.CONFIRMED)


class PlayedFeed:
    """Stands for a supervisor: counts wishes, and is in the state a test gave it. `answers` is by symbol."""

    def __init__(
        self,
        settings: FeedSettings,
        *_: object,
        sink: Callable[[Sequence[MarketEvent]], None],
        on_status: Callable[[FeedStatus], None],
        **__: Any,
    ):
        self.settings = settings
        self.sink = sink
        self.wanted: Counter[Topic] = Counter()
        self.state = FeedState.LIVE
        self.reason = ""
        self.answers: dict[str, TopicStatus] = {}
        self.tell: Callable[[FeedStatus], None] = on_status

    def start(self) -> None: ...

    async def stop(self) -> list[str]:
        return []

    def replace(self, address: FeedAddress) -> None: ...

    def credentials_changed(self) -> None: ...

    def want(self, topics: Iterable[Topic]) -> None:
        self.wanted.update(topics)

    def unwant(self, topics: Iterable[Topic]) -> None:
        self.wanted.subtract(topics)
        assert min(self.wanted.values(), default=0) >= 0, "more ends than beginnings"
        self.wanted = +self.wanted

    def reform(self, settings: FeedSettings) -> None:
        self.settings = settings

    def topic_state(self, topic: Topic) -> TopicStatus:
        return self.answers.get(topic.key.lstrip("#"), _CONFIRMED)


class Names:
    """The second feed has numbers of its own; a test may take instruments away from a feed."""

    def __init__(self) -> None:
        self.lacking: set[tuple[FeedId, InstrumentId]] = set()

    def feed_key(self, feed_id: FeedId, instrument_id: InstrumentId) -> str | None:
        if (feed_id, instrument_id) in self.lacking:
            return None
        return f"#{instrument_id.symbol}" if feed_id == SECOND else instrument_id.symbol


class Desk:
    """Joined as the program joins them, at noon in New York."""

    def __init__(self) -> None:
        self.time = FakeTime(OPEN_NS)
        self.market = StandingClock(OPEN_NS)
        self.market.now_ns = lambda venue: self.time.now_ns()  # type: ignore[method-assign]
        self.hub = MarketHub(self.time)
        self.names = Names()
        around: Any = Surroundings
        self.control = FeedControl(
            around(transport=None, clock=self.time, scheduler=self.time, tasks=None, on_failure=None),
            self.names,
            self.hub.publish,
            on_assigned=self._on_assigned,
            on_warm=self._on_warm,
        )
        self._price = 100.0

    def _on_assigned(self, instrument_id: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        if feed_id is None:
            self.hub.untrack(instrument_id)
        else:
            self.hub.track(Instrument(id=instrument_id), feed_id, key)

    def _on_warm(self, instrument_id: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        if feed_id is None:
            self.hub.cool_down(instrument_id)
        else:
            self.hub.warm_up(Instrument(id=instrument_id), feed_id, key)

    # --- what a test does

    def add(self, feed_id: FeedId) -> None:
        label = feed_id.capitalize()
        self.hub.add_feed(FeedFacts(id=feed_id, label=label, nature=FeedNature.LIVE, market_clock=self.market))
        settings = FeedSettings(feed_id=feed_id, label=label, spec=tiny_spec(), address=FeedAddress("ws://x"))
        with patch("marketwatch.feeds.spread.supervise", PlayedFeed):
            self.control.add_feed(settings, lambda: None)

    def feed(self, feed_id: FeedId) -> PlayedFeed:
        played: Any = self.control.supervisor(feed_id)
        return played

    def set_state(self, feed_id: FeedId, state: FeedState, reason: str = "") -> None:
        self.feed(feed_id).state, self.feed(feed_id).reason = state, reason

    def tick(self, feed_id: FeedId) -> None:
        """Let a feed send a new price of everything that is asked of it."""
        self._price += 0.25
        keys = sorted({topic.key for topic in self.feed(feed_id).wanted})
        stamp = self.time.now_ns() // (NS // 1000)
        if keys:
            self.feed(feed_id).sink([TradeTick(key=key, price=self._price, size=1, stamp=stamp) for key in keys])

    def more_rows(self, count: int, choice: FeedChoice) -> None:
        more = [InstrumentId(Venue("XNAS"), AAPL.segment, f"S{number}") for number in range(count)]
        for instrument_id in more:
            self.control.acquire(instrument_id)
        self.control.choose(dict.fromkeys(more, choice))

    def to_night(self) -> None:
        self.time.step_wall(11 * 3600)

    def rows(self) -> list[InstrumentId]:
        return list(self.control._rows)

    # --- what must always hold

    def check(self) -> None:
        """Every used row is served by one feed that has it; wishes, routes and rows agree."""
        wanted: dict[FeedId, Counter[Topic]] = {feed_id: Counter() for feed_id in self.control.feed_ids}
        for instrument_id in self.rows():
            feeds, having = self.control.row_feeds(instrument_id), self.control.candidates(instrument_id)
            shown, warm = self.hub.snapshot(instrument_id), self.hub.warm_snapshot(instrument_id)
            if feeds is None:
                assert (having, shown, warm) == ([], None, None)
                continue
            assert shown is not None
            assert shown.is_tracked
            assert (shown.feed_id, feeds.serving) == (feeds.serving, shown.feed_id)
            assert feeds.serving in having
            assert self.names.feed_key(feeds.serving, instrument_id) == feeds.key
            assert feeds.second in (None, *having)
            assert feeds.second != feeds.serving
            assert (None if warm is None else warm.feed_id) == feeds.second
            assert warm is None or not warm.is_tracked
            row = self.control._rows[instrument_id]
            for leg in row.legs():
                wanted[leg.feed.id].update(leg.topics())
                assert leg.topics()
                assert leg.feed.rows[leg.key] is row
        for feed_id, topics in wanted.items():
            assert self.feed(feed_id).wanted == topics
            keys = {topic.key for topic in topics}
            assert {key for key, _ in self.control._places.feeds[feed_id].rows.items()} == keys
            assert {s.instrument.id.symbol for s in self.hub.snapshots(feed_id)} == {key.lstrip("#") for key in keys}
