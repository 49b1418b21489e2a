"""A row on its fall-back says so in the list, however narrow: a tag, and words on hover and for the ear."""

from __future__ import annotations

import pytest
from hub_rig import IBM, HubRig, new_york, trade

from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.models.watchlist_words import row_sentence, row_tooltip
from marketwatch.qt.panels.tags import row_tags, tag_style, without_names
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.presentation import Moment, OnFallback, RowState, RowStateKind, row_state

AT = new_york("12:00")
WHY = "Massive is disconnected, connection reset"


def state_of(rig: HubRig, label: str = "Odin Streamer", *, is_empty: bool = False) -> RowState:
    calendar = rig.hub.calendars.of(IBM.id)
    status = FeedStatus(feed_id=rig.facts.id, label=label, state=FeedState.LIVE, last_message_ns=AT)
    snapshot = None if is_empty else rig.publish(trade("12:00", 282.8))
    fallback = OnFallback(label, new_york("11:58:03"), WHY)
    return row_state(snapshot, None, status, rig.facts, calendar, Moment(AT, AT), fallback)


def row_of(state: RowState) -> WatchRow:
    row = WatchRow(IBM.id)
    row.instrument, row.state = IBM, state
    return row


def test_the_tag_stands_beside_the_time_and_the_words_say_since_when_and_why() -> None:
    state = state_of(HubRig())
    row = row_of(state)
    assert (state.primary, state.word, state.tags) == (RowStateKind.LIVE, "", ("via Odin",))
    assert row_tooltip(row).splitlines() == [f"From Odin Streamer since 11:58:03: {WHY}", "Live"]
    assert (row_tags(row, beside_symbol=True), row_tags(row)) == ([], ["via Odin"])
    assert without_names(["PRE", "via Odin"]) == ["PRE", "via"]
    assert row_sentence(row).endswith("via Odin")
    assert tag_style("via Odin") == tag_style("via") == ("alert", "alertLine", "alertTint")


def test_a_fall_back_that_is_delayed_has_both_tags() -> None:
    rig = HubRig(nature=FeedNature.DELAYED, delay_s=900.0)
    state = state_of(rig)
    assert state.primary is RowStateKind.DELAYED
    assert state.tags == ("D15", "via Odin")
    assert row_tags(row_of(state))[0] == "via Odin"  # the last tag leaves first where there is no room
    assert state.explanation.splitlines()[1] == "The source is 15 min behind the market"


@pytest.mark.parametrize(
    ("label", "tag"),
    [("Stream service", "via Stream"), ("Zerodha Kite", "via Zerodha"), ("Polygon.io", "via Polygon…")],
)
def test_a_long_name_is_cut(label: str, tag: str) -> None:
    assert state_of(HubRig(), label).tags == (tag,)


def test_a_row_without_figures_says_it_too() -> None:
    state = state_of(HubRig(), is_empty=True)
    assert (state.primary, state.tags) == (RowStateKind.NO_DATA, ("via Odin",))
    assert state.explanation.startswith("From Odin Streamer since 11:58:03")


def test_a_row_that_only_waits_for_its_new_feed_has_no_tag() -> None:
    rig = HubRig()
    calendar = rig.hub.calendars.of(IBM.id)
    passing = OnFallback("Odin", None, "it goes to Kite with the first price from there", is_tagged=False)
    snapshot = rig.publish(trade("12:00", 282.8))
    state = row_state(snapshot, None, None, rig.facts, calendar, Moment(AT, AT), passing)
    assert state.tags == ()
    assert state.explanation.splitlines()[0] == "From Odin: it goes to Kite with the first price from there"
