from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from zoneinfo import ZoneInfo

from fake_time import FakeTime

from marketwatch.domain.events import MarketEvent, PriceLimits, Quote, TradeTick
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.simulated.market import SimulatedMarket
from marketwatch.protocols.base import Channel

_SUNDAY_NS = int(datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC).timestamp()) * 1_000_000_000

INSTRUMENTS = [
    Instrument(id=InstrumentId(Venue("XNAS"), CASH, "AAPL"), currency="USD", tick_size=Decimal("0.01")),
    Instrument(id=InstrumentId(Venue("NSE"), CASH, "INFY"), currency="INR", tick_size=Decimal("0.05")),
]


class Offered:
    def __init__(self) -> None:
        self.events: list[MarketEvent] = []
        self.days = 0

    def offer(self, events: Sequence[MarketEvent]) -> None:
        self.events.extend(events)

    async def deliver(self, events: Sequence[MarketEvent]) -> None:
        self.events.extend(events)

    async def wait_for_subscriber(self) -> None:
        return

    async def rewind(self) -> None:
        self.events.clear()

    def new_day(self) -> None:
        self.days += 1


def local_time(market: SimulatedMarket, venue: str, zone: str) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(market.now_ns(Venue(venue)) / 1e9, ZoneInfo(zone))


def sleeping_in(time: FakeTime):  # type: ignore[no-untyped-def]
    async def sleep(seconds: float) -> None:
        woken = asyncio.Event()
        time.call_later(seconds, woken.set)
        await woken.wait()

    return sleep


@asynccontextmanager
async def running(**options: object) -> AsyncIterator[tuple[SimulatedMarket, FakeTime, Offered]]:
    time = FakeTime(_SUNDAY_NS)
    market = SimulatedMarket(INSTRUMENTS, time, sleep=sleeping_in(time), **options)  # type: ignore[arg-type]
    sink = Offered()
    task = asyncio.create_task(market.play(sink))
    await time.advance(0)
    try:
        yield market, time, sink
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_on_a_sunday_it_is_friday_morning_at_every_venue() -> None:
    async with running() as (market, _, _sink):
        new_york = local_time(market, "XNAS", "America/New_York")
        mumbai = local_time(market, "NSE", "Asia/Kolkata")
        assert new_york.date() == mumbai.date() == datetime.date(2026, 3, 13)
        assert new_york.strftime("%H:%M") == mumbai.strftime("%H:%M") == "10:40"


async def test_events_carry_the_time_of_their_venue() -> None:
    async with running() as (market, time, sink):
        await time.advance(5)
        for key, venue in (("AAPL", "XNAS"), ("NSE:INFY", "NSE")):
            stamps = [event.stamp or 0 for event in sink.events if event.key == key]
            assert stamps
            assert all(0 <= market.now_ns(Venue(venue)) - stamp < 6e9 for stamp in stamps)


async def test_the_clock_may_run_faster() -> None:
    async with running(speed=60.0) as (market, time, _sink):
        before = local_time(market, "XNAS", "America/New_York")
        await time.advance(2)
        assert 119 < (local_time(market, "XNAS", "America/New_York") - before).total_seconds() < 121


async def test_a_sleeping_machine_does_not_flood_on_waking() -> None:
    async with running() as (market, time, sink):
        before = market.now_ns(Venue("XNAS"))
        time._go_to(time.monotonic_ns() + 3600 * 1_000_000_000)
        await time.advance(0.1)
        assert market.now_ns(Venue("XNAS")) - before < 6e9
        assert len(sink.events) < 2000


async def test_who_subscribes_gets_the_day_so_far_and_the_quote() -> None:
    async with running() as (market, _, _sink):
        trades = list(market.backlog("AAPL", Channel.TRADES))
        known = market.statistics("AAPL")
        assert known is not None
        assert all(isinstance(event, TradeTick) and event.sequence is None for event in trades)
        assert sum(event.size for event in trades if isinstance(event, TradeTick)) == known.day_volume
        assert [type(event) for event in market.backlog("AAPL", Channel.QUOTES)] == [Quote]
        assert [type(event) for event in market.backlog("AAPL", Channel.LIMITS)] == [PriceLimits]
        assert market.backlog("AAPL", Channel.VALUE) == ()
        assert market.statistics("NOPE") is None
        assert market.key_of(INSTRUMENTS[1].id) == "NSE:INFY"


async def test_after_the_close_the_next_trading_day_begins_after_the_weekend() -> None:
    async with running(speed=200.0, starts_at=datetime.time(15, 59, 30)) as (market, time, sink):
        await time.advance(1)
        assert sink.days == 1
        assert local_time(market, "XNAS", "America/New_York").date() == datetime.date(2026, 3, 16)
        assert [event for event in sink.events if isinstance(event, TradeTick) and event.conditions == (19,)]
