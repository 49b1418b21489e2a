"""The numbered nasty inputs of protocols/stream-service.md, section 8: the values that come out, nothing raises.

18 (1006, 1012, refused upgrades) happens outside the messages; the refusal's words are in test_stream_service_client.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from stream_rig import (
    STAMP_MS,
    ack,
    frame,
    greeted,
    opened,
    prices,
    raw,
    reasons,
    requests,
    topic,
)

from marketwatch.domain.events import (
    AnalysisReport,
    DayStatistics,
    InvalidFigure,
    PriceValue,
    ServerAlert,
    ServerPosition,
    TradeTick,
)
from marketwatch.errors import ProtocolError
from marketwatch.protocols.base import Authenticated, Confirmed, Connected, Notice
from marketwatch.protocols.stream_service.client import StreamServiceClient


@pytest.fixture
def client() -> StreamServiceClient:
    return greeted("RELIANCE")


def prev_close(client: StreamServiceClient, **data: Any) -> float | None:
    """Receive one frame and return the previous close it led to."""
    stated = [event for event in client.receive(frame(**data), 1.0) if isinstance(event, DayStatistics)]
    return stated[0].prev_close if stated else None


def report(client: StreamServiceClient, **data: Any) -> AnalysisReport:
    (event,) = client.receive(frame(**data), 1.0)
    assert isinstance(event, AnalysisReport)
    return event


def position(client: StreamServiceClient, **data: Any) -> ServerPosition:
    (event,) = client.receive(frame(**data), 1.0)
    assert isinstance(event, ServerPosition)
    return event


def test_01_data_before_the_greeting_and_before_the_answer() -> None:
    client = opened()
    client.subscribe([topic("RELIANCE")], 0.0)
    assert prices(client.receive(frame(), 0.1)) == [2500.5]
    client.receive(raw(type="connection"), 0.2)
    assert prices(client.receive(frame(price=2501.0), 0.3)) == [2501.0]
    client.receive(ack("RELIANCE"), 0.4)
    assert client.take_control() == [Connected(), Authenticated(), Confirmed(topic("RELIANCE"))]


@pytest.mark.parametrize(
    "greeting",
    [
        raw(type="connection", status="connected", timestamp="2025-01-27T10:30:00.000Z", message="established"),
        raw(type="connection", status="connected", endpoint="main", data_types=["tick_data"], timestamp="2025-01-27"),
        None,
    ],
)
def test_02_greetings_of_both_forms_or_none(greeting: bytes | None) -> None:
    client = opened()
    client.subscribe([topic("RELIANCE")], 0.0)
    if greeting is None:
        assert client.next_deadline() == 2.0
        client.deadline_passed(2.0)
    else:
        client.receive(greeting, 0.1)
    assert client.take_control() == [Connected(), Authenticated()]
    assert requests(client) == [("subscribe", "RELIANCE")]


@pytest.mark.parametrize("data", [None, [1], "text", 7])
def test_03_data_that_is_none(client: StreamServiceClient, data: object) -> None:
    assert client.receive(raw(type="data", symbol="RELIANCE", data=data), 1.0) == []
    assert reasons(client) == ["a frame without data"]


def test_03_data_in_data(client: StreamServiceClient) -> None:
    assert prices(client.receive(frame(data={"price": 2500.5}), 1.0)) == [2500.5]


@pytest.mark.parametrize(
    ("price", "expected", "reason"),
    [
        (0, [], []),
        (None, [], ["a frame without a price"]),
        (-5.0, [], ["a frame without a price"]),
        ("2,500.50", [2500.5], []),
        ("n/a", [], ["a frame without a price"]),
        (True, [], ["a frame without a price"]),
    ],
)
def test_04_prices(client: StreamServiceClient, price: object, expected: list[float], reason: list[str]) -> None:
    assert prices(client.receive(frame(price=price, volume=5), 1.0)) == expected
    assert reasons(client) == reason


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"change": 25.5}, 2475.0),
        ({"change_percent": 1.0303}, 2475.0001),
        ({"change": 0.0, "change_percent": 0.0}, 2500.5),
        ({"change": -24.5, "change_percent": -0.97}, 2525.0),
        ({}, None),
    ],
)
def test_05_change_without_percent_and_percent_without_change(
    client: StreamServiceClient, data: dict[str, float], expected: float | None
) -> None:
    assert prev_close(client, price=2500.5, **data) == expected
    assert reasons(client) == []


def test_06_a_percentage_sent_as_a_fraction(client: StreamServiceClient) -> None:
    assert prev_close(client, price=2500.5, change=25.5, change_percent=0.0103) == 2475.0
    assert reasons(client) == []


def test_06_a_percentage_that_contradicts_the_change(client: StreamServiceClient) -> None:
    assert prev_close(client, price=2500.5, change=25.5, change_percent=4.0) is None
    assert reasons(client) == ["change and change_percent disagree"]


def test_07_volumes(client: StreamServiceClient) -> None:
    client.receive(frame(price=10.0, volume=100.0), 0.1)
    (event,) = client.receive(frame(price=10.0, volume=150.5), 0.2)
    assert event == TradeTick(key="RELIANCE", stamp=STAMP_MS, price=10.0, size=50.5)
    stated, price = client.receive(frame(price=10.5, volume=40), 0.3)
    assert isinstance(stated, DayStatistics)
    assert stated.day_volume == 40.0
    assert isinstance(price, PriceValue)
    (event,) = client.receive(frame(price=10.25, volume=0), 0.4)
    assert isinstance(event, PriceValue)
    (event,) = client.receive(frame(price=10.25, volume=50), 0.5)
    assert isinstance(event, TradeTick)
    assert event.size == 10.0


@pytest.mark.parametrize("rsi", [1750.0, -1, 100.5])
def test_08_rsi_out_of_range(client: StreamServiceClient, rsi: float) -> None:
    came = report(client, technical_indicators={"rsi": rsi})
    assert came.rsi is None
    assert [(figure.name, figure.reason) for figure in came.invalid] == [("rsi", "it lies outside 0 to 100")]


def test_08_macd_as_an_object_bands_null_and_patterns_of_all_kinds(client: StreamServiceClient) -> None:
    indicators = {"macd": {"macd": 1.5, "signal": 1.0, "histogram": 0.5}, "bollinger_bands": None, "rsi": "high"}
    came = report(client, technical_indicators=indicators, patterns=[{"name": "doji"}, "hammer", 3, "doji"])
    assert (came.macd, came.macd_signal, came.macd_histogram) == (1.5, 1.0, 0.5)
    assert (came.bollinger_upper, came.bollinger_lower) == (None, None)
    assert came.patterns == ("doji", "hammer")
    assert came.invalid == (InvalidFigure("rsi", "high", "not a number"),)
    assert report(client, patterns="doji").patterns == ("doji",)


def test_08_bands_that_cross_and_risk_that_is_negative(client: StreamServiceClient) -> None:
    bands = {"upper": 90.0, "middle": 100.0, "lower": 110.0}
    came = report(client, technical_indicators={"bollinger_bands": bands}, risk_metrics={"volatility": -0.5})
    assert (came.bollinger_upper, came.bollinger_middle, came.bollinger_lower) == (None, None, None)
    assert came.volatility is None
    assert [figure.name for figure in came.invalid] == ["bollinger_bands", "volatility"]


@pytest.mark.parametrize("triggered", ["true", 1, True])
def test_09_lists_of_alerts_that_are_missing_null_or_odd(client: StreamServiceClient, triggered: object) -> None:
    (gone,) = client.receive(frame(price_alerts=None, volume_alerts=[]), 1.0)
    assert isinstance(gone, ServerAlert)
    assert (gone.group, gone.condition, gone.is_withdrawn) == ("volume", "", True)
    entries = [{"type": "moon_phase", "triggered": triggered}, "nonsense", {"threshold": 5}]
    (alert,) = client.receive(frame(breakout_alerts=entries, price_alerts="none"), 1.0)
    assert isinstance(alert, ServerAlert)
    assert (alert.group, alert.condition, alert.threshold) == ("breakout", "moon_phase", None)
    assert alert.is_triggered is True
    assert reasons(client) == ["a list of alerts that is none", "an alert without a type"]


def test_10_positions(client: StreamServiceClient) -> None:
    assert position(client, pnl=-12.5).unrealised_pnl == Decimal("-12.5")
    assert position(client, position=None, pnl=None) == ServerPosition(
        key="RELIANCE", stamp=STAMP_MS, origin="stream service"
    )
    assert position(client, position={"quantity": -100}).quantity == Decimal(-100)
    data = b'{"type":"data","symbol":"RELIANCE","data":{"pnl":{"unrealized":5,"unrealized_percent":Infinity}}}'
    (came,) = client.receive(data, 1.0)
    assert isinstance(came, ServerPosition)
    assert came.unrealised_pnl == Decimal(5)
    assert came.unrealised_pnl_pct is None
    assert came.invalid == (InvalidFigure("unrealised_pnl_pct", "inf", "not a number"),)


@pytest.mark.parametrize("written", ["reliance", "NSE:RELIANCE", "RELIANCE-EQ", " nse:Reliance-eq "])
def test_11_forms_of_a_symbol(client: StreamServiceClient, written: str) -> None:
    (event,) = client.receive(frame(written, price=2500.5), 1.0)
    assert event.key == "RELIANCE"


def test_11_a_symbol_with_a_sign_and_one_of_another_exchange(client: StreamServiceClient) -> None:
    assert client.receive(frame("M&M", price=5.0), 1.0)[0].key == "M&M"
    assert client.receive(frame("BSE:RELIANCE", price=2499.0), 1.0)[0].key == "BSE:RELIANCE"
    assert client.receive(frame("", price=5.0), 1.0) == []
    assert reasons(client) == ["a frame without a symbol"]


def test_12_data_of_another_endpoint_means_what_it_says(client: StreamServiceClient) -> None:
    assert report(client, technical_indicators={"rsi": 50}).rsi == 50.0
    assert position(client, position={"quantity": 3}).quantity == Decimal(3)
    assert client.receive(frame(candles=[1, 2]), 1.0) == []
    assert reasons(client) == ["data of an unknown shape"]


def test_13_errors_without_a_time_or_about_our_own_sound_request(client: StreamServiceClient) -> None:
    client.receive(raw(type="error", message="Invalid JSON format"), 1.0)
    client.receive(raw(type="error"), 1.0)
    assert client.take_control() == [Notice("Invalid JSON format"), Notice("the server reports an error")]


def test_14_types_of_sibling_services(client: StreamServiceClient) -> None:
    tick = raw(type="tick", token="738561", price=2500.5, timestamp=1706352600.1, volume_traded=1000)
    assert client.receive(tick, 1.0) == []
    assert client.receive(raw(type="backend_error", message="x"), 1.0) == []
    assert client.take_control() == []


def test_15_a_missing_type(client: StreamServiceClient) -> None:
    assert client.receive(raw(error="Serialization failed"), 1.0) == []
    assert client.receive(raw(type=5), 1.0) == []
    assert reasons(client) == ["a message without a type"]


def test_16_pretty_printed_with_a_mark_sorted_and_not_a_number(client: StreamServiceClient) -> None:
    element = json.loads(frame())
    pretty = json.dumps(element, indent=2, sort_keys=True).encode()
    assert prices(client.receive(b"\xef\xbb\xbf" + pretty, 1.0)) == [2500.5]
    odd = b'{"type":"data","symbol":"RELIANCE","data":{"price":2501,"change":NaN,"high":-Infinity}}'
    assert client.receive(odd, 1.0)[-1] == TradeTick(key="RELIANCE", stamp=None, price=2501.0, size=0.0)


@pytest.mark.parametrize(
    ("timestamp", "stamp"),
    [
        ("2025-01-27T16:00:00.123456", STAMP_MS + 123),
        ("2025-01-27T16:00:00", STAMP_MS),
        ("2025-01-27T10:30:00.500Z", STAMP_MS + 500),
        ("2025-01-27T16:00:00+05:30", STAMP_MS),
        (STAMP_MS / 1000, STAMP_MS),
        (STAMP_MS / 1000 + 0.25, STAMP_MS + 250),
        (STAMP_MS, STAMP_MS),
        (str(STAMP_MS // 1000), STAMP_MS),
        ("today", None),
        (None, None),
        (-1, None),
        ("0001-01-01T00:00:00", None),
    ],
)
def test_17_times_of_every_form(client: StreamServiceClient, timestamp: object, stamp: int | None) -> None:
    (event,) = client.receive(frame(timestamp=timestamp, price=2500.5), 1.0)
    assert event.stamp == stamp


def test_17_a_time_without_a_zone_is_of_this_computer_unless_set() -> None:
    client = StreamServiceClient()
    client.connection_made(0.0)
    (event,) = client.receive(frame(timestamp="2025-01-27T16:00:00", price=5.0), 1.0)
    assert event.stamp is not None
    assert abs(event.stamp - STAMP_MS) % 900_000 == 0  # some whole quarters of an hour from India


def test_19_data_after_the_end_was_acknowledged(client: StreamServiceClient) -> None:
    client.unsubscribe([topic("RELIANCE")], 1.0)
    client.receive(ack("RELIANCE", "unsubscribed"), 1.1)
    client.take_control()
    assert prices(client.receive(frame(), 1.2)) == [2500.5]
    assert client.take_control() == []


def test_20_the_same_frame_twice(client: StreamServiceClient) -> None:
    assert len(client.receive(frame(), 1.0)) == 2
    assert client.receive(frame(), 1.0) == []


def test_21_a_thousand_symbols_are_paced_and_confirmed_in_any_order() -> None:
    client = greeted()
    symbols = [f"S{number}" for number in range(1_000)]
    client.subscribe([topic(symbol) for symbol in symbols], 0.0)
    now, sent, portions = 0.0, [], 0
    while len(sent) < 1_000:
        portion = requests(client)
        assert 0 < len(portion) <= 50
        sent += [symbol for kind, symbol in portion if kind == "subscribe"]
        portions += 1
        deadline = client.next_deadline()
        assert deadline is not None
        if len(sent) < 1_000:
            assert deadline - now == pytest.approx(0.1)
            now = deadline
            client.deadline_passed(now)
    assert sent == symbols
    assert portions == 20
    for symbol in reversed(symbols):
        client.receive(ack(symbol), now)
    assert client.take_control() == [Confirmed(topic(symbol)) for symbol in reversed(symbols)]


def test_22_a_heartbeat_acknowledged_without_one(client: StreamServiceClient) -> None:
    assert client.receive(raw(type="heartbeat", status="ack"), 1.0) == []
    assert client.take_control() == []


def test_23_a_half_open_connection_is_found_by_our_own_pings(client: StreamServiceClient) -> None:
    for at in (20.0, 30.0, 40.0):
        client.deadline_passed(at)
    assert [kind for kind, _ in requests(client)] == ["ping", "subscribe", "ping"]
    with pytest.raises(ProtocolError, match="no longer answers"):
        client.deadline_passed(60.0)
