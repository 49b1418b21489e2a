"""A Data Provider feed whose server refuses the WebSocket: the same values by long polling, faults included."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from data_provider_rig import answer, row
from fake_time import until
from integration.test_data_provider_feed import run_connection_test
from integration.test_proxy_setting import FAR, Proxy
from polled_bars import ROWS, SEPARATOR, PolledBars, opening, polled_bars
from supervisor_rig import OPTIONS, Rig, until_confirmed, until_state
from tls_ends import untrusted_server

from marketwatch.domain.events import BarBatch
from marketwatch.errors import ConfigurationError
from marketwatch.feeds import polling
from marketwatch.feeds.catalog import CATALOG, FeedKind, FeedSpec
from marketwatch.feeds.connection import Connection
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.transport import WebSocketTransport
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.requests import DataOptions
from marketwatch.runtime.retry import PeerClosed
from marketwatch.services.connection_findings import Finding, Step

ONCE = msgspec.structs.replace(CATALOG[FeedKind.DATA_PROVIDER], protocol=lambda key: DataProviderClient(key))
"""Asks for the daily bars and nothing else, once."""
SPY = Topic(Channel.BARS, "SPY")


def feed(rig: Rig, server: PolledBars, *topics: str, spec: FeedSpec = ONCE) -> FeedSupervisor:
    return rig.supervisor(spec.normalise_url(server.url), *topics, spec=spec)


def closes(rig: Rig) -> list[list[float | None]]:
    return [[bar.close for bar in event.bars] for event in rig.events if isinstance(event, BarBatch)]


async def opened(rig: Rig, server: PolledBars) -> Connection:
    """Open a connection of its own, without a feed."""
    return await rig.surroundings.transport.connect(f"{server.url}/socket.io/?EIO=4&transport=polling", {})


@pytest.mark.parametrize("status", [400, 403, 405, 426, 500, 501, 503, 0], ids=str)
async def test_a_server_that_refuses_the_upgrade_is_polled(status: int, rig: Rig) -> None:
    async with polled_bars() as server:
        server.upgrade_status = status
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        assert closes(rig) == [[472.7, 468.8]]
        assert supervisor.status().state is FeedState.LIVE
        asked = b'42["get_data",{"ticker":"SPY","resolution":"1d","period":"max","local_only":true}]'
        assert server.posted == [b"40", asked]
        assert set(server.types) == {"text/plain;charset=UTF-8"}
        assert server.calls[:3] == [("websocket", "GET", ""), ("polling", "GET", ""), ("polling", "GET", "session-1")]
        assert await supervisor.stop() == []
        assert server.posted[-1] == b"1", "it says goodbye"


@pytest.mark.parametrize("upgrades", [[], ["websocket"]])
async def test_it_stays_polled_whatever_upgrades_are_offered(upgrades: list[str], rig: Rig) -> None:
    async with polled_bars() as server:
        server.opens = lambda name: (200, opening(name, upgrades=upgrades))
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        server.say(b"2")
        await until(lambda: server.posted[-1] == b"3")
        assert [transport for transport, _, _ in server.calls].count("websocket") == 1


@pytest.mark.parametrize("status", [401, 404, 429])
async def test_an_answer_that_is_not_about_the_upgrade_is_not_tried_again_by_polling(status: int, rig: Rig) -> None:
    async with polled_bars() as server:
        server.upgrade_status = status
        supervisor = feed(rig, server)
        await until(lambda: supervisor.status().state in (FeedState.BACKING_OFF, FeedState.REFUSED))
        assert server.calls == [("websocket", "GET", "")]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b'"The client is using an unsupported version"', "the server does not offer the feed here (HTTP 400)"),
        (200, b"<html><body>Sign in</body></html>", "a web page came instead of the feed"),
        (200, b"", "the server does not offer the feed here (HTTP 200)"),
        (200, b"42[]", "the server does not offer the feed here (HTTP 200)"),
        (200, b'0{"upgrades":[]}', "the server does not offer the feed here (HTTP 200)"),
        (200, opening("a b&c"), "the server does not offer the feed here (HTTP 200)"),
        (200, opening(7), "the server does not offer the feed here (HTTP 200)"),
        (502, b"", "the server is in trouble (HTTP 502)"),
    ],
)
async def test_a_server_that_opens_no_session_is_said_to_be_another(
    status: int, body: bytes, words: str, rig: Rig
) -> None:
    async with polled_bars() as server:
        server.opens = lambda name: (status, body)
        supervisor = feed(rig, server)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert words in supervisor.status().reason
        assert len(server.calls) == 2


# --- the numbered inputs 18 to 20, as they come by polling


async def test_data_provider_18_packets_of_the_engine_out_of_turn(rig: Rig) -> None:
    async with polled_bars() as server:
        server.reply = lambda ticker, asked: SEPARATOR.join([b"6", b"2probe", b"5", b"3", answer(ticker, ROWS), b"6"])
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        await until(lambda: b"3probe" in server.posted)
        assert closes(rig) == [[472.7, 468.8]]
        server.say(b"", b"9", b"x", b"b4AAE=", b"6")
        await until(lambda: supervisor.status().invalid_count == 4)
        assert supervisor.status().state is FeedState.LIVE
        server.say(b"1")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert "the server closed the session" in supervisor.status().reason
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "BARS.SPY")
        assert closes(rig) == [[472.7, 468.8]] * 2


async def test_data_provider_19_many_packets_in_one_answer(rig: Rig) -> None:
    rows = {f"T{place}": [row("2024-01-02", float(place + 1))] for place in range(60)}
    spec = msgspec.structs.replace(ONCE, protocol=lambda key: DataProviderClient(key, DataOptions()))
    async with polled_bars() as server:
        first = [opening("session-1"), b'40{"sid":"x"}', b'42["connection_response",{"status":"connected"}]']
        server.opens = lambda name: (200, SEPARATOR.join(first))
        server.reply = lambda ticker, asked: SEPARATOR.join(
            [b"6", b"2", *(answer(name, found) for name, found in rows.items()), b"2"] * 3
        )
        supervisor = feed(rig, server, "BARS.T7", spec=spec)
        await until_confirmed(supervisor, "BARS.T7")
        await until(lambda: server.posted.count(b"3") == 6)
        assert closes(rig) == [[8.0]], "what nobody asked for is dropped"
        assert supervisor.status().invalid_count == 3 * 60 - 1


async def test_data_provider_19_one_packet_of_thirty_megabytes(rig: Rig) -> None:
    cells = ",".join(
        f'{{"Date":"{1801 + place // 12}-{place % 12 + 1:02}-01","Close":{place}.5}}' for place in range(900)
    )
    body = f'42["data_response",{{"ticker":"SPY","resolution":"1d","period":"max","data":[{cells}]{" " * 30_000_000}}}]'
    async with polled_bars() as server:
        server.reply = lambda ticker, asked: SEPARATOR.join([b"6", body.encode(), b"2"])
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        (found,) = closes(rig)
        assert (len(found), found[0], found[-1]) == (900, 0.5, 899.5)
        await until(lambda: server.posted[-1] == b"3")
        assert supervisor.status().state is FeedState.LIVE


async def test_data_provider_19_more_than_the_longest_message_ends_the_session(rig: Rig) -> None:
    spec = msgspec.structs.replace(ONCE, limits=msgspec.structs.replace(ONCE.limits, message_bytes=50_000))
    async with polled_bars() as server:
        server.reply = lambda ticker, asked: b"6" * 50_001
        supervisor = feed(rig, server, "BARS.SPY", spec=spec)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert "a message was larger than allowed" in supervisor.status().reason


async def test_data_provider_20_an_old_session_is_left_and_a_new_one_opened(rig: Rig) -> None:
    async with polled_bars() as server:
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        await until(lambda: server.polls("session-1") >= 3)
        server.say(b"6")
        server.sessions.clear()  # as after a restart
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert "the server does not know the session any more (HTTP 400)" in supervisor.status().reason
        assert supervisor.topic_state(SPY).phase is TopicPhase.WAITING
        seen = len(server.calls)
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "BARS.SPY")
        assert closes(rig) == [[472.7, 468.8]] * 2
        assert server.calls[seen : seen + 2] == [("websocket", "GET", ""), ("polling", "GET", "")]
        assert {session_id for _, _, session_id in server.calls[seen:]} == {"", "session-2"}


async def test_data_provider_20_an_old_session_at_the_next_request_is_left_too(rig: Rig) -> None:
    async with polled_bars() as server:
        connection = await opened(rig, server)
        assert await connection.receive() == opening("session-1")
        server.sessions.clear()
        with pytest.raises(PeerClosed, match="1006"):
            await connection.send("40")
        await connection.close()


async def test_p19_after_a_sleep_a_polled_session_is_another_one(rig: Rig) -> None:
    async with polled_bars() as server:
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        supervisor.reconnect()
        await until(lambda: server.count == 2)
        old_calls = [call for call in server.calls if call[2] == "session-1"]
        await until_confirmed(supervisor, "BARS.SPY")
        assert closes(rig) == [[472.7, 468.8]] * 2
        server.say(b"2")
        await until(lambda: server.posted[-1] == b"3")
        assert [call for call in server.calls if call[2] == "session-1"] == old_calls


# --- the connection


async def test_an_empty_answer_is_the_end_of_the_session(rig: Rig) -> None:
    async with polled_bars() as server:
        supervisor = feed(rig, server, "BARS.SPY")
        await until_confirmed(supervisor, "BARS.SPY")
        server.say(b"")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the server closed the connection"
        assert server.count == 1


async def test_packets_of_one_answer_are_taken_without_another_request(rig: Rig) -> None:
    async with polled_bars() as server:
        connection = await opened(rig, server)
        assert (connection.pending, connection.pong_ns) == (1, None)
        assert await connection.receive() == opening("session-1")
        server.say(b"6", b"2", b"41")
        assert [await connection.receive() for _ in range(3)] == [b"6", b"2", b"41"]
        assert (connection.pending, server.polls("session-1")) == (0, 1)
        assert connection.arrived_ns == rig.time.monotonic_ns()
        await connection.close()


async def test_a_poll_that_is_given_up_leaves_nothing_behind(rig: Rig) -> None:
    async with polled_bars() as server:
        connection = await opened(rig, server)
        await connection.receive()
        waiting = asyncio.ensure_future(connection.receive())
        await until(lambda: server.polls("session-1") == 1)
        connection.abort()
        with pytest.raises(PeerClosed, match="1006"):
            await waiting
        await connection.wait_closed()
        for after in (connection.receive(), connection.send("3")):
            with pytest.raises(PeerClosed):
                await after
        assert server.count == 1


async def test_a_poll_without_an_answer_ends_in_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_GRACE_S", 0.03)
    async with polled_bars() as server:
        server.opens = lambda name: (200, opening(name, pingInterval=10, pingTimeout=10))
        connection = await opened(rig, server)
        await connection.receive()
        with pytest.raises(TimeoutError):
            await connection.receive()
        await connection.close()


async def test_a_goodbye_that_nobody_takes_keeps_nobody(rig: Rig) -> None:
    async with polled_bars() as server:
        connection = await opened(rig, server)
    await connection.close()
    await connection.close()


async def test_through_the_proxy_of_the_settings(rig: Rig) -> None:
    proxy = Proxy()
    async with proxy.running(), polled_bars() as server:
        options = msgspec.structs.replace(OPTIONS, proxy=proxy.address)
        transport = WebSocketTransport(rig.time, rig.pool, options)
        rig.surroundings = msgspec.structs.replace(rig.surroundings, transport=transport)
        far = server.url.replace("127.0.0.1", FAR)
        supervisor = rig.supervisor(ONCE.normalise_url(far), "BARS.SPY", spec=ONCE)
        await until_confirmed(supervisor, "BARS.SPY")
        assert closes(rig) == [[472.7, 468.8]]
        assert f"GET {far}/socket.io/?EIO=4&transport=polling HTTP/1.1" in proxy.asked


@pytest.mark.parametrize(
    ("tunnel", "page", "words"),
    [
        (b"502 Bad Gateway", b"502 Bad Gateway", "the proxy refused the connection (HTTP 502)"),
        (b"405 Method Not Allowed", b"400 Bad Request", "the server does not offer the feed here (HTTP 400)"),
        (b"407 Proxy Authentication Required", None, "the proxy asks for a password"),
        (b"403 Forbidden", b"407 Proxy Authentication Required", "the proxy asks for a password"),
    ],
)
async def test_a_proxy_that_lets_no_websocket_through_is_asked_for_a_page(
    tunnel: bytes, page: bytes | None, words: str, rig: Rig
) -> None:
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.partition(b"\r\n")[0].decode())
        status = tunnel if head.startswith(b"CONNECT") else page or b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as proxy:
        address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        transport = WebSocketTransport(rig.time, rig.pool, msgspec.structs.replace(OPTIONS, proxy=address))
        rig.surroundings = msgspec.structs.replace(rig.surroundings, transport=transport)
        supervisor = rig.supervisor(ONCE.normalise_url(f"http://{FAR}:5001"), spec=ONCE)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == words
    polled = [] if page is None else [f"GET http://{FAR}:5001/socket.io/?EIO=4&transport=polling HTTP/1.1"]
    assert asked == [f"CONNECT {FAR}:5001 HTTP/1.1", *polled]


async def test_a_certificate_that_is_not_trusted_is_refused(rig: Rig, tmp_path: Path) -> None:
    asked: list[bytes] = []
    async with untrusted_server(tmp_path, asked) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await rig.surroundings.transport.connect(f"https://127.0.0.1:{port}/?EIO=4&transport=polling", {})
    assert asked == []


async def test_a_key_is_never_polled_with_in_the_clear(rig: Rig) -> None:
    connect = rig.surroundings.transport.connect
    for url, headers in (
        (f"http://{FAR}/?EIO=4&transport=polling&apikey=1", {}),
        (f"http://{FAR}/?EIO=4&transport=polling", {"Authorization": "Bearer key"}),
    ):
        with pytest.raises(ConfigurationError, match="a key would travel unencrypted"):
            await connect(url, headers)


async def test_the_connection_test_works_by_polling(rig: Rig) -> None:
    rig.time.step_wall(time.time() - rig.time.now_ns() / 1e9)  # the web server states the real one
    async with polled_bars() as server:
        report = await run_connection_test(rig, server.url, "SPY")
    assert report.finding is Finding.WORKS
    assert report.sentence.startswith("The feed works. It sends bars on request")
    assert report.step(Step.SERVER).detail.endswith(" ms, by long polling: it refuses the WebSocket")
    assert report.step(Step.CLOCK).detail == "less than 2 s apart"


def test_polling_is_loaded_when_it_is_needed() -> None:
    names = ("aiohttp", "marketwatch.feeds.polling")
    code = f"import sys, marketwatch.feeds.transport; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
