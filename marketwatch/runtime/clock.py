"""Time as an argument: who needs to know the time is handed one of these."""

from __future__ import annotations

import time
from typing import Protocol

from marketwatch.domain.ids import Venue


class Clock(Protocol):
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Wall clock, ns UTC. May jump."""
        ...

    def monotonic_ns(self) -> int:
        """For durations; never jumps, stands still or runs on during sleep as the system does."""
        ...


class MarketClock(Protocol):
    """What time it is in the market a feed shows: now for a live feed, the session's own for a replay."""

    def now_ns(self, venue: Venue) -> int:
        """Market time at `venue`, ns UTC. A simulated market may keep its own time per venue."""
        ...


class SystemClock:
    """The real clocks."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class LiveMarketClock:
    """Market time of a live feed: the wall clock, everywhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_ns(self, venue: Venue) -> int:
        return self._clock.now_ns()
