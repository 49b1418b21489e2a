from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from marketwatch.qt.charts.price_ticks import place_labels, price_ticks


def test_ticks_are_round_and_about_as_many_as_wanted() -> None:
    assert price_ticks(1359.0, 1387.0, 6, 0.05) == [1360.0, 1365.0, 1370.0, 1375.0, 1380.0, 1385.0]


def test_no_tick_lies_between_two_prices_that_can_be_traded() -> None:
    ticks = price_ticks(100.0, 100.09, 10, 0.05)
    assert [round(tick, 6) for tick in ticks] == [100.0, 100.05]
    for tick in price_ticks(18_000.0, 18_003.0, 8, 0.25):
        assert math.isclose(tick / 0.25, round(tick / 0.25))


@given(low=st.floats(0.001, 1e6), span=st.floats(1e-3, 1e5), wanted=st.integers(1, 20))
def test_ticks_lie_inside_and_are_evenly_spaced(low: float, span: float, wanted: int) -> None:
    ticks = price_ticks(low, low + span, wanted, 1e-4)
    assert len(ticks) <= wanted + 1
    steps = [b - a for a, b in itertools.pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-3) for step in steps)
    assert all(low - span * 1e-3 <= tick <= low + span * 1.001 for tick in ticks)


def test_nothing_to_mark_without_a_range() -> None:
    assert price_ticks(5.0, 5.0, 4, 0.01) == []
    assert price_ticks(math.nan, 5.0, 4, 0.01) == []


@given(centres=st.lists(st.floats(0, 400), max_size=6), last=st.floats(0, 400))
def test_labels_never_cover_each_other(centres: list[float], last: float) -> None:
    taken = (last - 9, last + 24)
    placed = place_labels(centres, 18.0, [taken])
    spans = [taken, *((middle - 9, middle + 9) for middle in placed)]
    for index, (top, bottom) in enumerate(spans):
        for other_top, other_bottom in spans[index + 1 :]:
            assert bottom <= other_top + 1e-6 or top >= other_bottom - 1e-6


def test_a_label_moves_by_whole_heights_and_only_when_it_must() -> None:
    assert place_labels([100.0, 200.0], 18.0, []) == [100.0, 200.0]
    assert place_labels([100.0], 18.0, [(95.0, 105.0)]) == [82.0]
