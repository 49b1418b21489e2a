"""The door through which the connections of one feed are opened: one after another, and none with a refused key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from marketwatch.errors import MarketWatchError
from marketwatch.feeds.connection import Connection, Transport
from marketwatch.feeds.surroundings import Surroundings
from marketwatch.runtime.scheduler import wait_until

PAUSE_S = 1.0
_NS = 1_000_000_000


class Turnstile:
    """Shared by the connections of a feed. `refusal`: what the server said to one of them is said to all."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._lock = asyncio.Lock()
        self._latest: tuple[int, float] | None = None
        self.refusal: MarketWatchError | None = None

    def entrance(self, number: int) -> Transport:
        """Return what one connection is opened with."""
        return _Entrance(self, number)

    async def open(self, number: int, url: str, headers: Mapping[str, str], max_bytes: int | None) -> Connection:
        """Open a connection when it is its turn; raises the refusal while there is one."""
        async with self._lock:
            if self.refusal is None:
                await self._pause(number)
            if self.refusal is not None:
                raise self.refusal.with_traceback(None)
            try:
                return await self._around.transport.connect(url, headers, max_bytes=max_bytes)
            finally:
                self._latest = (number, self._now())

    async def _pause(self, number: int) -> None:
        """Keep a distance from the attempt of another connection; one's own is kept by whoever tries again."""
        if self._latest is not None and self._latest[0] != number:
            rest_s = self._latest[1] + PAUSE_S - self._now()
            if rest_s > 0:
                await wait_until(asyncio.Event(), rest_s, self._around.scheduler)

    def _now(self) -> float:
        return self._around.clock.monotonic_ns() / _NS


class _Entrance:
    """Satisfies `Transport`."""

    def __init__(self, turnstile: Turnstile, number: int) -> None:
        self._turnstile = turnstile
        self._number = number

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        return await self._turnstile.open(self._number, url, headers, max_bytes)
