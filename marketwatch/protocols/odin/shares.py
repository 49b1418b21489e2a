"""Turns market data of one connection into events: who is meant, what is new, what cannot be true."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from marketwatch.domain.events import MarketEvent, PriceValue, TradeTick, YearStatistics
from marketwatch.domain.ids import Venue
from marketwatch.protocols.odin.keys import TOKEN_MARK, exchange_token, symbol_key, token_key, venue_of
from marketwatch.protocols.odin.messages import DataFrame, LiveData, LiveFrame
from marketwatch.protocols.readings import InvalidParts, Unusable, name, positive, stamp_ms

REPEATS_BELIEVED: Final = 16
"""So many contradictions in a row outweigh what was known before."""
_CLOCK_TOLERANCE_MS: Final = 60_000
_IST_MS: Final = 19_800_000
_DAY_MS: Final = 86_400_000

_Stated: TypeAlias = tuple[int | None, float | None, float | None, float | None, float | None]
_Year: TypeAlias = tuple[float | None, float | None]


class Names:
    """Which symbol a token stands for at a venue, learnt from answers and frames."""

    def __init__(self) -> None:
        self._symbols: dict[tuple[Venue, str], str] = {}
        self._tokens: dict[tuple[Venue, str], str] = {}
        self._rivals: dict[tuple[Venue, str], tuple[str, int]] = {}

    def symbol(self, venue: Venue, token: str) -> str:
        """Return the symbol of a token, empty when it is not known."""
        return self._symbols.get((venue, token), "")

    def token(self, venue: Venue, symbol: str) -> str:
        """Return the token of a symbol, empty when it is not known."""
        return self._tokens.get((venue, symbol), "")

    def learn(self, venue: Venue, symbol: str, token: str) -> bool:
        """Take in that symbol and token are one share; False when something else was known, and still counts."""
        known_token, known_symbol = self.token(venue, symbol), self.symbol(venue, token)
        if known_token == token and known_symbol == symbol:
            self._rivals.pop((venue, symbol), None)
            return True
        if known_token or known_symbol:
            rival, times = self._rivals.get((venue, symbol), (token, 0))
            times = times + 1 if rival == token else 1
            self._rivals[venue, symbol] = (token, times)
            if times < REPEATS_BELIEVED:
                return False
            self._forget(venue, symbol, token)
        self._symbols[venue, token] = symbol
        self._tokens[venue, symbol] = token
        return True

    def _forget(self, venue: Venue, symbol: str, token: str) -> None:
        self._rivals.pop((venue, symbol), None)
        self._symbols.pop((venue, self._tokens.pop((venue, symbol), "")), None)
        self._tokens.pop((venue, self._symbols.pop((venue, token), "")), None)


class _Share:
    """What was said last about one share."""

    __slots__ = ("day", "high_day", "low_day", "newest", "older", "price", "stated", "volume", "year")

    def __init__(self) -> None:
        self.newest = 0
        self.older = 0
        self.day: int | None = None
        self.price: float | None = None
        self.volume: float | None = None
        self.stated: _Stated | None = None
        self.year: _Year = (None, None)
        self.high_day: int | None = None
        self.low_day: int | None = None


class ShareReader:
    """Reads frames in the order they come.

    Frames carry whole states and the volume of the day: what was traded is the growth since the frame before. Without
    growth a price is a `PriceValue`, with it a `TradeTick`; day figures are told when they change.
    """

    def __init__(self, names: Names, invalid: InvalidParts) -> None:
        self._names = names
        self._invalid = invalid
        self._shares: dict[str, _Share] = {}

    def read(self, frame: DataFrame, wanted: Callable[[], Iterable[str]]) -> tuple[str, list[MarketEvent]]:
        """Return the key of the share and its events. `wanted` gives the keys wanted, for a frame without an exchange.

        Raises Unusable when it is not plain which share is meant.
        """
        venue, symbol = self._identify(frame, wanted)
        key = symbol_key(venue, symbol)
        share = self._shares.get(key)
        if share is None:
            share = self._shares[key] = _Share()
        if isinstance(frame, LiveFrame):
            return key, self._live(key, share, frame)
        return key, self._periodic(key, share, frame)

    def alias(self, key: str) -> str:
        """Return the token key of a share that was read, empty when its token is not known."""
        venue, _, symbol = key.partition(":")
        token = self._names.token(Venue(venue), symbol)
        return token_key(Venue(venue), token) if token else ""

    # --- who ---------------------------------------------------------------------------------------------------

    def _identify(self, frame: DataFrame, wanted: Callable[[], Iterable[str]]) -> tuple[Venue, str]:
        data = frame.data
        symbol = _agreed(name(frame.symbol), name(data.symbol), "two symbols")
        token = _agreed(name(frame.token), name(data.token), "two tokens")
        venue = venue_of(_agreed(name(frame.exchange), name(data.exchange), "two exchanges"))
        if venue is None:
            venue = _only_venue(symbol, token, wanted)
        if not symbol:
            symbol = self._names.symbol(venue, token)
        if not symbol:
            raise Unusable("a frame without a symbol")
        known = self._names.token(venue, symbol)
        if known and exchange_token(token, venue) == known:
            token = known
        if token and not self._names.learn(venue, symbol, token):
            raise Unusable("symbol and token belong to different shares")
        return venue, symbol

    # --- what --------------------------------------------------------------------------------------------------

    def _live(self, key: str, share: _Share, frame: LiveFrame) -> list[MarketEvent]:
        data = frame.data
        stamp = _stamp(frame)
        if stamp is not None and not _is_in_order(share, stamp):
            return []
        price = positive(data.ltp)
        if price is None and data.ltp != 0:
            self._invalid.note("a frame without a price", key)
        day = share.day if stamp is None else (stamp + _IST_MS) // _DAY_MS
        is_new_day = day != share.day
        if is_new_day:
            share.day, share.volume = day, None
        events: list[MarketEvent] = []
        growth, restated = self._volume(share, data.volume) if price is not None else (0.0, None)
        statistics = self._statistics(key, share, data, price, stamp, restated)
        if statistics is not None:
            events.append(statistics)
        if price is not None:
            event = _price_event(key, share, price, stamp, growth)
            if event is not None:
                events.append(event)
            share.price = price
        if stamp is not None:
            share.newest = max(share.newest, stamp) if not is_new_day else stamp
        return events

    def _volume(self, share: _Share, volume: float | None) -> tuple[float, float | None]:
        """Return what was traded since the last frame, and the day's volume when it must be stated anew.

        Zero means unknown. Less than before is another day or a correction: counting begins again there.
        """
        if not volume or volume < 0:
            return 0.0, None
        before, share.volume = share.volume, volume
        if before is None or volume < before:
            return 0.0, volume
        return volume - before, None

    def _statistics(
        self,
        key: str,
        share: _Share,
        data: LiveData,
        price: float | None,
        stamp: int | None,
        volume: float | None,
    ) -> YearStatistics | None:
        high, low = self._range(key, data, price)
        stated = (share.day, positive(data.prev_close) or positive(data.close), positive(data.open), high, low)
        year = self._year(key, share, data)
        is_new_high = data.is_new_week_52_high and share.high_day != share.day
        is_new_low = data.is_new_week_52_low and share.low_day != share.day
        if stated == share.stated and year == share.year and volume is None and not is_new_high and not is_new_low:
            return None
        has_told = share.stated is not None
        share.stated, share.year = stated, year
        share.high_day = share.day if is_new_high else share.high_day
        share.low_day = share.day if is_new_low else share.low_day
        if not has_told and volume is None and not any((*stated[1:], *year, is_new_high, is_new_low)):
            return None
        return YearStatistics(
            key=key,
            # A statement counts up to its instant, and this one holds the trades at that very instant.
            stamp=None if stamp is None else stamp + 1,
            prev_close=stated[1],
            day_open=stated[2],
            day_high=high,
            day_low=low,
            day_volume=volume,
            high_52w=year[0],
            low_52w=year[1],
            is_new_high_52w=is_new_high,
            is_new_low_52w=is_new_low,
        )

    def _range(self, key: str, data: LiveData, price: float | None) -> tuple[float | None, float | None]:
        """Return high and low of the day, both None when they contradict each other or the price."""
        high, low = positive(data.high), positive(data.low)
        if (high is not None and low is not None and high < low) or (
            price is not None and ((high is not None and high < price) or (low is not None and low > price))
        ):
            self._invalid.note("the day's range does not hold the price", key)
            return None, None
        return high, low

    def _year(self, key: str, share: _Share, data: LiveData) -> _Year:
        high = positive(data.week_52_high) or share.year[0]
        low = positive(data.week_52_low) or share.year[1]
        if high is not None and low is not None and high < low:
            self._invalid.note("the year's high is below its low", key)
            return share.year
        return high, low

    def _periodic(self, key: str, share: _Share, frame: DataFrame) -> list[MarketEvent]:
        """Take the year's extremes and the last close alone: everything else in such a frame is made up."""
        before = share.year
        share.year = year = self._year(key, share, frame.data)
        last_close = positive(frame.data.last_close)
        if year == before or year == (None, None):
            return []
        stamp = _stamp(frame)
        return [YearStatistics(key=key, stamp=stamp, high_52w=year[0], low_52w=year[1], last_close=last_close)]


def under_other_key(events: Iterable[MarketEvent], key: str) -> list[MarketEvent]:
    """Return the same events under another key."""
    return [msgspec.structs.replace(event, key=key) for event in events]


def _agreed(outer: str, inner: str, what: str) -> str:
    if outer and inner and outer != inner:
        raise Unusable(f"a frame that names {what}")
    return outer or inner


def _only_venue(symbol: str, token: str, wanted: Callable[[], Iterable[str]]) -> Venue:
    """Return the venue of the one wanted share that a frame without an exchange can mean. Raises Unusable."""
    items = {symbol, f"{TOKEN_MARK}{token}"} - {"", TOKEN_MARK}
    venues = {key.partition(":")[0] for key in wanted() if key.partition(":")[2] in items}
    if len(venues) != 1:
        raise Unusable("a frame without an exchange")
    return Venue(venues.pop())


def _stamp(frame: DataFrame) -> int | None:
    """Return the time of a state in ms: the exchange's, but not one that lies after the sending of the frame."""
    at = stamp_ms(frame.data.timestamp) or stamp_ms(frame.data.last_updated)
    sent = stamp_ms(frame.timestamp)
    if at is None or (sent is not None and at > sent + _CLOCK_TOLERANCE_MS):
        return sent
    return at


def _is_in_order(share: _Share, stamp: int) -> bool:
    """Tell whether a state is not older than the newest; many older ones in a row mean that the newest was wrong."""
    if stamp >= share.newest:
        share.older = 0
        return True
    share.older += 1
    if share.older < REPEATS_BELIEVED:
        return False
    share.older = 0
    share.newest = 0
    share.volume = None
    return True


def _price_event(key: str, share: _Share, price: float, stamp: int | None, growth: float) -> MarketEvent | None:
    if growth > 0 or stamp is None:
        if not growth and price == share.price:
            return None
        return TradeTick(key=key, stamp=stamp, price=price, size=growth)
    if price == share.price and stamp <= share.newest:
        return None
    return PriceValue(key=key, stamp=stamp, value=price)
