"""What moves many instruments together: a factor per market, one per sector, and what all markets have in common."""

from __future__ import annotations

import math
import random

TRADING_DAY_S = 22_500.0
"""Length to which daily volatilities refer."""

_MARKET_VOLATILITY = 0.008
_SECTOR_VOLATILITY = 0.006
_COMMON_SHARE = 0.6


class Factors:
    """Log levels of the factors, moved by `step`."""

    def __init__(self, chance: random.Random, names: list[tuple[str, str]]) -> None:
        self._chance = chance
        self._markets = dict.fromkeys(sorted({market for market, _ in names}), 0.0)
        self._sectors = dict.fromkeys(sorted(set(names)), 0.0)

    def start_day(self) -> None:
        """Begin at the previous close again: what moved yesterday is in the prices."""
        self._markets = dict.fromkeys(self._markets, 0.0)
        self._sectors = dict.fromkeys(self._sectors, 0.0)

    def step(self, seconds: float) -> None:
        """Let simulated time pass."""
        gauss = self._chance.gauss
        scale = math.sqrt(seconds / TRADING_DAY_S)
        common = gauss(0.0, 1.0) * _COMMON_SHARE
        own_share = math.sqrt(1 - _COMMON_SHARE**2)
        for market in self._markets:
            self._markets[market] += _MARKET_VOLATILITY * scale * (common + own_share * gauss(0.0, 1.0))
        for name in self._sectors:
            self._sectors[name] += _SECTOR_VOLATILITY * scale * gauss(0.0, 1.0)

    def level(self, market: str, sector: str, beta: float, sector_beta: float) -> float:
        """Return the log level that an instrument with these sensitivities takes from the factors."""
        return beta * self._markets[market] + sector_beta * self._sectors[market, sector]
