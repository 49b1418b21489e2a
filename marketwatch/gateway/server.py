"""The gateway: serves one source of market data over WebSocket and REST, on loopback unless told otherwise."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence

import msgspec
from aiohttp import WSCloseCode, web

from marketwatch.domain.events import DayStatistics, MarketEvent, TradeTick
from marketwatch.domain.venues import Calendars
from marketwatch.gateway.aggregates import DayAggregator
from marketwatch.gateway.door import Door
from marketwatch.gateway.fan_out import Encode, FanOut, wait_for_room
from marketwatch.gateway.limits import Limits, access_for
from marketwatch.gateway.rest import RestApi, bearer_of
from marketwatch.gateway.session import ClientSession
from marketwatch.gateway.source import MarketSource
from marketwatch.protocols.base import Topic
from marketwatch.protocols.massive.encoding import SimpleEncoder, encode_event
from marketwatch.protocols.massive.server import MassiveServer, WireDialect

_SETTLE_S = 0.1
_HEARTBEAT_S = 60.0

AcceptsKey = Callable[[str | None], bool]


class GatewaySummary(msgspec.Struct, frozen=True):
    """What a gateway did."""

    events: int
    trades: int
    delivered: int
    clients: int
    slow_clients: int


class GatewayServer:
    """WebSocket at `/stocks` and `/`, snapshots at the vendor's REST path. Satisfies `EventSink` for its source.

    Order of use: `start`, `play` (returns when the source ends), `finish`, `stop`.
    """

    def __init__(
        self,
        source: MarketSource,
        *,
        accepts_key: AcceptsKey,
        host: str = "127.0.0.1",
        port: int = 0,
        origins: frozenset[str] = frozenset(),
        limits: Limits | None = None,
    ) -> None:
        self._source = source
        self._accepts_key = accepts_key
        self._limits = limits or Limits()
        self._fan_out = FanOut()
        self._simple = SimpleEncoder()
        self._encoders: dict[WireDialect, Encode] = {
            WireDialect.NATIVE: encode_event,
            WireDialect.SIMPLE: self._simple.encode,
        }
        self._calendars = Calendars()
        self._instruments = source.instruments()
        self._figures = DayAggregator(self._is_extended)
        self._sessions: dict[ClientSession, str] = {}
        self._somebody_listens = asyncio.Event()
        self._subscribed_at_s = 0.0
        self._events = 0
        self._trades = 0
        self._clients = 0
        self._slow_clients = 0
        rest = RestApi(lambda: self._instruments, self.statistics, accepts_key, self._limits)
        routes = {"/": self._serve_client, "/stocks": self._serve_client, **rest.routes()}
        self._door = Door(host, port, access=access_for(host, origins), limits=self._limits, routes=routes)

    # Life

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the address cannot be used."""
        await self._door.open()

    @property
    def url(self) -> str:
        """Where clients connect."""
        host = f"[{self._door.host}]" if ":" in self._door.host else self._door.host
        return f"ws://{host}:{self._door.port}/stocks"

    @property
    def sessions(self) -> tuple[ClientSession, ...]:
        """The clients that are connected."""
        return tuple(self._sessions)

    async def play(self) -> None:
        """Play the source to the clients; returns when it ends. Cancel it to stop earlier."""
        for key in self._instruments:
            known = self._source.statistics(key)
            if known is not None:
                self._figures.seed(known)
        await self._source.play(self)

    async def finish(self) -> None:
        """Serve what is still queued, then close every client politely."""
        self._fan_out.publish(self._figures.finish())
        await asyncio.gather(*(session.finish("end of the recording") for session in tuple(self._sessions)))

    async def stop(self) -> None:
        """Close the port and every connection, at once."""
        self._door.shut()
        await self._dismiss_all(WSCloseCode.GOING_AWAY, "the gateway stops")
        await self._door.close()

    def summary(self) -> GatewaySummary:
        """Return the counts so far."""
        return GatewaySummary(self._events, self._trades, self._fan_out.delivered, self._clients, self._slow_clients)

    def statistics(self, key: str) -> DayStatistics | None:
        """Return the figures of the day: those counted here, and in their place what the source itself states."""
        stated, counted = self._source.statistics(key), self._figures.statistics(key)
        if stated is None or counted is None:
            return stated or counted
        known = {name: value for name, value in msgspec.structs.asdict(stated).items() if value is not None}
        return msgspec.structs.replace(counted, **known)

    # What the source calls

    async def deliver(self, events: Sequence[MarketEvent]) -> None:
        """Take events and return when every client that makes progress has room for more."""
        self._publish(events)
        await wait_for_room(self._fan_out.listeners)

    def offer(self, events: Sequence[MarketEvent]) -> None:
        """Take events without waiting: a client whose queue is full is let go."""
        self._publish(events)
        for session in tuple(self._sessions):
            if session.outbox.is_full:
                session.drop_slow()

    async def wait_for_subscriber(self) -> None:
        """Return when a client has subscribed and asked for nothing more for a moment."""
        loop = asyncio.get_running_loop()
        while not any(session.has_subscribed for session in self._sessions):
            self._somebody_listens.clear()
            await self._somebody_listens.wait()
        rest_s = _SETTLE_S
        while rest_s > 0:
            await asyncio.sleep(rest_s)
            rest_s = self._subscribed_at_s + _SETTLE_S - loop.time()

    async def rewind(self) -> None:
        """Forget the day and let every client go: what follows starts again at the beginning."""
        self.new_day()
        await self._dismiss_all(WSCloseCode.SERVICE_RESTART, "the replay starts again")

    def new_day(self) -> None:
        """Forget the day's figures."""
        self._figures.clear()
        self._simple = SimpleEncoder()
        self._encoders[WireDialect.SIMPLE] = self._simple.encode
        self._fan_out.changed()

    async def _dismiss_all(self, code: int, reason: str) -> None:
        await asyncio.gather(*(session.dismiss(code, reason) for session in tuple(self._sessions)))

    def _publish(self, events: Sequence[MarketEvent]) -> None:
        self._events += len(events)
        figures = self._figures
        everything: list[MarketEvent] = []
        last_ns = 0
        for event in events:
            if type(event) is TradeTick:
                self._trades += 1
                last_ns = event.event_ns or last_ns
                everything.extend(figures.add(event, last_ns))
            everything.append(event)
        if last_ns:
            everything.extend(figures.advance(last_ns))
        self._fan_out.publish(everything)

    def _is_extended(self, key: str, event_ns: int) -> bool:
        instrument = self._instruments.get(key)
        return instrument is not None and self._calendars.of(instrument.id).day(event_ns).is_extended(event_ns)

    # What sessions call

    def encoder_of(self, dialect: WireDialect) -> Encode:
        """Return the one encoder of a dialect."""
        return self._encoders[dialect]

    def subscriptions_changed(self, session: ClientSession, added: tuple[Topic, ...]) -> None:
        """Route events anew, and send what a new subscriber has missed of the day."""
        self._fan_out.changed()
        self._catch_up(session, added)
        if added:
            self._subscribed_at_s = asyncio.get_running_loop().time()
            self._somebody_listens.set()

    def _catch_up(self, session: ClientSession, added: tuple[Topic, ...]) -> None:
        everything = tuple(self._instruments)
        wanted = [(topic.channel, key) for topic in added for key in (everything if topic.key == "*" else (topic.key,))]
        if session.outbox.single:  # the simple dialect states the day's volume in every tick, and has no backlog
            for _, key in wanted:
                if (figures := self.statistics(key)) is not None:
                    self._simple.encode(figures)
            return
        missed = itertools.chain.from_iterable([self._source.backlog(key, channel) for channel, key in wanted])
        session.outbox.add_later(data for event in missed if (data := encode_event(event)) is not None)

    # Connections

    async def _serve_client(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            timeout=self._limits.close_s,
            max_msg_size=self._limits.message_bytes,
            heartbeat=_HEARTBEAT_S,
            compress=False,
        )
        if not socket.can_prepare(request):
            return web.Response(status=426, text="This is a WebSocket address.\n", headers={"Upgrade": "websocket"})
        await socket.prepare(request)
        address = request.remote or ""
        protocol = MassiveServer(self._accepts_key, bearer=bearer_of(request))
        session = ClientSession(socket, request.transport, protocol, self, self._limits)
        if not self._has_place_for(address):
            await session.refuse()
            return socket
        self._clients += 1
        self._sessions[session] = address
        self._fan_out.add(session)
        try:
            await session.serve()
        finally:
            self._fan_out.remove(session)
            del self._sessions[session]
            self._slow_clients += session.was_slow
        return socket

    def _has_place_for(self, address: str) -> bool:
        of_address = sum(each == address for each in self._sessions.values())
        return len(self._sessions) < self._limits.connections and of_address < self._limits.for_address(address)
