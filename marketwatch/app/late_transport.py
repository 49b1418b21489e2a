"""Opens connections with a transport that is imported when first needed: the first paint need not wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from marketwatch.feeds.connection import Connection, Transport
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.executors import WorkerPool


class LateTransport:
    """Stands in for the WebSocket transport; imports and makes it in a worker thread.

    `proxy` is asked anew for every connection; see `TransportOptions.proxy`.
    """

    def __init__(self, clock: Clock, pool: WorkerPool, proxy: Callable[[], str | None]) -> None:
        self._clock = clock
        self._pool = pool
        self._proxy = proxy
        self._made: tuple[str | None, Transport] | None = None

    async def connect(self, url: str, headers: Mapping[str, str], *, max_bytes: int | None = None) -> Connection:
        proxy, made = self._proxy(), self._made
        if made is None or made[0] != proxy:
            transport = await self._pool.run(
                "load the transport", lambda: _websocket_transport(self._clock, self._pool, proxy)
            )
            made = self._made = (proxy, transport)
        return await made[1].connect(url, headers, max_bytes=max_bytes)


def _websocket_transport(clock: Clock, pool: WorkerPool, proxy: str | None) -> Transport:
    from marketwatch.feeds.transport import TransportOptions, WebSocketTransport

    return WebSocketTransport(clock, pool, TransportOptions(proxy=proxy))
