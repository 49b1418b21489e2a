from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.qt.charts.columns import BarColumns
from marketwatch.qt.charts.pyramid import FACTOR, BarPyramid

Row = tuple[float, float, float, float, float]


def _fill(columns: BarColumns, rows: list[Row], first: int = 0) -> None:
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    opens = np.arange(first, first + len(rows), dtype=np.int64)
    columns.write(first, opens, tuple(table[:, place].copy() for place in range(5)))


def _random_rows(count: int, seed: int, hole_share: float = 0.0) -> list[Row]:
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for _ in range(count):
        if random.random() < hole_share:
            rows.append((math.nan, math.nan, math.nan, math.nan, 0.0))
            continue
        opened, closed = random.uniform(90, 110, 2).tolist()
        rows.append((opened, max(opened, closed) + 1, min(opened, closed) - 1, closed, float(random.integers(0, 99))))
    return rows


def _naive(rows: list[Row], size: int) -> list[Row]:
    groups: list[Row] = []
    for start in range(0, len(rows), size):
        group = rows[start : start + size]
        known = [row for row in group if not math.isnan(row[3])]
        volume = max(row[4] for row in group)
        if not known:
            groups.append((math.nan, math.nan, math.nan, math.nan, volume))
            continue
        high, low = max(row[1] for row in known), min(row[2] for row in known)
        groups.append((known[0][0], high, low, known[-1][3], volume))
    return groups


def _level(pyramid: BarPyramid, level: int) -> list[list[float]]:
    return np.column_stack(pyramid.candles(level, 0, pyramid.count(level))).tolist()


def _assert_right(pyramid: BarPyramid, rows: list[Row]) -> None:
    for level in range(pyramid.height):
        np.testing.assert_array_equal(_level(pyramid, level), np.array(_naive(rows, FACTOR**level)).reshape(-1, 5))


@given(count=st.integers(1, 300), seed=st.integers(0, 9), holes=st.sampled_from([0.0, 0.1, 0.9]))
def test_every_level_holds_first_open_extremes_last_close(count: int, seed: int, holes: float) -> None:
    rows = _random_rows(count, seed, holes)
    columns = BarColumns()
    _fill(columns, rows)
    pyramid = BarPyramid(columns)
    pyramid.update(0)
    _assert_right(pyramid, rows)
    assert pyramid.count(pyramid.height - 1) <= FACTOR


@given(seed=st.integers(0, 9), changes=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 80)), max_size=8))
def test_changes_anywhere_leave_what_building_anew_would_give(seed: int, changes: list[tuple[int, int]]) -> None:
    rows = _random_rows(50, seed, 0.05)
    columns = BarColumns()
    _fill(columns, rows)
    pyramid = BarPyramid(columns)
    pyramid.update(0)
    for turn, (place, count) in enumerate(changes):
        first = min(place, len(rows))
        fresh = _random_rows(count, seed + turn + 100, 0.05)
        rows = rows[:first] + fresh
        _fill(columns, fresh, first)
        pyramid.update(first)
    _assert_right(pyramid, rows)


@given(seed=st.integers(0, 5), first=st.integers(0, 700), length=st.integers(0, 700))
def test_ranges_equal_a_search_of_every_bar(seed: int, first: int, length: int) -> None:
    rows = _random_rows(700, seed, 0.3)
    columns = BarColumns()
    _fill(columns, rows)
    pyramid = BarPyramid(columns)
    pyramid.update(0)
    part = rows[first : first + length]
    known = [row for row in part if not math.isnan(row[3])]
    expected = (min(row[2] for row in known), max(row[1] for row in known)) if known else None
    assert pyramid.price_range(first, first + length) == expected
    assert pyramid.volume_peak(first, first + length) == max((row[4] for row in part), default=0.0)


def test_a_range_of_a_million_bars_reads_few_slots() -> None:
    columns = BarColumns()
    values = np.ones(1_000_000)
    columns.write(0, np.arange(1_000_000, dtype=np.int64), (values, values, values, values, values))
    pyramid = BarPyramid(columns)
    pyramid.update(0)
    slots = sum(end - start for _, start, end in pyramid._cover(1, 999_998))
    assert slots < 3 * 2 * pyramid.height + FACTOR


def test_the_level_makes_candles_one_to_four_px_wide() -> None:
    columns = BarColumns()
    values = np.ones(1_000_000)
    columns.write(0, np.arange(1_000_000, dtype=np.int64), (values, values, values, values, values))
    pyramid = BarPyramid(columns)
    pyramid.update(0)
    for pitch in (0.99, 0.5, 0.26, 0.25, 0.249, 0.01, 0.0015):
        width = pitch * FACTOR ** pyramid.level_for(pitch)
        assert 1.0 <= width < 4.0 or math.isclose(width, 1.0)
    assert pyramid.level_for(1.0) == 0
    assert pyramid.level_for(40.0) == 0


def test_the_average_leaves_out_holes_and_waits_for_enough_bars() -> None:
    hole = (math.nan, math.nan, math.nan, math.nan, 0.0)
    rows: list[Row] = [(1.0, 1.0, 1.0, 1.0, float(volume)) for volume in (10, 20, 30)]
    columns = BarColumns()
    _fill(columns, [*rows, hole, (1.0, 1.0, 1.0, 1.0, 60.0)])
    ends = np.arange(1, 6)
    np.testing.assert_array_equal(columns.average_volumes(ends, 3), [np.nan, np.nan, 20.0, np.nan, 45.0])
    _fill(columns, [(1.0, 1.0, 1.0, 1.0, 90.0)], first=4)
    assert columns.average_volumes(np.array([5]), 3).tolist() == [60.0]
