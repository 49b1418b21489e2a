"""REST answers of the Massive protocol, among them nasty input 23."""

from __future__ import annotations

import json
from typing import Any

import pytest
from massive.rest.models import TickerSnapshot
from shared_data import shared_data

from marketwatch.domain.events import DayStatistics
from marketwatch.errors import (
    AuthenticationRefused,
    ConnectionFailed,
    EntitlementRefused,
    FeedError,
    ProtocolError,
    RateLimited,
)
from marketwatch.protocols.massive.rest import (
    MarketStatus,
    build_market_status,
    build_single_snapshot,
    build_snapshot,
    error_of,
    next_page,
    parse_market_status,
    parse_snapshot,
)

FULL = DayStatistics(
    key="AAPL",
    stamp=1_651_251_948_294_080_343,
    prev_close=163.64,
    day_open=161.84,
    day_high=166.2,
    day_low=159.8,
    day_volume=68_840_127.0,
    day_vwap=162.7124,
    last_price=159.99,
    last_size=200.0,
    last_trade_stamp=1_651_251_948_294_080_343,
)


def snapshot(**entry: Any) -> DayStatistics:
    (statistics,) = parse_snapshot(json.dumps({"status": "OK", "ticker": {"ticker": "A", **entry}}).encode())
    return statistics


def test_the_vendors_own_example() -> None:
    body = shared_data("ws_frames/polygon_rest/v2_snapshot_locale_us_markets_stocks_tickers_AAPL.json").read_bytes()
    assert parse_snapshot(body) == [FULL]


def test_day_of_zeros_is_unknown_and_missing_trades_too() -> None:
    zeros = {name: 0 for name in ("o", "h", "l", "c", "v", "vw")}
    early = snapshot(day=zeros, prevDay={"c": 163.64}, updated=0)
    assert early == DayStatistics(key="A", prev_close=163.64)
    without_trades = snapshot(day={"o": 1.0, "h": 2.0, "l": 0.5, "c": 1.5, "v": 10}, prevDay={"c": 1.25})
    assert without_trades.last_price == 1.5
    assert (without_trades.last_trade_stamp, without_trades.day_volume) == (None, 10.0)


@pytest.mark.parametrize("bad", ["x", None, True, -1, [1]])
def test_unusable_figures_are_unknown(bad: object) -> None:
    assert snapshot(day={"o": bad, "c": 1.5}, prevDay={"c": bad}).day_open is None


def test_several_tickers_and_entries_without_one() -> None:
    body = b'{"status":"DELAYED","tickers":[{"ticker":"A","prevDay":{"c":2}},{"day":{}},null,{"ticker":"B"}]}'
    assert [(each.key, each.prev_close) for each in parse_snapshot(body)] == [("A", 2.0), ("B", None)]


def test_what_we_serve_is_read_alike_by_us_and_by_the_official_client() -> None:
    assert parse_snapshot(build_snapshot([FULL])) == [FULL]
    assert parse_snapshot(build_single_snapshot(FULL)) == [FULL]
    official = TickerSnapshot.from_dict(json.loads(build_single_snapshot(FULL))["ticker"])
    assert (official.ticker, official.updated) == ("AAPL", FULL.stamp)
    assert (official.prev_day.close, official.day.open, official.day.volume) == (163.64, 161.84, 68_840_127.0)
    assert (official.day.high, official.day.low, official.day.vwap) == (166.2, 159.8, 162.7124)
    assert official.last_trade.price == 159.99
    assert official.todays_change == pytest.approx(-3.65)
    assert official.todays_change_percent == pytest.approx(-2.2305, abs=1e-4)


def test_unknown_days_are_served_as_zeros_and_read_as_unknown() -> None:
    quiet = DayStatistics(key="A", prev_close=2.0)
    assert json.loads(build_single_snapshot(quiet))["ticker"]["day"] == {
        "o": 0, "h": 0, "l": 0, "c": 0, "v": 0, "vw": 0,
    }  # fmt: skip
    assert parse_snapshot(build_snapshot([quiet, DayStatistics(key="B")])) == [quiet, DayStatistics(key="B")]


def test_market_status() -> None:
    status = parse_market_status(shared_data("ws_frames/polygon_rest/v1_marketstatus_now.json").read_bytes())
    assert (status.market, status.is_early_hours, status.is_after_hours) == ("extended-hours", False, True)
    assert status.server_time_ns == 1_651_178_888_000_000_000
    assert status.exchanges["nyse"] == "extended-hours"
    assert parse_market_status(build_market_status(status, "2022-04-28T16:48:08-04:00")) == status
    assert parse_market_status(b'{"market":"open","serverTime":"noon"}') == MarketStatus("open")
    with pytest.raises(ProtocolError):
        parse_market_status(b'{"status":"OK"}')


@pytest.mark.parametrize(
    ("http_status", "body", "kind", "words"),
    [
        (401, b'{"status":"ERROR","error":"Unknown API Key"}', AuthenticationRefused, "Unknown API Key"),
        (403, b'{"status":"NOT_AUTHORIZED","message":"Your plan"}', EntitlementRefused, "Your plan"),
        (429, b'{"status":"ERROR","error":"exceeded the maximum requests"}', RateLimited, "maximum requests"),
        (429, b"", RateLimited, "too many requests"),
        (502, b"<html><h1>Bad gateway</h1></html>", ConnectionFailed, "HTTP 502"),
        (503, b"", ConnectionFailed, "HTTP 503"),
        (404, b'{"status":"NOT_FOUND","message":"no such ticker"}', ProtocolError, "no such ticker"),
        (200, b'{"status":"ERROR","error":"Unknown API Key"}', AuthenticationRefused, "Unknown API Key"),
        (200, b'{"status":"ERROR"}', ProtocolError, "without a reason"),
        (200, b'{"status":"NOT_AUTHORIZED","error":"upgrade"}', EntitlementRefused, "upgrade"),
    ],
)
def test_23_errors_become_typed(http_status: int, body: bytes, kind: type[FeedError], words: str) -> None:
    error = error_of(http_status, body)
    assert type(error) is kind
    assert words in str(error)
    assert "<html>" not in str(error)


def test_23_pause_after_too_many_requests() -> None:
    for asked, expected in ((None, 12.0), (30.0, 30.0)):
        error = error_of(429, b"", retry_after_s=asked)
        assert isinstance(error, RateLimited)
        assert error.retry_after_s == expected


@pytest.mark.parametrize("body", [b'{"status":"OK"}', b'{"status":"DELAYED","results":[]}', b"[]"])
def test_23_delayed_answers_are_a_success(body: bytes) -> None:
    assert error_of(200, body) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_23_answers_that_are_no_object(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_snapshot(body)


def test_23_an_error_in_disguise_is_raised_and_missing_results_are_empty() -> None:
    with pytest.raises(AuthenticationRefused):
        parse_snapshot(b'{"status":"ERROR","error":"Unknown API Key"}')
    assert parse_snapshot(b'{"status":"OK","request_id":"1"}') == []


def test_23_next_page_drops_host_and_key_and_stops_on_a_repeat() -> None:
    seen: set[str] = set()
    first = next_page("https://evil.example/v3/x?cursor=abc&apiKey=SECRET&limit=5", seen)
    assert first == "/v3/x?cursor=abc&limit=5"
    assert next_page("https://api.massive.com/v3/x?cursor=abc&limit=5", seen) is None
    assert next_page("/v3/x?cursor=def#top", seen) == "/v3/x?cursor=def"
    assert next_page("https://api.massive.com/v3/x", seen) == "/v3/x"
    for nothing in (None, "", "https://api.massive.com//evil.example/x", "relative/path"):
        assert next_page(nothing, seen) is None
