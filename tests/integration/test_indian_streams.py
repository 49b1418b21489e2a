"""Odin and the stream service behind the supervisor's real sockets and in the hub: the values that arrive."""

from __future__ import annotations

import json
import math

import odin_rig
import pytest
import stream_rig
from fake_time import FakeTime, until
from hub_rig import StandingClock
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.domain.events import MarketEvent, PriceValue
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import INDIA
from marketwatch.feeds.catalog import FeedKind, FeedLimits, FeedSpec
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.status import FeedState
from marketwatch.protocols.base import Channel
from marketwatch.protocols.odin.address import normalise_url as odin_url
from marketwatch.protocols.odin.client import OdinClient
from marketwatch.protocols.odin.keys import feed_key as odin_key
from marketwatch.protocols.odin.keys import instrument_of as odin_instrument
from marketwatch.protocols.stream_service.address import normalise_url as stream_url
from marketwatch.protocols.stream_service.client import StreamServiceClient
from marketwatch.protocols.stream_service.keys import feed_key as stream_key
from marketwatch.protocols.stream_service.keys import instrument_of as stream_instrument
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

ODIN = FeedSpec(
    kind=FeedKind.MASSIVE,
    label="Odin Streamer",
    protocol=OdinClient,
    normalise_url=odin_url,
    addresses={},
    credential_names=(),
    channels=(Channel.TRADES,),
    default_channels=(Channel.TRADES,),
    feed_key=odin_key,
    instrument_of=odin_instrument,
    currency="INR",
    rules=INDIA,
    limits=FeedLimits(silence=SilenceLimits(useful_s=60.0, mute_s=150.0)),
)
STREAM = FeedSpec(
    kind=FeedKind.MASSIVE,
    label="Stream service",
    protocol=StreamServiceClient,
    normalise_url=stream_url,
    addresses={},
    credential_names=(),
    channels=(Channel.TRADES,),
    default_channels=(Channel.TRADES,),
    feed_key=stream_key,
    instrument_of=stream_instrument,
    currency="INR",
    rules=INDIA,
    limits=FeedLimits(silence=SilenceLimits(useful_s=60.0, mute_s=math.inf)),
)


def stated(rig: Rig) -> list[float]:
    return [event.value for event in rig.events if isinstance(event, PriceValue)]


async def test_odin_delivers_and_a_zombie_is_replaced_after_more_than_a_second(rig: Rig) -> None:
    async def zombie(peer: Peer) -> None:
        await peer.accept()
        peer.send(odin_rig.welcome(subscribed_stocks=1).decode())
        await peer.hold()

    async def healthy(peer: Peer) -> None:
        await peer.accept()
        peer.send(odin_rig.welcome().decode())
        assert json.loads(await peer.receive())["stocks"] == ["SBIN", "2885"]
        peer.send(odin_rig.response(["SBIN", "RELIANCE (NSE)"]).decode(), odin_rig.frame().decode())
        await peer.hold()

    async with ScriptedServer(zombie, healthy) as server:
        supervisor = rig.supervisor(server.url, "T.NSE:SBIN", "T.NSE:#2885", spec=ODIN)
        await until_state(supervisor, FeedState.BACKING_OFF)
        retry_in_s = supervisor.status().retry_in_s
        assert retry_in_s is not None
        assert retry_in_s >= 1.0
        await rig.time.advance(retry_in_s)
        await until_confirmed(supervisor, "T.NSE:SBIN", "T.NSE:#2885")
        await until(lambda: stated(rig) == [807.75])


async def test_a_stream_service_that_acknowledges_and_stays_silent_is_kept(rig: Rig) -> None:
    async def silent(peer: Peer) -> None:
        await peer.accept()
        assert "origin" not in peer.headers
        peer.send(stream_rig.raw(type="connection", status="connected").decode())
        while True:
            request = json.loads(await peer.receive())
            if request["type"] == "ping":
                peer.send(stream_rig.raw(type="pong").decode())
            else:
                peer.send(stream_rig.ack(request["symbol"]).decode())

    async with ScriptedServer(silent) as server:
        supervisor = rig.supervisor(server.url, "T.RELIANCE", spec=STREAM)
        await until_confirmed(supervisor, "T.RELIANCE")
        for _ in range(30):
            before = supervisor.status().message_count
            await rig.time.advance(20.0)
            await until(lambda count=before: supervisor.status().message_count > count)
        assert server.count == 1
        assert supervisor.status().connected


@pytest.fixture
def hub() -> MarketHub:
    made = MarketHub(FakeTime())
    clock = StandingClock(odin_rig.STAMP_MS * 1_000_000)
    made.add_feed(FeedFacts(id=FeedId("odin"), label="Odin", nature=FeedNature.LIVE, market_clock=clock))
    made.track(Instrument(id=InstrumentId(Venue("NSE"), CASH, "SBIN")), FeedId("odin"), "NSE:SBIN")
    return made


def test_the_hub_shows_the_servers_volume_whatever_the_frames_and_connections_between(hub: MarketHub) -> None:
    at = odin_rig.STAMP_MS // 1000 * 1000  # the exchange stamps in whole seconds, several frames share one

    def publish(client: OdinClient, volume: int, price: float, second: int) -> None:
        stamp = at + second * 1000
        data = odin_rig.frame(volume=volume, ltp=price, timestamp=stamp, _timestamp=stamp + 400)
        events: list[MarketEvent] = list(client.receive(data, 1.0))
        hub.publish(FeedId("odin"), events)
        snapshot = hub.snapshot(InstrumentId(Venue("NSE"), CASH, "SBIN"))
        assert snapshot is not None
        assert (snapshot.volume, snapshot.last_price) == (volume, price)
        assert snapshot.last_trade_ns == stamp * 1_000_000
        assert (snapshot.prev_close, snapshot.day_open) == (811.95, 811.0)
        assert (snapshot.day_high, snapshot.day_low) == (813.0, 806.0)

    first = odin_rig.greeted("NSE:SBIN")
    publish(first, 1_000, 807.0, 0)
    publish(first, 1_500, 808.0, 0)
    publish(first, 1_700, 808.5, 0)
    publish(first, 1_900, 808.0, 3)
    second = odin_rig.greeted("NSE:SBIN")  # connected again: the same state comes once more
    publish(second, 1_900, 808.0, 3)
    publish(second, 2_500, 807.5, 3)
    publish(second, 2_600, 807.5, 70)
