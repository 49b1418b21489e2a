from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from marketwatch.domain.calendar import Hours, Phase
from marketwatch.domain.venues import INDIA, INDIA_COMMODITIES, INDIA_CURRENCY, UNITED_STATES, Calendars
from marketwatch.errors import ConfigurationError
from marketwatch.instruments.calendars import apply_exceptions, read_all, read_exceptions
from marketwatch.runtime.resources import resource_path


def test_shipped_lists_reach_the_calendars() -> None:
    calendars = Calendars()
    apply_exceptions(calendars, read_all(resource_path("calendars")))
    us, india = calendars.by_rules(UNITED_STATES), calendars.by_rules(INDIA)
    assert us.day_on(dt.date(2025, 7, 4)).hours_ns is None
    assert us.day_on(dt.date(2013, 10, 8)).hours_ns is not None
    early = us.day_on(dt.date(2025, 7, 3)).hours_ns
    assert early is not None
    assert (early[2] - early[1]) // 10**9 == 3.5 * 3600
    assert india.day_on(dt.date(2025, 8, 15)).hours_ns is None
    assert not us.day_on(dt.date(2040, 1, 3)).is_known


def noon(date: str) -> int:
    return int(dt.datetime.fromisoformat(f"{date}T12:00+05:30").timestamp()) * 10**9


def test_on_a_holiday_of_shares_nothing_is_claimed_of_currencies_and_commodities() -> None:
    calendars = Calendars()
    apply_exceptions(calendars, read_all(resource_path("calendars")))
    for rules in (INDIA_CURRENCY, INDIA_COMMODITIES):
        calendar = calendars.by_rules(rules)
        assert calendar.phase(noon("2025-08-14")) is Phase.REGULAR
        assert calendar.phase(noon("2025-08-15")) is Phase.UNKNOWN
        assert calendar.phase(noon("2025-08-16")) is Phase.CLOSED
        assert calendar.phase(noon("2027-03-01")) is Phase.UNKNOWN  # where the list of shares ends


def test_the_user_may_have_a_list_of_what_none_is_shipped_of(tmp_path: Path) -> None:
    (tmp_path / "india_commodities.csv").write_text(
        "# known until 2027-12-31\ndate,pre,opens,closes,post\n2025-08-15,,,,\n2025-08-27,17:00,17:00,23:30,23:30\n"
    )
    calendars = Calendars()
    apply_exceptions(calendars, read_all(resource_path("calendars"), tmp_path))
    commodities, currency = calendars.by_rules(INDIA_COMMODITIES), calendars.by_rules(INDIA_CURRENCY)
    assert commodities.phase(noon("2025-08-15")) is Phase.CLOSED
    assert commodities.phase(noon("2025-08-27")) is Phase.CLOSED
    assert commodities.phase(noon("2025-08-27") + 6 * 3600 * 10**9) is Phase.REGULAR
    assert commodities.phase(noon("2025-10-02")) is Phase.REGULAR
    assert currency.phase(noon("2025-10-02")) is Phase.UNKNOWN


def test_the_users_file_amends_a_list(tmp_path: Path) -> None:
    (tmp_path / "india.csv").write_text(
        "date,pre,opens,closes,post\n2025-02-01,09:00,09:15,15:30,15:30\n2025-08-15,09:00,09:15,15:30,15:30\n"
    )
    lists = read_all(resource_path("calendars"), tmp_path)
    dates = lists["india.csv"].dates
    assert dates[dt.date(2025, 2, 1)] == Hours(32_400, 33_300, 55_800, 55_800)
    assert dates[dt.date(2025, 8, 15)] is not None
    assert lists["india.csv"].known_until == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    "line", ["2025-13-01,,,,", "2025-01-01,09:00", "2025-01-01,09:00,09:15,08:00,15:30", "2025-01-01,a,b,c,d"]
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"# known until 2030-01-01\ndate,pre,opens,closes,post\n{line}\n")
    with pytest.raises(ConfigurationError, match="line 3"):
        read_exceptions(path)
