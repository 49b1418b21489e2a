"""One thousand random fault scripts over every kind of feed of the catalog: nothing raised, nothing lost, nothing old
shown as live. A failing script is printed as the list of its steps."""

from __future__ import annotations

import math
import zlib

import hypothesis
import hypothesis.strategies as st
import pytest
from fault_far_end import ACCEPTS, HANGS, REFUSALS
from fault_sides import SIDES
from fault_steps import (
    GARBAGE,
    Adds,
    Answers,
    ClockIsSet,
    CrowdsOut,
    Drops,
    FallsBack,
    Floods,
    Greets,
    JoinsFeed,
    Key,
    LeavesFeed,
    Moves,
    Mutes,
    Network,
    Passes,
    Removes,
    Reorders,
    Repeats,
    Retries,
    Says,
    Session,
    Sleeps,
    Step,
    TellsOfStranger,
    Trades,
    Truncates,
    play_script,
)

from marketwatch.feeds.catalog import CATALOG, FeedKind

SCRIPTS = 1_000
KINDS = [kind for kind in CATALOG if kind.value in SIDES]

at = st.sampled_from([0, 0, 0, 1])
share = st.integers(0, 3)
moments = st.sampled_from([0.5, 3.0, 12.0, 26.0, 45.0, 70.0, 200.0])
codes = st.sampled_from([1000, 1001, 1006, 1008, 1009, 1011, 1012, 1013, 4001])

faults = st.one_of(
    st.builds(Answers, st.sampled_from([ACCEPTS, HANGS, *REFUSALS]), at),
    st.builds(Greets, st.booleans(), at),
    st.builds(Drops, codes, st.booleans(), at),
    st.builds(Mutes, st.booleans(), at),
    st.builds(CrowdsOut, at),
    st.builds(Says, st.sampled_from(GARBAGE) | st.binary(max_size=40) | st.text(max_size=20).map(str.encode), at),
    st.builds(Truncates, st.floats(0.0, 1.0), at),
    st.builds(TellsOfStranger, at),
    st.builds(Repeats, st.integers(1, 20), at),
    st.builds(Floods, st.sampled_from([1, 40]), st.sampled_from([0.0, 0.0, 30.0]), at),
    st.builds(ClockIsSet, st.sampled_from([-3_600.0, -4.0, 4.0, 3_600.0, 86_400.0])),
    st.builds(Sleeps, st.sampled_from([5.0, 300.0, 3 * 86_400.0]), st.booleans()),
    st.builds(Network, st.booleans()),
    st.builds(Session, st.sampled_from(["calendar", True, False, None])),
    st.builds(Adds, share, st.booleans()),
    st.builds(Removes, share, st.booleans()),
    st.builds(Reorders, st.sampled_from([0, 1])),
    st.builds(FallsBack, st.booleans()),
    st.builds(Key, st.sampled_from(["right", "wrong", "none"]), at),
    st.builds(Moves, st.sampled_from([0, 1, 2])),
    st.builds(Retries),
    st.builds(LeavesFeed),
    st.builds(JoinsFeed),
)
pauses = st.one_of(st.none(), st.builds(Trades, moments), st.builds(Passes, moments))
scripts = st.lists(st.tuples(pauses, faults), min_size=8, max_size=24).map(
    lambda pairs: [step for pair in pairs for step in pair if step is not None]
)


def test_every_kind_of_the_catalog_takes_part() -> None:
    assert [kind.value for kind in CATALOG if kind.value not in SIDES] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_a_feed_survives_whatever_happens(kind: FeedKind) -> None:
    house = hypothesis.settings()

    @hypothesis.settings(
        max_examples=max(house.max_examples, math.ceil(SCRIPTS / len(KINDS))),
        suppress_health_check=list(hypothesis.HealthCheck),
        database=None,
    )
    @hypothesis.given(script=scripts)
    def survives(script: list[Step]) -> None:
        play_script(kind, script)

    if house.derandomize:  # the same scripts each time, but others for each kind
        survives = hypothesis.seed(zlib.crc32(kind.value.encode()))(survives)
    survives()
