"""A key goes where it was meant for: the web client follows no redirect, wherever it leads."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from canary import API_KEY, found_in
from integration.list_server import list_server

from marketwatch.domain.secret import Secret
from marketwatch.feeds.http import HttpAnswer, HttpClient
from marketwatch.feeds.transport import make_tls_context
from marketwatch.runtime.executors import WorkerPool

HEADERS = {"Authorization": f"Bearer {API_KEY}"}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[HttpClient]:
    failures: list[BaseException] = []
    pool = WorkerPool("web client", lambda where, error: failures.append(error))
    made = HttpClient(pool, make_tls_context)
    yield made
    await made.close()
    assert await pool.stop(1.0) == []
    assert failures == []


async def ask(http: HttpClient, way: str, url: str) -> HttpAnswer:
    if way == "get":
        return await http.get(url, HEADERS, limit=100)
    if way == "post":
        return await http.post(url, HEADERS, Secret(f"api_secret={API_KEY}"), limit=100)
    return await http.post_text(url, HEADERS, API_KEY, limit=100)


@pytest.mark.parametrize("way", ["get", "post", "post_text"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nothing_is_sent_on_to_where_a_server_points(http: HttpClient, way: str, status: int) -> None:
    async with list_server() as asked, list_server() as other:
        asked.give("/here", b"moved", status, Location=f"{other.base}/there")
        other.give("/there", b"give me the key")
        answer = await ask(http, way, f"{asked.base}/here")
    assert (answer.status, answer.body) == (status, b"moved")
    assert asked.keys == [HEADERS["Authorization"]]
    assert other.asked == []
    assert found_in(repr(http)) == []
