"""A stream service on loopback with all its endpoints, whose every frame the test decides."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

from integration.kind_servers import silent_log
from kind_sides import INDIAN_MS
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from marketwatch.protocols.serving import ClientSubscribed
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.server import StreamServiceServer

Data = dict[str, Any]


class StreamStand:
    """What is said on each endpoint: the newest data of a symbol goes to whoever subscribes, and to all at once.

    `offered` are the endpoints there are, `refusal` the HTTP status for the others; `is_mute` acknowledges and says
    nothing.
    """

    def __init__(self, symbols: Collection[str] = ("SBIN",), now_ms: Callable[[], int] = lambda: INDIAN_MS) -> None:
        self.url = ""
        self.offered = set(Endpoint)
        self.refusal = 404
        self.is_mute = False
        self.asked: list[tuple[Endpoint, str]] = []
        self.connections: dict[Endpoint, list[ServerConnection]] = {endpoint: [] for endpoint in Endpoint}
        self._symbols = set(symbols)
        self._now_ms = now_ms
        self._sides: dict[ServerConnection, StreamServiceServer] = {}
        self._newest: dict[tuple[Endpoint, str], Data] = {}

    async def say(self, endpoint: Endpoint, symbol: str, data: Data) -> None:
        """Say something of a symbol, now and to whoever subscribes later."""
        self._newest[endpoint, symbol] = data
        for connection in list(self.connections[endpoint]):
            if self._sides[connection].wants(symbol):
                await self._send(connection, symbol, data)

    async def drop(self, endpoint: Endpoint) -> None:
        """Cut every connection of an endpoint without a goodbye."""
        for connection in list(self.connections[endpoint]):
            connection.transport.abort()
            await connection.wait_closed()

    def answer_upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let a client in where there is such an endpoint."""
        if any(request.path == endpoint.path for endpoint in self.offered):
            return None
        status = http.HTTPStatus(self.refusal)
        return Response(status, status.phrase, Headers({"Content-Length": "0"}), b"")

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one client until it goes."""
        assert connection.request is not None
        endpoint = next(one for one in Endpoint if one.path == connection.request.path)
        side = self._sides[connection] = StreamServiceServer(endpoint, self._symbols.__contains__, self._now_ms)
        side.connection_made()
        self.connections[endpoint].append(connection)
        try:
            await self._flush(connection, side)
            async for message in connection:
                side.receive(message)
                await self._flush(connection, side)
                for event in side.take_events():
                    if isinstance(event, ClientSubscribed):
                        await self._subscribed(connection, endpoint, event.topics[0].key)
        except ConnectionClosed:
            pass
        finally:
            self.connections[endpoint].remove(connection)
            del self._sides[connection]

    async def _subscribed(self, connection: ServerConnection, endpoint: Endpoint, symbol: str) -> None:
        self.asked.append((endpoint, symbol))
        data = self._newest.get((endpoint, symbol))
        if data is not None and not self.is_mute:
            await self._send(connection, symbol, data)

    async def _flush(self, connection: ServerConnection, side: StreamServiceServer) -> None:
        for data in side.data_to_send():
            await connection.send(data.decode())

    async def _send(self, connection: ServerConnection, symbol: str, data: Data) -> None:
        await connection.send(self._sides[connection].data_frame(symbol, data, self._now_ms()).decode())


@asynccontextmanager
async def stream_stand(symbols: Collection[str] = ("SBIN",), **options: Any) -> AsyncIterator[StreamStand]:
    """Run a stand on a port of its own."""
    stand = StreamStand(symbols, **options)
    async with serve(
        stand.serve, "127.0.0.1", 0, process_request=stand.answer_upgrade, logger=silent_log, close_timeout=0.2
    ) as server:
        stand.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield stand
        await asyncio.sleep(0)
