"""For each kind of feed a loopback server made of the protocol's own server side, with one share to tell of."""

from __future__ import annotations

import asyncio
import http
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from marketwatch.domain.events import (
    BatchBar,
    Depth,
    DepthLevel,
    MarketEvent,
    MarketStatistics,
    Quote,
    TradeTick,
)
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.data_provider.server import DataProviderServer
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.server import KiteServer, check_upgrade
from marketwatch.protocols.odin.encoding import Figures, market_data
from marketwatch.protocols.odin.keys import NSE
from marketwatch.protocols.odin.listings import Listing, ListingTable
from marketwatch.protocols.odin.server import ClientBook, Market, OdinServer
from marketwatch.protocols.percent import read_query
from marketwatch.protocols.polygon_gateway.server import PolygonGatewayServer
from marketwatch.protocols.serving import ClientSubscribed
from marketwatch.protocols.stream_service.encoding import PriceFigures, price_data
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.server import StreamServiceServer

INDIAN_MS = 1_756_971_590_198
"""13:09:50.198 in Mumbai on 4 September 2025."""
AMERICAN_MS = 1_751_050_800_000
"""15:00 in New York on 27 June 2025."""
SBIN_TOKEN = "779521"
SBIN_BIDS = ((807.7, 50.0, 3), (807.65, 1_250.0, 12), (807.6, 900.0, 4), (807.55, 10.0, 1), (807.5, 5.0, 1))
SBIN_ASKS = ((807.8, 75.0, 2), (807.85, 640.0, 9), (807.9, 320.0, 5))
API_KEY, ACCESS_TOKEN = "canary-api-key-51d0", "canary-access-token-8e7c"
_TICK_S = 1.0

_silent = logging.getLogger(f"{__name__}.silent")
_silent.propagate = False
_silent.disabled = True

Messages = Iterable[str | bytes]


class Side(Protocol):
    """Server side of one connection."""

    def opened(self, now: float) -> Messages:
        """Begin; return what to send."""
        ...

    def received(self, message: str | bytes) -> Messages:
        """Take a message; return what to send."""
        ...

    def passed(self, now: float) -> Messages:
        """Let time pass; return what to send."""
        ...


class _KiteSide:
    def __init__(self, path: str) -> None:
        book = KiteBook()
        for event in _kite_events():
            book.take(event)
        self._server = KiteServer(book)

    def opened(self, now: float) -> Messages:
        self._server.connection_made(now)
        return self._server.data_to_send()

    def received(self, message: str | bytes) -> Messages:
        self._server.receive(message)
        return self._server.data_to_send()

    def passed(self, now: float) -> Messages:
        self._server.deadline_passed(now)
        return self._server.data_to_send()


def _kite_events() -> list[MarketEvent]:
    at_s = INDIAN_MS // 1000
    return [
        MarketStatistics(
            key=SBIN_TOKEN,
            prev_close=811.95,
            day_volume=8_052_913.0,
            day_vwap=809.5,
            total_bid_size=1_234_567.0,
            total_ask_size=411_522.0,
        ),
        TradeTick(key=SBIN_TOKEN, stamp=at_s, price=807.75, size=100.0),
        Depth(
            key=SBIN_TOKEN,
            stamp=at_s,
            bid=807.7,
            bid_size=50.0,
            ask=807.8,
            ask_size=75.0,
            bids=tuple(DepthLevel(*level) for level in SBIN_BIDS),
            asks=tuple(DepthLevel(*level) for level in SBIN_ASKS),
        ),
    ]


class _PolygonSide:
    def __init__(self, path: str) -> None:
        self._server = PolygonGatewayServer(path.rpartition("/")[2], lambda: "2025-06-27T15:00:00.000000")

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        self._server.take_events()
        return self._server.data_to_send()

    def received(self, message: str | bytes) -> Messages:
        self._server.receive(message)
        out: list[str | bytes] = [*self._server.data_to_send()]
        if any(isinstance(event, ClientSubscribed) for event in self._server.take_events()):
            written = [self._server.encode(event) for event in _polygon_events() if self._server.wants(event)]
            out += [data.decode() for data in written if data is not None]
        return out

    def passed(self, now: float) -> Messages:
        return ()


def _polygon_events() -> list[MarketEvent]:
    return [
        TradeTick(key="AAPL", stamp=AMERICAN_MS, price=190.55, size=100.0, conditions=(), exchange=4, trade_id="1"),
        Quote(key="AAPL", stamp=AMERICAN_MS, bid=190.54, bid_size=300.0, ask=190.57, ask_size=200.0),
    ]


class _OdinSide:
    def __init__(self, path: str) -> None:
        self._listing = Listing("SBIN", "3045", NSE)
        market = Market(is_open=lambda now_ms: True, next_open_ms=lambda now_ms: now_ms + 86_400_000)
        name = read_query(urlsplit(path).query)["client_id"]
        self._server = OdinServer(name, ListingTable([self._listing]), ClientBook(), market, lambda: INDIAN_MS)

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return [data.decode() for data in self._server.data_to_send()]

    def received(self, message: str | bytes) -> Messages:
        self._server.receive(message)
        out = self._server.data_to_send()
        if any(isinstance(event, ClientSubscribed) for event in self._server.take_events()):
            figures = Figures(last_price=807.75, stamp_ms=INDIAN_MS, prev_close=811.95, volume=8_053_013)
            out.append(market_data(self._listing, figures, INDIAN_MS))
        return [data.decode() for data in out]

    def passed(self, now: float) -> Messages:
        return ()


class _StreamSide:
    def __init__(self, path: str) -> None:
        endpoint = next(one for one in Endpoint if one.path == path)
        self._server = StreamServiceServer(endpoint, {"SBIN"}.__contains__, lambda: INDIAN_MS)

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return [data.decode() for data in self._server.data_to_send()]

    def received(self, message: str | bytes) -> Messages:
        self._server.receive(message)
        out = self._server.data_to_send()
        if any(isinstance(event, ClientSubscribed) for event in self._server.take_events()):
            figures = PriceFigures(price=807.75, volume=8_053_013, prev_close=811.95)
            out.append(self._server.data_frame("SBIN", price_data(figures), INDIAN_MS))
        return [data.decode() for data in out]

    def passed(self, now: float) -> Messages:
        return ()


class _OwnSide:
    """Says what it has to say as soon as somebody is there, and understands nothing."""

    def __init__(self, path: str) -> None:
        pass

    def opened(self, now: float) -> Messages:
        trade = {"s": "AAPL", "p": 190.55, "v": 100, "t": AMERICAN_MS, "bid": 190.54, "ask": "190.57"}
        return [json.dumps({"type": "trade", "data": [trade]})]

    def received(self, message: str | bytes) -> Messages:
        return ()

    def passed(self, now: float) -> Messages:
        return ()


class _DataSide:
    def __init__(self, path: str) -> None:
        self._server = DataProviderServer("a-session", lambda ticker, resolution: _BARS.get((ticker, resolution)))

    def opened(self, now: float) -> Messages:
        self._server.connection_made(now)
        return self._server.data_to_send()

    def received(self, message: str | bytes) -> Messages:
        self._server.receive(message, 0.0)
        return self._server.data_to_send()

    def passed(self, now: float) -> Messages:
        self._server.deadline_passed(now)
        return self._server.data_to_send()


_FRIDAY_NS = 1_750_982_400_000_000_000  # midnight UTC of 27 June 2025
_BARS = {
    ("AAPL", "1d"): (
        BatchBar(_FRIDAY_NS - 86_400_000_000_000, 201.4, 202.6, 199.5, 201.0, 50_799_121.0),
        BatchBar(_FRIDAY_NS, 201.9, 203.2, 190.1, 190.55, 73_188_571.0),
    ),
    ("AAPL", "1m"): (BatchBar((AMERICAN_MS - 60_000) * 1_000_000, 190.5, 190.6, 190.4, 190.55, 1_200.0),),
}

_SIDES: Mapping[FeedKind, Callable[[str], Side]] = {
    FeedKind.KITE: _KiteSide,
    FeedKind.POLYGON_LOCAL: _PolygonSide,
    FeedKind.ODIN: _OdinSide,
    FeedKind.STREAM_SERVICE: _StreamSide,
    FeedKind.MAPPING: _OwnSide,
    FeedKind.DATA_PROVIDER: _DataSide,
}


class KindServer:
    """What a running server knows: its address and how it was called. `refusal` answers upgrades from now on."""

    def __init__(self, kind: FeedKind) -> None:
        self._kind = kind
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
        if refusal is None and self._kind is FeedKind.KITE:
            no = check_upgrade(urlsplit(request.path).query, lambda *given: given == (API_KEY, ACCESS_TOKEN))
            refusal = None if no is None else (no.http_status, no.body)
        if refusal is None:
            return None
        status, body = refusal
        return Response(status, http.HTTPStatus(status).phrase, Headers({"Content-Length": str(len(body))}), body)

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one client until it goes."""
        assert connection.request is not None
        self.connections.append(connection)
        side = _SIDES[self._kind](connection.request.path)
        loop = asyncio.get_running_loop()
        try:
            await _send(connection, side.opened(loop.time()))
            while True:
                try:
                    async with asyncio.timeout(_TICK_S):
                        message = await connection.recv()
                except TimeoutError:
                    await _send(connection, side.passed(loop.time()))
                else:
                    await _send(connection, side.received(message))
        except ConnectionClosed:
            pass


async def _send(connection: ServerConnection, messages: Messages) -> None:
    for message in messages:
        await connection.send(message)


@asynccontextmanager
async def kind_server(kind: FeedKind) -> AsyncIterator[KindServer]:
    """Run a server of this kind on loopback."""
    running = KindServer(kind)
    async with serve(
        running.serve, "127.0.0.1", 0, process_request=running.answer_upgrade, logger=_silent, close_timeout=0.2
    ) as server:
        running.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield running
