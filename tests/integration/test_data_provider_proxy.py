"""A Python client of the Data Provider behind a proxy: the stream and the web service beside it both go through it."""

from __future__ import annotations

import socket

import pytest
from data_provider_rig import bar_server
from integration.test_proxy_setting import FAR, Proxy

from marketwatch.client import FeedClient
from marketwatch.domain.events import BarBatch
from marketwatch.errors import ConnectionFailed

HELD = {"1d": ["BTC-USD", "SPY"]}


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


async def test_everything_of_a_client_goes_through_its_proxy() -> None:
    proxy = Proxy()
    async with proxy.running(), bar_server() as server:
        far = server.url.replace("127.0.0.1", FAR)
        async with FeedClient("data-provider", url=far, proxy=proxy.address) as client:
            events = aiter(client)
            await client.subscribe("SPY")
            batch = await anext(events)
            assert isinstance(batch, BarBatch)
            assert [bar.close for bar in batch.bars] == [472.7, 468.8]
            assert await client.get_instruments_local() == HELD
        host = far.removeprefix("http://")
        assert proxy.asked == [f"CONNECT {host} HTTP/1.1", f"GET {far}/api/local-instruments HTTP/1.1"]


async def test_the_proxy_of_the_environment_unless_there_is_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo

    def look_up(host: str, *others: object, **more: object) -> object:
        return known("127.0.0.1" if host == FAR else host, *others, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    proxy = Proxy()
    async with proxy.running(), bar_server() as server:
        monkeypatch.setenv("http_proxy", proxy.address)
        far = server.url.replace("127.0.0.1", FAR)
        async with FeedClient("data-provider", url=far, proxy=None) as client:
            assert await client.get_instruments_local() == HELD
        assert proxy.asked == []
        async with FeedClient("data-provider", url=far) as client:
            assert await client.get_instruments_local() == HELD
        assert proxy.asked[-1] == f"GET {far}/api/local-instruments HTTP/1.1"


async def test_a_server_of_this_computer_is_reached_without_the_proxy() -> None:
    nobody = "http://127.0.0.1:1"
    async with bar_server() as server, FeedClient("data-provider", url=server.url, proxy=nobody) as client:
        assert await client.get_instruments_local() == HELD


async def test_a_proxy_that_is_not_there_is_said() -> None:
    proxy = Proxy()
    async with proxy.running(), bar_server() as server:
        far = server.url.replace("127.0.0.1", FAR)
        client = FeedClient("data-provider", url=far, proxy="http://127.0.0.1:1")
        with pytest.raises(ConnectionFailed):
            await client.connect()
        await client.disconnect()
