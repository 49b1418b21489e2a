from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.watchlist import WatchlistRecord
from marketwatch.errors import NewerDocument, StorageError
from marketwatch.services.watchlist_saver import RETRY_DELAY_S, SAVE_DELAY_S, WatchlistSaver
from marketwatch.services.watchlists import WatchlistService


class NoFeeds:
    def acquire(self, instrument_id: InstrumentId) -> None: ...

    def release(self, instrument_id: InstrumentId) -> None: ...


class Store:
    def __init__(self) -> None:
        self.lists: dict[str, WatchlistRecord] = {}
        self.writes = 0
        self.fails: StorageError | None = None

    async def save_watchlist(self, record: WatchlistRecord) -> None:
        if self.fails is not None:
            raise self.fails
        self.writes += 1
        self.lists[record.id] = record

    async def remove_watchlist(self, list_id: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.lists.pop(list_id, None)


class Scene:
    """A service, its saver, and a clock that only moves when the test says so."""

    def __init__(self) -> None:
        self.service = WatchlistService(NoFeeds())
        self.store = Store()
        self.waits: list[float] = []
        self.gate = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.failures: list[StorageError] = []
        self.saver = WatchlistSaver(self.service, self.store, self._start, self._sleep)
        self.saver.on_failed = self.failures.append

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work, name=name))

    async def _sleep(self, delay_s: float) -> None:
        self.waits.append(delay_s)
        self.gate.clear()
        await self.gate.wait()

    def add(self, symbol: str) -> None:
        self.service.add(InstrumentId(Venue("US"), CASH, symbol))

    async def let_time_pass(self) -> None:
        await asyncio.sleep(0)
        self.gate.set()
        await asyncio.sleep(0)
        self.gate.clear()
        await asyncio.sleep(0)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_several_changes_become_one_write_after_a_moment() -> None:
    scene = Scene()
    for symbol in "ABC":
        scene.add(symbol)
    assert scene.store.writes == 0
    await scene.let_time_pass()
    assert scene.waits == [SAVE_DELAY_S]
    assert scene.store.writes == 1
    assert [one.entries for one in scene.store.lists.values()] == [("US:EQ:A", "US:EQ:B", "US:EQ:C")]
    await scene.end()


async def test_a_failed_write_is_told_kept_and_tried_again() -> None:
    scene = Scene()
    scene.store.fails = StorageError("Lists", "disk full")
    scene.add("A")
    await scene.let_time_pass()
    assert [str(one) for one in scene.failures] == ["Lists. disk full"]
    scene.store.fails = None
    await scene.let_time_pass()
    assert scene.waits == [SAVE_DELAY_S, RETRY_DELAY_S]
    assert scene.store.writes == 1
    await scene.end()


async def test_a_read_only_store_is_not_asked_again() -> None:
    scene = Scene()
    scene.store.fails = NewerDocument("Lists", "written by a newer version")
    scene.add("A")
    await scene.let_time_pass()
    await asyncio.sleep(0)
    assert scene.waits == [SAVE_DELAY_S]
    await scene.end()


async def test_flush_stores_at_once_and_raises() -> None:
    scene = Scene()
    scene.add("A")
    await scene.saver.flush()
    assert scene.store.writes == 1
    scene.service.create_list("Second")
    scene.service.remove_list(scene.service.current.id)
    scene.store.fails = StorageError("Lists", "gone")
    with pytest.raises(StorageError):
        await scene.saver.flush()
    scene.store.fails = None
    await scene.saver.flush()
    assert len(scene.store.lists) == 1
    await scene.end()
