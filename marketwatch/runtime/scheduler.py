"""Waiting as an argument: whoever waits is handed a scheduler, so that tests need not wait for real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Cancellable(Protocol):
    """A call that has not happened yet."""

    def cancel(self) -> None:
        """Forget the call; harmless afterwards."""
        ...


class Scheduler(Protocol):
    """Calls back later, in the thread of the loop."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` once after `delay_s` seconds."""
        ...


class LoopScheduler:
    """The running event loop, whichever it is."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Cancellable:
        return asyncio.get_running_loop().call_later(delay_s, callback)


async def wait_until(event: asyncio.Event, delay_s: float | None, scheduler: Scheduler) -> None:
    """Wait for `event`, at most `delay_s` seconds (None: for ever). The event may be set by the deadline itself."""
    if delay_s is None:
        await event.wait()
        return
    handle = scheduler.call_later(max(0.0, delay_s), event.set)
    try:
        await event.wait()
    finally:
        handle.cancel()
