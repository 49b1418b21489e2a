"""Server side of the Massive protocol: what clients of every kind are told, and what the official one reads."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from massive.websocket.models import EquityAgg, EquityQuote, EquityTrade, Market, parse

from marketwatch.domain.events import (
    DayStatistics,
    FairValue,
    MarketEvent,
    PriceLimits,
    PriceValue,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.massive.encoding import SimpleEncoder, encode_event, frames
from marketwatch.protocols.massive.messages import WireQuote, WireTrade
from marketwatch.protocols.massive.server import (
    ClientAuthenticated,
    ClientSubscribed,
    ClientUnsubscribed,
    CloseConnection,
    MassiveServer,
    WireDialect,
)

KEY = "pk_test"
STAMP_NS = 1_751_032_800_123_456_789
AAPL, MSFT = Topic(Channel.TRADES, "AAPL"), Topic(Channel.TRADES, "MSFT")


def needs_key(key: str | None) -> bool:
    return key == KEY


def anybody(_key: str | None) -> bool:
    return True


def serving(*, bearer: str | None = None, accepts: Any = needs_key) -> MassiveServer:
    server = MassiveServer(accepts, bearer=bearer)
    server.connection_made()
    assert told(server) == [("connected", "Connected Successfully")]
    return server


def told(server: MassiveServer) -> list[tuple[str, str]]:
    """Return the statuses sent, after checking what official clients rely on."""
    answers: list[tuple[str, str]] = []
    for frame in server.data_to_send():
        elements = json.loads(frame)
        assert isinstance(elements, list)
        assert all(element["ev"] == "status" and isinstance(element["message"], str) for element in elements)
        answers.extend((element["status"], element["message"]) for element in elements)
    return answers


def official(frame: bytes, market: Market = Market.Stocks) -> list[Any]:
    return list(parse(json.loads(frame), logging.getLogger("official"), market))


def test_key_by_message_then_subscription() -> None:
    server = serving()
    server.receive(b'{"action":"auth","params":"pk_test"}')
    assert told(server) == [("auth_success", "authenticated")]
    server.receive('{"action":"subscribe","params":"T.AAPL,Q.BRK.A,AM.*"}')
    assert told(server) == [
        ("success", "subscribed to: T.AAPL"),
        ("success", "subscribed to: Q.BRK.A"),
        ("success", "subscribed to: AM.*"),
    ]
    topics = (AAPL, Topic(Channel.QUOTES, "BRK.A"), Topic(Channel.MINUTE_BARS, "*"))
    assert server.take_events() == [ClientAuthenticated(), ClientSubscribed(topics)]
    assert server.topics == topics
    assert server.dialect is WireDialect.NATIVE


def test_pipelined_subscriptions_wait_for_the_key() -> None:
    server = serving()
    server.receive(b'{"action":"subscribe","params":"T.AAPL"}')
    assert told(server)[0][0] == "auth_required"
    assert not server.wants(TradeTick(key="AAPL", price=1.0, size=1.0))
    server.receive(b'{"action":"auth","params":"pk_test"}')
    assert told(server) == [("auth_success", "authenticated"), ("success", "subscribed to: T.AAPL")]
    assert server.take_events() == [ClientAuthenticated(), ClientSubscribed((AAPL,))]


def test_bearer_header_is_enough_and_a_message_is_answered_too() -> None:
    server = serving(bearer=KEY)
    assert server.is_authenticated
    server.receive(b'{"action":"auth","params":"anything"}')
    assert told(server) == [("auth_success", "authenticated")]
    assert server.take_events() == [ClientAuthenticated()]


def test_wrong_key_is_refused_and_closed() -> None:
    server = serving(bearer="wrong")
    assert not server.is_authenticated
    server.receive(b'{"action":"auth","params":"wrong"}')
    assert told(server) == [("auth_failed", "authentication failed")]
    assert server.take_events() == [CloseConnection(1008, "authentication failed")]
    server.receive(b'{"action":"auth","params":"pk_test"}')
    assert told(server) == []


def test_open_server_needs_no_key() -> None:
    server = serving(accepts=anybody)
    assert server.is_authenticated
    server.receive(b'{"action":"auth","params":""}')
    assert told(server) == [("auth_success", "authenticated")]


def test_simple_client_is_chosen_by_its_first_subscription() -> None:
    server = serving(bearer=KEY)
    server.receive(b'{"action":"subscribe","tickers":["AAPL","MSFT"]}')
    assert server.dialect is WireDialect.SIMPLE
    assert told(server) == []
    assert server.take_events() == [ClientAuthenticated(), ClientSubscribed((AAPL, MSFT))]
    server.receive(b'{"action":"unsubscribe","tickers":["AAPL"]}')
    assert server.take_events() == [ClientUnsubscribed((AAPL,))]
    server.drop_slow_consumer()
    assert [json.loads(frame)["status"] for frame in server.data_to_send()] == ["slow_consumer"]


@pytest.mark.parametrize(
    "request_text",
    [b"", b"[]", b"{", b'{"action":7}', b"\xff", b"[" * 100_000, "\ud800", b'{"action":"subscribe","params":["T.A"]}'],
)
def test_nonsense_is_answered_and_survived(request_text: bytes | str) -> None:
    server = serving(bearer=KEY)
    server.receive(request_text)
    assert told(server) == [("error", "The request is not understood.")]


def test_unknown_actions_and_channels_are_named() -> None:
    server = serving(bearer=KEY)
    server.receive(b'{"action":"dance"}')
    server.receive(b'{"action":"subscribe","params":"NOI.A,T.,T.AAPL,,nonsense"}')
    assert told(server) == [
        ("error", "Unknown action: dance"),
        ("error", "Unknown subscription: NOI.A"),
        ("error", "Unknown subscription: T."),
        ("success", "subscribed to: T.AAPL"),
        ("error", "Unknown subscription: nonsense"),
    ]
    assert server.topics == (AAPL,)


def test_wildcard_rule() -> None:
    server = serving(bearer=KEY)
    server.receive(b'{"action":"subscribe","params":"AM.AAPL,A.*"}')
    bar = VendorBar(key="AAPL", open=1.0, high=1.0, low=1.0, close=1.0)
    second = SecondBar(key="ANY", open=1.0, high=1.0, low=1.0, close=1.0)
    assert server.wants(bar)
    assert server.wants(second)
    server.receive(b'{"action":"unsubscribe","params":"A.*"}')
    assert server.wants(bar)
    assert not server.wants(second)
    server.receive(b'{"action":"subscribe","params":"T.*"}')
    server.receive(b'{"action":"unsubscribe","params":"T.AAPL"}')
    assert server.wants(TradeTick(key="AAPL", price=1.0, size=1.0))
    assert not server.wants(Quote(key="AAPL"))


def test_wants_knows_every_kind_of_event() -> None:
    server = serving(bearer=KEY)
    server.receive(b'{"action":"subscribe","params":"T.A,Q.A,A.A,AM.A,LULD.A,FMV.A,V.A"}')
    events = every_kind("A")
    assert [server.wants(event) for event in events] == [True] * len(events)
    assert not any(server.wants(event) for event in every_kind("B"))
    assert not server.wants(DayStatistics(key="A"))


def test_announcements_before_closing() -> None:
    for announce, status in (
        (MassiveServer.refuse_connection, "max_connections"),
        (MassiveServer.drop_slow_consumer, "slow_consumer"),
        (MassiveServer.authentication_timed_out, "auth_timeout"),
    ):
        server = serving()
        announce(server)
        announce(server)
        ((said, message),) = told(server)
        assert said == status
        assert server.take_events() == [CloseConnection(1008, message)]
    server = serving(bearer=KEY)
    server.authentication_timed_out()
    assert told(server) == []


def every_kind(key: str) -> list[MarketEvent]:
    return [
        TradeTick(
            key=key, stamp=STAMP_NS, price=114.125, size=100.0, conditions=(14, 37), exchange=4, trade_id="7",
            sequence=9,
        ),
        Quote(key=key, stamp=STAMP_NS, bid=114.12, bid_size=300.0, ask=114.13, ask_size=1.5, sequence=10),
        VendorBar(
            key=key, stamp=1_751_032_800_000, ends_stamp=1_751_032_860_000, open=2.0, high=3.0, low=1.0, close=2.5,
            volume=4110.0, vwap=2.2, day_volume=9_470_157.0, day_open=1.9, day_vwap=2.1,
        ),
        SecondBar(key=key, stamp=1_751_032_800_000, open=2.0, high=3.0, low=1.0, close=2.5),
        PriceLimits(key=key, stamp=STAMP_NS, upper_limit=218.96, lower_limit=198.11, indicators=(21,)),
        FairValue(key=key, stamp=STAMP_NS, value=189.22),
        PriceValue(key=key, stamp=STAMP_NS, value=3988.5),
    ]  # fmt: skip


def encoded(events: list[MarketEvent]) -> list[bytes]:
    return [data for event in events if (data := encode_event(event)) is not None]


def test_the_official_client_reads_our_values() -> None:
    events = every_kind("MSFT")
    (frame,) = frames(encoded(events[:6]))
    trade, quote, minute, second, limits, fair = official(frame)
    assert isinstance(trade, EquityTrade)
    assert (trade.event_type, trade.symbol, trade.exchange, trade.id) == ("T", "MSFT", 4, "7")
    assert (trade.price, trade.size, trade.conditions) == (114.125, 100, [14, 37])
    assert (trade.timestamp, trade.sequence_number) == (1_751_032_800_123, 9)
    assert isinstance(trade.size, int)
    assert isinstance(quote, EquityQuote)
    assert (quote.bid_price, quote.bid_size, quote.ask_price, quote.ask_size) == (114.12, 300, 114.13, 1.5)
    assert (quote.timestamp, quote.sequence_number) == (1_751_032_800_123, 10)
    assert isinstance(minute, EquityAgg)
    assert (minute.event_type, minute.open, minute.high, minute.low, minute.close) == ("AM", 2.0, 3.0, 1.0, 2.5)
    assert (minute.volume, minute.accumulated_volume, minute.official_open_price) == (4110, 9_470_157, 1.9)
    assert (minute.vwap, minute.aggregate_vwap) == (2.2, 2.1)
    assert (minute.start_timestamp, minute.end_timestamp) == (1_751_032_800_000, 1_751_032_860_000)
    assert (second.event_type, second.volume) == ("A", None)
    assert (limits.symbol, limits.high_price, limits.low_price, limits.indicators) == ("MSFT", 218.96, 198.11, [21])
    assert (fair.ticker, fair.fmv, fair.timestamp) == ("MSFT", 189.22, 1_751_032_800_123)
    (value,) = official(next(iter(frames(encoded(events[6:])))), Market.Indices)
    assert (value.ticker, value.value, value.timestamp) == ("MSFT", 3988.5, 1_751_032_800_123)


def test_our_client_reads_what_we_write() -> None:
    client = MassiveClient(dialect="native")
    client.connection_made(0.0)
    events = every_kind("MSFT")
    (frame,) = frames(encoded(events))
    received = client.receive(frame, 0.0)
    assert client.take_control() == []
    assert len(received) == len(events)
    for ours, theirs in zip(events, received, strict=True):
        assert isinstance(theirs, type(ours))
        assert theirs.event_ns is not None
        assert ours.event_ns is not None
        assert theirs.event_ns // 1_000_000 == ours.event_ns // 1_000_000
        for name in set(ours.__struct_fields__) - {"stamp"}:
            assert getattr(theirs, name) == getattr(ours, name), name


def test_an_oracle_on_the_vendors_own_examples() -> None:
    trade = (
        b'[{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],'
        b'"t":1536036818784,"q":3681328}]'
    )
    quote = (
        b'[{"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":100,"ax":7,"ap":114.128,"as":160,"c":0,"i":[604],'
        b'"t":1536036818784,"q":50385480,"z":3}]'
    )
    client = MassiveClient(dialect="native")
    ours, theirs = client.receive(trade, 0.0)[0], official(trade)[0]
    assert isinstance(ours, WireTrade)
    assert (ours.key, ours.price, ours.size) == (theirs.symbol, theirs.price, theirs.size)
    assert (ours.stamp, ours.sequence, ours.trade_id) == (theirs.timestamp, theirs.sequence_number, theirs.id)
    assert ours.conditions == tuple(theirs.conditions)
    received, theirs = client.receive(quote, 0.0)[0], official(quote)[0]
    assert isinstance(received, WireQuote)
    assert (received.bid, received.ask) == (theirs.bid_price, theirs.ask_price)
    assert (received.bid_size, received.ask_size) == (theirs.bid_size, theirs.ask_size)


def test_missing_values_are_left_out_and_fractions_travel() -> None:
    assert encode_event(TradeTick(key="A", price=1.5, size=100.0)) == b'{"ev":"T","sym":"A","p":1.5,"s":100}'
    assert encode_event(Quote(key="A", bid=1.5, bid_size=2.0)) == b'{"ev":"Q","sym":"A","bp":1.5,"bs":2}'
    fraction = encode_event(TradeTick(key="A", price=1.5, size=0.25))
    assert fraction == b'{"ev":"T","sym":"A","p":1.5,"s":0,"ds":"0.25"}'
    (received,) = MassiveClient(dialect="native").receive(b"[" + fraction + b"]", 0.0)
    assert isinstance(received, TradeTick)
    assert received.size == 0.25
    assert encode_event(DayStatistics(key="A")) is None


def test_frames_stay_under_their_limit_and_lose_nothing() -> None:
    elements = encoded([TradeTick(key=f"S{n}", price=1.0 + n, size=1.0) for n in range(20_000)])
    batches = list(frames(elements))
    assert max(map(len, batches)) <= 256 * 1024
    assert [element["sym"] for batch in batches for element in json.loads(batch)] == [f"S{n}" for n in range(20_000)]
    assert list(frames([])) == []
    assert list(frames([b"1" * 50, b"2"], limit=10)) == [b"[" + b"1" * 50 + b"]", b"[2]"]


def test_simple_objects_carry_the_days_volume() -> None:
    encoder = SimpleEncoder()
    encoder.encode(DayStatistics(key="A", day_volume=1000.0))
    first = encoder.encode(TradeTick(key="A", stamp=1_704_103_200_000_000_000, price=150.25, size=100.0))
    second = encoder.encode(TradeTick(key="A", stamp=1_704_103_200_250_000_000, price=150.5, size=50.0))
    assert first == b'{"ticker":"A","price":150.25,"volume":1100,"timestamp":"2024-01-01T10:00:00Z"}'
    assert second is not None
    assert json.loads(second) == {
        "ticker": "A", "price": 150.5, "volume": 1150, "timestamp": "2024-01-01T10:00:00.250000Z",
    }  # fmt: skip
    client = MassiveClient(dialect="simple")
    client.receive(first, 0.0)
    (trade,) = client.receive(second, 0.0)
    assert trade == TradeTick(key="A", stamp=1_704_103_200_250_000_000, price=150.5, size=50.0)
    assert encoder.encode(Quote(key="A", bid=1.0)) is None
    assert encoder.encode(PriceValue(key="I:SPX", value=3.5)) == b'{"ticker":"I:SPX","price":3.5}'
