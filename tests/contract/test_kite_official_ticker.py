"""The vendor's own ticker, in a process of its own, talks to the server side of our protocol over a real socket."""

from __future__ import annotations

import asyncio
import json
import sys
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue, Quote, TradeTick
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.server import InstrumentList, KiteServer, check_upgrade

pytest.importorskip("kiteconnect", reason="needs the official client of Kite (pip install kiteconnect)")

INFY, NIFTY = 408065, 256265
STAMP = 1_751_255_100
EVENTS: list[MarketEvent] = [
    DayStatistics(key=str(INFY), prev_close=1567.8, day_volume=1_000.0, day_vwap=1570.0),
    TradeTick(key=str(INFY), stamp=STAMP, price=1573.15, size=10.0),
    Quote(key=str(INFY), stamp=STAMP + 3, bid=1572.45, bid_size=5.0, ask=1572.6, ask_size=7.0),
    PriceValue(key=str(NIFTY), stamp=STAMP, value=24779.75),
]
NEWS = TradeTick(key=str(INFY), stamp=STAMP + 9, price=1580.05, size=25.0)

OFFICIAL = """
import json, sys
from kiteconnect import KiteTicker

def say(word, value):
    print(json.dumps([word, value], default=lambda moment: moment.timestamp()), flush=True)

def on_connect(ticker, response):
    ticker.subscribe([408065, 256265])
    ticker.set_mode(ticker.MODE_FULL, [408065])

def on_end(ticker, code, reason):
    say("end", reason)
    ticker.stop()

ticker = KiteTicker("thekey", sys.argv[2], root=sys.argv[1], reconnect=False)
ticker.on_connect = on_connect
ticker.on_ticks = lambda _, ticks: say("ticks", ticks)
ticker.on_error = lambda _, code, reason: say("error", reason)
ticker.on_close = on_end
ticker.connect()
"""


def _let_in(connection: ServerConnection, request: Request) -> Response | None:
    query = request.path.partition("?")[2]
    refusal = check_upgrade(query, lambda api_key, token: (api_key, token) == ("thekey", "to+ken"))
    if refusal is None:
        return None
    return connection.respond(HTTPStatus(refusal.http_status), refusal.body.decode())


async def _serve(socket: ServerConnection) -> None:
    book = KiteBook()
    for event in EVENTS:
        book.take(event)
    server = KiteServer(book, InstrumentList(2, "etag"))
    server.connection_made(0.0)
    server.deadline_passed(3.0)
    await _send(socket, server)
    for _ in range(2):  # a subscription and a mode
        server.receive(await socket.recv())
        await _send(socket, server)
    book.take(NEWS)
    server.note(NEWS)
    server.flush()
    await _send(socket, server)
    await socket.close()


async def _send(socket: ServerConnection, server: KiteServer) -> None:
    for message in server.data_to_send():
        await socket.send(message)


async def _told_by_official(token: str) -> list[tuple[str, Any]]:
    async with serve(_serve, "127.0.0.1", 0, process_request=_let_in) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-c", OFFICIAL, f"ws://127.0.0.1:{port}", token,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(30):
                out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return [(word, value) for word, value in map(json.loads, out.splitlines())]


async def test_it_subscribes_and_reads_every_value() -> None:
    told = await _told_by_official("to%2Bken")  # it does not encode its token itself
    first, second, third = [value for word, value in told if word == "ticks"]
    quote, index = first
    assert (quote["mode"], quote["last_price"], quote["volume_traded"]) == ("quote", 1573.15, 1_010)
    assert quote["ohlc"] == {"open": 1573.15, "high": 1573.15, "low": 1573.15, "close": 1567.8}
    assert (index["mode"], index["tradable"], index["last_price"]) == ("quote", False, 24779.75)
    (full,) = second
    assert (full["mode"], full["last_trade_time"], full["exchange_timestamp"]) == ("full", STAMP, STAMP + 3)
    assert full["depth"]["buy"][0] == {"quantity": 5, "price": 1572.45, "orders": 0}
    assert full["depth"]["sell"][0] == {"quantity": 7, "price": 1572.6, "orders": 0}
    (news,) = third
    assert (news["last_price"], news["last_traded_quantity"], news["volume_traded"]) == (1580.05, 25, 1_035)
    assert news["last_trade_time"] == STAMP + 9


async def test_it_understands_our_refusal() -> None:
    told = await _told_by_official("wrong")
    assert not [value for word, value in told if word == "ticks"]
    assert any("403" in str(value) for _, value in told)
