"""The one display timer: newest values to the screen, the first at once and then at the chosen rate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer

from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.paint_meter import Reservoir

MIN_RATE_HZ = 2
MAX_RATE_HZ = 60
DEFAULT_RATE_HZ = 10
BUDGET_NS = 8_000_000
_NS_PER_MS = 1_000_000


class Surface(Protocol):
    """Something that shows market data. Whoever becomes live again reads everything itself and calls `wake`."""

    def is_live(self) -> bool:
        """Tell whether anybody could see it now."""
        ...

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show these; each snapshot comes once, already at its newest."""
        ...


class FlushTimer(QObject):
    """Drains what changed and hands it to the live surfaces.

    `wake` costs nothing while a flush is due. The first change after a pause is shown in the next turn of the event
    loop, later ones at most `rate_hz` times a second. With nothing dirty, or nothing live, the timer stands still.
    """

    def __init__(
        self,
        drain: Callable[[], Sequence[Snapshot]],
        rate_hz: int = DEFAULT_RATE_HZ,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.flush_times = Reservoir()
        self.flush_count = 0
        self.over_budget_count = 0
        self._drain = drain
        self._now_ns = monotonic_ns
        self._surfaces: list[Surface] = []
        self._interval_ns = 0
        self._due_ns = 0
        self.set_rate(rate_hz)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._flush)

    @property
    def is_running(self) -> bool:
        """Tell whether a flush is due."""
        return self._timer.isActive()

    def set_rate(self, rate_hz: int) -> None:
        """Choose the display rate; kept between 2 and 60 a second."""
        # Whole milliseconds, as timers know no others: 60 Hz is every 16 ms.
        self._interval_ns = 1_000 // max(MIN_RATE_HZ, min(rate_hz, MAX_RATE_HZ)) * _NS_PER_MS

    def add_surface(self, surface: Surface) -> None:
        """Hand changes to `surface` from now on."""
        self._surfaces.append(surface)

    def remove_surface(self, surface: Surface) -> None:
        """Hand it nothing more."""
        self._surfaces.remove(surface)

    def wake(self) -> None:
        """Say that something is dirty, or that a surface became live."""
        if self._timer.isActive() or not any(surface.is_live() for surface in self._surfaces):
            return
        wait_ns = self._due_ns - self._now_ns()
        self._timer.start(max(0, math.ceil(wait_ns / _NS_PER_MS)) if wait_ns > 0 else 0)

    def _flush(self) -> None:
        live = [surface for surface in self._surfaces if surface.is_live()]
        if not live:
            return
        started = self._now_ns()
        # Counting on from the due time keeps the mean rate although each timer is a little late.
        late_ns = started - self._due_ns
        self._due_ns = (self._due_ns if late_ns < self._interval_ns else started) + self._interval_ns
        changed = self._drain()
        if not changed:
            return
        for surface in live:
            surface.apply(changed)
        spent = self._now_ns() - started
        self.flush_count += 1
        self.flush_times.add(spent)
        if spent > BUDGET_NS:
            self.over_budget_count += 1
