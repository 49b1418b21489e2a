"""What feed control keeps of an instrument and of a feed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from marketwatch.domain.ids import INDEX, FeedId, InstrumentId
from marketwatch.feeds.status import FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel, Topic

if TYPE_CHECKING:
    from marketwatch.feeds.spread import Supervisor


class RowSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """How far the wish for one instrument has come. `feed_id` None: no feed has it.

    `confirmed` when all its topics are; `refused_reason` is the server's text about the first refused one, and
    `is_entitlement` tells that the account may not have it. `connection` is the number of the feed's connection that
    carries it, None where there is but one or no room on any.
    """

    feed_id: FeedId | None
    key: str
    asked_ns: int
    confirmed: bool
    first_event: bool
    refused_reason: str | None
    over_limit: bool
    unconfirmed: bool
    is_entitlement: bool = False
    connection: int | None = None


class Fall(msgspec.Struct, frozen=True):
    """A row is not on its primary feed: since when (wall clock), and why in words.

    `is_passing`: it goes there by itself with the first price.
    """

    primary: FeedId
    since_ns: int | None
    reason: str
    is_passing: bool = False


class RowFeeds(msgspec.Struct, frozen=True, kw_only=True):
    """The feeds of one row: the one whose figures are shown, and the second that is followed beside it.

    `is_backed`: the row may go from one to the other by itself. `fall` tells that it did.
    """

    serving: FeedId
    key: str
    second: FeedId | None = None
    second_key: str = ""
    is_backed: bool = False
    fall: Fall | None = None


class FeedEntry:
    """One feed with the rows it has been asked for, and the status it told last."""

    __slots__ = ("awaited", "rows", "settings", "supervisor", "told")

    def __init__(self, settings: FeedSettings) -> None:
        self.settings = settings
        self.supervisor: Supervisor
        self.told: FeedStatus | None = None
        self.rows: dict[str, Row] = {}
        self.awaited: dict[str, Leg] = {}  # those whose first event has not come

    @property
    def id(self) -> FeedId:
        """Which feed it is."""
        return self.settings.feed_id


class Leg:
    """One row at one feed."""

    __slots__ = ("feed", "has_event", "key", "row")

    def __init__(self, row: Row, feed: FeedEntry, key: str) -> None:
        self.row = row
        self.feed = feed
        self.key = key
        self.has_event = False

    def is_at(self, place: Place | None) -> bool:
        """Tell whether it is at this feed, under this key."""
        return place is not None and self.feed is place[0] and self.key == place[1]

    def topics(self) -> list[Topic]:
        """Return what the row wants of the feed."""
        spec, row = self.feed.settings.spec, self.row
        wanted = {channel for channel in row.channels if channel is not None}
        if None in row.channels:
            # It has values; nobody trades it. Some feeds send them as they send trades.
            is_index = row.instrument_id.segment == INDEX and Channel.VALUE in spec.channels
            wanted.update({Channel.VALUE} if is_index else spec.default_channels)
        return [Topic(channel, self.key) for channel in spec.channels if channel in wanted]

    @property
    def connection(self) -> int | None:
        """The number of the feed's connection that carries it, None where there is but one or no room on any."""
        topics = self.topics()
        return self.feed.supervisor.topic_state(topics[0]).connection if topics else None

    def channel_state(self, channel: Channel) -> TopicStatus | None:
        """Return how far the wish for one kind of data has come, None where the feed does not send it."""
        if channel not in self.feed.settings.spec.channels:
            return None
        return self.feed.supervisor.topic_state(Topic(channel, self.key))


Place = tuple[FeedEntry, str]
"""A feed and its key of an instrument."""


class Row:
    """One instrument somebody uses. `serving` gives its figures, `warm` is followed beside it.

    `is_leaving`: the warm one takes over with its first event, so that the figures there are stay until then.
    """

    __slots__ = ("asked_ns", "channels", "fall", "instrument_id", "is_backed", "is_leaving", "serving", "warm")

    def __init__(self, instrument_id: InstrumentId, asked_ns: int) -> None:
        self.instrument_id = instrument_id
        self.asked_ns = asked_ns
        self.channels: Counter[Channel | None] = Counter()  # None: whatever the feed's row in the catalog says
        self.serving: Leg | None = None
        self.warm: Leg | None = None
        self.is_backed = False
        self.is_leaving = False
        self.fall: Fall | None = None

    def legs(self) -> list[Leg]:
        """Return where it is asked for."""
        return [leg for leg in (self.serving, self.warm) if leg is not None]

    def feeds(self) -> RowFeeds | None:
        """Return its feeds, None while no feed has it."""
        serving, warm = self.serving, self.warm
        if serving is None:
            return None
        return RowFeeds(
            serving=serving.feed.id,
            key=serving.key,
            second=None if warm is None else warm.feed.id,
            second_key="" if warm is None else warm.key,
            is_backed=self.is_backed and not self.is_leaving and warm is not None,
            fall=self.fall,
        )

    def subscription(self, leg: Leg | None) -> RowSubscription:
        """Return how far the wish has come at one feed."""
        states = [] if leg is None else [leg.feed.supervisor.topic_state(topic) for topic in leg.topics()]
        phases = {state.phase for state in states}
        refused = [state for state in states if state.phase is TopicPhase.REFUSED]
        return RowSubscription(
            feed_id=None if leg is None else leg.feed.id,
            key="" if leg is None else leg.key,
            asked_ns=self.asked_ns,
            confirmed=phases == {TopicPhase.CONFIRMED},
            first_event=leg is not None and leg.has_event,
            refused_reason=(refused[0].reason or "refused") if refused else None,
            over_limit=TopicPhase.OVER_LIMIT in phases,
            unconfirmed=TopicPhase.UNCONFIRMED in phases,
            is_entitlement=any(state.is_entitlement for state in refused),
            connection=states[0].connection if states else None,
        )
