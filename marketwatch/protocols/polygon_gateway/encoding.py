"""Domain events as messages of the local Polygon server."""

from __future__ import annotations

from typing import Any, Final

from marketwatch.domain.events import MarketEvent, Quote, SecondBar, TradeTick, VendorBar
from marketwatch.protocols.polygon_gateway.messages import ENCODER

_MILLI: Final = 1_000_000


def encode_event(event: MarketEvent, timestamp: str) -> bytes | None:
    """Return the message of an event, sent at `timestamp`; None for what this server does not carry.

    Bars say what the real server leaves open: their channel and their end.
    """
    data = payload(event)
    if data is None:
        return None
    return ENCODER.encode({"type": "market_data", "data": data, "timestamp": timestamp})


def payload(event: MarketEvent) -> dict[str, Any] | None:
    """Return the `data` of an event's message, as the guide's callbacks get it; None for what it does not describe."""
    if isinstance(event, TradeTick):
        return {
            "event_type": "trade",
            "symbol": event.key,
            "timestamp": _millis(event.event_ns),
            "price": event.price,
            "size": _whole(event.size),
            "conditions": event.conditions or (),
            "exchange": event.exchange,
            "trade_id": event.trade_id,
        }
    if isinstance(event, Quote):
        return {
            "event_type": "quote",
            "symbol": event.key,
            "timestamp": _millis(event.event_ns),
            "bid_price": event.bid,
            "bid_size": _whole(event.bid_size),
            "ask_price": event.ask,
            "ask_size": _whole(event.ask_size),
            "exchange": None,
        }
    return _bar(event) if isinstance(event, VendorBar) else None


def _bar(bar: VendorBar) -> dict[str, Any]:
    return {
        "event_type": "aggregate",
        "symbol": bar.key,
        "timestamp": _millis(bar.event_ns),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": _whole(bar.volume),
        "vwap": bar.vwap,
        "transactions": None,
        "channel": "A" if isinstance(bar, SecondBar) else "AM",
        "end_timestamp": _millis(bar.ends_ns),
    }


def _millis(stamp_ns: int | None) -> int | None:
    return None if stamp_ns is None else stamp_ns // _MILLI


def _whole(number: float | None) -> float | None:
    """Write whole amounts as integers, as the server does."""
    return int(number) if number is not None and float(number).is_integer() else number
