"""Kite's 3,000 instruments per connection and three connections per key: 6,500 rows are one feed, 9,001 too many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from functools import partial
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from fake_time import settle, until
from integration.program_feed import keep_feeds
from kind_sides import ACCESS_TOKEN, API_KEY
from kite_vendor import KiteVendor, kite_vendor, share
from program_rig import bid_and_ask, keep_lists, program, rows_of, warnings_in

from marketwatch.app.core import Core, Runtime
from marketwatch.app.market_view import MarketView
from marketwatch.app.sessions import Sessions
from marketwatch.client import FeedClient
from marketwatch.domain.events import MarketEvent
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.domain.watchlist import entry_to_text
from marketwatch.feeds import turnstile
from marketwatch.feeds.status import FeedState, FeedStatus

KITE = FeedId("kite")
ROOM = 3_000
NOW_S = int(time.time())


def token(number: int) -> int:
    """Return the instrument token of the share with this number at the NSE."""
    return number << 8 | 1


def row(number: int) -> InstrumentId:
    return InstrumentId.parse(f"NSE:EQ:#{number}")


def rows(numbers: Iterable[int]) -> list[InstrumentId]:
    return [row(number) for number in numbers]


def tokens(numbers: Iterable[int]) -> set[int]:
    return {token(number) for number in numbers}


def shares(count: int) -> list[MarketEvent]:
    """Return what a ticker knows of so many shares: each costs its own number."""
    return [event for number in range(1, count + 1) for event in share(str(token(number)), float(number), NOW_S)]


class Desk:
    """The core of the program with one Kite feed, and what the screen reads of it."""

    def __init__(self) -> None:
        self.core = Core(Runtime())
        self.sessions = Sessions(self.core)
        self.view = MarketView(self.core, lambda: (KITE,))
        self.statuses: list[FeedStatus] = []
        self.core.status_changed.append(self.statuses.append)

    async def open(self, vendor: KiteVendor, wanted: list[InstrumentId]) -> None:
        for one in wanted:
            self.core.feeds.acquire(one)
        key = Secret(f"{API_KEY}:{ACCESS_TOKEN}")
        config = FeedConfig(id=KITE, kind="kite", name="Kite", variant=OWN_ADDRESS, own_address=vendor.url)
        assert await self.sessions.open_configured([config], lambda feed_id: lambda: key) is not None
        self.core.start()

    @property
    def status(self) -> FeedStatus:
        return self.core.feeds.supervisor(KITE).status()

    def states(self) -> list[FeedState]:
        return [part.state for part in self.status.parts]

    def price(self, number: int) -> float | None:
        snapshot = self.core.hub.snapshot(row(number))
        return None if snapshot is None else snapshot.shown_price

    def is_stale(self, number: int) -> bool:
        """Tell whether a row says that its feed does not deliver, whatever else there is to say at this time of day."""
        return "Stale" in self.word(number)[1]

    def word(self, number: int) -> tuple[str, str]:
        self.view.refresh_statuses()
        state = self.view.row_state(row(number))
        return state.word, state.explanation


@pytest_asyncio.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(turnstile, "PAUSE_S", 0.05)
    made = Desk()
    yield made
    await made.sessions.close()
    await made.core.stop()
    assert await made.core.runtime.stop() == []
    assert made.core.runtime.failures.counts == {}


until_later = partial(until, limit_s=30.0)


async def filled(desk: Desk, vendor: KiteVendor, count: int, wanted: int) -> None:
    """Open so many rows, and wait until each has its price and all is confirmed."""
    vendor.let_in(API_KEY, ACCESS_TOKEN)
    await desk.open(vendor, rows(range(1, count + 1)))
    await until_later(lambda: desk.status.subscriptions == wanted * 2)
    assert [desk.price(number) for number in range(1, wanted + 1)] == [float(number) for number in range(1, wanted + 1)]


async def test_6500_rows_are_one_feed_on_three_connections(desk: Desk) -> None:
    async with kite_vendor(time.time_ns, shares(6_500)) as vendor:
        await filled(desk, vendor, 6_500, 6_500)
        assert [set(ticker.tokens) for ticker in vendor.tickers] == [
            tokens(range(1, 3_001)),
            tokens(range(3_001, 6_001)),
            tokens(range(6_001, 6_501)),
        ]
        status = desk.status
        assert (status.state, status.connections, status.connections_allowed) == (FeedState.LIVE, 3, 3)
        assert (status.wanted, status.subscriptions, status.topics_over_limit) == (13_000, 13_000, 0)
        assert (status.instruments, status.instruments_allowed) == (6_500, 9_000)
        assert [part.instruments for part in status.parts] == [3_000, 3_000, 500]
        assert desk.core.feeds.feed_ids == (KITE,)
        desk.view.refresh_statuses()
        assert desk.view.limit_used([row(1)]).text == "6,500 of 9,000 instruments, Kite"
        assert desk.view.limit_after_adding(row(7_000)) == "then 6,501 of 9,000 instruments on Kite"
        assert {one.feed_id for one in desk.statuses} == {KITE}


async def test_one_connection_that_breaks_leaves_the_rows_of_the_others_alone(desk: Desk) -> None:
    async with kite_vendor(time.time_ns, shares(6_500)) as vendor:
        await filled(desk, vendor, 6_500, 6_500)
        vendor.tickers[1].cut()
        await until(lambda: desk.status.state is FeedState.BACKING_OFF)
        assert desk.states() == [FeedState.LIVE, FeedState.BACKING_OFF, FeedState.LIVE]
        stale = [number for number in (1, 3_000, 3_001, 6_000, 6_001, 6_500) if desk.is_stale(number)]
        assert stale == [3_001, 6_000]
        assert "the feed is disconnected: the connection broke" in desk.word(3_001)[1]
        assert desk.status.reason == "connection 2 of 3: the connection broke"
        assert desk.core.feeds.state(KITE, 1) == (FeedState.LIVE, "")
        assert desk.core.feeds.state(KITE, 2) == (FeedState.BACKING_OFF, "the connection broke")
        await vendor.trade(9_999.0, token(1), token(3_001), token(6_001))
        await until(lambda: (desk.price(1), desk.price(6_001)) == (9_999.0, 9_999.0))
        assert desk.price(3_001) == 3_001.0

        desk.core.feeds.retry_now()
        await until_later(lambda: desk.status.subscriptions == 13_000)
        assert vendor.upgrades == 4
        assert set(vendor.tickers[3].tokens) == tokens(range(3_001, 6_001))
        assert [len(vendor.tickers[number].tokens) for number in (0, 2)] == [3_000, 500]
        assert desk.price(3_001) == 9_999.0
        assert desk.states() == [FeedState.LIVE] * 3


async def test_a_token_that_died_is_told_once_and_nobody_tries_it_again(desk: Desk) -> None:
    async with kite_vendor(time.time_ns, shares(6_500)) as vendor:
        await filled(desk, vendor, 6_500, 6_500)
        vendor.end_sessions()
        vendor.tickers[1].cut()
        await until(lambda: desk.states()[1] is FeedState.BACKING_OFF)
        desk.core.feeds.retry_now()
        await until(lambda: desk.status.state is FeedState.SIGNED_OUT)
        assert vendor.upgrades == 4
        assert desk.states() == [FeedState.LIVE, FeedState.SIGNED_OUT, FeedState.LIVE]
        assert [number for number in (1, 3_001, 6_001) if desk.is_stale(number)] == [3_001]

        await vendor.cut()  # Kite ends the others too, as it does each morning
        await until(lambda: desk.states() == [FeedState.SIGNED_OUT] * 3)
        await asyncio.sleep(0.05)
        assert vendor.upgrades == 4
        told = [one.state for one in desk.statuses]
        assert set(told[told.index(FeedState.SIGNED_OUT) :]) == {FeedState.SIGNED_OUT}  # so there is one prompt

        vendor.let_in(API_KEY, ACCESS_TOKEN)
        desk.core.feeds.credentials_changed(KITE)
        await until_later(lambda: desk.status.subscriptions == 13_000)
        assert (vendor.upgrades, desk.status.state) == (7, FeedState.LIVE)


async def test_4000_rows_less_move_nobody_and_free_room_for_others(desk: Desk) -> None:
    async with kite_vendor(time.time_ns, shares(6_500)) as vendor:
        await filled(desk, vendor, 6_500, 6_500)
        before = [len(ticker.requests) for ticker in vendor.tickers]
        for one in rows(range(2_001, 6_001)):
            desk.core.feeds.release(one)
        await until_later(lambda: [len(ticker.tokens) for ticker in vendor.tickers] == [2_000, 0, 500])
        await settle()
        status = desk.status
        assert (status.instruments, status.wanted, status.subscriptions) == (2_500, 5_000, 5_000)
        assert vendor.upgrades == 3
        later = [
            request for ticker, count in zip(vendor.tickers, before, strict=True) for request in ticker.requests[count:]
        ]
        assert all(request.startswith('{"a":"unsubscribe"') for request in later)
        assert len(vendor.tickers[2].requests) == before[2]

        desk.core.feeds.acquire(row(2_500))
        await until(lambda: token(2_500) in vendor.tickers[0].tokens)
        assert vendor.upgrades == 3


async def test_beyond_9000_the_rest_waits_and_says_so(desk: Desk) -> None:
    async with kite_vendor(time.time_ns, shares(9_000)) as vendor:
        await filled(desk, vendor, 9_002, 9_000)
        status = desk.status
        assert (status.instruments, status.instruments_allowed, status.topics_over_limit) == (9_002, 9_000, 4)
        last = desk.core.feeds.subscription(row(9_002))
        assert last is not None
        assert (last.over_limit, last.refused_reason, last.connection) == (True, None, None)
        assert desk.word(9_002) == (
            "over limit",
            "More instruments are asked for than this feed allows on 3 connections\n"
            "Remove rows, or add another feed in Settings > Feeds",
        )
        assert [part.topics_over_limit for part in status.parts] == [0, 0, 0]
        assert not [request for request in vendor.requests if str(token(9_001)) in request]

        desk.core.feeds.release(row(4_000))
        await until(lambda: token(9_001) in vendor.tickers[1].tokens)
        assert token(4_000) not in vendor.tickers[1].tokens
        assert desk.status.topics_over_limit == 2


async def test_the_client_reads_4000_symbols_as_one_feed() -> None:
    heard: set[str] = set()
    async with kite_vendor(time.time_ns, shares(4_000)) as vendor:
        vendor.let_in(API_KEY, ACCESS_TOKEN)
        async with FeedClient("kite", url=vendor.url, key=f"{API_KEY}:{ACCESS_TOKEN}") as client:
            symbols = [str(one) for one in tokens(range(1, 4_001))]
            await client.subscribe(symbols, callback=lambda event: heard.add(event["symbol"]))
            await until_later(lambda: len(heard) == 4_000)
            assert (client.status.connections, client.status.instruments_allowed) == (2, 9_000)
            assert client.get_status()["connected"] is True
        assert sorted(len(ticker.tokens) for ticker in vendor.tickers) == [1_000, 3_000]


async def test_the_program_shows_5000_rows_of_two_connections(tmp_path: Path) -> None:
    entries = tuple(entry_to_text(row(number)) for number in range(5_000, 0, -1))
    await keep_lists(tmp_path, msgspec.structs.replace(bid_and_ask("My list"), entries=entries))
    async with kite_vendor(time.time_ns, shares(5_000)) as vendor:
        vendor.let_in(API_KEY, ACCESS_TOKEN)
        config = FeedConfig(id=KITE, kind="kite", name="Kite", variant=OWN_ADDRESS, own_address=vendor.url)
        await keep_feeds(tmp_path, config)
        keys = {"KITE_API_KEY": API_KEY, "KITE_ACCESS_TOKEN": ACCESS_TOKEN}
        async with program(tmp_path, "--size", "1600x1000", environment=keys) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["feeds"][0]["subscriptions"] == 10_000)
            (feed,) = report["feeds"]
            assert (feed["state"], feed["wanted"], feed["connections_allowed"]) == ("live", 10_000, 3)
            assert (feed["instruments"], feed["instruments_allowed"]) == (5_000, 9_000)
            assert [(part["connection"], part["instruments"]) for part in feed["parts"]] == [(1, 3_000), (2, 2_000)]
            assert [part["state"] for part in feed["parts"]] == ["live", "live"]
            assert {name: len(topics) for name, topics in feed["difference"].items()} == {
                "wanted": 10_000,
                "confirmed": 10_000,
                "missing": 0,
                "surplus": 0,
                "refused": 0,
            }
            first = rows_of(report)["#5000"]
            assert (first["Last"], first["Bid"], first["Ask"]) == ("5,000.00", "4,999.95", "5,000.05")
            assert {shown["subscription"]["connection"] for shown in report["watchlist"]["rows"]} == {1}
            assert [set(ticker.tokens) for ticker in vendor.tickers] == [
                tokens(range(2_001, 5_001)),
                tokens(range(1, 2_001)),
            ]
            ended = await running.quit()
        assert vendor.upgrades == 2
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert ACCESS_TOKEN not in ended.out + ended.err
    assert warnings_in(running.profile) == []
