from __future__ import annotations

from marketwatch.client import payload
from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    DepthLevel,
    PriceLimits,
    Quote,
    SecondBar,
    TradeTick,
)


class WireTrade(TradeTick, frozen=True, gc=False, kw_only=True):
    tape: int = 3


class WireLimits(PriceLimits, frozen=True, gc=False, kw_only=True):
    raw: str = "not for others"


def test_the_guides_trade() -> None:
    event = WireTrade(
        key="AAPL", stamp=1701439845000, price=175.5, size=100.0, conditions=(12, 37), exchange=11, trade_id="1234567"
    )
    assert payload(event) == {
        "event_type": "trade",
        "symbol": "AAPL",
        "timestamp": 1701439845000,
        "price": 175.5,
        "size": 100,
        "conditions": [12, 37],
        "exchange": 11,
        "trade_id": "1234567",
    }


def test_unknown_is_none() -> None:
    data = payload(TradeTick(key="AAPL", price=175.5, size=0.5))
    assert (data["timestamp"], data["size"], data["conditions"], data["exchange"]) == (None, 0.5, [], None)


def test_the_guides_quote_and_aggregate() -> None:
    quote = payload(Quote(key="AAPL", stamp=1701439845000, bid=175.45, bid_size=200.0))
    assert (quote["event_type"], quote["bid_price"], quote["bid_size"], quote["ask_price"]) == (
        "quote",
        175.45,
        200,
        None,
    )
    bar = payload(
        SecondBar(key="AAPL", stamp=1701439800000, open=1.0, high=4.0, low=0.5, close=2.0, volume=50.0, vwap=1.5)
    )
    assert (bar["event_type"], bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"], bar["vwap"]) == (
        "aggregate",
        1.0,
        4.0,
        0.5,
        2.0,
        50,
        1.5,
    )


def test_a_book_keeps_its_levels() -> None:
    data = payload(
        Depth(key="2885", bid=10.0, ask=10.5, bids=(DepthLevel(10.0, 5.0, 2),), asks=(DepthLevel(10.5, 7.0),))
    )
    assert (data["event_type"], data["bid_price"]) == ("quote", 10.0)
    assert data["bids"] == [{"price": 10.0, "size": 5.0, "orders": 2}]
    assert data["asks"] == [{"price": 10.5, "size": 7.0, "orders": None}]


def test_what_the_guide_does_not_know_has_our_names() -> None:
    data = payload(DayStatistics(key="AAPL", stamp=1701439845000000000, prev_close=170.0))
    assert (data["event_type"], data["symbol"], data["timestamp"]) == ("statistics", "AAPL", 1701439845000)
    assert (data["prev_close"], data["day_open"]) == (170.0, None)
    assert "stamp" not in data
    limits = payload(WireLimits(key="AAPL", upper_limit=2.0, halted=True))
    assert limits == {
        "event_type": "limits",
        "symbol": "AAPL",
        "timestamp": None,
        "upper_limit": 2.0,
        "lower_limit": None,
        "indicators": None,
        "halted": True,
    }
