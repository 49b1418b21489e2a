"""How instants (ns UTC) are written in a named zone. Fast enough for the paint path."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from marketwatch.qt.formatting import MISSING

_NS = 1_000_000_000
# Every change of offset since 1972 falls on a quarter of an hour UTC, so one look-up serves a quarter.
_QUARTER_S = 900
_DAY_S = 86_400

# Not strftime: Qt sets the process locale, and the language of the interface is a setting of its own.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_ZONE_NAMES = {
    "America/New_York": "ET",
    "America/Chicago": "CT",
    "America/Denver": "MT",
    "America/Los_Angeles": "PT",
    "Asia/Kolkata": "IST",
    "Asia/Calcutta": "IST",
    "Asia/Tokyo": "JST",
    "Asia/Hong_Kong": "HKT",
    "Asia/Singapore": "SGT",
    "Asia/Shanghai": "CST",
    "Etc/UTC": "UTC",
}


@functools.cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@functools.lru_cache(maxsize=4096)
def _offset_s(zone: str, quarter: int) -> int:
    offset = datetime.fromtimestamp(quarter * _QUARTER_S, _zone(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


@functools.lru_cache(maxsize=4096)
def _clock_text(second_of_day: int) -> str:
    return f"{second_of_day // 3600:02d}:{second_of_day % 3600 // 60:02d}:{second_of_day % 60:02d}"


def offset_s(ns: int, zone: str) -> int:
    """Return the seconds by which `zone` is ahead of UTC at an instant."""
    return _offset_s(zone, ns // _NS // _QUARTER_S)


def clock_time(ns: int | None, zone: str) -> str:
    """Write a time of day, 24 h with seconds: `14:41:07`."""
    if ns is None:
        return MISSING
    second = ns // _NS
    return _clock_text((second + _offset_s(zone, second // _QUARTER_S)) % _DAY_S)


def short_time(ns: int | None, zone: str) -> str:
    """Write a time of day without seconds: `14:41`."""
    return clock_time(ns, zone)[:5]


def day(ns: int | None, zone: str) -> str:
    """Write a day of the current year: `3 Sep`."""
    if ns is None:
        return MISSING
    at = local_time(ns, zone)
    return f"{at.day} {_MONTHS[at.month - 1]}"


def full_day(ns: int | None, zone: str) -> str:
    """Write a day with weekday and year: `Tue 8 Oct 2013`."""
    if ns is None:
        return MISSING
    at = local_time(ns, zone)
    return f"{_WEEKDAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def bar_time(ns: int | None, zone: str, *, with_seconds: bool = False) -> str:
    """Write the start of a bar with day and zone: `Thu 4 Sep 13:05 IST`."""
    if ns is None:
        return MISSING
    at = local_time(ns, zone)
    clock = clock_time(ns, zone) if with_seconds else short_time(ns, zone)
    return f"{_WEEKDAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {clock} {zone_name(zone, ns)}"


def zone_name(zone: str, ns: int = 0) -> str:
    """Return the short name people use, the same in summer and winter where there is one: `IST`, `ET`."""
    known = _ZONE_NAMES.get(zone)
    if known is not None:
        return known
    name = local_time(ns, zone).tzname() or zone
    return f"UTC{name}" if name[:1] in ("+", "-") else name


def local_time(ns: int, zone: str) -> datetime:
    """Return an instant as an aware datetime, to the second."""
    return datetime.fromtimestamp(ns // _NS, UTC).astimezone(_zone(zone))


def export_time(ns: int | None, zone: str = "UTC") -> str:
    """Write ISO 8601 with offset for a file; fractions as far as there are any. Nothing when unknown."""
    if ns is None:
        return ""
    at = local_time(ns, zone)
    fraction = f"{ns % _NS:09d}".rstrip("0")
    text = at.isoformat()
    return f"{text[:19]}.{fraction}{text[19:]}" if fraction else text
