from __future__ import annotations

import itertools
import random

from marketwatch.runtime.backoff import full_jitter


def take(count: int, **limits: float) -> list[float]:
    return list(itertools.islice(full_jitter(lambda low, high: high, **limits), count))


def test_the_ceiling_doubles_to_the_cap() -> None:
    assert take(8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_limits_are_arguments() -> None:
    assert take(4, first_s=0.5, cap_s=1.5) == [0.5, 1.0, 1.5, 1.5]
    assert take(2, first_s=10.0, cap_s=3.0) == [3.0, 3.0]


def test_delays_are_spread_over_the_whole_range() -> None:
    generator = random.Random(7)
    first = [next(full_jitter(generator.uniform)) for _ in range(200)]
    assert 0.0 <= min(first) < 0.1
    assert 0.9 < max(first) <= 1.0
