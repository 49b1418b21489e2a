"""What is wanted and what a feed has confirmed agree after every connect, or the difference is on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from fake_time import until
from integration.kind_servers import kind_server
from integration.massive_scripts import status as status_message
from integration.program_feed import Feed
from integration.scripted_server import Peer
from kind_sides import RIGHT_KEY, side_of
from supervisor_rig import Rig, until_confirmed
from tiny_protocol import topic_of

from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind, FeedSpec
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.qt.panels.feed_words import pill_view
from marketwatch.qt.popups.feed_details import detail_fields
from marketwatch.services.feed_route import FeedNature

ASKABLE = [kind for kind in CATALOG if side_of(kind).unknown is not None]
"""The others acknowledge whatever they are asked for; a row of theirs says that no first tick came."""
UNFULFILLED = (TopicPhase.REFUSED, TopicPhase.UNCONFIRMED)


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    await made.end()


def patient(kind: FeedKind) -> FeedSpec:
    """Return the kind's row without its watch over silence: time runs faster here than at the server."""
    spec = CATALOG[kind]
    silence = SilenceLimits(life_s=9e9, dead_s=9e9, useful_s=9e9, mute_s=9e9)
    return msgspec.structs.replace(spec, limits=msgspec.structs.replace(spec.limits, silence=silence))


@pytest.mark.parametrize("kind", ASKABLE)
async def test_a_wish_that_is_not_fulfilled_is_on_the_screen(kind: FeedKind, rig: Rig) -> None:
    spec, side = patient(kind), side_of(kind)
    rig.key = Secret(RIGHT_KEY) if spec.credential_names else None
    good, unknown = [f"{channel.value}.{side.sample.key}" for channel in spec.default_channels], side.unknown
    assert unknown is not None
    async with kind_server(kind) as server:
        supervisor = rig.supervisor(spec.normalise_url(server.url), *good, unknown, spec=spec)
        for _ in range(2):
            await until_confirmed(supervisor, *good)
            for _ in range(40):
                if supervisor.topic_state(topic_of(unknown)).phase in UNFULFILLED:
                    break
                await rig.time.advance(0.5)
            status, difference = supervisor.status(), supervisor.difference()
            assert [str(topic) for topic in difference.missing] == [unknown]
            assert (status.wanted, status.subscriptions, status.state) == (len(good) + 1, len(good), FeedState.LIVE)
            assert status.refused_topics + status.unconfirmed_topics == 1
            words = "1 refused" if status.refused_topics else "1 not confirmed in time"
            now_ns = rig.time.now_ns()
            assert pill_view(status, FeedNature.LIVE, now_ns).words == f"live, {words}"
            fields = dict(detail_fields(status, FeedNature.LIVE, now_ns, "UTC"))
            assert fields["Subscriptions"] == f"{len(good)} of {len(good) + 1} confirmed, {words}"
            supervisor.reconnect()  # and after every further connect it is the same
            await until(lambda: server.count > 1)
        supervisor.unwant([topic_of(unknown)])
        await until_confirmed(supervisor, *good)
        status = supervisor.status()
        assert pill_view(status, FeedNature.LIVE, rig.time.now_ns()).words == "live"
        assert not supervisor.difference().missing


async def test_massive_says_what_it_did_not_acknowledge(rig: Rig) -> None:
    async def serve(peer: Peer) -> None:
        await peer.accept()
        peer.send(status_message("connected", "Connected Successfully"))
        await peer.receive()
        peer.send(status_message("auth_success", "authenticated"))
        await peer.receive()
        peer.send(status_message("success", "subscribed to: T.AAPL"))
        await peer.hold()

    async with Feed(serve) as server:
        supervisor = rig.supervisor(server.url, "T.AAPL", "T.NOBODY", spec=patient(FeedKind.MASSIVE))
        await until_confirmed(supervisor, "T.AAPL")
        await rig.time.advance(30.0)
        status = supervisor.status()
        assert (status.wanted, status.subscriptions, status.unconfirmed_topics) == (2, 1, 1)
        assert pill_view(status, FeedNature.LIVE, rig.time.now_ns()).words == "live, 1 not confirmed in time"
