from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture(autouse=True)
def _bench_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCH))
    yield
    for name in set(sys.modules) - before:
        if name in ("harness", "frame_server", "programs"):
            del sys.modules[name]


def test_a_ratio_says_how_many_times_faster_ours_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import harness

    def ours() -> None: ...

    def peer() -> None: ...

    times = {ours: iter((1.0, 2.0, 4.0)), peer: iter((3.0, 4.0, 20.0))}
    monkeypatch.setattr(harness, "cpu_seconds", lambda work: next(times[work]))
    result = harness.paired(ours, peer, rounds=3)
    assert (result.ours_s, result.peer_s) == (2.0, 4.0)
    assert result.times_faster == 3.0  # the median of 3, 2 and 5, not the ratio of the medians


def test_both_sides_go_first_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    import harness

    calls: list[str] = []
    monkeypatch.setattr(harness, "cpu_seconds", lambda work: work() or 1.0)
    harness.paired(lambda: calls.append("ours"), lambda: calls.append("peer"), rounds=2)
    assert calls == ["ours", "peer", "ours", "peer", "peer", "ours"]


def test_budgets_hold_at_their_limit() -> None:
    from harness import Paired, at_least, at_most

    result = Paired(ours_s=1.0, peer_s=2.0, times_faster=2.0)
    assert at_least("x", result, peer="p", budget=2, value=1, unit="s").holds
    assert not at_least("x", result, peer="p", budget=2.1, value=1, unit="s").holds
    assert at_most("x", 5, "ms", 5).holds
    assert not at_most("x", 5.1, "ms", 5).holds
    row = at_most("x", 300, "ms", 2, peer="p", ratio=1.9)
    assert (row.holds, row.budget) == (True, "<= 2 x")
    assert not at_most("x", 1, "ms", 2, peer="p", ratio=2.1).holds


def test_frames_are_never_the_same_event_twice() -> None:
    import itertools

    import frame_server

    from marketwatch.protocols.massive.messages import FRAME_DECODER

    frames = list(itertools.islice(frame_server.frames(), 40))
    events = [event for frame in frames for event in FRAME_DECODER.decode(frame)]
    assert len(events) == 40 * frame_server.EVENTS_PER_FRAME
    numbers = [event.sequence for event in events if event.sequence is not None]
    assert len(set(numbers)) == len(numbers)
    kinds = [type(event).__name__ for event in events]
    assert 0.6 < kinds.count("WireQuote") / len(kinds) < 0.8
    assert kinds.count("WireMinuteBar") > 0


def test_what_a_program_told_is_read_by_name() -> None:
    import programs

    lines = ["noise", '{"what": "painted", "at_ns": 5000000, "rss_mb": 60.0}', '{"what": "ticked", "at_ns": 9000000}']
    told = programs._read(lines, began_ns=1_000_000)
    assert (told["painted"]["after_ms"], told["ticked"]["after_ms"]) == (4.0, 8.0)
