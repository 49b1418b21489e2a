"""A server for clients in Python: it sends everything it has to whoever subscribes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway_rig import HandFed, gateway

from marketwatch.domain.events import Quote, TradeTick
from marketwatch.gateway.server import GatewayServer
from marketwatch.protocols.base import Channel

T_NS = 1_381_239_000_000_000_000
SECOND_NS = 1_000_000_000


def trade(key: str, price: float, size: float = 100, at_s: int = 0) -> TradeTick:
    return TradeTick(key=key, stamp=T_NS + at_s * SECOND_NS, price=price, size=size, sequence=at_s)


def quote(key: str, bid: float, ask: float, at_s: int = 0) -> Quote:
    return Quote(
        key=key, stamp=T_NS + at_s * SECOND_NS, bid=bid, bid_size=300.0, ask=ask, ask_size=200.0, sequence=at_s
    )


def stocked() -> HandFed:
    """Return a source with two trades and a quote of AAPL and one trade of MSFT, sent to every new subscriber."""
    source = HandFed(["AAPL", "MSFT"])
    source.missed[("AAPL", Channel.TRADES)] = [trade("AAPL", 175.5, 100), trade("AAPL", 175.75, 200, 1)]
    source.missed[("AAPL", Channel.QUOTES)] = [quote("AAPL", 175.25, 175.5)]
    source.missed[("MSFT", Channel.TRADES)] = [trade("MSFT", 410.0, 50)]
    return source


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[GatewayServer, HandFed]]:
    """Run the gateway over such a source; what the test feeds it goes to everybody."""
    source = stocked()
    async with gateway(source, **options) as server:
        yield server, source
