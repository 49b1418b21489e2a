"""Says when a feed was refused and waits for the user, and when that is over."""

from __future__ import annotations

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus, KeyTrouble
from marketwatch.services.notices import FEED_SETTINGS_COMMAND, NoticeAction, NoticeLog, Severity


class RefusalWatch:
    """Looks at statuses; tells once of each reason. A key that is missing is told of where the feeds are opened."""

    def __init__(self, notices: NoticeLog) -> None:
        self._notices = notices
        self._told: dict[FeedId, tuple[str, int]] = {}

    def on_status(self, status: FeedStatus) -> None:
        """Take the status of a feed, as often as it is known."""
        told = self._told.get(status.feed_id)
        if status.state is FeedState.LIVE and told is not None:
            self._settle(status.feed_id, "Connected since")
        if status.state is not FeedState.REFUSED or status.key_trouble is KeyTrouble.MISSING:
            return
        if told is not None and told[0] == status.reason:
            return
        if told is not None:
            self._settle(status.feed_id, "Another reason since")
        action = NoticeAction(FEED_SETTINGS_COMMAND, "Settings…")
        notice = self._notices.add(
            Severity.ERROR, f"{status.label}: not connected", status.reason, status.next_step, action
        )
        self._told[status.feed_id] = (status.reason, notice.number)

    def _settle(self, feed_id: FeedId, outcome: str) -> None:
        self._notices.settle(self._told.pop(feed_id)[1], outcome)
