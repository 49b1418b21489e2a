from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest_asyncio
from fake_time import settle, until
from integration.scripted_server import Peer, ScriptedServer
from supervisor_rig import Rig
from tiny_protocol import tiny_spec

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.feeds.catalog import FeedAddress, FeedLimits
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel
from marketwatch.services.feed_control import FeedControl
from marketwatch.services.feed_rows import Fall, RowFeeds

AAPL, MSFT, TCS = (InstrumentId.parse(text) for text in ("XNAS:EQ:AAPL", "XNAS:EQ:MSFT", "NSE:EQ:TCS"))
FIRST, SECOND = FeedId("first"), FeedId("second")


class Names:
    """The first feed knows American instruments, the second all of them under a number."""

    def __init__(self) -> None:
        self.more: dict[tuple[FeedId, InstrumentId], str] = {}

    def feed_key(self, feed_id: FeedId, instrument_id: InstrumentId) -> str | None:
        if (feed_id, instrument_id) in self.more:
            return self.more[feed_id, instrument_id]
        if feed_id == FIRST:
            return instrument_id.symbol if instrument_id.venue == "XNAS" else None
        return f"#{instrument_id.symbol}"


class Desk:
    """A control with ears."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.published: list[tuple[FeedId, MarketEvent]] = []
        self.assigned: list[tuple[InstrumentId, FeedId | None, str]] = []
        self.warm: list[tuple[InstrumentId, FeedId | None, str]] = []
        self.rows: list[InstrumentId] = []
        self.control = FeedControl(
            rig.surroundings,
            Names(),
            self.publish,
            on_assigned=lambda *what: self.assigned.append(what),
            on_warm=lambda *what: self.warm.append(what),
            on_row=self.rows.append,
            on_status=rig.statuses.append,
        )

    def publish(self, feed_id: FeedId, events: Sequence[MarketEvent]) -> None:
        self.published.extend((feed_id, event) for event in events)

    def add(self, feed_id: FeedId, url: str, limits: FeedLimits | None = None) -> None:
        settings = FeedSettings(feed_id=feed_id, label=feed_id, spec=tiny_spec(limits), address=FeedAddress(url))
        self.control.add_feed(settings, lambda: self.rig.key, session_open=lambda now_ns: True)


async def serve(peer: Peer) -> None:
    await peer.welcome()
    while True:
        word, topic = (await peer.receive()).split(" ")
        peer.send(f"ok {topic}" if word == "sub" else f"gone {topic}")


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    rig = Rig()
    made = Desk(rig)
    yield made
    assert await made.control.stop() == []
    await rig.end()


def sent(server: ScriptedServer) -> list[str]:
    return server.peers[-1].received[1:] if server.peers else []


async def test_a_row_goes_from_asked_to_confirmed_to_its_first_event(desk: Desk) -> None:
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.acquire(AAPL)
        row = desk.control.subscription(AAPL)
        assert row is not None
        assert (row.feed_id, row.key, row.confirmed, row.first_event) == (FIRST, "AAPL", False, False)
        assert row.asked_ns == desk.rig.time.now_ns()
        assert desk.assigned == [(AAPL, FIRST, "AAPL")]

        desk.control.start()
        await until(lambda: desk.control.subscription(AAPL).confirmed)  # type: ignore[union-attr]
        server.peers[0].send("t MSFT 1", "t AAPL 2", "t AAPL 3")
        await until(lambda: len(desk.published) == 3)
        row = desk.control.subscription(AAPL)
        assert row is not None
        assert row.first_event
        assert desk.rows == [AAPL, AAPL]
        assert await desk.control.stop() == []


async def test_users_are_counted_and_the_last_one_ends_the_subscription(desk: Desk) -> None:
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        desk.control.acquire(AAPL)
        await until(lambda: sent(server) == ["sub T.AAPL"])
        desk.control.acquire(AAPL, [Channel.QUOTES])
        await until(lambda: sent(server)[1:] == ["sub Q.AAPL"])
        desk.control.release(AAPL, [Channel.QUOTES])
        await until(lambda: sent(server)[2:] == ["unsub Q.AAPL"])
        desk.control.release(AAPL)
        await settle()
        assert desk.control.subscription(AAPL) is not None
        desk.control.release(AAPL)
        await until(lambda: sent(server)[3:] == ["unsub T.AAPL"])
        assert desk.control.subscription(AAPL) is None
        assert desk.assigned[-1] == (AAPL, None, "")
        desk.control.release(AAPL)
        assert await desk.control.stop() == []


async def test_an_instrument_no_feed_has_waits_for_one_that_has_it(desk: Desk) -> None:
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.start()
        desk.control.acquire(TCS)
        row = desk.control.subscription(TCS)
        assert row is not None
        assert row.feed_id is None

        desk.add(SECOND, server.url)
        assert desk.assigned == [(TCS, SECOND, "#TCS")]
        await until(lambda: desk.control.subscription(TCS).confirmed)  # type: ignore[union-attr]
        assert await desk.control.stop() == []


async def test_removing_a_feed_hands_its_instruments_to_the_next(desk: Desk) -> None:
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        desk.add(FIRST, first.url)
        desk.add(SECOND, second.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        await until(lambda: desk.control.subscription(AAPL).confirmed)  # type: ignore[union-attr]
        await desk.control.remove_feed(FIRST)
        await until(lambda: sent(second) == ["sub T.#AAPL"])
        assert desk.assigned == [(AAPL, FIRST, "AAPL"), (AAPL, SECOND, "#AAPL")]
        assert [status.feed_id for status in desk.control.statuses()] == [SECOND]
        assert await desk.control.stop() == []


async def test_refusals_and_limits_are_told_per_row(desk: Desk) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.welcome()
        await peer.receive()
        peer.send("no T.AAPL not in your plan")
        await peer.hold()

    async with ScriptedServer(refuse) as server:
        desk.add(FIRST, server.url, FeedLimits(topics=1))
        desk.control.acquire(AAPL)
        desk.control.acquire(MSFT)
        desk.control.start()
        await until(lambda: desk.rows == [AAPL])
        refused, waiting = desk.control.subscription(AAPL), desk.control.subscription(MSFT)
        assert refused is not None
        assert waiting is not None
        assert refused.refused_reason == "not in your plan"
        assert (waiting.over_limit, waiting.refused_reason) == (True, None)
        assert await desk.control.stop() == []


async def test_a_failing_consumer_is_reported_and_the_feed_lives(desk: Desk) -> None:
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.acquire(AAPL)
        desk.control.start()
        await until(lambda: sent(server) == ["sub T.AAPL"])
        desk.control._publish = lambda feed_id, events: 1 / 0  # type: ignore[assignment]
        server.peers[0].send("t AAPL 1")
        await until(lambda: bool(desk.rig.failures))
        assert desk.control.statuses()[0].state is FeedState.LIVE
        assert await desk.control.stop() == []


async def test_p19_all_connections_are_replaced_together(desk: Desk) -> None:
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        desk.add(FIRST, first.url)
        desk.add(SECOND, second.url)
        desk.control.acquire(AAPL)
        desk.control.start()
        await until(lambda: all(status.state is FeedState.LIVE for status in desk.control.statuses()))
        desk.control.reconnect_all()
        await until(lambda: first.count == second.count == 2)
        await until(lambda: desk.control.subscription(AAPL).confirmed)  # type: ignore[union-attr]
        desk.control.replace(FIRST, FeedAddress(second.url))
        await until(lambda: second.count == 3)
        assert await desk.control.stop() == []


async def test_a_row_goes_to_the_first_feed_in_the_order_that_has_it(desk: Desk) -> None:
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        desk.add(SECOND, second.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        desk.control.acquire(TCS)
        desk.add(FIRST, first.url)
        await until(lambda: sent(second) == ["sub T.#AAPL", "sub T.#TCS"])
        desk.control.set_order([FIRST, SECOND])
        assert desk.assigned[2:] == [(AAPL, FIRST, "AAPL")]
        await until(lambda: sent(first) == ["sub T.AAPL"] and sent(second)[2:] == ["unsub T.#AAPL"])
        assert [status.feed_id for status in desk.control.statuses()] == [FIRST, SECOND]
        desk.control.set_order([FIRST, SECOND])
        assert len(desk.assigned) == 3


async def test_another_name_channel_or_reconnect_rule_keeps_the_connection(desk: Desk) -> None:
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        desk.control.acquire(MSFT, [Channel.QUOTES])
        await until(lambda: sent(server) == ["sub T.AAPL", "sub Q.MSFT"])
        spec = msgspec.structs.replace(tiny_spec(), default_channels=(Channel.QUOTES,))
        changed = FeedSettings(feed_id=FIRST, label="The good one", spec=spec, address=FeedAddress(server.url))
        desk.control.reform(changed)
        await until(lambda: sorted(sent(server)[2:]) == ["sub Q.AAPL", "unsub T.AAPL"])
        assert (desk.control.statuses()[0].label, desk.rig.statuses[-1].label) == ("The good one", "The good one")
        assert len(server.peers) == 1
        assert desk.assigned == [(AAPL, FIRST, "AAPL"), (MSFT, FIRST, "MSFT")]
        desk.control.release(AAPL)
        await until(lambda: sent(server)[-1] == "unsub Q.AAPL")


async def test_new_reconnect_rules_begin_again_where_the_old_ones_had_given_up(desk: Desk) -> None:
    async with ScriptedServer(serve) as server:
        limits = FeedLimits(reconnect=ReconnectRules(attempts=1))
        desk.add(FIRST, "ws://127.0.0.1:9/", limits)
        desk.control.start()
        await until(lambda: desk.control.state(FIRST)[0] is FeedState.REFUSED)
        desk.control.replace(FIRST, FeedAddress(server.url))
        await until(lambda: desk.control.state(FIRST)[0] is FeedState.LIVE)
        desk.control.replace(FIRST, FeedAddress("ws://127.0.0.1:9/"))
        await until(lambda: desk.control.state(FIRST)[0] is FeedState.REFUSED)
        settings = FeedSettings(feed_id=FIRST, label=FIRST, spec=tiny_spec(), address=FeedAddress(server.url))
        desk.control.reform(settings)
        await until(lambda: desk.control.state(FIRST)[0] is FeedState.BACKING_OFF)
        assert desk.control.state(FeedId("nobody")) == (FeedState.IDLE, "")


async def test_figures_stay_until_the_other_feed_of_a_new_order_has_some(desk: Desk) -> None:
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        desk.add(SECOND, second.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        await until(lambda: sent(second) == ["sub T.#AAPL"])
        second.peers[0].send("t #AAPL 5")
        await until(lambda: len(desk.published) == 1)
        desk.add(FIRST, first.url)
        desk.control.set_order([FIRST, SECOND])
        await until(lambda: sent(first) == ["sub T.AAPL"])
        assert (desk.assigned, desk.warm) == ([(AAPL, SECOND, "#AAPL")], [(AAPL, FIRST, "AAPL")])
        passing = Fall(FIRST, None, "it goes to first with the first price from there", is_passing=True)
        assert desk.control.detour(AAPL) == passing
        first.peers[0].send("t AAPL 6")
        await until(lambda: desk.assigned[1:] == [(AAPL, FIRST, "AAPL")])
        assert desk.warm[1:] == [(AAPL, None, "")]
        assert desk.control.detour(AAPL) is None
        await until(lambda: sent(second)[1:] == ["unsub T.#AAPL"])


async def test_a_fall_back_is_followed_beside_the_primary_and_changes_places_with_it(desk: Desk) -> None:
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        desk.add(FIRST, first.url)
        desk.add(SECOND, second.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        desk.control.choose({AAPL: FeedChoice(fallback=SECOND)})
        await until(lambda: sent(first) == ["sub T.AAPL"] and sent(second) == ["sub T.#AAPL"])
        assert desk.control.backed_rows() == [AAPL]
        assert desk.control.row_feeds(AAPL) == RowFeeds(
            serving=FIRST, key="AAPL", second=SECOND, second_key="#AAPL", is_backed=True
        )
        desk.control.fall(AAPL, "First is gone")
        now_ns = desk.rig.time.now_ns()
        assert desk.control.detour(AAPL) == Fall(FIRST, now_ns, "First is gone")
        assert desk.assigned[1:] == [(AAPL, SECOND, "#AAPL")]
        desk.control.set_order([SECOND, FIRST])  # the second is the first now, and its own fall-back: there is none
        desk.control.set_order([FIRST, SECOND])
        assert desk.control.row_feeds(AAPL).serving == FIRST  # type: ignore[union-attr]
        desk.control.fall(AAPL, "First is gone again")
        desk.control.restore(AAPL)
        desk.control.restore(AAPL)
        assert desk.control.detour(AAPL) is None
        await desk.control.remove_feed(FIRST)
        assert desk.control.row_feeds(AAPL) == RowFeeds(serving=SECOND, key="#AAPL")
        desk.control.choose({AAPL: FeedChoice(primary=FIRST)})
        detour = desk.control.detour(AAPL)
        assert detour is not None
        assert detour.reason == "its primary feed is switched off"


async def test_comparing_follows_the_next_feed_until_nobody_looks(desk: Desk) -> None:
    async with ScriptedServer(serve) as first, ScriptedServer(serve) as second:
        desk.add(FIRST, first.url)
        desk.add(SECOND, second.url)
        desk.control.start()
        desk.control.compare(AAPL, is_on=True)
        assert not desk.control.is_compared(AAPL)
        desk.control.acquire(AAPL)
        assert desk.control.candidates(AAPL) == [FIRST, SECOND]
        desk.control.compare(AAPL, is_on=True)
        await until(lambda: sent(second) == ["sub T.#AAPL"])
        assert desk.control.backed_rows() == []
        desk.control.fall(AAPL, "never")
        assert desk.control.detour(AAPL) is None
        desk.control.release(AAPL)
        await until(lambda: sent(second)[1:] == ["unsub T.#AAPL"])
        assert not desk.control.is_compared(AAPL)
        desk.control.acquire(AAPL)
        desk.control.set_fall_back(is_on=True)
        assert desk.control.backed_rows() == [AAPL]
        desk.control.set_fall_back(is_on=False)
        assert desk.control.backed_rows() == []


async def test_keys_that_become_known_later_bring_the_row_to_the_feed(desk: Desk) -> None:
    names = Names()
    desk.control._places._resolver = names
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.start()
        desk.control.acquire(TCS)
        assert desk.control.row_feeds(TCS) is None
        names.more[FIRST, TCS] = "TCS.NS"
        desk.control.keys_changed(SECOND)
        assert desk.control.row_feeds(TCS) is None
        desk.control.keys_changed(FIRST)
        await until(lambda: sent(server) == ["sub T.TCS.NS"])
        names.more[FIRST, TCS] = "TCS2"
        desk.control.keys_changed(FIRST)
        assert desk.assigned == [(TCS, FIRST, "TCS.NS"), (TCS, FIRST, "TCS2")]
        del names.more[FIRST, TCS]
        desk.control.keys_changed(FIRST)
        assert desk.assigned[2:] == [(TCS, None, "")]


async def test_a_key_that_stood_for_another_instrument_is_given_on_when_it_is_free(desk: Desk) -> None:
    other = InstrumentId.parse("BATS:EQ:AAPL")
    names = Names()
    names.more[FIRST, other] = "AAPL"
    desk.control._places._resolver = names
    async with ScriptedServer(serve) as server:
        desk.add(FIRST, server.url)
        desk.control.start()
        desk.control.acquire(AAPL)
        desk.control.acquire(other)
        assert desk.control.row_feeds(other) is None
        desk.control.release(AAPL)
        assert desk.assigned == [(AAPL, FIRST, "AAPL"), (AAPL, None, ""), (other, FIRST, "AAPL")]
