"""Ratios measured in one run: what every benchmark here reports, and how it measures.

A benchmark module `tests/bench/bench_*.py` has `run() -> list[Row]`. Absolute times say little on a shared machine;
`paired` runs both sides alternately and takes the median of the per-round ratios of CPU time (PERFORMANCE.md).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec


class Row(msgspec.Struct, kw_only=True):
    """One line of the bench table. `ratio` is against `peer`; `holds` None when there is no budget."""

    name: str
    value: float
    unit: str
    budget: str = ""
    peer: str = ""
    ratio: float | None = None
    holds: bool | None = None


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of `paired`: median CPU seconds of each side and how many times faster ours is."""

    ours_s: float
    peer_s: float
    times_faster: float


def cpu_seconds(work: Callable[[], Any]) -> float:
    """Return the CPU time of one call; what earlier calls left behind is collected before."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def paired(ours: Callable[[], Any], peer: Callable[[], Any], rounds: int = 5) -> Paired:
    """Run both sides alternately, once each to warm up, and compare."""
    ours()
    peer()
    ours_s: list[float] = []
    peer_s: list[float] = []
    for turn in range(rounds):
        if turn % 2:
            peer_s.append(cpu_seconds(peer))
            ours_s.append(cpu_seconds(ours))
        else:
            ours_s.append(cpu_seconds(ours))
            peer_s.append(cpu_seconds(peer))
    return Paired(
        ours_s=statistics.median(ours_s),
        peer_s=statistics.median(peer_s),
        times_faster=statistics.median(theirs / mine for mine, theirs in zip(ours_s, peer_s, strict=True)),
    )


def at_least(name: str, result: Paired, *, peer: str, budget: float, value: float, unit: str) -> Row:
    """Make a row whose budget is a least ratio."""
    return Row(
        name=name,
        value=value,
        unit=unit,
        budget=f">= {budget:g} x",
        peer=peer,
        ratio=result.times_faster,
        holds=result.times_faster >= budget,
    )


def at_most(name: str, value: float, unit: str, limit: float, *, peer: str = "", ratio: float | None = None) -> Row:
    """Make a row whose budget is a greatest value, or a greatest ratio to `peer` when there is one."""
    held = value if ratio is None else ratio
    budget = f"<= {limit:g} {unit if ratio is None else 'x'}"
    return Row(name=name, value=value, unit=unit, budget=budget, peer=peer, ratio=ratio, holds=held <= limit)
