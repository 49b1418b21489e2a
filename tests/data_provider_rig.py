"""A Data Provider Server made of our own server side, its frames as they are on the wire, and its faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from fake_time import until

from marketwatch.domain.events import BatchBar
from marketwatch.protocols.base import Channel, Control, Topic
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.requests import BarQuery, DataOptions
from marketwatch.protocols.data_provider.server import DataProviderServer, FindBars

DAY_NS = 86_400_000_000_000
JAN_2_NS = 1_704_153_600_000_000_000
"""Midnight UTC of 2 January 2024, a Tuesday."""
DAYS = (
    BatchBar(JAN_2_NS, 472.2, 473.7, 470.5, 472.7, 1_000_000.0),
    BatchBar(JAN_2_NS + DAY_NS, 470.4, 471.2, 468.2, 468.8, 1_200_000.0),
)
COINS = (BatchBar(JAN_2_NS, 44187.1, 45899.7, 44176.9, 44957.9, 39_335_274_536.0),)
BARS = {("SPY", "1d"): DAYS, ("BTC-USD", "1d"): COINS}
OPENED = b'0{"sid":"Fl0SKp8IVG2hWjRSAAAA","upgrades":[],"pingTimeout":20000,"pingInterval":25000,"maxPayload":1000000}'
JOINED = b'40{"sid":"aVFGkObEPucfVrJCAAAD"}'
GREETED = b'42["connection_response",{"status":"connected","message":"Connected to Data Provider Server"}]'


def topic(key: str, channel: Channel = Channel.BARS) -> Topic:
    return Topic(channel, key)


def event(name: str, *arguments: Any) -> bytes:
    """Return an event as the server writes it; NaN stays the bare token that it is there."""
    return f"42{json.dumps([name, *arguments])}".encode()


def row(date: object, close: object = 472.7, **more: object) -> dict[str, object]:
    return {"Date": date, "Open": 472.2, "High": 473.7, "Low": 470.5, "Close": close, "Volume": 1e6, **more}


def answer(ticker: str, data: object, **more: object) -> bytes:
    """Return a `data_response`."""
    echo = {"ticker": ticker, "resolution": "1d", "period": "max", "rows": 1, "columns": ["Date", "Open"]}
    return event("data_response", {**echo, "data": data, **more})


def connected(client: DataProviderClient, now: float = 0.0) -> DataProviderClient:
    """Open the session of a client, and forget what it said about that."""
    client.connection_made(now)
    client.receive(OPENED, now)
    assert client.data_to_send() == ["40"]
    client.receive(GREETED, now)
    client.receive(JOINED, now)
    client.take_control()
    return client


def asking(*keys: str, **options: Any) -> DataProviderClient:
    """Return a client that has asked for the daily bars of these keys; what it asked is forgotten."""
    client = connected(DataProviderClient(options=DataOptions(**options)))
    client.subscribe([topic(key) for key in keys], 0.0)
    client.data_to_send()
    return client


def requests(client: DataProviderClient) -> list[tuple[str, dict[str, Any]]]:
    """Return the requests that are to be sent, and forget them."""
    sent = [message for message in client.data_to_send() if isinstance(message, str) and message.startswith("42")]
    return [(name, payload) for name, payload in (json.loads(message[2:]) for message in sent)]


def controls(client: DataProviderClient, kind: type[Control]) -> list[Control]:
    return [control for control in client.take_control() if isinstance(control, kind)]


ROW_QUERY = BarQuery(limit=5, is_row=True)


class ServedOverSockets:
    """A running server: its web address, how often it was called, and what clients asked."""

    def __init__(self, find_bars: FindBars, is_mute: Callable[[], bool]) -> None:
        self.url = ""
        self.count = 0
        self.asked: list[str] = []
        self.pongs = 0
        self.sockets: list[web.WebSocketResponse] = []
        self._find_bars = find_bars
        self._is_mute = is_mute

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client."""
        assert (request.query["EIO"], request.query["transport"]) == ("4", "websocket")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.count += 1
        self.sockets.append(socket)
        server = DataProviderServer(f"session-{self.count}", self._find_bars)
        loop = asyncio.get_running_loop()
        server.connection_made(loop.time())
        await _send(socket, server)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            self.pongs += message.data == "3"
            if message.data.startswith("42"):
                self.asked.append(message.data)
                if self._is_mute():
                    continue
            server.receive(message.data, loop.time())
            await _send(socket, server)
        return socket

    async def ping(self) -> None:
        """Ping every client as the engine does, and wait for the answers."""
        wanted = self.pongs + len(self.sockets)
        for socket in self.sockets:
            await socket.send_str("2")
        await until(lambda: self.pongs == wanted)

    async def drop(self) -> None:
        """Cut every connection, as a restart does."""
        for socket in self.sockets:
            await socket.close(code=1012)
        self.sockets.clear()


async def _send(socket: web.WebSocketResponse, server: DataProviderServer) -> None:
    for frame in server.data_to_send():
        await socket.send_str(frame)


def found(ticker: str, resolution: str) -> Sequence[BatchBar] | None:
    return BARS.get((ticker, resolution))


async def _local_instruments(request: web.Request) -> web.Response:
    by_resolution = {"1d": sorted(ticker for ticker, _ in BARS)}
    tickers = by_resolution["1d"]
    return web.json_response(
        {"by_resolution": by_resolution, "all_tickers": tickers, "total": len(tickers), "resolutions": ["1d"]}
    )


@asynccontextmanager
async def bar_server(
    find_bars: FindBars = found, *, is_mute: Callable[[], bool] = lambda: False, port: int = 0
) -> AsyncIterator[ServedOverSockets]:
    """Run such a server on loopback, with its web service beside the stream."""
    running = ServedOverSockets(find_bars, is_mute)
    app = web.Application()
    app.router.add_get("/socket.io/", running.serve)
    app.router.add_get("/api/local-instruments", _local_instruments)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        running.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield running
    finally:
        await runner.cleanup()
