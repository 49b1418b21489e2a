"""Notices that the machine slept or that somebody set the clock."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from marketwatch.runtime.clock import Clock
from marketwatch.runtime.scheduler import Cancellable, Scheduler

_NS = 1_000_000_000


class ClockJump(msgspec.Struct, frozen=True):
    """What was noticed: how far the wall clock stepped, and how much later than asked the check ran (seconds)."""

    wall_step_s: float
    late_s: float

    @property
    def away_s(self) -> float:
        """Best guess of the time the program did not run; 0 when only the clock was set back."""
        return max(self.wall_step_s, self.late_s, 0.0)


class ClockJumpDetector:
    """Compares wall and monotonic clock every few seconds.

    After a sleep the monotonic clock stood still on Linux, so the wall clock stepped; elsewhere it may have run on,
    so the check is late. Either means: what the sockets claim is not to be trusted.
    """

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        on_jump: Callable[[ClockJump], None],
        *,
        interval_s: float = 5.0,
        step_limit_s: float = 3.0,
        late_limit_s: float = 10.0,
    ) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._on_jump = on_jump
        self._interval_s = interval_s
        self._step_limit_s = step_limit_s
        self._late_limit_s = late_limit_s
        self._wall_ns = 0
        self._monotonic_ns = 0
        self._handle: Cancellable | None = None

    def start(self) -> None:
        """Begin to watch; call in the loop's thread."""
        if self._handle is None:
            self._note()
            self._handle = self._scheduler.call_later(self._interval_s, self._check)

    def stop(self) -> None:
        """Stop watching."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _note(self) -> None:
        self._wall_ns = self._clock.now_ns()
        self._monotonic_ns = self._clock.monotonic_ns()

    def _check(self) -> None:
        wall_s = (self._clock.now_ns() - self._wall_ns) / _NS
        passed_s = (self._clock.monotonic_ns() - self._monotonic_ns) / _NS
        self._note()
        self._handle = self._scheduler.call_later(self._interval_s, self._check)
        jump = ClockJump(wall_step_s=wall_s - passed_s, late_s=passed_s - self._interval_s)
        if abs(jump.wall_step_s) > self._step_limit_s or jump.late_s > self._late_limit_s:
            self._on_jump(jump)
