"""The simulated market as a source for the gateway, with the clock that it shows."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from marketwatch.domain.events import DayStatistics, MarketEvent
from marketwatch.domain.ids import InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import RULES_BY_VENUE, UNITED_STATES
from marketwatch.feeds.delivery import EventSink
from marketwatch.feeds.simulated.core import MarketCore
from marketwatch.feeds.simulated.profiles import feed_key
from marketwatch.protocols.base import Channel
from marketwatch.runtime.clock import Clock

DEMO_STARTS_AT = datetime.time(10, 40, 7)
_TICK_S = 0.05
_LONGEST_LEAP_S = 5.0
_SATURDAY = 5

Sleep = Callable[[float], Awaitable[None]]


def is_weekday(date: datetime.date) -> bool:
    """Tell whether `date` is a Monday to Friday."""
    return date.weekday() < _SATURDAY


class SimulatedMarket:
    """A market that is open whenever the program runs. Implements MarketClock and the gateway's MarketSource.

    It starts at `starts_at` on the latest trading day, with the day so far already traded; after the close it goes on
    shortly before the next open. Every venue shows the same local time of day. While the machine sleeps, so does it.
    Making one trades the day so far, about 3 ms per instrument: not for the Qt thread.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        clock: Clock,
        *,
        seed: int = 1,
        speed: float = 1.0,
        starts_at: datetime.time = DEMO_STARTS_AT,
        is_trading_day: Callable[[datetime.date], bool] = is_weekday,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._speed = speed
        self._is_trading_day = is_trading_day
        self._sleep = sleep
        self._by_key = {feed_key(instrument): instrument for instrument in instruments}
        self._keys = {instrument.id: key for key, instrument in self._by_key.items()}
        self._core = MarketCore(tuple(self._by_key.values()), seed, self._first_day())
        self._core.run_coarsely((starts_at.hour * 60 + starts_at.minute) * 60.0 + starts_at.second)
        self._anchor_s = self._core.now_s
        self._anchor_ns = clock.monotonic_ns()

    def instruments(self) -> Mapping[str, Instrument]:
        """Return every instrument by its feed key."""
        return self._by_key

    def key_of(self, instrument_id: InstrumentId) -> str | None:
        """Return the feed key of an instrument, None when it is not in this market."""
        return self._keys.get(instrument_id)

    def now_ns(self, venue: Venue) -> int:
        """Return the simulated time at a venue, ns UTC."""
        return self._core.stamp(RULES_BY_VENUE.get(venue, UNITED_STATES), self._now_s())

    def statistics(self, key: str) -> DayStatistics | None:
        """Return the day's figures and the previous close; None for a key that is not traded here."""
        return self._core.statistics(key)

    def backlog(self, key: str, channel: Channel) -> Iterable[MarketEvent]:
        """Return the day so far, thinned to its shape, its range and its volume; the quote and limits as they stand."""
        if channel in {Channel.TRADES, Channel.VALUE}:
            is_wanted = key.startswith("I:") == (channel is Channel.VALUE)
            return self._core.day_so_far(key) if is_wanted else ()
        if channel is Channel.QUOTES:
            return self._core.current_quote(key)
        return self._core.current_limits(key) if channel is Channel.LIMITS else ()

    async def play(self, sink: EventSink) -> None:
        """Run the market into `sink` until cancelled."""
        while True:
            await self._sleep(_TICK_S)
            events = self._core.advance(self._now_s())
            if events:
                sink.offer(events)
            if self._core.is_over:
                self._core.next_day(self._following_day())
                self._anchor(self._core.now_s)
                sink.new_day()
            else:
                self._anchor(self._now_s())

    def _now_s(self) -> float:
        passed_s = (self._clock.monotonic_ns() - self._anchor_ns) / 1e9
        return self._anchor_s + min(passed_s, _LONGEST_LEAP_S) * self._speed

    def _anchor(self, now_s: float) -> None:
        self._anchor_s = now_s
        self._anchor_ns = self._clock.monotonic_ns()

    def _first_day(self) -> datetime.date:
        date = datetime.datetime.fromtimestamp(self._clock.now_ns() / 1e9, datetime.UTC).date()
        return self._nearest_trading_day(date, -1)

    def _following_day(self) -> datetime.date:
        return self._nearest_trading_day(self._core.date + datetime.timedelta(days=1), 1)

    def _nearest_trading_day(self, date: datetime.date, direction: int) -> datetime.date:
        for _ in range(30):
            if self._is_trading_day(date):
                break
            date += datetime.timedelta(days=direction)
        return date
