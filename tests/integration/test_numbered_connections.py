"""Numbers of the protocols' lists of nasty inputs that are about connections, not messages: closes, refused upgrades.

Named after the protocol's file and the number in it; the numbers about messages are in tests/contract.
"""

from __future__ import annotations

import pytest
from fake_time import until
from integration.kind_servers import KindServer, kind_server
from integration.scripted_server import Peer, Script, ScriptedServer
from integration.test_kinds import prices
from kind_sides import side_of
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.domain.events import TradeTick
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.supervisor import FeedSupervisor

PAGE = b"<html><title>502 Bad Gateway</title></html>"
MASSIVE = CATALOG[FeedKind.MASSIVE]


def started(rig: Rig, server: KindServer, kind: FeedKind) -> tuple[FeedSupervisor, list[str]]:
    """Start a feed of a kind at its server; returns it with what it wants."""
    spec, sample = CATALOG[kind], side_of(kind).sample
    rig.key = None
    topics = [f"{channel.value}.{sample.key}" for channel in spec.default_channels]
    return rig.supervisor(spec.normalise_url(server.url), *topics, spec=spec), topics


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (404, FeedState.BACKING_OFF, "there is nothing at this address (HTTP 404)"),
        (502, FeedState.BACKING_OFF, "the server is in trouble (HTTP 502)"),
        (403, FeedState.REFUSED, "the server does not let us in (HTTP 403)"),
    ],
)
@pytest.mark.parametrize("kind", [FeedKind.ODIN, FeedKind.POLYGON_LOCAL])
async def test_odin_22_a_refused_upgrade_is_explained_and_no_key_is_blamed(
    kind: FeedKind, status: int, state: FeedState, words: str, rig: Rig
) -> None:
    async with kind_server(kind) as server:
        server.refusal = (status, PAGE)
        supervisor, topics = started(rig, server, kind)
        await until_state(supervisor, state)
        assert supervisor.status().reason == words
        assert "key" not in supervisor.status().next_step
        server.refusal = None
        supervisor.retry_now()
        await until_confirmed(supervisor, *topics)
        assert server.count == 2


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (404, FeedState.BACKING_OFF, "there is nothing at this address (HTTP 404)"),
        (403, FeedState.REFUSED, "CORS_ORIGINS"),
    ],
)
async def test_stream_service_18_a_refused_upgrade(status: int, state: FeedState, words: str, rig: Rig) -> None:
    async with kind_server(FeedKind.STREAM_SERVICE) as server:
        server.refusal = (status, b"")
        supervisor, _ = started(rig, server, FeedKind.STREAM_SERVICE)
        await until_state(supervisor, state)
        assert words in supervisor.status().reason


@pytest.mark.parametrize(
    "kind", [FeedKind.STREAM_SERVICE, FeedKind.POLYGON_LOCAL, FeedKind.ODIN, FeedKind.DATA_PROVIDER]
)
async def test_stream_service_18_a_restart_asks_for_everything_again(kind: FeedKind, rig: Rig) -> None:
    async with kind_server(kind) as server:
        supervisor, topics = started(rig, server, kind)
        await until_confirmed(supervisor, *topics)
        await until(lambda: len(prices(rig.events)) == 1)
        await server.connections[0].close(1012, "restart")
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the server restarts: restart"
        assert supervisor.difference().confirmed == ()
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, *topics)
        await until(lambda: len(prices(rig.events)) == 2)


async def test_stream_service_18_a_cut_right_after_a_request(rig: Rig) -> None:
    async def cut(peer: Peer) -> None:
        await peer.accept()
        peer.send('{"type":"connection","status":"connected"}')
        await peer.receive()
        peer.reset()

    async def serve(peer: Peer) -> None:
        await peer.accept()
        peer.send('{"type":"connection","status":"connected"}')
        await peer.receive()
        peer.send('{"type":"subscription","status":"subscribed","symbol":"SBIN"}')
        await peer.hold()

    spec = CATALOG[FeedKind.STREAM_SERVICE]
    async with ScriptedServer(cut, serve) as server:
        supervisor = rig.supervisor(server.url.replace("/stocks", "/stream"), "T.SBIN", spec=spec)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the connection broke"
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.SBIN")


def bursting(code: int | None, count: int) -> Script:
    """Send a burst of local Polygon trades and close in the middle of it, or go on serving."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        peer.send('{"type":"connected","client_id":"a"}')
        await peer.receive()
        peer.send('{"type":"subscribed","symbols":["AAPL"],"channels":["T"]}')
        for number in range(count):
            trade = f'{{"symbol":"AAPL","price":{190 + number / 100},"size":1,"timestamp":{1751050800000 + number}}}'
            peer.send(f'{{"type":"market_data","event_type":"trade","symbol":"AAPL","data":{trade}}}')
        if code is not None:
            await peer.close(code)
        await peer.hold()

    return script


@pytest.mark.parametrize(("code", "words"), [(1000, "the server closed the connection"), (1012, "the server restarts")])
async def test_polygon_gateway_15_a_close_in_the_middle_of_a_burst(code: int, words: str, rig: Rig) -> None:
    async with ScriptedServer(bursting(code, 200), bursting(None, 1)) as server:
        spec = CATALOG[FeedKind.POLYGON_LOCAL]
        supervisor = rig.supervisor(server.url.replace("/stocks", "/ws"), "T.AAPL", spec=spec)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == words
        trades = [event.price for event in rig.events if isinstance(event, TradeTick)]
        assert trades == [190 + number / 100 for number in range(200)]  # what came before the close counts
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.AAPL")
        assert server.count == 2


@pytest.mark.parametrize(
    ("status", "headers", "state", "words"),
    [
        ("401 Unauthorized", "", FeedState.REFUSED, "the server refused the key (HTTP 401)"),
        ("403 Forbidden", "", FeedState.REFUSED, "the server refused the key (HTTP 403)"),
        ("429 Too Many Requests", "Retry-After: 7\r\n", FeedState.BACKING_OFF, "the server asks for a pause"),
        (
            "502 Bad Gateway",
            "Content-Type: text/html\r\n",
            FeedState.BACKING_OFF,
            "the server is in trouble (HTTP 502)",
        ),
    ],
)
async def test_massive_22_a_page_instead_of_the_upgrade(
    status: str, headers: str, state: FeedState, words: str, rig: Rig
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reject(status, headers, PAGE.decode())

    rig.key = Secret("right-key")
    async with ScriptedServer(refuse) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", spec=MASSIVE)
        await until_state(supervisor, state)
        assert supervisor.status().reason == words


def massive(ends: str) -> Script:
    """Serve as Massive does, then end in one of its ways."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        peer.send('[{"ev":"status","status":"connected","message":"Connected Successfully"}]')
        await peer.receive()
        peer.send('[{"ev":"status","status":"auth_success","message":"authenticated"}]')
        await peer.receive()
        peer.send('[{"ev":"status","status":"success","message":"subscribed to: T.AAPL"}]')
        peer.send('[{"ev":"T","sym":"AAPL","p":190.5,"s":100,"t":1751050800000}]')
        if ends == "clean":
            await peer.close(1000)
        elif ends == "cut":
            peer.reset()
        await peer.hold(answers_pings=False)

    return script


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("clean", "the server closed the connection"),
        ("cut", "the connection broke"),
        ("half open", "the far end gives no sign of life"),
    ],
)
async def test_massive_21_every_end_in_mid_stream_is_noticed(ends: str, words: str, rig: Rig) -> None:
    async with ScriptedServer(massive(ends), massive("half open")) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", spec=MASSIVE)
        await until(lambda: len(rig.events) == 1)
        if ends == "half open":
            await until_confirmed(supervisor, "T.AAPL")
            await rig.time.advance(16.0)
            assert supervisor.status().state is FeedState.STALE
            await rig.time.advance(9.5)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == words
        await rig.time.advance(1.0)
        await until_confirmed(supervisor, "T.AAPL")
