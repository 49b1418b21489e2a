"""Marks the stretches in which a real feed was away, so that charts draw a hole instead of a line across it."""

from __future__ import annotations

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.market_hub import MarketHub

_SHORTEST_NS = 1_000_000_000


class GapMarker:
    """Listens to feed statuses; the hub and its charts cut the gaps to the sessions of each instrument."""

    def __init__(self, hub: MarketHub) -> None:
        self._hub = hub
        self._lost_ns: dict[FeedId, int] = {}

    def on_status(self, status: FeedStatus) -> None:
        """Take one change of a feed's state."""
        if self._hub.facts(status.feed_id).nature not in (FeedNature.LIVE, FeedNature.DELAYED):
            return
        if status.state is FeedState.LIVE:
            self._back(status)
        elif status.state is not FeedState.STALE and status.last_message_ns is not None:
            self._lost_ns.setdefault(status.feed_id, status.last_message_ns)

    def _back(self, status: FeedStatus) -> None:
        lost_ns, back_ns = self._lost_ns.pop(status.feed_id, None), status.since_ns
        if lost_ns is not None and back_ns is not None and back_ns - lost_ns > _SHORTEST_NS:
            delay_ns = round(status.delay_s * 1e9)
            self._hub.mark_gap(status.feed_id, lost_ns - delay_ns, back_ns - delay_ns)
