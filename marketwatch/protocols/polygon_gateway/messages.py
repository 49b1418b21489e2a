"""Messages of the local Polygon server. A trade's or quote's payload is the domain event itself.

Bars, raw events that leak through and everything odd take the way of Massive's messages: the server only renames
their fields, so `as_massive` names them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import field

from marketwatch.domain.events import Quote, TradeTick
from marketwatch.protocols.base import Channel
from marketwatch.protocols.massive.messages import Amount, Positive, Price, Stamp, Symbol
from marketwatch.protocols.massive.simple import stamp_of

CHANNELS: Final = (Channel.TRADES, Channel.QUOTES, Channel.SECOND_BARS, Channel.MINUTE_BARS)
"""What the server knows; any other channel makes the real one close the connection."""


class GatewayTrade(TradeTick, frozen=True, gc=False, kw_only=True, tag_field="event_type", tag="trade"):
    """A trade. Sizes of 0 and numbers in texts take the forgiving way."""

    key: Symbol = field(name="symbol")
    stamp: Stamp | None = field(name="timestamp", default=None)
    price: Price
    size: Positive


class GatewayQuote(Quote, frozen=True, gc=False, kw_only=True, tag_field="event_type", tag="quote"):
    """Best bid and ask; the exchange is not read, for the real server never knows it."""

    key: Symbol = field(name="symbol")
    stamp: Stamp | None = field(name="timestamp", default=None)
    bid: Price | None = field(name="bid_price", default=None)
    bid_size: Amount | None = None
    ask: Price | None = field(name="ask_price", default=None)
    ask_size: Amount | None = None


class MarketData(msgspec.Struct, frozen=True, tag_field="type", tag="market_data"):
    """The envelope of a well-formed trade or quote."""

    data: GatewayTrade | GatewayQuote


FAST_DECODER: Final = msgspec.json.Decoder(MarketData)
ENCODER: Final = msgspec.json.Encoder()

_COMMON: Final = {"symbol": "sym", "timestamp": "t"}
_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "trade": {**_COMMON, "price": "p", "size": "s", "conditions": "c", "exchange": "x", "trade_id": "i"},
    "quote": {**_COMMON, "bid_price": "bp", "bid_size": "bs", "ask_price": "ap", "ask_size": "as"},
    "aggregate": {
        "symbol": "sym",
        "timestamp": "s",
        "end_timestamp": "e",
        "open": "o",
        "high": "h",
        "low": "l",
        "close": "c",
        "volume": "v",
        "vwap": "vw",
    },
}
_TIMES: Final = ("timestamp", "end_timestamp")


def kind_of(data: Mapping[str, Any]) -> str | None:
    """Return what a payload is, by its fields when it does not say; None when nothing tells."""
    kind = data.get("event_type")
    if kind is not None:
        return kind if isinstance(kind, str) and kind in _NAMES else None
    if "price" in data:
        return "trade"
    if "bid_price" in data or "ask_price" in data:
        return "quote"
    return "aggregate" if "open" in data else None


def as_massive(data: Mapping[str, Any], kind: str, event: str) -> dict[str, Any]:
    """Return a payload with Massive's names, as its element `event`; keys that nobody knows are left out."""
    element = {short: data[name] for name, short in _NAMES[kind].items() if name in data}
    for name in _TIMES:
        value = data.get(name)
        if name in _NAMES[kind] and isinstance(value, str) and not value.strip().isdecimal():
            element[_NAMES[kind][name]] = stamp_of(value.strip())
    element["ev"] = event
    return element
