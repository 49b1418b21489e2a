"""The market clocks of the status bar."""

from __future__ import annotations

from datetime import datetime

import pytest
from pytestqt.qtbot import QtBot

from marketwatch.domain.calendar import TradingCalendar
from marketwatch.domain.venues import ALWAYS, COMEX, INDIA, UNITED_STATES
from marketwatch.qt.panels.market_clock import ClockView, MarketClock, clock_view
from marketwatch.qt.theme import Theme


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("rules", "instant", "time", "session"),
    [
        (INDIA, "2025-09-04T14:41:07+05:30", "14:41:07 IST", "open, closes in 0:48:53"),
        (INDIA, "2025-09-04T09:05:00+05:30", "09:05:00 IST", "pre-market, opens in 0:10:00"),
        (UNITED_STATES, "2025-09-04T05:11:07-04:00", "05:11:07 ET", "pre-market, opens in 4:18:53"),
        (UNITED_STATES, "2025-09-04T17:00:00-04:00", "17:00:00 ET", "after hours, ends in 3:00:00"),
        (UNITED_STATES, "2025-09-06T12:00:00-04:00", "12:00 ET", "closed, pre-market in 1 d 16 h"),
        (COMEX, "2013-10-08T17:30:00-04:00", "17:30:00 ET", "closed, opens in 0:30:00"),
        (ALWAYS, "2025-09-06T12:00:00+00:00", "12:00:00 UTC", "open, closes in 12:00:00"),
    ],
)
def test_says_time_zone_session_and_next_change(rules: object, instant: str, time: str, session: str) -> None:
    view = clock_view("X", TradingCalendar(rules), ns(instant))  # type: ignore[arg-type]
    assert (view.time, view.session) == (time, session)


def test_a_market_closed_for_long_needs_no_seconds() -> None:
    calendar = TradingCalendar(UNITED_STATES)
    at_rest = clock_view("NYSE", calendar, ns("2025-09-04T21:00:07-04:00"))
    assert (at_rest.time, at_rest.session, at_rest.is_at_rest) == ("21:00 ET", "closed, pre-market in 6 h 59 min", True)
    assert not clock_view("NYSE", calendar, ns("2025-09-05T03:10:00-04:00")).is_at_rest
    assert not clock_view("NYSE", calendar, ns("2025-09-04T21:00:07-04:00"), note="replay").is_at_rest
    assert not clock_view("NYSE", calendar, ns("2025-09-04T17:00:00-04:00")).is_at_rest


def test_time_that_is_not_now_is_named() -> None:
    view = clock_view("NSE", TradingCalendar(INDIA), ns("2025-09-04T14:41:07+05:30"), note="demo time")
    assert view.time == "14:41:07 IST, demo time"


def test_its_width_only_grows(theme: Theme, qtbot: QtBot) -> None:
    clock = MarketClock(theme)
    qtbot.addWidget(clock)
    clock.set_view(ClockView("NSE", "14:41:07 IST", "open, closes in 0:48:53"))
    width = clock.sizeHint().width()
    clock.set_view(ClockView("NSE", "14:41:08 IST", "open, closes in 0:48:52"))
    assert clock.sizeHint().width() == width
    clock.set_view(ClockView("NSE", "15:30:00 IST", "closed"))
    assert clock.sizeHint().width() == width
    assert clock.accessibleName() == "NSE 15:30:00 IST, closed"


def test_without_room_the_session_goes_and_the_time_stays_whole(theme: Theme, qtbot: QtBot) -> None:
    clock = MarketClock(theme)
    qtbot.addWidget(clock)
    clock.set_view(ClockView("NSE", "14:41:07 IST", "open, closes in 0:48:53"))
    clock.resize(clock.minimumWidth(), 20)
    narrow = clock.grab().toImage()
    clock.set_view(ClockView("NSE", "14:41:07 IST", "closed"))
    clock.resize(clock.minimumWidth(), 20)
    assert clock.grab().toImage() == narrow
