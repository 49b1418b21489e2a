"""Tells the hub when a real feed was away: charts draw a hole, and what the feed sends again counts once."""

from __future__ import annotations

from collections.abc import Callable, Collection

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.market_hub import MarketHub

_SHORTEST_NS = 1_000_000_000

KeysOn = Callable[[FeedId, int], Collection[str]]
"""Names the instruments that one of a feed's connections carries."""


class GapMarker:
    """Listens to feed statuses; the hub and its charts cut the gaps to the sessions of each instrument.

    Where a feed has several connections the gap of one is that of its own instruments, if `keys_on` knows them.
    """

    def __init__(self, hub: MarketHub, keys_on: KeysOn | None = None) -> None:
        self._hub = hub
        self._keys_on = keys_on
        self._lost_ns: dict[tuple[FeedId, int | None], int] = {}

    def on_status(self, status: FeedStatus) -> None:
        """Take one change of a feed's state."""
        if self._hub.facts(status.feed_id).nature not in (FeedNature.LIVE, FeedNature.DELAYED):
            return
        parts = status.parts or (status,)
        for part in parts:
            self._look_at(status.feed_id, part)
        numbers = {part.connection for part in parts}
        for gone in [place for place in self._lost_ns if place[0] == status.feed_id and place[1] not in numbers]:
            del self._lost_ns[gone]

    def _look_at(self, feed_id: FeedId, status: FeedStatus) -> None:
        if status.state is FeedState.LIVE:
            self._back(feed_id, status)
        elif status.state is not FeedState.STALE and status.last_message_ns is not None:
            place = (feed_id, status.connection)
            if place not in self._lost_ns:
                self._lost_ns[place] = status.last_message_ns
                self._hub.expect_again(feed_id, self._keys_of(feed_id, status.connection))

    def _back(self, feed_id: FeedId, status: FeedStatus) -> None:
        number, back_ns = status.connection, status.since_ns
        lost_ns = self._lost_ns.pop((feed_id, number), None)
        if lost_ns is None or back_ns is None or back_ns - lost_ns <= _SHORTEST_NS:
            return
        delay_ns = round(status.delay_s * 1e9)
        keys = self._keys_of(feed_id, number)
        self._hub.mark_gap(feed_id, lost_ns - delay_ns, back_ns - delay_ns, keys)

    def _keys_of(self, feed_id: FeedId, number: int | None) -> Collection[str] | None:
        return None if number is None or self._keys_on is None else self._keys_on(feed_id, number)
