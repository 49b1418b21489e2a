from __future__ import annotations

import pytest

from marketwatch.domain.events import BatchProgress, TradeTick
from marketwatch.feeds.meters import FeedMeters, LagReservoir

NS = 1_000_000_000
WALL = 1_700_000_000 * NS


def trade(stamp: int | None) -> TradeTick:
    return TradeTick(key="A", price=1.0, size=1.0, stamp=stamp)


def test_percentiles_of_the_newest_samples_only() -> None:
    reservoir = LagReservoir(size=100)
    for milliseconds in range(1000):
        reservoir.add(milliseconds * 1_000_000)
    assert reservoir.percentiles_ms(0.0, 0.5, 1.0) == (900.0, 950.0, 999.0)
    assert len(reservoir._samples) == 100
    reservoir.clear()
    assert reservoir.percentiles_ms(0.5, 0.99) == (None, None)


def test_lag_is_beyond_the_announced_delay() -> None:
    meters = FeedMeters(delay_s=900.0)
    meters.events(1, trade((WALL - 902 * NS) // 1_000_000), WALL)
    assert meters.lag.percentiles_ms(0.5) == (2000.0,)
    meters.set_delay(0.0)
    assert meters.lag.percentiles_ms(0.5) == (None,)


def test_a_venue_clock_ahead_of_ours_is_no_negative_lag() -> None:
    meters = FeedMeters()
    meters.events(1, trade((WALL + 5 * NS) // 1_000_000), WALL)
    assert meters.lag.percentiles_ms(0.5) == (0.0,)


@pytest.mark.parametrize(("measures", "stamp"), [(False, WALL), (True, None)])
def test_without_a_time_to_compare_there_is_no_lag(measures: bool, stamp: int | None) -> None:
    meters = FeedMeters(measures_lag=measures)
    meters.events(3, trade(stamp), WALL)
    assert meters.lag.percentiles_ms(0.5) == (None,)
    assert meters.event_count == 3


def test_how_far_the_newest_batch_has_come() -> None:
    meters = FeedMeters()
    assert meters.figures()["batch_progress"] == ""
    meters.events(1, BatchProgress(key="SPY", status="processing"), WALL)
    assert meters.figures()["batch_progress"] == ""  # of a single request: nothing to count
    meters.events(1, BatchProgress(key="ETH-USD", status="processing", done=2, total=3), WALL)
    assert meters.figures()["batch_progress"] == "2 of 3, ETH-USD"


def test_rates_cover_the_time_since_the_last_tick() -> None:
    meters = FeedMeters()
    meters.mark(10 * NS)
    for _ in range(6):
        meters.frame(WALL, 1_000_000)
    meters.frame(WALL, 4_000_000)
    meters.events(21, trade(None), WALL)
    assert meters.tick(12 * NS)
    assert (meters.messages_per_s, meters.events_per_s, meters.behind_ns) == (3.5, 10.5, 4_000_000)
    assert not meters.tick(13 * NS)
    assert (meters.messages_per_s, meters.behind_ns) == (0.0, 0)


def test_invalid_parts_are_counted_with_the_newest_sample() -> None:
    meters = FeedMeters()
    meters.note_invalid("price is text", "x", 2)
    meters.note_invalid("no symbol", "y", 1)
    assert meters.invalid_count == 3
    assert meters.last_invalid == ("no symbol", "y")
    assert meters.figures()["invalid_reason"] == "no symbol"
