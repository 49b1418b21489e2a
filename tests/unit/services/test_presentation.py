from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hub_rig import FEED, HubRig, new_york, quote, trade

from marketwatch.domain.events import DayStatistics, PriceLimits
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.market_hub import FeedNature
from marketwatch.services.presentation import Moment, RowState, RowStateKind, row_state

Kind = RowStateKind


class Subscription(msgspec.Struct):
    """What feed control says of a row."""

    asked_ns: int = 0
    confirmed: bool = True
    refused_reason: str | None = None
    over_limit: bool = False


class Row:
    """A row of IBM at a time of 2025-06-27; the machine's clock agrees with the market's."""

    def __init__(self, **facts: Any) -> None:
        self.rig = HubRig(**facts)
        self.subscription: Subscription | None = Subscription(asked_ns=new_york("09:00"))

    def judge(
        self, when: str, state: FeedState = FeedState.LIVE, heard: str | None = None, reason: str = ""
    ) -> RowState:
        now = new_york(when)
        status = FeedStatus(
            feed_id=FEED,
            label="Feed",
            state=state,
            last_message_ns=now if heard is None else new_york(heard),
            reason=reason,
        )
        ibm = self.rig.ibm
        return row_state(ibm, self.subscription, status, self.rig.facts, ibm.calendar, Moment(now, now))


def live_row(**facts: Any) -> Row:
    row = Row(**facts)
    row.rig.publish(*(trade(f"10:00:{second:02d}", 100.0) for second in range(10)))
    return row


def test_live() -> None:
    state = live_row().judge("10:00:12")
    assert (state.primary, state.word, state.tags, state.explanation, state.age_s) == (Kind.LIVE, "", (), "Live", 3)


def test_quiet_is_longer_than_this_symbols_usual_gap() -> None:
    row = live_row()
    assert row.judge("10:00:20").primary is Kind.LIVE
    state = row.judge("10:00:57")
    assert (state.primary, state.word) == (Kind.QUIET, "quiet 0:48")
    assert state.explanation == "Nothing new for 0:48, usually 1 s"
    slow = Row()
    slow.rig.publish(*(trade(f"10:{minute:02d}", 100.0) for minute in range(0, 40, 2)))
    assert slow.judge("10:40").primary is Kind.LIVE


def test_a_quote_is_news_too() -> None:
    row = live_row()
    row.rig.publish(quote("10:05", 99.0, 101.0))
    assert row.judge("10:05:02").primary is Kind.LIVE


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (FeedState.STALE, "the feed has stalled"),
        (FeedState.BACKING_OFF, "the feed is disconnected: no route"),
        (FeedState.CONNECTING, "the feed is connecting"),
        (FeedState.REFUSED, "the feed refused the key"),
    ],
)
def test_nothing_looks_live_on_a_feed_that_is_not(state: FeedState, why: str) -> None:
    judged = live_row().judge("10:02:24", state, heard="10:00:10", reason="no route" if "route" in why else "")
    assert (judged.primary, judged.word) == (Kind.STALE, "stale 2:14")
    assert judged.explanation.splitlines()[0] == f"Stale 2:14, {why}"


def test_silence_of_the_whole_feed_is_stale_after_half_a_minute() -> None:
    row = live_row()
    assert row.judge("10:00:38", heard="10:00:09").primary is Kind.QUIET
    assert row.judge("10:00:40", heard="10:00:09").primary is Kind.STALE


def test_a_delay_is_not_staleness() -> None:
    row = live_row(delay_s=900.0, nature=FeedNature.DELAYED)
    state = row.judge("10:15:12")
    assert (state.primary, state.word, state.tags, state.age_s) == (Kind.DELAYED, "", ("D15",), 3)
    assert state.explanation == "The source is 15 min behind the market"


def test_states_combine_by_rank_and_the_explanation_names_all() -> None:
    row = live_row(delay_s=900.0)
    state = row.judge("10:20", FeedState.STALE, heard="10:15")
    assert (state.primary, state.tags) == (Kind.STALE, ("D15",))
    assert [line.split()[0] for line in state.explanation.splitlines()] == ["Stale", "The", "Nothing"]
    row.rig.publish(PriceLimits(key="IBM", stamp=new_york("10:01:30"), halted=True))
    state = row.judge("10:20", FeedState.STALE, heard="10:15")
    assert (state.primary, state.word, state.tags) == (Kind.HALTED, "10:01:30", ("HALT", "D15"))


@pytest.mark.parametrize(("price", "tags"), [(110.0, ("UC",)), (90.0, ("LC",)), (100.0, ())])
def test_circuit_limits(price: float, tags: tuple[str, ...]) -> None:
    row = Row()
    row.rig.publish(
        PriceLimits(key="IBM", stamp=new_york("10:00"), upper_limit=110.0, lower_limit=90.0), trade("10:00:01", price)
    )
    state = row.judge("10:00:02")
    assert state.tags == tags
    assert (state.primary is Kind.HALTED) is bool(tags)


def test_closed_names_the_day_and_outranks_a_dead_feed() -> None:
    state = live_row().judge("2025-06-28T12:00", FeedState.BACKING_OFF, heard="20:00")
    assert (state.primary, state.word) == (Kind.CLOSED, "closed 27 Jun")
    assert "disconnected" in state.explanation


def test_live_ticks_win_over_the_calendar() -> None:
    row = Row()
    row.rig.publish(trade("2025-06-28T12:00", 100.0))
    assert row.judge("2025-06-28T12:00:05").primary is Kind.LIVE


@pytest.mark.parametrize(("when", "kind"), [("2025-06-26T22:00", Kind.POST), ("03:00", Kind.PRE)])
def test_a_trade_at_night_leaves_no_row_blank(when: str, kind: RowStateKind) -> None:
    row = Row()
    row.rig.publish(trade(when, 100.0, 10, conditions=(12,)))
    ibm = row.rig.ibm
    assert (ibm.last_price, ibm.ext_last, ibm.shown_price, ibm.volume) == (None, 100.0, 100.0, 10)
    state = row.judge(when)
    assert (state.primary, state.tags) == (kind, (kind.name,))
    assert "exchange is closed" in state.explanation


def test_a_night_without_trades_is_closed() -> None:
    row = live_row()
    assert row.judge("22:00").primary is Kind.CLOSED
    row.rig.publish(trade("22:00", 101.0, conditions=(12,)))
    assert row.judge("22:00:05").primary is Kind.POST
    assert row.rig.ibm.shown_price == 100.0
    assert row.judge("22:05").primary is Kind.CLOSED


def test_extended_sessions() -> None:
    row = Row()
    row.rig.publish(trade("09:20", 100.0, conditions=(12,)))
    state = row.judge("09:20:05")
    assert (state.primary, state.tags) == (Kind.PRE, ("PRE",))
    assert live_row().judge("16:30").primary is Kind.POST


@pytest.mark.parametrize(
    ("nature", "tag", "line"),
    [
        (FeedNature.SIMULATED, "SIM", "Simulated: invented prices"),
        (FeedNature.REPLAY, "REPLAY", "Replay of a recorded session"),
    ],
)
def test_what_is_not_real_is_tagged(nature: FeedNature, tag: str, line: str) -> None:
    state = live_row(nature=nature).judge("10:00:12")
    assert (state.primary, state.tags, state.explanation) == (Kind.LIVE, (tag,), line)


def test_a_paused_replay_is_not_stale() -> None:
    assert live_row(nature=FeedNature.REPLAY).judge("10:00:12", heard="09:00").primary is Kind.LIVE


@pytest.mark.parametrize(
    ("subscription", "state", "word"),
    [
        (None, FeedState.LIVE, "no feed"),
        (Subscription(refused_reason="You are not authorized for this"), FeedState.LIVE, "no permission"),
        (Subscription(refused_reason="unknown ticker"), FeedState.LIVE, "refused"),
        (Subscription(over_limit=True), FeedState.LIVE, "over limit"),
        (Subscription(), FeedState.CONNECTING, "connecting"),
        (Subscription(), FeedState.BACKING_OFF, "feed is down"),
        (Subscription(), FeedState.REFUSED, "key refused"),
        (Subscription(asked_ns=new_york("09:59:52")), FeedState.LIVE, "asked 8 s ago"),
    ],
)
def test_no_data_has_a_reason(subscription: Subscription | None, state: FeedState, word: str) -> None:
    row = Row()
    row.subscription = subscription
    judged = row.judge("10:00", state)
    assert (judged.primary, judged.word, judged.age_s) == (Kind.NO_DATA, word, None)
    assert judged.explanation


def test_no_data_outside_the_session() -> None:
    assert Row().judge("2025-06-28T12:00").word == "closed"


def test_a_stated_price_is_data() -> None:
    row = Row()
    row.rig.publish(DayStatistics(key="IBM", last_price=99.0, prev_close=98.0))
    assert row.judge("10:00").primary is Kind.LIVE
