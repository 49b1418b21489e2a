"""A client of the stream service in the middle of a session, and the frames to feed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

from marketwatch.domain.events import MarketEvent, PriceValue, TradeTick
from marketwatch.protocols.base import Control, Invalid, Topic
from marketwatch.protocols.stream_service.client import StreamServiceClient
from marketwatch.protocols.stream_service.endpoints import Endpoint

IST = timezone(timedelta(hours=5, minutes=30))
STAMP_MS = 1_737_973_800_000
"""2025-01-27T10:30:00Z."""


def frame(symbol: str = "RELIANCE", timestamp: object = "2025-01-27T10:30:00.000Z", **data: Any) -> bytes:
    """Return a data frame; without figures those of the guide's example."""
    figures = data or {"price": 2500.50, "volume": 1000000, "change": 25.50, "change_percent": 1.03}
    return raw(type="data", symbol=symbol, timestamp=timestamp, data=figures)


def raw(**members: Any) -> bytes:
    """Return a message of these members."""
    return json.dumps(members).encode()


def ack(symbol: str, status: str = "subscribed") -> bytes:
    """Return the answer to a subscribe or unsubscribe request."""
    return raw(type="subscription", status=status, symbol=symbol, timestamp="2025-01-27T16:00:00.123456")


def topic(symbol: str, endpoint: Endpoint = Endpoint.MAIN) -> Topic:
    return Topic(endpoint.channel, symbol)


def opened(endpoint: Endpoint = Endpoint.MAIN) -> StreamServiceClient:
    """Return a client whose connection has just opened, with zoneless times read as India's."""
    client = StreamServiceClient(endpoint=endpoint, zone=IST)
    client.connection_made(0.0)
    return client


def greeted(*symbols: str, endpoint: Endpoint = Endpoint.MAIN) -> StreamServiceClient:
    """Return a client that was greeted and got these symbols; what happened so far is taken away."""
    client = opened(endpoint)
    client.receive(raw(type="connection", status="connected"), 0.0)
    client.subscribe([topic(symbol, endpoint) for symbol in symbols], 0.0)
    for symbol in symbols:
        client.receive(ack(symbol), 0.0)
    client.take_control()
    client.data_to_send()
    return client


def requests(client: StreamServiceClient) -> list[tuple[str, str | None]]:
    """Take what the client wants to send, as type and symbol."""
    sent = [json.loads(text) for text in client.data_to_send()]
    return [(request["type"], request.get("symbol")) for request in sent]


def controls(client: StreamServiceClient, kind: type[Control]) -> list[Control]:
    """Take all controls and return those of one kind."""
    return [control for control in client.take_control() if isinstance(control, kind)]


def reasons(client: StreamServiceClient) -> list[str]:
    """Take all controls and return why parts of messages were not used."""
    return [control.reason for control in client.take_control() if isinstance(control, Invalid)]


def prices(events: Sequence[MarketEvent]) -> list[float]:
    """Return the prices that came, traded or stated."""
    return [
        event.price if isinstance(event, TradeTick) else event.value
        for event in events
        if isinstance(event, TradeTick | PriceValue)
    ]
