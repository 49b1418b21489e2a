"""The feeds of the settings while they run: a change takes effect at once, and no row is lost by it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
import pytest_asyncio
from data_provider_rig import BARS, DAYS, ServedOverSockets, bar_server
from fake_time import until
from integration.massive_scripts import status
from integration.program_feed import IN_A_SESSION_MS, Feed, ticks
from integration.scripted_server import Peer

from marketwatch.app.configured_feeds import ready_feeds, what_is_missing
from marketwatch.app.core import Core, Runtime
from marketwatch.app.market_view import MarketView
from marketwatch.app.sessions import Sessions
from marketwatch.domain.feed_config import OWN_ADDRESS, BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.status import FeedState
from marketwatch.services.feed_route import FeedNature

AAPL, SBIN = InstrumentId.parse("XNAS:EQ:AAPL"), InstrumentId.parse("NSE:EQ:SBIN")
ONE, TWO = FeedId("massive"), FeedId("massive-2")


class Keys:
    """What the settings know of keys."""

    def __init__(self) -> None:
        self.held: dict[FeedId, Secret] = {}

    def __call__(self, feed_id: FeedId) -> Callable[[], Secret | None]:
        return lambda: self.held.get(feed_id)


class Desk:
    def __init__(self) -> None:
        self.core = Core(Runtime())
        self.sessions = Sessions(self.core)
        self.keys = Keys()
        self.keys.held[ONE] = self.keys.held[TWO] = Secret("one")
        self.core.feeds.acquire(AAPL)
        self.core.feeds.acquire(SBIN)

    async def apply(self, *feeds: FeedConfig) -> bool:
        return await self.sessions.open_configured(feeds, self.keys) is not None

    def served_by(self, instrument_id: InstrumentId = AAPL) -> FeedId | None:
        row = self.core.feeds.subscription(instrument_id)
        assert row is not None
        return row.feed_id

    async def shows_price(self) -> None:
        await until(lambda: (s := self.core.hub.snapshot(AAPL)) is not None and s.last_price == 190.55)

    async def is_live(self, feed_id: FeedId) -> None:
        await until(lambda: self.core.feeds.supervisor(feed_id).status().state is FeedState.LIVE)


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    made.core.start()
    yield made
    await made.sessions.close()
    assert made.core.feeds.statuses() == []
    await made.core.stop()
    assert await made.core.runtime.stop() == []
    assert made.core.runtime.failures.counts == {}


@asynccontextmanager
async def server(keys: list[str] | None = None) -> AsyncIterator[Feed]:
    """Serve AAPL to everybody, and note the keys."""

    async def serve(peer: Peer) -> None:
        await peer.accept()
        peer.send(status("connected", "Connected Successfully"))
        said = await peer.receive()
        if keys is not None:
            keys.append(said.split('"')[-2])
        peer.send(status("auth_success", "authenticated"))
        await peer.receive()
        peer.send(ticks(IN_A_SESSION_MS))
        await peer.hold()

    async with Feed(serve) as running:
        yield running


def massive(url: str, feed_id: FeedId = ONE, name: str = "Mine") -> FeedConfig:
    return FeedConfig(id=feed_id, kind="massive", name=name, variant=OWN_ADDRESS, own_address=url)


async def test_a_new_address_keeps_the_row_and_its_figures(desk: Desk) -> None:
    async with server() as old, server() as new:
        assert await desk.apply(massive(old.url))
        await desk.shows_price()
        before = desk.core.hub.snapshot(AAPL)
        assert await desk.apply(massive(new.url, name="Other"))
        assert desk.core.hub.snapshot(AAPL) is before
        await until(lambda: new.streams == 1)
        await desk.is_live(ONE)
        assert desk.core.hub.facts(ONE).label == desk.core.feeds.statuses()[0].label == "Other"
        assert before is not None
        assert before.last_price == 190.55


async def test_the_vendors_delayed_address_changes_the_nature_at_once(desk: Desk) -> None:
    async with server() as own:
        config = massive(own.url)
        assert await desk.apply(config)
        assert desk.core.hub.facts(ONE).nature is FeedNature.LIVE
        desk.core.feeds.supervisor(ONE)._is_running = False  # nothing goes to the vendor from a test
        assert await desk.apply(msgspec.structs.replace(config, variant="delayed"))
        facts = desk.core.hub.facts(ONE)
        assert (facts.nature, facts.delay_s) == (FeedNature.DELAYED, 900.0)
        assert desk.core.feeds.statuses()[0].delay_s == 900.0


async def test_a_new_key_connects_again_and_the_same_one_does_not(desk: Desk) -> None:
    said: list[str] = []
    async with server(said) as own:
        await desk.apply(massive(own.url))
        await desk.shows_price()
        await desk.apply(massive(own.url))
        desk.keys.held[ONE] = Secret("another")
        await desk.apply(massive(own.url))
        await until(lambda: said == ["one", "another"])
        await desk.is_live(ONE)
        assert desk.served_by() == ONE


async def test_a_new_name_costs_no_connection(desk: Desk) -> None:
    async with server() as own:
        await desk.apply(massive(own.url))
        await desk.shows_price()
        await desk.apply(massive(own.url, name="Ours"))
        assert (desk.core.hub.facts(ONE).label, desk.core.feeds.statuses()[0].label) == ("Ours", "Ours")
        assert own.streams == 1


@pytest.mark.parametrize(
    "change", [{"reconnect": ReconnectPolicy.FIVE_ATTEMPTS}, {"channels": ("T",)}, {"channels": ("T", "Q", "AM")}]
)
async def test_another_policy_or_channel_keeps_connection_row_and_figures(
    desk: Desk, change: dict[str, object]
) -> None:
    async with server() as own:
        await desk.apply(massive(own.url))
        await desk.shows_price()
        before = desk.core.hub.snapshot(AAPL)
        await desk.apply(msgspec.structs.replace(massive(own.url, name="Ours"), **change))
        assert desk.core.hub.snapshot(AAPL) is before
        supervisor = desk.core.feeds.supervisor(ONE)
        wanted = {topic.channel.value for topic in supervisor.difference().wanted}
        assert wanted == set(change.get("channels", ("T", "Q")))  # type: ignore[call-overload]
        assert supervisor.status().label == "Ours"
        assert own.streams == 1


def asked_for(server: ServedOverSockets, resolution: str) -> list[tuple[bool, int]]:
    """Return whether each request forbade a download, and its limit."""
    asked = [json.loads(message[2:])[1] for message in server.asked]
    return [(one["local_only"], one["limit"]) for one in asked if one["resolution"] == resolution]


async def test_bars_asked_for_otherwise_keep_the_row_and_its_figures(desk: Desk) -> None:
    found = {**BARS, ("AAPL", "1d"): DAYS, ("SBIN", "1d"): DAYS, ("SBIN.NS", "1d"): DAYS}
    async with bar_server(lambda ticker, resolution: found.get((ticker, resolution))) as own:
        config = FeedConfig(id=ONE, kind="data-provider", name="Bars", variant=OWN_ADDRESS, own_address=own.url)
        assert await desk.apply(config)
        await until(lambda: (s := desk.core.hub.snapshot(AAPL)) is not None and s.last_price == 468.8)
        await until(lambda: len(asked_for(own, "1m")) == 2)
        assert asked_for(own, "1d") == [(True, 5)]  # one batch
        assert asked_for(own, "1m") == [(True, 1_440)] * 2
        before = desk.core.hub.snapshot(AAPL)
        assert await desk.apply(msgspec.structs.replace(config, bars=BarOptions(local_only=False, minutes=60)))
        assert desk.core.hub.snapshot(AAPL) is before
        assert before is not None
        assert before.last_price == 468.8
        await until(lambda: len(asked_for(own, "1m")) == 4)
        assert asked_for(own, "1d")[1:] == [(False, 5)]
        assert asked_for(own, "1m")[2:] == [(False, 60)] * 2
        await desk.is_live(ONE)
        assert (desk.served_by(), own.count) == (ONE, 2)
        assert desk.core.feeds.supervisor(ONE).status().batch_progress.startswith("2 of 2, ")


async def test_days_take_effect_at_once_and_no_figure_of_other_days_stays(desk: Desk) -> None:
    found = {("AAPL", "1d"): DAYS, ("AAPL", "1m"): ()}
    async with bar_server(lambda ticker, resolution: found.get((ticker, resolution))) as own:
        config = FeedConfig(id=ONE, kind="data-provider", name="Bars", variant=OWN_ADDRESS, own_address=own.url)

        async def shows(price: float | None, last: dt.date | None, state: str = "") -> None:
            assert await desk.apply(msgspec.structs.replace(config, bars=BarOptions(last=last)))
            await until(lambda: (s := desk.core.hub.snapshot(AAPL)) is not None and s.last_price == price)
            view = MarketView(desk.core, lambda: (ONE,))
            await until(lambda: bool(view.refresh_statuses()) and view.row_state(AAPL).word.startswith(state))
            assert ("HIST" in view.row_state(AAPL).tags) is state.startswith("history")

        await shows(468.8, None)
        await shows(472.7, dt.date(2024, 1, 2), "history to 2 Jan 2024")
        assert desk.core.hub.facts(ONE).history_to == dt.date(2024, 1, 2)
        await shows(None, dt.date(2023, 12, 29), "no bars")
        await shows(468.8, dt.date(2024, 1, 31), "history to 3 Jan 2024")
        await shows(468.8, None)
        assert desk.core.hub.facts(ONE).history_to is None
        limits = [asked[1] for asked in asked_for(own, "1d")]
        assert (limits[0], limits[-1]) == (5, 5)
        assert min(limits[1:-1]) > 365


async def test_the_first_feed_that_has_an_instrument_serves_it(desk: Desk) -> None:
    async with server() as one, server() as two:
        first, second = massive(one.url), massive(two.url, TWO, "Second")
        await desk.apply(first, second)
        assert (desk.served_by(), desk.served_by(SBIN), desk.sessions.feed_ids) == (ONE, None, (ONE, TWO))
        await desk.shows_price()
        await desk.apply(second, first)
        assert desk.sessions.feed_ids == (TWO, ONE)
        shown = desk.core.hub.snapshot(AAPL)
        assert shown is not None
        assert shown.last_price == 190.55  # until the other feed has figures, those of the first stay
        await until(lambda: desk.served_by() == TWO)
        await desk.shows_price()
        await desk.apply(msgspec.structs.replace(second, enabled=False), first)
        assert (desk.served_by(), desk.sessions.feed_ids) == (ONE, (ONE,))
        assert desk.sessions.view is not None
        assert desk.sessions.view.feed_id == ONE


async def test_without_a_ready_feed_nothing_changes(desk: Desk) -> None:
    assert not await desk.apply()
    assert not await desk.apply(massive(""), massive("wss://feed.example/stocks", FeedId("keyless")))
    assert (desk.sessions.view, desk.sessions.is_configured, desk.sessions.feed_ids) == (None, False, ())


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        (massive(""), "it has no address yet"),
        (massive("wss://feed.example/stocks", FeedId("keyless")), "it has no key yet"),
        (FeedConfig(id=FeedId("x"), kind="carrier-pigeon", name="X"), "no feed of the kind"),
        (massive("ws://127.0.0.1:9/", FeedId("keyless")), None),
        (FeedConfig(id=FeedId("odin"), kind="odin", name="Odin", variant="local"), None),
        (FeedConfig(id=ONE, kind="massive", name="Massive", variant="delayed"), None),
    ],
)
def test_what_a_feed_lacks_is_said(config: FeedConfig, cause: str | None) -> None:
    keys = Keys()
    keys.held[ONE] = Secret("one")
    missing = what_is_missing(config, keys)
    assert (missing is None) == (cause is None)
    assert missing is None or (cause or "") in missing.cause
    assert ready_feeds([config], keys) == (() if cause else (config,))
    assert ready_feeds([msgspec.structs.replace(config, enabled=False)], keys) == ()
