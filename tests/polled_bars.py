"""A Data Provider Server that is polled: a test decides how it refuses the WebSocket and what each body holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from data_provider_rig import GREETED, JOINED, answer, row

SEPARATOR = b"\x1e"
ROWS = [row("2024-01-02 00:00", 472.7), row("2024-01-03 00:00", 468.8)]


def opening(session_id: object, **more: object) -> bytes:
    """Return the packet that opens a session."""
    facts = {"sid": session_id, "upgrades": [], "pingTimeout": 20_000, "pingInterval": 25_000, **more}
    return f"0{json.dumps({**facts, 'maxPayload': 1_000_000})}".encode()


class PolledBars:
    """What the server does, and what came: `calls` are (transport, method, session) in order, `posted` the bodies.

    `reply` makes the body that answers a request for a ticker.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str, str]] = []
        self.posted: list[bytes] = []
        self.types: list[str] = []
        self.upgrade_status = 400
        self.opens: Callable[[str], tuple[int, bytes]] = lambda session_id: (200, opening(session_id))
        self.reply: Callable[[str, dict[str, Any]], bytes] = lambda ticker, asked: answer(ticker, ROWS)
        self.sessions: dict[str, asyncio.Queue[bytes]] = {}
        self.count = 0

    def say(self, *packets: bytes) -> None:
        """Answer the next poll of every session with these packets."""
        for queue in self.sessions.values():
            queue.put_nowait(SEPARATOR.join(packets))

    def polls(self, session_id: str) -> int:
        """Return how often a session was polled."""
        return self.calls.count(("polling", "GET", session_id))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        transport, session_id = request.query["transport"], request.query.get("sid", "")
        assert request.query["EIO"] == "4"
        self.calls.append((transport, request.method, session_id))
        if transport == "websocket":
            if not self.upgrade_status:
                assert request.transport is not None
                request.transport.close()
            return web.Response(status=self.upgrade_status or 500, text='"Invalid transport"')
        if not session_id:
            return self._open()
        if session_id not in self.sessions:
            return web.Response(status=400, text=f'"Invalid session {session_id}"')
        if request.method == "POST":
            return await self._take(request, session_id)
        return web.Response(body=await self.sessions[session_id].get(), content_type="text/plain", charset="UTF-8")

    def _open(self) -> web.Response:
        self.count += 1
        name = f"session-{self.count}"
        status, body = self.opens(name)
        if status == 200:
            self.sessions[name] = asyncio.Queue()
        return web.Response(status=status, body=body, content_type="text/plain", charset="UTF-8")

    async def _take(self, request: web.Request, session_id: str) -> web.Response:
        body = await request.read()
        self.posted.append(body)
        self.types.append(request.headers["Content-Type"])
        queue = self.sessions[session_id]
        if body == b"1":
            self.sessions.pop(session_id).put_nowait(b"")
        elif body == b"40":
            queue.put_nowait(GREETED + SEPARATOR + JOINED)
        elif body.startswith(b"42"):
            name, asked = json.loads(body[2:])
            for ticker in asked.get("tickers") or [asked["ticker"]]:
                queue.put_nowait(self.reply(ticker, asked))
            assert name == "get_data"
        return web.Response(text="OK")


@asynccontextmanager
async def polled_bars() -> AsyncIterator[PolledBars]:
    """Run such a server on loopback."""
    running = PolledBars()
    app = web.Application()
    app.router.add_route("*", "/socket.io/", running.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        running.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield running
    finally:
        await runner.cleanup()
