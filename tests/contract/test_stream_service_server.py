"""Server side of the stream service: the guide's frames, and answers where the real one is silent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stream_rig import STAMP_MS, opened, topic

from marketwatch.domain.events import DayStatistics, PriceValue
from marketwatch.protocols.base import Authenticated, Confirmed, Connected, Control, Refused, Released
from marketwatch.protocols.serving import ClientSubscribed, ClientUnsubscribed, CloseConnection
from marketwatch.protocols.stream_service.encoding import PriceFigures, price_data
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.server import StreamServiceServer, is_origin_allowed

TIME = "2025-01-27T10:30:00.000Z"


def connect(endpoint: Endpoint = Endpoint.MAIN) -> StreamServiceServer:
    server = StreamServiceServer(endpoint, {"RELIANCE", "TCS", "M&M"}.__contains__, lambda: STAMP_MS)
    server.connection_made()
    return server


def said(server: StreamServiceServer) -> list[dict[str, Any]]:
    return [json.loads(data) for data in server.data_to_send()]


@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_the_greeting(endpoint: Endpoint) -> None:
    assert said(connect(endpoint)) == [
        {
            "type": "connection",
            "status": "connected",
            "endpoint": endpoint.value,
            "description": endpoint.description,
            "data_types": list(endpoint.data_types),
            "timestamp": TIME,
            "message": f"WebSocket connection established successfully on {endpoint.value} endpoint",
        }
    ]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ('{"type":"ping","timestamp":1706352600.123}', {"type": "pong"}),
        ('{"type":"heartbeat","timestamp":1706352600.123}', {"type": "heartbeat", "status": "ack"}),
        ("{", {"type": "error", "message": "Invalid JSON format"}),
        (b"\xff", {"type": "error", "message": "Invalid JSON format"}),
        ("[]", {"type": "error", "message": "Invalid request: an object with text members is expected"}),
        ("7", {"type": "error", "message": "Invalid request: an object with text members is expected"}),
        ('{"type":"subscribe"}', {"type": "error", "message": "Symbol is required"}),
        ('{"type":"subscribe","symbol":" "}', {"type": "error", "message": "Symbol is required"}),
        ('{"type":"subscribe","symbol":"X"}', {"type": "error", "message": "Unknown symbol: X"}),
        ('{"type":"dance"}', {"type": "error", "message": "Unknown message type: dance"}),
        (
            '{"type":"unsubscribe","symbol":"TCS"}',
            {"type": "subscription", "status": "unsubscribed", "symbol": "TCS"},
        ),
        (
            '{"type":"subscribe","symbol":"nse:m&m-eq","data_types":["tick_data"]}',
            {"type": "subscription", "status": "subscribed", "symbol": "M&M", "data_types": ["tick_data"]},
        ),
    ],
)
def test_every_request_has_an_answer(request_: str | bytes, answer: dict[str, Any]) -> None:
    server = connect()
    server.data_to_send()
    server.receive(request_)
    assert said(server) == [{**answer, "endpoint": "main", "timestamp": TIME}]


def test_subscriptions_are_told_to_the_gateway_once() -> None:
    server = connect(Endpoint.ALERTS)
    for _ in range(2):
        server.receive('{"type":"subscribe","symbol":"TCS"}')
    wanted = topic("TCS", Endpoint.ALERTS)
    assert server.take_events() == [ClientSubscribed((wanted,))]
    assert server.wants("TCS")
    assert server.symbols == ("TCS",)
    for _ in range(2):
        server.receive('{"type":"unsubscribe","symbol":"TCS"}')
    assert server.take_events() == [ClientUnsubscribed((wanted,))]


def test_a_connection_too_many_is_closed() -> None:
    server = connect()
    server.refuse_connection()
    assert server.take_events() == [CloseConnection(1013, "Too many connections")]


def test_origins() -> None:
    assert is_origin_allowed(None)
    assert is_origin_allowed("http://localhost:3000/")
    assert not is_origin_allowed("http://evil.example")


def test_our_client_and_our_server_understand_each_other() -> None:
    server, client = connect(), opened()
    client.subscribe([topic("RELIANCE"), topic("NOSUCH")], 0.0)
    control: list[Control] = []

    def move() -> list[object]:
        events: list[object] = []
        for _ in range(3):
            for data in server.data_to_send():
                events.extend(client.receive(data, 0.1))
            control.extend(client.take_control())
            for sent in client.data_to_send():
                server.receive(sent)
        return events

    assert move() == []
    figures = PriceFigures(price=2500.5, volume=1_000_000, prev_close=2475.0, day_open=2480.0, day_high=2510.0)
    data = price_data(figures)
    assert (data["change"], data["change_percent"], data["close"]) == (25.5, 1.03, 2475.0)
    came = client.receive(server.data_frame("RELIANCE", data, STAMP_MS), 0.2)
    assert came == [
        DayStatistics(
            key="RELIANCE",
            stamp=STAMP_MS + 1,
            prev_close=2475.0,
            day_open=2480.0,
            day_high=2510.0,
            day_volume=1_000_000.0,
        ),
        PriceValue(key="RELIANCE", stamp=STAMP_MS, value=2500.5),
    ]
    client.unsubscribe([topic("RELIANCE")], 0.3)
    assert move() == []
    assert control == [
        Connected(),
        Authenticated(),
        Confirmed(topic("RELIANCE")),
        Refused(topic("NOSUCH"), "Unknown symbol: NOSUCH"),
        Released(topic("RELIANCE")),
    ]
