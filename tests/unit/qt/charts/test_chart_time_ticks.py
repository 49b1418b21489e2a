from __future__ import annotations

import itertools
from datetime import UTC, datetime

import numpy as np
import pytest

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.calendar import TradingCalendar
from marketwatch.domain.ids import CASH, CRYPTO, FUTURES, InstrumentId, Venue
from marketwatch.domain.venues import Calendars
from marketwatch.qt.charts.columns import BarColumns
from marketwatch.qt.charts.time_ticks import RegularHours, SessionIndex, TimeTick, TimeTicks, shaded_spans
from marketwatch.qt.charts.zone_time import SECOND_NS, ZoneTime

NEW_YORK = Calendars().of(InstrumentId(Venue("XNYS"), CASH, "IBM"))
INDIA = Calendars().of(InstrumentId(Venue("NSE"), CASH, "RELIANCE"))
COMEX = Calendars().of(InstrumentId(Venue("COMEX"), FUTURES, "GCZ13"))
BITCOIN = Calendars().of(InstrumentId(Venue("BINANCE"), CRYPTO, "BTCUSDT"))


def _utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * SECOND_NS  # type: ignore[arg-type,misc]


class _Axis:
    def __init__(self, opens: list[int], calendar: TradingCalendar, zone: str = "") -> None:
        values = np.ones(len(opens))
        self.columns = BarColumns()
        self.columns.write(0, np.array(opens, dtype=np.int64), (values, values, values, values, values))
        self.zone_time = ZoneTime(zone or calendar.rules.zone)
        self.sessions = SessionIndex(self.columns, self.zone_time, -calendar.rules.day_starts * SECOND_NS)
        self.sessions.update(0)
        self.ticks = TimeTicks(self.columns, self.sessions, self.zone_time)

    def labels(self, pitch: float, interval: BarInterval, label_px: float = 76.0) -> list[str]:
        return [tick.text for tick in self.choose(pitch, interval, label_px)]

    def choose(self, pitch: float, interval: BarInterval, label_px: float = 76.0) -> list[TimeTick]:
        return self.ticks.choose(0, self.columns.count, pitch, interval.ns, label_px)


def _minutes(start_ns: int, count: int, every: int = 1) -> list[int]:
    return [start_ns + index * every * 60 * SECOND_NS for index in range(count)]


def test_a_session_begins_with_its_date_and_goes_on_with_round_times() -> None:
    day = _minutes(_utc(2013, 10, 8, 13, 30), 390)
    axis = _Axis(day, NEW_YORK)
    ticks = axis.choose(2.0, BarInterval.M1)
    assert ticks[0] == TimeTick(0, "8 Oct", is_start=True)
    assert [tick.text for tick in ticks[1:]] == ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]
    assert [tick.row for tick in ticks[1:3]] == [30, 90]


def test_a_session_that_has_just_begun_names_its_time() -> None:
    yesterday, today = _minutes(_utc(2013, 10, 7, 13, 30), 390), _minutes(_utc(2013, 10, 8, 13, 30), 10)
    assert _Axis(today, NEW_YORK).labels(7.0, BarInterval.M1) == ["8 Oct 09:30"]
    labels = _Axis([*yesterday, *today], NEW_YORK).labels(7.0, BarInterval.M1)
    assert (labels[0], labels[-1]) == ("7 Oct", "8 Oct 09:30")
    later = _minutes(_utc(2013, 10, 8, 13, 30), 60)
    assert _Axis(later, NEW_YORK).labels(7.0, BarInterval.M1)[:2] == ["8 Oct", "09:45"]


def test_half_hour_zone_has_round_local_times() -> None:
    day = _minutes(_utc(2025, 9, 4, 3, 45), 75, every=5)  # 09:15 IST
    assert _Axis(day, INDIA).labels(6.0, BarInterval.M5) == ["4 Sep", "10:00", "12:00", "14:00"]


def test_nights_take_no_width_and_each_day_is_named() -> None:
    opens = [*_minutes(_utc(2013, 10, 4, 13, 30), 390), *_minutes(_utc(2013, 10, 7, 13, 30), 390)]
    axis = _Axis(opens, NEW_YORK)
    starts = [tick for tick in axis.choose(1.0, BarInterval.M1) if tick.is_start]
    assert starts == [TimeTick(0, "4 Oct", is_start=True), TimeTick(390, "7 Oct", is_start=True)]


def test_the_day_the_clocks_go_back_in_new_york_names_the_repeated_hour_twice() -> None:
    opens = _minutes(_utc(2013, 11, 3, 4), 6, every=60)  # 00:00 EDT
    axis = _Axis(opens, BITCOIN, zone="America/New_York")
    ticks = axis.choose(80.0, BarInterval.H1)
    assert [(tick.row, tick.text) for tick in ticks] == [
        (0, "3 Nov"), (1, "01:00"), (2, "01:00"), (3, "02:00"), (4, "03:00"), (5, "04:00"),
    ]  # fmt: skip
    words = [axis.zone_time.bar_time(opens[row]) for row in range(5)]
    assert words[1:3] == ["Sun 3 Nov 01:00 EDT", "Sun 3 Nov 01:00 EST"]
    assert words[4] == "Sun 3 Nov 03:00 ET"


def test_the_day_the_clocks_go_forward_in_new_york_skips_an_hour() -> None:
    opens = _minutes(_utc(2014, 3, 9, 5), 5, every=60)
    axis = _Axis(opens, BITCOIN, zone="America/New_York")
    assert axis.labels(80.0, BarInterval.H1) == ["9 Mar", "01:00", "03:00", "04:00", "05:00"]


def test_sessions_on_both_sides_of_a_change_of_clocks_open_at_the_same_local_time() -> None:
    before, after = _minutes(_utc(2013, 11, 1, 13, 30), 390), _minutes(_utc(2013, 11, 4, 14, 30), 390)
    axis = _Axis([*before, *after], NEW_YORK)
    rows = {tick.text: tick.row for tick in axis.choose(0.8, BarInterval.M1) if not tick.is_start}
    assert axis.zone_time.bar_time(after[0]) == "Mon 4 Nov 09:30 ET"
    assert rows["12:00"] == 390 + 150


def test_a_futures_session_belongs_to_the_day_after_its_evening() -> None:
    evening = _minutes(_utc(2013, 10, 7, 22), 600)  # Monday 18:00 New York
    axis = _Axis(evening, COMEX)
    assert [(tick.row, tick.text) for tick in axis.choose(2, BarInterval.M1) if tick.is_start] == [(0, "8 Oct")]


def test_thin_days_are_named_by_month_and_year() -> None:
    days = [_utc(2013, 10, 1, 14) + day * 86_400 * SECOND_NS for day in range(200)]
    texts = _Axis(days, BITCOIN).labels(4.0, BarInterval.H1)
    assert texts == ["Nov", "Dec", "2014", "Feb", "Mar", "Apr"]
    assert _Axis(days, BITCOIN).labels(1.0, BarInterval.H1) == ["2014", "Apr"]


def test_seconds_show_only_where_they_matter() -> None:
    opens = [_utc(2013, 10, 8, 13, 30) + index * SECOND_NS for index in range(60)]
    axis = _Axis(opens, NEW_YORK)
    assert axis.labels(8.0, BarInterval.S1) == ["8 Oct", "09:30:15", "09:30:30", "09:30:45"]


def test_quiet_hours_do_not_crowd_the_axis() -> None:
    sparse = [_utc(2013, 10, 8, 8) + index * 1000 * SECOND_NS for index in range(20)]
    busy = _minutes(_utc(2013, 10, 8, 13, 30), 100)
    rows = [tick.row for tick in _Axis([*sparse, *busy], NEW_YORK).choose(7.0, BarInterval.M1)]
    assert min(b - a for a, b in itertools.pairwise(rows[1:])) * 7.0 >= 0.6 * 76


def test_a_changed_tail_changes_only_its_sessions() -> None:
    opens = [*_minutes(_utc(2013, 10, 4, 13, 30), 10), *_minutes(_utc(2013, 10, 7, 13, 30), 10)]
    axis = _Axis(opens, NEW_YORK)
    values = np.ones(5)
    later = np.array(_minutes(_utc(2013, 10, 8, 13, 30), 5), dtype=np.int64)
    axis.columns.write(20, later, (values, values, values, values, values))
    axis.sessions.update(20)
    assert axis.sessions.rows == [0, 10, 20]
    axis.columns.write(10, later, (values, values, values, values, values))
    axis.sessions.update(10)
    assert axis.sessions.rows == [0, 10]
    assert axis.sessions.spans(12, 15) == [(10, 15, axis.sessions.days[1])]


def test_extended_hours_are_the_bars_outside_the_regular_session() -> None:
    opens = _minutes(_utc(2013, 10, 8, 12), 10 * 60)  # 08:00 to 18:00
    axis = _Axis(opens, NEW_YORK)
    hours = RegularHours(NEW_YORK)
    assert shaded_spans(axis.columns, axis.sessions, hours, 0, 600, 2.0) == [(0, 90), (480, 600)]
    assert shaded_spans(axis.columns, axis.sessions, hours, 0, 600, 0.01) == []


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Europe/London"])
def test_columns_and_single_instants_agree_on_local_time(zone: str) -> None:
    zone_time = ZoneTime(zone)
    instants = np.arange(_utc(2013, 1, 1), _utc(2014, 6, 1), 5 * 3600 * SECOND_NS, dtype=np.int64)
    local = zone_time.local_ns(instants)
    for index in range(0, len(instants), 97):
        assert local[index] - instants[index] == zone_time.offset_ns(int(instants[index]))


def test_no_bars_no_labels() -> None:
    assert _Axis([], NEW_YORK).choose(5.0, BarInterval.M1) == []
