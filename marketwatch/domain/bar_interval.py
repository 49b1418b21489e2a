"""Lengths of bars, and the grid their starts lie on."""

from __future__ import annotations

import enum

NS_PER_SECOND = 1_000_000_000


class BarInterval(enum.Enum):
    """Length of a bar; the value is what the user types and reads."""

    S1 = "1s"
    S5 = "5s"
    S15 = "15s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"

    seconds: int

    def __init__(self, label: str) -> None:
        self.seconds = int(label[:-1]) * {"s": 1, "m": 60, "h": 3600}[label[-1]]

    @property
    def label(self) -> str:
        """Short name on screen, such as `5m`."""
        return str(self.value)

    @property
    def ns(self) -> int:
        """Length in nanoseconds."""
        return self.seconds * NS_PER_SECOND

    @property
    def base(self) -> BarInterval:
        """The interval kept for every instrument from which this one is put together."""
        return BarInterval.S1 if self.seconds < 60 else BarInterval.M1


def bar_start(event_ns: int, interval_ns: int, offset_ns: int = 0) -> int:
    """Return the start of the bar that holds `event_ns`, ns UTC.

    `offset_ns` moves the grid: 45 minutes puts the hourly bars of a venue that opens 09:15 IST at 09:15, 10:15 ...
    """
    return event_ns - (event_ns - offset_ns) % interval_ns
