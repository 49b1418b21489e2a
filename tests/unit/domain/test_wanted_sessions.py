"""What comes in a session that is not wanted is left out, and nothing else is."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hub_rig import new_york, quote, trade

from marketwatch.domain.calendar import Phase, TradingCalendar
from marketwatch.domain.events import DayStatistics, MarketEvent, PriceLimits, TradeTick, VendorBar
from marketwatch.domain.venues import UNITED_STATES
from marketwatch.domain.wanted_sessions import WantedSessions

CALENDAR = TradingCalendar(UNITED_STATES)
FORM_T, CLOSING_PRINT = 12, 8
TIMES = ("03:59:59", "04:00", "09:29:59.999", "09:30", "15:59:59.999", "16:10", "19:59", "23:00")


def kept(wanted: tuple[Phase, ...], *events: MarketEvent) -> list[MarketEvent]:
    return list(WantedSessions(wanted, CALENDAR).of(events))


@pytest.mark.parametrize(
    ("wanted", "times"),
    [
        ((Phase.REGULAR,), ["09:30", "15:59:59.999"]),
        ((Phase.PRE,), ["03:59:59", "04:00", "09:29:59.999"]),
        ((Phase.POST,), ["16:10", "19:59", "23:00"]),
        ((Phase.PRE, Phase.POST), ["03:59:59", "04:00", "09:29:59.999", "16:10", "19:59", "23:00"]),
        ((Phase.PRE, Phase.REGULAR, Phase.POST), list(TIMES)),
    ],
)
def test_the_night_belongs_to_the_session_beside_it(wanted: tuple[Phase, ...], times: list[str]) -> None:
    trades = {trade(when, 10.0, conditions=(FORM_T,)): when for when in TIMES}
    assert [trades[one] for one in kept(wanted, *trades) if isinstance(one, TradeTick)] == times


def test_quotes_and_bars_go_by_their_own_time() -> None:
    early = VendorBar(key="IBM", stamp=new_york("09:29") // 1_000_000, open=1, high=1, low=1, close=1)
    first = VendorBar(key="IBM", stamp=new_york("09:30") // 1_000_000, open=1, high=1, low=1, close=1)
    pair = (quote("09:29", 1.0, 2.0), quote("09:30", 1.0, 2.0))
    assert kept((Phase.REGULAR,), early, first, *pair) == [first, pair[1]]


def test_a_closing_print_is_no_trade_after_the_close() -> None:
    auction = trade("16:00:01", 10.0, conditions=(CLOSING_PRINT,))
    late_form_t = trade("16:00:01", 9.0, conditions=(FORM_T,))
    much_later = trade("16:10", 11.0, conditions=(CLOSING_PRINT,))
    assert kept((Phase.REGULAR,), auction, late_form_t, much_later) == [auction]
    assert kept((Phase.POST,), auction, late_form_t, much_later) == [late_form_t, much_later]


def test_what_has_no_time_or_no_session_stays() -> None:
    untimed = TradeTick(key="IBM", price=1.0, size=1.0)
    halted = PriceLimits(key="IBM", stamp=new_york("04:30") // 1_000_000, halted=True)
    on_sunday = trade(new_york("2025-06-29T12:00"), 10.0)
    assert kept((Phase.REGULAR,), untimed, halted, on_sunday) == [untimed, halted, on_sunday]


def test_where_the_calendar_ends_nothing_is_left_out() -> None:
    calendar = TradingCalendar(UNITED_STATES)
    calendar.set_exceptions({}, dt.date(2025, 6, 26))
    early = trade("05:00", 10.0)
    assert list(WantedSessions((Phase.REGULAR,), calendar).of([early])) == [early]


def test_the_figures_of_the_day_stay_without_a_last_trade_that_is_not_wanted() -> None:
    figures = DayStatistics(
        key="IBM",
        prev_close=9.0,
        day_volume=1000.0,
        last_price=10.5,
        last_size=7.0,
        last_trade_stamp=new_york("08:00") // 1_000_000,
    )
    assert kept((Phase.PRE,), figures) == [figures]
    assert kept((Phase.REGULAR,), figures) == [DayStatistics(key="IBM", prev_close=9.0, day_volume=1000.0)]
    without_time = msgspec.structs.replace(figures, last_trade_stamp=None)
    assert kept((Phase.REGULAR,), without_time) == [without_time]


def test_phases_in_which_nothing_is_wanted() -> None:
    wanted = WantedSessions((Phase.REGULAR,), CALENDAR)
    assert [phase for phase in Phase if wanted.leaves_out(phase)] == [Phase.PRE, Phase.POST]
