"""Client side of the local Polygon server: greeting, requests, pings, and a double with the real server's faults."""

from __future__ import annotations

import json
from typing import Any

import pytest

from marketwatch.domain.events import MarketEvent, Quote, SecondBar, TradeTick, VendorBar
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, ProtocolError
from marketwatch.protocols.base import (
    Authenticated,
    Channel,
    Confirmed,
    Connected,
    Notice,
    Refused,
    Released,
    Topic,
    Unconfirmed,
)
from marketwatch.protocols.polygon_gateway.address import connection_url, normalise_url
from marketwatch.protocols.polygon_gateway.client import PolygonGatewayClient
from marketwatch.protocols.polygon_gateway.encoding import encode_event

GREETING = (
    b'{"type":"connected","message":"Connected to Polygon data stream","client_id":"client123",'
    b'"timestamp":"2025-06-26T09:30:00.123456"}'
)
TIMESTAMP = "2025-06-26T09:30:01.456789"


def topics(*texts: str) -> list[Topic]:
    pairs = [text.partition(".") for text in texts]
    return [Topic(Channel(channel), key) for channel, _, key in pairs]


def ready(*wanted: str) -> PolygonGatewayClient:
    client = PolygonGatewayClient()
    client.subscribe(topics(*wanted), 99.0)
    client.connection_made(100.0)
    assert client.data_to_send() == []
    client.receive(GREETING, 100.0)
    assert client.take_control() == [Connected(), Authenticated()]
    return client


def sent(client: PolygonGatewayClient) -> list[dict[str, Any]]:
    return [json.loads(message) for message in client.data_to_send()]


def message(event: MarketEvent) -> bytes:
    data = encode_event(event, TIMESTAMP)
    assert data is not None
    return data


class FaultyServer:
    """The real server as it is: once more per request, deaf to `unsubscribe`, and with other clients' channels."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {}
        self.answers: list[bytes] = []

    def take(self, request: dict[str, Any]) -> None:
        if request["action"] == "subscribe":
            for symbol in request["symbols"]:
                self.times[symbol] = self.times.get(symbol, 0) + 1
            answer = {"type": "subscribed", **{name: request[name] for name in ("symbols", "channels")}}
        else:
            answer = {"type": "unsubscribed", "symbols": request["symbols"]}
        self.answers.append(json.dumps(answer).encode())

    def publish(self, *events: MarketEvent) -> list[bytes]:
        return [message(event) for event in events for _ in range(self.times.get(event.key, 0))]


def test_one_request_per_set_of_channels() -> None:
    client = ready("T.AAPL", "Q.AAPL", "T.MSFT", "AM.SPY", "Q.MSFT", "A.IBM", "AM.IBM")
    assert client.data_to_send() == [
        '{"action":"subscribe","symbols":["AAPL","MSFT"],"channels":["T","Q"]}',
        '{"action":"subscribe","symbols":["SPY"],"channels":["AM"]}',
        '{"action":"subscribe","symbols":["IBM"],"channels":["A","AM"]}',
    ]
    client.receive(b'{"type":"subscribed","symbols":["AAPL"],"channels":["T","Q"],"subscription_id":"client_x"}', 101.0)
    assert client.take_control() == [Confirmed(topic) for topic in topics("T.AAPL", "Q.AAPL")]
    client.subscribe(topics("T.AAPL"), 102.0)
    assert sent(client) == []
    client.subscribe(topics("A.AAPL"), 102.0)
    assert sent(client) == [{"action": "subscribe", "symbols": ["AAPL"], "channels": ["A"]}]
    client.deadline_passed(110.0)
    assert client.take_control() == [
        Unconfirmed(topic) for topic in topics("T.MSFT", "AM.SPY", "Q.MSFT", "A.IBM", "AM.IBM")
    ]


def test_no_greeting_is_no_obstacle() -> None:
    client = PolygonGatewayClient()
    client.subscribe(topics("T.AAPL"), 100.0)
    client.connection_made(100.0)
    assert client.next_deadline() == 110.0
    client.deadline_passed(110.0)
    assert client.take_control() == [Connected(), Authenticated()]
    assert sent(client) == [{"action": "subscribe", "symbols": ["AAPL"], "channels": ["T"]}]


def test_ends_are_local_and_the_server_hears_of_the_last_only() -> None:
    client = ready("T.AAPL", "Q.AAPL")
    client.data_to_send()
    client.unsubscribe(topics("Q.AAPL"), 101.0)
    assert sent(client) == []
    assert client.take_control() == [Released(topics("Q.AAPL")[0])]
    quote = Quote(key="AAPL", stamp=1_751_000_000_000, bid=1.0)
    assert client.receive(message(quote), 101.0) == []
    client.unsubscribe(topics("T.AAPL"), 102.0)
    assert sent(client) == [{"action": "unsubscribe", "symbols": ["AAPL"]}]
    client.receive(b'{"type":"unsubscribed","symbols":["AAPL"]}', 102.0)
    assert client.take_control() == [Released(topics("T.AAPL")[0])]


@pytest.mark.parametrize("topic", topics("LULD.AAPL", "T.*", "T. ", "DEPTH.AAPL"))
def test_what_makes_the_server_hang_up_is_never_sent(topic: Topic) -> None:
    client = ready()
    client.subscribe([topic], 101.0)
    assert sent(client) == []
    (refused,) = client.take_control()
    assert isinstance(refused, Refused)
    assert refused.topic == topic


def test_errors_belong_to_the_only_request_or_to_nobody() -> None:
    client = ready("T.AAPL")
    client.receive(b'{"type":"error","message":"No symbols provided"}', 101.0)
    assert client.take_control() == [Refused(topics("T.AAPL")[0], "No symbols provided")]
    client.receive(b'{"type":"error","message":"Unknown action: foo"}', 101.0)
    client.receive(b'{"type":"error"}', 101.0)
    assert client.take_control() == [
        Notice("Unknown action: foo"),
        Notice("the server reported an error without a reason"),
    ]


def test_pings_every_half_minute_and_two_without_an_answer_are_the_end() -> None:
    client = ready()
    for now in (130.0, 160.0, 190.0):
        assert client.next_deadline() == now
        client.deadline_passed(now)
        assert client.data_to_send() == ['{"action":"ping"}']
        client.receive(b'{"type":"pong","timestamp":"2025-06-26T09:30:00"}', now + 0.1)
    client.deadline_passed(220.0)
    client.deadline_passed(250.0)
    with pytest.raises(ProtocolError, match="2 pings"):
        client.deadline_passed(280.0)


def test_duplicates_and_strange_channels_of_the_real_server_are_dropped() -> None:
    server, client = FaultyServer(), ready("T.AAPL")
    for request in sent(client):
        server.take(request)
    client.unsubscribe(topics("T.AAPL"), 101.0)
    client.subscribe(topics("T.AAPL"), 101.0)
    client.subscribe(topics("Q.AAPL"), 101.0)
    for request in sent(client):
        server.take(request)
    assert server.times == {"AAPL": 3}
    for answer in server.answers:
        client.receive(answer, 101.0)
    trades = [
        TradeTick(key="AAPL", stamp=1_751_000_000_000 + n, price=100.0 + n, size=10.0, trade_id=str(n))
        for n in range(50)
    ]
    quotes = [Quote(key="AAPL", stamp=1_751_000_000_000, bid=100.0 + n % 2, bid_size=1.0) for n in range(6)]
    strange = SecondBar(key="AAPL", stamp=1_751_000_001_000, open=1.0, high=1.0, low=1.0, close=1.0)
    received = [event for data in server.publish(*trades, *quotes, strange) for event in client.receive(data, 102.0)]
    assert [event.price for event in received if isinstance(event, TradeTick)] == [100.0 + n for n in range(50)]
    assert [event.bid for event in received if isinstance(event, Quote)] == [100.0, 101.0] * 3
    assert not any(isinstance(event, VendorBar) for event in received)


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("ws://localhost:8200", "ws://localhost:8200/ws"),
        ("ws://localhost:8200/", "ws://localhost:8200/ws"),
        ("WS://localhost:8200/ws/", "ws://localhost:8200/ws"),
        ("wss://host/ws/client123", "wss://host/ws/client123"),
    ],
)
def test_addresses(typed: str, used: str) -> None:
    assert normalise_url(typed) == used


def test_every_start_has_a_path_of_its_own_and_no_key_travels() -> None:
    url = connection_url("ws://localhost:8200/ws", Secret("canary"), "marketwatch a/b")
    assert url.reveal() == "ws://localhost:8200/ws/marketwatch%20a%2Fb"
    assert connection_url("ws://localhost:8200/ws/mine", None, "x").reveal() == "ws://localhost:8200/ws/mine"
    assert "canary" not in url.reveal()
    with pytest.raises(ConfigurationError):
        normalise_url("http://localhost:8200")
