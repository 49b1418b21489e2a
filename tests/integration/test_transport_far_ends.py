"""RELIABILITY 3.1, 3.10 and P16: bombs, certificates and proxies at the transport."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import ssl
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fake_time import FakeTime
from tls_ends import untrusted_server
from websockets.asyncio.server import ServerConnection, serve

from marketwatch.errors import ConfigurationError
from marketwatch.feeds import transport as module
from marketwatch.feeds.transport import TransportOptions, WebSocketTransport
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.retry import PeerClosed, ProxyFailed, judge


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    failures: list[BaseException] = []
    made = WorkerPool("test worker", lambda where, error: failures.append(error))
    yield made
    assert await made.stop(2.0) == []
    assert failures == []


def transport(pool: WorkerPool, **options: object) -> WebSocketTransport:
    chosen = TransportOptions(max_message_bytes=100_000, close_timeout_s=0.2, **options)  # type: ignore[arg-type]
    return WebSocketTransport(FakeTime(), pool, chosen)


async def test_a_compressed_bomb_is_cut_before_it_inflates(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bomb(server: ServerConnection) -> None:
        await server.send(b"0" * 20_000_000)
        await server.wait_closed()

    monkeypatch.setattr(module, "is_loopback", lambda host: False)
    async with serve(bomb, "127.0.0.1", 0, compression="deflate") as server:
        port = server.sockets[0].getsockname()[1]
        connection = await transport(pool, proxy=None).connect(f"ws://127.0.0.1:{port}/", {})
        with pytest.raises(PeerClosed) as caught:
            await connection.receive()
        assert (caught.value.code, caught.value.is_ours) == (1009, True)
        await connection.close()


async def test_compression_is_off_on_this_computer(pool: WorkerPool) -> None:
    offers: list[str] = []

    async def look(server: ServerConnection) -> None:
        assert server.request is not None
        offers.extend(server.request.headers.get_all("Sec-WebSocket-Extensions"))

    async with serve(look, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await transport(pool).connect(f"ws://127.0.0.1:{port}/", {})
        with pytest.raises(PeerClosed) as caught:
            await connection.receive()
        assert caught.value.code == 1000
        await connection.close()
    assert offers == []


async def test_the_whole_path_measures_waiting_and_pongs(pool: WorkerPool) -> None:
    async def talk(server: ServerConnection) -> None:
        await server.send("one")
        await server.send(["tw", "o"])
        await server.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await transport(pool, ping_interval_s=0.01).connect(f"ws://127.0.0.1:{port}/", {})
        async with asyncio.timeout(5.0):
            while connection.pending < 2 or connection.pong_ns is None:  # noqa: ASYNC110 - a socket tells no test
                await asyncio.sleep(0.002)
        assert [await connection.receive(), await connection.receive()] == [b"one", b"two"]
        assert connection.pending == 0
        assert connection.arrived_ns > 0
        await connection.close()
        await connection.close()


async def test_p16_a_self_signed_server_is_refused(pool: WorkerPool, tmp_path: Path) -> None:
    heard: list[bytes] = []
    async with untrusted_server(tmp_path, heard) as port:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            await transport(pool).connect(f"wss://127.0.0.1:{port}/", {"Authorization": "Bearer key"})
    assert heard == []
    assert "certificate is not trusted" in judge(caught.value, "Feed", 0).error.cause


@pytest.mark.parametrize(("answer", "status"), [(b"407 Proxy Authentication Required", 407), (b"502 Bad Gateway", 502)])
async def test_a_proxy_that_refuses_is_told_apart(pool: WorkerPool, answer: bytes, status: int) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        through = transport(pool, proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(ProxyFailed) as caught:
            await through.connect("wss://feed.invalid/stocks", {"Authorization": "Bearer secret-key"})
    assert caught.value.status == status
    assert asked[0].startswith(b"CONNECT feed.invalid:443 ")
    assert b"secret-key" not in asked[0]


async def test_a_proxy_address_that_makes_no_sense_is_told(pool: WorkerPool) -> None:
    with pytest.raises(ProxyFailed):
        await transport(pool, proxy="gopher://proxy").connect("wss://feed.invalid/stocks", {})


async def test_a_socks_proxy_without_its_part_is_explained(pool: WorkerPool) -> None:
    if importlib.util.find_spec("python_socks") is not None:
        pytest.skip("the part for SOCKS proxies is installed")
    with pytest.raises(ConfigurationError, match="SOCKS"):
        await transport(pool, proxy="socks5://127.0.0.1:1").connect("wss://feed.invalid/stocks", {})


@pytest.mark.parametrize(
    ("environment", "url", "is_used"),
    [
        ({}, "wss://feed.invalid/stocks", True),
        ({"no_proxy": "other.invalid"}, "wss://feed.invalid/stocks", True),
        ({"no_proxy": "feed.invalid"}, "wss://feed.invalid/stocks", False),
        ({}, "ws://localhost:1/stocks", False),
    ],
)
async def test_the_proxy_of_the_environment_is_used_unless_told_otherwise(
    environment: dict[str, str], url: str, is_used: bool, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()
        await writer.wait_closed()

    for name in ("https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises((ProxyFailed, OSError, PeerClosed)):
            await transport(pool).connect(url, {})
    assert asked == ([b"CONNECT feed.invalid:443 HTTP/1.1\r\n"] if is_used else [])


@pytest.mark.parametrize("proxy", ["gopher://user:KEY@proxy", "http://user:KEY@127.0.0.1:99999"])
async def test_what_is_raised_holds_neither_the_address_nor_the_proxy(proxy: str, pool: WorkerPool) -> None:
    canary = "-".join(("canary", "5d1f"))  # not as it is: a traceback shows the lines of this file
    through = transport(pool, proxy=proxy.replace("KEY", canary))
    with pytest.raises(ProxyFailed) as caught:
        await through.connect(f"wss://feed.invalid/stocks?api_key={canary}", {})
    assert canary not in "".join(traceback.format_exception(caught.value))


async def test_the_name_of_a_proxy_is_looked_up_in_a_thread_of_ours(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    asked: list[bytes] = []
    known = socket.getaddrinfo

    def look_up(host: str, *others: object, **more: object) -> object:
        threads.append(threading.current_thread().name)
        return known("127.0.0.1", *others, **more)  # type: ignore[arg-type]

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises((ProxyFailed, PeerClosed)):
            await transport(pool, proxy=f"http://me:pass@proxy.invalid:{port}").connect("wss://feed.invalid/stocks", {})
    assert [name.startswith("test worker") for name in threads] == [True]
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in asked[0]  # the name is another, its user is the same


def test_p16_nothing_turns_verification_off() -> None:
    sources = Path(sys.modules["marketwatch"].__path__[0]).rglob("*.py")
    ways = ("CERT_NONE", "check_hostname", "verify_mode", "_create_unverified_context", "ssl=False", "verify=False")
    assert {path.name: way for path in sources for way in ways if way in path.read_text(encoding="utf-8")} == {}
