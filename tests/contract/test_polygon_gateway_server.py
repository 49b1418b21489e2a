"""Server side of the local Polygon server: its words are the real server's, its behaviour is the documented one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    DepthLevel,
    MarketEvent,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.polygon_gateway.client import PolygonGatewayClient
from marketwatch.protocols.polygon_gateway.server import PolygonGatewayServer
from marketwatch.protocols.serving import ClientAuthenticated, ClientSubscribed, ClientUnsubscribed

NOW = "2025-06-26T09:30:00.123456"
STAMP = 1_701_439_845_000
EVENTS: list[MarketEvent] = [
    TradeTick(key="AAPL", stamp=STAMP, price=175.5, size=100.0, conditions=(12, 37), exchange=11, trade_id="1234567"),
    TradeTick(key="AAPL", stamp=STAMP + 1, price=175.51, size=0.5, conditions=()),
    Quote(key="AAPL", stamp=STAMP, bid=175.45, bid_size=200.0, ask=175.5, ask_size=300.0),
    SecondBar(key="AAPL", stamp=STAMP, ends_stamp=STAMP + 1_000, open=2.0, high=3.0, low=1.0, close=2.5, volume=7.0),
    VendorBar(key="AAPL", stamp=STAMP - STAMP % 60_000, open=2.0, high=3.0, low=1.0, close=2.5, vwap=2.25),
]


def serving() -> PolygonGatewayServer:
    server = PolygonGatewayServer("client123", lambda: NOW)
    server.connection_made()
    assert told(server) == [
        {
            "type": "connected", "message": "Connected to Polygon data stream", "client_id": "client123",
            "timestamp": NOW,
        }
    ]  # fmt: skip
    assert server.take_events() == [ClientAuthenticated()]
    return server


def told(server: PolygonGatewayServer) -> list[dict[str, Any]]:
    return [json.loads(answer) for answer in server.data_to_send()]


def topics(key: str, *channels: str) -> tuple[Topic, ...]:
    return tuple(Topic(Channel(channel), key) for channel in channels)


def test_subscribing_twice_changes_nothing() -> None:
    server = serving()
    for _ in range(2):
        server.receive(b'{"action":"subscribe","symbols":["AAPL"],"channels":["T","Q"]}')
        assert told(server) == [
            {"type": "subscribed", "symbols": ["AAPL"], "channels": ["T", "Q"], "subscription_id": "client_client123"}
        ]
    assert server.take_events() == [ClientSubscribed(topics("AAPL", "T", "Q"))]
    assert server.topics == topics("AAPL", "T", "Q")


def test_trades_are_meant_when_no_channel_is_named() -> None:
    server = serving()
    server.receive('{"action":"subscribe","symbols":["AAPL","MSFT"]}')
    assert told(server)[0]["channels"] == ["T"]
    assert server.topics == (*topics("AAPL", "T"), *topics("MSFT", "T"))


def test_unsubscribing_really_ends_it_wholly_or_by_channel() -> None:
    server = serving()
    server.receive('{"action":"subscribe","symbols":["AAPL","MSFT"],"channels":["T","Q","AM"]}')
    server.take_events()
    server.data_to_send()
    server.receive('{"action":"unsubscribe","symbols":["AAPL"],"channels":["Q"]}')
    assert server.take_events() == [ClientUnsubscribed(topics("AAPL", "Q"))]
    assert not server.wants(EVENTS[2])
    assert server.wants(EVENTS[0])
    server.receive('{"action":"unsubscribe","symbols":["AAPL","ZZZZ"]}')
    assert server.take_events() == [ClientUnsubscribed(topics("AAPL", "T", "AM"))]
    assert told(server)[-1] == {"type": "unsubscribed", "symbols": ["AAPL", "ZZZZ"]}
    assert server.topics == topics("MSFT", "T", "Q", "AM")


def test_ping() -> None:
    server = serving()
    server.receive(b'{"action":"ping"}')
    assert told(server) == [{"type": "pong", "timestamp": NOW}]


@pytest.mark.parametrize(
    ("request_text", "message"),
    [
        (b"", "The request is not a JSON object"),
        (b"{", "The request is not a JSON object"),
        (b"[]", "The request is not a JSON object"),
        (b'"x"', "The request is not a JSON object"),
        (b"\xff\xfe", "The request is not a JSON object"),
        (b"[" * 100_000, "The request is not a JSON object"),
        (b'{"action":"foo"}', "Unknown action: foo"),
        (b"{}", "Unknown action: None"),
        (b'{"action":"subscribe"}', "No symbols provided"),
        (b'{"action":"subscribe","symbols":[]}', "No symbols provided"),
        (b'{"action":"subscribe","symbols":["A",5]}', "No symbols provided"),
        (b'{"action":"unsubscribe","symbols":"AAPL"}', "No symbols provided"),
        (b'{"action":"subscribe","symbols":["A"],"channels":["X"]}', "Unknown channel: X"),
        (b'{"action":"subscribe","symbols":["A"],"channels":[]}', "Unknown channel: []"),
        (b'{"action":"subscribe","symbols":["A"],"channels":"T"}', "Unknown channel: T"),
    ],
)
def test_nonsense_is_answered_and_survived(request_text: bytes, message: str) -> None:
    server = serving()
    server.receive(request_text)
    assert told(server) == [{"type": "error", "message": message}]
    assert server.topics == ()


def test_there_is_an_end_to_what_one_client_may_want() -> None:
    server = serving()
    server.receive(json.dumps({"action": "subscribe", "symbols": [f"S{n}" for n in range(20_001)]}))
    assert told(server) == [{"type": "error", "message": "Too many subscriptions"}]


def test_the_payloads_are_those_of_the_guide() -> None:
    server = serving()
    trade, _, quote, second, minute = [json.loads(server.encode(event) or b"") for event in EVENTS]
    assert trade == {
        "type": "market_data",
        "data": {
            "event_type": "trade", "symbol": "AAPL", "timestamp": STAMP, "price": 175.5, "size": 100,
            "conditions": [12, 37], "exchange": 11, "trade_id": "1234567",
        },
        "timestamp": NOW,
    }  # fmt: skip
    assert quote["data"] == {
        "event_type": "quote", "symbol": "AAPL", "timestamp": STAMP, "bid_price": 175.45, "bid_size": 200,
        "ask_price": 175.5, "ask_size": 300, "exchange": None,
    }  # fmt: skip
    assert second["data"] == {
        "event_type": "aggregate", "symbol": "AAPL", "timestamp": STAMP, "open": 2.0, "high": 3.0, "low": 1.0,
        "close": 2.5, "volume": 7, "vwap": None, "transactions": None, "channel": "A", "end_timestamp": STAMP + 1_000,
    }  # fmt: skip
    assert (minute["data"]["channel"], minute["data"]["volume"], minute["data"]["vwap"]) == ("AM", None, 2.25)
    assert server.encode(DayStatistics(key="AAPL", prev_close=1.0)) is None


def test_a_book_is_sent_as_the_quote_it_is() -> None:
    depth = Depth(key="AAPL", stamp=STAMP, bid=1.0, bid_size=5.0, bids=(DepthLevel(1.0, 5.0),))
    server = serving()
    server.receive('{"action":"subscribe","symbols":["AAPL"],"channels":["Q"]}')
    assert server.wants(depth)
    assert json.loads(server.encode(depth) or b"")["data"]["bid_price"] == 1.0


def test_our_client_and_our_server_understand_each_other() -> None:
    client, server = PolygonGatewayClient(), PolygonGatewayServer("x", lambda: NOW)
    client.subscribe(topics("AAPL", "T", "Q", "A", "AM"), 0.0)
    client.connection_made(0.0)
    server.connection_made()

    def exchange() -> None:
        for answer in server.data_to_send():
            client.receive(answer, 0.0)
        for request in client.data_to_send():
            server.receive(request)

    exchange()
    exchange()
    assert client.next_deadline() == 30.0
    wanted = [data for event in EVENTS if server.wants(event) and (data := server.encode(event)) is not None]
    received = [event for data in wanted for event in client.receive(data, 1.0)]
    assert len(received) == len(EVENTS)
    for ours, theirs in zip(EVENTS, received, strict=True):
        assert isinstance(theirs, type(ours))
        assert {name: getattr(theirs, name) for name in ours.__struct_fields__} == {
            name: getattr(ours, name) for name in ours.__struct_fields__
        }
