"""The vendor's own client library talks to the server side of our protocol over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from massive import WebSocketClient
from massive.exceptions import AuthError
from massive.websocket.models import EquityAgg, EquityQuote, EquityTrade
from websockets.asyncio.server import ServerConnection, serve

from marketwatch.domain.events import MarketEvent, Quote, TradeTick, VendorBar
from marketwatch.protocols.massive.encoding import encode_event, frames
from marketwatch.protocols.massive.server import ClientSubscribed, CloseConnection, MassiveServer

KEY = "pk_test"
EVENTS: list[MarketEvent] = [
    *(TradeTick(key=f"S{n}", stamp=1_751_032_800_000 + n, price=1.0 + n, size=100.0) for n in range(3_000)),
    Quote(key="AAPL", stamp=1_751_032_900_000, bid=10.0, bid_size=2.0, ask=10.5, ask_size=3.0),
    Quote(key="MSFT", stamp=1_751_032_900_000, bid=10.0, bid_size=2.0),
    VendorBar(key="SPY", stamp=1_751_032_800_000, open=1.0, high=2.0, low=0.5, close=1.5, volume=10.0),
]


async def _serve_client(socket: ServerConnection) -> None:
    protocol = MassiveServer(lambda key: key == KEY)
    protocol.connection_made()
    await _send(socket, protocol.data_to_send())
    async for message in socket:
        protocol.receive(message)
        await _send(socket, protocol.data_to_send())
        for event in protocol.take_events():
            if isinstance(event, CloseConnection):
                await socket.close(event.code, event.reason)
            elif isinstance(event, ClientSubscribed):
                wanted = [data for each in EVENTS if protocol.wants(each) and (data := encode_event(each)) is not None]
                await _send(socket, frames(wanted, limit=50_000))
                await socket.close()


async def _send(socket: ServerConnection, messages: Iterable[bytes]) -> None:
    for message in messages:
        await socket.send(message, text=True)


async def _received_by_official(key: str) -> list[Any]:
    received: list[Any] = []

    async def keep(messages: list[Any]) -> None:
        received.extend(messages)

    async with serve(_serve_client, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = WebSocketClient(
            api_key=key, feed=f"127.0.0.1:{port}", secure=False, subscriptions=["T.*", "Q.AAPL", "AM.SPY"]
        )
        async with asyncio.timeout(20):
            await client.connect(keep)
    return received


async def test_it_authenticates_subscribes_and_reads_every_event() -> None:
    received = await _received_by_official(KEY)
    trades = [each for each in received if isinstance(each, EquityTrade)]
    assert [(each.symbol, each.price, each.size, each.timestamp) for each in trades] == [
        (f"S{n}", 1.0 + n, 100, 1_751_032_800_000 + n) for n in range(3_000)
    ]
    (quote,) = [each for each in received if isinstance(each, EquityQuote)]
    assert (quote.symbol, quote.bid_price, quote.ask_price, quote.ask_size) == ("AAPL", 10.0, 10.5, 3)
    (bar,) = [each for each in received if isinstance(each, EquityAgg)]
    assert (bar.symbol, bar.open, bar.high, bar.low, bar.close, bar.volume) == ("SPY", 1.0, 2.0, 0.5, 1.5, 10)
    assert len(received) == 3_002


async def test_it_understands_our_refusal() -> None:
    with pytest.raises(AuthError, match="authentication failed"):
        await _received_by_official("wrong")
