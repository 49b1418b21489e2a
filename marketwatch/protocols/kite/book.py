"""Where every instrument stands, in the form of Kite's packets; for the server side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    DepthLevel,
    EventKind,
    MarketEvent,
    MarketStatistics,
    PriceValue,
    Quote,
    TradeTick,
)
from marketwatch.protocols.kite.packets import (
    DEPTH_LEVELS,
    INDICES,
    FullPacket,
    IndexPacket,
    LtpPacket,
    Packet,
    QuotePacket,
    divisor_of,
    encode,
    segment_of,
)
from marketwatch.protocols.kite.requests import Mode, parse_token

_NS: Final = 1_000_000_000
_UNSIGNED: Final = 2**32 - 1
_SIGNED: Final = 2**31 - 1


class _Standing:
    """Where one instrument stands."""

    def __init__(self, token: int) -> None:
        self.token = token
        self.divisor = divisor_of(token)
        self.last_price: float | None = None
        self.last_size: float | None = None
        self.volume = 0.0
        self.turnover = 0.0
        self.vwap: float | None = None
        self.open: float | None = None
        self.high: float | None = None
        self.low: float | None = None
        self.prev_close: float | None = None
        self.total_bid_size: float | None = None
        self.total_ask_size: float | None = None
        self.open_interest: tuple[float | None, float | None, float | None] = (None, None, None)
        self.traded_ns: int | None = None
        self.stamp_ns: int | None = None
        self.bids: Sequence[DepthLevel] = ()
        self.asks: Sequence[DepthLevel] = ()

    def price(self, value: float | None) -> int:
        """Return a price as the integer of the wire; 0 stands for unknown."""
        if value is None:
            return 0
        return max(-_SIGNED - 1, min(_SIGNED, round(value * self.divisor)))


class KiteBook:
    """Follows events and writes packets from what they add up to. Share one among all connections.

    Give it every event once, in order, or the volume is wrong. Events whose key is no instrument token are ignored.
    """

    def __init__(self) -> None:
        self._standings: dict[str, _Standing | None] = {}

    def take(self, event: MarketEvent) -> None:
        """Take an event into account."""
        standing = self._standing(event.key)
        take = _TAKERS.get(event.kind)
        if standing is None or take is None:
            return
        take(standing, event)
        stamp_ns = event.event_ns
        if stamp_ns is not None:
            standing.stamp_ns = max(stamp_ns, standing.stamp_ns or 0)

    def packet(self, token: int, mode: Mode) -> bytes | None:
        """Return where an instrument stands, None while nothing is known of it."""
        standing = self._standings.get(str(token))
        return None if standing is None else encode(_packet(standing, mode))

    def _standing(self, key: str) -> _Standing | None:
        if key not in self._standings:
            token = parse_token(key)
            self._standings[key] = None if token is None else _Standing(token)
        return self._standings[key]


def _take_price(standing: _Standing, price: float) -> None:
    standing.last_price = price
    standing.open = price if standing.open is None else standing.open
    standing.high = price if standing.high is None else max(standing.high, price)
    standing.low = price if standing.low is None else min(standing.low, price)


def _take_trade(standing: _Standing, event: Any) -> None:
    trade: TradeTick = event
    _take_price(standing, trade.price)
    standing.last_size = trade.size or standing.last_size
    standing.volume += trade.size
    standing.turnover += trade.size * trade.price
    standing.vwap = standing.turnover / standing.volume if standing.volume else standing.vwap
    standing.traded_ns = trade.event_ns or standing.traded_ns


def _take_value(standing: _Standing, event: Any) -> None:
    value: PriceValue = event
    if not value.is_fair_value:
        _take_price(standing, value.value)
        standing.traded_ns = value.event_ns or standing.traded_ns


def _take_quote(standing: _Standing, event: Any) -> None:
    quote: Quote = event
    if isinstance(quote, Depth):
        standing.bids, standing.asks = quote.bids[:DEPTH_LEVELS], quote.asks[:DEPTH_LEVELS]
        return
    standing.bids = [] if quote.bid is None else [DepthLevel(quote.bid, quote.bid_size or 0.0)]
    standing.asks = [] if quote.ask is None else [DepthLevel(quote.ask, quote.ask_size or 0.0)]


def _take_statistics(standing: _Standing, event: Any) -> None:
    statistics: DayStatistics = event
    standing.prev_close = _known(statistics.prev_close, standing.prev_close)
    standing.open = _known(statistics.day_open, standing.open)
    standing.high = _known(statistics.day_high, standing.high)
    standing.low = _known(statistics.day_low, standing.low)
    standing.last_price = _known(statistics.last_price, standing.last_price)
    standing.last_size = _known(statistics.last_size, standing.last_size)
    standing.vwap = _known(statistics.day_vwap, standing.vwap)
    if statistics.day_volume is not None:
        standing.volume = statistics.day_volume
        standing.turnover = standing.volume * (standing.vwap or 0.0)
    if isinstance(statistics, MarketStatistics):
        standing.total_bid_size = _known(statistics.total_bid_size, standing.total_bid_size)
        standing.total_ask_size = _known(statistics.total_ask_size, standing.total_ask_size)
        if statistics.open_interest is not None:
            standing.open_interest = (
                statistics.open_interest,
                statistics.open_interest_high,
                statistics.open_interest_low,
            )


def _known(new: float | None, old: float | None) -> float | None:
    return old if new is None else new


_Taker: TypeAlias = Callable[[_Standing, Any], None]
_TAKERS: Final[dict[EventKind, _Taker]] = {
    EventKind.TRADE: _take_trade,
    EventKind.QUOTE: _take_quote,
    EventKind.STATISTICS: _take_statistics,
    EventKind.VALUE: _take_value,
}


def _packet(standing: _Standing, mode: Mode) -> Packet:
    price = standing.price
    last_price = price(standing.last_price)
    if mode is Mode.LTP:
        return LtpPacket(standing.token, last_price)
    day = [price(value) for value in (standing.open, standing.high, standing.low, standing.prev_close)]
    if segment_of(standing.token) == INDICES:
        opened, high, low, close = day
        change = last_price - close if last_price and close else 0
        stamp = _seconds(standing.stamp_ns) if mode is Mode.FULL else None
        return IndexPacket(standing.token, last_price, high, low, opened, close, change, stamp)
    head: list[Any] = [
        standing.token,
        last_price,
        _count(standing.last_size),
        price(standing.vwap),
        int(standing.volume) & _UNSIGNED,
        _count(standing.total_bid_size),
        _count(standing.total_ask_size),
        *day,
    ]
    if mode is Mode.QUOTE:
        return QuotePacket(*head)
    interest = [_count(value) for value in standing.open_interest]
    return FullPacket(*[*head, _seconds(standing.traded_ns), *interest, _seconds(standing.stamp_ns), _book(standing)])


def _book(standing: _Standing) -> tuple[int, ...]:
    numbers: list[int] = []
    for side in (standing.bids, standing.asks):
        rows = [(_count(level.size), standing.price(level.price), min(level.orders or 0, 0xFFFF)) for level in side]
        rows += [(0, 0, 0)] * (DEPTH_LEVELS - len(rows))
        numbers += [number for row in rows for number in row]
    return tuple(numbers)


def _count(value: float | None) -> int:
    return 0 if value is None else max(0, min(_UNSIGNED, int(value)))


def _seconds(stamp_ns: int | None) -> int:
    return 0 if stamp_ns is None else min(_UNSIGNED, stamp_ns // _NS)
