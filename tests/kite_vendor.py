"""A double of Zerodha on loopback: login page, token exchange and ticker on one port, with sessions that end."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import WSMsgType, web

from marketwatch.domain.events import DayStatistics, MarketEvent, Quote, TradeTick
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.login import expiry_ns
from marketwatch.protocols.kite.rest import build_answer, build_error
from marketwatch.protocols.kite.server import HEARTBEAT_S, KiteServer, check_upgrade

API_KEY, API_SECRET = "canaryapikey51d0", "canaryapisecret93be"
USER = "XX0000"
CANARY_PARTS = (API_SECRET, "canaryrequest", "canaryaccess")
"""What nobody but the vendor may ever see; the API key itself is public by the vendor's own rules."""
_INDIA = timedelta(hours=5, minutes=30)


class Ticker:
    """One connection to the ticker, for as long as anybody may ask about it."""

    def __init__(self, server: KiteServer, socket: web.WebSocketResponse, transport: asyncio.WriteTransport) -> None:
        self._server = server
        self._socket = socket
        self._transport = transport
        self.requests: list[str] = []

    @property
    def tokens(self) -> list[int]:
        """What the client is subscribed to."""
        return list(self._server.modes)

    @property
    def is_open(self) -> bool:
        """Whether the client is there."""
        return not self._socket.closed

    def cut(self) -> None:
        """Break the connection."""
        self._transport.abort()

    async def tell(self, event: MarketEvent) -> None:
        """Send what has happened to an instrument, if the client is subscribed to it."""
        self._server.note(event)
        self._server.flush()
        await _send(self._socket, self._server)


class KiteVendor:
    """What a running double knows. `refusal` answers the next exchanges, `upgrade_refusal` the next upgrades."""

    def __init__(self, now_ns: Callable[[], int], events: Iterable[MarketEvent]) -> None:
        self._now_ns = now_ns
        self._book = KiteBook()
        for event in events:
            self._book.take(event)
        self._request_tokens: list[str] = []
        self._sessions: dict[str, int] = {}
        self._transports: list[asyncio.WriteTransport] = []
        self._count = 0
        self._api_key = API_KEY
        self.url = ""
        self.paths: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.upgrades = 0
        self.requests: list[str] = []
        self.modes: dict[int, str] = {}
        self.tickers: list[Ticker] = []
        self.refusal: tuple[int, bytes] | None = None
        self.upgrade_refusal: tuple[int, bytes] | None = None

    def log_in(self) -> str:
        """Log the user in on the login page; return the address that the browser is sent to."""
        self._count += 1
        token = f"canaryrequest{self._count}"
        self._request_tokens.append(token)
        return f"https://127.0.0.1/app?action=login&type=login&status=success&request_token={token}"

    def let_in(self, api_key: str, access_token: str) -> None:
        """Accept a token that was made elsewhere, for a day."""
        self._api_key = api_key
        self._sessions[access_token] = expiry_ns(self._now_ns())

    async def trade(self, price: float, *tokens: int) -> None:
        """Let instruments be traded, and tell whoever is subscribed."""
        at_s = self._now_ns() // 10**9
        for event in [TradeTick(key=str(token), stamp=at_s, price=price, size=1.0) for token in tokens]:
            self._book.take(event)
            for ticker in self.tickers:
                if ticker.is_open:
                    await ticker.tell(event)

    def end_sessions(self) -> None:
        """End every session, as a logout elsewhere does."""
        self._sessions.clear()

    async def cut(self) -> None:
        """Break every connection."""
        for transport in self._transports:
            transport.abort()
        self._transports.clear()

    async def exchange(self, request: web.Request) -> web.Response:
        """Answer POST /session/token."""
        self.paths.append(request.path_qs)
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        status, body = self.refusal or self._session(form)
        return web.Response(status=status, body=body, content_type="application/json")

    def _session(self, form: dict[str, str]) -> tuple[int, bytes]:
        token = form.get("request_token", "")
        if form.get("api_key") != API_KEY:
            return 400, build_error("Invalid `api_key`.", "InputException")
        if form.get("checksum") != hashlib.sha256(f"{API_KEY}{token}{API_SECRET}".encode()).hexdigest():
            return 403, build_error("Invalid `checksum`.", "TokenException")
        if token not in self._request_tokens:
            return 403, build_error("Token is invalid or has expired.", "TokenException")
        self._request_tokens.remove(token)
        access_token = f"canaryaccess{token[-1]}+/="
        now_ns = self._now_ns()
        self._sessions[access_token] = expiry_ns(now_ns)
        login = datetime.fromtimestamp(now_ns // 10**9, UTC) + _INDIA
        data = {"user_id": USER, "access_token": access_token, "login_time": f"{login:%Y-%m-%d %H:%M:%S}"}
        return 200, build_answer(data)

    async def tick(self, request: web.Request) -> web.StreamResponse:
        """Serve the ticker."""
        self.upgrades += 1
        refusal = self.upgrade_refusal
        if refusal is None:
            no = check_upgrade(request.query_string, self._accepts)
            refusal = None if no is None else (no.http_status, no.body)
        if refusal is not None:
            return web.Response(status=refusal[0], body=refusal[1])
        socket = web.WebSocketResponse()
        now = datetime.fromtimestamp(self._now_ns() // 10**9, UTC)
        socket.headers["Date"] = f"{now:%a, %d %b %Y %H:%M:%S} GMT"
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.WriteTransport)
        self._transports.append(request.transport)
        server = KiteServer(self._book)
        ticker = Ticker(server, socket, request.transport)
        self.tickers.append(ticker)
        server.connection_made(asyncio.get_running_loop().time())
        await _send(socket, server)
        beats = asyncio.create_task(_beat(socket, server))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.requests.append(message.data)
                    ticker.requests.append(message.data)
                    server.receive(message.data)
                    self.modes = {token: mode.word for token, mode in server.modes.items()}
                    await _send(socket, server)
        finally:
            beats.cancel()
        return socket

    def _accepts(self, api_key: str, access_token: str) -> bool:
        return api_key == self._api_key and self._now_ns() < self._sessions.get(access_token, 0)


async def _beat(socket: web.WebSocketResponse, server: KiteServer) -> None:
    """Send a heartbeat every few seconds, as Kite does whatever else it sends."""
    loop = asyncio.get_running_loop()
    while not socket.closed:
        await asyncio.sleep(HEARTBEAT_S)
        server.deadline_passed(loop.time())
        with contextlib.suppress(ConnectionError):
            await _send(socket, server)


async def _send(socket: web.WebSocketResponse, server: KiteServer) -> None:
    for message in server.data_to_send():
        await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))


def share(key: str, price: float, stamp: int) -> list[MarketEvent]:
    """Return what a book knows of one share."""
    return [
        DayStatistics(key=key, prev_close=price + 4.0, day_volume=8_052_913.0, day_vwap=price),
        TradeTick(key=key, stamp=stamp, price=price, size=100.0),
        Quote(key=key, stamp=stamp, bid=price - 0.05, bid_size=50.0, ask=price + 0.05, ask_size=75.0),
    ]


@asynccontextmanager
async def kite_vendor(now_ns: Callable[[], int], events: Iterable[MarketEvent]) -> AsyncIterator[KiteVendor]:
    """Run the double on a free port."""
    vendor = KiteVendor(now_ns, events)
    app = web.Application()
    app.router.add_post("/session/token", vendor.exchange)
    app.router.add_get("/", vendor.tick)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield vendor
    finally:
        await vendor.cut()
        await runner.cleanup()
