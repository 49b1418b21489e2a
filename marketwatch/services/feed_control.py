"""Which feed serves which instrument: counts users, asks the feeds, and knows per row how far its wish has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from marketwatch.domain.events import REMARKS, MarketEvent
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicStatus
from marketwatch.feeds.surroundings import FeedSettings, KeysOpen, SessionOpen, Surroundings
from marketwatch.protocols.base import Channel, Topic
from marketwatch.services.feed_asking import Asking
from marketwatch.services.feed_places import FeedPlaces, KeyResolver
from marketwatch.services.feed_rows import Fall, FeedEntry, Leg, Place, Row, RowFeeds, RowSubscription

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedAddress
    from marketwatch.feeds.spread import Supervisor

__all__ = ["FeedControl", "KeyResolver", "RowSubscription"]


class FeedControl:
    """Owner of the supervisors. Lives in the loop's thread.

    `publish` gets the events of each feed, synchronously. `on_assigned` is told which feed and key serve an
    instrument, and (None, "") when it is served no more; `on_warm` which second feed follows it beside that one, and
    (None, "") when none does any more. Both are called before anything is asked of the feed.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        resolver: KeyResolver,
        publish: Callable[[FeedId, Sequence[MarketEvent]], None],
        *,
        on_assigned: Callable[[InstrumentId, FeedId | None, str], None] | None = None,
        on_warm: Callable[[InstrumentId, FeedId | None, str], None] | None = None,
        on_status: Callable[[FeedStatus], None] | None = None,
        on_row: Callable[[InstrumentId], None] | None = None,
        on_notice: Callable[[FeedId, str], None] | None = None,
        on_used: Callable[[InstrumentId, bool], None] | None = None,
    ) -> None:
        self._around = surroundings
        self._places = FeedPlaces(resolver)
        self._publish = publish
        self._on_assigned = on_assigned
        self._on_warm = on_warm
        self._on_status = on_status
        self._on_row = on_row
        self._on_notice = on_notice
        self._on_used = on_used
        self._rows: dict[InstrumentId, Row] = {}
        self._asking = Asking()
        self._is_running = False

    # --- feeds

    def add_feed(
        self,
        settings: FeedSettings,
        credentials: Callable[[], Secret | None],
        *,
        session_open: SessionOpen | None = None,
        keys_open: KeysOpen | None = None,
    ) -> Supervisor:
        """Take in a feed; instruments that no earlier feed has are asked of it."""
        from marketwatch.feeds.spread import supervise  # the first paint need not wait for it

        feed = FeedEntry(settings)
        feed_id = settings.feed_id
        feed.supervisor = supervise(
            settings,
            self._around,
            credentials=credentials,
            sink=lambda events: self._take(feed, events),
            on_status=lambda status: self._status_changed(feed, status),
            on_topic=lambda topic, status: self._topic_changed(feed, topic, status),
            on_notice=None if self._on_notice is None else lambda text: self._tell_notice(feed_id, text),
            session_open=session_open,
            keys_open=keys_open,
        )
        self._places.feeds[feed_id] = feed
        self._settle_all()
        if self._is_running:
            feed.supervisor.start()
        return feed.supervisor

    async def remove_feed(self, feed_id: FeedId) -> None:
        """End a feed; its instruments go to the next feed that has them."""
        feed = self._places.feeds.pop(feed_id)
        self._forgive(feed_id)
        self._settle_all()
        await feed.supervisor.stop()

    def supervisor(self, feed_id: FeedId) -> Supervisor:
        """Return the supervisor of a feed."""
        return self._places.feeds[feed_id].supervisor

    def has_feed(self, feed_id: FeedId) -> bool:
        """Tell whether a feed was taken in."""
        return feed_id in self._places.feeds

    @property
    def feed_ids(self) -> tuple[FeedId, ...]:
        """The feeds, in the order in which they are asked."""
        return tuple(self._places.feeds)

    @property
    def surroundings(self) -> Surroundings:
        """What every supervisor shares, for one that runs beside them for a test."""
        return self._around

    def statuses(self) -> list[FeedStatus]:
        """Return the status of every feed, in the order they were added."""
        return [feed.supervisor.status() for feed in self._places.feeds.values()]

    def state(self, feed_id: FeedId, connection: int | None = None) -> tuple[FeedState, str]:
        """Return how a feed, or one of its connections, is doing and why; a feed that is not open is idle."""
        feed = self._places.feeds.get(feed_id)
        if feed is not None and feed.told is not None and connection is not None:
            told = feed.told.of_connection(connection)
            return told.state, told.reason
        return (FeedState.IDLE, "") if feed is None else (feed.supervisor.state, feed.supervisor.reason)

    def keys_on(self, feed_id: FeedId, connection: int) -> set[str]:
        """Return the keys of the instruments that one of a feed's connections carries; a feed that ends has none."""
        feed = self._places.feeds.get(feed_id)
        legs = [] if feed is None else [leg for row in feed.rows.values() for leg in row.legs()]
        return {leg.key for leg in legs if leg.feed is feed and leg.connection == connection}

    def replace(self, feed_id: FeedId, address: FeedAddress) -> None:
        """Point a feed at another address at once."""
        self._places.feeds[feed_id].supervisor.replace(address)
        self._forgive(feed_id)

    def reform(self, settings: FeedSettings) -> None:
        """Take other channels, reconnect rules and name for a feed; rows, figures and the connection stay."""
        feed = self._places.feeds[settings.feed_id]
        legs = [leg for row in feed.rows.values() for leg in row.legs() if leg.feed is feed]
        before = {leg: leg.topics() for leg in legs}
        feed.settings = settings
        feed.supervisor.reform(settings)
        with self._asking.together():
            for leg in legs:
                self._asking.want(leg, [topic for topic in leg.topics() if topic not in before[leg]])
                after = set(leg.topics())
                self._asking.unwant(leg, [topic for topic in before[leg] if topic not in after])

    def set_order(self, order: Sequence[FeedId]) -> None:
        """Ask the feeds in this order from now on; an instrument goes to the first that has it.

        A row that has figures keeps them until the other feed has some.
        """
        self._places.set_order({feed_id: rank for rank, feed_id in enumerate(order)})
        self._settle_all()

    def keys_changed(self, feed_id: FeedId) -> None:
        """Look again which instruments a feed has and under which keys, after its instrument list was loaded."""
        if feed_id in self._places.feeds:
            self._forgive(feed_id)
            self._settle_all()

    def credentials_changed(self, feed_id: FeedId) -> None:
        """Let a feed connect with its new key at once."""
        self._places.feeds[feed_id].supervisor.credentials_changed()
        self._forgive(feed_id)

    def retry_now(self) -> None:
        """End every wait: the user asks, or the network is back."""
        for feed in self._places.feeds.values():
            feed.supervisor.retry_now()

    def reconnect_all(self) -> None:
        """Replace every connection, whatever it claims: the machine slept."""
        for feed in self._places.feeds.values():
            feed.supervisor.reconnect()

    def start(self) -> None:
        """Connect all feeds."""
        self._is_running = True
        for feed in self._places.feeds.values():
            feed.supervisor.start()

    async def stop(self) -> list[str]:
        """End all feeds together, within 3 seconds; return the names of tasks left over."""
        self._is_running = False
        left = await asyncio.gather(*(feed.supervisor.stop() for feed in self._places.feeds.values()))
        return [name for names in left for name in names]

    # --- instruments

    def acquire(self, instrument_id: InstrumentId, channels: Iterable[Channel] = ()) -> None:
        """Count one more user of an instrument; without channels, of those the feed gives by default."""
        row = self._rows.get(instrument_id)
        if row is None:
            row = self._rows[instrument_id] = Row(instrument_id, self._around.clock.now_ns())
            row.channels.update(tuple(channels) or (None,))
            self._settle(row)
            if self._on_used is not None:
                self._on_used(instrument_id, True)
            return
        before = [(leg, set(leg.topics())) for leg in row.legs()]
        row.channels.update(tuple(channels) or (None,))
        for leg, known in before:
            self._asking.want(leg, [topic for topic in leg.topics() if topic not in known])

    def release(self, instrument_id: InstrumentId, channels: Iterable[Channel] = ()) -> None:
        """Count one user less, with the channels given to `acquire`; the last one ends the subscription."""
        row = self._rows.get(instrument_id)
        if row is None:
            return
        before = [(leg, leg.topics()) for leg in row.legs()]
        row.channels -= Counter(tuple(channels) or (None,))
        for leg, topics in before:
            kept = set(leg.topics())
            self._asking.unwant(leg, [topic for topic in topics if topic not in kept])
        if not row.channels:
            self._places.leave(instrument_id)
            self._drop_warm(row)
            self._drop_serving(row)
            del self._rows[instrument_id]
            self._offer([(leg.feed.id, leg.key) for leg, _ in before])
            if self._on_used is not None:
                self._on_used(instrument_id, False)

    @property
    def instruments(self) -> tuple[InstrumentId, ...]:
        """What somebody uses, whether or not a feed has it."""
        return tuple(self._rows)

    def serving(self, instrument_ids: Iterable[InstrumentId]) -> Counter[FeedId | None]:
        """Count these by the feed that serves each, None for those that no feed has."""
        rows = (self._rows.get(one) for one in instrument_ids)
        return Counter(None if row is None or row.serving is None else row.serving.feed.id for row in rows)

    def subscription(self, instrument_id: InstrumentId) -> RowSubscription | None:
        """Return how far the wish for an instrument has come, None when nobody uses it."""
        row = self._rows.get(instrument_id)
        return None if row is None else row.subscription(row.serving)

    def channel_state(self, instrument_id: InstrumentId, channel: Channel) -> TopicStatus | None:
        """Return how far the wish for one kind of data has come; None where the row's feed does not send it."""
        row = self._rows.get(instrument_id)
        return None if row is None or row.serving is None else row.serving.channel_state(channel)

    def subscription_at(self, instrument_id: InstrumentId, feed_id: FeedId) -> RowSubscription | None:
        """Return how far the wish has come at one of the row's feeds, None when it is not asked there."""
        row = self._rows.get(instrument_id)
        leg = None if row is None else next((one for one in row.legs() if one.feed.id == feed_id), None)
        return None if row is None or leg is None else row.subscription(leg)

    # --- several feeds for one instrument

    def candidates(self, instrument_id: InstrumentId) -> list[FeedId]:
        """Return the feeds that have an instrument, in order."""
        return [feed.id for feed, _ in self._places.of(instrument_id)]

    def choice(self, instrument_id: InstrumentId) -> FeedChoice:
        """Return what was named for an instrument."""
        return self._places.choice(instrument_id)

    def choose(self, choices: Mapping[InstrumentId, FeedChoice]) -> None:
        """Name primary and fall-back feeds; the others stay as they were."""
        self._places.choose(choices)
        with self._asking.together():
            for instrument_id in choices:
                row = self._rows.get(instrument_id)
                if row is not None:
                    self._settle(row)

    def set_fall_back(self, *, is_on: bool) -> None:
        """Let every instrument without a named fall-back fall back to the next feed that has it, or none."""
        if is_on is not self._places.falls_back:
            self._places.falls_back = is_on
            self._settle_all()

    def compare(self, instrument_id: InstrumentId, *, is_on: bool) -> None:
        """Follow an instrument at the next feed that has it too, until told otherwise or nobody uses it."""
        row = self._rows.get(instrument_id)
        if row is not None and (instrument_id in self._places.compared) is not is_on:
            (self._places.compared.add if is_on else self._places.compared.discard)(instrument_id)
            self._settle(row)

    def is_compared(self, instrument_id: InstrumentId) -> bool:
        """Tell whether `compare` is on for an instrument."""
        return instrument_id in self._places.compared

    def row_feeds(self, instrument_id: InstrumentId) -> RowFeeds | None:
        """Return the feeds of a row, None when nobody uses it or no feed has it."""
        row = self._rows.get(instrument_id)
        return None if row is None else row.feeds()

    def detour(self, instrument_id: InstrumentId) -> Fall | None:
        """Return why a row shows another feed than its primary, None when it does not."""
        row = self._rows.get(instrument_id)
        if row is None or row.serving is None:
            return None
        if row.is_leaving and row.warm is not None:
            label = row.warm.feed.settings.label
            return Fall(row.warm.feed.id, None, f"it goes to {label} with the first price from there", is_passing=True)
        missing = None if row.fall is not None else self._places.missing_primary(instrument_id)
        return row.fall if missing is None else Fall(missing, None, "its primary feed is switched off")

    def backed_rows(self) -> list[InstrumentId]:
        """Return the rows that have a fall-back, in the order they were asked for."""
        return [row.instrument_id for row in self._rows.values() if row.is_backed and row.warm is not None]

    def fall(self, instrument_id: InstrumentId, reason: str) -> None:
        """Let a row go on with its fall-back; what it left is followed on."""
        row = self._rows[instrument_id]
        if row.fall is None and row.is_backed and not row.is_leaving and row.serving and row.warm:
            row.fall = Fall(row.serving.feed.id, self._around.clock.now_ns(), reason)
            self._swap(row)

    def pass_over(self, instrument_id: InstrumentId, feed_id: FeedId) -> FeedId | None:
        """Let the next feed that has an instrument be its fall-back instead of one that does not give it.

        Return that feed, None when none is left or the fall-back was named. A row on the fall-back goes there at once.
        """
        row = self._rows[instrument_id]
        can_move = row.is_backed and not row.is_leaving
        following = self._places.pass_over(instrument_id, feed_id) if can_move else None
        if following is not None and row.fall is not None:
            self._replace(row, following)
        elif following is not None:
            self._settle(row)
        return None if following is None else following[0].id

    def restore(self, instrument_id: InstrumentId) -> None:
        """Let a row return to its primary feed."""
        row = self._rows[instrument_id]
        if row.fall is not None and row.warm is not None:
            row.fall = None
            self._swap(row)

    # --- inside: where a row belongs

    def _settle_all(self) -> None:
        with self._asking.together():
            for row in list(self._rows.values()):
                self._settle(row)

    def _forgive(self, feed_id: FeedId) -> None:
        """Let a feed be a fall-back again for what it did not give: it is another one now."""
        with self._asking.together():
            for instrument_id in self._places.forgive(feed_id):
                self._settle(self._rows[instrument_id])

    def _settle(self, row: Row) -> None:
        """Bring a row to where it belongs, without losing figures that are there."""
        kept = None if row.fall is None or row.serving is None else row.serving.feed.id
        plan = self._places.plan(row.instrument_id, kept)
        first, second, row.is_backed = plan.first, plan.second, plan.is_backed
        if row.fall is not None and not self._is_fall_valid(row, first, second):
            row.fall = None
        row.is_leaving = False
        serving = row.serving
        if first is None:
            self._drop_warm(row)
            self._drop_serving(row)
        elif serving is not None and (serving.is_at(first) or row.fall is not None):
            self._warm_up(row, second if serving.is_at(first) else first)
        elif self._must_wait(row, first):
            row.is_leaving = True
            self._warm_up(row, first)
        else:
            self._move(row, first)
            self._warm_up(row, second)

    def _offer(self, freed: Iterable[tuple[FeedId, str]]) -> None:
        """Let rows that a key was denied to have it, now that it stands for no other instrument."""
        for feed_id, key in freed:
            for instrument_id in sorted(self._places.take_waiting(feed_id, key)):
                row = self._rows.get(instrument_id)
                if row is not None:
                    self._settle(row)

    def _is_fall_valid(self, row: Row, first: Place | None, second: Place | None) -> bool:
        serving, fall = row.serving, row.fall
        return (
            fall is not None
            and row.is_backed
            and first is not None
            and first[0].id == fall.primary
            and serving is not None
            and serving.is_at(second)
        )

    def _must_wait(self, row: Row, first: Place) -> bool:
        """Tell whether a row keeps its feed until the first event of the other one."""
        serving, warm = row.serving, row.warm
        if serving is None or not serving.has_event:
            return False
        if not self._places.has((serving.feed, serving.key), row.instrument_id):
            return False
        return not (warm is not None and warm.is_at(first) and warm.has_event)

    # --- inside: going there

    def _move(self, row: Row, place: Place) -> None:
        before = row.serving
        if row.warm is not None and row.warm.is_at(place) and before is not None:
            self._swap(row)
            return
        self._drop_warm(row)
        self._replace(row, place)

    def _replace(self, row: Row, place: Place) -> None:
        if row.serving is not None:
            self._leave(row.serving)
        row.serving = leg = self._enter(row, place)
        if self._on_assigned is not None:
            self._on_assigned(row.instrument_id, leg.feed.id, leg.key)
        self._asking.want(leg, leg.topics())

    def _swap(self, row: Row) -> None:
        row.serving, row.warm = row.warm, row.serving
        if self._on_assigned is not None and row.serving is not None:
            self._on_assigned(row.instrument_id, row.serving.feed.id, row.serving.key)

    def _warm_up(self, row: Row, place: Place | None) -> None:
        if row.warm is not None and row.warm.is_at(place):
            return
        self._drop_warm(row)
        if place is None:
            return
        row.warm = leg = self._enter(row, place)
        if self._on_warm is not None:
            self._on_warm(row.instrument_id, leg.feed.id, leg.key)
        self._asking.want(leg, leg.topics())

    def _drop_warm(self, row: Row) -> None:
        leg, row.warm = row.warm, None
        if leg is not None:
            self._leave(leg)
            if self._on_warm is not None:
                self._on_warm(row.instrument_id, None, "")

    def _drop_serving(self, row: Row) -> None:
        leg, row.serving, row.fall = row.serving, None, None
        if leg is not None:
            self._leave(leg)
            if self._on_assigned is not None:
                self._on_assigned(row.instrument_id, None, "")

    def _enter(self, row: Row, place: Place) -> Leg:
        feed, key = place
        leg = Leg(row, feed, key)
        feed.rows[key] = row
        feed.awaited[key] = leg
        return leg

    def _leave(self, leg: Leg) -> None:
        self._asking.unwant(leg, leg.topics())
        if leg.feed.rows.get(leg.key) is leg.row:
            del leg.feed.rows[leg.key]
        if leg.feed.awaited.get(leg.key) is leg:
            del leg.feed.awaited[leg.key]

    # --- inside: what feeds say

    def _take(self, feed: FeedEntry, events: Sequence[MarketEvent]) -> None:
        self._publish(feed.id, events)
        awaited = feed.awaited
        if not awaited:
            return
        for event in events:
            leg = None if event.kind in REMARKS else awaited.pop(event.key, None)
            if leg is not None:
                leg.has_event = True
                if leg.row.is_leaving:
                    self._settle(leg.row)
                else:
                    self._tell_row(leg.row)

    def _status_changed(self, feed: FeedEntry, status: FeedStatus) -> None:
        feed.told = status
        if self._on_status is not None:
            self._on_status(status)

    def _topic_changed(self, feed: FeedEntry, topic: Topic, status: TopicStatus) -> None:
        row = feed.rows.get(topic.key)
        if row is not None:
            self._tell_row(row)

    def _tell_row(self, row: Row) -> None:
        if self._on_row is not None:
            self._on_row(row.instrument_id)

    def _tell_notice(self, feed_id: FeedId, text: str) -> None:
        if self._on_notice is not None:
            self._on_notice(feed_id, text)
