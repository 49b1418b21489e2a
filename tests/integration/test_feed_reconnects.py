"""P5: reconnects for ever while wanted, restores the wanted subscriptions, stops on a refused key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from fake_time import NS, settle, until
from integration.scripted_server import Peer, Script, ScriptedServer, unused_url
from supervisor_rig import Rig, until_confirmed, until_state
from tiny_protocol import topic_of

from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedAddress, FeedLimits
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase


async def serve_one(peer: Peer) -> None:
    await peer.serve(1)
    await peer.hold()


def closing(code: int) -> Script:
    async def script(peer: Peer) -> None:
        await peer.serve(1)
        if code == 1006:
            peer.reset()
        else:
            await peer.close(code)

    return script


def rejecting(status: str, headers: str = "", body: str = "") -> Script:
    async def script(peer: Peer) -> None:
        await peer.reject(status, headers, body)

    return script


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012, 1013])
async def test_p5_any_close_is_followed_by_a_new_connection_with_all_that_is_wanted(rig: Rig, code: int) -> None:
    async with ScriptedServer(closing(code), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)

        status = supervisor.status()
        assert not status.connected
        assert status.reason
        assert status.retry_in_s == pytest.approx(5.0 if code == 1013 else 1.0)
        assert supervisor.difference().missing == (topic_of("T.AAPL"),)

        await rig.time.advance(5.0)
        await until_confirmed(supervisor, "T.AAPL")

        assert server.peers[1].received == ["auth right-key", "sub T.AAPL"]
        assert supervisor.status().reconnect_attempts == 1
        assert supervisor.difference().missing == ()


async def test_p5_wishes_made_while_disconnected_are_sent_after_connecting(rig: Rig) -> None:
    async def serve_three(peer: Peer) -> None:
        await peer.serve(2)
        await peer.hold()

    async with ScriptedServer(closing(1001), serve_three) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        supervisor.want([topic_of("T.MSFT"), topic_of("T.IBM")])
        supervisor.unwant([topic_of("T.AAPL")])

        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.MSFT", "T.IBM")

        assert server.peers[1].received[1:] == ["sub T.MSFT", "sub T.IBM"]


async def test_p5_nobody_listens_waits_grow_to_the_cap(rig: Rig) -> None:
    supervisor = rig.supervisor(await unused_url())
    waits = []
    for _ in range(8):
        await until_state(supervisor, FeedState.BACKING_OFF)
        status = supervisor.status()
        assert status.reason == "nothing listens at this address"
        assert status.retry_in_s is not None
        waits.append(status.retry_in_s)
        await rig.time.advance(status.retry_in_s)
        await until(lambda seen=status.generation: supervisor.status().generation > seen)  # type: ignore[misc]

    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60])


async def test_p5_a_flapping_server_does_not_reset_the_waits(rig: Rig) -> None:
    async with ScriptedServer(closing(1000)) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        waits = []
        for attempt in range(1, 5):
            await until(lambda count=attempt: server.count == count)  # type: ignore[misc]
            await until_state(supervisor, FeedState.BACKING_OFF)
            waits.append(supervisor.status().retry_in_s)
            await rig.time.advance(waits[-1] or 0.0)

        assert waits == pytest.approx([1, 2, 4, 8])


async def test_p5_thirty_seconds_of_good_data_reset_the_waits(rig: Rig) -> None:
    async def good(peer: Peer) -> None:
        await peer.serve(1)
        peer.send("t AAPL 1")
        await peer.receive()
        await peer.close(1001)

    async with ScriptedServer(closing(1000), closing(1000), good) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        for attempt, wait_s in ((1, 1.0), (2, 2.0)):
            await until(lambda count=attempt: server.count == count)  # type: ignore[misc]
            await until_state(supervisor, FeedState.BACKING_OFF)
            await rig.time.advance(wait_s)
        await until(lambda: rig.prices() == [1.0])
        for price in (2.0, 3.0, 4.0):
            await rig.time.advance(10.0)
            server.peers[2].send(f"t AAPL {price}")
            await until(lambda newest=price: rig.prices()[-1] == newest)  # type: ignore[misc]
        supervisor.want([topic_of("T.MSFT")])  # the script's cue to close
        await until_state(supervisor, FeedState.BACKING_OFF)

        assert supervisor.status().retry_in_s == pytest.approx(1.0)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_p5_a_refused_key_stops_until_it_changes(rig: Rig, status: str) -> None:
    body = '{"status":"ERROR","error":"Unknown API Key"}'
    async with ScriptedServer(rejecting(status, body=body), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.REFUSED)
        assert supervisor.status().reason == "Unknown API Key"
        assert server.peers[0].headers["authorization"] == "Bearer right-key"

        await rig.time.advance(3600.0)
        supervisor.reconnect()
        await settle()
        assert server.count == 1

        rig.key = Secret("better-key")
        supervisor.credentials_changed()
        await until_confirmed(supervisor, "T.AAPL")
        assert server.peers[1].received[0] == "auth better-key"


async def test_p5_a_key_refused_in_band_stops(rig: Rig) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.accept()
        peer.send("hello")
        await peer.receive()
        peer.send("refuse authentication failed")
        await peer.hold()

    async with ScriptedServer(refuse) as server:
        supervisor = rig.supervisor(server.url)
        await until_state(supervisor, FeedState.REFUSED)
        await rig.time.advance(3600.0)

        assert server.count == 1
        assert supervisor.status().reason == "authentication failed"
        assert supervisor.status().next_step == "Check the key in the settings"


async def test_p5_the_user_may_retry_a_refused_key(rig: Rig) -> None:
    async with ScriptedServer(rejecting("401 Unauthorized"), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.REFUSED)
        supervisor.retry_now()
        await until_confirmed(supervisor, "T.AAPL")


@pytest.mark.parametrize("is_date", [False, True])
async def test_p5_a_pause_asked_for_is_kept(rig: Rig, is_date: bool) -> None:
    at = datetime.fromtimestamp(rig.time.now_ns() / NS, UTC) + timedelta(seconds=90)
    wait = format_datetime(at, usegmt=True) if is_date else "90"
    async with ScriptedServer(rejecting("429 Too Many Requests", f"Retry-After: {wait}\r\n"), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().retry_in_s == pytest.approx(90.0)

        await rig.time.advance(89.0)
        assert server.count == 1
        await rig.time.advance(1.1)
        await until_confirmed(supervisor, "T.AAPL")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (rejecting("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>"), "HTTP 502"),
        (rejecting("200 OK", "Content-Type: text/html\r\n", "<html>sign in</html>"), "a web page came"),
        (rejecting("404 Not Found"), "nothing at this address"),
        (
            rejecting("302 Found", "Location: https://elsewhere.invalid/stocks\r\n"),
            "send us to wss://elsewhere.invalid",
        ),
    ],
)
async def test_p5_other_answers_are_explained_and_retried(rig: Rig, script: Script, words: str) -> None:
    async with ScriptedServer(script, serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert words in supervisor.status().reason
        await rig.time.advance(60.0)
        await until_confirmed(supervisor, "T.AAPL")
        assert not rig.failures


async def test_a_redirect_within_the_same_server_is_followed_with_the_key(rig: Rig) -> None:
    async with ScriptedServer(rejecting("307 Temporary Redirect", "Location: /other\r\n"), serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        assert server.peers[1].path == "/other"
        assert server.peers[1].headers["authorization"] == "Bearer right-key"


async def test_p5_a_server_that_never_greets_is_left(rig: Rig) -> None:
    async def never_greet(peer: Peer) -> None:
        await peer.accept()
        await peer.hold()

    async with ScriptedServer(never_greet, serve_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        await until_state(supervisor, FeedState.AUTHENTICATING)
        await rig.time.advance(10.0)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the server did not greet"
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.AAPL")


async def test_p5_a_connection_limit_announced_late_waits_a_minute_then_two(rig: Rig) -> None:
    async def limit(peer: Peer) -> None:
        await peer.serve(1)
        peer.send("limit 60")
        await peer.close(1008)

    async with ScriptedServer(limit) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL")
        waits = []
        for attempt in range(1, 4):
            await until(lambda count=attempt: server.count == count)  # type: ignore[misc]
            await until_state(supervisor, FeedState.BACKING_OFF)
            waits.append(supervisor.status().retry_in_s)
            await rig.time.advance(waits[-1] or 0.0)

        assert waits == pytest.approx([60, 120, 240])


async def test_p5_attempts_per_minute_are_capped_even_for_an_impatient_user(rig: Rig) -> None:
    limits = FeedLimits(reconnect=ReconnectRules(attempts_per_minute=3))
    async with ScriptedServer(closing(1000)) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", limits=limits)
        for attempt in range(1, 4):
            await until(lambda count=attempt: server.count == count)  # type: ignore[misc]
            await until_state(supervisor, FeedState.BACKING_OFF)
            supervisor.retry_now()
        for _ in range(5):
            await settle()
            supervisor.retry_now()

        assert server.count == 3
        assert supervisor.status().reason == "too many attempts within a minute"
        await rig.time.advance(60.0)
        await until(lambda: server.count == 4)


async def test_a_key_is_never_sent_in_the_clear_to_another_computer(rig: Rig) -> None:
    supervisor = rig.supervisor("ws://feed.invalid/stocks")
    await until_state(supervisor, FeedState.REFUSED)
    assert supervisor.status().reason == "a key would travel unencrypted"


async def test_a_name_that_does_not_exist_is_retried(rig: Rig) -> None:
    supervisor = rig.supervisor("wss://feed.invalid/stocks")
    await until_state(supervisor, FeedState.BACKING_OFF)
    assert supervisor.status().reason == "the server's name was not found"


async def test_replacing_the_address_moves_at_once_and_old_data_is_not_heard(rig: Rig) -> None:
    old_peers: list[Peer] = []

    async def old(peer: Peer) -> None:
        old_peers.append(peer)
        await serve_one(peer)

    async with ScriptedServer(old) as first, ScriptedServer(serve_one) as second:
        supervisor = rig.supervisor(first.url, "T.AAPL")
        await until_confirmed(supervisor, "T.AAPL")
        old_peers[0].send("t AAPL 1")
        await until(lambda: rig.prices() == [1.0])

        supervisor.replace(FeedAddress(second.url, delay_s=900.0))
        old_peers[0].send("t AAPL 2")
        await until(lambda: second.count == 1)
        await until_confirmed(supervisor, "T.AAPL")
        second.peers[0].send("t AAPL 3")
        await until(lambda: 3.0 in rig.prices())

        assert rig.prices() == [1.0, 3.0]
        assert supervisor.status().delay_s == 900.0
        assert FeedState.BACKING_OFF not in rig.states()


async def test_a_refused_topic_keeps_its_reason_and_the_rest_lives(rig: Rig) -> None:
    async def refuse_one(peer: Peer) -> None:
        await peer.welcome()
        await peer.receive()
        await peer.receive()
        peer.send("no T.AAPL not authorized", "ok T.MSFT")
        await peer.hold()

    async with ScriptedServer(refuse_one) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", "T.MSFT")
        await until_confirmed(supervisor, "T.MSFT")

        state = supervisor.topic_state(topic_of("T.AAPL"))
        assert (state.phase, state.reason) == (TopicPhase.REFUSED, "not authorized")
        assert supervisor.difference().refused == (topic_of("T.AAPL"),)
        assert supervisor.status().refused_topics == 1
