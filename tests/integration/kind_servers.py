"""For each kind of feed a loopback server made of its side (kind_sides.py), with one share to tell of."""

from __future__ import annotations

import asyncio
import http
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kind_sides import Messages, Side, side_of
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from marketwatch.feeds.catalog import FeedKind
from marketwatch.runtime.retry import HandshakeRejected

silent_log = logging.getLogger(f"{__name__}.silent")
silent_log.propagate = False
silent_log.disabled = True


class KindServer:
    """What a running server knows: its address and how it was called. `refusal` answers upgrades from now on."""

    def __init__(self, kind: FeedKind) -> None:
        self._kind = side_of(kind)
        _, self._connect = self._kind.start(lambda: self._kind.sample.at_ms, has_sample=True)
        self._sides: dict[ServerConnection, Side] = {}
        self.url = ""
        self.paths: list[str] = []
        self.headers: list[Headers] = []
        self.refusal: tuple[int, bytes] | None = None
        self.connections: list[ServerConnection] = []

    @property
    def count(self) -> int:
        """How often an upgrade was asked for."""
        return len(self.paths)

    def answer_upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let a client in, or not."""
        self.paths.append(request.path)
        self.headers.append(request.headers)
        refusal = self.refusal
        if refusal is None:
            try:
                self._sides[connection] = self._connect(request.path)
            except HandshakeRejected as rejected:
                refusal = (rejected.status, rejected.body)
            else:
                return None
        status, body = refusal
        return Response(status, http.HTTPStatus(status).phrase, Headers({"Content-Length": str(len(body))}), body)

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one client until it goes."""
        self.connections.append(connection)
        side = self._sides.pop(connection)
        loop = asyncio.get_running_loop()
        try:
            await self._send(connection, side.opened(loop.time()))
            while True:
                try:
                    async with asyncio.timeout(side.every_s):
                        message = await connection.recv()
                except TimeoutError:
                    await self._send(connection, side.passed(loop.time()))
                else:
                    await self._send(connection, side.received(message, loop.time()))
        except ConnectionClosed:
            pass

    async def _send(self, connection: ServerConnection, messages: Messages) -> None:
        for message in messages:
            is_text = isinstance(message, str) or self._kind.is_binary
            await connection.send(message if is_text else message.decode())


@asynccontextmanager
async def kind_server(kind: FeedKind) -> AsyncIterator[KindServer]:
    """Run a server of this kind on loopback."""
    running = KindServer(kind)
    async with serve(
        running.serve, "127.0.0.1", 0, process_request=running.answer_upgrade, logger=silent_log, close_timeout=0.2
    ) as server:
        running.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield running
