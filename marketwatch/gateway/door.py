"""The gateway's port: listening, refusing what has no business here, and the two things behind it (WebSocket, REST)."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware
from aiohttp.web_protocol import RequestHandler

from marketwatch.errors import ConfigurationError
from marketwatch.gateway.limits import Access, Limits, refusal

_SEND_BUFFER = 262_144  # the kernel's default lets megabytes pile up in front of a slow client
_UNSERVED_LIMIT = 64
_SHUTDOWN_S = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """Listens on one address. `routes` maps paths to handlers; every request passes host and origin checks first."""

    def __init__(self, host: str, port: int, *, access: Access, limits: Limits, routes: dict[str, Handler]) -> None:
        self.host = host
        self.port = port
        self._access = access
        self._limits = limits
        self._routes = routes
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._unserved: dict[RequestHandler, asyncio.TimerHandle] = {}

    async def open(self) -> None:
        """Listen; a port of 0 becomes the one chosen. Raises ConfigurationError when the address cannot be used."""
        try:
            listener = self._bind()
        except OSError as error:
            raise self._cannot_listen(error) from error
        app = web.Application(middlewares=[self._guard()], client_max_size=self._limits.message_bytes)
        app.router.add_routes([web.get(path, handler) for path, handler in self._routes.items()])
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        self._listener = await asyncio.get_running_loop().create_server(self._new_connection, sock=listener)
        self.port = listener.getsockname()[1]

    def shut(self) -> None:
        """Let nobody in any more."""
        if self._listener is not None:
            self._listener.close()

    async def close(self) -> None:
        """Close the port and what is left of its connections."""
        self.shut()
        for timer in self._unserved.values():
            timer.cancel()
        self._unserved.clear()
        if self._runner is not None:
            await self._runner.cleanup()

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # elsewhere SO_REUSEADDR only skips the wait after a close
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)  # connections inherit it
            listener.bind((self.host, self.port))
            listener.listen(128)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
        return listener

    def _cannot_listen(self, error: OSError) -> ConfigurationError:
        if error.errno == errno.EADDRINUSE:
            return ConfigurationError(f"Port {self.port} is in use", "another program listens there", "Choose --port")
        return ConfigurationError(f"Cannot listen on {self.host}:{self.port}", error.strerror or str(error))

    def _new_connection(self) -> asyncio.BaseProtocol:
        if self._runner is None or self._runner.server is None:
            raise RuntimeError("the gateway is not started")
        handler = self._runner.server()
        patience_s = self._limits.authentication_s if len(self._unserved) < _UNSERVED_LIMIT else 0.0
        timer = asyncio.get_running_loop().call_later(patience_s, self._give_up, handler)
        self._unserved[handler] = timer
        return handler

    def _give_up(self, handler: RequestHandler) -> None:
        """Close a connection on which no request came: a port scan, or a handshake drawn out on purpose."""
        self._unserved.pop(handler, None)
        handler.force_close()

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            timer = self._unserved.pop(request.protocol, None)
            if timer is not None:
                timer.cancel()
            headers = request.headers
            reason = refusal(headers.get("Host"), headers.get("Origin"), request.query, self._access)
            if reason is not None:
                return web.Response(status=403, text=reason + "\n")
            return await handler(request)

        return guard
