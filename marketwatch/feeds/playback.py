"""Plays a recorded session at the speed the user chose, and is the clock of the market that it shows."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
from collections.abc import Awaitable, Callable

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import Venue
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.delivery import EventSink
from marketwatch.feeds.recorded.recording import Piece, Recording
from marketwatch.runtime.clock import Clock

SLOWEST = 0.1
FASTEST = 1000.0
_SHORTEST_WAIT_S = 0.005  # events of 5 ms travel together
_LONGEST_WAIT_S = 1.0
_PATIENCE_S = 0.25  # a delivery that took longer has made market time stand still
_FOR_EVER = 1 << 62

WaitFor = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Waits for the event, at most so many seconds; returns either way."""


async def wait_for(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event in real time, at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Playback:
    """Playing of one recording: play, pause, speed, seek, restart. Implements MarketClock with the session's own time.

    A seek forwards plays everything up to the target as fast as it goes. A seek backwards starts again from the
    beginning, so the listeners are let go (`EventSink.rewind`) and find the same state as if they had watched until
    there. With `hold` nothing is played until somebody subscribes, at the start and after every rewind. With `stays`
    the end is waited out for a seek or a restart; else `play` returns there.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        clock: Clock,
        speed: float | None = 1.0,
        start_at_ns: int | None = None,
        hold: bool = False,
        stays: bool = False,
        wait: WaitFor = wait_for,
    ) -> None:
        facts = recording.describe()
        self.start_ns = facts.start_ns
        self.end_ns = facts.end_ns
        self._recording = recording
        self._clock = clock
        self._speed = _checked(speed)
        self._first_ns = self._clamped(start_at_ns) if start_at_ns is not None else self.start_ns
        self._hold = hold
        self._stays = stays
        self._wait = wait
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self._paused = False
        self._holding = hold
        self._finished = False
        self._target_ns: int | None = None
        self._seek_from_ns = self.start_ns
        self._rewind_to_ns: int | None = None
        self._rewound = asyncio.Event()
        self._delivered_ns: int | None = None
        self._limit_ns = self._first_ns
        self._anchor_ns = self._first_ns
        self._anchor_monotonic_ns = clock.monotonic_ns()

    @property
    def first_ns(self) -> int:
        """Where this playing began, and where a restart goes back to."""
        return self._first_ns

    @property
    def speed(self) -> float | None:
        """Factor of real time, None as fast as it goes."""
        return self._speed

    @property
    def is_paused(self) -> bool:
        """True when the user has stopped the clock."""
        return self._paused

    @property
    def is_holding(self) -> bool:
        """True while nothing is played because nobody has subscribed yet."""
        return self._holding

    @property
    def is_seeking(self) -> bool:
        """True while events are played through towards a target."""
        return self._target_ns is not None or self._rewind_to_ns is not None

    @property
    def is_finished(self) -> bool:
        """True when the last event has been delivered."""
        return self._finished

    @property
    def seek_progress(self) -> float | None:
        """How much of a seek is done, 0 to 1; None when there is none."""
        if self._target_ns is None:
            return 0.0 if self._rewind_to_ns is not None else None
        way = self._target_ns - self._seek_from_ns
        done = (self._delivered_ns or self._seek_from_ns) - self._seek_from_ns
        return min(1.0, max(0.0, done / way)) if way > 0 else 1.0

    @property
    def position_ns(self) -> int:
        """Where in the session playing is, ns UTC. Moves smoothly between events at a finite speed."""
        if self._finished:
            return self.end_ns
        if self._holding:
            return self._anchor_ns
        if self._target_ns is not None:
            return self._delivered_ns or self.start_ns
        if self._speed is None:
            return max(self._delivered_ns or self._anchor_ns, self._anchor_ns)
        return min(self._clock_position_ns(), max(self._limit_ns, self._anchor_ns))

    def now_ns(self, venue: Venue) -> int:
        """Return the session's time, the same at every venue."""
        return self.position_ns

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when playing, speed or seeking change; the position alone does not call it."""
        self._listeners.append(listener)

    def resume(self) -> None:
        """Go on after a pause."""
        if self._paused:
            self._anchor(self.position_ns)
            self._paused = False
            self._tell()

    def pause(self) -> None:
        """Stop the clock where it is. A seek under way still reaches its target."""
        if not self._paused:
            self._anchor(self.position_ns)
            self._paused = True
            self._tell()

    def set_speed(self, speed: float | None) -> None:
        """Play at `speed` times real time from here on, None as fast as it goes.

        Raises ConfigurationError outside 0.1 to 1000.
        """
        checked = _checked(speed)
        self._anchor(self.position_ns)
        self._speed = checked
        self._tell()

    async def seek(self, target_ns: int) -> None:
        """Go to a time of the session, clamped to it. Forwards this returns at once; backwards when the listeners have
        been let go, so that one who connects after this sees the new playing only.
        """
        target = self._clamped(target_ns)
        has_ended = self._finished and not self._stays
        if has_ended or self._delivered_ns is None or (target >= self.position_ns and not self._finished):
            self._aim_at(target)
            self._tell()
            return
        self._rewind_to_ns = target
        self._rewound.clear()
        self._tell()
        await self._rewound.wait()

    async def restart(self) -> None:
        """Go back to where this playing began."""
        self._paused = False
        await self.seek(self._first_ns)

    async def play(self, sink: EventSink) -> None:
        """Play into `sink` until the end; with `stays`, until cancelled. Raises RecordingError for a damaged file."""
        while True:
            await self._play_through(sink)
            if self._rewind_to_ns is None:
                self._finish()
                if not self._stays:
                    return
                await self._until_rewind()
            await self._rewind(sink)

    async def _play_through(self, sink: EventSink) -> None:
        if self._delivered_ns is None and self._first_ns > self.start_ns and self._target_ns is None:
            self._aim_at(self._first_ns)
        if self._hold:
            await sink.wait_for_subscriber()
            self._holding = False
        self._anchor(self._anchor_ns)
        self._tell()
        async with contextlib.aclosing(self._recording.pieces()) as pieces:
            async for piece in pieces:
                await self._play_piece(sink, piece)
                if self._rewind_to_ns is not None:
                    return

    async def _play_piece(self, sink: EventSink, piece: Piece) -> None:
        index = 0
        while index < len(piece.events) and self._rewind_to_ns is None:
            next_ns = piece.stamps[index]
            self._limit_ns = next_ns
            due_ns = self._due_ns(next_ns)
            if due_ns is None or next_ns > due_ns:
                await self._wait_until(next_ns)
                continue
            end = max(index + 1, bisect.bisect_right(piece.stamps, due_ns, index))
            self._limit_ns = piece.stamps[end - 1]
            await self._deliver(sink, piece.events[index:end] if index or end < len(piece.events) else piece.events)
            self._delivered_ns = piece.stamps[end - 1]
            index = end

    async def _deliver(self, sink: EventSink, events: list[MarketEvent]) -> None:
        began = self._clock.monotonic_ns()
        await sink.deliver(events)
        took = self._clock.monotonic_ns() - began
        if took > _PATIENCE_S * 1e9:
            self._anchor_monotonic_ns += took

    def _due_ns(self, next_ns: int) -> int | None:
        """Up to which time events may go out now; None while paused."""
        if self._target_ns is not None:
            if next_ns <= self._target_ns:
                return self._target_ns
            self._anchor(self._target_ns)
            self._target_ns = None
            self._tell()
        if self._paused:
            return None
        return _FOR_EVER if self._speed is None else self._clock_position_ns()

    async def _wait_until(self, next_ns: int) -> None:
        seconds: float | None = None
        if not self._paused and self._speed is not None:
            ahead_s = (next_ns - self._clock_position_ns()) / 1e9 / self._speed
            seconds = min(_LONGEST_WAIT_S, max(_SHORTEST_WAIT_S, ahead_s))
        self._changed.clear()
        await self._wait(self._changed, seconds)

    async def _until_rewind(self) -> None:
        while self._rewind_to_ns is None:
            self._changed.clear()
            await self._wait(self._changed, None)

    async def _rewind(self, sink: EventSink) -> None:
        await sink.rewind()
        target = self._rewind_to_ns if self._rewind_to_ns is not None else self._first_ns
        self._rewind_to_ns = None
        self._delivered_ns = None
        self._finished = False
        self._holding = self._hold
        self._anchor(self.start_ns)
        self._aim_at(target)
        self._rewound.set()
        self._tell()

    def _finish(self) -> None:
        self._finished = True
        self._target_ns = None
        self._tell()

    def _aim_at(self, target_ns: int) -> None:
        self._seek_from_ns = self._delivered_ns or self.start_ns
        self._target_ns = target_ns
        self._anchor_ns = target_ns if self._holding else self._anchor_ns

    def _clock_position_ns(self) -> int:
        if self._paused or self._speed is None:
            return self._anchor_ns
        return self._anchor_ns + int((self._clock.monotonic_ns() - self._anchor_monotonic_ns) * self._speed)

    def _anchor(self, position_ns: int) -> None:
        self._anchor_ns = position_ns
        self._anchor_monotonic_ns = self._clock.monotonic_ns()

    def _clamped(self, position_ns: int) -> int:
        return min(max(position_ns, self.start_ns), self.end_ns)

    def _tell(self) -> None:
        self._changed.set()
        for listener in tuple(self._listeners):
            listener()


def _checked(speed: float | None) -> float | None:
    if speed is not None and not SLOWEST <= speed <= FASTEST:
        raise ConfigurationError(f"Speed {speed:g} cannot be played", f"it is not between {SLOWEST:g} and {FASTEST:g}")
    return speed
