"""The owner of every asyncio task: names, strong references, failures reported, an end with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

FailureHandler = Callable[[str, BaseException], None]
"""Takes where it happened, in words, and the exception; `Failures.report` is one."""


class TaskOwner:
    """Creates tasks and is the only one who does; lives in one loop's thread."""

    def __init__(self, on_failure: FailureHandler) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    def start(self, name: str, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `coroutine` as the task `name`; its exception goes to the failure handler.

        Raises RuntimeError after `stop`.
        """
        if self._is_stopping:
            coroutine.close()
            raise RuntimeError(f"task {name!r} refused: the program is stopping")
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def names(self) -> list[str]:
        """Return the names of the tasks that still run."""
        return sorted(task.get_name() for task in self._tasks if not task.done())

    async def stop(self, timeout_s: float) -> list[str]:
        """Accept no more tasks, cancel all, wait at most `timeout_s`; return the names of those still alive."""
        self._is_stopping = True
        current = asyncio.current_task()
        return await stop_tasks([task for task in self._tasks if task is not current], timeout_s)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_failure(f"task {task.get_name()}", error)


async def stop_tasks(tasks: list[asyncio.Task[Any]], timeout_s: float) -> list[str]:
    """Cancel `tasks`, wait at most `timeout_s`, and return the names of those still alive."""
    for task in tasks:
        task.cancel()
    if not tasks:
        return []
    _, pending = await asyncio.wait(tasks, timeout=timeout_s)
    return sorted(task.get_name() for task in pending)
