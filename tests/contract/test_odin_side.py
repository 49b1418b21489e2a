"""Odin Streamer's side: all connections share the book of clients; every two minutes it says how the year was."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from kind_sides import INDIAN, INDIAN_MS, Messages, PlainSide, Sample, SideKind, SideWorld, Tick, shares
from side_talk import Talk
from tiny_protocol import topic_of

from marketwatch.domain.events import DayStatistics
from marketwatch.feeds.catalog import FeedKind
from marketwatch.protocols.odin.encoding import Figures, market_data, periodic
from marketwatch.protocols.odin.keys import NSE
from marketwatch.protocols.odin.listings import Listing, ListingTable
from marketwatch.protocols.odin.server import ClientBook, Market, OdinServer
from marketwatch.protocols.percent import read_query
from marketwatch.protocols.serving import ClientSubscribed

SBIN = Listing("SBIN", "3045", NSE)


class OdinWorld(SideWorld):
    """Connections of one name are one client to it."""

    def __init__(self, now_ms: Callable[[], int], has_sample: bool = False) -> None:
        super().__init__(now_ms, has_sample)
        self.clients = ClientBook()
        listings = [Listing(symbol, str(4000 + at), NSE) for at, symbol in enumerate(INDIAN)]
        self.table = ListingTable([SBIN] if has_sample else listings)


class OdinSide(PlainSide):
    """One connection."""

    every_s: float | None = 120.0

    def __init__(self, world: OdinWorld, url: str) -> None:
        super().__init__()
        self._world = world
        market = Market(is_open=lambda now_ms: True, next_open_ms=lambda now_ms: now_ms + 86_400_000)
        name = read_query(urlsplit(url).query)["client_id"]
        self._server = OdinServer(name, world.table, world.clients, market, world.now_ms)

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
        listing = self._world.table.by_symbol(symbol) or Listing(symbol, "9999", NSE)
        if asked and not self._server.wants(listing):
            return []
        return [self._data(listing, tick.price, tick.stamp_ns // 1_000_000, prev_close=100.0, volume=100 * tick.number)]

    def keys(self) -> set[str]:
        return {f"NSE:{listing.symbol}" for listing in self._server.held.values()}

    def _data(self, listing: Listing, price: float, stamp_ms: int, *, prev_close: float, volume: int) -> bytes:
        figures = Figures(last_price=price, stamp_ms=stamp_ms, prev_close=prev_close, volume=volume)
        return market_data(listing, figures, self._world.now_ms())

    def _out(self) -> Messages:
        events, out = self._server.take_events(), self._server.data_to_send()
        self._note(events)
        if self._world.has_sample and any(isinstance(event, ClientSubscribed) for event in events):
            return [*out, self._data(SBIN, SIDE.sample.price, INDIAN_MS, prev_close=811.95, volume=8_053_013)]
        return out


SIDE = SideKind(
    make=OdinSide,
    world=OdinWorld,
    instruments=shares("NSE", INDIAN),
    stranger="NSE:ZZZ",
    sample=Sample(key="NSE:SBIN", symbol="SBIN", price=807.75, volume="80.53\u202fL", at_ms=INDIAN_MS),
    unknown="T.NSE:NOBODY",
)


def test_what_it_tells_is_read() -> None:
    talk = Talk(FeedKind.ODIN)
    talk.subscribe(topic_of("T.NSE:SBIN"), topic_of("T.NSE:NOBODY"))
    assert talk.confirmed == {"T.NSE:SBIN"}
    talk.tell("NSE:SBIN", 808.1)
    talk.tell("NSE:TCS", 3_000.0)
    assert (talk.prices, talk.invalid) == ([("NSE:SBIN", 807.75), ("NSE:SBIN", 808.1)], [])
    assert talk.side.keys() == {"NSE:SBIN"}
    closes = [event.prev_close for event in talk.events if isinstance(event, DayStatistics)]
    assert closes[0] == 811.95
