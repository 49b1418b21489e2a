"""The book, its sums, open interest and the year's extremes: kept as stated, and never longer than they hold."""

from __future__ import annotations

import pytest
from hub_rig import FEED, HubRig, new_york, quote, trade

from marketwatch.domain.events import Depth, DepthLevel, MarketEvent, MarketStatistics, PriceValue, YearStatistics
from marketwatch.domain.snapshot import Snapshot


def depth(when: str | None, bid: float | None = 100.0, ask: float | None = 100.5, levels: int = 5) -> Depth:
    """Make a book whose sizes tell the level."""
    bids = () if bid is None else tuple(DepthLevel(bid - n, 10.0 * (n + 1), n + 1) for n in range(levels))
    asks = () if ask is None else tuple(DepthLevel(ask + n, 20.0 * (n + 1), None) for n in range(levels))
    return Depth(
        key="IBM", stamp=None if when is None else new_york(when) // 1_000_000,
        bid=bid, bid_size=10.0 if bids else None, ask=ask, ask_size=20.0 if asks else None, bids=bids, asks=asks,
    )  # fmt: skip


def market(when: str, **figures: float) -> MarketStatistics:
    return MarketStatistics(key="IBM", stamp=new_york(when) // 1_000_000, **figures)


def test_a_book_is_kept_whole_and_is_the_quote_too(rig: HubRig) -> None:
    book = depth("10:00")
    s = rig.publish(book)
    assert s.depth is book
    assert (s.depth_ns, s.depth_feed_id) == (new_york("10:00"), FEED)
    assert (s.bid, s.bid_size, s.ask, s.ask_size) == (100.0, 10.0, 100.5, 20.0)
    assert s.quote_ns == new_york("10:00")
    newer = depth("10:00:01", 101.0, 101.5, levels=20)
    rig.publish(newer)
    assert s.depth is newer
    assert rig.hub.counts(FEED).quotes == 2


def test_an_older_book_is_dropped(rig: HubRig) -> None:
    rig.publish(depth("10:00:01", 101.0), depth("10:00", 100.0))
    assert rig.ibm.bid == 101.0
    assert rig.ibm.depth_ns == new_york("10:00:01")
    assert rig.hub.counts(FEED).late == 1


@pytest.mark.parametrize(
    "contradiction",
    [
        quote("10:00:01", 100.0, 100.5),
        quote("10:00", 99.0, 100.5),
        quote("10:00", 100.0, None),
        quote("09:58", 100.0, 100.5),
    ],
    ids=["newer", "another bid", "no ask", "a clock that went back"],
)
def test_a_quote_that_says_otherwise_ends_the_book_until_the_next(rig: HubRig, contradiction: MarketEvent) -> None:
    s = rig.publish(depth("10:00"), contradiction)
    assert s.depth is None
    assert s.depth_ns == new_york("10:00")
    again = depth("10:00:02")
    rig.publish(again)
    assert s.depth is again


def test_trades_leave_the_book_alone(rig: HubRig) -> None:
    book = depth("10:00")
    assert rig.publish(book, trade("10:00:05", 100.2)).depth is book


def test_a_book_without_a_time_gets_the_markets(rig: HubRig) -> None:
    rig.market.ns = new_york("10:07")
    s = rig.publish(depth(None))
    assert s.depth is not None
    assert s.depth.event_ns == s.depth_ns == new_york("10:07")
    assert rig.hub.counts(FEED).untimed == 1


def test_a_quote_in_seconds_follows_one_that_got_its_time_in_nanoseconds(rig: HubRig) -> None:
    rig.market.ns = new_york("10:07")
    rig.publish(depth(None, 100.0))
    seconds = Depth(key="IBM", stamp=new_york("10:07:05") // 10**9, bid=101.0, bids=(DepthLevel(101.0, 1.0),))
    s = rig.publish(seconds)
    assert s.bid == 101.0
    assert s.depth is seconds


def test_sinks_see_the_book_that_the_snapshot_has(rig: HubRig) -> None:
    seen: list[object] = []

    def sink(snapshot: Snapshot, event: MarketEvent) -> None:
        seen.append(snapshot.depth is event)

    rig.hub.add_sink(rig.ibm.instrument.id, sink)
    rig.publish(depth("10:00"), depth("10:00:01"))
    assert seen == [True, True]


def test_a_one_sided_and_an_empty_book_are_books(rig: HubRig) -> None:
    s = rig.publish(depth("10:00", None))
    assert s.depth is not None
    assert (s.bid, s.ask, s.depth.bids) == (None, 100.5, ())
    rig.publish(depth("10:00:01", None, None))
    assert s.depth is not None
    assert s.depth.asks == ()


def test_a_reset_forgets_everything(rig: HubRig) -> None:
    rig.publish(depth("10:00"), market("10:00", total_bid_size=5.0, open_interest=7.0))
    rig.publish(YearStatistics(key="IBM", high_52w=120.0, low_52w=80.0))
    rig.hub.reset(FEED)
    s = rig.ibm
    assert (s.depth, s.depth_ns, s.depth_feed_id) == (None, None, None)
    assert (s.total_bid_size, s.open_interest, s.high_52w) == (None, None, None)


def test_sums_and_open_interest_are_kept_until_a_newer_statement(rig: HubRig) -> None:
    s = rig.publish(
        market("10:00", total_bid_size=500.0, total_ask_size=700.0, open_interest=90.0, open_interest_high=95.0)
    )
    assert (s.total_bid_size, s.total_ask_size) == (500.0, 700.0)
    assert (s.open_interest, s.open_interest_high, s.open_interest_low) == (90.0, 95.0, None)
    rig.publish(market("10:01", total_bid_size=0.0, open_interest_low=80.0))
    assert (s.total_bid_size, s.total_ask_size, s.open_interest_low) == (0.0, 700.0, 80.0)
    rig.publish(market("10:00:30", total_bid_size=1.0))
    assert s.total_bid_size == 0.0


def test_a_new_date_keeps_contracts_and_year_alone(rig: HubRig) -> None:
    figures = {"total_bid_size": 5.0, "open_interest": 7.0, "open_interest_high": 8.0, "open_interest_low": 6.0}
    rig.publish(trade("15:00", 100.0), depth("15:59"), market("15:59", **figures))
    rig.publish(YearStatistics(key="IBM", high_52w=120.0, low_52w=80.0, last_close=99.0))
    s = rig.publish(trade("2025-06-30T09:30", 101.0))
    assert (s.depth, s.depth_ns, s.total_bid_size) == (None, None, None)
    assert (s.open_interest, s.open_interest_high, s.open_interest_low) == (7.0, None, None)
    assert (s.high_52w, s.low_52w, s.last_close) == (120.0, 80.0, 99.0)


def test_a_book_of_the_new_date_outlives_its_first_trade(rig: HubRig) -> None:
    book = depth("2025-06-30T09:29:59")
    s = rig.publish(trade("15:00", 100.0), book, trade("2025-06-30T09:30", 101.0))
    assert s.depth is book


def test_what_no_feed_states_is_unknown_and_says_so(rig: HubRig) -> None:
    s = rig.ibm
    for figure in ("total_bid_size", "total_ask_size", "open_interest", "high_52w", "low_52w", "last_close"):
        assert getattr(s, figure) is None
        assert s.withheld(figure) == "not stated by this feed so far"
    rig.publish(market("10:00", open_interest=7.0))
    assert s.withheld("open_interest") is None


def test_a_value_without_a_time_is_taken_at_the_markets(rig: HubRig) -> None:
    rig.market.ns = new_york("10:07")
    s = rig.publish(PriceValue(key="IBM", value=5_000.0))
    assert (s.last_price, s.last_trade_ns) == (5_000.0, new_york("10:07"))
    rig.market.ns = new_york("10:08")
    rig.publish(PriceValue(key="IBM", value=5_010.0))
    assert (s.last_price, s.day_high, s.trade_count) == (5_010.0, 5_010.0, 0)
    counts = rig.hub.counts(FEED)
    assert (counts.untimed, counts.late, counts.values) == (2, 0, 2)
