"""Domain events to wire bytes, native and simple. Times go out in milliseconds, as the real service sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from marketwatch.domain.events import (
    DayStatistics,
    EventKind,
    MarketEvent,
    PriceLimits,
    PriceValue,
    Quote,
    TradeTick,
    VendorBar,
)
from marketwatch.protocols.massive.messages import (
    ENCODER,
    SimpleTick,
    WireFairValue,
    WireLimits,
    WireQuote,
    WireTrade,
    WireValue,
)
from marketwatch.protocols.massive.simple import timestamp_of

FRAME_BYTES: Final = 256 * 1024
"""Target size of a frame; official clients refuse 1,000,000 bytes."""

_encode = ENCODER.encode


def encode_event(event: MarketEvent) -> bytes | None:
    """Return the native element of an event; None for what this protocol does not carry (statistics travel by REST)."""
    encoder = _NATIVE.get(event.kind)
    return encoder(event) if encoder is not None else None


def frames(elements: Iterable[bytes], limit: int = FRAME_BYTES) -> Iterator[bytes]:
    """Yield native frames: arrays of whole elements, each at most `limit` bytes unless one element alone is longer."""
    batch: list[bytes] = []
    size = 2
    for element in elements:
        if batch and size + len(element) + 1 > limit:
            yield b"[" + b",".join(batch) + b"]"
            batch, size = [], 2
        batch.append(element)
        size += len(element) + 1
    if batch:
        yield b"[" + b",".join(batch) + b"]"


class SimpleEncoder:
    """Writes simple ticks, whose `volume` is the day's: it adds up the trades. Share one among all connections."""

    def __init__(self) -> None:
        self._volumes: dict[str, float] = {}

    def encode(self, event: MarketEvent) -> bytes | None:
        """Return the object of a trade or a value, None for what the dialect does not carry.

        Call it once for every event, in order, or the volume is wrong. A statistics event sets the day's volume.
        """
        if event.kind is EventKind.TRADE:
            trade = cast(TradeTick, event)
            volume = self._volumes.get(event.key, 0.0) + trade.size
            self._volumes[event.key] = volume
            return self._tick(event, trade.price, volume)
        if event.kind is EventKind.VALUE:
            return self._tick(event, cast(PriceValue, event).value, None)
        if event.kind is EventKind.STATISTICS:
            known = cast(DayStatistics, event).day_volume
            if known is not None:
                self._volumes[event.key] = known
        return None

    @staticmethod
    def _tick(event: MarketEvent, price: float, volume: float | None) -> bytes:
        stamp = event.event_ns
        return _encode(
            SimpleTick(
                ticker=event.key,
                price=price,
                volume=_whole(volume),
                timestamp=None if stamp is None else timestamp_of(stamp),
            )
        )


def _whole(number: float | None) -> float | None:
    """Write whole amounts as integers: clients in typed languages refuse `100.0` for a size."""
    return int(number) if number is not None and float(number).is_integer() else number


def _millis(event: MarketEvent) -> int | None:
    stamp = event.event_ns
    return None if stamp is None else stamp // 1_000_000


def _trade(event: MarketEvent) -> bytes:
    trade = cast(TradeTick, event)
    size = trade.size
    if not float(size).is_integer():
        return _fractional_trade(trade)
    return _encode(
        WireTrade(
            key=trade.key,
            exchange=trade.exchange,
            trade_id=trade.trade_id,
            price=trade.price,
            size=int(size),
            conditions=trade.conditions,
            stamp=_millis(trade),
            sequence=trade.sequence,
        )
    )


def _fractional_trade(trade: TradeTick) -> bytes:
    """Write the size twice, as the real service does: whole shares in `s`, the decimal size in `ds`."""
    element = {
        "ev": "T",
        "sym": trade.key,
        "x": trade.exchange,
        "i": trade.trade_id,
        "p": trade.price,
        "s": int(trade.size),
        "ds": repr(trade.size),
        "c": trade.conditions,
        "t": _millis(trade),
        "q": trade.sequence,
    }
    return _encode(_without_none(element))


def _quote(event: MarketEvent) -> bytes:
    quote = cast(Quote, event)
    return _encode(
        WireQuote(
            key=quote.key,
            bid=quote.bid,
            bid_size=_whole(quote.bid_size),
            ask=quote.ask,
            ask_size=_whole(quote.ask_size),
            stamp=_millis(quote),
            sequence=quote.sequence,
        )
    )


def _bar(event: MarketEvent) -> bytes:
    bar = cast(VendorBar, event)
    ends = bar.ends_ns
    element = {
        "ev": "A" if bar.interval_s == 1 else "AM",
        "sym": bar.key,
        "v": _whole(bar.volume),
        "av": _whole(bar.day_volume),
        "op": bar.day_open,
        "vw": bar.vwap,
        "o": bar.open,
        "c": bar.close,
        "h": bar.high,
        "l": bar.low,
        "a": bar.day_vwap,
        "s": _millis(bar),
        "e": None if ends is None else ends // 1_000_000,
    }
    return _encode(_without_none(element))


def _without_none(element: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in element.items() if value is not None}


def _limits(event: MarketEvent) -> bytes:
    limits = cast(PriceLimits, event)
    return _encode(
        WireLimits(
            key=limits.key,
            upper_limit=limits.upper_limit,
            lower_limit=limits.lower_limit,
            indicators=limits.indicators,
            stamp=_millis(limits),
        )
    )


def _value(event: MarketEvent) -> bytes:
    value = cast(PriceValue, event)
    build = WireFairValue if value.is_fair_value else WireValue
    return _encode(build(key=value.key, value=value.value, stamp=_millis(value)))


_NATIVE: Final[dict[EventKind, Callable[[MarketEvent], bytes]]] = {
    EventKind.TRADE: _trade,
    EventKind.QUOTE: _quote,
    EventKind.BAR: _bar,
    EventKind.LIMITS: _limits,
    EventKind.VALUE: _value,
}
