"""Streams of one's own for tests: a client that is open, and messages in a shape that many servers use."""

from __future__ import annotations

import json
from typing import Any

from marketwatch.domain.events import MarketEvent
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.mapping.client import MappingClient
from marketwatch.protocols.mapping.mapping import Mapping

AT_MS = 1_751_050_800_123
TRADES = Mapping(symbol="data[].s", price="data[].p", size="data[].v", time="data[].t")


def topic(key: str, channel: Channel = Channel.TRADES) -> Topic:
    return Topic(channel, key)


def opened(mapping: Mapping | None, *keys: str) -> MappingClient:
    client = MappingClient(mapping=mapping)
    client.connection_made(0.0)
    client.subscribe([topic(key, channel) for key in keys for channel in (Channel.TRADES, Channel.QUOTES)], 0.0)
    client.take_control()
    return client


def read(client: MappingClient, message: Any) -> list[MarketEvent]:
    return list(client.receive(json.dumps(message).encode(), 1.0))


def trade(**fields: Any) -> dict[str, Any]:
    return {"type": "trade", "data": [{"s": "AAPL", "p": 190.55, "v": 100, "t": AT_MS, **fields}]}
