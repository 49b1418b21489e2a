"""Round prices for the price axis, and the placing of labels so that none covers another. Knows no Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


def price_ticks(low: float, high: float, wanted: int, least_step: float) -> list[float]:
    """Return round prices from `low` to `high`, about `wanted` of them, never closer than `least_step`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    raw = max((high - low) / max(1, wanted), least_step)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    steps = (factor * magnitude for factor in _ROUND)
    good = (step for step in steps if step >= raw * (1 - 1e-9) and _fits(step, least_step))
    step = next(good, 10.0 * magnitude)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def place_labels(centres: Sequence[float], height: float, taken: Sequence[tuple[float, float]]) -> list[float]:
    """Move labels by whole label heights until none covers another or a taken stretch; earlier ones keep their place.

    `centres` and the result are middles; `taken` holds (top, bottom).
    """
    occupied = list(taken)
    placed: list[float] = []
    for centre in centres:
        spot = _nearest_free(centre, height, occupied)
        occupied.append((spot - height / 2, spot + height / 2))
        placed.append(spot)
    return placed


def _nearest_free(centre: float, height: float, occupied: Sequence[tuple[float, float]]) -> float:
    for distance in range(len(occupied) * 3 + 1):
        for direction in (-1, 1):
            spot = centre + direction * distance * height
            top, bottom = spot - height / 2, spot + height / 2
            if all(bottom <= low or top >= high for low, high in occupied):
                return spot
    return centre


def _fits(step: float, least_step: float) -> bool:
    """Tell whether every multiple of `step` is a price that can be traded."""
    ratio = step / least_step
    return abs(ratio - round(ratio)) < 1e-6
