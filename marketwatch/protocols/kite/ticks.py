"""What Kite's packets mean: they state where an instrument stands, about once a second, not each trade.

The volume counts from the open, so a trade's size is what was added to it since the packet before; the first packet
of a connection or of a day is a baseline that adds nothing.
"""

from __future__ import annotations

from typing import Final

from marketwatch.domain.events import (
    DayStatistics,
    Depth,
    DepthLevel,
    MarketEvent,
    MarketStatistics,
    PriceValue,
    TradeTick,
)
from marketwatch.protocols.kite.packets import (
    BSE,
    INDICES,
    NSE,
    FullPacket,
    IndexPacket,
    LtpPacket,
    Packet,
    QuotePacket,
    divisor_of,
)

_EARLIEST: Final = 100_000_000  # 1973: anything before is no time
_WRAP: Final = 2**32
_LARGEST_STEP: Final = 2**30  # more than this is no day's wrap but another day
_DAY_S: Final = 86_400
_INDIA_S: Final = 19_800
_WITHOUT_INTEREST: Final = frozenset({NSE, BSE, INDICES})


class _Known:
    """Where an instrument stood at its last packet."""

    __slots__ = ("day", "divisor", "has_interest", "is_timed", "key", "price", "traded_at", "turns", "volume")

    def __init__(self, token: int) -> None:
        self.key = str(token)
        self.divisor = divisor_of(token)
        self.has_interest = (token & 0xFF) not in _WITHOUT_INTEREST
        self.price: int | None = None
        self.volume: int | None = None
        self.turns = 0
        self.traded_at: int | None = None
        self.day: int | None = None
        self.is_timed = False


class TickReader:
    """Turns the packets of one connection into events."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def forget(self, token: int) -> None:
        """Begin anew with an instrument: its next packet is a baseline."""
        self._known.pop(token, None)

    def read(self, packets: list[Packet]) -> list[MarketEvent]:
        """Return the events of the packets in order: of each the trade, then the statistics, then the book."""
        events: list[MarketEvent] = []
        for packet in packets:
            known = self._known.get(packet.token)
            if known is None:
                known = self._known[packet.token] = _Known(packet.token)
            if isinstance(packet, FullPacket):
                _full(known, packet, events)
            elif isinstance(packet, QuotePacket):
                _quote(known, packet, events)
            elif isinstance(packet, IndexPacket):
                _index(known, packet, events)
            else:
                _last(known, packet, events)
        return events


def _last(known: _Known, packet: LtpPacket, events: list[MarketEvent]) -> None:
    if not packet.last_price:
        return
    price = packet.last_price / known.divisor
    if _moves_untimed(known, packet.last_price):
        events.append(_price_event(known, price, None, 0.0, is_index=packet.token & 0xFF == INDICES))
    events.append(DayStatistics(key=known.key, last_price=price))


def _index(known: _Known, packet: IndexPacket, events: list[MarketEvent]) -> None:
    divisor, stamp = known.divisor, _time(packet.stamp)
    price = packet.last_price / divisor if packet.last_price else None
    if price is not None:
        if stamp is None:
            has_moved = _moves_untimed(known, packet.last_price)
        else:
            has_moved = packet.last_price != known.price or stamp != known.traded_at
            known.price, known.traded_at, known.is_timed = packet.last_price, stamp, True
        if has_moved:
            events.append(_price_event(known, price, stamp, 0.0, is_index=True))
    events.append(
        DayStatistics(
            key=known.key,
            stamp=_until(stamp),
            prev_close=_price(packet.close, divisor),
            day_open=_price(packet.open, divisor),
            day_high=_price(packet.high, divisor),
            day_low=_price(packet.low, divisor),
            last_price=price,
            last_trade_stamp=stamp,
        )
    )


def _quote(known: _Known, packet: QuotePacket, events: list[MarketEvent]) -> None:
    if known.is_timed:
        known.is_timed = False  # perhaps the mode is just changing, and the next one has a time again
    else:
        _trade(known, packet, None, None, events)
    events.append(_statistics(known, packet))


def _full(known: _Known, packet: FullPacket, events: list[MarketEvent]) -> None:
    traded_at, stamp = _time(packet.traded_at), _time(packet.stamp)
    _trade(known, packet, traded_at, stamp, events)
    known.is_timed = True
    events.append(_statistics(known, packet, traded_at, stamp))
    events.append(_depth(known, packet, stamp))


def _trade(
    known: _Known, packet: QuotePacket, traded_at: int | None, stamp: int | None, events: list[MarketEvent]
) -> None:
    added = _added_volume(known, packet.volume, stamp)
    has_moved = known.price is not None and packet.last_price != known.price
    has_traded = traded_at is not None and traded_at != known.traded_at
    known.price, known.volume = packet.last_price, packet.volume
    known.traded_at = traded_at or known.traded_at
    if packet.last_price and (added or has_moved or has_traded):
        price = packet.last_price / known.divisor
        events.append(_price_event(known, price, traded_at or stamp, float(added), is_index=False))


def _moves_untimed(known: _Known, price: int) -> bool:
    """Tell whether a price without a time is news; the first one is not, for it may be of yesterday."""
    if known.is_timed:
        known.is_timed = False  # perhaps the mode is just changing, and the next one has a time again
        return False
    before, known.price = known.price, price
    return before is not None and before != price


def _added_volume(known: _Known, volume: int, stamp: int | None) -> int:
    """Return what was traded since the packet before; 0 for a baseline and for a correction downwards."""
    day = known.day if stamp is None else (stamp + _INDIA_S) // _DAY_S
    is_new_day = known.day is not None and day != known.day
    known.day = day
    before = known.volume
    if before is None or is_new_day:
        known.turns = 0
        return 0
    added = volume - before
    if added < 0 and added + _WRAP < _LARGEST_STEP:
        known.turns += 1
        return added + _WRAP
    if added < 0:
        known.turns = 0
    return max(0, added)


def _price_event(known: _Known, price: float, stamp: int | None, size: float, *, is_index: bool) -> MarketEvent:
    if is_index:
        return PriceValue(key=known.key, stamp=stamp, value=price)
    return TradeTick(key=known.key, stamp=stamp, price=price, size=size)


def _statistics(
    known: _Known, packet: QuotePacket, traded_at: int | None = None, stamp: int | None = None
) -> MarketStatistics:
    divisor = known.divisor
    high = low = interest = None
    if isinstance(packet, FullPacket) and (known.has_interest or packet.open_interest):
        interest = float(packet.open_interest)
        high = float(packet.open_interest_high) or None
        low = float(packet.open_interest_low) or None
    return MarketStatistics(
        key=known.key,
        stamp=_until(stamp),
        prev_close=_price(packet.close, divisor),
        day_open=_price(packet.open, divisor),
        day_high=_price(packet.high, divisor),
        day_low=_price(packet.low, divisor),
        day_volume=float(packet.volume + known.turns * _WRAP),
        day_vwap=_price(packet.average_price, divisor),
        last_price=_price(packet.last_price, divisor),
        last_size=float(packet.last_size) or None,
        last_trade_stamp=traded_at,
        total_bid_size=float(packet.total_bid_size),
        total_ask_size=float(packet.total_ask_size),
        open_interest=interest,
        open_interest_high=high,
        open_interest_low=low,
    )


def _depth(known: _Known, packet: FullPacket, stamp: int | None) -> Depth:
    book, divisor = packet.book, known.divisor
    levels = zip(book[0::3], book[1::3], book[2::3], strict=True)
    rows = [
        DepthLevel(price / divisor, float(size), orders) if size and price else None for size, price, orders in levels
    ]
    half = len(rows) // 2
    bids = tuple([row for row in rows[:half] if row is not None])
    asks = tuple([row for row in rows[half:] if row is not None])
    return Depth(
        key=known.key,
        stamp=stamp,
        bid=bids[0].price if bids else None,
        bid_size=bids[0].size if bids else None,
        ask=asks[0].price if asks else None,
        ask_size=asks[0].size if asks else None,
        bids=bids,
        asks=asks,
    )


def _price(number: int, divisor: float) -> float | None:
    return number / divisor if number else None


def _time(seconds: int | None) -> int | None:
    return seconds if seconds is not None and seconds >= _EARLIEST else None


def _until(stamp: int | None) -> int | None:
    """Return the end of a second in milliseconds: a statement counts the trades of its own second too."""
    return None if stamp is None else stamp * 1_000 + 999
