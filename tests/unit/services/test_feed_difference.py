"""How two feeds of one instrument differ, with known times of arrival."""

from __future__ import annotations

import random

import msgspec
import pytest
from hub_rig import FEED, IBM, HubRig, new_york, trade

from marketwatch.domain.events import TradeTick
from marketwatch.domain.ids import FeedId
from marketwatch.services.feed_difference import DelayMeter, FeedSide, difference_of
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.pair_watch import PairWatch

NS = 1_000_000_000
MS = 1_000_000
NOON = new_york("12:00")
SECOND = FeedId("second")


def fed(meter: DelayMeter, trades: list[tuple[int, float]], later_ns: int, *, jitter_ns: int = 0) -> DelayMeter:
    """Let both feeds bring these trades, in the order of their arrival."""
    draw = random.Random(7)
    arrivals = []
    for stamp_ns, price in trades:
        arrivals.append((stamp_ns + 5 * MS, 0, stamp_ns, price))
        arrivals.append((stamp_ns + 5 * MS + later_ns + draw.randint(-jitter_ns, jitter_ns), 1, stamp_ns, price))
    for received_ns, place, stamp_ns, price in sorted(arrivals):
        meter.take(place, stamp_ns, price, received_ns)
    return meter


def a_minute(step_ms: int = 370) -> list[tuple[int, float]]:
    return [(NOON + number * step_ms * MS + MS, 100 + number % 7 / 10) for number in range(160)]


def test_the_delay_is_the_median_over_equal_trades() -> None:
    meter = fed(DelayMeter(), a_minute(), 420 * MS)
    assert meter.is_fine
    assert meter.median_s == pytest.approx(0.42)
    assert meter.matches > 100


def test_a_feed_that_is_sooner_has_a_negative_delay() -> None:
    assert fed(DelayMeter(), a_minute(), -90 * MS).median_s == pytest.approx(-0.09)


def test_jitter_does_not_move_the_median() -> None:
    assert fed(DelayMeter(), a_minute(), 300 * MS, jitter_ns=80 * MS).median_s == pytest.approx(0.3, abs=0.02)


def test_feeds_fifteen_minutes_apart_are_measured_on_a_sample() -> None:
    trades = [(NOON + number * 41 * MS + MS, 100 + number % 11 / 10) for number in range(30_000)]
    meter = fed(DelayMeter(900.0), trades, 900 * NS)
    assert meter.median_s == pytest.approx(900.0)
    assert all(len(arrivals) <= 4_096 for arrivals in meter._arrivals)


def test_whole_seconds_are_good_to_a_second_and_say_so() -> None:
    trades = [(NOON + number * NS, 100 + number % 5) for number in range(60)]
    meter = fed(DelayMeter(), trades, 2 * NS)
    assert not meter.is_fine
    assert meter.median_s == pytest.approx(2.0)


def test_a_feed_of_whole_seconds_is_matched_with_a_finer_one() -> None:
    meter = DelayMeter()
    for number in range(30):
        stamp_ns = NOON + number * NS
        meter.take(0, stamp_ns + 123 * MS, 100 + number, stamp_ns + 200 * MS)
        meter.take(1, stamp_ns, 100 + number, stamp_ns + 700 * MS)
    assert (meter.is_fine, meter.median_s) == (False, pytest.approx(0.5))


def test_a_feed_without_times_or_too_few_trades_is_not_measured() -> None:
    meter = DelayMeter()
    assert meter.obstacle("A", "B") == "no trade came from A yet"
    fed(meter, a_minute()[:4], 0)  # the first shows how fine the times are
    assert (meter.median_s, meter.obstacle("A", "B")) == (None, "3 of 5 equal trades came from both so far")
    fed(meter, a_minute(), 0)
    assert meter.median_s is not None
    meter.note_untimed(1)
    assert (meter.median_s, meter.obstacle("A", "B")) == (None, "B does not say when its trades were")


def side(label: str, price: float | None, delay_s: float = 0.0) -> FeedSide:
    return FeedSide(feed_id=FeedId(label), label=label, delay_s=delay_s, price=price, age_s=1.0)


def test_the_difference_of_prices_is_signed_and_relative_to_the_one_shown() -> None:
    found = difference_of(side("A", 200.0), side("B", 201.0), DelayMeter())
    assert (found.difference, found.difference_pct) == (1.0, 0.5)
    missing = difference_of(side("A", None), side("B", 201.0), DelayMeter())
    assert (missing.difference, missing.difference_pct, missing.delay_s) == (None, None, None)


def test_a_close_of_the_past_is_no_price_to_compare_with() -> None:
    past = msgspec.structs.replace(side("B", 99.0), is_history=True)
    found = difference_of(side("A", 200.0), past, DelayMeter())
    assert (found.difference, found.difference_pct) == (None, None)
    assert found.obstacle == "B shows history, not prices of now"


class Pair(HubRig):
    """IBM at two feeds."""

    def __init__(self) -> None:
        super().__init__()
        facts = FeedFacts(id=SECOND, label="Second", nature=FeedNature.DELAYED, market_clock=self.market, delay_s=60.0)
        self.hub.add_feed(facts)
        self.second = self.hub.warm_up(IBM, SECOND, "#IBM")
        self.watch = PairWatch(self.hub, self.time)

    async def both(self, count: int, later_s: float = 0.5) -> None:
        for number in range(count):
            at = new_york("10:00") + number * 2 * NS + 7 * MS
            self.market.ns = at
            self.hub.publish(FEED, [trade(at, 100.0 + number)])
            await self.time.advance(later_s)
            self.hub.publish(SECOND, [trade(at, 100.0 + number, key="#IBM")])
            await self.time.advance(1.0)


async def test_the_pair_is_measured_while_it_is_looked_at() -> None:
    pair = Pair()
    assert pair.watch.difference(IBM.id) is not None
    await pair.both(20)
    found = pair.watch.difference(IBM.id)
    assert found is not None
    # a feed that is a minute late is sampled by the second: every one of them here, one trade per two seconds
    assert (found.shown.price, found.second.price, found.difference) == (119.0, 119.0, 0.0)
    assert found.delay_s == pytest.approx(0.5)
    assert found.second.age_s == 0.0  # its source is a minute behind: that is no age
    pair.hub.cool_down(IBM.id)
    assert pair.watch.difference(IBM.id) is None
    assert pair.ibm.sinks == ()


async def test_measuring_begins_anew_when_the_feeds_change_places() -> None:
    pair = Pair()
    pair.watch.difference(IBM.id)
    await pair.both(10)
    pair.hub.track(IBM, SECOND, "#IBM")
    found = pair.watch.difference(IBM.id)
    assert found is not None
    assert (found.shown.label, found.delay_s) == ("Second", None)
    await pair.both(10)
    found = pair.watch.difference(IBM.id)
    assert found is not None
    assert found.delay_s == pytest.approx(-0.5)
    assert (pair.second.sinks, pair.ibm.sinks) == ((pair.watch._take,), (pair.watch._take,))


async def test_trades_without_a_time_are_not_taken_for_trades_of_now() -> None:
    pair = Pair()
    pair.watch.difference(IBM.id)
    for number in range(20):
        pair.market.ns = new_york("10:00") + number * NS
        pair.hub.publish(FEED, [trade(pair.market.ns, 100.0)])
        pair.hub.publish(SECOND, [TradeTick(key="#IBM", price=100.0, size=1)])
    found = pair.watch.difference(IBM.id)
    assert found is not None
    assert (found.delay_s, found.obstacle) == (None, "Second does not say when its trades were")
