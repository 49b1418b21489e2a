from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fake_time import NS
from hub_rig import FEED, HubRig, new_york, quote, trade

from marketwatch.domain.events import DayStatistics, PriceLimits
from marketwatch.feeds.status import FeedState, FeedStatus, KeyTrouble
from marketwatch.services.market_hub import FeedNature
from marketwatch.services.presentation import Moment, RowState, RowStateKind, row_state

Kind = RowStateKind


class Subscription(msgspec.Struct):
    """What feed control says of a row."""

    asked_ns: int = 0
    confirmed: bool = True
    unconfirmed: bool = False
    refused_reason: str | None = None
    is_entitlement: bool = False
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
        (FeedState.REFUSED, "the feed has given up"),
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


def test_p18_silence_is_measured_by_the_clock_that_nobody_sets() -> None:
    row = live_row()
    now, ibm = new_york("10:00:12"), row.rig.ibm
    later = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.LIVE, last_message_ns=now + 3_600 * NS, heard_ns=NS)

    def judge(monotonic_ns: int) -> RowState:
        moment = Moment(now, now, monotonic_ns)
        return row_state(ibm, row.subscription, later, row.rig.facts, ibm.calendar, moment)

    assert judge(31 * NS).primary is Kind.LIVE
    assert (judge(42 * NS).primary, judge(42 * NS).word) == (Kind.STALE, "stale 0:41")


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


def test_a_clock_that_was_set_back_makes_no_old_tick_live() -> None:
    row = Row(nature=FeedNature.LIVE)
    row.rig.publish(trade("2025-06-28T12:00", 100.0))
    assert row.judge("2025-06-28T11:00:05", heard="2025-06-28T11:00").primary is Kind.LIVE
    assert row.judge("2025-06-28T11:01:10", heard="2025-06-28T11:00").primary is Kind.CLOSED


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


EIGHT_S_AGO = new_york("09:59:52")


@pytest.mark.parametrize(
    ("subscription", "state", "word", "cause", "step"),
    [
        (None, FeedState.LIVE, "no feed", "No feed has this instrument", "Add or switch on a feed"),
        (
            Subscription(refused_reason="You are not authorized for this"),
            FeedState.LIVE,
            "no permission",
            "The feed refused it: You are not authorized for this",
            "Ask the vendor",
        ),
        (
            Subscription(refused_reason="Insufficient something", is_entitlement=True),
            FeedState.LIVE,
            "no permission",
            "The feed refused it: Insufficient something",
            "Ask the vendor",
        ),
        (
            Subscription(refused_reason="unknown ticker"),
            FeedState.LIVE,
            "unknown symbol",
            "The feed refused it: unknown ticker",
            "Ctrl+K",
        ),
        (
            Subscription(refused_reason="the server does not know it"),
            FeedState.LIVE,
            "unknown symbol",
            "The feed refused it: the server does not know it",
            "Ctrl+K",
        ),
        (
            Subscription(refused_reason="write it like NSE:RELIANCE"),
            FeedState.LIVE,
            "refused",
            "The feed refused it: write it like NSE:RELIANCE",
            "another feed",
        ),
        (Subscription(over_limit=True), FeedState.LIVE, "over limit", "More instruments are asked for", "Remove rows"),
        (Subscription(), FeedState.IDLE, "feed is off", "No data yet, the feed is switched off", "Switch it on"),
        (Subscription(), FeedState.CONNECTING, "connecting", "No data yet, the feed is connecting", "once the"),
        (Subscription(), FeedState.AUTHENTICATING, "connecting", "No data yet, the feed is connecting", "once the"),
        (Subscription(), FeedState.STALE, "feed is silent", "No data yet, the feed has stalled", "renews"),
        (Subscription(), FeedState.BACKING_OFF, "feed is down", "No data yet, the feed is disconnected", "Retry"),
        (Subscription(), FeedState.REFUSED, "feed gave up", "No data yet, the feed has given up", "Test the"),
        (Subscription(), FeedState.SIGNED_OUT, "signed out", "No data yet, you are signed out", "Log in again"),
        (
            Subscription(asked_ns=EIGHT_S_AGO, confirmed=False),
            FeedState.LIVE,
            "asked 8 s ago",
            "No data yet. Asked 8 s ago, the feed has not confirmed it",
            "waits for the answer",
        ),
        (
            Subscription(asked_ns=EIGHT_S_AGO, confirmed=False, unconfirmed=True),
            FeedState.LIVE,
            "no answer",
            "No data yet. Asked 8 s ago, the feed has not confirmed it in time",
            "Check that the feed has this symbol",
        ),
        (
            Subscription(asked_ns=EIGHT_S_AGO),
            FeedState.LIVE,
            "no tick yet",
            "No data yet. Asked 8 s ago, the feed confirmed it",
            "first trade or quote",
        ),
        (
            Subscription(asked_ns=new_york("09:57:46")),
            FeedState.LIVE,
            "silent 2:14",
            "The feed confirmed it, and has sent nothing since it was asked 2:14 ago",
            "another feed may have it",
        ),
    ],
)
def test_no_data_has_a_word_a_reason_and_a_next_step(
    subscription: Subscription | None, state: FeedState, word: str, cause: str, step: str
) -> None:
    row = Row()
    row.subscription = subscription
    judged = row.judge("10:00", state)
    assert (judged.primary, judged.word, judged.age_s) == (Kind.NO_DATA, word, None)
    said, next_step = judged.explanation.splitlines()
    assert said.startswith(cause)
    assert step in next_step


@pytest.mark.parametrize(
    ("trouble", "word", "cause"),
    [
        (KeyTrouble.REFUSED, "key refused", "No data yet, the feed refused the key: of yesterday"),
        (KeyTrouble.MISSING, "no key", "No data yet, the feed has no key: of yesterday"),
    ],
)
def test_a_key_is_told_from_a_feed_that_gave_up(trouble: KeyTrouble, word: str, cause: str) -> None:
    row, now = Row(), new_york("10:00")
    status = FeedStatus(feed_id=FEED, label="Feed", state=FeedState.REFUSED, key_trouble=trouble, reason="of yesterday")
    judged = row_state(row.rig.ibm, row.subscription, status, row.rig.facts, row.rig.ibm.calendar, Moment(now, now))
    assert judged.word == word
    said, step = judged.explanation.splitlines()
    assert said == cause
    assert "Check the key" in step


def test_no_data_says_what_the_feed_says_of_itself() -> None:
    judged = Row().judge("10:00", FeedState.BACKING_OFF, reason="no route")
    assert judged.explanation.splitlines()[0] == "No data yet, the feed is disconnected: no route"


def test_no_data_says_what_the_feed_sends_in_vain() -> None:
    row, now = Row(), new_york("10:00")
    status = FeedStatus(
        feed_id=FEED, label="Feed", state=FeedState.LIVE, invalid_count=1_600, invalid_reason="a frame without a price"
    )
    row.subscription = Subscription(asked_ns=EIGHT_S_AGO)
    judged = row_state(row.rig.ibm, row.subscription, status, row.rig.facts, row.rig.ibm.calendar, Moment(now, now))
    assert judged.explanation.splitlines()[0] == (
        "No data yet. Asked 8 s ago, the feed confirmed it. "
        "1,600 of the feed's messages could not be used, the newest because of a frame without a price"
    )


def test_trades_that_may_not_move_the_price_say_so() -> None:
    row = Row()
    row.rig.publish(*(trade(f"10:00:0{second}", 175.5, conditions=(12, 37)) for second in range(3)))
    judged = row.judge("10:00:02")
    ibm = row.rig.ibm
    assert (ibm.last_price, ibm.shown_price, ibm.own_open, ibm.volume) == (None, 175.5, None, 300)
    assert judged.primary is Kind.LIVE
    assert judged.explanation == "Price of an odd lot or the like: no trade so far may move the last price"
    row.rig.publish(trade("10:00:03", 176.0), trade("10:00:04", 175.0, conditions=(37,)))
    assert row.judge("10:00:04").explanation == "Live"
    assert (ibm.last_price, ibm.shown_price) == (176.0, 176.0)


@pytest.mark.parametrize("confirmed", [True, False])
def test_no_data_outside_the_session(confirmed: bool) -> None:
    row = Row()
    row.subscription = Subscription(asked_ns=new_york("2025-06-28T11:59:52"), confirmed=confirmed)
    judged = row.judge("2025-06-28T12:00")
    assert judged.word == "closed"
    heard = "the feed confirmed it" if confirmed else "the feed has not confirmed it"
    said, next_step = judged.explanation.splitlines()
    assert said == f"No data yet: the market is closed. Asked 0:08 ago, {heard}"
    assert next_step == "The row fills when the market opens"


def test_a_stated_price_is_data() -> None:
    row = Row()
    row.rig.publish(DayStatistics(key="IBM", last_price=99.0, prev_close=98.0))
    assert row.judge("10:00").primary is Kind.LIVE
