"""How far a row's wish has come, where the server names no topic, and for one kind of data alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio
from fake_time import until
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig
from tiny_protocol import tiny_spec

from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.venues import UNITED_STATES, Calendars
from marketwatch.feeds.catalog import FeedAddress
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel
from marketwatch.services.feed_control import FeedControl
from marketwatch.services.feed_rows import RowSubscription
from marketwatch.services.presentation import Moment, row_state

FEED = FeedId("tiny")
AAPL, MSFT, NIFTY = (InstrumentId.parse(text) for text in ("XNAS:EQ:AAPL", "XNAS:EQ:MSFT", "NSE:IDX:NIFTY 50"))
NOT_ALLOWED = "You are short of rights"


class Symbols:
    """The feed calls an instrument by its symbol."""

    def feed_key(self, feed_id: FeedId, instrument_id: InstrumentId) -> str | None:
        return instrument_id.symbol.replace(" ", "_")


class Desk:
    """A feed control with one feed."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.rows: list[InstrumentId] = []
        self.control = FeedControl(
            rig.surroundings, Symbols(), lambda *_: None, on_row=self.rows.append,
            on_notice=lambda _feed, text: rig.notices.append(text),
        )  # fmt: skip

    def open(self, url: str, *instruments: InstrumentId, channels: tuple[Channel, ...] = (Channel.TRADES,)) -> None:
        """Connect a feed with these channels, and ask for instruments."""
        spec = msgspec.structs.replace(tiny_spec(), channels=channels)
        settings = FeedSettings(feed_id=FEED, label="Tiny", spec=spec, address=FeedAddress(url))
        self.control.add_feed(settings, lambda: self.rig.key, session_open=lambda _now: True)
        for one in instruments:
            self.control.acquire(one)
        self.control.start()

    def row(self, instrument_id: InstrumentId) -> RowSubscription:
        found = self.control.subscription(instrument_id)
        assert found is not None
        return found


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    rig = Rig()
    made = Desk(rig)
    yield made
    assert await made.control.stop() == []
    await rig.end()


async def test_a_lack_of_permission_that_names_nothing_reaches_the_rows_without_an_answer(desk: Desk) -> None:
    async def deny(peer: Peer) -> None:
        await peer.welcome()
        asked = [await peer.receive(), await peer.receive()]
        assert asked == ["sub T.AAPL", "sub T.MSFT"]
        peer.send("ok T.AAPL", f"deny {NOT_ALLOWED}")
        await peer.hold()

    async with ScriptedServer(deny) as server:
        desk.open(server.url, AAPL, MSFT)
        await until(lambda: desk.row(MSFT).refused_reason is not None)
        allowed, denied = desk.row(AAPL), desk.row(MSFT)
        assert (allowed.confirmed, allowed.refused_reason, allowed.is_entitlement) == (True, None, False)
        assert (denied.refused_reason, denied.is_entitlement) == (NOT_ALLOWED, True)
        assert desk.rows == [AAPL, MSFT]
        assert desk.rig.notices == [NOT_ALLOWED]
        (status,) = desk.control.statuses()
        assert (status.connected, status.refused_topics) == (True, 1)
        calendar = Calendars().by_rules(UNITED_STATES)
        state = row_state(None, denied, status, None, calendar, Moment(desk.rig.time.now_ns(), desk.rig.time.now_ns()))
        assert state.word == "no permission"
        assert state.explanation.startswith(f"The feed refused it: {NOT_ALLOWED}\nAsk the vendor")
        assert await desk.control.stop() == []


async def test_a_confirmation_after_it_takes_the_refusal_back(desk: Desk) -> None:
    async def deny_and_confirm(peer: Peer) -> None:
        await peer.welcome()
        await peer.receive()
        peer.send(f"deny {NOT_ALLOWED}", "ok T.AAPL")
        await peer.hold()

    async with ScriptedServer(deny_and_confirm) as server:
        desk.open(server.url, AAPL)
        await until(lambda: desk.row(AAPL).confirmed)
        assert desk.row(AAPL).refused_reason is None
        assert await desk.control.stop() == []


async def test_a_connection_anew_asks_again_for_what_was_denied(desk: Desk) -> None:
    async def deny(peer: Peer) -> None:
        await peer.welcome()
        await peer.receive()
        peer.send(f"deny {NOT_ALLOWED}")
        await peer.hold()

    async def allow(peer: Peer) -> None:
        await peer.welcome()
        assert await peer.receive() == "sub T.AAPL"
        peer.send("ok T.AAPL")
        await peer.hold()

    async with ScriptedServer(deny, allow) as server:
        desk.open(server.url, AAPL)
        await until(lambda: desk.row(AAPL).is_entitlement)
        desk.control.reconnect_all()
        await until(lambda: desk.row(AAPL).confirmed)
        assert not desk.row(AAPL).is_entitlement
        assert await desk.control.stop() == []


async def confirm(peer: Peer) -> None:
    await peer.welcome()
    while True:
        word, topic = (await peer.receive()).split(" ")
        peer.send(f"ok {topic}" if word == "sub" else f"gone {topic}")


async def test_one_kind_of_data_has_a_state_of_its_own(desk: Desk) -> None:
    async with ScriptedServer(confirm) as server:
        desk.open(server.url, AAPL, channels=(Channel.TRADES, Channel.DEPTH))
        await until(lambda: desk.row(AAPL).confirmed)
        assert desk.control.channel_state(MSFT, Channel.DEPTH) is None  # nobody uses it
        assert desk.control.channel_state(AAPL, Channel.QUOTES) is None  # this feed has none
        state = desk.control.channel_state(AAPL, Channel.DEPTH)
        assert state is not None
        assert state.phase is TopicPhase.UNWANTED
        desk.control.acquire(AAPL, [Channel.DEPTH])
        await until(lambda: phase(desk) is TopicPhase.CONFIRMED)
        desk.control.release(AAPL, [Channel.DEPTH])
        assert phase(desk) is TopicPhase.UNWANTED
        assert desk.row(AAPL).confirmed
        assert await desk.control.stop() == []


def phase(desk: Desk) -> TopicPhase:
    state = desk.control.channel_state(AAPL, Channel.DEPTH)
    assert state is not None
    return state.phase


async def test_an_index_is_asked_as_a_share_where_the_feed_knows_no_values(desk: Desk) -> None:
    async with ScriptedServer(confirm) as server:
        desk.open(server.url, NIFTY)
        await until(lambda: desk.row(NIFTY).confirmed)
        assert server.peers[0].received[1:] == ["sub T.NIFTY_50"]
        assert await desk.control.stop() == []


async def test_an_index_is_asked_for_its_value_where_there_is_one(desk: Desk) -> None:
    async with ScriptedServer(confirm) as server:
        desk.open(server.url, NIFTY, channels=(Channel.TRADES, Channel.VALUE))
        await until(lambda: desk.row(NIFTY).confirmed)
        assert server.peers[0].received[1:] == ["sub V.NIFTY_50"]
        assert await desk.control.stop() == []
