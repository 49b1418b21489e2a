"""The rows of an answer as bars, whatever their columns are called and however their dates are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any, Final

import msgspec

from marketwatch.domain.events import BatchBar
from marketwatch.protocols.data_provider.dates import day_ns, instant_ns, is_midnight, read_moment
from marketwatch.protocols.readings import InvalidParts, number

_FIGURES: Final = ("open", "high", "low", "close", "volume")
_INDEX_NAMES: Final = ("date", "datetime", "timestamp", "index", "time", "t", "unnamed: 0", "")
DATED: Final = frozenset({"1d", "5d", "1wk", "1mo", "3mo"})
"""Resolutions whose bars are of dates."""
TIMED: Final = frozenset({"1m", "2m", "5m", "15m", "30m", "60m", "90m", "1h"})
"""Resolutions whose bars are of instants."""
Bound = date | datetime
"""A first or last date or moment; without a zone it is of the instrument's."""


class Rows(msgspec.Struct, frozen=True):
    """Bars, oldest first, and what could not be read."""

    bars: tuple[BatchBar, ...]
    is_dated: bool
    invalid: tuple[tuple[str, str, int], ...] = ()


class _Columns:
    """Where the figures of rows with the same keys are."""

    __slots__ = ("figures", "index", "names")

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.names = row.keys()
        by_name = {name.strip().casefold(): name for name in reversed(list(row))}
        self.figures = tuple(by_name.get(figure) for figure in _FIGURES)
        self.index = _index_of(row, by_name)


def _index_of(row: Mapping[str, Any], by_name: Mapping[str, str]) -> str | None:
    """Return the key of the date: the first known name that holds one, else the first other key with a date's text."""
    for name in _INDEX_NAMES:
        key = by_name.get(name)
        if key is not None and read_moment(row[key]) is not None:
            return key
    others = (key for key, value in row.items() if isinstance(value, str) and number(value) is None)
    return next((key for key in others if read_moment(row[key]) is not None), None)


def read_rows(rows: Iterable[object], resolution: str, zone: tzinfo) -> Rows:
    """Read rows. What is no row or has no date is left out and counted; of rows with one start the last one counts.

    Times without a zone are of `zone`; bars of days and longer keep the date as it is written, in no zone. Of a
    resolution not known here they are dated when no row has a time of day.
    """
    invalid = InvalidParts()
    found: list[tuple[datetime, Mapping[str, Any], _Columns]] = []
    columns: _Columns | None = None
    for row in rows:
        if not isinstance(row, dict):
            invalid.note("a row that is not an object", row)
            continue
        if columns is None or row.keys() != columns.names or columns.index is None:
            columns = _Columns(row)
        moment = None if columns.index is None else read_moment(row[columns.index])
        if moment is None:
            invalid.note("a row without a date", row)
        else:
            found.append((moment, row, columns))
    is_dated = resolution in DATED or (
        resolution not in TIMED and bool(found) and all(is_midnight(moment) for moment, _, _ in found)
    )
    by_start: dict[int, BatchBar] = {}
    for moment, row, where in found:
        bar = _bar(day_ns(moment) if is_dated else instant_ns(moment, zone), row, where)
        by_start[bar.opens_ns] = bar
    bars = tuple(by_start[start] for start in sorted(by_start))
    return Rows(bars, is_dated, tuple((part.reason, part.sample, part.count) for part in invalid.take()))


def within(
    bars: tuple[BatchBar, ...], first: Bound | None, last: Bound | None, zone: tzinfo, *, is_dated: bool
) -> tuple[BatchBar, ...]:
    """Return the bars that start between two dates or moments, both included; a date means all of its day."""
    from_ns = None if first is None else _bound_ns(first, zone, is_dated=is_dated)
    to_ns = None if last is None else _end_ns(last, zone, is_dated=is_dated)
    return tuple(
        bar for bar in bars if (from_ns is None or bar.opens_ns >= from_ns) and (to_ns is None or bar.opens_ns <= to_ns)
    )


def _bound_ns(bound: Bound, zone: tzinfo, *, is_dated: bool) -> int:
    moment = bound if isinstance(bound, datetime) else datetime.combine(bound, time())
    if not is_dated:
        return instant_ns(moment, zone)
    return day_ns(moment.astimezone(zone) if moment.tzinfo else moment)


def _end_ns(bound: Bound, zone: tzinfo, *, is_dated: bool) -> int:
    if isinstance(bound, datetime) or is_dated:
        return _bound_ns(bound, zone, is_dated=is_dated)
    return instant_ns(datetime.combine(bound, time.max), zone) + 999  # the last ns of the day


def _bar(start_ns: int, row: Mapping[str, Any], where: _Columns) -> BatchBar:
    return BatchBar(start_ns, *[None if key is None else _figure(row[key]) for key in where.figures])


def _figure(value: object) -> float | None:
    if type(value) is float and value - value == 0.0:  # finite, and by far the most frequent
        return value
    return number(value)
