from __future__ import annotations

import asyncio

import pytest

from marketwatch.runtime.tasks import TaskOwner


class Failures:
    def __init__(self) -> None:
        self.seen: list[tuple[str, BaseException]] = []

    def __call__(self, where: str, error: BaseException) -> None:
        self.seen.append((where, error))


async def test_a_task_has_a_name_and_is_kept_until_done() -> None:
    owner = TaskOwner(Failures())
    gate = asyncio.Event()

    async def work() -> int:
        await gate.wait()
        return 7

    task = owner.start("count", work())
    await asyncio.sleep(0)
    assert owner.names() == ["count"]
    gate.set()
    assert await task == 7
    await asyncio.sleep(0)
    assert owner.names() == []


async def test_p21_a_failing_task_reaches_the_handler_once() -> None:
    failures = Failures()
    owner = TaskOwner(failures)

    async def fail() -> None:
        raise ValueError("broken")

    owner.start("doomed", fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [(where, str(error)) for where, error in failures.seen] == [("task doomed", "broken")]


async def test_stop_cancels_waits_and_lists_survivors() -> None:
    failures = Failures()
    owner = TaskOwner(failures)
    released = asyncio.Event()
    is_cleaned = False

    async def tidy() -> None:
        nonlocal is_cleaned
        try:
            await asyncio.Event().wait()
        finally:
            is_cleaned = True

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    owner.start("tidy", tidy())
    survivor = owner.start("stubborn", stubborn())
    await asyncio.sleep(0)

    assert await owner.stop(0.02) == ["stubborn"]
    assert is_cleaned
    assert failures.seen == []
    released.set()
    await survivor


async def test_nothing_starts_after_stop() -> None:
    owner = TaskOwner(Failures())
    assert await owner.stop(0.01) == []
    with pytest.raises(RuntimeError, match="late"):
        owner.start("late", asyncio.sleep(1))


async def test_stop_from_inside_a_task_does_not_cancel_the_caller() -> None:
    owner = TaskOwner(Failures())

    async def shut_down() -> list[str]:
        return await owner.stop(0.01)

    assert await owner.start("shut down", shut_down()) == []
