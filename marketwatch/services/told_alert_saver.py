"""Stores of which fired alerts the user was told, a moment after it: rather told twice than not at all."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

import msgspec

from marketwatch.errors import StorageError
from marketwatch.services.told_alerts import AlertKey, Told, ToldAlerts

_log = logging.getLogger(__name__)
SAVE_DELAY_S = 0.5
PAUSE_S = 5.0
"""So long between two writes: a server may move its thresholds with every price."""


class ToldAlertStore(Protocol):
    """Where they survive a restart: by a text each, the time and whether the threshold moves."""

    async def load(self) -> dict[str, tuple[int, bool]]:
        """Return all, the oldest first. Raises StorageError."""
        ...

    async def save(self, changes: Mapping[str, tuple[int, bool] | None]) -> None:
        """Store these; None is to be forgotten. Raises StorageError."""
        ...


class ToldAlertSaver:
    """`start_task` runs a named coroutine under the owner of all tasks.

    A run that tries a server out keeps apart what it told, by `address`: that is no server of the configured feeds.
    """

    def __init__(
        self,
        told: ToldAlerts,
        store: ToldAlertStore,
        start_task: Callable[[str, Coroutine[Any, Any, None]], object],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        address: str = "",
    ) -> None:
        self._mark = hashlib.sha256(address.encode()).hexdigest()[:16] if address else ""
        self._told = told
        self._store = store
        self._start_task = start_task
        self._sleep = sleep
        self._is_waiting = False
        self._is_started = False

    async def load(self) -> None:
        """Take over what earlier runs told; what cannot be read is told once more. Raises StorageError."""
        known: dict[AlertKey, Told] = {}
        for text, (told_ns, moves) in (await self._store.load()).items():
            mark, brace, key = text.partition("{")
            if mark != self._mark:
                continue
            try:
                known[msgspec.json.decode(brace + key, type=AlertKey)] = Told(told_ns, moves)
            except msgspec.MsgspecError as error:
                _log.warning("an alert that was told cannot be read: %s", error)
        self._told.restore(known)

    def start(self) -> None:
        """Begin to store what changes, and what has changed: it is on screen now."""
        self._is_started = True
        self._told.on_changed = self._schedule
        self._schedule()

    async def stop(self) -> None:
        """Store what is left; what comes from now on is on no screen. Raises StorageError."""
        self._told.on_changed = None
        await self.flush()
        self._is_started = False

    def _schedule(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._start_task("save the alerts told", self._save_soon())

    async def _save_soon(self) -> None:
        try:
            await self._sleep(SAVE_DELAY_S)
            while await self.flush():
                await self._sleep(PAUSE_S)
        except StorageError as error:  # they hold for this run, and are told once more in the next
            _log.warning("the alerts told were not stored: %s", error)
        finally:
            self._is_waiting = False

    async def flush(self) -> bool:
        """Store what changed; False when nothing had. Raises StorageError."""
        changes = self._told.take_changes() if self._is_started else {}
        if changes:
            await self._store.save({self._mark + _text(key): _row(told) for key, told in changes.items()})
        return bool(changes)


def _text(key: AlertKey) -> str:
    return msgspec.json.encode(key).decode()


def _row(told: Told | None) -> tuple[int, bool] | None:
    return None if told is None else (told.told_ns, told.moves)
