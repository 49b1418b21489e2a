"""The numbered nasty inputs of protocols/kite.md, section 9: the values that come out, and that nothing raises.

19 (a page at the upgrade) and 20 (the close each morning, which the answer to the next upgrade explains) are in
test_kite_client.py, 25 (errors that call themselves HTTP 200) in test_kite_login.py, 24 (rows of the list of
instruments) also in tests/unit/instruments/test_kite_master.py.
"""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal

import pytest

from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    MarketEvent,
    MarketStatistics,
    PriceValue,
    TradeTick,
)
from marketwatch.domain.secret import Secret
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.protocols.base import (
    AuthenticationFailed,
    Channel,
    Confirmed,
    Control,
    Invalid,
    Notice,
    Refused,
    Topic,
)
from marketwatch.protocols.kite.client import EXPIRED, KiteClient
from marketwatch.protocols.kite.packets import FullPacket, IndexPacket, LtpPacket, QuotePacket, encode, frame
from marketwatch.protocols.kite.requests import parse_token

RELIANCE, INFY, NIFTY, USDINR = 738561, 408065, 256265, 315907
OPENED = 1_751_255_100  # 2025-06-30 09:15 in India
EMPTY_BOOK = (0, 0, 0) * 10


@pytest.fixture
def client() -> KiteClient:
    client = KiteClient(Secret("apikey:canary_token"))
    client.connection_made(0.0)
    client.take_control()
    return client


def ltp(token: int, price: int) -> bytes:
    return encode(LtpPacket(token, price))


def quote(token: int, price: int, volume: int, *, close: int = 9_900) -> bytes:
    return encode(QuotePacket(token, price, 5, 10_050, volume, 70, 80, 10_000, 10_200, 9_950, close))


def full(
    token: int,
    price: int,
    volume: int,
    *,
    traded_at: int = OPENED,
    stamp: int | None = None,
    book: tuple[int, ...] = EMPTY_BOOK,
    interest: int = 0,
) -> bytes:
    at = traded_at if stamp is None else stamp
    return encode(
        FullPacket(
            token, price, 5, 10_050, volume, 70, 80, 10_000, 10_200, 9_950, 9_900,
            traded_at, interest, interest, interest, at, book,
        )
    )  # fmt: skip


def received(client: KiteClient, *packets: bytes) -> list[MarketEvent]:
    events = list(client.receive(frame(packets), 1.0))
    assert client.take_control() == []
    return events


def trades(events: list[MarketEvent]) -> list[tuple[str, float, float, int | None]]:
    return [(e.key, e.price, e.size, e.stamp) for e in events if isinstance(e, TradeTick)]


def volumes(events: list[MarketEvent]) -> list[float | None]:
    return [event.day_volume for event in events if isinstance(event, DayStatistics)]


def only_invalid(client: KiteClient) -> Invalid:
    (control,) = client.take_control()
    assert isinstance(control, Invalid)
    return control


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x01", b"{", b"\xff", b"\x00\x01\x00", b"\x00\x01\x00\x08"])
def test_01_heartbeats_of_zero_and_one_byte_and_anything_too_short(client: KiteClient, data: bytes) -> None:
    assert list(client.receive(data, 1.0)) == []
    assert client.take_control() == []


@pytest.mark.parametrize("data", [b"\x00\x00", b"\x00\x00\x00\x08\x00\x0b\x45\x01\x00\x02\x15\x66"])
def test_02_count_of_zero(client: KiteClient, data: bytes) -> None:
    assert list(client.receive(data, 1.0)) == []
    assert client.take_control() == []


@pytest.mark.parametrize("count", [2, 3_000, 65_535])
def test_03_count_larger_than_the_packets_present(client: KiteClient, count: int) -> None:
    data = struct.pack(">H", count) + frame([ltp(RELIANCE, 136_550)])[2:]
    assert list(client.receive(data, 1.0)) == [DayStatistics(key=str(RELIANCE), last_price=1365.5)]
    assert only_invalid(client) == Invalid("the message has fewer packets than it says", f"1 of {count}")


def test_04_length_past_the_end(client: KiteClient) -> None:
    data = frame([ltp(RELIANCE, 136_550), full(INFY, 1, 1)])[:-1]
    assert list(client.receive(data, 1.0)) == [DayStatistics(key=str(RELIANCE), last_price=1365.5)]
    assert only_invalid(client) == Invalid("a packet runs past the end of its message", "184 bytes, 183 there")


def test_05_unknown_lengths_are_skipped(client: KiteClient) -> None:
    odd = [b"\x00" * length for length in (0, 7, 43, 45, 164, 200)]
    events = list(client.receive(frame([*odd[:3], ltp(RELIANCE, 136_550), *odd[3:], ltp(INFY, 157_315)]), 1.0))
    assert events == [
        DayStatistics(key=str(RELIANCE), last_price=1365.5),
        DayStatistics(key=str(INFY), last_price=1573.15),
    ]
    assert only_invalid(client) == Invalid("a packet of unknown length", "0 bytes", count=6)


def test_06_trailing_bytes_are_ignored(client: KiteClient) -> None:
    assert list(client.receive(frame([ltp(RELIANCE, 136_550)]) + b"\x00\x08rest", 1.0)) == [
        DayStatistics(key=str(RELIANCE), last_price=1365.5)
    ]
    assert client.take_control() == []


def test_07_mixed_lengths_and_one_token_twice_apply_in_order(client: KiteClient) -> None:
    first, second = full(INFY, 10_100, 500), full(INFY, 10_110, 530, traded_at=OPENED + 1)
    events = received(client, ltp(RELIANCE, 136_550), first, quote(USDINR, 882_575_000, 9), second)
    assert trades(events) == [
        (str(INFY), 101.0, 0.0, OPENED),
        (str(INFY), 101.1, 30.0, OPENED + 1),
    ]
    assert volumes(events) == [None, 500.0, 9.0, 530.0]


def test_08_a_token_never_subscribed_still_comes_out(client: KiteClient) -> None:
    client.subscribe([Topic(Channel.TRADES, str(INFY))], 0.0)
    assert received(client, ltp(RELIANCE, 136_550)) == [DayStatistics(key=str(RELIANCE), last_price=1365.5)]


def test_09_a_lower_mode_in_flight_moves_nothing_and_loses_nothing(client: KiteClient) -> None:
    received(client, full(INFY, 10_100, 500))
    assert trades(received(client, ltp(INFY, 10_120))) == []
    assert trades(received(client, full(INFY, 10_130, 540, traded_at=OPENED + 2))) == [
        (str(INFY), 101.3, 40.0, OPENED + 2)
    ]
    assert trades(received(client, quote(INFY, 10_140, 550))) == []
    assert trades(received(client, full(INFY, 10_150, 560, traded_at=OPENED + 3))) == [
        (str(INFY), 101.5, 20.0, OPENED + 3)
    ]


def test_09_a_lower_mode_that_stays_is_followed_from_its_second_packet_on(client: KiteClient) -> None:
    received(client, full(INFY, 10_100, 500))
    received(client, quote(INFY, 10_140, 550))
    assert trades(received(client, quote(INFY, 10_160, 570))) == [(str(INFY), 101.6, 70.0, None)]
    assert trades(received(client, ltp(INFY, 10_170))) == [(str(INFY), 101.7, 0.0, None)]


def test_10_the_length_decides_not_the_segment(client: KiteClient) -> None:
    index = encode(IndexPacket(RELIANCE, 10_100, 10_300, 9_800, 10_000, 9_900, 200, OPENED))
    value, statistics = received(client, index)
    assert value == PriceValue(key=str(RELIANCE), stamp=OPENED, value=101.0)
    assert isinstance(statistics, DayStatistics)
    assert (statistics.day_open, statistics.day_high, statistics.day_low) == (100.0, 103.0, 98.0)
    assert statistics.prev_close == 99.0
    events = received(client, full(NIFTY, 2_477_975, 7))
    assert trades(events) == [(str(NIFTY), 24779.75, 0.0, OPENED)]
    assert isinstance(events[1], MarketStatistics)
    assert (events[1].day_open, events[1].day_high, events[1].day_low) == (100.0, 102.0, 99.5)


def test_11_zeros_mean_unknown(client: KiteClient) -> None:
    assert received(client, ltp(RELIANCE, 0)) == []
    empty = encode(FullPacket(INFY, *(0,) * 10, 0, 0, 0, 0, OPENED, EMPTY_BOOK))
    statistics, depth = received(client, empty)
    assert statistics == MarketStatistics(
        key=str(INFY), stamp=OPENED * 1_000 + 999, day_volume=0.0, total_bid_size=0.0, total_ask_size=0.0
    )
    assert depth == Depth(key=str(INFY), stamp=OPENED)
    before_open = encode(QuotePacket(RELIANCE, 136_550, 0, 0, 0, 70, 80, 0, 0, 0, 0))
    (statistics,) = received(client, before_open)
    assert isinstance(statistics, MarketStatistics)
    assert (statistics.last_price, statistics.prev_close, statistics.day_open) == (1365.5, None, None)
    index = encode(IndexPacket(NIFTY, 0, 0, 0, 0, 2_471_505, 0))
    assert received(client, index) == [DayStatistics(key=str(NIFTY), prev_close=24715.05)]


def test_12_prices_below_zero(client: KiteClient) -> None:
    assert received(client, ltp(RELIANCE, -150)) == [DayStatistics(key=str(RELIANCE), last_price=-1.5)]
    book = (10, -160, 1, *(0,) * 12, 12, -140, 2, *(0,) * 12)
    trade, _, depth = received(client, full(INFY, -(2**31), 3, book=book))
    assert isinstance(trade, TradeTick)
    assert trade.price == -(2**31) / 100
    assert isinstance(depth, Depth)
    assert (depth.bid, depth.ask) == (-1.6, -1.4)


@pytest.mark.parametrize(
    ("traded_at", "stamp", "expected"),
    [
        (0, 0, (None, None, None)),
        (0, OPENED, (None, None, OPENED)),
        (OPENED - 64_000, OPENED, (OPENED - 64_000, OPENED - 64_000, OPENED)),
        (2**32 - 1, 2**32 - 1, (2**32 - 1, 2**32 - 1, 2**32 - 1)),
        (1, 1, (None, None, None)),
    ],
)
def test_13_times(
    client: KiteClient, traded_at: int, stamp: int, expected: tuple[int | None, int | None, int | None]
) -> None:
    events = received(client, full(INFY, 10_100, 500, traded_at=traded_at, stamp=stamp))
    *first, statistics, depth = events
    assert isinstance(statistics, MarketStatistics)
    assert isinstance(depth, Depth)
    assert (first[0].stamp if first else None, statistics.last_trade_stamp, depth.stamp) == expected
    if expected[2] is not None:
        assert depth.event_ns == expected[2] * 1_000_000_000
        assert statistics.event_ns == (expected[2] * 1_000 + 999) * 1_000_000


def test_14_volume_falls_on_a_new_day(client: KiteClient) -> None:
    received(client, full(INFY, 10_100, 900))
    events = received(client, full(INFY, 10_200, 40, traded_at=OPENED + 86_400))
    assert (trades(events), volumes(events)) == ([(str(INFY), 102.0, 0.0, OPENED + 86_400)], [40.0])
    events = received(client, full(INFY, 10_200, 55, traded_at=OPENED + 86_401))
    assert trades(events) == [(str(INFY), 102.0, 15.0, OPENED + 86_401)]


def test_14_volume_is_corrected_downwards(client: KiteClient) -> None:
    received(client, full(INFY, 10_100, 900))
    events = received(client, full(INFY, 10_100, 850))
    assert (trades(events), volumes(events)) == ([], [850.0])
    assert trades(received(client, full(INFY, 10_100, 860))) == [(str(INFY), 101.0, 10.0, OPENED)]


def test_14_volume_wraps(client: KiteClient) -> None:
    received(client, full(INFY, 10_100, 2**32 - 10))
    events = received(client, full(INFY, 10_100, 25))
    assert (trades(events), volumes(events)) == ([(str(INFY), 101.0, 35.0, OPENED)], [float(2**32 + 25)])
    assert volumes(received(client, full(INFY, 10_100, 30))) == [float(2**32 + 30)]


def test_15_odd_books(client: KiteClient) -> None:
    bids = (50, 10_100, 65_535, 0, 10_000, 3, 40, 0, 2, *(0,) * 6)
    asks = (60, 10_100, 0, 70, 10_090, 1, *(0,) * 9)
    depth = received(client, full(INFY, 10_100, 1, book=bids + asks))[-1]
    assert isinstance(depth, Depth)
    assert [(level.price, level.size, level.orders) for level in depth.bids] == [(101.0, 50.0, 65_535)]
    assert [(level.price, level.size, level.orders) for level in depth.asks] == [(101.0, 60.0, 0), (100.9, 70.0, 1)]
    assert (depth.bid, depth.bid_size, depth.ask, depth.ask_size) == (101.0, 50.0, 101.0, 60.0)


@pytest.mark.parametrize(
    ("text", "controls"),
    [
        (b"hello there", [Invalid("a text that is no message of Kite", "hello there")]),
        (b"[1,2,3]", [Invalid("a text that is no message of Kite", "[1,2,3]")]),
        (b'{"data":"x"}', [Invalid("a text that is no message of Kite", '{"data":"x"}')]),
        (b"[" * 50_000, [Invalid("a text that is no message of Kite", "[" * 120)]),
        (b'{"type":"news","data":1}', [Invalid("a text of unknown type", "news")]),
        (b'{"type":"order","order_id":"151"}', []),
        (b'{"type":"order","data":{"status":"COMPLETE"}}', []),
        (b'{"type":"instruments_meta","data":{"count":86481,"etag":"W/\\"68907d60-55bf\\""}}', []),
        (b'{"type":"app_code","timestamp":"2025-08-04T13:50:28+05:30"}', []),
        (b'\xef\xbb\xbf{"type":"message","data":"Markets close early"}', [Notice("Markets close early")]),
        (b'{"type":"error","id":"","data":"error parsing request"}', [Notice("error parsing request")]),
        (b'{"type":"error","data":{"code":7}}', [Notice('{"code": 7}')]),
        (b'{"type":"error"}', [Notice("Kite reported an error without a reason")]),
        (
            b'{"status":"error","message":"Token is invalid","error_type":"TokenException"}',
            [AuthenticationFailed(f"{EXPIRED} (Token is invalid)", True)],
        ),
        (b'{"type":"error","data":"TokenException"}', [AuthenticationFailed(f"{EXPIRED} (TokenException)", True)]),
    ],
)
def test_16_texts(client: KiteClient, text: bytes, controls: list[Control]) -> None:
    assert list(client.receive(text, 1.0)) == []
    assert client.take_control() == controls


def test_16_an_error_belongs_to_the_only_instrument_that_waits(client: KiteClient) -> None:
    topic = Topic(Channel.TRADES, str(INFY))
    client.subscribe([topic], 0.0)
    client.receive(b'{"type":"error","data":"error parsing request"}', 1.0)
    assert client.take_control() == [Refused(topic, "error parsing request")]
    assert client.next_deadline() is None


def test_16_no_text_shows_the_token(client: KiteClient) -> None:
    client.receive(b'{"type":"message","data":"your token canary_token"}', 1.0)
    client.receive(b'{"token":"canary_token"}', 1.0)
    controls = client.take_control()
    assert "canary_token" not in repr(controls)
    assert controls[0] == Notice("your token ***")


def test_17_a_text_amid_ticks(client: KiteClient) -> None:
    received(client, full(INFY, 10_100, 500))
    client.receive(b'{"type":"order","data":{}}', 1.0)
    assert trades(received(client, full(INFY, 10_100, 530))) == [(str(INFY), 101.0, 30.0, OPENED)]


def test_18_three_thousand_full_packets(client: KiteClient) -> None:
    tokens = [(number << 8) | 1 for number in range(1, 3_001)]
    data = frame(full(token, 10_000 + place, place) for place, token in enumerate(tokens))
    assert len(data) == 2 + 3_000 * 186
    events = list(client.receive(data, 1.0))
    assert [key for key, *_ in trades(events)] == [str(token) for token in tokens]
    assert [price for _, price, *_ in trades(events)] == [(10_000 + place) / 100 for place in range(3_000)]
    assert sum(volume or 0.0 for volume in volumes(events)) == sum(range(3_000))


def test_21_nothing_but_heartbeats_for_hours(client: KiteClient) -> None:
    topic = Topic(Channel.TRADES, str(INFY))
    client.subscribe([topic], 0.0)
    client.data_to_send()
    for beat in range(3_600):
        assert list(client.receive(b"\x00", 3.0 * beat)) == []
    assert client.take_control() == []
    assert client.data_to_send() == []


def test_22_divisors_side_by_side(client: KiteClient) -> None:
    spot, currency, bse_currency, commodity = ltp(RELIANCE, 882_575_000), ltp(USDINR, 882_575_000), (77 << 8) | 6, 12
    events = received(client, spot, currency, ltp(bse_currency, 882_575), ltp((5 << 8) | commodity, 882_575))
    prices = [event.last_price for event in events if isinstance(event, DayStatistics)]
    assert prices == [8_825_750.0, 88.2575, 88.2575, 88.2575]


@pytest.mark.parametrize("segment", [0, 10, 11, 13, 255])
def test_23_unknown_segments_are_read_in_hundredths_and_flagged_once(client: KiteClient, segment: int) -> None:
    token = (1_000 << 8) | segment
    for _ in range(2):
        (statistics,) = client.receive(frame([ltp(token, 12_345)]), 1.0)
        assert statistics == DayStatistics(key=str(token), last_price=123.45)
    (notice,) = client.take_control()
    assert isinstance(notice, Notice)
    assert f"({segment})" in notice.text


def test_24_rows_of_the_list_with_quotes_commas_and_empty_cells() -> None:
    header = (
        "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
        "instrument_type,segment,exchange"
    )
    rows = (
        '408065,1594,INFY,"INFOSYS, ""THE"" LIMITED",0,,,0.05,1,EQ,NSE,NSE',
        '3861249,15083,ADANIPORTS,"ADANI PORT & SEZ",0.0,,0.0,0.05,1,EQ,NSE,NSE',
        "12073986,47164,BANKNIFTY18JAN23500CE,,2528.4,2018-01-25,23500.0,0.05,40,CE,NFO-OPT,NFO",
        "5720322,22345,NIFTY15DECFUT,,78.0,2015-12-31,,0.05,75,FUT,NFO-FUT,NFO",
    )
    loaded = load_kite(["\n".join((header, *rows)).encode()])
    assert loaded.skipped.rows == []
    facts = [(one.feed_token, one.instrument.name, one.expiry, one.strike) for one in loaded.listings]
    assert facts == [
        ("408065", 'INFOSYS, "THE" LIMITED', None, None),
        ("3861249", "ADANI PORT & SEZ", None, None),
        ("12073986", "", dt.date(2018, 1, 25), Decimal("23500.0")),
        ("5720322", "", dt.date(2015, 12, 31), None),
    ]
    for token, *_ in facts:
        assert parse_token(token) == int(token)


def test_the_reference_frames(client: KiteClient) -> None:
    def events_of(text: str) -> list[MarketEvent]:
        return list(client.receive(bytes.fromhex(text), 1.0))

    assert events_of("00") == []
    assert events_of("00010008000b450100021566") == [DayStatistics(key="738561", last_price=1365.5)]
    assert events_of("000100080004d203349b0698") == [DayStatistics(key="315907", last_price=88.2575)]
    assert events_of("0001001c0003e9090025cf970025e43c0025ae3b0025c3f80025b65100001946") == [
        DayStatistics(
            key="256265", prev_close=24715.05, day_open=24750.0, day_high=24832.6, day_low=24694.35, last_price=24779.75
        )
    ]
    quote_hex = "00063a010002668300000001000265690011f1b20003e9ff00058037000264f30002673c000261c90002646c"
    (statistics,) = events_of("0001002c" + quote_hex)
    assert statistics == MarketStatistics(
        key="408065", prev_close=1567.8, day_open=1569.15, day_high=1575.0, day_low=1561.05, day_volume=1_175_986.0,
        day_vwap=1570.33, last_price=1573.15, last_size=1.0, total_bid_size=256_511.0, total_ask_size=360_503.0,
    )  # fmt: skip


def test_first_packet_confirms(client: KiteClient) -> None:
    topics = [Topic(Channel.TRADES, str(INFY)), Topic(Channel.DEPTH, str(INFY))]
    client.subscribe(topics, 0.0)
    client.receive(frame([quote(INFY, 10_100, 5)]), 1.0)
    assert client.take_control() == [Confirmed(topics[0])]
    client.receive(frame([full(INFY, 10_100, 5)]), 1.0)
    assert client.take_control() == [Confirmed(topics[1])]
