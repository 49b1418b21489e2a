"""The world that faults happen to, and what can happen in it.

It is the real client protocol, supervisor, feed control, hub and row states over far ends without sockets, under a
clock that a deed moves. What must hold is in fault_checks.py, what servers say beside prices in fault_reports.py.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from fake_time import NS, FakeHandle, FakeTime
from fault_far_end import FarEnd
from fault_reports import ReportDesk
from kind_sides import RIGHT_KEY, WRONG_KEY, Tick, side_of

from marketwatch.app.feed_keys import FeedKeys
from marketwatch.app.feed_kinds import FIVE_ATTEMPTS
from marketwatch.app.gap_marker import GapMarker
from marketwatch.domain.calendar import Phase
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import Calendars
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind, FeedSpec
from marketwatch.feeds.status import FeedStatus
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.protocols.base import Channel
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.runtime.clock_jump import ClockJump, ClockJumpDetector
from marketwatch.runtime.tasks import TaskOwner
from marketwatch.services.feed_control import FeedControl
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.market_hub import MarketHub

FIRST, SECOND = FeedId("first"), FeedId("second")
FEEDS: Final = (FIRST, SECOND)
ADDRESSES: Final = {FIRST: (0, 1, 2), SECOND: (10,)}
_STRANGE_PRICE: Final = 987_654.0
_MOST_TURNS: Final = 5_000
_SLICE_S: Final = 5.0
_TICKS_OF_A_MINUTE: Final = 14


class QuickTime(FakeTime):
    """Fake time that lets the loop come to rest after each call, and no longer. Calls are never a hair too early."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> FakeHandle:
        return super().call_later(math.ceil(delay_s * 1e6 + 1) / 1e6, callback)

    async def advance(self, seconds: float) -> None:
        await rest()
        end_ns = self._monotonic_ns + round(seconds * NS)
        while self._due and self._due[0][0] <= end_ns:
            due_ns, _, handle = heapq.heappop(self._due)
            if handle.callback is not None:
                self._go_to(max(due_ns, self._monotonic_ns))
                handle.callback()
                await rest()
        self._go_to(end_ns)
        await rest()

    def sleep(self, seconds: float) -> None:
        """Let both clocks run on while nothing happens, as in a machine that sleeps."""
        self._go_to(self._monotonic_ns + round(seconds * NS))


async def rest() -> None:
    """Let everything happen that needs no waiting; fails when that never ends."""
    ready = getattr(asyncio.get_running_loop(), "_ready")  # noqa: B009 - private to the loop
    for _ in range(_MOST_TURNS):
        await asyncio.sleep(0)
        if not ready:
            return
    raise AssertionError("the loop does not come to rest")


class _InlinePool:
    """Works at once, in the loop's thread."""

    async def run(self, label: str, work: Callable[[], Any], *, timeout_s: float | None = None) -> Any:
        return work()


class _LogEar(logging.Handler):
    """Takes every error that is logged for a failure."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._failures = failures

    def emit(self, record: logging.LogRecord) -> None:
        self._failures.append(f"logged: {self.format(record)}")


class World:
    """Two feeds of a kind, their servers, and a list of shares. `ends` are the places of the servers, by name."""

    def __init__(self, kind: FeedKind) -> None:
        self.spec = CATALOG[kind]
        self.kind = side_of(kind)
        self.calendars = Calendars()
        at = dt.datetime(2025, 9, 4, 11, 0, tzinfo=self.calendars.of(self.kind.instruments[0]).zone)
        self.time = QuickTime(round(at.timestamp()) * NS)
        self._server_from_ns = self.time.now_ns() - self.time.monotonic_ns()
        self._server_ahead_ns = 0
        self.clock_error_s = 0.0
        self.session: bool | str | None = "calendar"
        self.failures: list[str] = []
        self._log_ear = _LogEar(self.failures)
        self.keys = dict.fromkeys(FEEDS, "right")
        self.specs: dict[FeedId, FeedSpec] = dict.fromkeys(FEEDS, self.spec)
        self.ticks = 0
        self.prices: dict[str, set[float]] = {}
        self.newest: dict[tuple[FeedId, str], deque[float]] = {}
        self.wishes: dict[InstrumentId, Counter[Channel | None]] = {}
        self.locked: dict[str, int] = {}
        self.hub = MarketHub(self.time, self.calendars)
        self.tasks = TaskOwner(self._on_failure)
        self.feed_keys = FeedKeys()
        self.ends: dict[str, FarEnd] = {}
        self.desk = ReportDesk(self)
        self._addresses = {feed_id: self.address(numbers[0]) for feed_id, numbers in ADDRESSES.items()}
        for feed_id in FEEDS:
            self._build(feed_id)
        self._gaps = GapMarker(self.hub)
        surroundings = self._surroundings()
        self.control = FeedControl(
            surroundings,
            self.feed_keys,
            self.hub.publish,
            on_assigned=self._on_assigned,
            on_warm=self._on_warm,
            on_status=self._on_status,
            on_used=self.desk.on_used,
        )
        self.desk.open(surroundings)
        self._jumps = ClockJumpDetector(self.time, self.time, self._on_jump)

    def _build(self, feed_id: FeedId) -> None:
        """Start a server with all its places."""
        side_world, connect = self.kind.start(lambda: self.server_ns() // 1_000_000)
        self.ends[feed_id] = FarEnd(self.time, connect)
        for stream in self.spec.report_streams:
            self.ends[f"{feed_id}/{stream.name}"] = self.desk.far_end(feed_id, stream.channel, side_world, connect)

    def _surroundings(self) -> Surroundings:
        pool: Any = _InlinePool()
        return Surroundings(
            transport=_Ways(self),
            clock=self.time,
            scheduler=self.time,
            tasks=self.tasks,
            on_failure=self._on_failure,
            draw=lambda low, high: high,
            pool=pool,
        )

    # --- what is there

    def server_ns(self) -> int:
        """The clock of the servers, which is right."""
        return self._server_from_ns + self.time.monotonic_ns() + self._server_ahead_ns

    def address(self, number: int) -> FeedAddress:
        """Return one of the addresses of a server: the number of the feed is its first digit."""
        return FeedAddress(self.spec.normalise_url(f"wss://host{number}.example"))

    def key_of(self, instrument: InstrumentId) -> str:
        """Return the feed's name of one of our shares."""
        key = self.spec.feed_key(instrument)
        assert key is not None
        return key

    def is_session_open(self, wall_ns: int) -> bool | None:
        """Return what the program is told of the session."""
        if not isinstance(self.session, str):
            return self.session
        return self.calendars.by_rules(self.spec.rules).phase(wall_ns) is not Phase.CLOSED

    def secret(self, feed_id: FeedId) -> Secret | None:
        """Return the key that the user has given."""
        text = {"right": RIGHT_KEY, "wrong": WRONG_KEY}.get(self.keys[feed_id])
        return Secret(text) if text and self.spec.credential_names else None

    # --- from beginning to end

    async def begin(self) -> None:
        """Connect both feeds with one row."""
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: self.failures.append(str(context)))
        logging.getLogger("marketwatch").addHandler(self._log_ear)
        self._jumps.start()
        self.control.start()
        self.desk.start()
        for feed_id in FEEDS:
            self.join_feed(feed_id)
        self.acquire(0)
        await rest()

    async def end(self) -> None:
        """Stop in order; nothing may be left."""
        self._jumps.stop()
        assert await self.control.stop() == []
        await self.desk.stop()
        await self.time.advance(1.0)
        assert await self.tasks.stop(1.0) == []
        await rest()
        assert self.time.waiting() == 0, "a timer is left"
        assert [name for name, end in self.ends.items() if end.open_connections] == []
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert left == []
        assert self.failures == []

    async def close(self) -> None:
        """Let go of everything, whatever happened."""
        logging.getLogger("marketwatch").removeHandler(self._log_ear)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # --- deeds of the user

    def join_feed(self, feed_id: FeedId) -> None:
        """Add a feed as the program does, unless it is there."""
        if self.control.has_feed(feed_id):
            return
        label = feed_id.capitalize()
        self.hub.add_feed(
            FeedFacts(id=feed_id, label=label, nature=FeedNature.LIVE, market_clock=LiveMarketClock(self.time))
        )
        self.feed_keys.set_rule(feed_id, self.spec.feed_key)
        settings = self._settings(feed_id)
        self.control.add_feed(settings, lambda: self.secret(feed_id), session_open=self.is_session_open)
        self.desk.add_feed(settings)
        self.user_acted()

    async def leave_feed(self, feed_id: FeedId) -> None:
        """Remove a feed, if it is there."""
        if self.control.has_feed(feed_id):
            await self.desk.remove_feed(feed_id)
            await self.control.remove_feed(feed_id)

    def _settings(self, feed_id: FeedId) -> FeedSettings:
        return FeedSettings(
            feed_id=feed_id,
            label=feed_id.capitalize(),
            spec=self.specs[feed_id],
            address=self._addresses[feed_id],
        )

    async def choose_channels(self, feed_id: FeedId, *, few: bool) -> None:
        """Ask a feed for as little as can be and no longer than five attempts, or for everything and for ever."""
        spec = self.spec
        if few:
            limits = msgspec.structs.replace(spec.limits, reconnect=FIVE_ATTEMPTS)
            spec = msgspec.structs.replace(
                spec,
                default_channels=spec.default_channels[:1],
                report_streams=spec.report_streams[1:2],
                limits=limits,
            )
        self.specs[feed_id] = spec
        if self.control.has_feed(feed_id):
            self.control.reform(self._settings(feed_id))
            await self.desk.reform(self._settings(feed_id))
            self.user_acted()

    def move(self, feed_id: FeedId, number: int) -> None:
        """Give another address of the same server."""
        self._addresses[feed_id] = self.address(number)
        if self.control.has_feed(feed_id):
            self.control.replace(feed_id, self._addresses[feed_id])
            self.desk.replace(self._settings(feed_id))
            self.user_acted()

    def give_key(self, feed_id: FeedId, name: str) -> None:
        """Give a feed another key: right, wrong or none."""
        self.keys[feed_id] = name
        if self.control.has_feed(feed_id):
            self.control.credentials_changed(feed_id)
            self.desk.feeds.credentials_changed(feed_id)
            self.user_acted()

    def retry(self) -> None:
        """Want it now."""
        self.control.retry_now()
        for feed_id in FEEDS:
            self.desk.feeds.retry_now(feed_id)
        self.user_acted()

    def user_acted(self) -> None:
        """Allow attempts again: the user has changed something, or asks for it. They count anew."""
        self.locked.clear()
        for end in self.ends.values():
            end.attempts_ns.clear()

    def acquire(self, share: int, *, has_channel: bool = False) -> None:
        """Add a row; with a channel of its own it is asked for more."""
        instrument, channel = self._wish(share, has_channel)
        self.wishes.setdefault(instrument, Counter())[channel] += 1
        self.control.acquire(instrument, () if channel is None else (channel,))

    def release(self, share: int, *, has_channel: bool = False) -> None:
        """Remove a row, if there is one."""
        instrument, channel = self._wish(share, has_channel)
        if self.wishes.get(instrument, Counter())[channel]:
            self.wishes[instrument][channel] -= 1
            self.control.release(instrument, () if channel is None else (channel,))

    def _wish(self, share: int, has_channel: bool) -> tuple[InstrumentId, Channel | None]:
        return self.kind.instruments[share], self.spec.default_channels[0] if has_channel else None

    # --- deeds of servers

    def tick_of(self, key: str, price: float, *, late_s: float = 0.0) -> Tick:
        """Make the next tick."""
        self.ticks += 1
        return Tick(key, price, self.server_ns() - round(late_s * NS), self.ticks)

    def tell_all(self, feed_id: FeedId, *, late_s: float = 0.0) -> None:
        """Let the servers of a feed tell of every share of ours."""
        for instrument in self.kind.instruments:
            key = self.key_of(instrument)
            price = round(100.0 + self.ticks % 900 * 0.05, 2)
            tick = self.tick_of(key, price, late_s=late_s)
            self.prices.setdefault(key, set()).add(price)
            for connection in self.ends[feed_id].open_connections:
                connection.tell(tick)
            if not late_s:
                few = deque[float](maxlen=1 if self.kind.is_pushed else _TICKS_OF_A_MINUTE)
                self.newest.setdefault((feed_id, key), few).append(price)

    def tell_of_stranger(self, place: str) -> None:
        """Send data of a share that nobody asked for."""
        current = self.ends[place].current
        if current is not None:
            current.tell(self.tick_of(self.kind.stranger, _STRANGE_PRICE), asked=False)

    def tell_nothing_but_zeros(self, place: str) -> None:
        """Send a price of zero for every share, as servers do that miss a field of theirs."""
        for instrument in self.kind.instruments if self.kind.is_pushed else ():
            for connection in self.ends[place].open_connections:
                connection.tell(self.tick_of(self.key_of(instrument), 0.0))

    async def trade(self, seconds: float) -> None:
        """Let time pass in which everything trades."""
        left = seconds
        while left > 0:
            for feed_id in FEEDS:
                self.tell_all(feed_id)
            await self.time.advance(min(_SLICE_S, left))
            left -= _SLICE_S

    def crowd_out(self, place: str) -> None:
        """Find that the account has too many connections."""
        current = self.ends[place].current
        if current is not None:
            current.crowd_out()

    # --- deeds of the machine

    def set_clock(self, seconds: float) -> None:
        """Set the clock of this computer."""
        self.time.step_wall(seconds)
        self.clock_error_s += seconds

    def sleep(self, seconds: float, *, stands_still: bool) -> None:
        """Let the machine sleep: connections are cut, and the monotonic clock may stand still."""
        for end in self.ends.values():
            for connection in end.open_connections:
                connection.cut()
        if stands_still:
            self.time.step_wall(seconds)
            self._server_ahead_ns += round(seconds * NS)
            return
        self.time.sleep(seconds)
        for end in self.ends.values():
            end.slept(round(seconds * NS))

    def lose_network(self) -> None:
        """Cut the way to everything."""
        for end in self.ends.values():
            end.lose_network()

    def find_network(self) -> None:
        """Give the network back; the program is told."""
        for end in self.ends.values():
            end.has_network = True
        self.retry()

    def heal(self) -> None:
        """End all faults."""
        for end in self.ends.values():
            end.heal()
        self.session = True
        self.time.step_wall(-self.clock_error_s)
        self.clock_error_s = 0.0
        for feed_id in FEEDS:
            if self.keys[feed_id] != "right":
                self.give_key(feed_id, "right")

    # --- what the parts tell one another

    def _on_assigned(self, instrument: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        if feed_id is None:
            self.hub.untrack(instrument)
        else:
            self.hub.track(Instrument(id=instrument), feed_id, key)

    def _on_warm(self, instrument: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        if feed_id is None:
            self.hub.cool_down(instrument)
        else:
            self.hub.warm_up(Instrument(id=instrument), feed_id, key)

    def _on_status(self, status: FeedStatus) -> None:
        self._gaps.on_status(status)
        self.desk.feeds.on_feed_status(status)

    def _on_jump(self, jump: ClockJump) -> None:
        self.control.reconnect_all()
        self.desk.feeds.reconnect_all()

    def _on_failure(self, where: str, error: BaseException) -> None:
        self.failures.append(f"{where}: {error!r}")


class _Ways:
    """Leads to the places of a server by the address; satisfies feeds.connection.Transport."""

    def __init__(self, world: World) -> None:
        self._ends = world.ends
        self._ways = {
            stream.url(world.address(number).url): f"{feed_id}/{stream.name}"
            for feed_id, numbers in ADDRESSES.items()
            for number in numbers
            for stream in world.spec.report_streams
        }

    async def connect(self, url: str, headers: Mapping[str, str], **options: Any) -> Any:
        number = int(url.partition("host")[2].partition(".")[0])
        prices = next(feed_id for feed_id, numbers in ADDRESSES.items() if number in numbers)
        return await self._ends[self._ways.get(url, prices)].connect(url, headers, **options)
