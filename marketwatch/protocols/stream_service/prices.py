"""Reads the data of the main endpoint: price, volume of the day, change."""

from __future__ import annotations

from typing import Final, TypeAlias

from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue, TradeTick
from marketwatch.protocols.readings import Element, InvalidParts, number, positive

WRONG_SHARE: Final = "the same figures as those of another symbol"
JUMP: Final = "the price jumped by more than half"
OTHER_CLOSE: Final = "another previous close than before on the same day"
NO_PRICE: Final = "a frame without a price"
CHANGE_DISAGREES: Final = "change and change_percent disagree"
RANGE_DISAGREES: Final = "open, high, low and price contradict each other"
REPEATS_BELIEVED: Final = 5
"""So many frames in a row at a new level outweigh the one known before."""
_LARGEST_STEP: Final = 0.5
_CLOSE_TOLERANCE: Final = 0.01  # it is computed from rounded figures
_ROUNDING: Final = 0.011  # two decimals of a percentage, or four of a fraction
_IST_MS: Final = 19_800_000
_DAY_MS: Final = 86_400_000

_Figures: TypeAlias = tuple[float, float, float]
_Stated: TypeAlias = tuple[int | None, float | None, float | None, float | None, float | None]


class _Share:
    """What was said last about one share."""

    __slots__ = ("day", "figures", "jumps", "level", "prev_close", "price", "stamp", "stated", "volume")

    def __init__(self) -> None:
        self.price: float | None = None
        self.stamp: int | None = None
        self.day: int | None = None
        self.volume: float | None = None
        self.prev_close: float | None = None
        self.stated: _Stated | None = None
        self.figures: _Figures | None = None
        self.level = 0.0
        self.jumps = 0


class PriceReader:
    """Reads the frames of one connection in the order they come.

    The volume is the day's: what was traded is its growth. The previous close is price minus change, because the
    field `close` means something else on every server. Zero is unknown.
    """

    def __init__(self, invalid: InvalidParts) -> None:
        self._invalid = invalid
        self._shares: dict[str, _Share] = {}
        self._owners: dict[_Figures, str] = {}

    def read(self, key: str, data: Element, stamp: int | None) -> list[MarketEvent]:
        """Return the events of one frame; `stamp` is when it was sent, in ms."""
        price = positive(data.get("price"))
        if price is None:
            if number(data.get("price")) != 0:
                self._invalid.note(NO_PRICE, key)
            return []
        share = self._shares.setdefault(key, _Share())
        if not self._is_own(key, share, price, data):
            return []
        day = share.day if stamp is None else (stamp + _IST_MS) // _DAY_MS
        if day != share.day:
            share.day, share.volume, share.prev_close = day, None, None
        prev_close = self._prev_close(key, price, data)
        if not self._is_plausible(key, share, price, prev_close):
            return []
        share.prev_close = prev_close or share.prev_close
        growth, restated = _volume(share, number(data.get("volume")))
        events: list[MarketEvent] = []
        statistics = self._statistics(
            key, share, (share.day, prev_close, *self._range(key, price, data)), stamp, restated
        )
        if statistics is not None:
            events.append(statistics)
        if growth or stamp is None:
            if growth or price != share.price:
                events.append(TradeTick(key=key, stamp=stamp, price=price, size=growth))
        elif price != share.price or stamp != share.stamp:
            events.append(PriceValue(key=key, stamp=stamp, value=price))
        share.price, share.stamp = price, stamp
        return events

    def _is_own(self, key: str, share: _Share, price: float, data: Element) -> bool:
        """Tell whether a frame holds the figures of its symbol: the real server may send those of another."""
        volume, change = number(data.get("volume")), number(data.get("change"))
        if not volume or change is None:
            return True
        figures = (price, volume, change)
        if self._owners.setdefault(figures, key) != key:
            self._invalid.note(WRONG_SHARE, key)
            return False
        if share.figures is not None and share.figures != figures:
            self._owners.pop(share.figures, None)
        share.figures = figures
        return True

    def _is_plausible(self, key: str, share: _Share, price: float, prev_close: float | None) -> bool:
        """Tell whether a price may follow the last one; a new level must show itself several times.

        The previous close does not change within a day either, unless the frame is of another share.
        """
        reason = _doubt(share, price, prev_close)
        if not reason:
            share.jumps = 0
            return True
        share.jumps = share.jumps + 1 if share.jumps and _is_near(price, share.level) else 1
        share.level = price
        if share.jumps >= REPEATS_BELIEVED:
            share.jumps = 0
            share.volume = None
            return True
        self._invalid.note(reason, key)
        return False

    def _statistics(
        self, key: str, share: _Share, stated: _Stated, stamp: int | None, volume: float | None
    ) -> DayStatistics | None:
        if stated == share.stated and volume is None:
            return None
        share.stated = stated
        if volume is None and not any(stated[1:]):
            return None
        return DayStatistics(
            key=key,
            # A statement counts up to its instant, and this one holds the trades at that very instant.
            stamp=None if stamp is None else stamp + 1,
            prev_close=stated[1],
            day_open=stated[2],
            day_high=stated[3],
            day_low=stated[4],
            day_volume=volume,
        )

    def _prev_close(self, key: str, price: float, data: Element) -> float | None:
        change, percent = number(data.get("change")), number(data.get("change_percent"))
        if change is None:
            if percent is None or percent <= -100.0:
                return None
            return round(price / (1.0 + percent / 100.0), 4)
        prev_close = round(price - change, 4)
        if prev_close <= 0:
            self._invalid.note(CHANGE_DISAGREES, key)
            return None
        expected = change / prev_close * 100.0
        if percent is not None and not _agrees(percent, expected):
            self._invalid.note(CHANGE_DISAGREES, key)
            return None
        return prev_close

    def _range(self, key: str, price: float, data: Element) -> tuple[float | None, float | None, float | None]:
        """Return open, high and low as far as they are known; none of them when they contradict each other."""
        opened, high, low = positive(data.get("open")), positive(data.get("high")), positive(data.get("low"))
        inside = [figure for figure in (price, opened, high, low) if figure is not None]
        if (high is not None and high < max(inside)) or (low is not None and low > min(inside)):
            self._invalid.note(RANGE_DISAGREES, key)
            return None, None, None
        return opened, high, low


def _volume(share: _Share, volume: float | None) -> tuple[float, float | None]:
    """Return what was traded since the last frame, and the day's volume when it must be stated anew."""
    if not volume or volume < 0:
        return 0.0, None
    before, share.volume = share.volume, volume
    if before is None or volume < before:
        return 0.0, volume
    return volume - before, None


def _doubt(share: _Share, price: float, prev_close: float | None) -> str:
    """Return why a frame may be of another share, empty when nothing speaks for it."""
    if share.price is not None and not _is_near(price, share.price):
        return JUMP
    known = share.prev_close
    if known is not None and prev_close is not None and abs(prev_close - known) > known * _CLOSE_TOLERANCE:
        return OTHER_CLOSE
    return ""


def _agrees(percent: float, expected: float) -> bool:
    """Tell whether a percentage fits, also when it was sent as a fraction: 0.0103 for 1.03 %."""
    return abs(percent - expected) <= _ROUNDING or abs(percent * 100.0 - expected) <= _ROUNDING


def _is_near(price: float, other: float) -> bool:
    return abs(price - other) <= other * _LARGEST_STEP
