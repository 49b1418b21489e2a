from __future__ import annotations

from fake_time import FakeTime

from marketwatch.runtime.clock_jump import ClockJump, ClockJumpDetector


class Ear:
    def __init__(self) -> None:
        self.time = FakeTime()
        self.jumps: list[ClockJump] = []
        self.detector = ClockJumpDetector(self.time, self.time, self.jumps.append)
        self.detector.start()


async def test_p18_ordinary_time_is_no_jump() -> None:
    ear = Ear()
    await ear.time.advance(3600.0)
    ear.time.step_wall(1.5)  # a correction by NTP
    await ear.time.advance(60.0)
    assert ear.jumps == []


async def test_a_sleep_shows_as_a_step_of_the_wall_clock_once() -> None:
    ear = Ear()
    ear.time.step_wall(3 * 86_400.0)
    await ear.time.advance(30.0)
    assert [round(jump.away_s) for jump in ear.jumps] == [3 * 86_400]


async def test_a_clock_set_back_is_told_without_an_absence() -> None:
    ear = Ear()
    ear.time.step_wall(-3600.0)
    await ear.time.advance(5.0)
    assert [jump.away_s for jump in ear.jumps] == [0.0]


async def test_a_late_check_is_a_sleep_where_the_monotonic_clock_runs_on() -> None:
    ear = Ear()
    ear.time._go_to(ear.time.monotonic_ns() + 60_000_000_000)  # both clocks ran, nobody was called
    await ear.time.advance(0.0)
    assert [round(jump.away_s) for jump in ear.jumps] == [55]


async def test_nothing_is_left_after_stop() -> None:
    ear = Ear()
    ear.detector.stop()
    ear.time.step_wall(100.0)
    await ear.time.advance(100.0)
    assert ear.jumps == []
    assert ear.time.waiting() == 0
