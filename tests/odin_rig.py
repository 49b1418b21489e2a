"""An Odin client in the middle of a session, and the frames to feed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from marketwatch.domain.events import MarketEvent, PriceValue, TradeTick, YearStatistics
from marketwatch.protocols.base import Channel, Control, Topic
from marketwatch.protocols.odin.client import OdinClient

STAMP_MS = 1_756_971_590_198
"""13:09:50.198 IST on 4 September 2025."""
SENT_MS = STAMP_MS + 1_450
GUIDE_DATA: dict[str, Any] = {
    "symbol": "SBIN",
    "token": "3045",
    "exchange": "NSE",
    "ltp": 807.75,
    "open": 811.0,
    "high": 813.0,
    "low": 806.0,
    "close": 811.95,
    "volume": 8053013,
    "percent_change": -0.5172732311102957,
    "week_52_high": 912.0,
    "week_52_low": 680.0,
    "week_52_high_date": "2025-09-04",
    "week_52_low_date": "2025-09-04",
    "prev_close": 811.95,
    "avg_volume_5d": 8053013,
    "day_high": 813.0,
    "day_low": 806.0,
    "is_new_week_52_high": False,
    "is_new_week_52_low": False,
    "timestamp": STAMP_MS,
    "last_updated": "2025-09-04T13:09:51.651170489+05:30",
}


def frame(**changes: Any) -> bytes:
    """Return a market_data frame of the guide's shape; changes with a leading underscore are of the outer object."""
    data = {**GUIDE_DATA, **{name: value for name, value in changes.items() if not name.startswith("_")}}
    outer = {
        "type": "market_data",
        **{name: data[name] for name in ("symbol", "token", "exchange")},
        "data": data,
        "timestamp": SENT_MS,
        **{name[1:]: value for name, value in changes.items() if name.startswith("_")},
    }
    return json.dumps(outer).encode() + b"\n"


def welcome(**changes: Any) -> bytes:
    """Return the real server's greeting."""
    data = {"market_open": True, "subscribed_stocks": 0, "features": ["dynamic_subscriptions"], **changes}
    return json.dumps({"type": "welcome", "status": "connected", "data": data, "timestamp": SENT_MS}).encode()


def response(subscribed: object, failed: object = (), **changes: Any) -> bytes:
    """Return the answer to a subscribe request."""
    data = {"action": "subscribe", "subscribed_stocks": subscribed, "failed_stocks": failed, **changes}
    return json.dumps({"type": "subscription_response", "status": "success", "data": data}).encode()


def message(kind: str, **data: Any) -> bytes:
    """Return a message with this data."""
    return json.dumps({"type": kind, "data": data, "timestamp": SENT_MS}).encode()


def topic(key: str) -> Topic:
    return Topic(Channel.TRADES, key)


def greeted(*keys: str, **changes: Any) -> OdinClient:
    """Return a client that was greeted and has asked for these keys; what happened so far is taken away."""
    client = OdinClient()
    client.connection_made(0.0)
    client.receive(welcome(**changes), 0.0)
    client.subscribe([topic(key) for key in keys], 0.0)
    client.take_control()
    client.data_to_send()
    return client


def requests(client: OdinClient) -> list[tuple[str, list[str] | None]]:
    """Take what the client wants to send, as action and stocks."""
    sent = [json.loads(text) for text in client.data_to_send()]
    assert all(request["type"] == "request" for request in sent)
    return [(request["action"], request.get("stocks")) for request in sent]


def controls(client: OdinClient, kind: type[Control]) -> list[Control]:
    """Take all controls and return those of one kind."""
    return [control for control in client.take_control() if isinstance(control, kind)]


def prices(events: Sequence[MarketEvent]) -> list[float]:
    """Return the prices that came, traded or stated."""
    return [
        event.price if isinstance(event, TradeTick) else event.value
        for event in events
        if isinstance(event, TradeTick | PriceValue)
    ]


def statistics(events: Sequence[MarketEvent]) -> YearStatistics:
    """Return the one statement among events."""
    (found,) = (event for event in events if isinstance(event, YearStatistics))
    return found
