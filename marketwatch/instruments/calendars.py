"""Holidays, early closes and special sessions: the dated lists we ship, and the user's own file on top.

Advice only: beyond its date a list says nothing, and ticks that come on a holiday are believed.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import msgspec

from marketwatch.domain.calendar import Hours
from marketwatch.domain.venues import INDIA, INDIA_COMMODITIES, INDIA_CURRENCY, UNITED_STATES, Calendars
from marketwatch.errors import ConfigurationError

_KNOWN_UNTIL = re.compile(r"known until (\d{4}-\d\d-\d\d)")
_SHIPPED = {"india.csv": INDIA, "united_states.csv": UNITED_STATES}
_OWN = {"india_currency.csv": INDIA_CURRENCY, "india_commodities.csv": INDIA_COMMODITIES}
"""Segments with holidays and evening sessions of their own, of which no list is shipped: the user may have one."""


class CalendarExceptions(msgspec.Struct, frozen=True):
    """Dates that do not follow the weekly rule; None is a holiday. `known_until` None: the list names no end."""

    dates: dict[dt.date, Hours | None]
    known_until: dt.date | None = None


def read_exceptions(path: Path) -> CalendarExceptions:
    """Read one list: `date,pre,opens,closes,post`, times `HH:MM` at the venue, none for a holiday.

    Raises ConfigurationError with the number of the line that cannot be read.
    """
    text = path.read_text(encoding="utf-8-sig")
    until = _KNOWN_UNTIL.search(text.partition("\n")[0])
    dates: dict[dt.date, Hours | None] = {}
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not row or row[0].startswith("#") or row[0] == "date":
            continue
        try:
            dates[dt.date.fromisoformat(row[0].strip())] = _hours([field.strip() for field in row[1:]])
        except ValueError as error:
            raise ConfigurationError(f"Calendar file {path.name}, line {number}", str(error)) from error
    return CalendarExceptions(dates, dt.date.fromisoformat(until[1]) if until else None)


def read_all(shipped: Path, own: Path | None = None) -> dict[str, CalendarExceptions]:
    """Read the shipped lists, amended by files of the same names in the user's folder. Blocks: call it in a worker.

    The user may have lists besides, of segments for which none is shipped.
    """
    lists = {name: read_exceptions(own / name) for name in _OWN if own is not None and (own / name).is_file()}
    for name in _SHIPPED:
        exceptions = read_exceptions(shipped / name)
        amended = None if own is None else own / name
        if amended is not None and amended.is_file():
            extra = read_exceptions(amended)
            exceptions = CalendarExceptions(
                {**exceptions.dates, **extra.dates}, extra.known_until or exceptions.known_until
            )
        lists[name] = exceptions
    return lists


def apply_exceptions(calendars: Calendars, lists: dict[str, CalendarExceptions]) -> None:
    """Hand the lists to the calendars that follow them.

    What a segment without a list does on a holiday of its country's exchanges is not known.
    """
    for name, rules in (_SHIPPED | _OWN).items():
        exceptions = lists.get(name)
        if exceptions is not None:
            calendars.by_rules(rules).set_exceptions(exceptions.dates, exceptions.known_until)
        elif name in _OWN and "india.csv" in lists:
            india = lists["india.csv"]
            holidays = [date for date, hours in india.dates.items() if hours is None]
            calendars.by_rules(rules).set_exceptions({}, india.known_until, holidays)


def _hours(fields: list[str]) -> Hours | None:
    if not any(fields):
        return None
    if len(fields) != 4:
        raise ValueError("expected four times or none")
    pre, opens, closes, post = (_seconds(field) for field in fields)
    if not pre <= opens < closes <= post:
        raise ValueError("the times are not in order")
    return Hours(pre, opens, closes, post)


def _seconds(text: str) -> int:
    time = dt.time.fromisoformat(text)
    return time.hour * 3600 + time.minute * 60 + time.second
