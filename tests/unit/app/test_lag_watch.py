"""A feed whose times are far from ours is told of once per connection."""

from __future__ import annotations

import msgspec
import pytest
from fake_time import FakeTime

from marketwatch.app.lag_watch import LagWatch
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.notices import NoticeLog


def _status(
    lag_ms: float | None,
    uptime_s: float = 0.0,
    *,
    generation: int = 1,
    state: FeedState = FeedState.LIVE,
    events_per_s: float = 5.0,
) -> FeedStatus:
    return FeedStatus(
        feed_id=FeedId("massive"),
        label="Massive",
        state=state,
        lag_ms=lag_ms,
        generation=generation,
        uptime_s=uptime_s,
        events_per_s=events_per_s,
    )


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
    for uptime_s in range(12):
        assert len(log) == (uptime_s > 10)
        watch.on_status(_status(lag_ms, float(uptime_s)))
    assert [words in notice.thing for notice in log] == [True]
    assert [notice.count for notice in log] == [1]


@pytest.mark.parametrize("status", [_status(None), _status(900.0), _status(1e9, state=FeedState.STALE)])
def test_nothing_is_said_of_a_feed_that_is_in_time_or_not_live(status: FeedStatus) -> None:
    log = NoticeLog(FakeTime())
    watch = LagWatch(log)
    for uptime_s in range(30):
        watch.on_status(msgspec.structs.replace(status, uptime_s=float(uptime_s)))
    assert len(log) == 0


def test_the_last_figures_of_a_closed_market_are_old_and_not_behind() -> None:
    log = NoticeLog(FakeTime())
    watch = LagWatch(log)
    for second in range(60):
        asks_for_one_more_row = second % 8 == 0
        watch.on_status(_status(1e7, float(second), events_per_s=float(asks_for_one_more_row)))
    assert len(log) == 0


def test_another_connection_is_looked_at_anew() -> None:
    log = NoticeLog(FakeTime())
    watch = LagWatch(log)
    for second in range(20):
        watch.on_status(_status(1e7, float(second % 5), generation=second // 5))
    assert len(log) == 0
    for second in range(20):
        watch.on_status(_status(1e7, float(second), generation=9))
    assert [notice.count for notice in log] == [1]
