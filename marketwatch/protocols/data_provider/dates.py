"""The many ways in which the server writes a date, read as a bar's start."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from marketwatch.protocols.readings import number

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAY_NS: Final = 86_400_000_000_000
_OLDEST_YEAR: Final = 1800  # some indices go far back
_LATEST_YEAR: Final = 2200
_SECONDS_BELOW: Final = 100_000_000_000
_LATEST_S: Final = 7_258_118_400
_HTTP_DATE: Final = re.compile(r"[A-Za-z]{3}, (\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}


def read_moment(value: object) -> datetime | None:
    """Return a date text or a number of seconds, ms, us or ns as a moment, naive when no zone is named; else None."""
    moment = _from_text(value) if isinstance(value, str) else _from_number(value)
    return moment if moment is not None and _OLDEST_YEAR <= moment.year <= _LATEST_YEAR else None


def day_ns(moment: datetime) -> int:
    """Return midnight UTC of the date as it is written, in no zone."""
    return (moment.toordinal() - _EPOCH_DAY) * _DAY_NS


def instant_ns(moment: datetime, zone: tzinfo) -> int:
    """Return the instant in ns UTC; a moment without a zone is of `zone`."""
    elapsed = (moment if moment.tzinfo else moment.replace(tzinfo=zone)) - _EPOCH
    return ((elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds) * 1_000


def is_midnight(moment: datetime) -> bool:
    """Tell whether a moment has no time of day."""
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def _from_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    text = text.strip()
    http = _HTTP_DATE.fullmatch(text)
    try:
        if http is not None:
            day, month, year, hour, minute, second = http.groups()
            return datetime(
                int(year), _MONTHS[month.capitalize()], int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
        return datetime.fromisoformat(text)
    except (ValueError, KeyError):
        return _from_number(text)


def _from_number(value: object) -> datetime | None:
    read = number(value)
    if read is None or read <= 0:
        return None
    while read >= _SECONDS_BELOW:
        read /= 1_000
    # Below lie counts and prices, not times: seconds are told from those by their size alone.
    return datetime.fromtimestamp(read, UTC) if 100_000_000 <= read <= _LATEST_S else None
