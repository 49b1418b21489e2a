"""Time that passes when a test says so: a clock and a scheduler in one."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

NS = 1_000_000_000


class FakeHandle:
    """A call that may still be cancelled."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeTime:
    """Satisfies runtime.clock.Clock and runtime.scheduler.Scheduler."""

    def __init__(self, wall_ns: int = 1_700_000_000 * NS) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = 1_000 * NS
        self._order = itertools.count()
        self._due: list[tuple[int, int, FakeHandle]] = []

    def now_ns(self) -> int:
        return self._wall_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> FakeHandle:
        handle = FakeHandle(callback)
        heapq.heappush(self._due, (self._monotonic_ns + round(delay_s * NS), next(self._order), handle))
        return handle

    def waiting(self) -> int:
        """How many calls are still to come."""
        return sum(1 for _, _, handle in self._due if handle.callback is not None)

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock without time passing, as a user, NTP or a sleep does."""
        self._wall_ns += round(seconds * NS)

    async def advance(self, seconds: float) -> None:
        """Let time pass: calls that fall due happen in order, and the loop settles after each."""
        await settle()
        end_ns = self._monotonic_ns + round(seconds * NS)
        while self._due and self._due[0][0] <= end_ns:
            due_ns, _, handle = heapq.heappop(self._due)
            if handle.callback is None:
                continue
            self._go_to(max(due_ns, self._monotonic_ns))
            handle.callback()
            await settle()
        self._go_to(end_ns)
        await settle()

    def _go_to(self, monotonic_ns: int) -> None:
        self._wall_ns += monotonic_ns - self._monotonic_ns
        self._monotonic_ns = monotonic_ns


async def settle() -> None:
    """Let everything happen that needs no waiting."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool], limit_s: float = 10.0) -> None:
    """Wait for what real sockets and threads bring about; fails the test after `limit_s`."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - sockets and threads do not tell a test when they are done
            await asyncio.sleep(0.002)
