"""The vendor's own parser as a judge: our values must be its values, for recorded and for generated packets.

Two differences are meant: it reads prices below zero as huge ones, and gives zero where we say unknown.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import shared_data

from marketwatch.domain.events import DayStatistics, Depth, MarketEvent, MarketStatistics, PriceValue, TradeTick
from marketwatch.domain.secret import Secret
from marketwatch.protocols.kite.client import KiteClient
from marketwatch.protocols.kite.login import checksum, login_url
from marketwatch.protocols.kite.packets import (
    FullPacket,
    IndexPacket,
    LtpPacket,
    Packet,
    QuotePacket,
    divisor_of,
    encode,
    frame,
)

kiteconnect = pytest.importorskip("kiteconnect", reason="needs the official client of Kite (pip install kiteconnect)")

prices = st.integers(-(2**31), 2**31 - 1)
sizes = st.integers(0, 2**32 - 1)
times = st.one_of(st.just(0), st.integers(1_600_000_000, 2_000_000_000))
segments = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 12])
tokens = st.builds(lambda number, segment: number << 8 | segment, st.integers(0, 2**24 - 1), segments)
books = st.tuples(*([sizes, prices, st.integers(0, 65_535)] * 10))
quote_fields = [tokens, prices, sizes, prices, sizes, sizes, sizes, prices, prices, prices, prices]
packets = st.one_of(
    st.builds(LtpPacket, tokens, prices),
    st.builds(IndexPacket, tokens, *[prices] * 6, st.one_of(st.none(), times)),
    st.builds(QuotePacket, *quote_fields),
    st.builds(FullPacket, *quote_fields, times, sizes, sizes, sizes, times, books),
)


def official(data: bytes) -> list[dict[str, Any]]:
    ticker = kiteconnect.KiteTicker("key", "token")
    return list(ticker._parse_binary(data))


def ours(data: bytes) -> list[MarketEvent]:
    return list(KiteClient().receive(data, 0.0))


def signed(price: float, token: int) -> float | None:
    """Read an official price as we do: below zero where it is huge, unknown where it is zero."""
    divisor = divisor_of(token)
    number = round(price * divisor)
    return (number - 2**32 if number >= 2**31 else number) / divisor or None


def seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) or None if moment is not None else None


def check_day(tick: dict[str, Any], statistics: DayStatistics) -> None:
    token = tick["instrument_token"]
    day = {name: signed(price, token) for name, price in tick["ohlc"].items()}
    assert statistics.key == str(token)
    assert statistics.last_price == signed(tick["last_price"], token)
    assert (statistics.day_open, statistics.day_high) == (day["open"], day["high"])
    assert (statistics.day_low, statistics.prev_close) == (day["low"], day["close"])


def check_market(tick: dict[str, Any], statistics: MarketStatistics) -> None:
    check_day(tick, statistics)
    assert statistics.day_volume == tick["volume_traded"]
    assert statistics.day_vwap == signed(tick["average_traded_price"], tick["instrument_token"])
    assert statistics.last_size == (tick["last_traded_quantity"] or None)
    assert statistics.total_bid_size == tick["total_buy_quantity"]
    assert statistics.total_ask_size == tick["total_sell_quantity"]


def check_full(tick: dict[str, Any], statistics: MarketStatistics, depth: Depth) -> None:
    check_market(tick, statistics)
    token = tick["instrument_token"]
    assert statistics.last_trade_stamp == seconds(tick["last_trade_time"])
    assert depth.stamp == seconds(tick["exchange_timestamp"])
    if statistics.open_interest is not None:
        assert statistics.open_interest == tick["oi"]
        assert statistics.open_interest_high == (tick["oi_day_high"] or None)
        assert statistics.open_interest_low == (tick["oi_day_low"] or None)
    else:
        assert tick["oi"] == 0
        assert token & 0xFF in (1, 4, 9)
    for rows, levels in ((tick["depth"]["buy"], depth.bids), (tick["depth"]["sell"], depth.asks)):
        assert [(level.price, level.size, level.orders) for level in levels] == [
            (signed(row["price"], token), row["quantity"], row["orders"])
            for row in rows
            if row["quantity"] and row["price"]
        ]


def check(data: bytes) -> None:
    (tick,) = official(data)
    events = ours(data)
    if isinstance(events[0] if events else None, TradeTick | PriceValue):
        value = events.pop(0)
        price = value.price if isinstance(value, TradeTick) else getattr(value, "value", None)
        assert price == signed(tick["last_price"], tick["instrument_token"])
        assert getattr(value, "size", 0.0) == 0.0  # the first packet is a baseline
    match events:
        case []:
            assert (tick["mode"], tick["last_price"]) == ("ltp", 0)
        case [MarketStatistics() as statistics, Depth() as depth]:
            assert tick["mode"] == "full"
            check_full(tick, statistics, depth)
        case [MarketStatistics() as statistics]:
            assert tick["mode"] == "quote"
            check_market(tick, statistics)
        case [DayStatistics() as statistics] if "ohlc" in tick:
            check_day(tick, statistics)
            assert statistics.last_trade_stamp == seconds(tick.get("exchange_timestamp"))
        case [DayStatistics() as statistics]:
            assert tick["mode"] == "ltp"
            assert statistics.last_price == signed(tick["last_price"], tick["instrument_token"])
        case _:
            pytest.fail(f"unexpected events {events}")


@pytest.mark.parametrize("name", ["ticker_quote", "ticker_full"])
def test_recorded_packets(name: str) -> None:
    packet = base64.b64decode(shared_data("ws_frames", "kite", f"{name}.packet").read_bytes())
    told = json.loads(shared_data("ws_frames", "kite", f"{name}.json").read_bytes())
    check(frame([packet]))
    statistics = next(event for event in ours(frame([packet])) if isinstance(event, MarketStatistics))
    assert statistics.last_price == told["last_price"]
    assert statistics.day_vwap == told["average_price"]
    assert statistics.day_volume == told["volume"]
    assert (statistics.total_bid_size, statistics.total_ask_size) == (told["buy_quantity"], told["sell_quantity"])
    assert (statistics.day_open, statistics.prev_close) == (told["ohlc"]["open"], told["ohlc"]["close"])
    assert statistics.last_size == told["last_quantity"]


@given(packets)
def test_generated_packets(packet: Packet) -> None:
    check(frame([encode(packet)]))


@given(st.lists(packets, max_size=8, unique_by=lambda packet: packet.token))
def test_generated_messages_of_several_packets(several: list[Packet]) -> None:
    data = frame(encode(packet) for packet in several)
    ticks = {str(tick["instrument_token"]): tick for tick in official(data)}
    prices = {
        event.key: event.last_price for event in ours(data) if isinstance(event, DayStatistics) and event.last_price
    }
    assert prices == {
        key: price
        for key, tick in ticks.items()
        if (price := signed(tick["last_price"], tick["instrument_token"])) is not None
    }


@given(st.text("abc123", min_size=1), st.text("abcXYZ09", min_size=1), st.text("secret0", min_size=1))
def test_the_login_page_and_the_checksum(api_key: str, request_token: str, secret: str) -> None:
    assert login_url(api_key) == kiteconnect.KiteConnect(api_key).login_url().replace(
        f"?api_key={api_key}&v=3", f"?v=3&api_key={api_key}"
    )
    expected = hashlib.sha256((api_key + request_token + secret).encode()).hexdigest()
    assert checksum(api_key, Secret(request_token), Secret(secret)) == expected
