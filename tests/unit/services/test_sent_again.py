"""A new connection may send again what the one before it had brought: no trade counts twice."""

from __future__ import annotations

import pytest
from hub_rig import FEED, HubRig, new_york, trade


@pytest.fixture
def rig() -> HubRig:
    made = HubRig()
    made.market.ns = new_york("10:05")
    return made


def test_a_backlog_without_numbers_counts_once_and_what_was_missed_counts(rig: HubRig) -> None:
    day = [trade(f"10:0{minute}", 100.0 + minute) for minute in range(4)]
    s = rig.publish(*day[:3])
    rig.hub.expect_again(FEED)
    rig.publish(*day, trade("10:04", 104.0))
    assert (s.volume, s.trade_count, s.last_price) == (500, 5, 104.0)
    assert rig.hub.counts(FEED).duplicates == 3


def test_the_delayed_feed_tells_nothing_new_before_it_has_caught_up(rig: HubRig) -> None:
    tape = [trade(f"10:0{minute}", 100.0 + minute, sequence=minute + 1) for minute in range(5)]
    s = rig.publish(*tape)
    rig.hub.expect_again(FEED)
    for again in tape:
        rig.publish(again)
    assert (s.volume, s.last_price) == (500, 104.0)
    rig.publish(trade("10:05", 99.0, sequence=6))
    assert (s.volume, s.last_price) == (600, 99.0)


def test_a_late_report_with_a_number_of_its_own_counts(rig: HubRig) -> None:
    s = rig.publish(trade("10:00", 100.0, sequence=5))
    rig.hub.expect_again(FEED)
    rig.publish(trade("09:59", 98.0, sequence=6))
    assert (s.volume, s.last_price) == (200, 100.0)


def test_on_one_connection_a_late_trade_still_counts(rig: HubRig) -> None:
    s = rig.publish(trade("10:00", 100.0), trade("09:59", 98.0))
    assert s.volume == 200


def test_only_the_lost_connections_instruments_are_looked_at(rig: HubRig) -> None:
    s = rig.publish(trade("10:00", 100.0))
    rig.hub.expect_again(FEED, {"AAPL", "of nobody"})
    rig.publish(trade("09:59", 98.0))
    assert s.volume == 200
    rig.hub.expect_again(FEED, {"IBM"})
    rig.publish(trade("09:59", 98.0))
    assert s.volume == 200


def test_a_wrong_time_in_the_future_is_not_how_far_it_had_come(rig: HubRig) -> None:
    rig.publish(trade("15:00", 100.0))
    rig.hub.expect_again(FEED)
    s = rig.publish(*(trade(f"10:00:{second:02d}", 50.0) for second in range(20)))
    assert s.last_price == 50.0


async def test_a_server_that_begins_anew_is_followed_after_a_while(rig: HubRig) -> None:
    rig.market.ns = new_york("15:30")
    rig.publish(trade("15:29", 100.0))
    rig.hub.expect_again(FEED)
    again = [trade(f"09:31:{second:02d}", 50.0) for second in range(40)]
    s = rig.publish(*again[:20])
    assert (s.last_price, s.volume) == (100.0, 100)
    await rig.time.advance(61.0)
    rig.publish(*again[20:])
    assert s.last_price == 50.0


def test_after_a_reset_everything_is_new(rig: HubRig) -> None:
    rig.publish(trade("10:00", 100.0))
    rig.hub.expect_again(FEED)
    rig.hub.reset(FEED)
    s = rig.publish(trade("09:59", 98.0))
    assert (s.volume, s.last_price) == (100, 98.0)
