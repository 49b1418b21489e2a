"""Opens connections with a transport that is imported when first needed: the first paint need not wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from marketwatch.feeds.connection import Connection, Transport
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.executors import WorkerPool


class LateTransport:
    """Stands in for the WebSocket transport; imports and makes it in a worker thread."""

    def __init__(self, clock: Clock, pool: WorkerPool) -> None:
        self._pool = pool
        self._make: Callable[[], Transport] = lambda: _websocket_transport(clock, pool)
        self._transport: Transport | None = None

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        if self._transport is None:
            self._transport = await self._pool.run("load the transport", self._make)
        return await self._transport.connect(url, headers, max_bytes=max_bytes)


def _websocket_transport(clock: Clock, pool: WorkerPool) -> Transport:
    from marketwatch.feeds.transport import WebSocketTransport

    return WebSocketTransport(clock, pool)
