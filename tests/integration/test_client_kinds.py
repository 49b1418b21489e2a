"""The Python client of every kind against the server side of its own protocol."""

from __future__ import annotations

from typing import Any

import pytest
from fake_time import until
from integration.kind_servers import kind_server
from kind_sides import API_KEY, RIGHT_KEY, side_of
from side_talk import price_of

from marketwatch.client import FeedClient
from marketwatch.errors import AuthenticationRefused
from marketwatch.feeds.catalog import CATALOG, FeedKind

ASKED = [kind for kind in CATALOG if side_of(kind).knows_subscriptions]
"""The others speak before they are asked, or give bars to whoever asks for them."""


@pytest.mark.parametrize("kind", ASKED)
async def test_prices_reach_callbacks_and_readers(kind: FeedKind) -> None:
    spec, sample = CATALOG[kind], side_of(kind).sample
    channel = spec.default_channels[0].value
    heard: list[dict[str, Any]] = []
    key = RIGHT_KEY if spec.credential_names else None
    async with kind_server(kind) as server, FeedClient(kind, url=server.url, key=key) as client:
        await client.subscribe(sample.key, channel, heard.append)
        async for event in client:
            price = price_of(event)
            if price is not None:
                assert (event.key, price) == (sample.key, sample.price)
                break
        await until(lambda: sample.price in [value for data in heard for value in data.values()])
        assert {data["symbol"] for data in heard} == {sample.key}
        assert client.get_status()["subscriptions"] == {sample.key: [channel]}


async def test_a_wrong_token_of_kite_is_refused_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "marketwatch")
    async with kind_server(FeedKind.KITE) as server:
        with pytest.raises(AuthenticationRefused) as caught:
            await FeedClient("kite", url=server.url, key=f"{API_KEY}:canary-of-yesterday").connect()
        assert server.count == 1
    for canary in (API_KEY, "canary-of-yesterday"):
        assert canary not in caplog.text + str(caught.value)
