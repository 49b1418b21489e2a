"""Conduct of the stream service's client: greeting, pacing, answers, values of all endpoints (stream-service.md)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stream_rig import (
    STAMP_MS,
    ack,
    controls,
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
from marketwatch.domain.ids import CASH, FUTURES, INDEX, InstrumentId, Venue
from marketwatch.errors import ConfigurationError, ProtocolError
from marketwatch.protocols.base import (
    Authenticated,
    Confirmed,
    Connected,
    Notice,
    Refused,
    Released,
    Unconfirmed,
)
from marketwatch.protocols.stream_service.address import endpoint_url, normalise_url, upgrade_refusal
from marketwatch.protocols.stream_service.endpoints import Endpoint
from marketwatch.protocols.stream_service.keys import canonical, feed_key, instrument_of

NSE = Venue("NSE")


def test_everything_wanted_is_asked_for_after_the_greeting_one_symbol_at_a_time() -> None:
    client = opened()
    client.subscribe([topic("RELIANCE"), topic("TCS")], 0.0)
    assert client.data_to_send() == []
    client.receive(raw(type="connection", status="connected", endpoint="main"), 0.1)
    assert client.take_control() == [Connected(), Authenticated()]
    assert client.data_to_send() == [
        '{"type":"subscribe","symbol":"RELIANCE"}',
        '{"type":"subscribe","symbol":"TCS"}',
    ]
    client.receive(ack("TCS"), 0.2)
    client.receive(ack("RELIANCE"), 0.3)
    assert client.take_control() == [Confirmed(topic("TCS")), Confirmed(topic("RELIANCE"))]


def test_an_endpoint_serves_its_own_channel_only() -> None:
    client = greeted()
    client.subscribe([topic("TCS", Endpoint.ALERTS), topic("*")], 0.0)
    assert client.take_control() == [
        Refused(topic("TCS", Endpoint.ALERTS), "this endpoint serves trades only"),
        Refused(topic("*"), "this service wants every symbol by its name"),
    ]
    assert client.data_to_send() == []


def test_an_unknown_symbol_is_refused_with_the_servers_words() -> None:
    client = greeted()
    client.subscribe([topic("NOSUCH")], 0.0)
    client.receive(raw(type="error", message="Unknown symbol: NOSUCH"), 0.1)
    assert client.take_control() == [Refused(topic("NOSUCH"), "Unknown symbol: NOSUCH")]
    assert client.next_deadline() == 20.0


def test_a_request_without_an_answer_is_reported() -> None:
    client = greeted()
    client.subscribe([topic("TCS")], 0.0)
    assert client.next_deadline() == 10.0
    client.deadline_passed(10.0)
    assert client.take_control() == [Unconfirmed(topic("TCS"))]


def test_a_symbol_that_stays_silent_is_asked_for_once_more() -> None:
    client = greeted("TCS", "SBIN")
    client.receive(frame("SBIN"), 5.0)
    client.deadline_passed(20.0)
    client.receive(raw(type="pong"), 20.0)
    client.deadline_passed(30.0)
    assert requests(client) == [("ping", None), ("subscribe", "TCS")]
    client.receive(ack("TCS"), 30.1)
    assert client.take_control() == []
    for at in range(40, 1000, 20):  # silence is normal here: never a reason to connect again
        client.deadline_passed(float(at))
        client.receive(raw(type="pong"), float(at))
        assert requests(client) == [("ping", None)]


def test_the_end_of_a_subscription() -> None:
    client = greeted("TCS")
    client.unsubscribe([topic("TCS"), topic("SBIN")], 1.0)
    assert requests(client) == [("unsubscribe", "TCS")]
    client.receive(ack("TCS", "unsubscribed"), 1.1)
    assert client.take_control() == [Released(topic("TCS"))]


def test_what_is_taken_back_before_it_was_sent_is_never_sent() -> None:
    client = opened()
    client.subscribe([topic("TCS")], 0.0)
    client.unsubscribe([topic("TCS")], 0.0)
    client.receive(raw(type="connection"), 0.1)
    assert client.take_control() == [Released(topic("TCS")), Connected(), Authenticated()]
    assert client.data_to_send() == []


# --- values ---------------------------------------------------------------------------------------------------


def test_the_guides_example_of_a_price() -> None:
    client = greeted("RELIANCE")
    assert client.receive(frame(), 1.0) == [
        DayStatistics(key="RELIANCE", stamp=STAMP_MS + 1, prev_close=2475.0, day_volume=1_000_000.0),
        PriceValue(key="RELIANCE", stamp=STAMP_MS, value=2500.5),
    ]
    later = frame(timestamp="2025-01-27T16:00:02", price=2501.0, volume=1000250, change=26.0, change_percent=1.05)
    assert client.receive(later, 3.0) == [TradeTick(key="RELIANCE", stamp=STAMP_MS + 2_000, price=2501.0, size=250.0)]
    assert client.take_control() == []


def test_day_figures_and_a_close_that_is_not_believed() -> None:
    client = greeted("RELIANCE")
    data = {"price": 100.0, "change": 1.0, "open": 99.5, "high": 101.0, "low": 98.0, "close": 77.7}
    stated, _ = client.receive(frame(**data), 1.0)
    assert isinstance(stated, DayStatistics)
    assert (stated.prev_close, stated.day_open, stated.day_high, stated.day_low) == (99.0, 99.5, 101.0, 98.0)
    assert stated.day_volume is None


def test_analysis_in_its_exact_shape() -> None:
    client = greeted("RELIANCE", endpoint=Endpoint.ANALYSIS)
    data = {
        "technical_indicators": {"rsi": 62.4, "macd": 3.2, "bollinger_bands": {"upper": 2620.0, "lower": 2380.0}},
        "patterns": ["support_level", "resistance_level"],
        "risk_metrics": {"volatility": 0.52, "beta": 1.2},
    }
    assert client.receive(frame(**data), 1.0) == [
        AnalysisReport(
            key="RELIANCE",
            stamp=STAMP_MS,
            origin="stream service",
            rsi=62.4,
            macd=3.2,
            bollinger_upper=2620.0,
            bollinger_lower=2380.0,
            patterns=("support_level", "resistance_level"),
            volatility=0.52,
            beta=1.2,
        )
    ]


def test_an_rsi_of_1750_is_named_as_invalid() -> None:
    client = greeted("RELIANCE", endpoint=Endpoint.ANALYSIS)
    (report,) = client.receive(frame(technical_indicators={"rsi": 1750.35, "macd": 5.0}), 1.0)
    assert isinstance(report, AnalysisReport)
    assert report.rsi is None
    assert report.macd == 5.0
    assert report.invalid == (InvalidFigure("rsi", "1750.35", "it lies outside 0 to 100"),)


def test_alerts_are_told_when_they_change_and_fire_on_the_edge_alone() -> None:
    client = greeted("RELIANCE", endpoint=Endpoint.ALERTS)

    def told(*triggered: bool) -> list[tuple[str, str, float | None, bool, bool]]:
        states = zip(("price_alerts", "volume_alerts"), (2625.53, 2000000), triggered, strict=True)
        data = {name: [{"type": "above", "threshold": limit, "triggered": is_on}] for name, limit, is_on in states}
        alerts = [event for event in client.receive(frame(**data), 1.0) if isinstance(event, ServerAlert)]
        assert all(alert.origin == "stream service" for alert in alerts)
        return [(a.group, a.condition, a.threshold, a.is_triggered, a.has_fired) for a in alerts]

    price, volume = ("price", "above", 2625.53), ("volume", "above", 2000000.0)
    assert told(False, True) == [(*price, False, False), (*volume, True, False)]
    assert told(False, True) == []
    assert told(True, True) == [(*price, True, True)]
    assert told(True, False) == [(*volume, False, False)]
    assert told(False, True) == [(*price, False, False), (*volume, True, True)]


def test_a_position_in_its_exact_shape() -> None:
    client = greeted("RELIANCE", endpoint=Endpoint.PORTFOLIO)
    data = {
        "position": {"quantity": 100, "avg_price": 2375.48, "current_value": 250050.0},
        "pnl": {"unrealized": 12502.5, "unrealized_percent": 5.26},
    }
    assert client.receive(frame(**data), 1.0) == [
        ServerPosition(
            key="RELIANCE",
            stamp=STAMP_MS,
            origin="stream service",
            quantity=Decimal(100),
            average_price=Decimal("2375.48"),
            current_value=Decimal(250050),
            unrealised_pnl=Decimal("12502.5"),
            unrealised_pnl_pct=Decimal("5.26"),
        )
    ]


# --- life, addresses, names -----------------------------------------------------------------------------------


def test_two_pings_without_any_message_end_the_connection() -> None:
    client = greeted()
    client.deadline_passed(20.0)
    client.deadline_passed(40.0)
    assert requests(client) == [("ping", None), ("ping", None)]
    with pytest.raises(ProtocolError, match="no longer answers"):
        client.deadline_passed(60.0)


def test_errors_are_shown() -> None:
    client = greeted("TCS")
    client.receive(raw(type="error", message="Invalid JSON format", endpoint="main"), 1.0)
    assert client.take_control() == [Notice("Invalid JSON format")]
    assert controls(client, Refused) == []


def test_addresses() -> None:
    assert normalise_url("ws://localhost:8081/") == "ws://localhost:8081/ws/stream"
    main = normalise_url("wss://host/feed/ws/stream")
    assert endpoint_url(main, Endpoint.PORTFOLIO) == "wss://host/feed/ws/portfolio"
    assert endpoint_url(endpoint_url(main, Endpoint.ALERTS), Endpoint.ANALYSIS) == "wss://host/feed/ws/analysis"
    with pytest.raises(ConfigurationError):
        endpoint_url("ws://host/other", Endpoint.MAIN)
    with pytest.raises(ConfigurationError):
        normalise_url("http://localhost:8081")


def test_a_refused_upgrade_hints_at_the_origin() -> None:
    refusal = upgrade_refusal(403, b"")
    assert isinstance(refusal, Refused)
    assert "allowed origins (CORS_ORIGINS)" in refusal.reason
    assert upgrade_refusal(502, b"") is None


def test_names() -> None:
    assert feed_key(InstrumentId(NSE, CASH, "M&M")) == "M&M"
    assert feed_key(InstrumentId(NSE, INDEX, "NIFTY 50")) == "NIFTY 50"
    assert feed_key(InstrumentId(NSE, FUTURES, "NIFTY")) is None
    assert feed_key(InstrumentId(Venue("BSE"), CASH, "RELIANCE")) is None
    assert instrument_of("nse:reliance-eq") == InstrumentId(NSE, CASH, "RELIANCE")
    assert instrument_of("NIFTY 50") == InstrumentId(NSE, INDEX, "NIFTY 50")
    assert canonical("BSE:RELIANCE") == "BSE:RELIANCE"


def test_figures_of_zero_are_no_price_and_no_fault() -> None:
    client = greeted("TCS")
    assert prices(client.receive(frame("TCS", price=0, volume=0, change=0, change_percent=0), 1.0)) == []
    assert reasons(client) == []
