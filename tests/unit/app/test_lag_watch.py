"""A feed whose times are far from ours is told of once per connection."""

from __future__ import annotations

import pytest
from fake_time import FakeTime

from marketwatch.app.lag_watch import LagWatch
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.notices import NoticeLog


def _status(lag_ms: float | None, *, generation: int = 1, state: FeedState = FeedState.LIVE) -> FeedStatus:
    return FeedStatus(feed_id=FeedId("massive"), label="Massive", state=state, lag_ms=lag_ms, generation=generation)


@pytest.mark.parametrize(
    ("lag_ms", "words"),
    [
        (511 * 86_400_000.0, "511 days behind"),
        (-7_200_000.0, "2 hours ahead of"),
        (125_000.0, "2 minutes behind"),
    ],
)
def test_how_far_is_said_in_words(lag_ms: float, words: str) -> None:
    log = NoticeLog(FakeTime())
    watch = LagWatch(log)
    for _ in range(3):
        watch.on_status(_status(lag_ms))
    assert [words in notice.thing for notice in log] == [True]
    assert [notice.count for notice in log] == [1]


@pytest.mark.parametrize("status", [_status(None), _status(900.0), _status(1e9, state=FeedState.STALE)])
def test_nothing_is_said_of_a_feed_that_is_in_time_or_not_live(status: FeedStatus) -> None:
    log = NoticeLog(FakeTime())
    LagWatch(log).on_status(status)
    assert len(log) == 0
