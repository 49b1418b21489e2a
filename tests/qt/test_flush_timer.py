from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.flush_timer import BUDGET_NS, FlushTimer
from marketwatch.qt.paint_meter import PaintMeter, Reservoir

MS = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.ns = 5_000 * MS

    def __call__(self) -> int:
        return self.ns


class Screen:
    """A surface that notes what it is given."""

    def __init__(self, clock: Clock, costs_ns: int = 0) -> None:
        self.live = True
        self.frames: list[list[Any]] = []
        self._clock = clock
        self._costs_ns = costs_ns

    def is_live(self) -> bool:
        return self.live

    def apply(self, changed: Sequence[Snapshot]) -> None:
        self._clock.ns += self._costs_ns
        self.frames.append(list(changed))


class Scene:
    """A flush timer over a set of dirty names and a clock that stands still."""

    def __init__(self, rate_hz: int = 10) -> None:
        self.clock = Clock()
        self.dirty: list[str] = []
        self.drains = 0
        self.flush = FlushTimer(self._drain, rate_hz, self.clock)
        self.screen = Screen(self.clock)
        self.flush.add_surface(self.screen)

    def _drain(self) -> list[Snapshot]:
        self.drains += 1
        changed, self.dirty = self.dirty, []
        return cast("list[Snapshot]", changed)

    def change(self, name: str) -> None:
        self.dirty.append(name)
        if len(self.dirty) == 1:
            self.flush.wake()

    @property
    def due_in_ms(self) -> int:
        assert self.flush.is_running
        return self.flush._timer.interval()

    def elapse(self) -> None:
        """Let the timer run out."""
        self.clock.ns += self.due_in_ms * MS
        self.flush._timer.stop()
        self.flush._flush()


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.flush._timer.stop()


def test_the_first_change_is_shown_at_once_and_the_next_at_the_rate(scene: Scene) -> None:
    scene.change("A")
    assert scene.due_in_ms == 0
    scene.elapse()
    scene.change("B")
    scene.change("C")
    assert scene.due_in_ms == 100
    scene.elapse()
    assert scene.screen.frames == [["A"], ["B", "C"]]


def test_nothing_dirty_means_no_timer(scene: Scene) -> None:
    scene.change("A")
    scene.elapse()
    assert not scene.flush.is_running


def test_after_a_pause_it_is_at_once_again(scene: Scene) -> None:
    scene.change("A")
    scene.elapse()
    scene.clock.ns += 1_000 * MS
    scene.change("B")
    assert scene.due_in_ms == 0


def test_a_late_frame_does_not_push_the_following_ones(scene: Scene) -> None:
    scene.change("A")
    scene.elapse()
    scene.change("B")
    scene.clock.ns += 30 * MS
    scene.elapse()
    scene.change("C")
    assert scene.due_in_ms == 70


def test_hidden_surfaces_cost_nothing_not_even_a_drain(scene: Scene) -> None:
    scene.screen.live = False
    scene.change("A")
    assert not scene.flush.is_running
    assert scene.drains == 0
    scene.screen.live = True
    scene.flush.wake()
    scene.elapse()
    assert scene.screen.frames == [["A"]]


def test_only_live_surfaces_are_told(scene: Scene) -> None:
    other = Screen(scene.clock)
    other.live = False
    scene.flush.add_surface(other)
    scene.change("A")
    scene.elapse()
    assert (scene.screen.frames, other.frames) == ([["A"]], [])
    scene.flush.remove_surface(scene.screen)
    scene.change("B")
    assert not scene.flush.is_running


@pytest.mark.parametrize(("rate", "interval"), [(60, 16), (10, 100), (2, 500), (1, 500), (500, 16)])
def test_the_rate_stays_between_2_and_60(qtbot: QtBot, rate: int, interval: int) -> None:
    scene = Scene(rate)
    scene.change("A")
    scene.elapse()
    scene.change("B")
    assert scene.due_in_ms == interval
    scene.flush._timer.stop()


def test_a_frame_over_budget_is_counted(scene: Scene) -> None:
    scene.flush.add_surface(Screen(scene.clock, costs_ns=BUDGET_NS + 1))
    scene.change("A")
    scene.elapse()
    assert (scene.flush.flush_count, scene.flush.over_budget_count) == (1, 1)
    assert scene.flush.flush_times.percentile_ms(100) == pytest.approx(8.000001)


def test_the_real_timer_fires(qtbot: QtBot) -> None:
    frames: list[int] = []
    dirty = cast("list[Snapshot]", ["A"])
    flush = FlushTimer(lambda: dirty, 60)

    class Once:
        def is_live(self) -> bool:
            return True

        def apply(self, changed: Sequence[Snapshot]) -> None:
            frames.append(len(changed))

    flush.add_surface(Once())
    flush.wake()
    qtbot.waitUntil(lambda: frames == [1])


def test_reservoir_is_bounded_and_keeps_the_newest() -> None:
    reservoir = Reservoir(capacity=100)
    assert reservoir.percentile_ms(50) is None
    for number in range(1, 1_001):
        reservoir.add(number * MS)
    assert reservoir.total_count == 1_000
    assert reservoir.percentile_ms(0) == 901
    assert reservoir.percentile_ms(100) == 1_000
    reservoir.clear()
    assert reservoir.summary() == {"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}


def test_meter_takes_latency_from_the_oldest_tick() -> None:
    clock = Clock()
    meter = PaintMeter(clock)
    started = clock.ns
    clock.ns += 2 * MS
    meter.note_paint(started, started - 7 * MS)
    meter.note_paint(clock.ns, None)
    summary = meter.summary()
    assert summary["paint"]["max_ms"] == 2
    assert summary["tick_to_paint"] == {"count": 1, "p50_ms": 9.0, "p99_ms": 9.0, "max_ms": 9.0}
