"""Test connection against real sockets: each thing that can be wrong is said in its own words (USERS 3.9)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fake_time import NS, until
from integration.massive_scripts import let_in, refusing, status
from integration.scripted_server import Peer, ScriptedServer, unused_url
from supervisor_rig import Rig
from tls_ends import untrusted_server

from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.protocols.base import Channel, Topic
from marketwatch.services.connection_findings import Finding, Step, StepState, TestReport, Tone
from marketwatch.services.connection_test import ConnectionTester, TestPlan

SPEC = CATALOG[FeedKind.MASSIVE]
OK, FAILED, NOT_REACHED = StepState.OK, StepState.FAILED, StepState.NOT_REACHED
TRADES, QUOTES = Topic(Channel.TRADES, "AAPL"), Topic(Channel.QUOTES, "AAPL")
KEY = Secret("canary-9f3b7c21d4")


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[Rig]:
    """Everything around a connection; its clock begins at the real time, as the server's Date header has."""
    made = Rig()
    made.time.step_wall(time.time() - made.time.now_ns() / NS)
    yield made
    await made.end()


def trade(at_ns: int, price: float = 239.05) -> str:
    return f'[{{"ev":"T","sym":"AAPL","p":{price},"s":100,"t":{at_ns // 1_000_000},"q":1}}]'


async def confirm(peer: Peer, *names: str) -> None:
    await let_in(peer)
    await peer.receive()
    for name in names:
        peer.send(status("success", f"subscribed to: {name}"))


async def run(
    rig: Rig,
    url: str,
    *topics: Topic,
    key: Secret | None = KEY,
    delay_s: float = 0.0,
    session_open: bool | None = True,
    reports: list[TestReport] | None = None,
) -> TestReport:
    """Run a test; time passes as fast as the sockets allow."""
    tester = ConnectionTester(rig.surroundings, rig.pool, proxy_for=lambda url: None)
    plan = TestPlan(spec=SPEC, address=FeedAddress(url, delay_s), key=key, topics=topics or (TRADES,))
    task = asyncio.ensure_future(
        tester.test(plan, session_open=lambda now_ns: session_open, on_progress=(reports or []).append)
    )
    for _ in range(1000):
        if task.done():
            break
        await asyncio.sleep(0.003)
        await rig.time.advance(0.1)
    return await task


def states(report: TestReport) -> list[StepState]:
    return [result.state for result in report.steps]


async def test_a_delayed_feed_that_works(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await confirm(peer, "T.AAPL")
        peer.send(trade(rig.time.now_ns() - 901 * NS))
        await peer.hold()

    reports: list[TestReport] = [TestReport(ran_ns=0, steps=())]
    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url, delay_s=900.0, reports=reports)
        assert server.count == 1
    assert (report.finding, report.tone) == (Finding.WORKS, Tone.GOOD)
    assert report.sentence == "The feed works. Prices arrive 15 minutes late, as chosen."
    assert states(report) == [OK] * 6
    assert report.step(Step.NAME).detail == "127.0.0.1 needs no look-up"
    assert report.step(Step.SERVER).detail.startswith("answered in ")
    assert report.step(Step.CLOCK).detail == "less than 2 s apart"
    assert report.step(Step.PERMISSION).detail == "T.AAPL confirmed"
    assert report.step(Step.PRICE).detail.startswith("AAPL 239.05, stamped ")
    assert any(f" {zone}, 15 min " in report.step(Step.PRICE).detail for zone in ("EDT", "EST"))
    told = [one for one in reports if one.steps]
    assert [sum(step.state is OK for step in one.steps) for one in told] == sorted(
        sum(step.state is OK for step in one.steps) for one in told
    )
    assert len(told) >= 5


async def test_a_real_time_feed_that_is_late_says_so(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await confirm(peer, "T.AAPL")
        peer.send(trade(rig.time.now_ns() - 900 * NS))
        await peer.hold()

    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url)
    assert report.finding is Finding.WORKS
    assert report.sentence.startswith("The feed works, but its first price is 15 min")
    assert report.sentence.endswith("although real time is chosen.")


async def test_a_wrong_key(rig: Rig) -> None:
    async with ScriptedServer(refusing("authentication failed")) as server:
        report = await run(rig, server.url)
        assert server.count == 1
    assert report.finding is Finding.WRONG_KEY
    assert report.sentence == "The server refuses the key."
    assert states(report) == [OK, OK, OK, FAILED, NOT_REACHED, NOT_REACHED]
    assert report.step(Step.KEY).detail == "authentication failed"
    assert KEY.reveal() not in repr(report)


async def test_a_key_refused_at_the_door(rig: Rig) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reject("401 Unauthorized", "Content-Type: application/json\r\n", '{"error":"Unknown API Key"}')

    async with ScriptedServer(refuse) as server:
        report = await run(rig, server.url)
        assert (await run(rig, server.url, key=None)).finding is Finding.NO_KEY
    assert report.finding is Finding.WRONG_KEY
    assert report.step(Step.SERVER).state is OK
    assert report.step(Step.KEY).detail == "Unknown API Key"


@pytest.mark.parametrize(
    "text", ["Your plan doesn't include websocket access.", "not authorized", "You are not entitled to this data."]
)
async def test_a_plan_without_this_data_refused_with_the_key(rig: Rig, text: str) -> None:
    async with ScriptedServer(refusing(text)) as server:
        report = await run(rig, server.url)
    assert report.finding is Finding.NO_ENTITLEMENT
    assert states(report) == [OK, OK, OK, OK, FAILED, NOT_REACHED]
    assert text in report.step(Step.PERMISSION).detail


async def test_one_channel_without_permission(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await let_in(peer)
        await peer.receive()
        peer.send(status("success", "subscribed to: T.AAPL"))
        peer.send(status("error", "not authorized: Q.AAPL"))
        peer.send(trade(rig.time.now_ns()))
        await peer.hold()

    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url, TRADES, QUOTES)
    assert report.finding is Finding.NO_ENTITLEMENT
    assert report.step(Step.PERMISSION).state is FAILED
    assert "Q.AAPL" in report.step(Step.PERMISSION).detail


async def test_another_session_holds_the_one_connection(rig: Rig) -> None:
    async def limit(peer: Peer) -> None:
        await let_in(peer)
        await peer.receive()
        peer.send(status("success", "subscribed to: T.AAPL"))
        peer.send(status("max_connections", "Maximum number of connections exceeded."))
        await peer.close(1008)

    async with ScriptedServer(limit) as server:
        report = await run(rig, server.url)
        assert server.count == 1
    assert report.finding is Finding.CONNECTION_HELD
    assert report.sentence == "Another session holds the one allowed connection."
    assert report.step(Step.PERMISSION).detail == "Maximum number of connections exceeded."


async def test_a_closed_market(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await confirm(peer, "T.AAPL")
        await peer.hold()

    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url, session_open=False)
        silent = await run(rig, server.url, session_open=True)
        unknown = await run(rig, server.url, session_open=None)
    assert (report.finding, report.tone) == (Finding.MARKET_CLOSED, Tone.UNDECIDED)
    assert states(report) == [OK, OK, OK, OK, OK, NOT_REACHED]
    assert report.step(Step.PRICE).detail == "the market is closed"
    assert report.took_s < 8.0
    assert (silent.finding, silent.step(Step.PRICE).detail) == (Finding.SILENT, "none within 10 s")
    assert unknown.finding is Finding.SILENT


async def test_a_closed_market_says_nothing_of_a_key_that_was_not_needed(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await confirm(peer, "T.AAPL")
        await peer.hold()

    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url, key=None, session_open=False)
    assert report.finding is Finding.MARKET_CLOSED
    assert report.sentence == "Connected. The market is closed, so no price came."


@pytest.mark.parametrize(
    ("off_s", "words"), [(303.0, "ahead of the server"), (-3600.0, "behind the server"), (86_400.0 * 400, "400 days")]
)
async def test_a_wrong_clock(rig: Rig, off_s: float, words: str) -> None:
    async def serve(peer: Peer) -> None:
        await confirm(peer, "T.AAPL")
        peer.send(trade(time.time_ns()))
        await peer.hold()

    rig.time.step_wall(off_s)
    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url)
    assert report.finding is Finding.CLOCK_WRONG
    assert report.step(Step.CLOCK).state is FAILED
    assert words in report.step(Step.CLOCK).detail
    assert report.step(Step.PRICE).state is OK


async def test_a_wrong_clock_shows_in_a_price_from_the_future(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await peer.read_request()
        peer.raw(accepting_without_date(peer))
        peer.send(status("connected", "Connected Successfully"))
        await peer.receive()
        peer.send(status("auth_success", "authenticated"))
        await peer.receive()
        peer.send(status("success", "subscribed to: T.AAPL"), trade(rig.time.now_ns() + 600 * NS))
        await peer.hold()

    async with ScriptedServer(serve) as server:
        report = await run(rig, server.url)
    assert report.finding is Finding.CLOCK_WRONG
    assert "behind the server" in report.step(Step.CLOCK).detail


def accepting_without_date(peer: Peer) -> bytes:
    import base64
    import hashlib

    key = peer.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    peer._protocol.state = peer._protocol.state.__class__.OPEN
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


async def test_an_origin_refused(rig: Rig) -> None:
    async def forbid(peer: Peer) -> None:
        await peer.reject("403 Forbidden", "Content-Type: text/plain\r\n", "Unauthorized origin")

    async def close(peer: Peer) -> None:
        await peer.accept()
        await peer.close(4001, "Unauthorized origin")

    async with ScriptedServer(forbid, close) as server:
        first = await run(rig, server.url)
        second = await run(rig, server.url)
    assert first.finding is Finding.ORIGIN_REFUSED
    assert second.finding is Finding.ORIGIN_REFUSED
    assert states(first)[:2] == [OK, FAILED]


@pytest.mark.parametrize(
    ("line", "headers", "body"),
    [
        ("200 OK", "Content-Type: text/html\r\n", "<html>Please sign in to the network</html>"),
        ("302 Found", "Location: http://portal.invalid/login\r\n", ""),
        ("407 Proxy Authentication Required", "", ""),
        ("403 Forbidden", "Content-Type: text/html\r\nVia: 1.1 proxy.corp\r\n", "<html>blocked by policy</html>"),
    ],
)
async def test_blocked_by_a_network_or_proxy(rig: Rig, line: str, headers: str, body: str) -> None:
    async def portal(peer: Peer) -> None:
        await peer.reject(line, headers, body)

    async with ScriptedServer(portal) as server:
        report = await run(rig, server.url)
    assert report.finding is Finding.BLOCKED
    assert report.step(Step.SERVER).state is FAILED
    assert report.step(Step.SERVER).detail


async def test_a_name_that_does_not_exist(rig: Rig) -> None:
    report = await run(rig, "wss://no-such-server.invalid/stocks")
    assert report.finding is Finding.NAME_NOT_FOUND
    assert states(report) == [FAILED] + [NOT_REACHED] * 5
    assert report.step(Step.NAME).detail == "no-such-server.invalid: no server of this name is known"


async def test_a_name_looked_up_by_the_proxy(rig: Rig) -> None:
    tester = ConnectionTester(rig.surroundings, rig.pool, proxy_for=lambda url: "proxy.corp:3128", look_up=refuse_all)
    url = await unused_url()
    plan = TestPlan(spec=SPEC, address=FeedAddress(url.replace("127.0.0.1", "x.invalid")), key=None, topics=(TRADES,))
    report = await tester.test(plan)
    assert report.step(Step.NAME).detail == "the proxy proxy.corp:3128 looks x.invalid up"


def refuse_all(host: str) -> object:
    raise socket.gaierror(socket.EAI_NONAME, "must not be asked")


async def test_nothing_listens(rig: Rig) -> None:
    report = await run(rig, await unused_url())
    assert report.finding is Finding.UNREACHABLE
    assert report.step(Step.SERVER).detail == "nothing listens at this address"


async def test_no_tls_where_it_is_expected(rig: Rig) -> None:
    async def plain(peer: Peer) -> None:
        peer.raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await peer.drain()
        await asyncio.sleep(0.1)

    async with ScriptedServer(plain) as server:
        report = await run(rig, server.url.replace("ws:", "wss:"))
    assert report.finding is Finding.NOT_SECURE
    assert report.step(Step.SERVER).detail == "the far end does not speak TLS here"
    assert "nothing was sent" in report.sentence


async def test_a_certificate_nobody_vouches_for(rig: Rig, tmp_path: Path) -> None:
    async with untrusted_server(tmp_path) as port:
        report = await run(rig, f"wss://127.0.0.1:{port}/stocks")
    assert report.finding is Finding.NOT_SECURE
    assert report.step(Step.SERVER).detail.startswith("the certificate is not trusted (")


async def test_a_key_never_travels_in_the_clear(rig: Rig) -> None:
    report = await run(rig, "ws://203.0.113.9/stocks")
    assert report.finding is Finding.BAD_ADDRESS
    assert report.step(Step.SERVER).detail == "a key would travel unencrypted"


async def test_a_server_of_another_kind(rig: Rig) -> None:
    async def missing(peer: Peer) -> None:
        await peer.reject("404 Not Found")

    async def greets_and_is_mute(peer: Peer) -> None:
        await peer.accept()
        peer.send(status("connected", "Connected Successfully"))
        await peer.hold()

    async with ScriptedServer(missing, greets_and_is_mute) as server:
        first = await run(rig, server.url)
        second = await run(rig, server.url)
    assert (first.finding, first.step(Step.SERVER).state) == (Finding.NOT_THIS_FEED, FAILED)
    assert second.finding is Finding.NOT_THIS_FEED
    assert "did not answer the key" in second.step(Step.KEY).detail


async def test_a_server_in_trouble(rig: Rig) -> None:
    async def fail(peer: Peer) -> None:
        await peer.reject("503 Service Unavailable")

    async def drop(peer: Peer) -> None:
        await let_in(peer)
        peer.reset()

    async with ScriptedServer(fail, drop) as server:
        first = await run(rig, server.url)
        second = await run(rig, server.url)
    assert (first.finding, first.sentence) == (Finding.SERVER_TROUBLE, "The server is in trouble: HTTP 503.")
    assert second.finding is Finding.SERVER_TROUBLE


async def test_a_test_that_is_given_up_leaves_nothing(rig: Rig) -> None:
    async def mute(peer: Peer) -> None:
        await peer.accept()
        await peer.hold()

    async with ScriptedServer(mute) as server:
        tester = ConnectionTester(rig.surroundings, rig.pool)
        plan = TestPlan(spec=SPEC, address=FeedAddress(server.url), key=KEY, topics=(TRADES,))
        task = asyncio.ensure_future(tester.test(plan))
        await until(lambda: server.count == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert rig.tasks.names() == []
