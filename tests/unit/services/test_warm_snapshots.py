"""A second feed beside the one shown: kept up to date in silence, and never mixed with it."""

from __future__ import annotations

import pytest
from hub_rig import FEED, IBM, INFY, HubRig, new_york, quote, trade

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.events import DayStatistics, MarketEvent
from marketwatch.domain.ids import FeedId
from marketwatch.domain.snapshot import Snapshot
from marketwatch.errors import DuplicateInstrument
from marketwatch.services.charts import ChartService
from marketwatch.services.market_hub import FeedFacts, FeedNature

SECOND = FeedId("second")


class Rig(HubRig):
    """IBM shown from one feed and warm at another."""

    def __init__(self) -> None:
        super().__init__()
        facts = FeedFacts(id=SECOND, label="Second", nature=FeedNature.LIVE, market_clock=self.market)
        self.hub.add_feed(facts)
        self.second = self.hub.warm_up(IBM, SECOND, "#IBM")
        self.told: list[float] = []

    def sink(self, snapshot: Snapshot, event: MarketEvent) -> None:
        assert snapshot is self.hub.snapshot(IBM.id)
        assert snapshot.last_price is not None
        self.told.append(snapshot.last_price)

    def both(self, when: str, first: float, second: float) -> None:
        self.hub.publish(FEED, [trade(when, first)])
        self.hub.publish(SECOND, [trade(when, second, key="#IBM")])


def test_the_warm_one_has_figures_and_tells_nobody() -> None:
    rig = Rig()
    wakes: list[None] = []
    rig.hub.on_dirty = lambda: wakes.append(None)
    rig.hub.publish(SECOND, [trade("10:00", 50.0, key="#IBM"), quote("10:00", 49.9, 50.1, key="#IBM")])
    rig.hub.publish(SECOND, [DayStatistics(key="#IBM", prev_close=48.0)])
    assert (rig.second.last_price, rig.second.bid, rig.second.day_change) == (50.0, 49.9, 2.0)
    assert (rig.ibm.last_price, rig.ibm.prev_close) == (None, None)
    assert (wakes, rig.hub.drain()) == ([], [])
    assert rig.hub.counts(SECOND).unrouted == 0
    assert rig.hub.warm_snapshot(IBM.id) is rig.second


def test_changing_places_shows_the_other_feeds_own_figures_and_keeps_the_sinks() -> None:
    rig = Rig()
    rig.hub.add_sink(IBM.id, rig.sink)
    rig.hub.publish(FEED, [DayStatistics(key="IBM", prev_close=90.0)])
    rig.hub.publish(SECOND, [DayStatistics(key="#IBM", prev_close=40.0)])
    rig.told.clear()
    rig.both("10:00", 100.0, 50.0)
    rig.hub.drain()
    assert rig.hub.track(IBM, SECOND, "#IBM") is rig.second
    assert rig.hub.snapshot(IBM.id) is rig.second
    assert rig.hub.drain() == [rig.second]
    rig.both("10:01", 101.0, 51.0)
    assert rig.told == [100.0, 51.0]
    assert (rig.second.day_change, rig.second.volume) == (11.0, 200.0)
    assert (rig.ibm.last_price, rig.ibm.day_change, rig.ibm.volume) == (101.0, 11.0, 200.0)
    assert rig.hub.drain() == [rig.second]

    assert rig.hub.track(IBM, FEED, "IBM") is rig.ibm
    rig.both("10:02", 102.0, 52.0)
    assert rig.told == [100.0, 51.0, 102.0]
    assert rig.hub.drain() == [rig.ibm]
    assert (rig.ibm.trade_count, rig.second.trade_count) == (3, 3)


def test_changing_places_between_two_frames_draws_each_once_and_nothing_twice() -> None:
    rig = Rig()
    rig.both("10:00", 100.0, 50.0)
    rig.hub.track(IBM, SECOND, "#IBM")
    rig.hub.track(IBM, FEED, "IBM")
    rig.both("10:01", 101.0, 51.0)
    assert rig.hub.drain() == [rig.ibm]
    rig.hub.publish(SECOND, [trade("10:02", 52.0, key="#IBM")])
    assert rig.hub.drain() == []
    rig.hub.publish(FEED, [trade("10:02", 102.0)])
    assert rig.hub.drain() == [rig.ibm]


def test_a_sink_added_between_frames_sees_everything_after_a_change_of_places() -> None:
    rig = Rig()
    rig.both("10:00", 100.0, 50.0)
    rig.hub.add_sink(IBM.id, rig.sink)
    rig.hub.track(IBM, SECOND, "#IBM")
    rig.hub.track(IBM, FEED, "IBM")
    rig.hub.publish(FEED, [quote("10:01", 99.0, 101.0), trade("10:01", 101.0)])
    assert rig.told == [100.0, 101.0]


def test_the_chart_goes_on_with_the_other_feeds_own_bars() -> None:
    rig = Rig()
    series = ChartService(rig.hub).open(IBM.id, BarInterval.M1)
    rig.both("10:00", 100.0, 50.0)
    rig.both("10:01", 101.0, 51.0)
    assert series.take_change() == 0
    assert list(series.columns.close) == [100.0, 101.0]
    rig.hub.track(IBM, SECOND, "#IBM")
    assert series.take_change() == 0
    assert list(series.columns.close) == [50.0, 51.0]
    rig.both("10:02", 102.0, 52.0)
    series.refresh()
    assert list(series.columns.close) == [50.0, 51.0, 52.0]


def test_a_move_to_a_feed_that_was_not_warm_takes_the_sinks_along() -> None:
    rig = Rig()
    rig.hub.cool_down(IBM.id)
    rig.hub.cool_down(IBM.id)
    rig.hub.add_sink(IBM.id, rig.sink)
    rig.hub.publish(FEED, [trade("10:00", 100.0)])
    fresh = rig.hub.track(IBM, SECOND, "#IBM")
    assert fresh is not rig.second
    assert fresh.last_price is None
    rig.hub.publish(SECOND, [trade("10:01", 50.0, key="#IBM")])
    rig.hub.publish(FEED, [trade("10:01", 101.0)])
    assert rig.told == [100.0, 50.0]
    assert rig.hub.counts(FEED).unrouted == 1


def test_a_new_warm_feed_takes_the_place_of_the_old_one() -> None:
    rig = Rig()
    third = FeedId("third")
    rig.hub.add_feed(FeedFacts(id=third, label="Third", nature=FeedNature.LIVE, market_clock=rig.market))
    warm = rig.hub.warm_up(IBM, third, "I")
    assert rig.hub.warm_up(IBM, third, "I") is warm
    assert rig.hub.snapshots(SECOND) == []
    with pytest.raises(DuplicateInstrument):
        rig.hub.warm_up(INFY, third, "I")
    rig.hub.untrack(IBM.id)
    assert rig.hub.track(IBM, third, "I") is warm
    assert rig.hub.warm_snapshot(IBM.id) is None


def test_a_seek_empties_the_warm_one_without_a_word() -> None:
    rig = Rig()
    rig.both("10:00", 100.0, 50.0)
    rig.hub.drain()
    rig.hub.reset(SECOND)
    assert (rig.second.last_price, rig.ibm.last_price, rig.hub.drain()) == (None, 100.0, [])


def test_late_events_of_the_feed_left_do_not_touch_what_is_shown() -> None:
    rig = Rig()
    rig.both("10:05", 100.0, 50.0)
    rig.hub.track(IBM, SECOND, "#IBM")
    rig.hub.publish(FEED, [trade("10:01", 99.0), trade("10:09", 109.0)])
    assert rig.second.last_price == 50.0
    assert rig.second.last_trade_ns == new_york("10:05")
