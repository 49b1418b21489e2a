"""Servers as a stranger would write them from the description of the wire, without a line of the project's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Handler = Callable[[ServerConnection], Awaitable[None]]
ODIN_SHARES = {"SBIN": ("3045", 807.75, 811.95), "RELIANCE": ("2885", 1372.6, 1380.0)}
_EVERY_S = 0.05


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Run a server on loopback; yields its address without a path."""

    async def guarded(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await handler(connection)

    async with serve(guarded, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


@asynccontextmanager
async def telling(tell: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Tell the news again and again while somebody listens."""

    async def again() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await tell()
                await asyncio.sleep(_EVERY_S)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def now_ms() -> int:
    """Return the time on the wire."""
    return time.time_ns() // 1_000_000


async def odin(connection: ServerConnection) -> None:
    """Odin Streamer: two shares of the NSE, and the poisonous summaries between the prices."""
    tokens: dict[str, str] = {}
    client_id = parse_qs(urlsplit(connection.request.path).query)["client_id"][0]  # type: ignore[union-attr]

    async def send(kind: str, status: str, data: dict[str, Any]) -> None:
        envelope = {"type": kind, "status": status, "data": data, "client_id": client_id, "timestamp": now_ms()}
        await connection.send(json.dumps(envelope) + "\n")

    volume = 8_053_013

    async def tell() -> None:
        nonlocal volume
        volume += 10
        for symbol, token in list(tokens.items()):
            _, price, close = ODIN_SHARES[symbol]
            share = {"symbol": symbol, "token": token, "exchange": "NSE"}
            data = {"ltp": price, "open": price, "high": price + 5, "low": price - 5, "close": close, "volume": volume}
            data |= {"prev_close": close, "percent_change": 0.0, "timestamp": now_ms() - 1_400}
            poison = {"ltp": 1.0, "volume": 0, "day_high": 9_999.0, "day_low": 1.0, "last_close": close}
            for kind, body in (("market_data", data), ("periodic_52week_data", poison)):
                await connection.send(json.dumps({"type": kind, **share, "data": share | body, "timestamp": now_ms()}))

    await send("welcome", "connected", {"features": ["dynamic_subscriptions"], "subscribed_stocks": 0})
    async with telling(tell):
        async for message in connection:
            request = json.loads(message)
            if request["action"] == "ping":
                await send("pong", "alive", {})
            if request["action"] != "subscribe":
                continue
            held, failed = [], []
            for stock in request["stocks"]:
                symbol = next((name for name, share in ODIN_SHARES.items() if stock in (name, share[0])), None)
                if symbol is None:
                    failed.append(stock)
                    continue
                tokens[symbol] = ODIN_SHARES[symbol][0]
                held.append(f"{symbol} (NSE)" if stock.isdigit() else symbol)
            answer = {"action": "subscribe", "subscribed_stocks": held, "failed_stocks": failed}
            await send("subscription_response", "success", answer | {"total_subscribed": len(tokens)})


async def polygon(connection: ServerConnection) -> None:
    """The local Polygon server: every message twice, and never an unsubscription that it acts on."""
    wanted: dict[str, set[str]] = {}

    async def tell() -> None:
        for symbol, channels in list(wanted.items()):
            said = []
            common = {"symbol": symbol, "timestamp": now_ms()}
            if "T" in channels:
                trade = {"event_type": "trade", "price": 175.5, "size": 100, "conditions": [], "trade_id": "1"}
                said.append(trade | common | {"exchange": 11, "trade_id": str(common["timestamp"])})
            if "Q" in channels:
                quote = {"event_type": "quote", "bid_price": 175.45, "bid_size": 200, "ask_price": 175.55}
                said.append(quote | common | {"ask_size": 300, "exchange": None})
            for data in said * 2:
                await connection.send(json.dumps({"type": "market_data", "data": data}))

    await connection.send(json.dumps({"type": "connected", "client_id": "someone else"}))
    async with telling(tell):
        async for message in connection:
            request = json.loads(message)
            if request["action"] == "ping":
                await connection.send(json.dumps({"type": "pong"}))
                continue
            symbols, channels = request["symbols"], request.get("channels", ["T"])
            if request["action"] == "subscribe":
                for symbol in symbols:
                    wanted.setdefault(symbol, set()).update(channels)
            answer = {"type": f"{request['action']}d", "symbols": symbols, "channels": channels}
            await connection.send(json.dumps(answer))


def kite_packet(token: int, mode: str) -> bytes:
    """Pack one share, 80.775 thousand paise, in the layout of the vendor's page."""
    at_s = int(time.time())
    packet = struct.pack(">11I", token, 80_775, 7, 80_950, 8_052_913, 1_234, 411, 80_800, 81_200, 80_100, 81_195)
    if mode == "full":
        packet += struct.pack(">5I", at_s - 1, 0, 0, 0, at_s)
        packet += b"".join(struct.pack(">IIHxx", 100 * n, 80_775 - 5 * n, n) for n in range(1, 6))
        packet += b"".join(struct.pack(">IIHxx", 50 * n, 80_775 + 5 * n, n) for n in range(1, 6))
    return packet[:8] if mode == "ltp" else packet


async def kite(connection: ServerConnection) -> None:
    """Kite's ticker: heartbeats of one byte, then binary packets in the mode asked for."""
    modes: dict[int, str] = {}

    async def tell() -> None:
        await connection.send(b"\0")
        packets = [kite_packet(token, mode) for token, mode in modes.items()]
        framed = b"".join(struct.pack(">H", len(packet)) + packet for packet in packets)
        await connection.send(struct.pack(">H", len(packets)) + framed)

    await connection.send('{"type":"instruments_meta","data":{"count":86481}}')
    async with telling(tell):
        async for message in connection:
            request = json.loads(message)
            if request["a"] == "mode":
                modes.update(dict.fromkeys(request["v"][1], request["v"][0]))
                continue
            assert all(type(token) is int for token in request["v"])
            for token in request["v"]:
                modes.setdefault(token, "quote")


async def massive(connection: ServerConnection) -> None:
    """The vendor's own dialect: the acknowledgements come one by one, long after the data of the first channel."""
    wanted: list[str] = []
    number = 0

    async def tell() -> None:
        nonlocal number
        for topic in list(wanted):
            channel, _, symbol = topic.partition(".")
            number += 1
            common = {"ev": channel, "sym": symbol, "t": now_ms(), "q": number}
            trade = {"x": 4, "i": str(number), "p": 175.5, "s": 100, "c": None}
            quote = {"bp": 175.49, "bs": 1, "ap": 175.51, "as": 2}
            await connection.send(json.dumps([common | (trade if channel == "T" else quote)]))

    async def say(status: str, message: str) -> None:
        await connection.send(json.dumps([{"ev": "status", "status": status, "message": message}]))

    await say("connected", "Connected Successfully")
    async with telling(tell):
        async for message in connection:
            request = json.loads(message)
            if request["action"] == "auth":
                await say("auth_success", "authenticated")
                continue
            for topic in request["params"].split(","):
                wanted.append(topic)
                await asyncio.sleep(4 * _EVERY_S)
                await say("success", f"{request['action']}d to: {topic}")


async def stream_service(connection: ServerConnection) -> None:
    """The stream service with the few fields of its guide, pretty-printed."""
    wanted: list[str] = []
    volume = 1_000_000

    async def tell() -> None:
        nonlocal volume
        volume += 5
        for symbol in list(wanted):
            data = {"price": 2500.5, "volume": volume, "change": 25.5, "change_percent": 1.03}
            frame = {"type": "data", "symbol": symbol, "timestamp": "2025-01-27T10:30:00.000Z", "data": data}
            await connection.send(json.dumps(frame | {"timestamp": now_ms()}, indent=2, sort_keys=True))

    await connection.send(json.dumps({"type": "connection", "status": "connected"}, indent=2))
    async with telling(tell):
        async for message in connection:
            request = json.loads(message)
            if request["type"] == "subscribe":
                wanted.append(request["symbol"])
                answer = {"type": "subscription", "status": "subscribed", "symbol": request["symbol"]}
                await connection.send(json.dumps(answer, indent=2))
