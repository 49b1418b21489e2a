"""When a row leaves its primary feed and when it returns, by a clock that a test moves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.feeds.status import FeedState
from marketwatch.services.failover import FailoverRules, Move, RowFailover, Side, Trouble

NS = 1_000_000_000
START_NS = 1_750_000_000 * NS
LIVE, DOWN, STALE = FeedState.LIVE, FeedState.BACKING_OFF, FeedState.STALE


class Row:
    """One row, judged every second. Both feeds tick every second unless a test says otherwise."""

    def __init__(self, rules: FailoverRules | None = None) -> None:
        self.judge = RowFailover(rules)
        self.now = 0
        self.is_open = True
        self.primary, self.fallback = LIVE, LIVE
        self.bar: Trouble | None = None
        self.ticks = {"primary": True, "fallback": True}
        self.newest: dict[str, int | None] = {"primary": None, "fallback": None}
        self.moves: list[tuple[int, Move]] = []

    def run(self, seconds: int) -> list[tuple[int, Move]]:
        """Let time pass; return the moves made meanwhile."""
        done = len(self.moves)
        for _ in range(seconds):
            self.now += 1
            now_ns = START_NS + self.now * NS
            for name, state in (("primary", self.primary), ("fallback", self.fallback)):
                if self.ticks[name] and state is LIVE:
                    self.newest[name] = now_ns
            move = self.judge.judge(
                self.now,
                Side(state=self.primary, source_ns=now_ns, bar=self.bar, newest_ns=self.newest["primary"]),
                Side(state=self.fallback, source_ns=now_ns, newest_ns=self.newest["fallback"]),
                is_open=self.is_open,
            )
            if move is not Move.STAY:
                self.moves.append((self.now, move))
        return self.moves[done:]


def test_two_healthy_feeds_leave_the_row_where_it_is() -> None:
    row = Row()
    assert row.run(3600) == []
    assert not row.judge.is_fallen


@pytest.mark.parametrize("state", [DOWN, FeedState.IDLE, FeedState.CONNECTING, FeedState.AUTHENTICATING, STALE])
def test_a_short_trouble_costs_nothing_and_a_lasting_one_moves_the_row(state: FeedState) -> None:
    row = Row()
    row.run(10)
    row.primary = state
    assert row.run(5) == []
    row.primary = LIVE
    assert row.run(10) == []
    row.primary = state
    assert row.run(10) == [(31, Move.FALL)]
    assert row.judge.trouble is {STALE: Trouble.STALLED, FeedState.IDLE: Trouble.OFF}.get(state, Trouble.DOWN)


@pytest.mark.parametrize(
    ("state", "bar", "trouble"),
    [
        (FeedState.REFUSED, None, Trouble.GIVEN_UP),
        (FeedState.SIGNED_OUT, None, Trouble.SIGNED_OUT),
        (LIVE, Trouble.REFUSED, Trouble.REFUSED),
        (LIVE, Trouble.OVER_LIMIT, Trouble.OVER_LIMIT),
    ],
)
def test_a_refusal_moves_the_row_at_once(state: FeedState, bar: Trouble | None, trouble: Trouble) -> None:
    row = Row()
    row.run(10)
    row.primary, row.bar = state, bar
    assert row.run(1) == [(11, Move.FALL)]
    assert row.judge.trouble is trouble


def test_silence_counts_only_in_an_open_session_and_while_the_fall_back_ticks() -> None:
    row = Row()
    row.run(10)
    row.ticks["primary"] = False
    row.ticks["fallback"] = False
    assert row.run(120) == []
    row.is_open = False
    row.ticks["fallback"] = True
    assert row.run(120) == []
    row.is_open = True
    assert row.run(1) == [(251, Move.FALL)]
    assert row.judge.trouble is Trouble.SILENT


def test_a_primary_that_never_said_a_word_is_silent_too() -> None:
    row = Row()
    row.ticks["primary"] = False
    assert row.run(60) == [(31, Move.FALL)]


def test_without_figures_of_the_fall_back_the_last_ones_of_the_primary_stay() -> None:
    row = Row()
    row.ticks["fallback"] = False
    row.run(10)
    row.primary = DOWN
    assert row.run(100) == []
    row.ticks["fallback"] = True
    assert row.run(1) == [(111, Move.FALL)]


def test_a_fall_back_in_trouble_is_no_help() -> None:
    row = Row()
    row.run(10)
    row.primary = row.fallback = DOWN
    assert row.run(100) == []


def test_the_row_returns_after_the_primary_was_fresh_for_a_while() -> None:
    row = Row()
    row.run(10)
    row.primary = DOWN
    row.run(60)
    row.primary = LIVE
    row.ticks["primary"] = False  # connected is not enough
    assert row.run(60) == []
    row.ticks["primary"] = True
    assert row.run(60) == [(161, Move.RETURN)]
    assert row.judge.trouble is None


def test_old_events_that_a_server_sends_again_are_not_fresh() -> None:
    row = Row()
    row.run(10)
    row.primary = DOWN
    row.run(20)
    row.primary, row.ticks["primary"] = LIVE, False
    for second in range(100):
        row.newest["primary"] = START_NS - 3_600 * NS + second
        assert row.run(1) == []


def test_a_flapping_primary_is_returned_to_later_and_later() -> None:
    row = Row()
    row.run(10)
    for _ in range(20):
        row.primary = DOWN
        row.run(10)
        row.primary = LIVE
        row.run(45)
    moves = [move for _, move in row.moves]
    assert moves == [Move.FALL, Move.RETURN, Move.FALL]
    assert row.judge.returns_after_s == 60.0
    assert [move for _, move in row.run(60)] == [Move.RETURN]


def test_patience_is_forgiven_after_a_while_and_has_an_end() -> None:
    row = Row(FailoverRules(memory_s=100.0, returns_cap_s=40.0))
    row.run(10)
    for _ in range(4):
        row.primary = DOWN
        row.run(10)
        row.primary = LIVE
        row.run(50)
    assert [move for _, move in row.moves] == [Move.FALL, Move.RETURN] * 4
    assert row.judge.returns_after_s == 40.0
    row.run(200)
    row.primary = DOWN
    row.run(10)
    assert row.judge.returns_after_s == 30.0


def test_when_the_fall_back_fails_too_a_well_primary_has_the_row_at_once() -> None:
    row = Row()
    row.run(10)
    row.primary = DOWN
    row.run(10)
    row.primary = LIVE
    row.run(2)
    row.fallback = FeedState.REFUSED
    assert row.run(1) == [(23, Move.RETURN)]


def test_one_that_only_pauses_with_its_primary_down_stays() -> None:
    row = Row()
    row.run(10)
    row.primary = DOWN
    row.run(10)
    row.fallback = DOWN
    assert row.run(100) == []
    assert row.judge.is_fallen


@given(
    st.lists(
        st.tuples(
            st.sampled_from([LIVE, LIVE, DOWN, STALE, FeedState.REFUSED]),
            st.sampled_from([LIVE, LIVE, DOWN]),
            st.booleans(),
            st.integers(1, 80),
        ),
        max_size=30,
    )
)
def test_whatever_happens_moves_alternate_and_never_come_in_haste(
    script: list[tuple[FeedState, FeedState, bool, int]],
) -> None:
    row = Row()
    forced = 0
    for primary, fallback, ticks, seconds in script:
        row.primary, row.fallback, row.ticks["primary"] = primary, fallback, ticks
        row.run(seconds)
        forced += fallback is not LIVE
    moves = [move for _, move in row.moves]
    assert moves[:1] in ([], [Move.FALL])
    assert all(one is not other for one, other in itertools.pairwise(moves))
    if not forced:
        stays = [later - at for (at, move), (later, _) in itertools.pairwise(row.moves) if move is Move.FALL]
        assert all(stay >= 30 for stay in stays)
