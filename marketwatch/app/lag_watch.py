"""Says when a real feed's own times are far from this computer's clock: a replay behind it, or a wrong clock."""

from __future__ import annotations

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.notices import NoticeLog, Severity

_FAR_MS = 120_000.0
_LASTS_S = 10.0


class LagWatch:
    """Looks at statuses; tells once per connection, and only of a lag that lasts while data flow.

    A server may begin with the last figures of a market that has closed: these are old, and not behind.
    """

    def __init__(self, notices: NoticeLog) -> None:
        self._notices = notices
        self._told: dict[FeedId, int] = {}
        self._flows_since: dict[FeedId, tuple[int, float]] = {}

    def on_status(self, status: FeedStatus) -> None:
        """Take the status of a feed, as often as it is known."""
        lag_ms = status.lag_ms
        if status.state is not FeedState.LIVE or lag_ms is None or abs(lag_ms) < _FAR_MS:
            return
        if self._told.get(status.feed_id) == status.generation or not self._lasts(status):
            return
        self._told[status.feed_id] = status.generation
        side = "behind" if lag_ms > 0 else "ahead of"
        self._notices.add(
            Severity.DECISION,
            f"{status.label}: its times are {_words(abs(lag_ms) / 1000)} {side} this computer's clock",
            "the server replays or delays its data, or one of the clocks is wrong",
            "Check the clock; figures carry the feed's own times",
        )

    def _lasts(self, status: FeedStatus) -> bool:
        uptime_s = status.uptime_s or 0.0
        if not status.events_per_s:
            self._flows_since.pop(status.feed_id, None)
            return False
        generation, since_s = self._flows_since.setdefault(status.feed_id, (status.generation, uptime_s))
        if generation != status.generation:
            self._flows_since[status.feed_id] = (status.generation, uptime_s)
            return False
        return uptime_s - since_s >= _LASTS_S


def _words(seconds: float) -> str:
    for size, name in ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
