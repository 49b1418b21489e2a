from __future__ import annotations

import asyncio
import time

from fake_time import until

from marketwatch.runtime.stall_watchdog import Stall, StallWatchdog


def stand_still() -> None:
    time.sleep(0.15)  # the one thing that cannot be faked: the loop really stands still


async def test_a_stall_is_recorded_with_what_the_loop_was_doing() -> None:
    told: list[Stall] = []
    watchdog = StallWatchdog(on_stall=told.append)
    watchdog.start()
    await asyncio.sleep(0.03)
    stand_still()
    # On a busy machine other stalls may be recorded as well.
    await until(lambda: any("stand_still" in line for stall in watchdog.stalls for line in stall.stack))
    watchdog.stop()

    assert told == list(watchdog.stalls)
    assert watchdog.count == len(told)
    assert watchdog.longest_s > 0.05
    assert not any("/" in line for stall in told for line in stall.stack)


async def test_stopping_twice_and_starting_again() -> None:
    watchdog = StallWatchdog(limit_s=5.0)
    for _ in range(2):
        watchdog.start()
        watchdog.start()
        await asyncio.sleep(0)
        watchdog.stop()
        watchdog.stop()
    assert watchdog.count == 0


async def test_the_beat_slows_down_when_nothing_happens_and_quickens_when_poked() -> None:
    watchdog = StallWatchdog(limit_s=5.0, beat_s=0.01, idle_beat_s=60.0, active_s=0.02)
    watchdog.start()
    await until(lambda: watchdog._due_ns - time.monotonic_ns() > 10_000_000_000)
    watchdog.poke()
    assert watchdog._due_ns - time.monotonic_ns() < 1_000_000_000
    watchdog.stop()
