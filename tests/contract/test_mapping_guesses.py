"""What is guessed of messages of well-known public streams, and of recordings of some of them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import Any

import pytest
from mapping_rig import opened
from shared_data import shared_data

from marketwatch.protocols.base import Invalid
from marketwatch.protocols.mapping.guesses import Field, fields_of, guess

BINANCE_DAY = {
    **{"e": "24hrTicker", "E": 1672515782136, "s": "BNBBTC", "p": "0.0015", "P": "250.00", "w": "0.0018"},
    **{"c": "0.0025", "Q": "10", "b": "0.0024", "B": "10", "a": "0.0026", "A": "100", "o": "0.0010", "h": "0.0025"},
    **{"l": "0.0010", "v": "10000", "q": "18", "O": 0, "C": 1675216573749, "F": 0, "L": 18150, "n": 18151},
}
CASES: dict[str, tuple[Any, dict[str, str]]] = {
    "Binance trade with numbers of orders": (
        {
            **{"e": "trade", "E": 1672515782136, "s": "BNBBTC", "t": 12345, "p": "0.001", "q": "100"},
            **{"b": 88, "a": 50, "T": 1672515782136, "m": True, "M": True},
        },
        {"symbol": "s", "price": "p", "size": "q", "time": "T"},
    ),
    "Binance bookTicker": (
        {"u": 400900217, "s": "BNBUSDT", "b": "25.3519", "B": "31.21", "a": "25.3652", "A": "40.66"},
        {"symbol": "s", "bid": "b", "ask": "a", "bid_size": "B", "ask_size": "A"},
    ),
    "Binance day ticker, whose p is a change": (
        BINANCE_DAY,
        {"symbol": "s", "price": "c", "time": "E", "bid": "b", "ask": "a", "bid_size": "B", "ask_size": "A"},
    ),
    "Finnhub": (
        {"type": "trade", "data": [{"s": "AAPL", "p": 7296.89, "t": 1575526691134, "v": 0.011467, "c": ["1"]}]},
        {"symbol": "data[].s", "price": "data[].p", "size": "data[].v", "time": "data[].t"},
    ),
    "Twelve Data": (
        {
            **{"event": "price", "symbol": "AAPL", "currency": "USD", "exchange": "NASDAQ", "type": "Common Stock"},
            **{"timestamp": 1592249566, "price": 342.0157, "day_volume": 27631112},
        },
        {"symbol": "symbol", "price": "price", "time": "timestamp", "volume": "day_volume"},
    ),
    "Alpaca trade": (
        {"T": "t", "i": 96921, "S": "AAPL", "x": "D", "p": 126.55, "s": 1, "t": "2021-02-22T15:51:44.208123456Z"},
        {"symbol": "S", "price": "p", "size": "s", "time": "t"},
    ),
    "Alpaca quote": (
        {"T": "q", "S": "AMD", "bx": "U", "bp": 87.66, "bs": 1, "ax": "Q", "ap": 87.68, "as": 4, "z": "C"},
        {"symbol": "S", "bid": "bp", "ask": "ap", "bid_size": "bs", "ask_size": "as"},
    ),
    "Coinbase ticker": (
        {
            **{"type": "ticker", "sequence": 471057044, "product_id": "NMR-EUR", "price": "67.0209"},
            **{"open_24h": "60.9288", "volume_24h": "25746.386", "low_24h": "60.4695", "high_24h": "74.5"},
            **{"best_bid": "66.9290", "best_ask": "67.0209", "time": "2021-04-17T16:43:40.448296Z"},
            **{"trade_id": 868602, "last_size": "1.275"},
        },
        {
            **{"symbol": "product_id", "price": "price", "size": "last_size", "time": "time"},
            **{"bid": "best_bid", "ask": "best_ask"},
        },
    ),
    "Massive trade": (
        {"ev": "T", "sym": "MSFT", "x": 4, "i": "12345", "p": 114.125, "s": 100, "t": 1536036818784, "q": 3681328},
        {"symbol": "sym", "price": "p", "size": "s", "time": "t"},
    ),
    "a quote of an Indian share": (
        {
            **{"instrument_token": 779521, "last_price": 807.75, "volume_traded": 80},
            **{"ohlc": {"open": 800, "high": 811, "low": 799, "close": 811.95}, "exchange_timestamp": 1756971590},
        },
        {
            **{"symbol": "instrument_token", "price": "last_price", "time": "exchange_timestamp"},
            **{"volume": "volume_traded"},
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_well_known_streams(name: str) -> None:
    message, paths = CASES[name]
    found = guess(message)
    assert found is not None
    assert (found.mapping.paths, found.others) == (paths, {})


def test_of_two_candidates_the_better_known_name_is_taken_and_the_other_is_said() -> None:
    found = guess({"sym": "X", "ticker": "Y", "last": 2.5, "price": 2.4, "size": 1})
    assert found is not None
    assert found.mapping.paths == {"symbol": "sym", "price": "price", "size": "size"}
    assert found.others == {"symbol": ("ticker",), "price": ("last",)}
    assert found.words().endswith("the symbol could also be “ticker”; the price could also be “last”")


def test_a_symbol_beside_the_list_of_its_trades() -> None:
    found = guess({"symbol": "X", "data": [{"p": 2.5, "v": 3}]})
    assert found is not None
    assert found.mapping.paths == {"symbol": "symbol", "price": "data[].p", "size": "data[].v"}


def test_the_fields_of_a_message_as_a_tree() -> None:
    message = {"a": {"b.c": 1, "": 2}, "d": [{"e": None}, {"f": 1}], "g": [[5, 6]], "h": []}
    assert fields_of(message) == (
        Field("", "a", None, (Field("a.b\\.c", "b.c", 1), Field("", "", 2))),
        Field("", "d[]", None, (Field("d[].e", "e", None),)),
        Field("", "g", None, (Field("", "0", None, (Field("g.0.0", "0", 5), Field("g.0.1", "1", 6))),)),
        Field("", "h", []),
    )
    wide = fields_of({str(number): number for number in range(10_000)})
    assert len(wide) == 400


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("BINANCE_US.ws.1.0", {"Quote": 139}),
        ("BITMEX.ws.1.0", {"Quote": 436, "TradeTick": 27}),
        ("BYBIT.ws.26.0", {"TradeTick": 150}),
        ("COINBASE.ws.28.0", {"TradeTick": 107, "PriceValue": 107, "Quote": 107}),
        ("GEMINI.ws.1.0", {"TradeTick": 16}),
        ("BITSTAMP.ws.1.0", {}),
    ],
)
def test_recorded_streams_read_without_a_mapping(file: str, counts: dict[str, int]) -> None:
    """The prices agree with those that the recording holds under their own names; books and candles give none."""
    client = opened(None)
    kinds: Counter[str] = Counter()
    with gzip.open(shared_data("ws_frames", "crypto", f"{file}.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            head, _, body = line.partition(": ")
            if "<" in head:
                continue
            for event in client.receive(body.encode(), 1.0):
                kinds[type(event).__name__] += 1
                _assert_is_said(event, body)
    assert kinds == counts
    assert all(isinstance(one, Invalid) or "ed" in type(one).__name__ or one for one in client.take_control())


def _assert_is_said(event: Any, body: str) -> None:
    leaves: list[Any] = []

    def collect(value: Any) -> None:
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(inner)
        if isinstance(value, str | int | float):
            leaves.append(value)

    collect(json.loads(body))
    said = {str(leaf) for leaf in leaves} | {float(leaf) for leaf in leaves if _is_number(leaf)}
    assert event.key in said
    for name in ("price", "size", "value", "bid", "ask", "bid_size", "ask_size"):
        figure = getattr(event, name, None)
        assert figure is None or figure in said


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
