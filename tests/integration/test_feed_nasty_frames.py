"""RELIABILITY 3.1, P6, P20 and P21 at the socket: bad frames, floods, deaf servers, failing sinks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from fake_time import until
from integration.scripted_server import Peer, Script, ScriptedServer
from supervisor_rig import OPTIONS, Rig, until_confirmed, until_state
from tiny_protocol import topic_of

from marketwatch.domain.events import MarketEvent
from marketwatch.feeds.status import FeedState


async def serve_one(peer: Peer) -> None:
    await peer.serve(1)
    await peer.hold()


def sending(*messages: bytes, as_text: bool = True) -> Script:
    async def script(peer: Peer) -> None:
        await peer.serve(1)
        for message in messages:
            peer.send_bytes(message, as_text=as_text)
        peer.send("t AAPL 7")
        await peer.hold()

    return script


@pytest.mark.parametrize("as_text", [True, False])
async def test_garbage_is_counted_and_the_connection_lives(rig: Rig, as_text: bool) -> None:
    nasty = [b"\xff\xfe invalid", b"", b"{", b"nonsense", b"\x00" * 100]
    async with ScriptedServer(sending(*nasty, as_text=as_text)) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until(lambda: rig.prices() == [7.0])
        assert supervisor.status().invalid_count == len(nasty)
        assert supervisor.status().state is FeedState.LIVE
        assert server.count == 1


async def test_a_message_at_the_size_limit_passes(rig: Rig) -> None:
    async with ScriptedServer(sending(b"x" * OPTIONS.max_message_bytes)) as server:
        rig.supervisor(server.url, "T.AAPL")
        await until(lambda: rig.prices() == [7.0])


async def test_a_message_over_the_size_limit_ends_the_connection(rig: Rig) -> None:
    async with ScriptedServer(sending(b"x" * (OPTIONS.max_message_bytes + 1)), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "a message was larger than allowed"
        await rig.time.advance(5.0)
        await until_confirmed(supervisor, "T.AAPL")


@pytest.mark.parametrize(
    "wire",
    [
        b"\x83\x00",  # reserved opcode
        b"\x81\x84abcdefgh",  # masked by a server
        b"\x89\x7e\x00\x7e" + b"p" * 126,  # ping of 126 bytes
        b"\x82\x7f\x40" + b"\x00" * 7,  # announces 2^62 bytes
        b"\x01\x05hello",  # begins a fragmented message and falls silent; the reset follows
    ],
    ids=["opcode", "masked", "ping", "huge", "fragment"],
)
async def test_broken_frames_lead_to_a_new_connection(rig: Rig, wire: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.serve(1)
        peer.raw(wire)
        await peer.drain()
        if wire.startswith(b"\x01"):
            await asyncio.sleep(0.02)
            peer.reset()
        await peer.hold()

    async with ScriptedServer(script, serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        await rig.time.advance(10.0)
        await until_confirmed(supervisor, "T.AAPL")
        assert not rig.failures


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: d3Jvbmc=\r\n\r\n",
        b"\x16\x03\x01 not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000,
    ],
    ids=["accept-key", "no-http", "header"],
)
async def test_broken_handshakes_are_explained(rig: Rig, answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        peer.raw(answer)
        await peer.hold()

    async with ScriptedServer(script) as server:
        supervisor = rig.supervisor(server.url)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "what answers at this address does not speak WebSocket"
        assert not rig.failures


async def test_a_server_that_hangs_up_on_the_handshake_is_retried(rig: Rig) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        peer.reset()

    async with ScriptedServer(script, serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the connection broke"
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.AAPL")


async def test_p6_a_flood_reaches_the_sink_whole_and_the_loop_has_its_turns(rig: Rig) -> None:
    count = 3_000
    turns = 0

    async def flood(peer: Peer) -> None:
        await peer.serve(1)
        for number in range(count):
            peer.send(f"t AAPL {number}")
            if number % 500 == 0:
                await peer.drain()
        await peer.hold()

    async def beat() -> None:
        nonlocal turns
        while len(rig.events) < count:
            turns += 1
            await asyncio.sleep(0)

    async with ScriptedServer(flood) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await asyncio.wait_for(rig.tasks.start("beat", beat()), 20.0)
        assert rig.prices() == [float(number) for number in range(count)]
        assert turns > 10
        assert supervisor.status().event_count == count


async def test_a_server_that_does_not_read_is_left(rig: Rig) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        await peer.deaf()

    async with ScriptedServer(script) as server:
        supervisor = rig.supervisor(server.url)
        await until_state(supervisor, FeedState.LIVE)
        supervisor.want(topic_of(f"T.{'X' * 1000}{number}") for number in range(20_000))
        for _ in range(5):
            await asyncio.sleep(0.02)
        rig.session_open = False
        await rig.time.advance(10.5)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the server does not read what we send"


@pytest.mark.parametrize("stage", ["no answer to the upgrade", "no greeting", "no goodbye", "not reading"])
async def test_p20_stopping_never_waits_for_the_network(rig: Rig, stage: str) -> None:
    async def script(peer: Peer) -> None:
        if stage == "no answer to the upgrade":
            await peer.read_request()
            await peer.deaf()
        elif stage == "no greeting":
            await peer.accept()
            await peer.deaf()
        await peer.welcome()
        await peer.deaf()

    async with ScriptedServer(script) as server:
        supervisor = rig.supervisor(server.url)
        await until(lambda: server.count == 1 and bool(server.peers[0].headers))
        if stage in ("no goodbye", "not reading"):
            await until_state(supervisor, FeedState.LIVE)
        if stage == "not reading":
            supervisor.want(topic_of(f"T.{'X' * 1000}{number}") for number in range(20_000))
            await asyncio.sleep(0.05)

        assert await supervisor.stop() == []
        assert supervisor.status().state is FeedState.IDLE
        assert not supervisor.status().running
        assert rig.tasks.names() == []


async def test_p20_an_orderly_stop_says_goodbye(rig: Rig) -> None:
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        assert await supervisor.stop() == []
        await until(lambda: server.peers[0].close_code == 1000)


async def test_p20_stop_while_waiting_and_start_again(rig: Rig) -> None:
    async def close(peer: Peer) -> None:
        await peer.accept()
        await peer.close(1001)

    async with ScriptedServer(close, serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until(lambda: server.count == 1)
        assert await supervisor.stop() == []
        supervisor.start()
        await until_confirmed(supervisor, "T.AAPL")
        assert rig.time.waiting() <= 2


async def test_p21_a_failing_sink_is_reported_and_the_reader_goes_on(rig: Rig) -> None:
    def failing(events: Sequence[MarketEvent]) -> None:
        rig.events.extend(events)
        raise ValueError("a bug in a sink")

    rig.sink = failing
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        server.peers[0].send("t AAPL 1", "t AAPL 2", "t AAPL 3")
        await until(lambda: rig.prices() == [1.0, 2.0, 3.0])

        assert supervisor.status().sink_failures == 3
        assert [type(error) for _, error in rig.failures] == [ValueError] * 3
        assert supervisor.status().state is FeedState.LIVE


async def test_p21_a_bug_in_the_protocol_costs_one_message(rig: Rig) -> None:
    async with ScriptedServer(sending(b"bug")) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until(lambda: rig.prices() == [7.0])
        assert [(where, type(error)) for where, error in rig.failures] == [("Tiny: reading a message", KeyError)]
        assert supervisor.status().invalid_count == 1


async def test_a_broken_stream_leads_to_a_new_connection(rig: Rig) -> None:
    async with ScriptedServer(sending(b"broken"), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the stream is broken"
        assert rig.prices() == []
        assert supervisor.status().late_count >= 0
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.AAPL")
        assert not rig.failures


async def test_a_bug_around_the_connection_is_reported_and_retried(rig: Rig) -> None:
    def no_session(now_ns: int) -> bool:
        raise LookupError("a bug in the calendar")

    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        supervisor._session_open = no_session
        await until_confirmed(supervisor, "T.AAPL")
        assert supervisor.status().state is FeedState.LIVE
        assert rig.failures
        assert isinstance(rig.failures[0][1], LookupError)


@pytest.mark.parametrize("is_impatient", [False, True])
async def test_a_supervisor_that_fails_is_reported_and_revived(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, is_impatient: bool
) -> None:
    async with ScriptedServer(sending(b"broken"), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        with monkeypatch.context() as patch:
            patch.setattr(supervisor._plan, "delay_s", lambda *_, **__: 1 / 0)
            await until(lambda: supervisor.status().reason == "its supervisor failed")
        assert [type(error) for _, error in rig.failures] == [ZeroDivisionError]
        if is_impatient:
            supervisor.retry_now()
        await rig.time.advance(5.0)
        await until_confirmed(supervisor, "T.AAPL")
        assert server.count == 2


async def test_rates_and_notices_are_told(rig: Rig) -> None:
    async with ScriptedServer(serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        await rig.time.advance(3.0)
        stamp_ms = rig.time.now_ns() // 1_000_000 - 250
        server.peers[0].send("note maintenance at noon", *[f"t AAPL 1 {stamp_ms}"] * 9)
        await until(lambda: len(rig.events) == 9)
        await rig.time.advance(1.0)

        status = rig.statuses[-1]
        assert status.messages_per_s == pytest.approx(10.0)
        assert status.events_per_s == pytest.approx(9.0)
        assert status.lag_ms == pytest.approx(250.0)
        assert status.guide_fields()["subscriptions"] == 1
        assert rig.notices == ["maintenance at noon"]

        await rig.time.advance(1.0)
        told = len(rig.statuses)
        assert rig.statuses[-1].messages_per_s == 0.0
        await rig.time.advance(5.0)
        assert len(rig.statuses) == told
