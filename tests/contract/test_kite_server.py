"""Server side of Kite's ticker: what it answers, what it sends when, and that the official client reads it."""

from __future__ import annotations

import json

import pytest

from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    DepthLevel,
    MarketEvent,
    MarketStatistics,
    PriceValue,
    Quote,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.kite.book import KiteBook
from marketwatch.protocols.kite.client import KiteClient
from marketwatch.protocols.kite.packets import FullPacket, IndexPacket, LtpPacket, Packet, QuotePacket, split
from marketwatch.protocols.kite.requests import Mode
from marketwatch.protocols.kite.server import InstrumentList, KiteServer, check_upgrade
from marketwatch.protocols.serving import ClientAuthenticated, ClientSubscribed, ClientUnsubscribed

INFY, NIFTY, USDINR = 408065, 256265, 315907
STAMP = 1_751_255_100
EVENTS: list[MarketEvent] = [
    DayStatistics(key=str(INFY), prev_close=1567.8, day_volume=1_000.0, day_vwap=1570.0),
    TradeTick(key=str(INFY), stamp=STAMP, price=1573.15, size=10.0),
    TradeTick(key=str(INFY), stamp=STAMP + 2, price=1572.5, size=30.0),
    Quote(key=str(INFY), stamp=STAMP + 3, bid=1572.45, bid_size=5.0, ask=1572.6, ask_size=7.0),
    PriceValue(key=str(NIFTY), stamp=STAMP, value=24779.75),
    DayStatistics(key=str(NIFTY), prev_close=24715.05, day_open=24750.0, day_high=24832.6, day_low=24694.35),
    TradeTick(key=str(USDINR), stamp=STAMP, price=88.2575, size=1.0),
    VendorBar(key=str(INFY), open=1.0, high=1.0, low=1.0, close=1.0),
    TradeTick(key="RELIANCE", price=1.0, size=1.0),
]


@pytest.fixture
def book() -> KiteBook:
    book = KiteBook()
    for event in EVENTS:
        book.take(event)
    return book


def serving(book: KiteBook) -> KiteServer:
    server = KiteServer(book)
    server.connection_made(100.0)
    assert server.take_events() == [ClientAuthenticated()]
    return server


def packets_sent(server: KiteServer) -> list[Packet]:
    packets: list[Packet] = []
    for message in server.data_to_send():
        assert isinstance(message, bytes)
        found, damages = split(message)
        assert damages == []
        packets += found
    return packets


def test_a_subscription_is_answered_with_where_the_instrument_stands(book: KiteBook) -> None:
    server = serving(book)
    server.receive(f'{{"a":"subscribe","v":[{INFY},999]}}')
    assert packets_sent(server) == [
        QuotePacket(INFY, 157_250, 30, 157_010, 1_040, 0, 0, 157_315, 157_315, 157_250, 156_780)
    ]
    topics = tuple(
        Topic(channel, key) for key in (str(INFY), "999") for channel in (Channel.TRADES, Channel.DAY_FIGURES)
    )
    assert server.take_events() == [ClientSubscribed(topics)]
    assert server.topics == topics


def test_modes_change_the_packets(book: KiteBook) -> None:
    server = serving(book)
    server.receive(json.dumps({"a": "subscribe", "v": [INFY, NIFTY]}))
    assert [type(packet) for packet in packets_sent(server)] == [QuotePacket, IndexPacket]
    server.take_events()
    server.receive(json.dumps({"a": "mode", "v": ["full", [INFY, NIFTY, 12345]]}))
    full, index = packets_sent(server)
    assert isinstance(full, FullPacket)
    assert (full.traded_at, full.stamp) == (STAMP + 2, STAMP + 3)
    assert full.book == (5, 157_245, 0, *(0,) * 12, 7, 157_260, 0, *(0,) * 12)
    assert index == IndexPacket(NIFTY, 2_477_975, 2_483_260, 2_469_435, 2_475_000, 2_471_505, 6_470, STAMP)
    added = [Topic(channel, str(token)) for token in (INFY, NIFTY) for channel in (Channel.QUOTES, Channel.DEPTH)]
    assert server.take_events() == [ClientSubscribed(tuple(added))]
    server.receive(json.dumps({"a": "mode", "v": ["ltp", [INFY]]}))
    assert packets_sent(server) == [LtpPacket(INFY, 157_250)]
    assert [type(event) for event in server.take_events()] == [ClientSubscribed, ClientUnsubscribed]
    assert server.modes == {INFY: Mode.LTP, NIFTY: Mode.FULL}


def test_only_what_changed_is_sent_and_all_in_one_message(book: KiteBook) -> None:
    server = serving(book)
    server.receive(json.dumps({"a": "subscribe", "v": [INFY, NIFTY, USDINR]}))
    server.data_to_send()
    server.flush()
    assert server.data_to_send() == []
    for event in (
        TradeTick(key=str(USDINR), stamp=STAMP + 9, price=88.26, size=2.0),
        TradeTick(key=str(INFY), stamp=STAMP + 9, price=1574.0, size=1.0),
        TradeTick(key=str(INFY), stamp=STAMP + 9, price=1575.0, size=1.0),
        TradeTick(key="738561", stamp=STAMP + 9, price=5.0, size=1.0),
    ):
        book.take(event)
        assert server.wants(event) is (event.key != "738561")
        server.note(event)
    server.flush()
    (message,) = server.data_to_send()
    assert isinstance(message, bytes)
    assert [(packet.token, packet.last_price) for packet in split(message)[0]] == [
        (USDINR, 882_600_000),
        (INFY, 157_500),
    ]


def test_unsubscribing_ends_it(book: KiteBook) -> None:
    server = serving(book)
    server.receive(json.dumps({"a": "subscribe", "v": [INFY]}))
    server.data_to_send()
    server.take_events()
    server.note(EVENTS[1])
    server.receive(json.dumps({"a": "unsubscribe", "v": [INFY, 5]}))
    server.flush()
    assert server.data_to_send() == []
    ended = (Topic(Channel.TRADES, str(INFY)), Topic(Channel.DAY_FIGURES, str(INFY)))
    assert server.take_events() == [ClientUnsubscribed(ended)]
    assert not server.wants(EVENTS[1])


@pytest.mark.parametrize(
    "request_text",
    [
        b"", b"{", b"[]", b"\xff", b"[" * 100_000, "\ud800", b'{"a":"subscribe"}', b'{"a":"subscribe","v":["408065"]}',
        b'{"a":"subscribe","v":[true]}', b'{"a":"subscribe","v":[4294967296]}', b'{"a":"mode","v":["deep",[1]]}',
        b'{"a":"mode","v":["full"]}', b'{"a":"dance","v":[1]}', b'{"a":"subscribe","v":408065}',
    ],
)  # fmt: skip
def test_nonsense_is_answered_with_an_error(book: KiteBook, request_text: bytes | str) -> None:
    server = serving(book)
    server.receive(request_text)
    (answer,) = server.data_to_send()
    assert json.loads(answer) == {"type": "error", "id": "", "data": "error parsing request"}
    assert server.topics == ()


def test_heartbeats_come_every_three_seconds_and_first_the_list_of_instruments(book: KiteBook) -> None:
    server = KiteServer(book, InstrumentList(86_481, 'W/"68907d60-55bf"'))
    server.connection_made(100.0)
    (meta,) = server.data_to_send()
    assert meta == '{"type":"instruments_meta","data":{"count":86481,"etag":"W/\\"68907d60-55bf\\""}}'
    assert server.next_deadline() == 103.0
    server.deadline_passed(102.9)
    assert server.data_to_send() == []
    server.deadline_passed(103.0)
    assert server.data_to_send() == [b"\x00"]
    assert server.next_deadline() == 106.0


def test_too_many_instruments_are_refused_in_words(book: KiteBook) -> None:
    server = KiteServer(book, limit=2)
    server.connection_made(0.0)
    server.receive('{"a":"subscribe","v":[1,2,3]}')
    (answer,) = server.data_to_send()
    assert json.loads(answer)["data"] == "more than 2 instruments on one connection"
    assert list(server.modes) == [1, 2]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("api_key=k&access_token=a%2Bb", None),
        ("api_key=k&access_token=wrong", 403),
        ("api_key=k", 400),
        ("", 400),
    ],
)
def test_the_upgrade_is_checked(query: str, status: int | None) -> None:
    refusal = check_upgrade(query, lambda api_key, access_token: (api_key, access_token) == ("k", "a+b"))
    assert (refusal.http_status if refusal else None) == status
    if refusal is not None and status == 403:
        assert json.loads(refusal.body)["error_type"] == "TokenException"


def test_the_official_client_reads_our_book(book: KiteBook) -> None:
    kiteconnect = pytest.importorskip("kiteconnect", reason="needs the official client of Kite")
    depth = Depth(
        key=str(INFY), stamp=STAMP + 5, bid=1572.4,
        bids=(DepthLevel(1572.4, 5.0, 2), DepthLevel(1572.35, 9.0, 70_000)), asks=(DepthLevel(1572.6, 7.0, 1),),
    )  # fmt: skip
    book.take(depth)
    book.take(MarketStatistics(key=str(INFY), total_bid_size=900.0, total_ask_size=700.0, open_interest=12.0))
    server = serving(book)
    server.receive(json.dumps({"a": "subscribe", "v": [INFY]}))
    server.data_to_send()
    server.receive(json.dumps({"a": "mode", "v": ["full", [INFY]]}))
    (message,) = server.data_to_send()
    (tick,) = kiteconnect.KiteTicker("key", "token")._parse_binary(message)
    assert (tick["mode"], tick["last_price"], tick["volume_traded"], tick["oi"]) == ("full", 1572.5, 1_040, 12)
    assert (tick["total_buy_quantity"], tick["total_sell_quantity"]) == (900, 700)
    assert tick["ohlc"] == {"open": 1573.15, "high": 1573.15, "low": 1572.5, "close": 1567.8}
    assert tick["last_trade_time"].timestamp() == STAMP + 2
    assert tick["depth"]["buy"][:3] == [
        {"quantity": 5, "price": 1572.4, "orders": 2},
        {"quantity": 9, "price": 1572.35, "orders": 65_535},
        {"quantity": 0, "price": 0.0, "orders": 0},
    ]


def test_our_client_and_our_server_understand_each_other(book: KiteBook) -> None:
    client, server = KiteClient(), serving(book)
    topics = [Topic(channel, str(INFY)) for channel in (Channel.TRADES, Channel.QUOTES, Channel.DEPTH)]
    client.subscribe(topics, 100.0)
    client.connection_made(100.0)
    received: list[MarketEvent] = []

    def exchange() -> None:
        for request in client.data_to_send():
            server.receive(request)
        for message in server.data_to_send():
            received.extend(client.receive(message if isinstance(message, bytes) else message.encode(), 100.0))

    exchange()
    trade = TradeTick(key=str(INFY), stamp=STAMP + 9, price=1580.05, size=25.0)
    book.take(trade)
    server.note(trade)
    server.flush()
    exchange()
    assert [event for event in received if isinstance(event, TradeTick)] == [
        TradeTick(key=str(INFY), stamp=STAMP + 2, price=1572.5, size=0.0),
        trade,
    ]
    assert client.next_deadline() is None
