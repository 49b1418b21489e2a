from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.qt.charts.viewport import DEFAULT_PITCH, PriceScale, Viewport


def _viewport(count: int = 1000, width: float = 600.0) -> Viewport:
    viewport = Viewport()
    viewport.set_width(width)
    viewport.set_count(count)
    viewport.to_latest()
    return viewport


def test_it_begins_at_the_end_with_room_to_the_right() -> None:
    viewport = _viewport()
    assert viewport.is_at_end
    assert viewport.pitch == DEFAULT_PITCH
    assert viewport.x_of(1000) == pytest.approx(600 - 26)
    assert viewport.visible_rows()[1] == 1000


@given(x=st.floats(1, 599), factor=st.floats(0.5, 2.0), pan=st.floats(0, 3000))
def test_zooming_keeps_the_bar_under_the_cursor(x: float, factor: float, pan: float) -> None:
    viewport = _viewport(100_000)
    viewport.pan(pan)
    before = viewport.position_at(x)
    viewport.zoom_time(factor, x)
    if viewport.right < viewport.count:  # at the very end the room to the right is limited
        assert viewport.position_at(x) == pytest.approx(before, abs=1e-6)


def test_zooming_stops_when_all_bars_are_in_view_and_when_two_are() -> None:
    viewport = _viewport()
    for _ in range(200):
        viewport.zoom_time(0.8, 300)
    assert viewport.visible_rows() == (0, 1000)
    for _ in range(200):
        viewport.zoom_time(1.3, 300)
    assert viewport.width / viewport.pitch >= 2


def test_new_bars_move_the_view_only_when_the_end_is_in_view() -> None:
    viewport = _viewport()
    right = viewport.right
    viewport.set_count(1003)
    assert viewport.right == right + 3
    viewport.pan(500)
    assert not viewport.is_at_end
    right = viewport.right
    viewport.set_count(1010)
    assert viewport.right == right
    viewport.to_latest()
    assert viewport.is_at_end


def test_dropping_the_oldest_rows_keeps_the_picture_still() -> None:
    viewport = _viewport()
    viewport.pan(700)
    x = viewport.x_of(900)
    viewport.drop_oldest(100)
    assert viewport.count == 900
    assert viewport.x_of(800) == x


@given(
    moves=st.lists(st.tuples(st.sampled_from(["pan", "zoom", "page", "count"]), st.floats(-2000, 2000)), max_size=20)
)
def test_some_bar_is_always_in_view(moves: list[tuple[str, float]]) -> None:
    viewport = _viewport(50)
    for what, amount in moves:
        if what == "pan":
            viewport.pan(amount)
        elif what == "zoom":
            viewport.zoom_time(2.0 if amount > 0 else 0.5, abs(amount) % 600)
        elif what == "page":
            viewport.page(1 if amount > 0 else -1)
        else:
            viewport.set_count(viewport.count + int(abs(amount)) % 5)
        first, last = viewport.visible_rows()
        assert first < last


def test_few_bars_stand_at_the_right_edge() -> None:
    viewport = _viewport(3)
    assert viewport.visible_rows() == (0, 3)
    assert viewport.x_of(3) == pytest.approx(574)
    assert viewport.row_at(10) == 0
    assert viewport.row_at(599) == 2
    assert _viewport(0).row_at(10) is None


def test_a_price_range_by_hand_stays_until_released() -> None:
    viewport = _viewport()
    viewport.set_manual(PriceScale(90, 110).stretched(2))
    assert (viewport.manual.low, viewport.manual.high) == (80, 120) if viewport.manual else False
    viewport.pan(300)
    viewport.set_count(1001)
    assert viewport.manual == PriceScale(80, 120)
    viewport.set_manual(PriceScale(100, 100))
    assert viewport.manual == PriceScale(80, 120)
    viewport.auto_price()
    assert viewport.manual is None


def test_reveal_moves_as_little_as_needed() -> None:
    viewport = _viewport()
    right = viewport.right
    viewport.reveal(950)
    assert viewport.right == right
    viewport.reveal(10)
    assert viewport.visible_rows()[0] == 10
    viewport.reveal(999)
    assert viewport.x_of(1000) == pytest.approx(600)


def test_a_remembered_place_is_found_again() -> None:
    viewport = _viewport()
    viewport.zoom_time(0.5, 600)
    viewport.pan(900)
    state, span = viewport.state, viewport.visible_rows()
    viewport.reset()
    assert viewport.pitch == DEFAULT_PITCH
    viewport.restore(state)
    assert viewport.visible_rows() == span
