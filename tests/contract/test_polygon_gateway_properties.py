"""Properties of the local Polygon server's protocol that hold for any input."""

from __future__ import annotations

import json

import any_events
from any_events import check_possible
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.domain.events import MarketEvent, TradeTick
from marketwatch.errors import FeedError
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.polygon_gateway.client import PolygonGatewayClient
from marketwatch.protocols.polygon_gateway.encoding import encode_event
from marketwatch.protocols.polygon_gateway.messages import CHANNELS
from marketwatch.protocols.polygon_gateway.rest import error_of, parse_bars, parse_status
from marketwatch.protocols.polygon_gateway.server import PolygonGatewayServer

NOW = "2025-06-26T09:30:00"
KEYS = ("AAPL", "BRK.A", "BAC.pL")
keys = st.sampled_from(KEYS)
trades = any_events.trades(keys)
quotes = any_events.quotes(keys)
bars = any_events.bars(keys, "vwap")
json_values = any_events.json_values(*KEYS)
fields = st.sampled_from(
    [
        "symbol", "timestamp", "price", "size", "bid_price", "ask_price", "ask_size", "open", "high", "low", "close",
        "volume", "vwap", "conditions", "exchange", "trade_id", "channel", "end_timestamp",
    ]
)  # fmt: skip
payloads = st.builds(
    lambda kind, base, more: {**({"event_type": kind} if kind else {}), **base, **more},
    st.sampled_from(["trade", "quote", "aggregate", "other", None]),
    st.just({"symbol": "AAPL", "price": 1, "size": 1, "open": 1, "high": 1, "low": 1, "close": 1}),
    st.dictionaries(fields, json_values, max_size=5),
)
messages = st.one_of(
    st.binary(max_size=100),
    st.builds(
        lambda data: json.dumps({"type": "market_data", "data": data}).encode(), st.one_of(payloads, json_values)
    ),
    st.dictionaries(
        st.sampled_from(["type", "symbols", "channels", "message", "action", "ev", "status"]),
        st.one_of(json_values, st.sampled_from(["subscribed", "connected", "error", "pong", "subscribe", "T"])),
    ).map(lambda message: json.dumps(message).encode()),
)


def everything_wanted() -> PolygonGatewayClient:
    client = PolygonGatewayClient()
    client.subscribe([Topic(channel, key) for channel in CHANNELS for key in KEYS], 0.0)
    client.connection_made(0.0)
    client.receive(b'{"type":"connected"}', 0.0)
    client.take_control()
    return client


@given(st.lists(messages, max_size=6))
def test_no_bytes_make_the_client_raise_or_give_impossible_values(several: list[bytes]) -> None:
    client = everything_wanted()
    for message in several:
        for event in client.receive(message, 0.0):
            assert event.key in KEYS
            check_possible(event)
    client.take_control()


@given(st.lists(st.one_of(messages, st.text(max_size=40)), max_size=6))
def test_no_message_makes_the_server_raise(several: list[bytes | str]) -> None:
    server = PolygonGatewayServer("x", lambda: NOW)
    server.connection_made()
    for message in several:
        server.receive(message)
    for answer in server.data_to_send():
        assert json.loads(answer)["type"] in {"connected", "error", "subscribed", "unsubscribed", "pong"}


@given(st.lists(st.one_of(trades, quotes, bars), max_size=20, unique_by=lambda e: (type(e), e.key, e.stamp)))
def test_what_is_written_is_read_back(events: list[MarketEvent]) -> None:
    client = everything_wanted()
    for sent in events:
        data = encode_event(sent, NOW)
        assert data is not None
        (came,) = client.receive(data, 0.0)
        assert isinstance(came, type(sent))
        assert {name: getattr(came, name) for name in sent.__struct_fields__ if name != "conditions"} == {
            name: getattr(sent, name) for name in sent.__struct_fields__ if name != "conditions"
        }
        if isinstance(came, TradeTick) and isinstance(sent, TradeTick):
            assert (came.conditions or None) == sent.conditions
        assert client.receive(data, 0.0) == []
    assert client.take_control() == []


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(CHANNELS), keys), max_size=20))
def test_server_and_client_agree_on_what_is_wanted(steps: list[tuple[bool, Channel, str]]) -> None:
    """The client never asks for a topic that it holds, and what it wants the server sends."""
    client, server = PolygonGatewayClient(), PolygonGatewayServer("x", lambda: NOW)
    client.connection_made(0.0)
    client.receive(b'{"type":"connected"}', 0.0)
    wanted: set[Topic] = set()
    for is_wish, channel, key in steps:
        topic = Topic(channel, key)
        (client.subscribe if is_wish else client.unsubscribe)([topic], 0.0)
        (wanted.add if is_wish else wanted.discard)(topic)
        for request in client.data_to_send():
            server.receive(request)
        for answer in server.data_to_send():
            client.receive(answer, 0.0)
        assert wanted <= set(server.topics)
        assert {topic.key for topic in server.topics} == {topic.key for topic in wanted}
    assert client.next_deadline() == 30.0


@given(
    st.integers(100, 599),
    st.one_of(st.binary(max_size=60), messages, json_values.map(lambda v: json.dumps(v).encode())),
)
def test_no_answer_makes_the_reading_raise_anything_else(http_status: int, body: bytes) -> None:
    assert isinstance(error_of(http_status, body), FeedError)
    for parse in (lambda: parse_bars(http_status, body), lambda: parse_status(body)):
        try:
            parse()
        except FeedError:
            continue
