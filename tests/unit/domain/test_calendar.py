from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.calendar import Hours, Phase, TradingCalendar
from marketwatch.domain.ids import CASH, CRYPTO, FUTURES, InstrumentId, Segment, Venue
from marketwatch.domain.venues import ALWAYS, COMEX, INDIA, UNITED_STATES, Calendars

DAY_NS = 86_400 * 10**9


def ns(text: str, zone: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


def ny(text: str) -> int:
    return ns(text, "America/New_York")


def ist(text: str) -> int:
    return ns(text, "Asia/Kolkata")


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2025-06-27T03:59:59", Phase.CLOSED),
        ("2025-06-27T04:00", Phase.PRE),
        ("2025-06-27T09:29:59", Phase.PRE),
        ("2025-06-27T09:30", Phase.REGULAR),
        ("2025-06-27T15:59:59", Phase.REGULAR),
        ("2025-06-27T16:00", Phase.POST),
        ("2025-06-27T20:00", Phase.CLOSED),
        ("2025-06-28T12:00", Phase.CLOSED),
        ("2025-01-02T09:30", Phase.REGULAR),  # winter time
    ],
)
def test_phases_in_the_united_states(moment: str, phase: Phase) -> None:
    assert TradingCalendar(UNITED_STATES).phase(ny(moment)) is phase


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2025-06-27T08:59", Phase.CLOSED),
        ("2025-06-27T09:00", Phase.PRE),
        ("2025-06-27T09:15", Phase.REGULAR),
        ("2025-06-27T15:30", Phase.CLOSED),
    ],
)
def test_phases_in_india(moment: str, phase: Phase) -> None:
    assert TradingCalendar(INDIA).phase(ist(moment)) is phase


@pytest.mark.parametrize(
    ("venue", "moment", "phase"),
    [
        ("CDS", "2025-06-27T08:59:59", Phase.CLOSED),
        ("CDS", "2025-06-27T09:00", Phase.REGULAR),
        ("BCD", "2025-06-27T16:59:59", Phase.REGULAR),
        ("CDS", "2025-06-27T17:00", Phase.CLOSED),
        ("MCX", "2025-06-27T16:00", Phase.REGULAR),
        ("MCX", "2025-06-27T23:30", Phase.CLOSED),  # New York keeps summer time
        ("MCX", "2025-11-03T23:54:59", Phase.REGULAR),  # the first Monday of its winter
        ("MCX", "2025-11-03T23:55", Phase.CLOSED),
        ("MCX", "2025-03-10T23:40", Phase.CLOSED),  # the first Monday of its summer
        ("NFO", "2025-06-27T15:30", Phase.CLOSED),
        ("MCX", "2025-06-28T12:00", Phase.CLOSED),
    ],
)
def test_currencies_and_commodities_of_india_have_hours_of_their_own(venue: str, moment: str, phase: Phase) -> None:
    calendar = Calendars().of(InstrumentId(Venue(venue), FUTURES, "X"))
    assert calendar.phase(ist(moment)) is phase


def test_a_holiday_of_shares_is_none_of_commodities() -> None:
    calendars = Calendars()
    calendars.by_rules(INDIA).set_exceptions({dt.date(2025, 6, 27): None}, dt.date(2025, 12, 31))
    noon = ist("2025-06-27T12:00")
    assert calendars.of(InstrumentId(Venue("NFO"), FUTURES, "X")).phase(noon) is Phase.CLOSED
    assert calendars.of(InstrumentId(Venue("MCX"), FUTURES, "X")).phase(noon) is Phase.REGULAR
    commodities = calendars.of(InstrumentId(Venue("MCX"), FUTURES, "X"))
    commodities.set_exceptions({dt.date(2025, 6, 27): None}, None)
    assert commodities.phase(noon) is Phase.CLOSED


def test_the_date_of_comex_begins_the_evening_before() -> None:
    calendar = TradingCalendar(COMEX)
    assert calendar.session_date(ny("2013-10-08T17:59")) == dt.date(2013, 10, 9)
    assert calendar.session_date(ny("2013-10-08T16:59")) == dt.date(2013, 10, 8)
    assert calendar.phase(ny("2013-10-08T17:30")) is Phase.CLOSED
    assert calendar.phase(ny("2013-10-08T18:00")) is Phase.REGULAR
    assert calendar.phase(ny("2013-10-12T12:00")) is Phase.CLOSED
    assert calendar.session_date(ny("2013-10-13T19:00")) == dt.date(2013, 10, 14)


def test_crypto_never_closes() -> None:
    calendar = TradingCalendar(ALWAYS)
    assert {calendar.phase(ns(f"2025-06-28T{hour:02d}:30", "UTC")) for hour in range(24)} == {Phase.REGULAR}


def test_holidays_early_closes_and_special_sunday_sessions_are_data() -> None:
    calendar = TradingCalendar(UNITED_STATES)
    noon = 12 * 3600
    calendar.set_exceptions(
        {
            dt.date(2025, 7, 4): None,
            dt.date(2025, 7, 3): Hours(4 * 3600, 9 * 3600 + 1800, 13 * 3600, 17 * 3600),
            dt.date(2025, 7, 6): Hours(noon, noon, noon + 3600, noon + 3600),
        },
        dt.date(2025, 12, 31),
    )
    assert calendar.phase(ny("2025-07-04T12:00")) is Phase.CLOSED
    assert calendar.phase(ny("2025-07-03T13:30")) is Phase.POST
    assert calendar.phase(ny("2025-07-06T12:30")) is Phase.REGULAR
    assert calendar.day(ny("2025-07-07T12:00")).previous_date == dt.date(2025, 7, 6)
    assert calendar.previous_session(dt.date(2025, 7, 6)) == dt.date(2025, 7, 3)


def test_where_the_data_end_the_phase_is_unknown_but_nights_are_not() -> None:
    calendar = TradingCalendar(INDIA)
    calendar.set_exceptions({}, dt.date(2025, 12, 31))
    assert calendar.phase(ist("2025-12-31T10:00")) is Phase.REGULAR
    assert calendar.phase(ist("2026-01-01T10:00")) is Phase.UNKNOWN
    assert calendar.phase(ist("2026-01-01T22:00")) is Phase.CLOSED


def test_next_change() -> None:
    calendar = TradingCalendar(UNITED_STATES)
    assert calendar.next_change(ny("2025-06-27T10:00")) == ny("2025-06-27T16:00")
    assert calendar.next_change(ny("2025-06-27T21:00")) == ny("2025-06-30T04:00")


def test_the_day_on_which_clocks_change_keeps_its_hours() -> None:
    calendar = TradingCalendar(UNITED_STATES)
    for date in ("2025-03-10", "2025-11-03"):
        hours = calendar.day_on(dt.date.fromisoformat(date)).hours_ns
        assert hours is not None
        assert hours[1] == ny(f"{date}T09:30")
    sunday = calendar.day_on(dt.date(2025, 3, 9))
    assert sunday.ends_ns - sunday.starts_ns == 23 * 3600 * 10**9


def test_bars_begin_at_the_open_in_india_and_on_the_hour_in_new_york() -> None:
    assert TradingCalendar(INDIA).bar_offset_ns(BarInterval.H1) == 45 * 60 * 10**9
    assert TradingCalendar(INDIA).bar_offset_ns(BarInterval.M15) == 0
    assert TradingCalendar(UNITED_STATES).bar_offset_ns(BarInterval.H1) == 0


def test_calendars_are_shared_by_venues_of_the_same_rules() -> None:
    calendars = Calendars()
    apple = calendars.of(InstrumentId(Venue("XNAS"), CASH, "AAPL"))
    assert apple is calendars.of(InstrumentId(Venue("XNYS"), CASH, "IBM"))
    assert apple.rules is UNITED_STATES
    assert calendars.of(InstrumentId(Venue("COMEX"), FUTURES, "GCZ13")).rules is COMEX
    assert calendars.of(InstrumentId(Venue("NSE"), CRYPTO, "X")).rules is ALWAYS
    assert calendars.of(InstrumentId(Venue("MOON"), Segment("EQ"), "X")).rules is ALWAYS
