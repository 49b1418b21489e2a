"""A session that the user left out: the hub takes nothing of it, and the row says why it stands still."""

from __future__ import annotations

import pytest
from fake_time import NS
from hub_rig import IBM, HubRig, new_york, trade

from marketwatch.domain.calendar import Phase
from marketwatch.domain.venues import UNITED_STATES, Calendars
from marketwatch.domain.wanted_sessions import WantedSessions
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.feed_rows import RowSubscription
from marketwatch.services.presentation import Moment, RowState, RowStateKind, row_state

FORM_T = 12


def rig_of(*wanted: Phase) -> HubRig:
    return HubRig(sessions=WantedSessions(wanted, Calendars().by_rules(UNITED_STATES)))


def state_at(rig: HubRig, when: str, *, has_figures: bool = True) -> RowState:
    now_ns = new_york(when)
    status = FeedStatus(
        feed_id=rig.facts.id, label="Feed", state=FeedState.LIVE, last_message_ns=now_ns - 600 * NS, connected=True
    )
    asked = RowSubscription(
        feed_id=rig.facts.id,
        key="IBM",
        asked_ns=now_ns - 30 * NS,
        confirmed=True,
        first_event=False,
        refused_reason=None,
        over_limit=False,
        unconfirmed=False,
    )
    snapshot = rig.ibm if has_figures else None
    calendar = rig.hub.calendars.of(IBM.id)
    return row_state(snapshot, asked, status, rig.facts, calendar, Moment(now_ns, now_ns))


def test_trades_before_the_open_neither_show_nor_count() -> None:
    rig = rig_of(Phase.REGULAR)
    ibm = rig.publish(trade("08:00", 99.0, conditions=(FORM_T,)), trade("09:30", 100.0), trade("09:31", 101.0))
    assert (ibm.last_price, ibm.ext_last, ibm.volume) == (101.0, None, 200.0)
    counts = rig.hub.counts(rig.facts.id)
    assert (counts.events, counts.trades) == (2, 2)


def test_with_all_sessions_they_do() -> None:
    rig = HubRig()
    ibm = rig.publish(trade("08:00", 99.0, conditions=(FORM_T,)))
    assert (ibm.last_price, ibm.ext_last, ibm.volume) == (None, 99.0, 100.0)


def test_the_close_keeps_its_closing_print() -> None:
    rig = rig_of(Phase.REGULAR)
    ibm = rig.publish(
        trade("15:59", 100.0),
        trade("16:00:01", 100.5, conditions=(8,)),
        trade("16:30", 90.0, conditions=(FORM_T,)),
    )
    assert (ibm.last_price, ibm.ext_last) == (100.5, None)


def test_a_row_that_is_left_out_is_closed_and_never_stale() -> None:
    rig = rig_of(Phase.REGULAR)
    rig.publish(trade("15:59", 100.0))
    state = state_at(rig, "17:00")
    assert (state.primary, state.word, state.tags) == (RowStateKind.CLOSED, "closed 27 Jun", ())
    assert state.explanation == "This part of the day is left out in Settings > Feeds; last figures of 27 Jun 2025"
    wanted = rig_of(Phase.REGULAR, Phase.POST)
    wanted.publish(trade("15:59", 100.0))
    assert state_at(wanted, "17:00").primary is RowStateKind.STALE


@pytest.mark.parametrize(
    ("wanted", "word"), [((Phase.REGULAR,), "closed"), ((Phase.PRE, Phase.REGULAR), "no tick yet")]
)
def test_a_row_without_figures_says_so_too(wanted: tuple[Phase, ...], word: str) -> None:
    state = state_at(rig_of(*wanted), "08:00", has_figures=False)
    assert state.word == word
    assert ("part of the day is left out" in state.explanation) is (word == "closed")
