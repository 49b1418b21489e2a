"""P4: which silence is a fault."""

from __future__ import annotations

import pytest

from marketwatch.feeds.liveness import Liveness, Silence, SilenceLimits

LIMITS = SilenceLimits(life_s=15, dead_s=25, useful_s=25, mute_s=60)


def judged(
    alive: Liveness, now: float, *, session: bool | None = True, expects: bool = True, pinged: bool = True
) -> Silence:
    return alive.judge(now, session_open=session, expects_data=expects, is_pinged=pinged)


def answering(until: float, *, useful: float | None = None) -> Liveness:
    alive = Liveness(LIMITS, 0.0)
    if useful is not None:
        alive.useful(useful)
    alive.life(until)
    return alive


def test_armed_from_the_moment_of_opening_not_from_the_first_message() -> None:
    alive = Liveness(LIMITS, 100.0)
    assert judged(alive, 114.9) is Silence.FINE
    assert judged(alive, 115.0) is Silence.NO_LIFE
    assert judged(alive, 125.0) is Silence.DEAD


@pytest.mark.parametrize(
    ("now", "silence"),
    [(24.0, Silence.FINE), (25.0, Silence.NO_DATA), (59.0, Silence.NO_DATA), (60.0, Silence.MUTE)],
)
def test_pongs_without_data_in_an_open_session(now: float, silence: Silence) -> None:
    assert judged(answering(now), now) is silence


@pytest.mark.parametrize("now", [25.0, 60.0, 36_000.0])
def test_silence_out_of_session_is_no_fault_while_pongs_come(now: float) -> None:
    assert judged(answering(now), now, session=False) is Silence.FINE


@pytest.mark.parametrize("now", [25.0, 60.0, 36_000.0])
def test_when_the_session_is_not_known_rows_are_marked_but_the_connection_is_kept(now: float) -> None:
    assert judged(answering(now), now, session=None) is Silence.NO_DATA


def test_at_the_opening_bell_the_silence_begins_anew() -> None:
    alive = answering(36_000.0)
    assert judged(alive, 36_000.0, session=False) is Silence.FINE
    alive.life(36_030.0)
    assert judged(alive, 36_001.0) is Silence.FINE
    assert judged(alive, 36_025.0) is Silence.FINE
    assert judged(alive, 36_027.0) is Silence.NO_DATA


def test_without_subscriptions_no_data_is_expected() -> None:
    assert judged(answering(3600.0), 3600.0, expects=False) is Silence.FINE


def test_without_pings_nothing_follows_from_silence_out_of_session() -> None:
    alive = Liveness(LIMITS, 0.0)
    assert judged(alive, 36_000.0, session=False, pinged=False) is Silence.FINE
    assert judged(alive, 36_001.0, session=True, pinged=False) is Silence.FINE
    assert judged(alive, 36_026.0, session=True, pinged=False) is Silence.DEAD


def test_data_is_life_and_clears_everything() -> None:
    alive = answering(20.0)
    alive.useful(30.0)
    assert judged(alive, 44.0) is Silence.FINE
    assert alive.first_useful == 30.0


def test_time_does_not_run_backwards() -> None:
    alive = answering(50.0, useful=40.0)
    alive.life(10.0)
    assert alive.last_life == 50.0
    assert alive.lived_s() == 50.0
    alive.useful(75.0)
    assert alive.good_span_s() == 35.0


def test_the_next_check_is_always_ahead_and_never_misses_a_mark() -> None:
    alive = answering(0.0)
    now, marks = 0.0, []
    while now < 100:
        following = alive.next_check(now)
        assert following > now
        now = following
        marks.append(now)
    assert {15.0, 25.0, 60.0} <= set(marks)
