"""The client against servers that know nothing of the project, asked for what the guides of the feeds show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from fake_time import until
from integration import outsider_servers as outsiders

from marketwatch.client import FeedClient

Heard = list[dict[str, Any]]


def said_of(heard: Heard, event_type: str, symbol: str) -> dict[str, Any]:
    return next(one for one in heard if (one["event_type"], one["symbol"]) == (event_type, symbol))


async def heard_from(
    kind: str, handler: outsiders.Handler, path: str, symbols: Iterable[str], wanted: set[tuple[str, str]]
) -> Heard:
    """Subscribe as a guide does, until everything wanted was told."""
    heard: Heard = []
    key = {"kite": "an-api-key:an-access-token", "massive": "a-key-of-its-own"}.get(kind)
    async with outsiders.serving(handler) as url, FeedClient(kind, url=url + path, key=key) as client:
        await client.subscribe(symbols, callback=heard.append)
        await until(lambda: wanted <= {(one["event_type"], one["symbol"]) for one in heard})
    return heard


async def test_odin_takes_the_symbols_and_tokens_of_its_guide() -> None:
    wanted = {("trade", "SBIN"), ("trade", "2885")}
    heard = await heard_from("odin", outsiders.odin, "/enhanced-stream", ["SBIN", "2885"], wanted)
    assert {one["price"] for one in heard if one["event_type"] == "trade" and one["symbol"] == "SBIN"} == {807.75}
    assert {one["price"] for one in heard if one["event_type"] == "trade" and one["symbol"] == "2885"} == {1372.6}
    day = said_of(heard, "statistics", "2885")
    assert (day["prev_close"], day["day_high"], day["day_low"]) == (1380.0, 1377.6, 1367.6)


async def test_the_local_polygon_server_says_all_twice_and_is_heard_once() -> None:
    wanted = {("trade", "AAPL"), ("quote", "AAPL")}
    heard = await heard_from("polygon-local", outsiders.polygon, "/ws", ["AAPL"], wanted)
    trades = [one["trade_id"] for one in heard if one["event_type"] == "trade"]
    assert len(trades) == len(set(trades))
    quote = said_of(heard, "quote", "AAPL")
    assert (quote["bid_price"], quote["bid_size"], quote["ask_price"], quote["ask_size"]) == (175.45, 200, 175.55, 300)


async def test_the_local_polygon_server_is_not_heard_after_unsubscribing() -> None:
    heard: Heard = []
    async with (
        outsiders.serving(outsiders.polygon) as url,
        FeedClient("polygon-local", url=f"{url}/ws") as client,
    ):
        await client.subscribe(["AAPL", "MSFT"], ["T"], heard.append)
        await until(lambda: {one["symbol"] for one in heard} == {"AAPL", "MSFT"})
        await client.unsubscribe("AAPL")
        heard.clear()
        await until(lambda: len(heard) >= 3)
        assert {one["symbol"] for one in heard} == {"MSFT"}


@pytest.mark.parametrize("symbol", ["SBIN", "779521"])
async def test_packets_of_kite_built_by_hand(symbol: str) -> None:
    wanted = {("quote", symbol), ("trade", symbol), ("statistics", symbol)}
    heard = await heard_from("kite", outsiders.kite, "", [symbol], wanted)
    trade, day = said_of(heard, "trade", symbol), said_of(heard, "statistics", symbol)
    quote = next(one for one in heard if one["event_type"] == "quote" and len(one.get("bids", ())) == 5)
    assert trade["price"] == 807.75
    assert (day["prev_close"], day["day_open"], day["day_high"], day["day_low"]) == (811.95, 808.0, 812.0, 801.0)
    assert [(level["price"], level["size"], level["orders"]) for level in quote["asks"][:2]] == [
        (807.8, 50.0, 1),
        (807.85, 100.0, 2),
    ]


async def test_data_of_massive_that_overtake_the_acknowledgements() -> None:
    wanted = {("trade", "AAPL"), ("quote", "AAPL"), ("trade", "BRK.A"), ("quote", "BRK.A")}
    heard = await heard_from("massive", outsiders.massive, "", ["AAPL", "BRK.A"], wanted)
    trade, quote = said_of(heard, "trade", "BRK.A"), said_of(heard, "quote", "BRK.A")
    assert (trade["price"], trade["size"], trade["conditions"]) == (175.5, 100, [])
    assert (quote["bid_price"], quote["ask_price"]) == (175.49, 175.51)


async def test_the_stream_service_with_the_fields_of_its_guide() -> None:
    wanted = {("trade", "RELIANCE"), ("statistics", "RELIANCE")}
    heard = await heard_from("stream-service", outsiders.stream_service, "/ws/stream", ["RELIANCE"], wanted)
    trade, day = said_of(heard, "trade", "RELIANCE"), said_of(heard, "statistics", "RELIANCE")
    assert (trade["price"], trade["size"], day["prev_close"]) == (2500.5, 5, 2475.0)
