"""The supervisor with the real Massive protocol against a scripted server: protocols/massive.md 3, 5.1 and 9.14."""

from __future__ import annotations

import functools

import pytest
from fake_time import until
from integration import massive_scripts
from integration.massive_scripts import refusing, status
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState

SPEC = CATALOG[FeedKind.MASSIVE]


let_in = functools.partial(massive_scripts.let_in, key="right-key")


async def serve(peer: Peer) -> None:
    await let_in(peer)
    assert await peer.receive() == '{"action":"subscribe","params":"T.AAPL,Q.MSFT"}'
    peer.send(status("success", "subscribed to: T.AAPL"), status("success", "subscribed to: Q.MSFT"))
    peer.send('[{"ev":"T","sym":"AAPL","p":190.5,"s":100,"t":1700000000000,"q":1}]')
    await peer.hold()


async def test_a_connection_limit_announced_after_success_waits_a_minute(rig: Rig) -> None:
    async def limit(peer: Peer) -> None:
        await let_in(peer)
        await peer.receive()
        peer.send(status("success", "subscribed to: T.AAPL"))
        peer.send(status("max_connections", "Maximum number of connections exceeded."))
        await peer.close(1008)

    async with ScriptedServer(limit, serve) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", "Q.MSFT", spec=SPEC)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().retry_in_s == pytest.approx(60.0)
        assert "Maximum number of connections" in supervisor.status().reason

        await rig.time.advance(60.0)
        await until_confirmed(supervisor, "T.AAPL", "Q.MSFT")
        await until(lambda: rig.prices() == [190.5])


async def test_a_refused_key_shows_the_servers_text(rig: Rig) -> None:
    text = "Your plan doesn't include websocket access."
    async with ScriptedServer(refusing(text)) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", spec=SPEC)
        await until_state(supervisor, FeedState.REFUSED)
        assert supervisor.status().reason == text
        await rig.time.advance(3600.0)
        assert server.count == 1


async def test_a_server_that_does_not_greet_is_spoken_to_in_the_simple_dialect(rig: Rig) -> None:
    async def simple(peer: Peer) -> None:
        await peer.accept()
        assert peer.headers["authorization"] == "Bearer right-key"
        assert await peer.receive() == '{"action":"subscribe","tickers":["AAPL"]}'
        peer.send(
            '{"ticker":"AAPL","price":150.25,"volume":1000,"timestamp":"2024-01-01T10:00:00Z","exchange":"NASDAQ"}'
        )
        await peer.hold()

    async with ScriptedServer(simple) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", spec=SPEC)
        await until_state(supervisor, FeedState.AUTHENTICATING)
        await rig.time.advance(2.0)
        await until(lambda: rig.prices() == [150.25])
        assert supervisor.status().state is FeedState.LIVE


async def test_bad_parts_are_counted_and_good_ones_kept(rig: Rig) -> None:
    async def mixed(peer: Peer) -> None:
        await let_in(peer)
        await peer.receive()
        peer.send(
            '[{"ev":"T","sym":"AAPL","p":null,"s":1,"t":1700000000000},{"ev":"T","sym":"AAPL","p":1.5,"s":1,"t":1700000000000}]'
        )
        peer.send("{truncated")
        await peer.hold()

    async with ScriptedServer(mixed) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", spec=SPEC)
        await until(lambda: rig.prices() == [1.5])
        await until(lambda: supervisor.status().invalid_count == 2)
        assert supervisor.status().state is FeedState.LIVE
