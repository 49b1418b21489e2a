"""One user's function, plain or async, guarded: it gets every event in order, and what it raises ends nothing."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from marketwatch.runtime.tasks import FailureHandler

CallbackFunction = Callable[[dict[str, Any]], Any]
"""Takes an event's payload; what it returns is awaited when that can be awaited."""

StartTask = Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]]


class Tally:
    """What a client counts over all its lives."""

    def __init__(self) -> None:
        self.dropped = 0
        self.callback_failures = 0


class Callback:
    """Calls `function` at once; async ones run one after another in a task that lives while there is work."""

    def __init__(
        self,
        name: str,
        function: CallbackFunction,
        *,
        size: int,
        start: StartTask,
        on_failure: FailureHandler,
        tally: Tally,
    ) -> None:
        self._name = name
        self._function = function
        self._size = size
        self._start = start
        self._on_failure = on_failure
        self._tally = tally
        self._pending: deque[Any] = deque()
        self._task: asyncio.Task[None] | None = None

    def call(self, data: dict[str, Any]) -> None:
        """Hand an event over; never raises for what the function does."""
        try:
            outcome = self._function(data)
        except Exception as error:  # noqa: BLE001 - boundary: a user's function must not end the feed
            self._failed(error)
            return
        if inspect.isawaitable(outcome):
            self._queue(outcome)

    def clear(self) -> None:
        """Forget what waits; what runs at this moment may finish."""
        while self._pending:
            _discard(self._pending.popleft())

    def _queue(self, outcome: Any) -> None:
        if len(self._pending) >= self._size:
            _discard(self._pending.popleft())
            self._tally.dropped += 1
        self._pending.append(outcome)
        if self._task is None or self._task.done():
            self._task = self._start(self._name, self._drain())

    async def _drain(self) -> None:
        while self._pending:
            try:
                await self._pending.popleft()
            except Exception as error:  # noqa: BLE001 - boundary: a user's function must not end the feed
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._tally.callback_failures += 1
        self._on_failure(self._name, error)


def _discard(outcome: Any) -> None:
    """Let go of something that will not be awaited, without a complaint of the interpreter."""
    if inspect.iscoroutine(outcome):
        outcome.close()
    elif isinstance(outcome, asyncio.Future):
        outcome.cancel()
