from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fake_time import settle

from marketwatch.client.callbacks import Callback, CallbackFunction, Tally
from marketwatch.runtime.tasks import TaskOwner


class Bench:
    def __init__(self) -> None:
        self.failures: list[tuple[str, BaseException]] = []
        self.tasks = TaskOwner(self.failed)
        self.tally = Tally()

    def failed(self, where: str, error: BaseException) -> None:
        self.failures.append((where, error))

    def callback(self, function: CallbackFunction, size: int = 10) -> Callback:
        return Callback(
            "callback of x", function, size=size, start=self.tasks.start, on_failure=self.failed, tally=self.tally
        )


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    assert await made.tasks.stop(1.0) == []


async def test_a_plain_function_is_called_at_once(bench: Bench) -> None:
    heard: list[dict[str, Any]] = []
    bench.callback(heard.append).call({"price": 1.0})
    assert heard == [{"price": 1.0}]
    assert bench.tasks.names() == []


@pytest.mark.parametrize("shape", ["function", "partial", "lambda", "object"])
async def test_async_functions_of_every_shape_run_in_order_one_at_a_time(bench: Bench, shape: str) -> None:
    heard: list[str] = []

    async def slow(data: dict[str, Any]) -> None:
        heard.append(f"begins {data['n']}")
        await asyncio.sleep(0)
        heard.append(f"ends {data['n']}")

    class Listener:
        async def __call__(self, data: dict[str, Any]) -> None:
            await slow(data)

    shapes: dict[str, CallbackFunction] = {
        "function": slow,
        "partial": functools.partial(slow),
        "lambda": lambda data: slow(data),
        "object": Listener(),
    }
    callback = bench.callback(shapes[shape])
    callback.call({"n": 1})
    callback.call({"n": 2})
    await settle()
    assert heard == ["begins 1", "ends 1", "begins 2", "ends 2"]
    assert bench.tasks.names() == []  # the task lives only while there is work


async def test_failures_are_counted_and_reported_and_the_next_event_comes(bench: Bench) -> None:
    heard: list[int] = []

    async def fails_async(data: dict[str, Any]) -> None:
        if data["n"] == 1:
            raise ValueError("async")
        heard.append(data["n"])

    def fails(data: dict[str, Any]) -> None:
        if data["n"] == 1:
            raise KeyError("plain")
        heard.append(-data["n"])

    for callback in (bench.callback(fails_async), bench.callback(fails)):
        callback.call({"n": 1})
        callback.call({"n": 2})
    await settle()
    assert heard == [-2, 2]
    assert [(where, type(error)) for where, error in bench.failures] == [
        ("callback of x", KeyError),
        ("callback of x", ValueError),
    ]
    assert bench.tally.callback_failures == 2


async def test_a_slow_async_callback_loses_the_oldest_and_that_is_counted(bench: Bench) -> None:
    heard: list[int] = []
    gate = asyncio.Event()

    async def slow(data: dict[str, Any]) -> None:
        await gate.wait()
        heard.append(data["n"])

    callback = bench.callback(slow, size=2)
    callback.call({"n": 0})
    await settle()
    for number in range(1, 6):
        callback.call({"n": number})
    gate.set()
    await settle()
    assert heard == [0, 4, 5]
    assert bench.tally.dropped == 3


async def test_cleared_work_is_not_done_and_work_after_it_is(bench: Bench) -> None:
    heard: list[int] = []

    async def note(data: dict[str, Any]) -> None:
        heard.append(data["n"])

    callback = bench.callback(note)
    callback.call({"n": 1})
    callback.clear()
    await settle()
    assert heard == []
    callback.call({"n": 2})
    await settle()
    assert heard == [2]


async def test_futures_are_awaited_and_let_go_too(bench: Bench) -> None:
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    callback = bench.callback(lambda data: futures[data["n"]], size=1)
    callback.call({"n": 0})
    await settle()
    callback.call({"n": 1})
    callback.call({"n": 2})
    assert [future.cancelled() for future in futures] == [False, True, False]
    futures[0].set_result(None)
    futures[2].set_exception(RuntimeError("later"))
    await settle()
    assert [str(error) for _, error in bench.failures] == ["later"]


async def test_a_callback_whose_own_work_was_cancelled_gets_the_next_event(bench: Bench) -> None:
    heard: list[int] = []

    async def cancelled_once(data: dict[str, Any]) -> None:
        if data["n"] == 1:
            raise asyncio.CancelledError
        heard.append(data["n"])

    callback = bench.callback(cancelled_once)
    callback.call({"n": 1})
    await settle()
    callback.call({"n": 2})
    await settle()
    assert heard == [2]
