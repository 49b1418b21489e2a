from __future__ import annotations

from marketwatch.feeds.reconnect import ReconnectPlan, ReconnectRules


def plan(**rules: float) -> ReconnectPlan:
    return ReconnectPlan(ReconnectRules(**rules), lambda low, high: high)  # type: ignore[arg-type]


def waits(made: ReconnectPlan, count: int) -> list[float]:
    return [made.delay_s(0.0) for _ in range(count)]


def test_mere_connecting_does_not_reset_the_waits() -> None:
    made = plan()
    assert waits(made, 3) == [1, 2, 4]
    made.note_end(lived_s=29.0, data_s=29.0, delivered=True)
    assert waits(made, 1) == [8]


def test_thirty_seconds_of_data_do() -> None:
    made = plan()
    waits(made, 5)
    made.note_end(lived_s=31.0, data_s=30.0, delivered=True)
    assert waits(made, 1) == [1]


def test_a_long_quiet_life_does_too() -> None:
    made = plan()
    waits(made, 5)
    made.note_end(lived_s=300.0, data_s=0.0, delivered=False)
    assert waits(made, 1) == [1]


def test_a_minimum_is_a_floor() -> None:
    made = plan()
    assert made.delay_s(0.0, min_wait_s=30.0) == 30.0
    assert made.delay_s(0.0, min_wait_s=0.5) == 2.0


def test_after_a_connection_limit_the_floor_stays_until_a_connection_lived() -> None:
    made = plan()
    assert made.delay_s(0.0, min_wait_s=60.0, is_limited=True) == 60.0
    made.note_end(lived_s=3.0, data_s=0.0, delivered=False)
    assert made.delay_s(0.0) == 60.0
    made.note_end(lived_s=10.0, data_s=0.0, delivered=False)
    assert made.delay_s(0.0) == 4.0


def test_data_lifts_the_floor_as_well() -> None:
    made = plan()
    made.delay_s(0.0, is_limited=True)
    made.note_end(lived_s=1.0, data_s=0.0, delivered=True)
    assert made.delay_s(0.0) == 2.0


def test_two_programs_on_one_account_do_not_throw_each_other_out_for_ever() -> None:
    made = plan()
    limited = []
    now = 0.0
    for _ in range(20):
        limited.append(made.delay_s(now, is_limited=True))
        now += limited[-1]
        made.note_end(lived_s=20.0, data_s=0.0, delivered=True)
    assert limited == [60, 120, 240, 480] + [900] * 16
    assert made.delay_s(now + 7200.0, is_limited=True) == 60.0


def test_attempts_per_minute_are_capped() -> None:
    made = plan(attempts_per_minute=2)
    made.note_attempt(0.0)
    assert made.cap_wait_s(1.0) == 0.0
    made.note_attempt(1.0)
    assert made.cap_wait_s(2.0) == 58.0
    assert made.delay_s(2.0) == 58.0
    assert made.cap_wait_s(60.0) == 0.0


def test_another_key_starts_afresh() -> None:
    made = plan()
    waits(made, 4)
    made.delay_s(0.0, is_limited=True)
    made.forget()
    assert waits(made, 1) == [1]
