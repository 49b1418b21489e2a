"""Instants in a named zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.qt import time_text

ZONES = ("America/New_York", "Asia/Kolkata", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def test_exchange_time() -> None:
    instant = ns("2025-09-04T09:11:07+00:00") + 999_999_999
    assert time_text.clock_time(instant, "Asia/Kolkata") == "14:41:07"
    assert time_text.clock_time(instant, "America/New_York") == "05:11:07"
    assert time_text.short_time(instant, "Asia/Kolkata") == "14:41"
    assert time_text.clock_time(None, "Asia/Kolkata") == "—"


def test_both_hours_of_an_autumn_night_are_told_right() -> None:
    before = ns("2025-11-02T05:59:59+00:00")
    assert time_text.clock_time(before, "America/New_York") == "01:59:59"
    assert time_text.clock_time(before + 1_000_000_000, "America/New_York") == "01:00:00"
    assert time_text.offset_s(before, "America/New_York") == -4 * 3600
    assert time_text.offset_s(before + 1_000_000_000, "America/New_York") == -5 * 3600


def test_days_and_bars_name_their_zone() -> None:
    instant = ns("2025-09-04T07:35:00+00:00")
    assert time_text.bar_time(instant, "Asia/Kolkata") == "Thu 4 Sep 13:05 IST"
    assert time_text.bar_time(instant, "America/New_York", with_seconds=True) == "Thu 4 Sep 03:35:00 ET"
    assert time_text.day(instant, "Asia/Kolkata") == "4 Sep"
    assert time_text.full_day(ns("2013-10-08T13:30:00+00:00"), "America/New_York") == "Tue 8 Oct 2013"
    assert time_text.day(None, "UTC") == time_text.full_day(None, "UTC") == time_text.bar_time(None, "UTC") == "—"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Asia/Kolkata", "IST"),
        ("America/New_York", "ET"),
        ("Europe/London", "BST"),
        ("Asia/Dubai", "UTC+04"),
        ("UTC", "UTC"),
    ],
)
def test_zone_names(zone: str, name: str) -> None:
    assert time_text.zone_name(zone, ns("2025-07-01T00:00:00+00:00")) == name


def test_exported_times_carry_their_offset_and_every_nanosecond() -> None:
    instant = ns("2025-09-04T07:35:00+00:00")
    assert time_text.export_time(instant, "Asia/Kolkata") == "2025-09-04T13:05:00+05:30"
    assert time_text.export_time(instant + 123_456_789) == "2025-09-04T07:35:00.123456789+00:00"
    assert time_text.export_time(instant + 500_000_000, "America/New_York") == "2025-09-04T03:35:00.5-04:00"
    assert time_text.export_time(None) == ""


@given(st.integers(86_400 * 365 * 3, 4_000_000_000), st.sampled_from(ZONES))
def test_agrees_with_the_standard_library(second: int, zone: str) -> None:
    expected = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone))
    assert time_text.clock_time(second * 1_000_000_000, zone) == f"{expected:%H:%M:%S}"
