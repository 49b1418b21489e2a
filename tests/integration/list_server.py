"""A loopback web server that publishes lists of instruments, well or badly."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ListServer:
    """What it was asked for, in order; `answers` maps paths to what answers them."""

    def __init__(self) -> None:
        self.base = ""
        self.asked: list[str] = []
        self.keys: list[str] = []
        self.answers: dict[str, Handler] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as told."""
        self.asked.append(request.path_qs)
        self.keys.append(request.headers.get("Authorization", ""))
        return await self.answers[request.path](request)

    def give(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer a path with a body."""

        async def give(_: web.Request) -> web.StreamResponse:
            return web.Response(
                status=status, body=body, headers={name.replace("_", "-"): v for name, v in headers.items()}
            )

        self.answers[path] = give


@asynccontextmanager
async def list_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[ListServer]:
    """Run the server, encrypted where it is given a context."""
    server = ListServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.base = f"{'http' if tls is None else 'https'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def ticker_page(*names: str, cursor: str = "", host: str = "https://api.massive.com") -> bytes:
    """Write one page of reference tickers."""
    results = [
        {"ticker": name, "name": f"{name} Inc.", "market": "stocks", "primary_exchange": "XNAS", "type": "CS"}
        for name in names
    ]
    page: dict[str, Any] = {"status": "OK", "count": len(results), "results": results}
    if cursor:
        page["next_url"] = f"{host}/v3/reference/tickers?cursor={cursor}"
    return json.dumps(page).encode()


class Pages:
    """Answers `/v3/reference/tickers` with one answer after the other; the last one again and again."""

    def __init__(self, *answers: tuple[int, bytes, dict[str, str]]) -> None:
        self._answers = list(answers)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        status, body, headers = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return web.Response(status=status, body=body, headers=headers)


def ok(body: bytes) -> tuple[int, bytes, dict[str, str]]:
    """Return a good answer."""
    return 200, body, {}
