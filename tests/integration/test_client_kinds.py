"""The Python client of every kind against the server side of its own protocol."""

from __future__ import annotations

from typing import Any

import pytest
from fake_time import until
from integration.kind_servers import ACCESS_TOKEN, API_KEY, SBIN_TOKEN, kind_server

from marketwatch.client import FeedClient
from marketwatch.domain.events import PriceValue, TradeTick
from marketwatch.errors import AuthenticationRefused
from marketwatch.feeds.catalog import CATALOG, FeedKind

CASES = {
    FeedKind.POLYGON_LOCAL: ("AAPL", 190.55),
    FeedKind.ODIN: ("NSE:SBIN", 807.75),
    FeedKind.STREAM_SERVICE: ("SBIN", 807.75),
    FeedKind.KITE: (SBIN_TOKEN, 807.75),
}


@pytest.mark.parametrize("kind", list(CASES))
async def test_prices_reach_callbacks_and_readers(kind: FeedKind) -> None:
    symbol, price = CASES[kind]
    heard: list[dict[str, Any]] = []
    key = f"{API_KEY}:{ACCESS_TOKEN}" if CATALOG[kind].credential_names else None
    async with kind_server(kind) as server, FeedClient(kind, url=server.url, key=key) as client:
        await client.subscribe(symbol, "T", heard.append)
        async for event in client:
            if isinstance(event, TradeTick | PriceValue):
                assert (event.key, event.price if isinstance(event, TradeTick) else event.value) == (symbol, price)
                break
        await until(lambda: price in [data.get("price", data.get("value")) for data in heard])
        assert {data["symbol"] for data in heard} == {symbol}
        assert client.get_status()["subscriptions"] == {symbol: ["T"]}


async def test_a_wrong_token_of_kite_is_refused_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "marketwatch")
    async with kind_server(FeedKind.KITE) as server:
        with pytest.raises(AuthenticationRefused) as caught:
            await FeedClient("kite", url=server.url, key=f"{API_KEY}:canary-of-yesterday").connect()
        assert server.count == 1
    for canary in (API_KEY, "canary-of-yesterday"):
        assert canary not in caplog.text + str(caught.value)
