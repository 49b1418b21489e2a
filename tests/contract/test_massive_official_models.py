"""The vendor's own models as the oracle: of one frame our parser and theirs must read the same values, field by field.

Trades, quotes and bars of a second and of a minute: recorded, generated, and written by our own server side. Their size
of a trade of fractions is whole, and the fraction a text beside it; ours is the one number that was traded.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import any_events
import pytest
from any_events import MILLIS
from hypothesis import given
from hypothesis import strategies as st
from massive.websocket.models import EquityAgg, EquityQuote, EquityTrade, Feed, Market, parse
from shared_data import shared_data

from marketwatch.domain.events import MarketEvent, Quote, SecondBar, TradeTick, VendorBar
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.massive.encoding import encode_event

_SILENT = logging.getLogger("marketwatch.tests.silent")
CHANNELS = ("T", "Q", "A", "AM")

symbols = st.from_regex(r"[A-Z]{1,5}(\.[A-Z])?", fullmatch=True)
prices = st.decimals("0.0001", "999999", places=4).map(float)
counts = st.integers(0, 2**53)
trades = st.fixed_dictionaries(
    {"ev": st.just("T"), "sym": symbols, "p": prices, "s": st.integers(1, 10**9), "t": MILLIS},
    optional={
        "x": st.integers(1, 500),
        "i": st.from_regex(r"[0-9A-Za-z]{1,12}", fullmatch=True),
        "z": st.integers(1, 3),
        "c": st.one_of(st.none(), st.lists(st.integers(0, 60), max_size=4)),
        "q": counts,
        "trfi": st.integers(1, 300),
        "trft": MILLIS,
    },
)
sides = {"bp": prices, "bs": st.integers(0, 10**6), "ap": prices, "as": st.integers(0, 10**6)}
quotes = st.fixed_dictionaries(
    {"ev": st.just("Q"), "sym": symbols, "t": MILLIS},
    optional={**sides, "bx": st.integers(1, 500), "ax": st.integers(1, 500), "c": st.integers(0, 90), "q": counts},
)


@st.composite
def bars(draw: st.DrawFn) -> dict[str, Any]:
    low, opened, close, high = sorted(draw(st.lists(prices, min_size=4, max_size=4)))
    if draw(st.booleans()):
        opened, close = close, opened
    starts = draw(MILLIS)
    required = {"ev": draw(st.sampled_from(["A", "AM"])), "sym": draw(symbols), "o": opened, "c": close, "h": high}
    more = st.fixed_dictionaries(
        {"s": st.just(starts), "e": st.integers(starts + 1, starts + 60_000)},
        optional={"v": counts, "av": counts, "op": prices, "vw": prices, "a": prices, "z": st.integers(1, 10**6)},
    )
    return {**required, "l": low, **draw(more)}


def theirs(elements: list[dict[str, Any]]) -> list[Any]:
    return list(parse(elements, _SILENT, Market.Stocks))


def ours(elements: list[dict[str, Any]]) -> list[MarketEvent]:
    client = MassiveClient()
    events = list(client.receive(json.dumps(elements).encode(), 0.0))
    assert client.take_control() == []
    return events


def check_trade(their: EquityTrade, our: MarketEvent) -> None:
    assert isinstance(our, TradeTick)
    size = their.size if their.fractional_shares is None else float(their.fractional_shares)
    assert (our.key, our.price, our.size) == (their.symbol, their.price, size)
    assert our.conditions == (None if their.conditions is None else tuple(their.conditions))
    assert (our.exchange, our.trade_id, our.stamp) == (their.exchange, their.id, their.timestamp)
    assert our.sequence == their.sequence_number


def check_quote(their: EquityQuote, our: MarketEvent) -> None:
    assert isinstance(our, Quote)
    assert (our.key, our.bid, our.ask) == (their.symbol, their.bid_price, their.ask_price)
    assert (our.bid_size, our.ask_size) == (their.bid_size, their.ask_size)
    assert (our.stamp, our.sequence) == (their.timestamp, their.sequence_number)


def check_bar(their: EquityAgg, our: MarketEvent) -> None:
    assert isinstance(our, VendorBar)
    assert isinstance(our, SecondBar) is (their.event_type == "A")
    assert our.key == their.symbol
    assert (our.open, our.high, our.low, our.close) == (their.open, their.high, their.low, their.close)
    assert (our.volume, our.vwap) == (their.volume, their.vwap)
    assert (our.day_volume, our.day_open) == (their.accumulated_volume, their.official_open_price)
    assert our.day_vwap == their.aggregate_vwap
    assert (our.stamp, our.ends_stamp) == (their.start_timestamp, their.end_timestamp)


CHECKS: dict[type, Callable[[Any, MarketEvent], None]] = {
    EquityTrade: check_trade,
    EquityQuote: check_quote,
    EquityAgg: check_bar,
}


def compare(elements: list[dict[str, Any]]) -> None:
    for their, our in zip(theirs(elements), ours(elements), strict=True):
        CHECKS[type(their)](their, our)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_vendors_own_examples(channel: str) -> None:
    lines = shared_data("ws_frames", "polygon_massive_example_frames.jsonl").read_text(encoding="utf-8").splitlines()
    examples = [told["frame"] for told in map(json.loads, lines) if told["channel"] == f"/stocks/{channel}"]
    assert len(examples) == 1
    compare(examples[0])


@given(st.lists(st.one_of(trades, quotes, bars()), max_size=6, unique_by=lambda one: (one["ev"], one["sym"])))
def test_generated_frames(elements: list[dict[str, Any]]) -> None:
    compare(elements)


@given(
    st.one_of(
        any_events.trades(symbols, stamp=MILLIS, sequence=counts),
        any_events.quotes(symbols, stamp=MILLIS, sequence=counts),
        any_events.bars(symbols, "day_volume"),
    )
)
def test_what_our_server_side_writes(event: MarketEvent) -> None:
    written = encode_event(event)
    assert written is not None
    elements = [json.loads(written)]
    compare(elements)
    (our,) = ours(elements)
    assert (our.key, our.stamp) == (event.key, event.stamp)


@pytest.mark.parametrize("feed", list(Feed), ids=lambda feed: feed.value)
def test_the_vendors_delayed_hosts_are_those_that_we_know(feed: Feed) -> None:
    delay_s = CATALOG[FeedKind.MASSIVE].address_at(f"wss://{feed.value}").delay_s
    assert (delay_s > 0) is feed.name.startswith("Delayed")
