"""A feed of several connections: the rows of the one that is down fall back, the others stay."""

from __future__ import annotations

from feed_desk import FIRST, IDS, SECOND
from unit.services.test_failover_watch import Watched

from marketwatch.feeds.merged_status import merge
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus


def tell(desk: Watched, *states: FeedState) -> None:
    """Let the first feed tell how its connections are; each carries one of the rows."""
    reasons = ["" if state is FeedState.LIVE else "the connection broke" for state in states]
    parts = [
        FeedStatus(feed_id=FIRST, label="First", state=state, connection=number, reason=reason)
        for number, (state, reason) in enumerate(zip(states, reasons, strict=True), start=1)
    ]
    for number, instrument_id in enumerate(IDS[:2], start=1):
        confirmed = TopicStatus(TopicPhase.CONFIRMED, connection=number)
        desk.feed(FIRST).answers[instrument_id.symbol] = confirmed
    status = merge(parts, parts, parts)
    desk.set_state(FIRST, status.state, status.reason)
    desk.feed(FIRST).tell(status)


async def test_only_the_rows_of_the_broken_connection_fall_back() -> None:
    desk = Watched()
    tell(desk, FeedState.LIVE, FeedState.LIVE)
    await desk.seconds(10, FIRST, SECOND)
    tell(desk, FeedState.LIVE, FeedState.BACKING_OFF)
    await desk.seconds(10, FIRST, SECOND)
    assert desk.serving() == [FIRST, SECOND]
    assert [(thing, cause) for thing, cause, _ in desk.told] == [
        ("Rows of First continue on Second", "First is disconnected: connection 2 of 2: the connection broke")
    ]
    assert desk.control.state(FIRST, 1) == (FeedState.LIVE, "")
    assert desk.control.state(FIRST, 2) == (FeedState.BACKING_OFF, "the connection broke")
    assert desk.control.keys_on(FIRST, 2) == {IDS[1].symbol}

    tell(desk, FeedState.LIVE, FeedState.LIVE)
    await desk.seconds(40, FIRST, SECOND)
    assert desk.serving() == [FIRST, FIRST]
    desk.check()
