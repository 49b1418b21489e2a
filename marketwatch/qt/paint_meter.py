"""Measures paint times and tick-to-paint latency in bounded memory, for diagnostics."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable

_CAPACITY = 2048
_NS_PER_MS = 1_000_000


class Reservoir:
    """The newest durations in ns; the oldest make room."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._values = array("q")
        self._capacity = capacity
        self._next = 0
        self.total_count = 0

    def add(self, value_ns: int) -> None:
        """Keep one duration."""
        self.total_count += 1
        if len(self._values) < self._capacity:
            self._values.append(value_ns)
            return
        self._values[self._next] = value_ns
        self._next = (self._next + 1) % self._capacity

    def percentile_ms(self, percent: float) -> float | None:
        """Return a percentile of the kept durations in ms, None when there are none."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] / _NS_PER_MS

    def clear(self) -> None:
        """Forget everything."""
        self._values = array("q")
        self._next = 0
        self.total_count = 0

    def summary(self) -> dict[str, float | int | None]:
        """Return count, median, 99th percentile and largest in ms for a report."""
        return {
            "count": self.total_count,
            "p50_ms": self.percentile_ms(50),
            "p99_ms": self.percentile_ms(99),
            "max_ms": self.percentile_ms(100),
        }


class PaintMeter:
    """Collects what painting costs and how old ticks are when they are seen."""

    def __init__(self, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.now_ns = monotonic_ns
        self.paints = Reservoir()
        self.latencies = Reservoir()

    def note_paint(self, started_ns: int, oldest_received_ns: int | None) -> None:
        """A paint that began at `started_ns` has ended; the oldest tick in it came at `oldest_received_ns`."""
        now = self.now_ns()
        self.paints.add(now - started_ns)
        if oldest_received_ns is not None:
            self.latencies.add(now - oldest_received_ns)

    def summary(self) -> dict[str, dict[str, float | int | None]]:
        """Return both reservoirs for a report."""
        return {"paint": self.paints.summary(), "tick_to_paint": self.latencies.summary()}
