"""A row of chosen days in the past says so in the list and in the details: by tag, date, colour and words."""

from __future__ import annotations

import datetime as dt

from hub_rig import FEED, IBM, HubRig, new_york

from marketwatch.domain.events import DayStatistics, VendorBar
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.models.detail_rows import Subject, head_view
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.models.watchlist_words import row_sentence, row_tooltip, time_text
from marketwatch.qt.panels.row_looks import LOOKS
from marketwatch.qt.panels.tags import row_tags
from marketwatch.services.presentation import Moment, row_state

WORDS = (
    "History to 2025-06-27, as chosen in Settings > Feeds\n"
    "Close of the daily bar of 27 Jun 2025, not a live price"
)  # fmt: skip


def history() -> tuple[WatchRow, Subject]:
    """Return the row and the details of IBM on the Monday after the last day, at eleven."""
    rig = HubRig(sends_bars=True, history_to=dt.date(2025, 6, 27))
    opening, now = new_york("09:30"), new_york("2025-06-30T11:00")
    snapshot = rig.publish(
        DayStatistics(key="IBM", stamp=opening, last_price=101.0, last_trade_stamp=opening, prev_close=99.0)
    )
    status = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.LIVE)
    state = row_state(snapshot, None, status, rig.facts, rig.ibm.calendar, Moment(now, now))
    row = WatchRow(IBM.id)
    row.instrument, row.snapshot, row.state = IBM, snapshot, state
    return row, Subject(IBM, snapshot, state, rig.facts, "America/New_York")


def test_the_row_names_the_day_and_is_grey() -> None:
    row, _ = history()
    assert row.state is not None
    assert time_text(row) == "to 27 Jun 2025"
    assert (row_tags(row, beside_symbol=True), row_tags(row)) == (["HIST"], [])
    assert LOOKS[row.state.primary].figures == LOOKS[row.state.primary].changes == "closed"
    assert row_tooltip(row) == WORDS
    assert row_sentence(row).endswith("history to 27 Jun 2025 HIST")


def test_the_details_say_that_it_was_chosen() -> None:
    _, subject = history()
    head = head_view(subject)
    assert (head.state, head.tags, head.is_faded) == (WORDS, ("HIST",), True)
    assert (head.price, head.price_role) == ("101.00", "closed")


def test_the_details_of_a_bar_tell_no_time_that_is_still_to_come() -> None:
    rig = HubRig(sends_bars=True)
    opening, now = new_york("10:00"), new_york("10:00:12")
    bar = VendorBar(key="IBM", stamp=opening, open=1.0, high=2.0, low=1.0, close=1.5, volume=7.0)
    snapshot = rig.publish(bar)
    status = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.LIVE)
    state = row_state(snapshot, None, status, rig.facts, rig.ibm.calendar, Moment(now, now))
    head = head_view(Subject(IBM, snapshot, state, rig.facts, "America/New_York"))
    assert (head.source, head.state) == ("Feed", "Close of the minute bar of 10:00, not a live price")
