"""Rows with a fall-back while their feeds come and go: who serves them, and what the user is told."""

from __future__ import annotations

import pytest
from feed_desk import AAPL, FIRST, IDS, MSFT, SECOND, Desk

from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.services.failover_watch import FailoverWatch


class Watched(Desk):
    """Two feeds that tick, rows that fall back from the first to the second, and the watch over them."""

    def __init__(self, *rows: object) -> None:
        super().__init__()
        self.told: list[tuple[str, str, str]] = []
        self.watch = FailoverWatch(self.control, self.hub, self.time, self.time, lambda *what: self.told.append(what))
        for feed_id in (FIRST, SECOND):
            self.add(feed_id)
        for instrument_id in IDS[:2]:
            self.control.acquire(instrument_id)
        self.control.choose({one: FeedChoice(fallback=SECOND) for one in IDS[:2]})
        self.watch.start()

    async def seconds(self, count: int, *ticking: object) -> None:
        """Let time pass while these feeds tick for every row they serve."""
        for _ in range(count):
            await self.time.advance(1.0)
            for feed_id in (FIRST, SECOND):
                if feed_id in ticking:
                    self.tick(feed_id)

    def serving(self) -> list[str]:
        return [feeds.serving for one in IDS[:2] if (feeds := self.control.row_feeds(one)) is not None]


async def test_a_lost_feed_moves_its_rows_with_one_notice_and_they_return_with_one() -> None:
    desk = Watched()
    await desk.seconds(10, FIRST, SECOND)
    desk.set_state(FIRST, FeedState.BACKING_OFF, "connection reset")
    await desk.seconds(10, SECOND)
    assert desk.serving() == [SECOND, SECOND]
    assert desk.told == [
        (
            "Rows of First continue on Second",
            "First is disconnected: connection reset",
            "They are marked “via”, and return once First has been well for 30 s",
        )
    ]
    detour = desk.control.detour(AAPL)
    assert detour is not None
    assert (detour.primary, detour.reason) == (FIRST, "First is disconnected, connection reset")
    desk.set_state(FIRST, FeedState.LIVE)
    await desk.seconds(20, FIRST, SECOND)
    assert desk.serving() == [SECOND, SECOND]
    await desk.seconds(20, FIRST, SECOND)
    assert desk.serving() == [FIRST, FIRST]
    assert desk.told[1:] == [("All rows are back on First", "it has been well for a while", "")]
    desk.check()


async def test_a_refused_row_moves_alone_and_names_the_servers_reason() -> None:
    desk = Watched()
    await desk.seconds(5, FIRST, SECOND)
    desk.feed(FIRST).answers[AAPL.symbol] = TopicStatus(TopicPhase.REFUSED, "not in your plan")
    await desk.seconds(3, FIRST, SECOND)
    assert desk.serving() == [SECOND, FIRST]
    assert [thing for thing, _, _ in desk.told] == ["AAPL continues on Second"]
    assert desk.told[0][1] == "First refused this instrument: not in your plan"


async def test_a_row_over_the_limit_goes_to_the_fall_back() -> None:
    desk = Watched()
    await desk.seconds(5, FIRST, SECOND)
    desk.feed(FIRST).answers[MSFT.symbol] = TopicStatus(TopicPhase.OVER_LIMIT)
    await desk.seconds(3, FIRST, SECOND)
    assert desk.serving() == [FIRST, SECOND]


async def test_a_silent_feed_is_left_in_the_session_only() -> None:
    desk = Watched()
    await desk.seconds(5, FIRST, SECOND)
    await desk.seconds(40, SECOND)
    assert desk.serving() == [SECOND, SECOND]
    assert desk.told[0][1] == "First is silent"
    assert desk.told[0][2].startswith("So does every row that this happens to")
    assert len(desk.told) == 1

    night = Watched()
    night.to_night()
    await night.seconds(5, FIRST, SECOND)
    await night.seconds(200, SECOND)
    assert night.serving() == [FIRST, FIRST]


async def test_the_watch_rests_while_nothing_can_happen_and_ends_when_told() -> None:
    desk = Watched()
    desk.to_night()
    await desk.seconds(2)
    desk.watch.start()
    assert desk.time.waiting() == 1
    await desk.seconds(3)
    desk.watch.stop()
    desk.watch.stop()
    assert desk.time.waiting() == 0


async def test_many_rows_are_looked_at_in_parts() -> None:
    desk = Watched()
    desk.more_rows(450, FeedChoice(fallback=SECOND))
    await desk.seconds(5, FIRST, SECOND)
    desk.set_state(FIRST, FeedState.REFUSED, "unknown key")
    await desk.seconds(3, SECOND)
    assert all(feeds.serving == SECOND for one in desk.rows() if (feeds := desk.control.row_feeds(one)))
    assert len(desk.told) == 1
    desk.check()


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_choice_taken_back_brings_the_row_home(is_named: bool) -> None:
    desk = Watched()
    await desk.seconds(5, FIRST, SECOND)
    desk.set_state(FIRST, FeedState.BACKING_OFF)
    await desk.seconds(10, SECOND)
    assert desk.serving() == [SECOND, SECOND]
    desk.control.choose({AAPL: FeedChoice(primary=SECOND if is_named else None)})
    desk.set_state(FIRST, FeedState.LIVE)
    await desk.seconds(2, FIRST, SECOND)
    assert desk.serving()[0] == (SECOND if is_named else FIRST)
    desk.check()
