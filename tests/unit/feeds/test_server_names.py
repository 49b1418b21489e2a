"""Names of servers are looked up in worker threads, and a proxy is reached by number."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from marketwatch.feeds.server_names import PoolResolver, look_up, numbered_proxy
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.retry import ProxyFailed


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    made = WorkerPool("test worker", lambda where, error: None)
    yield made
    assert await made.stop(2.0) == []


async def test_aiohttp_gets_what_it_wants(pool: WorkerPool) -> None:
    resolver = PoolResolver(pool)
    (found,) = await resolver.resolve("127.0.0.1", 8080)
    assert (found["hostname"], found["host"], found["port"], found["family"]) == (
        "127.0.0.1", "127.0.0.1", 8080, socket.AF_INET,
    )  # fmt: skip
    await resolver.close()


async def test_a_name_that_does_not_exist(pool: WorkerPool) -> None:
    with pytest.raises(OSError, match=r".+"):
        await look_up(pool, "nowhere.invalid", 80)


@pytest.mark.parametrize(
    ("proxy", "numbered", "name"),
    [
        ("http://localhost:3128", "http://127.0.0.1:3128", "localhost"),
        ("http://me:p%40ss@localhost:3128/", "http://me:p%40ss@127.0.0.1:3128/", "localhost"),
        ("https://localhost", "https://127.0.0.1", "localhost"),
        ("http://[::1]:3128", "http://[::1]:3128", "::1"),
        ("socks5://somewhere.invalid:1080", "socks5://somewhere.invalid:1080", "somewhere.invalid"),
    ],
)
async def test_a_proxy_by_number(proxy: str, numbered: str, name: str, pool: WorkerPool) -> None:
    assert await numbered_proxy(pool, proxy) == (numbered, name)


async def test_a_proxy_with_a_port_that_cannot_be(pool: WorkerPool) -> None:
    with pytest.raises(ProxyFailed):
        await numbered_proxy(pool, "http://127.0.0.1:99999")
