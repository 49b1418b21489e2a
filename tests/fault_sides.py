"""For each kind of feed the server side that fault scripts talk to: our own, one object per connection.

A kind of the catalog joins the scripts by a row in `SIDES`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from marketwatch.domain.events import TradeTick
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.server import HEARTBEAT_S, KiteServer, check_upgrade
from marketwatch.protocols.massive.encoding import encode_event, frames
from marketwatch.protocols.massive.server import MassiveServer
from marketwatch.protocols.odin.encoding import Figures, market_data, periodic
from marketwatch.protocols.odin.keys import NSE
from marketwatch.protocols.odin.listings import Listing, ListingTable
from marketwatch.protocols.odin.server import ClientBook, Market, OdinServer
from marketwatch.protocols.percent import read_query
from marketwatch.protocols.polygon_gateway.server import PolygonGatewayServer
from marketwatch.protocols.serving import CloseConnection, ServerEvent
from marketwatch.protocols.stream_service.encoding import PriceFigures, price_data
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.server import StreamServiceServer
from marketwatch.runtime.retry import HandshakeRejected

NS: Final = 1_000_000_000
RIGHT_KEY: Final = "right-key:right-token"
WRONG_KEY: Final = "wrong-key:wrong-token"

Messages = list[bytes]


class Tick(msgspec.Struct, frozen=True):
    """What a server has to tell of one share: `number` rises with every one."""

    key: str
    price: float
    stamp_ns: int
    number: int


class Side(Protocol):
    """Server side of one connection."""

    every_s: float | None
    """How often `passed` is to be called."""

    def opened(self, now: float) -> Messages:
        """Begin; return what to send."""
        ...

    def received(self, message: str | bytes, now: float) -> Messages:
        """Take a message; return what to send."""
        ...

    def passed(self, now: float) -> Messages:
        """Let time pass; return what to send."""
        ...

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        """Return what to send about a share, if it was asked for, or although it was not."""
        ...

    def keys(self) -> set[str]:
        """The feed's names of what the client is subscribed to."""
        ...

    def closing(self) -> tuple[int, str] | None:
        """Code and reason with which the server closes, if it does."""
        ...

    def crowd_out(self) -> Messages:
        """Decide that the account has too many connections."""
        ...


class _Plain:
    """What most sides have in common."""

    every_s: float | None = None

    def __init__(self) -> None:
        self._close: tuple[int, str] | None = None

    def passed(self, now: float) -> Messages:
        return []

    def closing(self) -> tuple[int, str] | None:
        return self._close

    def crowd_out(self) -> Messages:
        self._close = (1013, "Too many connections")
        return []

    def _note(self, events: Iterable[ServerEvent]) -> None:
        for event in events:
            if isinstance(event, CloseConnection):
                self._close = (event.code, event.reason)


def _trade(tick: Tick) -> TradeTick:
    return TradeTick(
        key=tick.key,
        stamp=tick.stamp_ns // 1_000_000,
        price=tick.price,
        size=100.0,
        conditions=(),
        exchange=4,
        trade_id=str(tick.number),
    )


class MassiveSide(_Plain):
    """Massive: the key comes in a message."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._server = MassiveServer(lambda key: key == RIGHT_KEY)

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._out()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        trade = _trade(tick)
        element = encode_event(trade)
        is_wanted = self._server.wants(trade) or not asked
        return list(frames([element])) if element is not None and is_wanted else []

    def keys(self) -> set[str]:
        return {topic.key for topic in self._server.topics}

    def crowd_out(self) -> Messages:
        self._server.refuse_connection()
        return self._out()

    def _out(self) -> Messages:
        self._note(self._server.take_events())
        return self._server.data_to_send()


class PolygonSide(_Plain):
    """The local Polygon server."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._server = PolygonGatewayServer(urlsplit(url).path.rpartition("/")[2], lambda: "2025-06-27T15:00:00.000000")

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return self._server.data_to_send()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._server.data_to_send()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        trade = _trade(tick)
        data = self._server.encode(trade)
        return [data] if data is not None and (self._server.wants(trade) or not asked) else []

    def keys(self) -> set[str]:
        return {topic.key for topic in self._server.topics}


class OdinSide(_Plain):
    """Odin Streamer; all connections share the book of clients. Every two minutes it says how the year was."""

    every_s: float | None = 120.0

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._world = world
        self._table = ListingTable([Listing(symbol, str(3000 + at), NSE) for at, symbol in enumerate(_INDIAN)])
        market = Market(is_open=lambda now_ms: True, next_open_ms=lambda now_ms: now_ms + 86_400_000)
        name = read_query(urlsplit(url).query)["client_id"]
        self._server = OdinServer(name, self._table, world.odin_clients, market, world.now_ms)

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._out()

    def passed(self, now: float) -> Messages:
        now_ms = self._world.now_ms()
        figures = Figures(last_price=100.0, stamp_ms=now_ms, high_52w=200.0, low_52w=50.0)
        return [periodic(listing, figures, now_ms) for listing in self._server.held.values()]

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        symbol = tick.key.partition(":")[2]
        listing = self._table.by_symbol(symbol) or Listing(symbol, "9999", NSE)
        figures = Figures(
            last_price=tick.price, stamp_ms=tick.stamp_ns // 1_000_000, prev_close=100.0, volume=100 * tick.number
        )
        is_wanted = self._server.wants(listing) or not asked
        return [market_data(listing, figures, self._world.now_ms())] if is_wanted else []

    def keys(self) -> set[str]:
        return {f"NSE:{listing.symbol}" for listing in self._server.held.values()}

    def _out(self) -> Messages:
        self._note(self._server.take_events())
        return self._server.data_to_send()


class StreamSide(_Plain):
    """The prices of the stream service."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._world = world
        self._server = StreamServiceServer(Endpoint.MAIN, set(_INDIAN).__contains__, world.now_ms)

    def opened(self, now: float) -> Messages:
        self._server.connection_made()
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._out()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        figures = PriceFigures(price=tick.price, volume=100 * tick.number, prev_close=100.0)
        is_wanted = self._server.wants(tick.key) or not asked
        frame = self._server.data_frame(tick.key, price_data(figures), tick.stamp_ns // 1_000_000)
        return [frame] if is_wanted else []

    def keys(self) -> set[str]:
        return set(self._server.symbols)

    def crowd_out(self) -> Messages:
        self._server.refuse_connection()
        return self._out()

    def _out(self) -> Messages:
        self._note(self._server.take_events())
        return self._server.data_to_send()


class KiteSide(_Plain):
    """Kite's ticker: the key comes with the upgrade, the first packet confirms."""

    every_s: float | None = HEARTBEAT_S

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        right = tuple(RIGHT_KEY.split(":"))
        refusal = check_upgrade(urlsplit(url).query, lambda *given: given == right)
        if refusal is not None:
            raise HandshakeRejected(refusal.http_status, {"content-type": "application/json"}, refusal.body)
        self._world = world
        self._server = KiteServer(world.kite_book)

    def opened(self, now: float) -> Messages:
        self._server.connection_made(now)
        return self._out()

    def received(self, message: str | bytes, now: float) -> Messages:
        self._server.receive(message)
        return self._out()

    def passed(self, now: float) -> Messages:
        self._server.deadline_passed(now)
        return self._out()

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        trade = TradeTick(key=tick.key, stamp=tick.stamp_ns // NS, price=tick.price, size=100.0)
        if asked:
            self._world.kite_book.take(trade)
            self._server.note(trade)
            self._server.flush()
            return self._out()
        other = KiteBook()
        other.take(trade)
        stranger = KiteServer(other)
        stranger.receive(json.dumps({"a": "subscribe", "v": [int(tick.key)]}))
        return _as_bytes(stranger.data_to_send())

    def keys(self) -> set[str]:
        return {topic.key for topic in self._server.topics}

    def _out(self) -> Messages:
        return _as_bytes(self._server.data_to_send())


class MappingSide(_Plain):
    """A stream of one's own: it says the same to everybody, unasked."""

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()

    def opened(self, now: float) -> Messages:
        return []

    def received(self, message: str | bytes, now: float) -> Messages:
        return []

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        record = {"symbol": tick.key, "price": tick.price, "size": 100, "time": tick.stamp_ns // 1_000_000}
        return [json.dumps(record).encode()]

    def keys(self) -> set[str]:
        return set()


class DataSide(_Plain):
    """The Data Provider Server: it answers requests for bars, and says nothing of its own accord but pings."""

    every_s: float | None = 25.0

    def __init__(self, world: SideWorld, url: str) -> None:
        super().__init__()
        self._world = world

    def opened(self, now: float) -> Messages:
        return [b'0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}']

    def received(self, message: str | bytes, now: float) -> Messages:
        text = message if isinstance(message, str) else message.decode()
        if text.startswith("40"):
            return [b'40{"sid":"b"}']
        if not text.startswith("42"):
            return []
        name, asked = json.loads(text[2:])
        echo = {"resolution": asked["resolution"], "period": asked["period"]}
        if name == "get_data":
            ticker = asked["ticker"]
            return [self._event("data_response", {**echo, "ticker": ticker, "data": self._rows(asked, ticker)})]
        results = {ticker: {"data": self._rows(asked, ticker)} for ticker in asked["tickers"]}
        return [self._event("batch_response", {**echo, "results": results, "errors": {}})]

    def passed(self, now: float) -> Messages:
        return [b"2"]

    def tell(self, tick: Tick, *, asked: bool = True) -> Messages:
        if asked:
            self._world.bars[tick.key] = tick
            return []
        return [self._event("data_response", {"ticker": tick.key, "data": _bars(tick, "1d"), "resolution": "1d"})]

    def keys(self) -> set[str]:
        return set()

    def _rows(self, asked: dict[str, Any], ticker: str) -> list[dict[str, Any]]:
        tick = self._world.bars.get(ticker)
        return [] if tick is None else _bars(tick, asked["resolution"])

    def _event(self, name: str, payload: dict[str, Any]) -> bytes:
        return b"42" + json.dumps([name, payload]).encode()


def _bars(tick: Tick, resolution: str) -> list[dict[str, Any]]:
    at = datetime.fromtimestamp(tick.stamp_ns // NS, UTC).astimezone(ZoneInfo("America/New_York"))
    start = at.date().isoformat() if resolution == "1d" else at.replace(second=0).isoformat()
    return [{"Date": start, **dict.fromkeys(("Open", "High", "Low", "Close"), tick.price), "Volume": 100 * tick.number}]


class SideWorld:
    """What the connections of one server share. `now_ms` is its own clock, which is right."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.odin_clients = ClientBook()
        self.kite_book = KiteBook()
        self.bars: dict[str, Tick] = {}


class SideKind(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind takes part. `stranger` is a key that is never asked for.

    `knows_subscriptions`: the server can say what the client is subscribed to. `is_pushed`: it tells of each tick.
    """

    make: Callable[[SideWorld, str], Side]
    instruments: tuple[InstrumentId, ...]
    stranger: str
    has_key: bool = False
    knows_subscriptions: bool = True
    is_pushed: bool = True


def _shares(venue: str, symbols: Iterable[str]) -> tuple[InstrumentId, ...]:
    return tuple(InstrumentId(Venue(venue), CASH, symbol) for symbol in symbols)


_INDIAN: Final = ("SBIN", "RELIANCE", "TCS", "INFY")
_AMERICAN: Final = ("AAPL", "MSFT", "IBM", "BRK.A")

SIDES: Final[Mapping[str, SideKind]] = {
    "massive": SideKind(make=MassiveSide, instruments=_shares("XNAS", _AMERICAN), stranger="ZZZ", has_key=True),
    "polygon-local": SideKind(make=PolygonSide, instruments=_shares("XNAS", _AMERICAN), stranger="ZZZ"),
    "odin": SideKind(make=OdinSide, instruments=_shares("NSE", _INDIAN), stranger="NSE:ZZZ"),
    "stream-service": SideKind(make=StreamSide, instruments=_shares("NSE", _INDIAN), stranger="ZZZ"),
    "kite": SideKind(make=KiteSide, instruments=_shares("NSE", _INDIAN), stranger="11536129", has_key=True),
    "mapping": SideKind(
        make=MappingSide, instruments=_shares("US", _AMERICAN), stranger="ZZZ", knows_subscriptions=False
    ),
    "data-provider": SideKind(
        make=DataSide,
        instruments=_shares("US", _AMERICAN),
        stranger="ZZZ",
        knows_subscriptions=False,
        is_pushed=False,
    ),
}


def _as_bytes(messages: Iterable[Any]) -> Messages:
    return [message.encode() if isinstance(message, str) else message for message in messages]
