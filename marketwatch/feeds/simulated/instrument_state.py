"""One simulated share or fund: its price, its quote, and the figures of its day."""

from __future__ import annotations

import math
import random

from marketwatch.domain.events import DayStatistics, PriceLimits, Quote, TradeTick
from marketwatch.feeds.simulated.factors import TRADING_DAY_S
from marketwatch.feeds.simulated.profiles import Profile

OPENING_TRADE = (17,)
CLOSING_TRADE = (19,)
REOPENING_TRADE = (18,)
FORM_T = (12,)
ODD_LOT = (37,)
HALTED = (17,)
RESUMED = (18,)

_BAND = 0.05
_DAILY_LIMIT = 0.10
_ODD_LOT_SHARE = 0.25
_INSIDE_SHARE = 0.15
_EXCHANGES = (4, 11, 12, 19, 8, 10, 21)


class InstrumentState:
    """Prices are whole multiples of the tick size. `level` below is the log price relative to the previous close."""

    def __init__(self, key: str, profile: Profile, chance: random.Random) -> None:
        self.key = key
        self.profile = profile
        self._chance = chance
        self._sequence = 0
        self._own_level = 0.0
        self._moved_at_s = 0.0
        self.is_halted = False
        self.shock = 0.0
        self.prev_close = self._on_tick(profile.reference)
        self.fair = self.prev_close
        self.bid = self.ask = self.prev_close
        self.last: float | None = None
        self.start_day(profile.overnight)

    def start_day(self, overnight: float) -> None:
        """Begin a day: the last price is the previous close now, and the night has moved the price by `overnight`."""
        self.prev_close = self.last or self.prev_close
        self._own_level = overnight
        self._moved_at_s = 0.0
        self.shock = 0.0
        self.is_halted = False
        self.open: float | None = None
        self.high: float | None = None
        self.low: float | None = None
        self.last = None
        self.last_size = 0.0
        self.last_stamp: int | None = None
        self.volume = 0.0
        self.turnover = 0.0

    def move(self, now_s: float, factor_level: float) -> None:
        """Let the price find its level at `now_s` seconds of the day."""
        passed_s = now_s - self._moved_at_s if self._moved_at_s else 0.0
        self._moved_at_s = now_s
        if passed_s > 0:
            self._own_level += self.profile.idio * math.sqrt(passed_s / TRADING_DAY_S) * self._chance.gauss(0.0, 1.0)
        self.fair = max(self.profile.tick, self.prev_close * math.exp(self._own_level + factor_level + self.shock))
        self._place_quote()

    def quote(self, stamp: int) -> Quote:
        """Return the best bid and ask as they stand."""
        self._sequence += 1
        return Quote(
            key=self.key,
            stamp=stamp,
            bid=self.bid,
            bid_size=self._quote_size(),
            ask=self.ask,
            ask_size=self._quote_size(),
            sequence=self._sequence,
        )

    def trade(self, stamp: int, conditions: tuple[int, ...] | None = None, size: float | None = None) -> TradeTick:
        """Return a trade at the quote; `size` None draws one. It counts in the day's figures unless it is Form T."""
        if size is None:
            size, odd = self._trade_size()
            if odd and not self.profile.is_indian:
                conditions = (conditions or ()) + ODD_LOT
        price = self._trade_price()
        self._count(price, size, stamp, conditions)
        self._sequence += 1
        return TradeTick(
            key=self.key,
            stamp=stamp,
            price=price,
            size=size,
            conditions=conditions,
            exchange=None if self.profile.is_indian else self._chance.choice(_EXCHANGES),
            sequence=self._sequence,
        )

    def coarse_trade(self, stamp: int, size: float) -> float:
        """Count a trade that stands for many, without an event; return its price."""
        price = self._trade_price()
        self._count(price, size, stamp, None)
        return price

    def limits(self, stamp: int, indicators: tuple[int, ...] | None = None) -> PriceLimits:
        """Return the prices beyond which trading stops: a moving band in the US, the daily limit in India."""
        centre, width = (self.prev_close, _DAILY_LIMIT) if self.profile.is_indian else (self.fair, _BAND)
        return PriceLimits(
            key=self.key,
            stamp=stamp,
            upper_limit=self._on_tick(centre * (1 + width)),
            lower_limit=self._on_tick(centre * (1 - width)),
            indicators=indicators,
            halted=self.is_halted,
        )

    def statistics(self) -> DayStatistics:
        """Return the figures of the day so far and the previous close."""
        return DayStatistics(
            key=self.key,
            stamp=self.last_stamp,
            prev_close=self.prev_close,
            day_open=self.open,
            day_high=self.high,
            day_low=self.low,
            day_volume=None if self.profile.is_index else self.volume,
            day_vwap=self.turnover / self.volume if self.volume else None,
            last_price=self.last,
            last_size=self.last_size if self.last is not None else None,
            last_trade_stamp=self.last_stamp,
        )

    def block_size(self, size: float) -> float:
        """Round a large size to whole lots."""
        lot = 1 if self.profile.is_indian else 100
        return float(max(lot, round(size / lot) * lot))

    def _count(self, price: float, size: float, stamp: int, conditions: tuple[int, ...] | None) -> None:
        self.volume += size
        self.turnover += price * size
        if conditions and (FORM_T[0] in conditions or ODD_LOT[0] in conditions):
            return
        self.open = price if self.open is None else self.open
        self.high = price if self.high is None else max(self.high, price)
        self.low = price if self.low is None else min(self.low, price)
        self.last, self.last_size, self.last_stamp = price, size, stamp

    def _place_quote(self) -> None:
        tick = self.profile.tick
        usual = self.fair * self.profile.spread_bps / 10_000 / tick
        width = max(1, round(usual * self._chance.uniform(0.6, 1.5)))
        below = max(1, math.floor(self.fair / tick - width / 2 + self._chance.random()))
        self.bid = round(below * tick, self.profile.decimals)
        self.ask = round((below + width) * tick, self.profile.decimals)

    def _trade_price(self) -> float:
        if self._chance.random() < _INSIDE_SHARE:
            return min(self.ask, max(self.bid, self._on_tick(self.fair)))
        return self.bid if self._chance.random() < 0.5 else self.ask

    def _trade_size(self) -> tuple[float, bool]:
        drawn = self.profile.mean_size * self._chance.lognormvariate(-0.5, 1.0)
        if self.profile.is_indian:
            return float(max(1, round(drawn))), False
        if self._chance.random() < _ODD_LOT_SHARE:
            return float(self._chance.randint(1, 99)), True
        return float(max(100, round(drawn / 100) * 100)), False

    def _quote_size(self) -> float:
        drawn = self.profile.mean_size * 3 * self._chance.lognormvariate(-0.3, 0.8)
        return self.block_size(drawn)

    def _on_tick(self, price: float) -> float:
        return round(max(1, round(price / self.profile.tick)) * self.profile.tick, self.profile.decimals)
