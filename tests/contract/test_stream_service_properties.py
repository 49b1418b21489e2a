"""Properties of the stream service's protocol that hold for any input."""

from __future__ import annotations

import json
from decimal import Decimal

import any_events
import msgspec
from any_events import check_possible
from hypothesis import given, settings
from hypothesis import strategies as st
from stream_rig import STAMP_MS, greeted, topic

from marketwatch.domain.events import (
    AnalysisReport,
    DayStatistics,
    PriceValue,
    ServerAlert,
    ServerPosition,
)
from marketwatch.protocols.stream_service.encoding import (
    PriceFigures,
    alerts_data,
    analysis_data,
    message,
    position_data,
    price_data,
)
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.server import StreamServiceServer

ORIGIN = "stream service"
json_values = any_events.json_values("TCS", "1,5")
fields = st.sampled_from(
    [
        *("price", "volume", "change", "change_percent", "open", "high", "low", "close", "data"),
        *("technical_indicators", "patterns", "risk_metrics", "price_alerts", "volume_alerts", "position", "pnl"),
    ]
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["data", "connection", "subscription", "error", "pong", "tick"])},
    optional={
        "symbol": json_values,
        "status": json_values,
        "message": json_values,
        "timestamp": json_values,
        "data": st.dictionaries(fields, json_values, max_size=8) | json_values,
    },
)
figures = st.none() | st.floats(-1e6, 1e6)
money = st.none() | st.decimals(-(10**9), 10**9, places=2).map(lambda value: value.normalize() + 0)
prices = st.floats(1.0, 1e5).map(lambda price: round(price, 2))


@given(st.one_of(st.binary(max_size=200), st.lists(messages, max_size=5).map(lambda m: json.dumps(m).encode())))
@settings(max_examples=400, deadline=None)
def test_no_bytes_make_the_client_raise_or_give_impossible_values(data: bytes) -> None:
    client = greeted("TCS")
    for event in client.receive(data, 1.0):
        check_possible(event)
        if isinstance(event, AnalysisReport):
            assert event.rsi is None or 0 <= event.rsi <= 100
            assert all(figure.reason for figure in event.invalid)
    client.unsubscribe([topic("TCS")], 2.0)
    client.take_control()
    client.data_to_send()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100), json_values.map(json.dumps), messages.map(json.dumps)))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_server_raise(data: bytes | str) -> None:
    server = StreamServiceServer(Endpoint.MAIN, lambda symbol: True, lambda: STAMP_MS)
    server.connection_made()
    server.receive(data)
    assert len([json.loads(sent) for sent in server.data_to_send()]) == 2  # the greeting and exactly one answer


@st.composite
def reports(draw: st.DrawFn) -> AnalysisReport:
    lower, middle, upper = sorted(draw(st.lists(st.floats(0.0, 1e6), min_size=3, max_size=3)))
    return AnalysisReport(
        key="TCS",
        stamp=STAMP_MS,
        origin=ORIGIN,
        rsi=draw(st.none() | st.floats(0.0, 100.0)),
        macd=draw(figures),
        macd_signal=draw(figures),
        macd_histogram=draw(figures),
        bollinger_upper=draw(st.none() | st.just(upper)),
        bollinger_middle=draw(st.none() | st.just(middle)),
        bollinger_lower=draw(st.none() | st.just(lower)),
        patterns=tuple(draw(st.lists(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), max_size=4, unique=True))),
        volatility=draw(st.none() | st.floats(0.0, 10.0)),
        beta=draw(figures),
    )


@given(reports())
@settings(max_examples=200, deadline=None)
def test_a_report_is_read_back(report: AnalysisReport) -> None:
    client = greeted("TCS", endpoint=Endpoint.ANALYSIS)
    data = message("data", Endpoint.ANALYSIS, STAMP_MS, symbol="TCS", data=analysis_data(report))
    assert client.receive(data, 1.0) == [report]


positions = st.builds(
    ServerPosition,
    key=st.just("TCS"),
    stamp=st.just(STAMP_MS),
    origin=st.just(ORIGIN),
    quantity=st.none() | st.integers(-(10**6), 10**6).map(Decimal),
    average_price=money,
    current_value=money,
    unrealised_pnl=money,
    unrealised_pnl_pct=money,
)


@given(positions)
@settings(max_examples=200, deadline=None)
def test_a_position_is_read_back(position: ServerPosition) -> None:
    client = greeted("TCS", endpoint=Endpoint.PORTFOLIO)
    data = message("data", Endpoint.PORTFOLIO, STAMP_MS, symbol="TCS", data=position_data(position))
    assert client.receive(data, 1.0) == [position]


alerts = st.builds(
    ServerAlert,
    key=st.just("TCS"),
    stamp=st.just(STAMP_MS),
    origin=st.just(ORIGIN),
    group=st.sampled_from(["price", "volume", "breakout"]),
    condition=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    threshold=st.none() | st.floats(0.0, 1e9),
    is_triggered=st.booleans(),
)


@given(st.lists(alerts, max_size=6, unique_by=lambda alert: (alert.group, alert.condition, alert.threshold)))
@settings(max_examples=200, deadline=None)
def test_alerts_are_read_back_and_told_once(sent: list[ServerAlert]) -> None:
    client = greeted("TCS", endpoint=Endpoint.ALERTS)
    data = message("data", Endpoint.ALERTS, STAMP_MS, symbol="TCS", data=alerts_data(sent))
    came = client.receive(data, 1.0)
    order = ["price", "volume", "breakout"]
    none = ServerAlert(key="TCS", stamp=STAMP_MS, origin=ORIGIN, group="", condition="", is_withdrawn=True)
    empty = [msgspec.structs.replace(none, group=group) for group in set(order) - {alert.group for alert in sent}]
    assert came == sorted([*sent, *empty], key=lambda alert: order.index(alert.group))
    assert client.receive(data, 2.0) == []


@st.composite
def states(draw: st.DrawFn) -> PriceFigures:
    low, first, last, high = sorted(draw(st.lists(prices, min_size=4, max_size=4)))
    return PriceFigures(
        price=last,
        volume=draw(st.none() | st.integers(1, 2**40)),
        prev_close=draw(st.none() | prices),
        day_open=draw(st.none() | st.just(first)),
        day_high=draw(st.none() | st.just(high)),
        day_low=draw(st.none() | st.just(low)),
    )


@given(states())
@settings(max_examples=200, deadline=None)
def test_a_price_is_read_back(state: PriceFigures) -> None:
    client = greeted("TCS")
    data = message("data", Endpoint.MAIN, STAMP_MS, symbol="TCS", data=price_data(state))
    *stated, price = client.receive(data, 1.0)
    assert client.take_control() == []
    assert price == PriceValue(key="TCS", stamp=STAMP_MS, value=state.price)
    known = (state.prev_close, state.day_open, state.day_high, state.day_low, state.volume)
    assert bool(stated) is any(known)
    for came in stated:
        assert isinstance(came, DayStatistics)
        assert (came.prev_close, came.day_open, came.day_high, came.day_low, came.day_volume) == known
