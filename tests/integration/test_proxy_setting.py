"""The proxy of the settings: feeds, requests, downloads and the connection test go through it from then on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fake_time import until
from integration.list_server import list_server
from integration.scripted_server import Peer, ScriptedServer
from tiny_protocol import tiny_spec, topic_of

from marketwatch.app.core import Core, Runtime
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import FeedAddress
from marketwatch.feeds.http import HttpClient
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.feeds.transport import make_tls_context
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.connection_findings import Step
from marketwatch.services.connection_test import ConnectionTester, TestPlan
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.proxy_words import proxy_for

FAR = "feed.invalid"
TINY = FeedId("tiny")


class Proxy:
    """Tunnels to this computer, whatever host is asked for; `asked` holds the request lines."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.address = ""
        self._pipes: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        """Listen; whoever is still connected at the end is cut off."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self
            for pipe in self._pipes:
                pipe.cancel()
            await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target = self._note(head)
        port = int(target.removeprefix("http://").partition("/")[0].rpartition(":")[2])
        there, onward = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            onward.write(head)
        for source, sink in ((reader, onward), (there, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    def _note(self, head: bytes) -> tuple[str, str]:
        line = head.partition(b"\r\n")[0].decode()
        self.asked.append(line)
        method, target, _ = line.split(" ")
        return method, target

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while part := await source.read(65_536):
                if part.startswith(b"GET http"):  # one more request on the same connection
                    self._note(part)
                sink.write(part)
                await sink.drain()
        except OSError:
            pass  # one end is gone: the other is told below
        finally:
            sink.close()


async def serve_one(peer: Peer) -> None:
    await peer.serve(1)
    await peer.hold()


@pytest.fixture(autouse=True)
def far_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the far host be this computer, so that it can be reached directly too; name no proxy."""
    known = socket.getaddrinfo

    def look_up(host: str, *others: object, **more: object) -> object:
        return known("127.0.0.1" if host == FAR else host, *others, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with Proxy().running() as running:
        yield running


@pytest_asyncio.fixture
async def core() -> AsyncIterator[Core]:
    made = Core(Runtime())
    made.start()
    yield made
    await made.stop()
    assert await made.runtime.stop() == []
    assert made.runtime.failures.counts == {}


@pytest_asyncio.fixture
async def http(core: Core) -> AsyncIterator[HttpClient]:
    made = HttpClient(core.runtime.pool, make_tls_context, proxy=core.proxy)
    yield made
    await made.close()


def far(url: str) -> str:
    return url.replace("127.0.0.1", FAR)


async def test_open_feeds_reconnect_through_it_and_without_it_again(core: Core, proxy: Proxy) -> None:
    async with ScriptedServer(serve_one) as server:
        settings = FeedSettings(feed_id=TINY, label="Tiny", spec=tiny_spec(), address=FeedAddress(far(server.url)))
        clock = LiveMarketClock(core.runtime.clock)
        core.hub.add_feed(FeedFacts(id=TINY, label="Tiny", nature=FeedNature.LIVE, market_clock=clock))
        core.feeds.add_feed(settings, lambda: None)
        core.feeds.supervisor(TINY).want([topic_of("T.AAPL")])
        await until(lambda: len(server.peers) == 1 and "sub T.AAPL" in server.peers[0].received)
        assert proxy.asked == []
        core.use_proxy(proxy.address)
        await until(lambda: len(server.peers) == 2 and "sub T.AAPL" in server.peers[1].received)
        assert proxy.asked == [f"CONNECT {far(server.url).split('/')[2]} HTTP/1.1"]
        core.use_proxy(proxy.address)
        core.use_proxy(None)
        await until(lambda: len(server.peers) == 3 and "sub T.AAPL" in server.peers[2].received)
        assert len(proxy.asked) == 1


async def test_requests_and_downloads_go_through_it(core: Core, http: HttpClient, proxy: Proxy) -> None:
    async with list_server() as server:
        server.give("/rows", b"rows")
        server.give("/moved", b"", 302, Location=f"{far(server.base)}/rows")
        core.use_proxy(proxy.address)
        assert (await http.get(f"{far(server.base)}/rows", {}, limit=100)).body == b"rows"
        assert await _downloaded(http, f"{far(server.base)}/moved") == b"rows"
        assert [line.split("/")[3].split(" ")[0] for line in proxy.asked] == ["rows", "moved", "rows"]
        core.use_proxy(None)
        assert (await http.get(f"{far(server.base)}/rows", {}, limit=100)).body == b"rows"
        assert await _downloaded(http, f"{far(server.base)}/moved") == b"rows"
        assert len(proxy.asked) == 3


@pytest.mark.parametrize("chosen", ["system", "own"])
async def test_this_computer_is_never_reached_through_a_proxy(
    chosen: str, core: Core, http: HttpClient, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy.address)
    core.use_proxy("system" if chosen == "system" else proxy.address)
    async with list_server() as server, ScriptedServer(serve_one) as stream:
        server.give("/rows", b"rows")
        assert await _downloaded(http, f"{server.base}/rows") == b"rows"
        connection = await core.feeds.surroundings.transport.connect(stream.url, {})
        await connection.close()
        assert proxy.asked == []
        assert (await http.get(f"{far(server.base)}/rows", {}, limit=100)).body == b"rows"
        assert len(proxy.asked) == 1


async def test_the_connection_test_uses_it_and_names_it(core: Core, proxy: Proxy) -> None:
    core.use_proxy(proxy.address)
    async with ScriptedServer(serve_one) as server:
        tester = ConnectionTester(
            core.feeds.surroundings, core.runtime.pool, proxy_for=lambda url: proxy_for(core.proxy(), url)
        )
        plan = TestPlan(spec=tiny_spec(), address=FeedAddress(far(server.url)), key=None, topics=(topic_of("T.AAPL"),))
        steps: list[str] = []
        testing = asyncio.create_task(
            tester.test(plan, on_progress=lambda report: steps.append(report.step(Step.NAME).detail))
        )
        await until(lambda: bool(server.peers) and "sub T.AAPL" in server.peers[0].received)
        testing.cancel()
        await asyncio.gather(testing, return_exceptions=True)
    assert steps[0] == f"the proxy {proxy.address.removeprefix('http://')} looks {FAR} up"
    assert proxy.asked == [f"CONNECT {far(server.url).split('/')[2]} HTTP/1.1"]


async def _downloaded(http: HttpClient, url: str) -> bytes:
    arrived = await http.download(url, limit=100, deadline_s=5.0, on_progress=lambda *_: None, now_ns=0)
    return b"".join(arrived.chunks)
