"""The world that fault scripts happen to, and what must be true in it after every step.

It is the real client protocol, supervisor, feed control, hub and row states over far ends without sockets, under a
clock that a step moves.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import math
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from fake_time import NS, FakeHandle, FakeTime
from fault_far_end import FarEnd
from fault_sides import RIGHT_KEY, SIDES, WRONG_KEY, Tick

from marketwatch.app.feed_keys import FeedKeys
from marketwatch.app.gap_marker import GapMarker
from marketwatch.domain.calendar import Phase
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.secret import Secret
from marketwatch.domain.venues import Calendars
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.protocols.base import Channel, Topic
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.runtime.clock_jump import ClockJumpDetector
from marketwatch.runtime.tasks import TaskOwner
from marketwatch.services.feed_control import FeedControl
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.market_hub import MarketHub
from marketwatch.services.presentation import Moment, RowState, RowStateKind, row_state

FIRST, SECOND = FeedId("first"), FeedId("second")
SILENCE_S: Final = 30.0
OLDEST_LIVE_S: Final = 601.0
MOST_PER_MINUTE: Final = 10
_NO_FIGURES: Final = (RowStateKind.NO_DATA, RowStateKind.STALE, RowStateKind.CLOSED, RowStateKind.HALTED)
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


class Play:
    """One script at work. Use `play_script`."""

    def __init__(self, kind: FeedKind) -> None:
        self.spec = CATALOG[kind]
        self.kind = SIDES[kind.value]
        self.calendars = Calendars()
        at = dt.datetime(2025, 9, 4, 11, 0, tzinfo=self.calendars.of(self.kind.instruments[0]).zone)
        self.time = QuickTime(round(at.timestamp()) * NS)
        self._server_from_ns = self.time.now_ns() - self.time.monotonic_ns()
        self.server_ahead_ns = 0
        self.clock_error_s = 0.0
        self.slept_s = 0.0
        self.session: bool | str | None = "calendar"
        self.failures: list[str] = []
        self.feed_ids = (FIRST, SECOND)
        self.ends = tuple(FarEnd(self.kind, self.time, self.server_ns) for _ in self.feed_ids)
        self.keys = dict.fromkeys(self.feed_ids, "right")
        self.newest_frame = b""
        self._ticks = 0
        self._prices: dict[str, set[float]] = {}
        self._newest: dict[tuple[FeedId, str], deque[float]] = {}
        self._wishes: dict[InstrumentId, Counter[Channel | None]] = {}
        self._locked: dict[FeedId, int] = {}
        self.hub = MarketHub(self.time, self.calendars)
        self.tasks = TaskOwner(self._on_failure)
        self.feed_keys = FeedKeys()
        self._transports = dict(zip(self.feed_ids, self.ends, strict=True))
        self.control = FeedControl(
            self._surroundings(),
            self.feed_keys,
            self.hub.publish,
            on_assigned=self._on_assigned,
            on_warm=self._on_warm,
            on_status=GapMarker(self.hub).on_status,
        )
        self._jumps = ClockJumpDetector(self.time, self.time, lambda jump: self.control.reconnect_all())

    def _surroundings(self) -> Surroundings:
        pool: Any = _InlinePool()
        return Surroundings(
            transport=_ByAddress(self.ends),
            clock=self.time,
            scheduler=self.time,
            tasks=self.tasks,
            on_failure=self._on_failure,
            draw=lambda low, high: high,
            pool=pool,
        )

    # --- the world

    async def begin(self) -> None:
        """Connect both feeds with one row."""
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: self.failures.append(str(context)))
        self._jumps.start()
        self.control.start()
        for at, feed_id in enumerate(self.feed_ids):
            self.add_feed(feed_id, at)
        self.acquire(0)
        await rest()

    def server_ns(self) -> int:
        """The clock of the servers, which is right."""
        return self._server_from_ns + self.time.monotonic_ns() + self.server_ahead_ns

    def address(self, number: int) -> FeedAddress:
        """Return one of the addresses of a server: the number of the feed is its first digit."""
        path = {"stream-service": "/stream", "data-provider": "/socket.io/"}.get(self.spec.kind.value, "/ws")
        return FeedAddress(f"wss://host{number}.example{path}")

    def add_feed(self, feed_id: FeedId, at: int) -> None:
        """Add a feed as the program does."""
        label = feed_id.capitalize()
        self.hub.add_feed(
            FeedFacts(id=feed_id, label=label, nature=FeedNature.LIVE, market_clock=LiveMarketClock(self.time))
        )
        self.feed_keys.set_rule(feed_id, self.spec.feed_key)
        self.control.add_feed(
            FeedSettings(feed_id=feed_id, label=label, spec=self.spec, address=self.address(at * 10)),
            lambda: self._secret(feed_id),
            session_open=self._is_session_open,
        )

    def _secret(self, feed_id: FeedId) -> Secret | None:
        text = {"right": RIGHT_KEY, "wrong": WRONG_KEY}.get(self.keys[feed_id])
        return Secret(text) if text and self.kind.has_key else None

    def _is_session_open(self, wall_ns: int) -> bool | None:
        if not isinstance(self.session, str):
            return self.session
        return self.calendars.by_rules(self.spec.rules).phase(wall_ns) is not Phase.CLOSED

    def acquire(self, share: int, *, has_channel: bool = False) -> None:
        """Add a row."""
        instrument = self.kind.instruments[share]
        channel = self.spec.default_channels[0] if has_channel else None
        self._wishes.setdefault(instrument, Counter())[channel] += 1
        self.control.acquire(instrument, () if channel is None else (channel,))

    def release(self, share: int, *, has_channel: bool = False) -> None:
        """Remove a row, if there is one."""
        instrument = self.kind.instruments[share]
        channel = self.spec.default_channels[0] if has_channel else None
        wishes = self._wishes.get(instrument, Counter())
        if wishes[channel]:
            wishes[channel] -= 1
            self.control.release(instrument, () if channel is None else (channel,))

    def give_key(self, name: str, at: int) -> None:
        """Give a feed another key."""
        feed_id = self.feed_ids[at]
        self.keys[feed_id] = name
        if self.control.has_feed(feed_id):
            self.control.credentials_changed(feed_id)
            self.user_acted()

    def user_acted(self) -> None:
        """Allow attempts again where a key was refused: the user has changed something, or asks for it."""
        self._locked.clear()

    def tick_of(self, key: str, price: float, *, late_s: float = 0.0) -> Tick:
        """Make the next tick."""
        self._ticks += 1
        return Tick(key, price, self.server_ns() - round(late_s * NS), self._ticks)

    def tell_all(self, at: int, *, late_s: float = 0.0) -> None:
        """Let the servers of a feed tell of every share of ours."""
        for instrument in self.kind.instruments:
            key = self.spec.feed_key(instrument)
            assert key is not None
            price = round(100.0 + self._ticks % 900 * 0.05, 2)
            tick = self.tick_of(key, price, late_s=late_s)
            self._prices.setdefault(key, set()).add(price)
            for connection in self.ends[at].open_connections:
                for frame in connection.tell(tick):
                    self.newest_frame = frame
            if not late_s:
                few = deque[float](maxlen=1 if self.kind.is_pushed else _TICKS_OF_A_MINUTE)
                self._newest.setdefault((self.feed_ids[at], key), few).append(price)

    async def trade(self, seconds: float) -> None:
        """Let time pass in which everything trades."""
        left = seconds
        while left > 0:
            for at in range(len(self.ends)):
                self.tell_all(at)
            await self.time.advance(min(_SLICE_S, left))
            left -= _SLICE_S

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

    def _on_failure(self, where: str, error: BaseException) -> None:
        self.failures.append(f"{where}: {error!r}")

    # --- what must hold

    def check(self) -> None:
        """Check what must be true at any time."""
        assert self.failures == []
        for feed_id, end in zip(self.feed_ids, self.ends, strict=True):
            assert len(end.open_connections) <= 1, f"{len(end.open_connections)} connections of {feed_id}"
            self._check_attempts(feed_id, end)
            if self.control.has_feed(feed_id):
                self._check_counts(feed_id)
                self._check_topics(feed_id)
        for instrument in self.control.instruments:
            self._check_row(instrument)

    def _check_attempts(self, feed_id: FeedId, end: FarEnd) -> None:
        at = end.attempts_ns
        for first, last in zip(at, at[MOST_PER_MINUTE:], strict=False):
            assert last - first >= 60 * NS, "a storm of attempts"
        if not self.control.has_feed(feed_id) or not self._state(feed_id).waits_for_user:
            self._locked.pop(feed_id, None)
            return
        known = self._locked.setdefault(feed_id, len(at))
        assert known == len(at), "an attempt although the key was refused"

    def _state(self, feed_id: FeedId) -> FeedState:
        return self.control.supervisor(feed_id).status().state

    def _wanted_at(self, feed_id: FeedId) -> set[Topic]:
        wanted: set[Topic] = set()
        for instrument, wishes in self._wishes.items():
            feeds = self.control.row_feeds(instrument)
            channels = {channel for channel, count in wishes.items() if count}
            if feeds is None or feed_id not in (feeds.serving, feeds.second):
                continue
            key = feeds.key if feeds.serving == feed_id else feeds.second_key
            for channel in channels:
                some = self.spec.default_channels if channel is None else (channel,)
                wanted |= {Topic(each, key) for each in some}
        return wanted

    def _check_counts(self, feed_id: FeedId) -> None:
        supervisor = self.control.supervisor(feed_id)
        status, difference = supervisor.status(), supervisor.difference()
        wanted = self._wanted_at(feed_id)
        assert set(difference.wanted) == wanted, f"{feed_id}: a wish was lost or made up"
        assert len(difference.wanted) == status.wanted == len(wanted)
        assert set(difference.missing) == wanted - set(difference.confirmed)
        assert status.subscriptions == len(wanted) - len(difference.missing)
        assert status.refused_topics == len(difference.refused)
        assert status.connected is (status.state in (FeedState.AUTHENTICATING, FeedState.LIVE, FeedState.STALE))
        assert status.sink_failures == 0

    def _check_topics(self, feed_id: FeedId) -> None:
        supervisor = self.control.supervisor(feed_id)
        is_open = supervisor.status().connected
        for topic in self._wanted_at(feed_id):
            phase = supervisor.topic_state(topic).phase
            assert phase is not TopicPhase.UNWANTED
            assert (phase is TopicPhase.WAITING) is not is_open, f"{topic} is {phase} while the feed is open: {is_open}"

    def state_of(self, instrument: InstrumentId) -> RowState:
        """Judge a row as the list does."""
        feeds = self.control.row_feeds(instrument)
        assert feeds is not None, f"no feed serves {instrument}"
        status = self.control.supervisor(feeds.serving).status()
        moment = Moment(self.time.now_ns(), self.time.now_ns(), self.time.monotonic_ns())
        return row_state(
            self.hub.snapshot(instrument),
            self.control.subscription(instrument),
            status,
            self.hub.facts(feeds.serving),
            self.calendars.of(instrument),
            moment,
        )

    def _check_row(self, instrument: InstrumentId) -> None:
        feeds, snapshot = self.control.row_feeds(instrument), self.hub.snapshot(instrument)
        assert feeds is not None
        assert snapshot is not None
        assert snapshot.feed_id == feeds.serving
        price = snapshot.last_price
        assert price is None or price in self._prices.get(feeds.key, ()), f"{price} was never sent for {instrument}"
        state = self.state_of(instrument)
        if state.primary in _NO_FIGURES:
            return
        end = self._transports[feeds.serving]
        status = self.control.supervisor(feeds.serving).status()
        assert status.state is FeedState.LIVE, f"looks {state.primary.value} while the feed is {status.state.value}"
        assert end.current is not None, f"looks {state.primary.value} without a connection"
        heard_s = (self.time.monotonic_ns() - end.heard_ns) / NS - self.slept_s
        if self.spec.limits.silence.useful_s < SILENCE_S:
            # While the exchange is closed nobody can tell: the row goes back to "closed" a minute after its last tick.
            is_closed = self.calendars.of(instrument).phase(self.time.now_ns()) is Phase.CLOSED
            assert heard_s <= SILENCE_S * (1 + is_closed), (
                f"looks {state.primary.value} after {heard_s:.0f} s of silence"
            )
        if state.primary is RowStateKind.LIVE:
            assert (state.age_s or 0.0) <= OLDEST_LIVE_S, f"looks live with data of {state.age_s} s ago"

    # --- the end

    async def recover(self) -> None:
        """End all faults, let the user mend what is up to him, and let time pass."""
        for end in self.ends:
            end.heal()
        self.session = True
        self.slept_s = 0.0
        self.time.step_wall(-self.clock_error_s)
        for at, feed_id in enumerate(self.feed_ids):
            if self.keys[feed_id] != "right":
                self.give_key("right", at)
        for _ in range(12):
            await self.time.advance(0)
            self.control.retry_now()
            self.user_acted()
            await self.trade(65.0)
            self.check()
            if self._complaints() == []:
                return
        raise AssertionError(f"did not recover: {self._complaints()}")

    def _complaints(self) -> list[str]:
        found = []
        for feed_id in self.control.feed_ids:
            supervisor = self.control.supervisor(feed_id)
            status = supervisor.status()
            if status.state is not FeedState.LIVE:
                found.append(f"{feed_id} is {status.state.value}: {status.reason}")
            found += [f"{topic} is not confirmed by {feed_id}" for topic in supervisor.difference().missing]
            current = self._transports[feed_id].current
            asked = {topic.key for topic in supervisor.difference().wanted}
            if self.kind.knows_subscriptions and current is not None and current.side.keys() != asked:
                found.append(f"the server of {feed_id} has {current.side.keys()} instead of {asked}")
        for instrument in self.control.instruments:
            found += self._complaints_of_row(instrument)
        return found

    def _complaints_of_row(self, instrument: InstrumentId) -> list[str]:
        state, snapshot = self.state_of(instrument), self.hub.snapshot(instrument)
        if state.primary in (*_NO_FIGURES, RowStateKind.QUIET) and state.primary is not RowStateKind.CLOSED:
            return [f"{instrument} is {state.primary.value}: {state.explanation}"]
        feeds = self.control.row_feeds(instrument)
        assert feeds is not None
        assert snapshot is not None
        newest, shown = self._newest[feeds.serving, feeds.key], snapshot.shown_price
        return [] if shown in newest else [f"{instrument} shows {shown} instead of {newest[-1]}"]

    async def end(self) -> None:
        """Stop in order; nothing may be left."""
        self._jumps.stop()
        assert await self.control.stop() == []
        assert await self.tasks.stop(1.0) == []
        await rest()
        assert self.time.waiting() == 0, "a timer is left"
        assert [end.open_connections for end in self.ends] == [[], []]
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert left == []
        assert self.failures == []


class _ByAddress:
    """Leads to the servers of a feed by the address."""

    def __init__(self, ends: tuple[FarEnd, ...]) -> None:
        self._ends = ends

    async def connect(self, url: str, headers: Any, **options: Any) -> Any:
        number = int(url.partition("host")[2].partition(".")[0])
        return await self._ends[number // 10].connect(url, headers, **options)
