"""The numbered nasty inputs of protocols/polygon-gateway.md, section 9: the values that come out.

15 (closes) happens outside the messages and is tested with the supervisor.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from marketwatch.domain.events import MarketEvent, Quote, SecondBar, TradeTick, VendorBar
from marketwatch.errors import ConnectionFailed, FeedError, ProtocolError
from marketwatch.protocols.base import Channel, Confirmed, Connected, Invalid, Notice, Topic
from marketwatch.protocols.polygon_gateway.client import PolygonGatewayClient
from marketwatch.protocols.polygon_gateway.rest import (
    Bars,
    HistoricalBar,
    ServerStatus,
    UpstreamStatus,
    bars_request,
    build_bars,
    build_status,
    error_of,
    parse_bars,
    parse_status,
)

TRADE: dict[str, Any] = {
    "event_type": "trade", "symbol": "AAPL", "timestamp": 1701439845000, "price": 175.5, "size": 100,
    "conditions": [12, 37], "exchange": 11, "trade_id": "1234567",
}  # fmt: skip
QUOTE: dict[str, Any] = {
    "event_type": "quote", "symbol": "AAPL", "timestamp": 1701439845000, "bid_price": 175.45, "bid_size": 200,
    "ask_price": 175.50, "ask_size": 300, "exchange": 11,
}  # fmt: skip
BAR: dict[str, Any] = {
    "event_type": "aggregate", "symbol": "AAPL", "timestamp": 1701439800000, "open": 175.25, "high": 175.75,
    "low": 175.2, "close": 175.5, "volume": 50000, "vwap": 175.48, "transactions": 250,
}  # fmt: skip
MINUTE = 1701439800000
WANTED = tuple(
    Topic(channel, "AAPL") for channel in (Channel.TRADES, Channel.QUOTES, Channel.SECOND_BARS, Channel.MINUTE_BARS)
)


def make_client(*wanted: Topic) -> PolygonGatewayClient:
    client = PolygonGatewayClient()
    client.subscribe(wanted, 0.0)
    client.connection_made(0.0)
    client.receive(b'{"type":"connected","client_id":"x"}', 0.0)
    client.take_control()
    client.data_to_send()
    return client


@pytest.fixture
def client() -> PolygonGatewayClient:
    return make_client(*WANTED)


def envelope(data: object, **more: object) -> bytes:
    return json.dumps({"type": "market_data", "data": data, "timestamp": "2025-06-26T09:30:01.456789", **more}).encode()


def received(client: PolygonGatewayClient, data: dict[str, Any], **changes: object) -> list[MarketEvent]:
    """Receive a payload with these members changed; those given as `...` are left out."""
    members = {name: value for name, value in {**data, **changes}.items() if value is not ...}
    return list(client.receive(envelope(members), 1.0))


def invalid(client: PolygonGatewayClient) -> Invalid:
    (control,) = client.take_control()
    assert isinstance(control, Invalid)
    return control


def test_the_three_payloads(client: PolygonGatewayClient) -> None:
    (trade,) = received(client, TRADE)
    assert isinstance(trade, TradeTick)
    assert (trade.key, trade.price, trade.size, trade.conditions) == ("AAPL", 175.5, 100.0, (12, 37))
    assert (trade.exchange, trade.trade_id, trade.event_ns) == (11, "1234567", 1_701_439_845_000_000_000)
    (quote,) = received(client, QUOTE)
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (175.45, 200.0, 175.5, 300.0)
    (bar,) = received(client, BAR)
    assert isinstance(bar, VendorBar)
    assert (bar.open, bar.high, bar.low, bar.close) == (175.25, 175.75, 175.2, 175.5)
    assert (bar.volume, bar.vwap, bar.day_volume, bar.stamp, bar.interval_s) == (50_000.0, 175.48, None, MINUTE, 60)
    assert client.take_control() == []


def test_01_data_before_the_acknowledgement_and_before_the_greeting() -> None:
    client = PolygonGatewayClient()
    client.subscribe(WANTED[:1], 0.0)
    client.connection_made(0.0)
    (trade,) = client.receive(envelope(TRADE), 0.1)
    assert trade.key == "AAPL"
    assert Connected() in client.take_control()
    client.receive(b'{"type":"subscribed","symbols":["AAPL"],"channels":["T"]}', 0.2)
    assert client.take_control() == [Confirmed(WANTED[0])]


@pytest.mark.parametrize("data", [None, [], "text", 7, [TRADE]])
def test_02_data_that_is_no_object(client: PolygonGatewayClient, data: object) -> None:
    assert list(client.receive(envelope(data), 1.0)) == []
    assert invalid(client).reason == "market data without an object"


@pytest.mark.parametrize(("data", "kind"), [(TRADE, TradeTick), (QUOTE, Quote), (BAR, VendorBar)])
def test_03_missing_event_type_is_inferred(
    client: PolygonGatewayClient, data: dict[str, Any], kind: type[MarketEvent]
) -> None:
    (event,) = received(client, data, event_type=...)
    assert isinstance(event, kind)
    assert event.event_ns == data["timestamp"] * 1_000_000


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (envelope({"event_type": "level2", "price": 1}), "market data of unknown type"),
        (envelope({"symbol": "AAPL"}), "market data of unknown type"),
        (envelope({"event_type": ["trade"]}), "market data of unknown type"),
        (b'{"type":"news","text":"x"}', "a message of unknown type"),
        (b'{"type":["market_data"]}', "a message of unknown type"),
        (b"{}", "a message of unknown type"),
    ],
)
def test_04_unknown_types(client: PolygonGatewayClient, message: bytes, reason: str) -> None:
    assert list(client.receive(message, 1.0)) == []
    assert invalid(client).reason == reason


@pytest.mark.parametrize(
    ("timestamp", "event_ns"),
    [
        (1701439845, 1_701_439_845_000_000_000),
        (1701439845123456789, 1_701_439_845_123_456_789),
        ("1701439845000", 1_701_439_845_000_000_000),
        ("2023-12-01T14:10:45Z", 1_701_439_845_000_000_000),
        ("2023-12-01T14:10:45.123456+00:00", 1_701_439_845_123_456_000),
        ("2023-12-01T09:10:45-05:00", 1_701_439_845_000_000_000),
        ("yesterday", None),
        (None, None),
        (0, None),
        (-1, None),
    ],
)
def test_05_times_in_every_form(client: PolygonGatewayClient, timestamp: object, event_ns: int | None) -> None:
    for data in (TRADE, QUOTE, BAR):
        (event,) = received(client, data, timestamp=timestamp)
        assert event.event_ns == event_ns


@pytest.mark.parametrize("missing", [None, ...])
def test_06_extras_that_are_null_or_absent(client: PolygonGatewayClient, missing: object) -> None:
    (trade,) = received(client, TRADE, exchange=missing, conditions=missing, trade_id=missing)
    assert isinstance(trade, TradeTick)
    assert (trade.exchange, trade.conditions, trade.trade_id) == (None, None, None)
    (quote,) = received(client, QUOTE, exchange=missing, bid_price=missing, bid_size=missing)
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_size, quote.ask) == (None, None, 175.5)
    (bar,) = received(client, BAR, transactions=missing, vwap=missing)
    assert isinstance(bar, VendorBar)
    assert (bar.vwap, bar.volume) == (None, 50_000.0)


@pytest.mark.parametrize(("wanted", "sent"), [("AAPL", "aapl"), ("BAC.pL", "BAC.PL"), ("BAC.pL", "BAC.pL")])
def test_07_symbols_in_another_case(wanted: str, sent: str) -> None:
    client = make_client(Topic(Channel.TRADES, wanted))
    (event,) = received(client, TRADE, symbol=sent)
    assert event.key == wanted


@pytest.mark.parametrize("symbol", ["MSFT", "ZZZZ", "AAPLX"])
def test_08_symbols_that_nobody_wants(client: PolygonGatewayClient, symbol: str) -> None:
    assert received(client, TRADE, symbol=symbol) == []
    assert client.take_control() == []


@pytest.mark.parametrize("symbol", ["", None, 5, "A" * 65])
def test_08_symbols_that_are_none(client: PolygonGatewayClient, symbol: object) -> None:
    assert received(client, TRADE, symbol=symbol) == []
    assert invalid(client).reason == "`sym` is not a symbol"


@pytest.mark.parametrize("times", [2, 7])
def test_09_each_message_several_times(client: PolygonGatewayClient, times: int) -> None:
    messages = [envelope(data) for data in (TRADE, {**TRADE, "trade_id": "1234568"}, QUOTE, BAR)]
    events = [event for message in messages for _ in range(times) for event in client.receive(message, 1.0)]
    assert [type(event).__mro__[1] for event in events] == [TradeTick, TradeTick, Quote, VendorBar]


def test_09_equal_trades_with_ids_of_their_own_are_two(client: PolygonGatewayClient) -> None:
    assert len(received(client, TRADE)) == 1
    assert len(received(client, TRADE, trade_id="8")) == 1
    assert len(received(client, TRADE, timestamp=1701439845001)) == 1
    assert received(client, TRADE, trade_id="8") == []


def kinds(client: PolygonGatewayClient, *starts: int) -> list[int]:
    bars = [
        bar for place, start in enumerate(starts) for bar in received(client, BAR, timestamp=start, volume=place + 1)
    ]
    return [bar.interval_s for bar in bars if isinstance(bar, VendorBar)]


def test_10_seconds_and_minutes_interleaved_with_equal_starts() -> None:
    second, minute = WANTED[2:]
    seconds = [MINUTE + 1_000 * each for each in range(50, 62)]
    client = make_client(second, minute)
    assert kinds(client, *seconds[:11], MINUTE, seconds[11], MINUTE) == [1] * 11 + [60, 1, 60]
    client = make_client(minute)
    assert kinds(client, MINUTE, MINUTE + 60_000, MINUTE + 60_000, MINUTE + 300_000) == [60, 60, 60, 60]
    client = make_client(second)
    assert kinds(client, MINUTE, MINUTE + 1_000, MINUTE + 2_000) == [1, 1, 1]


def test_10_bars_that_say_what_they_are() -> None:
    client = make_client(*WANTED)
    second, minute = (
        {**BAR, "channel": name, "end_timestamp": MINUTE + end} for name, end in (("A", 1e3), ("AM", 6e4))
    )
    (first,), (other,) = received(client, second), received(client, minute)
    assert isinstance(first, SecondBar)
    assert isinstance(other, VendorBar)
    assert (first.interval_s, first.ends_stamp) == (1, MINUTE + 1_000)
    assert (other.interval_s, other.ends_stamp) == (60, MINUTE + 60_000)


@pytest.mark.parametrize("changes", [{"high": 1.0}, {"low": 176.0}, {"open": 0}, {"close": -1}, {"high": None}])
def test_11_impossible_bars_are_rejected(client: PolygonGatewayClient, changes: dict[str, Any]) -> None:
    assert received(client, BAR, **changes) == []
    assert invalid(client).count == 1


def test_11_bars_without_volume_are_kept(client: PolygonGatewayClient) -> None:
    (bar,) = received(client, BAR, volume=0, vwap=0)
    assert isinstance(bar, VendorBar)
    assert (bar.volume, bar.vwap) == (0.0, None)


@pytest.mark.parametrize(
    "timestamp",
    ["2025-06-26T09:30:01", "2025-06-26T09:30:01.1Z", "2025-06-26T09:30:01.123456789+00:00", "", None, 5, ["x"]],
)
def test_12_the_envelopes_time_never_matters(client: PolygonGatewayClient, timestamp: object) -> None:
    (event,) = client.receive(envelope(TRADE, timestamp=timestamp), 1.0)
    assert event.stamp == 1701439845000


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2023-12-01T14:10:45", 1_701_439_845_000_000_000),
        ("2023-12-01T14:10:45.1", 1_701_439_845_100_000_000),
        ("2023-12-01T14:10:45.123456789Z", 1_701_439_845_123_456_000),
        ("2023-12-01 14:10:45+00:00", 1_701_439_845_000_000_000),
    ],
)
def test_12_times_in_the_payload_with_any_number_of_digits(client: PolygonGatewayClient, text: str, stamp: int) -> None:
    (event,) = received(client, TRADE, timestamp=text)
    assert event.event_ns == stamp


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_13_numbers_that_are_none(client: PolygonGatewayClient, token: str) -> None:
    message = envelope(TRADE).replace(b"175.5", token.encode())
    assert list(client.receive(message, 1.0)) == []
    assert invalid(client).count == 1
    assert len(received(client, TRADE)) == 1


def test_14_raw_frames_of_upstream(client: PolygonGatewayClient) -> None:
    frame = (
        b'[{"ev":"T","sym":"AAPL","p":190.5,"s":100,"t":1700000000000},{"ev":"Q","sym":"AAPL","bp":1.5,"bs":2},'
        b'{"ev":"AM","sym":"AAPL","o":1,"h":2,"l":1,"c":2,"s":1700000040000,"e":1700000100000},'
        b'{"ev":"T","sym":"MSFT","p":1,"s":1},{"ev":"status","status":"auth_timeout","message":"x"},{"ev":"XYZ"}]'
    )
    trade, quote, bar = client.receive(frame, 1.0)
    assert isinstance(trade, TradeTick)
    assert (trade.price, trade.stamp) == (190.5, 1700000000000)
    assert isinstance(quote, Quote)
    assert quote.bid == 1.5
    assert isinstance(bar, VendorBar)
    assert (bar.close, bar.interval_s) == (2.0, 60)
    assert client.take_control() == [Notice("auth_timeout: x"), Invalid("unknown event", "{'ev': 'XYZ'}")]


LIST_DETAIL = b'{"detail":[{"type":"enum","loc":["body","timeframe"],"msg":"not permitted"},{"msg":"x"},7]}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (422, LIST_DETAIL, ProtocolError, "timeframe: not permitted; x"),
        (404, b'{"detail":"No data found for ZZZZ"}', ProtocolError, "No data found for ZZZZ"),
        (500, b'{"detail":"404: No price found for ZZZZ"}', ProtocolError, "404: No price found"),
        (500, b'{"detail":"Error fetching data: timeout"}', ConnectionFailed, "timeout"),
        (500, b'{"error":"internal_error","message":"boom","details":null}', ConnectionFailed, "boom"),
        (500, b"<html>Internal Server Error</html>", ConnectionFailed, "HTTP 500"),
        (502, b"", ConnectionFailed, "HTTP 502"),
        (422, b'{"detail":[]}', ProtocolError, "HTTP 422"),
    ],
)
def test_16_errors_in_every_form(status: int, body: bytes, kind: type[FeedError], words: str) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert words in error.cause
    with pytest.raises(kind, match="The local Polygon server"):
        parse_bars(status, body)


def row(day: int, close: float = 125.07, **more: object) -> dict[str, object]:
    return {
        "timestamp": f"2023-01-{day:02}T05:00:00+00:00", "open": 130.28, "high": 130.9, "low": 124.17, "close": close,
        "volume": 112117471, "vwap": 125.725, "transactions": 1021065, **more,
    }  # fmt: skip


def bars_of(*rows: object) -> bytes:
    return json.dumps({"symbol": "AAPL", "timeframe": "1day", "data": rows, "validation": {"any": 1}}).encode()


def ns(day: int) -> int:
    return int(datetime(2023, 1, day, 5, tzinfo=UTC).timestamp()) * 10**9


def test_17_no_bars() -> None:
    assert parse_bars(200, bars_of()) == Bars("AAPL", "1day", ())


def test_17_bars_unsorted_twice_outside_and_broken() -> None:
    broken = [row(7, high=1), row(8, open="NaN"), row(9, timestamp=5), row(9, timestamp="x"), None, [], {}]
    answer = parse_bars(
        200, bars_of(row(5), row(4), row(5, 126.0), row(2), row(6), *broken), from_ns=ns(3), to_ns=ns(6)
    )
    assert [(bar.opens_ns, bar.close) for bar in answer.bars] == [(ns(4), 125.07), (ns(5), 126.0)]
    assert answer.skipped == len(broken)
    assert answer.bars[0] == HistoricalBar(ns(4), 130.28, 130.9, 124.17, 125.07, 112117471.0, 125.725, 1021065)


def test_17_zeros_for_what_is_unknown_and_times_without_an_offset() -> None:
    (bar,) = parse_bars(200, bars_of(row(3, vwap=0, transactions=0, timestamp="2023-01-03T05:00:00"))).bars
    assert (bar.opens_ns, bar.vwap, bar.transactions) == (ns(3), None, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data":{}}', b"<html>"])
def test_17_answers_without_bars(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_bars(200, body)


def test_18_numbers_as_texts(client: PolygonGatewayClient) -> None:
    (trade,) = received(client, TRADE, price="175.5", size="100", timestamp="1701439845000", exchange="11")
    assert isinstance(trade, TradeTick)
    assert (trade.price, trade.size, trade.stamp, trade.exchange) == (175.5, 100.0, 1701439845000, 11)
    (quote,) = received(client, QUOTE, bid_price="175.45", ask_size="300")
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask_size) == (175.45, 300.0)
    (bar,) = parse_bars(200, bars_of(row(3, open="130.28", volume="5"))).bars
    assert (bar.open, bar.volume) == (130.28, 5.0)


def test_19_another_name_in_the_greeting() -> None:
    client = PolygonGatewayClient()
    client.connection_made(0.0)
    client.receive(b'{"type":"connected","client_id":"somebody else"}', 0.0)
    assert Connected() in client.take_control()


def test_20_fifty_thousand_bars() -> None:
    bars = tuple(HistoricalBar(60 * 10**9 * (n + 1), 1.0, 2.0 + n, 1.0, 1.5, float(n)) for n in range(50_000))
    answer = parse_bars(200, build_bars(Bars("AAPL", "1min", bars)))
    assert answer.bars == bars


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"\x00\x01\xfe binary", []),
        (b"", []),
        (b"{", []),
        (b"[" * 100_000, []),
        (b'{"a":' * 100_000, []),
        (b"\xef\xbb\xbf" + envelope(TRADE), [175.5]),
        (envelope({**TRADE, "note": "x"}).replace(b'"x"', b'"\xff"'), [175.5]),
        (envelope({**TRADE, "symbol": "x"}).replace(b'"x"', b'"\xff"'), []),
    ],
)
def test_21_damaged_messages(client: PolygonGatewayClient, frame: bytes, expected: list[float]) -> None:
    events = client.receive(frame, 1.0)
    assert [event.price for event in events if isinstance(event, TradeTick)] == expected
    assert len(client.take_control()) == (0 if expected else 1)


def test_22_unknown_keys_everywhere(client: PolygonGatewayClient) -> None:
    (event,) = client.receive(envelope({**TRADE, "tape": 3, "sequence_number": "x", "sym": 5}, server="b"), 1.0)
    assert (event.key, event.stamp) == ("AAPL", 1701439845000)
    client.receive(b'{"type":"subscribed","symbols":["AAPL","aapl",7,null],"channels":["T","ZZ",4],"more":{}}', 1.0)
    assert client.take_control() == [Confirmed(WANTED[0])]
    client.receive(b'{"type":"subscribed","symbols":"AAPL"}', 1.0)
    assert invalid(client).reason == "an acknowledgement without symbols or channels"


def test_requests_for_bars_use_the_servers_names() -> None:
    assert json.loads(bars_request("AAPL", "1d", start="2023-01-01")) == {
        "symbol": "AAPL", "timeframe": "1day", "start_date": "2023-01-01",
    }  # fmt: skip
    with pytest.raises(ValueError, match="2day"):
        bars_request("AAPL", "2day")


def test_the_servers_status() -> None:
    status = ServerStatus(
        1, ["client123"], True, UpstreamStatus(True, True, True, {"AAPL": ["T", "Q"]}, 7, "2025-06-26T09:30:00", 5.5, 0)
    )
    body = build_status(status)
    assert list(json.loads(body)["polygon_status"]) == [
        "connected", "authenticated", "running", "subscriptions", "message_count", "last_message_time",
        "uptime_seconds", "reconnect_attempts",
    ]  # fmt: skip
    assert parse_status(body) == status
    assert parse_status(b'{"active_clients":0,"polygon_status":null}') == ServerStatus()
    with pytest.raises(ProtocolError):
        parse_status(b"<html>")
