"""Builds the second and minute bars that the gateway serves, and the figures of the day, from the trades it plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from marketwatch.domain.conditions import effects_of
from marketwatch.domain.events import DayStatistics, SecondBar, TradeTick, VendorBar

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS

IsExtended = Callable[[str, int], bool]
"""Tells whether an instant lies in the extended session of the instrument with this key."""


class _Window(msgspec.Struct, gc=False):
    """Trades of one second or minute. `volume` counts what may count as volume, priced or not."""

    start_ns: int
    volume: float = 0.0
    turnover: float = 0.0
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None

    def add_price(self, price: float, *, moves_range: bool, moves_last: bool) -> None:
        if moves_range:
            self.high = price if self.high is None else max(self.high, price)
            self.low = price if self.low is None else min(self.low, price)
        if moves_last:
            if self.open is None:
                self.open = price
            self.close = price

    def add_window(self, other: _Window) -> None:
        self.volume += other.volume
        self.turnover += other.turnover
        for price in (other.high, other.low):
            if price is not None:
                self.add_price(price, moves_range=True, moves_last=False)
        for price in (other.open, other.close):
            if price is not None:
                self.add_price(price, moves_range=False, moves_last=True)


class _Figures:
    """What one instrument did today."""

    __slots__ = ("high", "last", "last_size", "last_stamp", "low", "minute", "open", "second", "turnover", "volume")

    def __init__(self) -> None:
        self.volume = 0.0
        self.turnover = 0.0
        self.open: float | None = None
        self.high: float | None = None
        self.low: float | None = None
        self.last: float | None = None
        self.last_size: float | None = None
        self.last_stamp: int | None = None
        self.second: _Window | None = None
        self.minute: _Window | None = None


class DayAggregator:
    """Follows every trade of one day. Bars come out when a later trade or `advance` shows that their time is over."""

    def __init__(self, is_extended: IsExtended) -> None:
        self._is_extended = is_extended
        self._figures: dict[str, _Figures] = {}
        self._open_keys: set[str] = set()
        self._second_ns = 0

    def seed(self, statistics: DayStatistics) -> None:
        """Take over the figures of a day that has been going on before the first trade arrives here."""
        figures = self._figures.setdefault(statistics.key, _Figures())
        figures.volume = statistics.day_volume or 0.0
        figures.turnover = figures.volume * (statistics.day_vwap or 0.0)
        figures.open, figures.high, figures.low = statistics.day_open, statistics.day_high, statistics.day_low
        figures.last, figures.last_size = statistics.last_price, statistics.last_size
        figures.last_stamp = statistics.last_trade_stamp

    def add(self, trade: TradeTick, event_ns: int) -> Sequence[VendorBar]:
        """Count one trade; return the bars that it ends. Trades of one instrument are expected in order of time."""
        figures = self._figures.get(trade.key)
        if figures is None:
            figures = self._figures[trade.key] = _Figures()
        finished: Sequence[VendorBar] = ()
        second = figures.second
        start_ns = event_ns - event_ns % SECOND_NS
        if second is None or start_ns > second.start_ns:
            finished = self._close(trade.key, figures, event_ns)
            second = figures.second = _Window(start_ns)
            self._open_keys.add(trade.key)
        self._count(figures, second, trade, event_ns)
        return finished

    def advance(self, now_ns: int) -> list[VendorBar]:
        """Return the bars that ended before `now_ns`."""
        start_ns = now_ns - now_ns % SECOND_NS
        if start_ns <= self._second_ns:
            return []
        self._second_ns = start_ns
        finished: list[VendorBar] = []
        for key in tuple(self._open_keys):
            finished += self._close(key, self._figures[key], now_ns)
        return finished

    def finish(self) -> list[VendorBar]:
        """Return the bars that were still forming."""
        finished: list[VendorBar] = []
        for key in tuple(self._open_keys):
            finished += self._close(key, self._figures[key], None)
        return finished

    def clear(self) -> None:
        """Forget the day."""
        self._figures.clear()
        self._open_keys.clear()
        self._second_ns = 0

    def statistics(self, key: str) -> DayStatistics | None:
        """Return the day's figures so far, None before the first trade. The previous close is unknown here."""
        figures = self._figures.get(key)
        if figures is None:
            return None
        return DayStatistics(
            key=key,
            stamp=figures.last_stamp,
            day_open=figures.open,
            day_high=figures.high,
            day_low=figures.low,
            day_volume=figures.volume,
            day_vwap=figures.turnover / figures.volume if figures.volume else None,
            last_price=figures.last,
            last_size=figures.last_size,
            last_trade_stamp=figures.last_stamp,
        )

    def _count(self, figures: _Figures, second: _Window, trade: TradeTick, event_ns: int) -> None:
        effects = effects_of(trade.conditions)
        price, size = trade.price, trade.size
        if effects.updates_volume:
            figures.volume += size
            figures.turnover += size * price
            second.volume += size
            second.turnover += size * price
        moves_last, moves_range = effects.updates_last, effects.updates_high_low
        if moves_range:
            figures.high = price if figures.high is None else max(figures.high, price)
            figures.low = price if figures.low is None else min(figures.low, price)
        if moves_last:
            if figures.open is None:
                figures.open = price
            figures.last, figures.last_size, figures.last_stamp = price, size, event_ns
        elif effects.updates_extended and self._is_extended(trade.key, event_ns):
            moves_last = moves_range = True
        if moves_last or moves_range:
            second.add_price(price, moves_range=moves_range, moves_last=moves_last)

    def _close(self, key: str, figures: _Figures, now_ns: int | None) -> list[VendorBar]:
        """End the second and the minute that lie before `now_ns`; None ends both whatever the time."""
        finished: list[VendorBar] = []
        second, minute = figures.second, figures.minute
        if second is not None and (now_ns is None or now_ns >= second.start_ns + SECOND_NS):
            figures.second = None
            start_ns = second.start_ns - second.start_ns % MINUTE_NS
            if minute is not None and minute.start_ns < start_ns:
                finished += _bar(VendorBar, key, minute, MINUTE_NS, figures)
                minute = None
            if minute is None:
                minute = figures.minute = _Window(start_ns)
            minute.add_window(second)
            finished += _bar(SecondBar, key, second, SECOND_NS, figures)
        if minute is not None and (now_ns is None or now_ns >= minute.start_ns + MINUTE_NS):
            finished += _bar(VendorBar, key, minute, MINUTE_NS, figures)
            figures.minute = None
        if figures.second is None and figures.minute is None:
            self._open_keys.discard(key)
        return finished


def _bar(kind: type[VendorBar], key: str, window: _Window, length_ns: int, figures: _Figures) -> list[VendorBar]:
    if window.open is None or window.close is None or window.high is None or window.low is None:
        return []  # volume without a price: the vendor sends no bar either
    bar = kind(
        key=key,
        stamp=window.start_ns,
        ends_stamp=window.start_ns + length_ns,
        open=window.open,
        high=window.high,
        low=window.low,
        close=window.close,
        volume=window.volume,
        vwap=window.turnover / window.volume if window.volume else window.close,
        day_volume=figures.volume,
        day_open=figures.open,
        day_vwap=figures.turnover / figures.volume if figures.volume else None,
    )
    return [bar]
