"""Where events go: routing, sinks, draining, a reset, and what a row may cost."""

from __future__ import annotations

import gc
import logging
import sys

import msgspec
import pytest
from hub_rig import FEED, IBM, INFY, HubRig, new_york, quote, trade
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.events import (
    AnalysisReport,
    MarketEvent,
    Quote,
    TradeTick,
)
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.errors import DuplicateInstrument


def test_events_of_nobody_are_counted(rig: HubRig) -> None:
    rig.publish(trade("09:30", 1.0, key="X"), quote("09:30", 1.0, 2.0, key="X"), trade("09:30", 100.0))
    counts = rig.hub.counts(FEED)
    assert (counts.events, counts.trades, counts.quotes, counts.unrouted) == (3, 2, 1, 2)


def test_one_key_cannot_mean_two_instruments(rig: HubRig) -> None:
    with pytest.raises(DuplicateInstrument):
        rig.hub.track(INFY, FEED, "IBM")
    assert rig.hub.track(IBM, FEED, "IBM") is rig.ibm


def test_untracked_instrument_is_neither_drained_nor_written(rig: HubRig) -> None:
    rig.publish(trade("09:30", 100.0))
    rig.hub.untrack(IBM.id)
    assert rig.hub.drain() == []
    rig.publish(trade("09:31", 101.0))
    assert rig.ibm.last_price == 100.0
    assert rig.hub.snapshot(IBM.id) is None


def test_drain_hands_each_changed_snapshot_out_once(rig: HubRig) -> None:
    calls = []
    rig.hub.on_dirty = lambda: calls.append(1)
    rig.publish(trade("09:30", 100.0), quote("09:30", 1.0, 2.0), trade("09:31", 101.0))
    assert calls == [1]
    assert rig.hub.drain() == [rig.ibm]
    assert (rig.ibm.version, rig.hub.drain()) == (1, [])
    rig.publish(quote("09:31", 1.0, 2.0))
    assert (calls, rig.hub.drain(), rig.ibm.version) == ([1, 1], [rig.ibm], 2)


def test_received_time_is_that_of_the_oldest_change_not_yet_shown(rig: HubRig) -> None:
    first = rig.time.monotonic_ns()
    rig.publish(trade("09:30", 100.0))
    rig.time._monotonic_ns += 5_000
    rig.publish(trade("09:31", 100.0))
    assert rig.ibm.received_ns == first
    rig.hub.drain()
    rig.publish(trade("09:32", 100.0))
    assert rig.ibm.received_ns == first + 5_000


def test_exact_sinks_see_every_accepted_event_in_order(rig: HubRig) -> None:
    seen: list[tuple[float | None, MarketEvent]] = []
    only_trades: list[MarketEvent] = []
    rig.hub.add_sink(IBM.id, lambda s, event: seen.append((s.last_price, event)))
    sink = lambda _s, event: only_trades.append(event)  # noqa: E731
    rig.hub.add_sink(IBM.id, sink, quotes=False)
    events = [trade("09:30", 1.0, sequence=1), quote("09:30", 1.0, 2.0), trade("09:30", 2.0, sequence=2)]
    rig.publish(*events, msgspec.structs.replace(events[2]))
    rig.publish(trade("09:29:59", 3.0))
    assert [event for _, event in seen][:3] == events
    assert [price for price, _ in seen] == [1.0, 1.0, 2.0, 2.0]
    assert [event for event in only_trades if isinstance(event, Quote)] == []
    rig.hub.remove_sink(IBM.id, sink)
    rig.publish(trade("09:31", 3.0))
    assert len(only_trades) == 3


def test_a_failing_sink_is_logged_and_stops_nobody(rig: HubRig, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_snapshot: Snapshot, _event: MarketEvent) -> None:
        raise ValueError("broken sink")

    seen = []
    rig.hub.add_sink(IBM.id, fail)
    rig.hub.add_sink(IBM.id, lambda _s, event: seen.append(event))
    with caplog.at_level(logging.ERROR):
        rig.publish(*(trade(f"09:30:{second:02d}", 1.0) for second in range(10)))
    assert len(seen) == 10
    assert rig.hub.counts(FEED).sink_errors == 10
    assert len(caplog.records) == 4  # the 1st, 2nd, 4th and 8th


def test_classes_of_a_wire_are_learnt(rig: HubRig) -> None:
    class OtherTrade(TradeTick, frozen=True, gc=False, kw_only=True):
        """A second wire's trade."""

    rig.publish(trade("09:30", 100.0))
    rig.publish(OtherTrade(key="IBM", stamp=new_york("09:31"), price=101.0, size=1), trade("09:32", 102.0))
    assert (rig.ibm.last_price, rig.hub.counts(FEED).trades) == (102.0, 3)


def test_reset_forgets_figures_and_bars_but_not_the_instruments(rig: HubRig) -> None:
    rig.publish(trade("09:30", 100.0), trade("09:31", 101.0))
    bars = rig.hub.bars(IBM.id)
    rig.hub.drain()
    rig.hub.reset(FEED)
    assert (rig.ibm.last_price, rig.ibm.volume, rig.hub.drain()) == (None, None, [rig.ibm])
    assert bars is not None
    assert (len(bars[0]), len(bars[1])) == (0, 0)
    rig.publish(trade("09:30", 100.0))
    assert (rig.ibm.last_price, rig.ibm.volume) == (100.0, 100)


def test_playing_again_after_a_reset_gives_an_equal_state() -> None:
    tape = [
        trade(f"09:3{i // 60}:{i % 60:02d}", 100 + i % 7, i, conditions=(37,) if i % 3 else None) for i in range(300)
    ]
    straight, sought = HubRig(), HubRig()
    straight.publish(*tape)
    sought.publish(*tape[:200])
    sought.hub.reset(FEED)
    sought.publish(*tape)
    names = ("last_price", "last_size", "day_open", "day_high", "day_low", "volume", "vwap", "sparkline", "trade_count")
    assert [getattr(straight.ibm, name) for name in names] == [getattr(sought.ibm, name) for name in names]
    for ours, theirs in zip(straight.hub.bars(IBM.id) or (), sought.hub.bars(IBM.id) or (), strict=True):
        assert repr(ours.close) == repr(theirs.close)


def test_sparkline_is_bounded_and_ends_with_the_last_price(rig: HubRig) -> None:
    for minute in range(390):
        rig.publish(trade(new_york("09:30") + minute * 60 * 10**9, 100.0 + minute))
        points = rig.ibm.sparkline
        assert len(points) <= 46
        assert points[0] == (new_york("09:30"), 100.0)
        assert points[-1][1] == 100.0 + minute
        assert points == sorted(points)
    assert len(points) >= 22


def test_sparkline_shows_the_first_minutes_already(rig: HubRig) -> None:
    for step in range(10):
        rig.publish(trade(new_york("09:30") + step * 30 * 10**9, 100.0 + step))
    assert [price for _, price in rig.ibm.sparkline] == [100.0 + step for step in range(10)]


def test_usual_gap_is_learnt(rig: HubRig) -> None:
    for step in range(60):
        rig.publish(trade(new_york("09:30") + step * 20 * 10**9, 100.0))
    assert rig.ibm.usual_gap_s == pytest.approx(20, abs=1)


def test_many_instruments_keep_minutes_only_until_a_chart_asks() -> None:
    rig = HubRig()
    for number in range(120):
        rig.hub.track(Instrument(id=InstrumentId(Venue("XNYS"), CASH, f"S{number}")), FEED, f"S{number}")
    late = InstrumentId(Venue("XNYS"), CASH, "S119")
    rig.publish(*(trade(f"09:30:{second:02d}", 1.0, key="S119") for second in range(30)))
    bars = rig.hub.bars(late)
    assert bars is not None
    assert (len(bars[0]), len(bars[1]), bars[1].count[0]) == (0, 1, 30)
    rig.hub.keep_seconds(late)
    rig.publish(*(trade(f"09:30:{second:02d}", 2.0, key="S119") for second in range(30, 40)))
    rig.hub.bars(late)
    assert (len(bars[0]), bars[1].count[0], rig.hub.counts(FEED).late) == (10, 40, 0)


def test_a_snapshot_at_rest_is_small(rig: HubRig) -> None:
    gc.collect()
    assert sys.getsizeof(rig.ibm) <= 620


prices = st.integers(100, 10_000).map(lambda cents: cents / 100)
events = st.lists(
    st.tuples(
        prices,
        st.integers(0, 300),
        st.integers(0, 90_000),
        st.sampled_from([None, (37,), (14,), (10,), (12,), (15,), (37, 14)]),
    ),
    min_size=1,
    max_size=50,
)


@given(events, st.booleans())
def test_last_lies_between_low_and_high_and_volume_is_the_sum(
    made: list[tuple[float, int, int, tuple[int, ...] | None]], in_order: bool
) -> None:
    rig = HubRig()
    if in_order:
        made.sort(key=lambda one: one[2])
    for price, size, ms, conditions in made:
        rig.publish(trade(new_york("09:30") + ms * 10**6, price, size, conditions=conditions))
    s = rig.ibm
    if s.last_price is not None:
        assert s.day_low is not None
        assert s.day_high is not None
        assert s.day_low <= s.last_price <= s.day_high
    assert (s.volume or 0) == sum(size for _, size, _, conditions in made if conditions != (15,))
    bars = rig.hub.bars(IBM.id)
    assert bars is not None
    assert sum(bars[0].volume) == sum(bars[1].volume) == (s.volume or 0)


def test_counts_are_plain_data(rig: HubRig) -> None:
    assert msgspec.to_builtins(rig.hub.counts(FEED))["events"] == 0


def test_what_a_server_says_beside_market_data_changes_no_figure_and_loses_none(rig: HubRig) -> None:
    seen: list[MarketEvent] = []
    rig.hub.add_sink(IBM.id, lambda _snapshot, event: seen.append(event))
    report = AnalysisReport(key="IBM", origin="server", rsi=44.0)
    rig.publish(trade("10:00", 100.0), report, AnalysisReport(key="XYZ"), trade("10:00:01", 101.0))
    assert rig.ibm.last_price == 101.0
    assert report in seen
    counts = rig.hub.counts(FEED)
    assert (counts.trades, counts.reports, counts.quotes, counts.unrouted) == (2, 2, 0, 1)
