"""Stores changed watchlists a moment after the change, several changes at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from marketwatch.domain.watchlist import WatchlistRecord
from marketwatch.errors import NewerDocument, StorageError
from marketwatch.services.watchlists import WatchlistService

_log = logging.getLogger(__name__)
SAVE_DELAY_S = 0.5
RETRY_DELAY_S = 10.0


class WatchlistStore(Protocol):
    """Where lists survive a restart."""

    async def save_watchlist(self, record: WatchlistRecord) -> None:
        """Store one list, replacing what was stored under its id. Raises StorageError."""
        ...

    async def remove_watchlist(self, list_id: str) -> None:
        """Forget a list. Raises StorageError."""
        ...


class WatchlistSaver:
    """Debounces storing. `start_task` runs a named coroutine under the owner of all tasks."""

    def __init__(
        self,
        service: WatchlistService,
        store: WatchlistStore,
        start_task: Callable[[str, Coroutine[Any, Any, None]], object],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.on_failed: Callable[[StorageError], None] | None = None
        self._service = service
        self._store = store
        self._start_task = start_task
        self._sleep = sleep
        self._is_waiting = False
        service.on_unsaved = self._schedule

    def _schedule(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._start_task("save watchlists", self._save_soon(SAVE_DELAY_S))

    async def _save_soon(self, delay_s: float) -> None:
        try:
            await self._sleep(delay_s)
        finally:
            self._is_waiting = False
        try:
            await self.flush()
        except StorageError as error:
            _log.warning("watchlists not stored: %s", error)
            if self.on_failed is not None:
                self.on_failed(error)
            # A read-only store stays one until the program is started anew.
            if not self._is_waiting and not isinstance(error, NewerDocument):
                self._is_waiting = True
                self._start_task("save watchlists again", self._save_soon(RETRY_DELAY_S))

    async def flush(self) -> None:
        """Store everything now; what could not be stored is kept for the next attempt. Raises StorageError."""
        records, deleted = self._service.take_unsaved()
        saved: set[str] = set()
        try:
            for list_id in deleted:
                await self._store.remove_watchlist(list_id)
                saved.add(list_id)
            for record in records:
                await self._store.save_watchlist(record)
                saved.add(record.id)
        except BaseException:
            self._service.put_back_unsaved(
                [record.id for record in records if record.id not in saved],
                [list_id for list_id in deleted if list_id not in saved],
            )
            raise
