"""Rows with a fall-back while their feeds come and go: who serves them, and what the user is told."""

from __future__ import annotations

import pytest
from feed_desk import AAPL, FIRST, IDS, MSFT, SECOND, THIRD, Desk

from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import FeedAddress
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


# --- three feeds, and the fall-back is the next one that has the instrument


class Three(Watched):
    """The rows fall back to the next feed that has them: Second, then Third. `asked` is what a feed was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.add(THIRD)
        self.control.choose({one: FeedChoice() for one in IDS[:2]})
        self.control.set_fall_back(is_on=True)

    async def seconds(self, count: int, *ticking: object) -> None:
        for _ in range(count):
            await super().seconds(1, *ticking)
            if THIRD in ticking:
                self.tick(THIRD)

    def seconds_feeds(self) -> list[str | None]:
        return [feeds.second for one in IDS[:2] if (feeds := self.control.row_feeds(one)) is not None]

    def refuse(self, feed_id: FeedId, reason: str = "no such symbol") -> None:
        self.feed(feed_id).answers[AAPL.symbol] = TopicStatus(TopicPhase.REFUSED, reason)

    def asked(self, feed_id: FeedId) -> list[str]:
        return sorted({topic.key for topic in self.feed(feed_id).wanted})


async def test_a_fall_back_that_refuses_is_passed_over_for_the_one_after_it() -> None:
    desk = Three()
    await desk.seconds(3, FIRST, SECOND, THIRD)
    assert desk.seconds_feeds() == [SECOND, SECOND]
    desk.refuse(SECOND)
    await desk.seconds(3, FIRST, SECOND, THIRD)
    assert (desk.seconds_feeds(), desk.serving(), desk.told) == ([THIRD, SECOND], [FIRST, FIRST], [])
    assert (desk.asked(SECOND), desk.asked(THIRD)) == (["#MSFT"], ["AAPL"])
    desk.set_state(FIRST, FeedState.BACKING_OFF, "connection reset")
    await desk.seconds(10, SECOND, THIRD)
    assert desk.serving() == [THIRD, SECOND]
    detour = desk.control.detour(AAPL)
    assert detour is not None
    assert (detour.primary, detour.reason) == (FIRST, "First is disconnected, connection reset")
    desk.set_state(FIRST, FeedState.LIVE)
    await desk.seconds(25, FIRST, SECOND, THIRD)
    assert desk.serving() == [THIRD, SECOND]
    await desk.seconds(15, FIRST, SECOND, THIRD)
    assert (desk.serving(), desk.seconds_feeds()) == ([FIRST, FIRST], [THIRD, SECOND])
    desk.check()


async def test_a_row_whose_fall_back_refuses_it_while_it_is_there_goes_on_and_waits_as_long_as_before() -> None:
    desk = Three()
    await desk.seconds(3, FIRST, SECOND, THIRD)
    desk.set_state(FIRST, FeedState.BACKING_OFF)
    await desk.seconds(10, SECOND, THIRD)
    assert desk.serving() == [SECOND, SECOND]
    desk.set_state(FIRST, FeedState.LIVE)
    await desk.seconds(20, FIRST, SECOND, THIRD)
    desk.set_state(FIRST, FeedState.BACKING_OFF)
    desk.refuse(SECOND)
    await desk.seconds(3, SECOND, THIRD)
    assert (desk.serving(), desk.seconds_feeds()) == ([THIRD, SECOND], [FIRST, FIRST])
    assert desk.told[-1] == (
        "AAPL goes on to Third",
        "Second refused this instrument: no such symbol",
        "So does every row that this happens to; they return to their own feed when that is well again",
    )
    snapshot = desk.hub.snapshot(AAPL)
    assert snapshot is not None
    assert (snapshot.feed_id, snapshot.last_price is not None) == (THIRD, True)
    desk.set_state(FIRST, FeedState.LIVE)
    await desk.seconds(25, FIRST, SECOND, THIRD)
    assert desk.serving() == [THIRD, SECOND]
    await desk.seconds(15, FIRST, SECOND, THIRD)
    assert desk.serving() == [FIRST, FIRST]
    desk.check()


async def test_when_all_refuse_the_last_one_stays_and_nothing_goes_round() -> None:
    desk = Three()
    await desk.seconds(3, FIRST, SECOND, THIRD)
    for feed_id in (SECOND, THIRD):
        desk.refuse(feed_id)
    await desk.seconds(5, FIRST)
    before = [dict(desk.feed(one).wanted) for one in (FIRST, SECOND, THIRD)]
    moves: list[object] = []
    desk.control._on_warm = lambda *what: moves.append(what)
    desk.set_state(FIRST, FeedState.BACKING_OFF)
    await desk.seconds(60)
    assert (desk.seconds_feeds()[0], desk.serving()[0], moves) == (THIRD, FIRST, [])
    assert [dict(desk.feed(one).wanted) for one in (FIRST, SECOND, THIRD)] == before


async def test_a_full_feed_is_passed_over_too() -> None:
    desk = Three()
    desk.feed(SECOND).answers[AAPL.symbol] = TopicStatus(TopicPhase.OVER_LIMIT)
    await desk.seconds(3, FIRST, SECOND, THIRD)
    assert desk.seconds_feeds() == [THIRD, SECOND]


async def test_a_fall_back_that_was_named_stays_named() -> None:
    desk = Three()
    desk.control.choose({AAPL: FeedChoice(fallback=SECOND)})
    desk.refuse(SECOND)
    await desk.seconds(5, FIRST, SECOND, THIRD)
    assert desk.seconds_feeds() == [SECOND, SECOND]


@pytest.mark.parametrize("deed", ["key", "list", "address", "choice", "again"])
async def test_a_feed_that_is_another_one_now_is_asked_again(deed: str) -> None:
    desk = Three()
    desk.refuse(SECOND)
    await desk.seconds(3, FIRST, SECOND, THIRD)
    assert desk.seconds_feeds()[0] == THIRD
    desk.feed(SECOND).answers.clear()
    if deed == "key":
        desk.control.credentials_changed(SECOND)
    elif deed == "list":
        desk.control.keys_changed(SECOND)
    elif deed == "address":
        desk.control.replace(SECOND, FeedAddress("ws://other"))
    elif deed == "choice":
        desk.control.choose({AAPL: FeedChoice()})
    else:
        desk.control.release(AAPL)
        desk.control.acquire(AAPL)
    await desk.seconds(3, FIRST, SECOND, THIRD)
    assert desk.seconds_feeds()[0] == SECOND
    desk.check()


async def test_a_fall_ends_with_the_fall_back_though_the_row_is_compared() -> None:
    desk = Three()
    await desk.seconds(3, FIRST, SECOND, THIRD)
    desk.set_state(FIRST, FeedState.BACKING_OFF)
    await desk.seconds(10, SECOND, THIRD)
    desk.control.compare(AAPL, is_on=True)
    desk.control.set_fall_back(is_on=False)
    desk.set_state(FIRST, FeedState.LIVE)
    await desk.seconds(2, FIRST, SECOND, THIRD)
    assert (desk.serving(), desk.seconds_feeds()[0]) == ([FIRST, FIRST], SECOND)
    assert desk.control.detour(AAPL) is None
    desk.check()
