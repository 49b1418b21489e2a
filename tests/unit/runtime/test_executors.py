from __future__ import annotations

import asyncio
import threading

import pytest
from fake_time import until

from marketwatch.runtime.executors import WorkerPool


def ignore(where: str, error: BaseException) -> None:
    raise AssertionError(f"unexpected failure in {where}") from error


async def test_work_runs_in_a_named_thread_and_gives_its_answer() -> None:
    pool = WorkerPool("disk", ignore)
    name = await pool.run("who", lambda: threading.current_thread().name)
    assert name == "disk 1"
    assert await pool.stop(1.0) == []


async def test_what_work_raises_reaches_the_one_who_waits() -> None:
    pool = WorkerPool("disk", ignore)
    with pytest.raises(ZeroDivisionError):
        await pool.run("divide", lambda: 1 / 0)
    assert await pool.stop(1.0) == []


async def test_there_are_never_more_threads_than_asked_for() -> None:
    pool = WorkerPool("disk", ignore, size=2)
    names = await asyncio.gather(*(pool.run("who", lambda: threading.current_thread().name) for _ in range(50)))
    assert set(names) <= {"disk 1", "disk 2"}
    assert await pool.stop(1.0) == []


async def test_work_that_takes_too_long_is_given_up() -> None:
    pool = WorkerPool("dns", ignore)
    gate = threading.Event()
    with pytest.raises(TimeoutError):
        await pool.run("hang", gate.wait, timeout_s=0.01)
    assert pool.survivors() == ["hang"]
    gate.set()
    assert await pool.stop(1.0) == []


async def test_stop_lets_running_work_finish_and_drops_what_waits() -> None:
    pool = WorkerPool("disk", ignore, size=1)
    gate = threading.Event()
    done: list[str] = []

    def work() -> None:
        gate.wait()
        done.append("running")

    pool.start("running", work)
    await until(lambda: pool.survivors() == ["running"])
    pool.start("waiting", lambda: done.append("waiting"))
    stopping = asyncio.ensure_future(pool.stop(5.0))
    await asyncio.sleep(0)
    gate.set()
    assert await stopping == []
    assert done == ["running"]


async def test_p20_stop_does_not_wait_for_hung_work() -> None:
    pool = WorkerPool("dns", ignore, size=1)
    gate = threading.Event()
    pool.start("hang", gate.wait)
    await until(lambda: pool.survivors() == ["hang"])
    assert await pool.stop(0.01) == ["hang"]
    with pytest.raises(RuntimeError, match="stopping"):
        pool.start("more", gate.wait)
    gate.set()
    await until(lambda: pool.survivors() == [])


async def test_a_pool_that_was_never_used_stops() -> None:
    assert await WorkerPool("idle", ignore).stop(1.0) == []
