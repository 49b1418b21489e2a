"""Aggregates of bars by powers of four, so that any zoom draws about as many candles as there are pixels."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from marketwatch.qt.charts.columns import BarColumns, FloatArray, grown

FACTOR = 4
_NAMES = ("open", "high", "low", "close", "volume")
_FEW = 8

Groups: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]


class _Level:
    """One level: candle `i` covers rows `i * 4**level` and on."""

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self.open: FloatArray = np.zeros(capacity)
        self.high: FloatArray = np.zeros(capacity)
        self.low: FloatArray = np.zeros(capacity)
        self.close: FloatArray = np.zeros(capacity)
        self.volume: FloatArray = np.zeros(capacity)

    def reserve(self, count: int) -> None:
        if count <= len(self.open):
            return
        capacity = max(count + count // 4, 2 * len(self.open))
        for name in _NAMES:
            setattr(self, name, grown(getattr(self, name), capacity))


class BarPyramid:
    """Levels above a set of columns: first open, highest high, lowest low, last close, largest volume of each four.

    The largest volume, not the sum, so that the volume scale means one bar at every zoom and no peak is lost.
    """

    def __init__(self, columns: BarColumns) -> None:
        self._columns = columns
        self._levels: list[_Level] = []

    @property
    def height(self) -> int:
        """Number of levels, the bars themselves included."""
        return len(self._levels) + 1

    def update(self, first: int) -> None:
        """Bring every level up to date after the rows from `first` on changed; one slot a level for the last bar."""
        below: BarColumns | _Level = self._columns
        depth = 0
        while below.count > FACTOR:
            count = -(-below.count // FACTOR)
            if depth == len(self._levels):
                self._levels.append(_Level(max(256, count)))
                first = 0  # a new level is built whole
            level = self._levels[depth]
            first //= FACTOR
            first = min(first, level.count)
            level.reserve(count)
            _aggregate(below, level, first, count)
            level.count = count
            below = level
            depth += 1
        del self._levels[depth:]

    def level_for(self, pitch: float) -> int:
        """Choose the level whose candles are 1 to 4 px wide, or the bars themselves when they are wider than 1 px."""
        if pitch >= 1.0:
            return 0
        return min(self.height - 1, math.ceil(math.log(1.0 / pitch, FACTOR) - 1e-9))

    def candles(self, level: int, first: int, last: int) -> Groups:
        """Return views of candles `first` to `last` (exclusive) of a level."""
        source = self._source(level)
        return (
            source.open[first:last],
            source.high[first:last],
            source.low[first:last],
            source.close[first:last],
            source.volume[first:last],
        )

    def count(self, level: int) -> int:
        """Return how many candles a level has."""
        return self._source(level).count

    def price_range(self, first: int, last: int) -> tuple[float, float] | None:
        """Return lowest low and highest high of rows `first` to `last` (exclusive), None when there is no bar."""
        low, high = math.inf, -math.inf
        for source, start, end in self._cover(first, last):
            low = min(low, float(np.fmin.reduce(source.low[start:end], initial=math.inf)))
            high = max(high, float(np.fmax.reduce(source.high[start:end], initial=-math.inf)))
        return (low, high) if low <= high else None

    def volume_peak(self, first: int, last: int) -> float:
        """Return the largest volume of rows `first` to `last` (exclusive)."""
        peak = 0.0
        for source, start, end in self._cover(first, last):
            peak = max(peak, float(np.fmax.reduce(source.volume[start:end], initial=0.0)))
        return peak

    def _source(self, level: int) -> BarColumns | _Level:
        return self._columns if level == 0 else self._levels[level - 1]

    def _cover(self, first: int, last: int) -> list[tuple[BarColumns | _Level, int, int]]:
        """Cover a range of rows by few slices: its ragged ends from low levels, its middle from high ones."""
        first, last = max(0, first), min(last, self._columns.count)
        slices: list[tuple[BarColumns | _Level, int, int]] = []
        level = 0
        while first < last:
            source = self._source(level)
            left, right = -(-first // FACTOR) * FACTOR, last // FACTOR * FACTOR
            if level == self.height - 1 or left >= right:
                slices.append((source, first, last))
                break
            if first < left:
                slices.append((source, first, left))
            if right < last:
                slices.append((source, right, last))
            first, last, level = left // FACTOR, right // FACTOR, level + 1
        return slices


def _aggregate(below: BarColumns | _Level, level: _Level, first: int, count: int) -> None:
    whole = below.count // FACTOR
    if whole - first > _FEW:
        _aggregate_whole(below, level, first, whole)
        first = whole
    for group in range(first, count):
        start, end = group * FACTOR, min((group + 1) * FACTOR, below.count)
        closes = [value for value in below.close[start:end].tolist() if value == value]
        opens = [value for value in below.open[start:end].tolist() if value == value]
        level.open[group] = opens[0] if opens else math.nan
        level.close[group] = closes[-1] if closes else math.nan
        level.high[group] = max((v for v in below.high[start:end].tolist() if v == v), default=math.nan)
        level.low[group] = min((v for v in below.low[start:end].tolist() if v == v), default=math.nan)
        level.volume[group] = max(below.volume[start:end].tolist())


def _aggregate_whole(below: BarColumns | _Level, level: _Level, first: int, last: int) -> None:
    span = slice(first * FACTOR, last * FACTOR)
    rows = {name: getattr(below, name)[span].reshape(-1, FACTOR) for name in _NAMES}
    target = slice(first, last)
    level.open[target] = _first_known(rows["open"], range(FACTOR))
    level.close[target] = _first_known(rows["close"], range(FACTOR - 1, -1, -1))
    level.high[target] = np.fmax.reduce(rows["high"], axis=1)
    level.low[target] = np.fmin.reduce(rows["low"], axis=1)
    level.volume[target] = rows["volume"].max(axis=1)


def _first_known(rows: FloatArray, order: range) -> FloatArray:
    known = rows[:, order[0]].copy()
    for column in order[1:]:
        holes = np.isnan(known)
        if not holes.any():
            break
        known[holes] = rows[holes, column]
    return known
