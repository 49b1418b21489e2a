"""Kite's tokens from the loaded list: rows without a key get one while the feed runs, and segments never mix."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest_asyncio
from fake_time import until
from integration.kind_servers import kind_server
from integration.program_feed import keep_feeds
from kind_sides import ACCESS_TOKEN, API_KEY
from kite_vendor import KiteVendor, kite_vendor, share
from program_rig import bid_and_ask, keep_lists, program, rows_of

from marketwatch.app.core import Core, Runtime
from marketwatch.app.instrument_lists import InstrumentLists
from marketwatch.app.sessions import Sessions
from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.domain.watchlist import entry_to_text
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.instruments.masters.store import MasterStore
from marketwatch.protocols.kite.requests import MODE_OF_CHANNEL
from marketwatch.storage.profile import Profile

KITE = FeedId("kite")
RELIANCE, NAMESAKE, GOLD, BANKEX, GONE = (
    InstrumentId.parse(text)
    for text in ("NSE:EQ:RELIANCE", "BSE:EQ:NAMESAKE", "MCX:FUT:GOLD40DECFUT", "BSE:IDX:BANKEX", "NFO:FUT:OLD15DECFUT")
)
HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
ROWS = (
    "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0,,,0.05,1,EQ,NSE,NSE",
    "738564,2885,NAMESAKE,ANOTHER COMPANY,0,,,0.05,1,EQ,BSE,BSE",
    "738567,2885,GOLD40DECFUT,GOLD,0,2040-12-31,,1,1,FUT,MCX-FUT,MCX",
    "274441,1072,BANKEX,BSE BANKEX,0,,,0,0,EQ,INDICES,BSE",
    "5720322,22345,OLD15DECFUT,OLD,0,2015-12-31,,0.05,75,FUT,NFO-FUT,NFO",
)
NOW_S = int(time.time())


def what_the_ticker_knows() -> list[MarketEvent]:
    return [
        *share("738561", 1365.5, NOW_S),
        *share("738564", 12.25, NOW_S),
        *share("738567", 96_500.0, NOW_S),
        DayStatistics(key="274441", prev_close=60_000.0, day_open=60_100.0, day_high=60_900.0, day_low=59_900.0),
        PriceValue(key="274441", stamp=NOW_S, value=60_500.25),
    ]


def dump(folder: Path, *rows: str) -> Path:
    path = folder / "instruments.csv"
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


class Desk:
    def __init__(self, folder: Path) -> None:
        self.core = Core(Runtime())
        self.sessions = Sessions(self.core)
        self.lists = InstrumentLists(self.core, folder / "masters")
        self.lists.changed.append(lambda: self.core.feeds.keys_changed(KITE))

    async def open(self, vendor: KiteVendor, *rows: InstrumentId) -> None:
        for row in rows:
            self.core.feeds.acquire(row)
        key = Secret(f"{API_KEY}:{ACCESS_TOKEN}")
        config = FeedConfig(id=KITE, kind="kite", name="Kite", variant=OWN_ADDRESS, own_address=vendor.url)
        assert await self.sessions.open_configured([config], lambda feed_id: lambda: key) is not None
        self.core.start()
        await until(lambda: self.core.feeds.supervisor(KITE).status().state is FeedState.LIVE)

    def key(self, row: InstrumentId) -> str | None:
        subscription = self.core.feeds.subscription(row)
        assert subscription is not None
        return subscription.key if subscription.feed_id == KITE else None

    def price(self, row: InstrumentId) -> float | None:
        snapshot = self.core.hub.snapshot(row)
        return None if snapshot is None else snapshot.shown_price


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    await made.sessions.close()
    await made.core.stop()
    assert await made.core.runtime.stop() == []
    assert made.core.runtime.failures.counts == {}


async def test_a_loaded_list_gives_waiting_rows_their_tokens(desk: Desk, tmp_path: Path) -> None:
    async with kite_vendor(time.time_ns, what_the_ticker_knows()) as vendor:
        vendor.let_in(API_KEY, ACCESS_TOKEN)
        await desk.open(vendor, RELIANCE, NAMESAKE, GOLD, BANKEX, GONE)
        await until(lambda: desk.price(RELIANCE) == 1365.5)
        before = desk.core.hub.snapshot(RELIANCE)
        assert [desk.key(row) for row in (NAMESAKE, GOLD, BANKEX, GONE)] == [None] * 4

        await desk.lists.load(dump(tmp_path, *ROWS))
        await until(lambda: None not in (desk.price(NAMESAKE), desk.price(GOLD), desk.price(BANKEX)))
        assert [desk.price(row) for row in (RELIANCE, NAMESAKE, GOLD)] == [1365.5, 12.25, 96_500.0]
        assert desk.price(BANKEX) == 60_500.25
        assert [desk.key(row) for row in (NAMESAKE, GOLD, BANKEX, GONE)] == ["738564", "738567", "274441", None]
        assert desk.core.hub.snapshot(RELIANCE) is before
        assert vendor.upgrades == 1

        await desk.lists.load(dump(tmp_path, *ROWS[:2], ROWS[2].replace("738567,2885", "768007,3000"), *ROWS[3:]))
        await until(lambda: desk.key(GOLD) == "768007")
        await until(lambda: '{"a":"unsubscribe","v":[738567]}' in vendor.requests)
        assert (desk.key(RELIANCE), desk.price(NAMESAKE)) == ("738561", 12.25)


async def test_the_program_joins_feed_and_stored_list(tmp_path: Path) -> None:
    renamed = "779521,3045,STATEBANK,STATE BANK,0,,,0.05,1,EQ,NSE,NSE"
    store = MasterStore(Profile.locate(tmp_path / "profile").state / "masters")
    store.replace(
        load_kite([f"{HEADER}\n{renamed}\n".encode()]), label="Kite", origin="dump.csv", now_ns=time.time_ns()
    )
    entry = entry_to_text(InstrumentId.parse("NSE:EQ:STATEBANK"))
    await keep_lists(tmp_path, msgspec.structs.replace(bid_and_ask("My list"), entries=(entry,)))
    async with kind_server(FeedKind.KITE) as server:
        config = FeedConfig(id=KITE, kind="kite", name="Kite", variant=OWN_ADDRESS, own_address=server.url)
        await keep_feeds(tmp_path, config)
        keys = {"KITE_API_KEY": API_KEY, "KITE_ACCESS_TOKEN": ACCESS_TOKEN}
        async with program(tmp_path, "--size", "1600x1000", environment=keys) as running:
            await running.ready()
            report = await running.report_when(lambda report: rows_of(report)["STATEBANK"]["Last"] == "807.75")
            assert report["feeds"][0]["state"] == "live"
            ended = await running.quit()
        assert server.count == 1
    assert (ended.code, ended.report["failures"]) == (0, {})
    assert ACCESS_TOKEN not in ended.out + ended.err


def test_every_channel_of_kite_has_a_mode() -> None:
    assert set(CATALOG[FeedKind.KITE].channels) == set(MODE_OF_CHANNEL)
