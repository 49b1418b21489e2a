from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_time import FakeTime
from recordings import NEW_YORK_OPEN_NS, SECOND_NS, trade, write_recording

from marketwatch.domain.events import MarketEvent
from marketwatch.domain.ids import Venue
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.playback import Playback
from marketwatch.feeds.recorded.recording import open_recording


class Listener:
    """A sink that notes what comes."""

    def __init__(self) -> None:
        self.events: list[MarketEvent] = []
        self.rewinds = 0
        self.subscribed = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()

    async def deliver(self, events: Sequence[MarketEvent]) -> None:
        self.events.extend(events)
        await self.room.wait()

    def offer(self, events: Sequence[MarketEvent]) -> None:
        self.events.extend(events)

    async def wait_for_subscriber(self) -> None:
        await self.subscribed.wait()

    async def rewind(self) -> None:
        self.rewinds += 1
        self.events.clear()
        self.subscribed.clear()

    def new_day(self) -> None:
        self.events.clear()

    @property
    def seconds(self) -> list[float]:
        return [((event.stamp or 0) - NEW_YORK_OPEN_NS) / SECOND_NS for event in self.events]


def waiting_in(time: FakeTime) -> Callable[[asyncio.Event, float | None], Awaitable[None]]:
    async def wait(event: asyncio.Event, seconds: float | None) -> None:
        handle = None if seconds is None else time.call_later(seconds, event.set)
        await event.wait()
        if handle is not None:
            handle.cancel()

    return wait


class Rig:
    def __init__(self, playback: Playback, time: FakeTime, sink: Listener) -> None:
        self.playback = playback
        self.time = time
        self.sink = sink

    @property
    def at_s(self) -> float:
        return (self.playback.position_ns - NEW_YORK_OPEN_NS) / SECOND_NS

    async def until_quiet(self) -> None:
        """Let the reading thread and the loop come to rest; simulated time stands still."""
        for _ in range(20):
            await asyncio.sleep(0.002)
            await self.time.advance(0)


@asynccontextmanager
async def playing(path: Path, **options: object) -> AsyncIterator[Rig]:
    time = FakeTime()
    recording = await open_recording(path)
    playback = Playback(recording, clock=time, wait=waiting_in(time), **options)  # type: ignore[arg-type]
    sink = Listener()
    task = asyncio.create_task(playback.play(sink))
    rig = Rig(playback, time, sink)
    await rig.until_quiet()
    try:
        yield rig
    finally:
        task.cancel()
        await asyncio.wait([task])
        await recording.close()
        if not task.cancelled():
            task.result()


@pytest.fixture
def ten_seconds(tmp_path: Path) -> Path:
    """A trade each second, the last at ten seconds."""
    return write_recording(tmp_path / "ten.parquet", [trade(at, "IBM", 100 + at, 100) for at in range(11)])


async def test_at_speed_one_events_come_at_their_time_and_the_position_moves_between_them(ten_seconds: Path) -> None:
    async with playing(ten_seconds) as rig:
        assert rig.sink.seconds == [0]
        await rig.time.advance(1.5)
        assert rig.sink.seconds == [0, 1]
        assert rig.at_s == pytest.approx(1.5)
        assert rig.playback.now_ns(Venue("US")) == rig.playback.position_ns
        await rig.time.advance(9)
        await rig.until_quiet()
        assert rig.sink.seconds == list(range(11))
        assert rig.playback.is_finished
        assert rig.at_s == 10


async def test_pause_freezes_position_and_events(ten_seconds: Path) -> None:
    async with playing(ten_seconds) as rig:
        await rig.time.advance(2.5)
        rig.playback.pause()
        await rig.time.advance(60)
        assert rig.sink.seconds == [0, 1, 2]
        assert rig.at_s == pytest.approx(2.5)
        rig.playback.resume()
        await rig.time.advance(1)
        assert rig.sink.seconds == [0, 1, 2, 3]
        assert rig.at_s == pytest.approx(3.5)


async def test_speed_changes_from_where_it_is(ten_seconds: Path) -> None:
    async with playing(ten_seconds, speed=2.0) as rig:
        await rig.time.advance(1)
        assert rig.at_s == pytest.approx(2)
        rig.playback.set_speed(0.5)
        await rig.time.advance(3)
        assert rig.at_s == pytest.approx(3.5)
        rig.playback.set_speed(None)
        await rig.until_quiet()
        assert rig.playback.is_finished
        assert rig.sink.seconds == list(range(11))


async def test_max_speed_needs_no_time_at_all(ten_seconds: Path) -> None:
    async with playing(ten_seconds, speed=None) as rig:
        assert rig.playback.is_finished
        assert rig.sink.seconds == list(range(11))


async def test_starting_later_plays_everything_before_at_once(ten_seconds: Path) -> None:
    async with playing(ten_seconds, start_at_ns=NEW_YORK_OPEN_NS + 4 * SECOND_NS + SECOND_NS // 2) as rig:
        assert rig.sink.seconds == [0, 1, 2, 3, 4]
        assert rig.at_s == pytest.approx(4.5)
        assert not rig.playback.is_seeking
        await rig.time.advance(1)
        assert rig.sink.seconds == [0, 1, 2, 3, 4, 5]


async def test_seeking_forwards_gives_the_same_events_as_playing_there(ten_seconds: Path) -> None:
    async with playing(ten_seconds) as rig:
        await rig.playback.seek(NEW_YORK_OPEN_NS + 6 * SECOND_NS + SECOND_NS // 4)
        await rig.until_quiet()
        assert rig.sink.rewinds == 0
        assert rig.sink.seconds == [0, 1, 2, 3, 4, 5, 6]
        assert rig.at_s == pytest.approx(6.25)
        assert rig.playback.seek_progress is None


async def test_seeking_backwards_starts_again_and_lets_listeners_go_first(ten_seconds: Path) -> None:
    async with playing(ten_seconds, speed=None, hold=True, stays=True) as rig:
        assert rig.playback.is_holding
        assert rig.sink.seconds == []
        rig.sink.subscribed.set()
        await rig.until_quiet()
        assert rig.playback.is_finished
        rig.playback.set_speed(1.0)
        await rig.playback.seek(NEW_YORK_OPEN_NS + 3 * SECOND_NS)
        assert rig.sink.rewinds == 1
        assert rig.playback.is_holding
        assert rig.at_s == 3
        await rig.until_quiet()
        assert rig.sink.seconds == []
        rig.sink.subscribed.set()
        await rig.until_quiet()
        assert rig.sink.seconds == [0, 1, 2, 3]
        await rig.time.advance(1)
        assert rig.sink.seconds == [0, 1, 2, 3, 4]


async def test_restart_goes_back_to_where_playing_began(ten_seconds: Path) -> None:
    start = NEW_YORK_OPEN_NS + 2 * SECOND_NS
    async with playing(ten_seconds, start_at_ns=start, stays=True) as rig:
        await rig.time.advance(3)
        assert rig.sink.seconds == [0, 1, 2, 3, 4, 5]
        await rig.playback.restart()
        await rig.until_quiet()
        assert rig.sink.seconds == [0, 1, 2]
        assert rig.at_s == pytest.approx(2)


async def test_market_time_stands_still_while_a_listener_has_no_room(ten_seconds: Path) -> None:
    async with playing(ten_seconds) as rig:
        rig.sink.room.clear()
        await rig.time.advance(5)
        assert rig.sink.seconds == [0, 1]
        assert rig.at_s == pytest.approx(1)
        rig.sink.room.set()
        await rig.time.advance(1)
        assert rig.sink.seconds == [0, 1, 2]
        assert rig.at_s == pytest.approx(2, abs=0.05)


async def test_listeners_hear_of_changes_and_bad_speeds_are_refused(ten_seconds: Path) -> None:
    heard: list[tuple[bool, float | None]] = []
    async with playing(ten_seconds) as rig:

        def note() -> None:
            heard.append((rig.playback.is_paused, rig.playback.speed))

        rig.playback.add_listener(note)
        rig.playback.pause()
        rig.playback.set_speed(10)
        rig.playback.resume()
        with pytest.raises(ConfigurationError):
            rig.playback.set_speed(5000)
        assert rig.playback.speed == 10
    assert heard == [(True, 1.0), (True, 10), (False, 10)]
