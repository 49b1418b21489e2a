"""Which feed serves which instrument: counts users, asks the feeds, and knows per row how far its wish has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import INDEX, FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.status import FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.feeds.surroundings import FeedSettings, SessionOpen, Surroundings
from marketwatch.protocols.base import Channel, Topic

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedAddress
    from marketwatch.feeds.supervisor import FeedSupervisor


class KeyResolver(Protocol):
    """Knows the feeds' own names of instruments."""

    def feed_key(self, feed_id: FeedId, instrument_id: InstrumentId) -> str | None:
        """Return the feed's key of the instrument, None when the feed does not have it."""
        ...


class RowSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """How far the wish for one instrument has come. `feed_id` None: no feed has it.

    `confirmed` when all its topics are; `refused_reason` is the server's text about the first refused one.
    """

    feed_id: FeedId | None
    key: str
    asked_ns: int
    confirmed: bool
    first_event: bool
    refused_reason: str | None
    over_limit: bool
    unconfirmed: bool


class _Row:
    """One instrument somebody uses."""

    __slots__ = ("asked_ns", "channels", "feed", "has_event", "instrument_id", "key")

    def __init__(self, instrument_id: InstrumentId, asked_ns: int) -> None:
        self.instrument_id = instrument_id
        self.asked_ns = asked_ns
        self.channels: Counter[Channel | None] = Counter()  # None: whatever the feed's row in the catalog says
        self.feed: _Feed | None = None
        self.key = ""
        self.has_event = False

    def topics(self) -> list[Topic]:
        if self.feed is None:
            return []
        spec = self.feed.settings.spec
        wanted = {channel for channel in self.channels if channel is not None}
        if None in self.channels:
            is_index = self.instrument_id.segment == INDEX  # it has values; nobody trades it
            wanted.update({Channel.VALUE} if is_index else spec.default_channels)
        return [Topic(channel, self.key) for channel in spec.channels if channel in wanted]


class _Feed:
    """One feed with the rows it serves."""

    __slots__ = ("awaited", "rows", "settings", "supervisor")

    def __init__(self, settings: FeedSettings) -> None:
        self.settings = settings
        self.supervisor: FeedSupervisor
        self.rows: dict[str, _Row] = {}
        self.awaited: dict[str, _Row] = {}  # rows whose first event has not come


class FeedControl:
    """Owner of the supervisors. Lives in the loop's thread.

    `publish` gets the events of each feed, synchronously. `on_assigned` is told which feed and key serve an
    instrument, and (None, "") when it is served no more; it is called before anything is asked of the feed.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        resolver: KeyResolver,
        publish: Callable[[FeedId, Sequence[MarketEvent]], None],
        *,
        on_assigned: Callable[[InstrumentId, FeedId | None, str], None] | None = None,
        on_status: Callable[[FeedStatus], None] | None = None,
        on_row: Callable[[InstrumentId], None] | None = None,
        on_notice: Callable[[FeedId, str], None] | None = None,
    ) -> None:
        self._around = surroundings
        self._resolver = resolver
        self._publish = publish
        self._on_assigned = on_assigned
        self._on_status = on_status
        self._on_row = on_row
        self._on_notice = on_notice
        self._feeds: dict[FeedId, _Feed] = {}
        self._rows: dict[InstrumentId, _Row] = {}
        self._is_running = False

    # --- feeds

    def add_feed(
        self,
        settings: FeedSettings,
        credentials: Callable[[], Secret | None],
        *,
        session_open: SessionOpen | None = None,
    ) -> FeedSupervisor:
        """Take in a feed; instruments that no earlier feed has are asked of it."""
        from marketwatch.feeds.supervisor import FeedSupervisor  # the first paint need not wait for it

        feed = _Feed(settings)
        feed_id = settings.feed_id
        feed.supervisor = FeedSupervisor(
            settings,
            self._around,
            credentials=credentials,
            sink=lambda events: self._take(feed, events),
            on_status=self._on_status,
            on_topic=lambda topic, status: self._topic_changed(feed, topic, status),
            on_notice=None if self._on_notice is None else lambda text: self._tell_notice(feed_id, text),
            session_open=session_open,
        )
        self._feeds[feed_id] = feed
        for row in [row for row in self._rows.values() if row.feed is None]:
            self._assign(row)
        if self._is_running:
            feed.supervisor.start()
        return feed.supervisor

    async def remove_feed(self, feed_id: FeedId) -> None:
        """End a feed; its instruments go to the next feed that has them."""
        feed = self._feeds.pop(feed_id)
        for row in list(feed.rows.values()):
            self._unassign(row)
            self._assign(row)
        await feed.supervisor.stop()

    def supervisor(self, feed_id: FeedId) -> FeedSupervisor:
        """Return the supervisor of a feed."""
        return self._feeds[feed_id].supervisor

    def has_feed(self, feed_id: FeedId) -> bool:
        """Tell whether a feed was taken in."""
        return feed_id in self._feeds

    @property
    def surroundings(self) -> Surroundings:
        """What every supervisor shares, for one that runs beside them for a test."""
        return self._around

    def statuses(self) -> list[FeedStatus]:
        """Return the status of every feed, in the order they were added."""
        return [feed.supervisor.status() for feed in self._feeds.values()]

    def replace(self, feed_id: FeedId, address: FeedAddress) -> None:
        """Point a feed at another address at once."""
        self._feeds[feed_id].supervisor.replace(address)

    def rename(self, feed_id: FeedId, label: str) -> None:
        """Call a feed something else."""
        self._feeds[feed_id].supervisor.rename(label)

    def set_order(self, order: Sequence[FeedId]) -> None:
        """Ask the feeds in this order from now on; an instrument goes to the first that has it."""
        rank = {feed_id: place for place, feed_id in enumerate(order)}
        self._feeds = dict(sorted(self._feeds.items(), key=lambda one: rank.get(one[0], len(rank))))
        for row in list(self._rows.values()):
            found = self._find(row.instrument_id)
            if found is not None and found[0] is not row.feed:
                self._unassign(row)
                self._assign(row)

    def credentials_changed(self, feed_id: FeedId) -> None:
        """Let a feed connect with its new key at once."""
        self._feeds[feed_id].supervisor.credentials_changed()

    def retry_now(self) -> None:
        """End every wait: the user asks, or the network is back."""
        for feed in self._feeds.values():
            feed.supervisor.retry_now()

    def reconnect_all(self) -> None:
        """Replace every connection, whatever it claims: the machine slept."""
        for feed in self._feeds.values():
            feed.supervisor.reconnect()

    def start(self) -> None:
        """Connect all feeds."""
        self._is_running = True
        for feed in self._feeds.values():
            feed.supervisor.start()

    async def stop(self) -> list[str]:
        """End all feeds together, within 3 seconds; return the names of tasks left over."""
        self._is_running = False
        left = await asyncio.gather(*(feed.supervisor.stop() for feed in self._feeds.values()))
        return [name for names in left for name in names]

    # --- instruments

    def acquire(self, instrument_id: InstrumentId, channels: Iterable[Channel] = ()) -> None:
        """Count one more user of an instrument; without channels, of those the feed gives by default."""
        row = self._rows.get(instrument_id)
        if row is None:
            row = self._rows[instrument_id] = _Row(instrument_id, self._around.clock.now_ns())
            row.channels.update(tuple(channels) or (None,))
            self._assign(row)
            return
        before = set(row.topics())
        row.channels.update(tuple(channels) or (None,))
        if row.feed is not None:
            row.feed.supervisor.want([topic for topic in row.topics() if topic not in before])

    def release(self, instrument_id: InstrumentId, channels: Iterable[Channel] = ()) -> None:
        """Count one user less, with the channels given to `acquire`; the last one ends the subscription."""
        row = self._rows.get(instrument_id)
        if row is None:
            return
        before = row.topics()
        row.channels -= Counter(tuple(channels) or (None,))
        if not row.channels:
            self._unassign(row, before)
            del self._rows[instrument_id]
        elif row.feed is not None:
            kept = set(row.topics())
            row.feed.supervisor.unwant([topic for topic in before if topic not in kept])

    def subscription(self, instrument_id: InstrumentId) -> RowSubscription | None:
        """Return how far the wish for an instrument has come, None when nobody uses it."""
        row = self._rows.get(instrument_id)
        if row is None:
            return None
        states = [] if row.feed is None else [row.feed.supervisor.topic_state(topic) for topic in row.topics()]
        phases = {state.phase for state in states}
        reasons = [state.reason or "refused" for state in states if state.phase is TopicPhase.REFUSED]
        return RowSubscription(
            feed_id=None if row.feed is None else row.feed.settings.feed_id,
            key=row.key,
            asked_ns=row.asked_ns,
            confirmed=phases == {TopicPhase.CONFIRMED},
            first_event=row.has_event,
            refused_reason=reasons[0] if reasons else None,
            over_limit=TopicPhase.OVER_LIMIT in phases,
            unconfirmed=TopicPhase.UNCONFIRMED in phases,
        )

    # --- inside

    def _find(self, instrument_id: InstrumentId) -> tuple[_Feed, str] | None:
        for feed_id, feed in self._feeds.items():
            key = self._resolver.feed_key(feed_id, instrument_id)
            if key is not None:
                return feed, key
        return None

    def _assign(self, row: _Row) -> None:
        found = self._find(row.instrument_id)
        if found is None:
            return
        feed, key = found
        row.feed, row.key, row.has_event = feed, key, False
        feed.rows[key] = feed.awaited[key] = row
        if self._on_assigned is not None:
            self._on_assigned(row.instrument_id, feed.settings.feed_id, key)
        feed.supervisor.want(row.topics())

    def _unassign(self, row: _Row, topics: list[Topic] | None = None) -> None:
        feed = row.feed
        if feed is None:
            return
        feed.supervisor.unwant(row.topics() if topics is None else topics)
        feed.rows.pop(row.key, None)
        feed.awaited.pop(row.key, None)
        row.feed, row.key = None, ""
        if self._on_assigned is not None:
            self._on_assigned(row.instrument_id, None, "")

    def _take(self, feed: _Feed, events: Sequence[MarketEvent]) -> None:
        self._publish(feed.settings.feed_id, events)
        awaited = feed.awaited
        if not awaited:
            return
        for event in events:
            row = awaited.pop(event.key, None)
            if row is not None:
                row.has_event = True
                self._tell_row(row)

    def _topic_changed(self, feed: _Feed, topic: Topic, status: TopicStatus) -> None:
        row = feed.rows.get(topic.key)
        if row is not None:
            self._tell_row(row)

    def _tell_row(self, row: _Row) -> None:
        if self._on_row is not None:
            self._on_row(row.instrument_id)

    def _tell_notice(self, feed_id: FeedId, text: str) -> None:
        if self._on_notice is not None:
            self._on_notice(feed_id, text)
