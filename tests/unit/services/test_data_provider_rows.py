"""Rows of a feed that sends bars on request: stated anew each time, and never shown as live."""

from __future__ import annotations

import datetime as dt

from hub_rig import FEED, HubRig, new_york, trade

from marketwatch.domain.events import (
    BarBatch,
    BatchBar,
    BatchProgress,
    DayStatistics,
    MarketEvent,
    RequestFailed,
    VendorBar,
)
from marketwatch.domain.snapshot import Snapshot
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.feed_rows import RowSubscription
from marketwatch.services.presentation import Moment, RowState, RowStateKind, row_state


def day(when: str, close: float, prev_close: float = 99.0, **more: float) -> DayStatistics:
    """State a day as the protocol does: stamped with the opening of its session."""
    stamp = new_york(when)
    figures = {"day_open": 100.0, "day_high": 105.0, "day_low": 95.0, "day_volume": 1_000.0, **more}
    return DayStatistics(
        key="IBM", stamp=stamp, last_price=close, last_trade_stamp=stamp, prev_close=prev_close, **figures
    )


def minute(when: str, close: float) -> VendorBar:
    return VendorBar(key="IBM", stamp=new_york(when), open=100.0, high=105.0, low=95.0, close=close, volume=7.0)


def judge(rig: HubRig, when: str, silent_s: int = 0) -> RowState:
    now = new_york(when)
    status = FeedStatus(
        feed_id=FEED, label="Feed", state=FeedState.LIVE, last_message_ns=now - silent_s * 1_000_000_000
    )
    return row_state(rig.ibm, None, status, rig.facts, rig.ibm.calendar, Moment(now, now))


def test_a_day_that_is_stated_again_moves_the_price() -> None:
    rig = HubRig(sends_bars=True)
    s = rig.publish(day("09:30", 101.0))
    assert (s.last_price, s.last_trade_ns, s.prev_close, s.day_open) == (101.0, new_york("09:30"), 99.0, 100.0)
    rig.publish(day("09:30", 102.5, day_high=106.0, day_volume=1_500.0))
    assert (s.last_price, s.day_high, s.volume, s.day_change) == (102.5, 106.0, 1_500.0, 3.5)
    rig.publish(day("2025-06-26T09:30", 50.0))
    assert s.last_price == 102.5, "an older day is no news"
    rig.publish(day("2025-06-30T09:30", 110.0, prev_close=102.5))
    assert (s.last_price, s.prev_close, s.day_high) == (110.0, 102.5, 105.0)


def test_a_statement_never_replaces_a_trade_or_a_newer_statement() -> None:
    rig = HubRig()
    s = rig.publish(trade("10:00", 100.0), day("10:05", 101.0))
    assert s.last_price == 100.0
    rig = HubRig()
    s = rig.publish(day("10:00", 101.0), day("09:59", 90.0))
    assert s.last_price == 101.0
    untimed = DayStatistics(key="IBM", stamp=new_york("10:01"), last_price=90.0)
    assert rig.publish(untimed).last_price == 101.0


def test_a_day_before_the_close_of_a_minute_does_not_replace_it() -> None:
    rig = HubRig(sends_bars=True)
    s = rig.publish(day("09:30", 101.0), minute("10:00", 102.0))
    assert (s.last_price, s.last_trade_ns) == (102.0, new_york("10:01"))
    rig.publish(day("09:30", 101.5))
    assert s.last_price == 102.0


def test_the_close_of_a_day_says_which() -> None:
    rig = HubRig(sends_bars=True)
    rig.publish(day("09:30", 101.0))
    state = judge(rig, "15:00", silent_s=50)
    assert (state.primary, state.word, state.tags) == (RowStateKind.DELAYED, "bar 27 Jun", ("BAR 1d",))
    assert state.explanation == "Close of the daily bar of 27 Jun 2025, not a live price"
    closed = judge(rig, "2025-06-28T12:00")
    assert (closed.primary, closed.word, closed.tags) == (RowStateKind.CLOSED, "closed 27 Jun", ("BAR 1d",))
    assert closed.explanation.startswith(
        "Close of the daily bar of 27 Jun 2025, not a live price\nThe market is closed"
    )


def test_the_close_of_a_minute_says_which_and_is_never_quiet_or_live() -> None:
    rig = HubRig(sends_bars=True)
    rig.publish(day("09:30", 101.0), minute("10:00", 102.0))
    for when in ("10:00:30", "10:01:01", "10:30"):
        state = judge(rig, when)
        assert (state.primary, state.word, state.tags) == (RowStateKind.DELAYED, "bar 10:00", ("BAR 1m",))
        assert state.explanation == "Close of the minute bar of 10:00, not a live price"


def test_days_that_end_in_the_past_are_history_at_any_hour_and_never_a_price_of_now() -> None:
    rig = HubRig(sends_bars=True, history_to=dt.date(2025, 6, 27))
    rig.publish(day("09:30", 101.0))
    assert judge(rig, "15:00").word == "bar 27 Jun", "the day that was chosen is not over"
    for when in ("2025-06-28T12:00", "2025-06-30T08:00", "2025-06-30T11:00", "2025-06-30T17:00", "2026-06-29T11:00"):
        state = judge(rig, when, silent_s=86_400)
        assert (state.primary, state.word) == (RowStateKind.CLOSED, "history to 27 Jun 2025")
        assert state.tags == ("HIST",)
        assert state.explanation == (
            "History to 2025-06-27, as chosen in Settings > Feeds\n"
            "Close of the daily bar of 27 Jun 2025, not a live price"
        )


def test_history_that_ends_before_the_last_day_says_where() -> None:
    rig = HubRig(sends_bars=True, history_to=dt.date(2025, 7, 4))
    rig.publish(day("09:30", 101.0), minute("10:00", 102.0))
    state = judge(rig, "2025-07-07T11:00")
    assert (state.word, state.tags) == ("history to 27 Jun 2025", ("HIST",))
    assert state.explanation.startswith("History to 2025-07-04, as chosen in Settings > Feeds\nClose of the minute bar")


def test_a_minute_that_ends_at_midnight_is_of_the_day_before() -> None:
    rig = HubRig(sends_bars=True, history_to=dt.date(2025, 6, 27))
    rig.publish(minute("23:59", 101.0))
    assert judge(rig, "2025-06-28T00:00:30").word == "history to 27 Jun 2025"


def test_history_of_a_feed_that_is_down_is_still_history() -> None:
    rig = HubRig(sends_bars=True, history_to=dt.date(2025, 6, 27))
    rig.publish(day("09:30", 101.0))
    now = new_york("2025-06-30T11:00")
    status = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.BACKING_OFF, reason="no network")
    state = row_state(rig.ibm, None, status, rig.facts, rig.ibm.calendar, Moment(now, now))
    assert (state.primary, state.word) == (RowStateKind.CLOSED, "history to 27 Jun 2025")
    assert "the feed is disconnected: no network" in state.explanation


def test_a_row_without_a_bar_between_the_chosen_days_says_so() -> None:
    rig = HubRig(sends_bars=True, history_to=dt.date(2025, 1, 3))
    now = new_york("15:00")
    refused = RowSubscription(
        feed_id=FEED, key="IBM", asked_ns=now, confirmed=False, first_event=False, over_limit=False, unconfirmed=False,
        refused_reason="it has no bars from 2025-01-02 to 2025-01-03",
    )  # fmt: skip
    status = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.LIVE)
    state = row_state(rig.ibm, refused, status, rig.facts, rig.ibm.calendar, Moment(now, now))
    assert (state.primary, state.word) == (RowStateKind.NO_DATA, "no bars")
    assert state.explanation == (
        "The feed has no bars from 2025-01-02 to 2025-01-03, as chosen in Settings > Feeds\n"
        "Choose other days in Settings > Feeds"
    )


def test_a_feed_that_is_down_is_stale_all_the_same() -> None:
    rig = HubRig(sends_bars=True)
    rig.publish(day("09:30", 101.0))
    now = new_york("15:00")
    status = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.BACKING_OFF, last_message_ns=now)
    state = row_state(rig.ibm, None, status, rig.facts, rig.ibm.calendar, Moment(now, now))
    assert state.primary is RowStateKind.STALE
    assert "BAR 1d" in state.tags


def test_batches_go_to_who_listens_and_change_no_figure() -> None:
    rig = HubRig(sends_bars=True)
    heard: list[MarketEvent] = []

    def hear(snapshot: Snapshot, event: MarketEvent) -> None:
        heard.append(event)

    assert rig.ibm.instrument is not None
    rig.hub.add_sink(rig.ibm.instrument.id, hear)
    reports: list[MarketEvent] = [
        BarBatch(key="IBM", resolution="1d", period="max", is_dated=True, bars=(BatchBar(0, close=1.0),)),
        BatchProgress(key="IBM", status="processing", done=1, total=2),
        RequestFailed(key="IBM", resolution="1d", period="max", reason="gone"),
    ]
    rig.publish(*reports)
    assert heard == reports
    assert (rig.ibm.last_price, rig.hub.counts(FEED).reports, rig.hub.counts(FEED).quotes) == (None, 3, 0)
