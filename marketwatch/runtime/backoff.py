"""Delays between attempts: full jitter, doubling, capped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

FIRST_S = 1.0
CAP_S = 60.0

Draw = Callable[[float, float], float]
"""A random number between two bounds, for example `random.Random().uniform`."""


def full_jitter(draw: Draw, *, first_s: float = FIRST_S, cap_s: float = CAP_S) -> Iterator[float]:
    """Yield random(0, min(cap, first * 2^n)) for n = 0, 1, 2 ... for ever, in seconds."""
    ceiling = min(first_s, cap_s)
    while True:
        yield draw(0.0, ceiling)
        ceiling = min(cap_s, ceiling * 2)
