"""P21: no exception is silent."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator

import pytest
from fake_time import FakeTime, until

from marketwatch.errors import StorageError
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.failures import Failure, Failures
from marketwatch.runtime.tasks import TaskOwner


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def failures(time: FakeTime) -> Iterator[Failures]:
    made = Failures(time, redact=lambda text: text.replace("hunter2", "***"))
    yield made
    made.uninstall()


def heard(failures: Failures) -> list[Failure]:
    told: list[Failure] = []
    failures.add_listener(told.append)
    return told


def _raise(text: str) -> None:
    raise ValueError(text)


def fail(text: str = "broken") -> ValueError:
    try:
        _raise(text)
    except ValueError as error:
        return error
    raise AssertionError


async def test_the_same_error_is_told_once_a_minute(failures: Failures, time: FakeTime) -> None:
    told = heard(failures)
    for _ in range(5):
        failures.report("a slot", fail())
    assert [failure.text for failure in told] == ["ValueError: broken"]
    assert "_raise" in told[0].place

    await time.advance(60.0)
    failures.report("a slot", fail())
    assert [failure.repeats for failure in told] == [0, 4]
    assert failures.total == 6
    assert failures.counts == {"a slot": 6}


def test_different_errors_are_told_apart(failures: Failures) -> None:
    told = heard(failures)
    failures.report("a slot", fail())
    failures.report("another slot", fail())
    failures.report("a slot", KeyError("x"))
    assert len(told) == 3


def test_texts_are_redacted_and_our_own_errors_keep_their_words(failures: Failures) -> None:
    told = heard(failures)
    failures.report("a slot", fail("password hunter2"))
    failures.report("saving", StorageError("The list", "the disk is full", "Make room"))
    assert [failure.text for failure in told] == ["ValueError: password ***", "The list. the disk is full. Make room"]


def test_a_failing_listener_does_not_stop_the_others(failures: Failures) -> None:
    def broken(failure: Failure) -> None:
        raise RuntimeError("a bug in the listener")

    remove = failures.add_listener(broken)
    told = heard(failures)
    failures.report("a slot", fail())
    remove()
    remove()
    assert len(told) == 1


def test_memory_is_bounded(failures: Failures) -> None:
    for number in range(1000):
        failures.report(f"place {number % 300}", fail())
    assert len(failures._told) == 256


def test_the_main_thread_reaches_the_door(failures: Failures) -> None:
    told = heard(failures)
    failures.install()
    error = fail()
    sys.excepthook(ValueError, error, error.__traceback__)
    assert told[0].where == "main thread"


def test_an_interrupt_is_not_a_failure(failures: Failures, capsys: pytest.CaptureFixture[str]) -> None:
    failures.install()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert failures.total == 0
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_a_thread_reaches_the_door(failures: Failures) -> None:
    told = heard(failures)
    failures.install()

    def work() -> None:
        raise OSError("gone")

    thread = threading.Thread(target=work, name="writer")
    thread.start()
    thread.join()
    assert [(failure.where, failure.error) for failure in told] == [("thread writer", "OSError")]


def test_a_finaliser_reaches_the_door(failures: Failures) -> None:
    class Careless:
        def __del__(self) -> None:
            raise LookupError("in a finaliser")

    told = heard(failures)
    failures.install()
    Careless()
    gc.collect()
    assert [failure.error for failure in told] == ["LookupError"]


async def test_the_loop_reaches_the_door(failures: Failures) -> None:
    def callback() -> None:
        raise ArithmeticError("in a callback")

    told = heard(failures)
    loop = asyncio.get_running_loop()
    failures.install_loop(loop)
    loop.call_soon(callback)
    await asyncio.sleep(0)
    failures.uninstall()
    assert [failure.error for failure in told] == ["ArithmeticError"]


async def test_tasks_and_executors_reach_the_door_in_the_loops_thread(failures: Failures) -> None:
    threads: list[int] = []
    failures.add_listener(lambda failure: threads.append(threading.get_ident()))
    told = heard(failures)
    failures.install_loop(asyncio.get_running_loop())
    tasks, pool = TaskOwner(failures.report), WorkerPool("disk", failures.report, size=1)

    async def doomed() -> None:
        raise ValueError("in a task")

    tasks.start("doomed", doomed())
    pool.start("save", lambda: 1 / 0)
    await until(lambda: len(told) == 2)
    failures.uninstall()

    assert {failure.where for failure in told} == {"task doomed", "disk: save"}
    assert set(threads) == {threading.get_ident()}
    assert await pool.stop(1.0) == []


def test_uninstall_gives_the_hooks_back(failures: Failures) -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    failures.install()
    failures.install()
    assert sys.excepthook != before[0]
    failures.uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
