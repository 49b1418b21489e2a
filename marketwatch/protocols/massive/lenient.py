"""Second look at what the strict decoder refused: numbers in strings, sides of zero, odd elements.

Slow and forgiving where the meaning is plain; an element whose meaning is not plain is `Unusable`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from marketwatch.protocols.massive.messages import (
    ELEMENT_DECODER,
    UNUSED_EVENTS,
    SimpleTick,
    Status,
    WireEvent,
    WireFairValue,
    WireLimits,
    WireMinuteBar,
    WireQuote,
    WireSecondBar,
    WireTrade,
    WireValue,
)
from marketwatch.protocols.readings import Unusable as Unusable

Element: TypeAlias = Mapping[str, Any]
Meaning: TypeAlias = WireEvent | Status | SimpleTick | None

_REPLACEMENT = "\ufffd"
_LATEST_STAMP = 4_102_444_800_000_000_000
_LONGEST_SYMBOL = 64
_LARGEST_EXACT_FLOAT = 2**53


def split_frame(data: bytes) -> list[Any]:
    """Return a frame's elements: `msgspec.Raw` while the JSON is sound, parsed values when it needed repair.

    A bare object is one element; arrays inside the array are opened one level. Raises Unusable when unreadable.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise Unusable("the message is empty")
    try:
        if text[:1] == b"[":
            return _flatten_raw(msgspec.json.decode(text, type=list[msgspec.Raw]))
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        return [msgspec.Raw(text)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _repair(text)


def _flatten_raw(elements: list[msgspec.Raw]) -> list[Any]:
    flat: list[Any] = []
    for element in elements:
        content = memoryview(element)
        if bytes(content[:1]) == b"[":
            flat.extend(msgspec.json.decode(element, type=list[msgspec.Raw]))
        else:
            flat.append(element)
    return flat


def _repair(text: bytes) -> list[Any]:
    """Parse what strict JSON refuses: NaN and Infinity (kept as such), bytes that are not UTF-8, lone surrogates."""
    try:
        parsed = json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Unusable("the message is not JSON") from error
    if not isinstance(parsed, list):
        return [parsed]
    flat: list[Any] = []
    for element in parsed:
        flat.extend(element) if isinstance(element, list) else flat.append(element)
    return flat


def interpret(element: object) -> Meaning:
    """Say what one element of `split_frame` means; None means nothing that concerns us. Raises Unusable."""
    if isinstance(element, msgspec.Raw):
        try:
            event: WireEvent = ELEMENT_DECODER.decode(element)
            return event
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            element = _parse(element)
    if not isinstance(element, dict):
        raise Unusable("an element is not an object")
    return _interpret_object(element)


def _parse(element: msgspec.Raw) -> object:
    try:
        return json.loads(bytes(element))
    except (ValueError, RecursionError) as error:
        raise Unusable("an element is not JSON") from error


def _interpret_object(element: Element) -> Meaning:
    kind = element.get("ev")
    if isinstance(kind, str):
        read = _READERS.get(kind)
        if read is not None:
            return read(element)
        if kind in UNUSED_EVENTS:
            return None
        raise Unusable("unknown event")
    if "ticker" in element:
        return _simple_tick(element)
    if isinstance(element.get("status"), str):
        return _status(element)
    raise Unusable("an element says neither `ev` nor `ticker`")


def _status(element: Element) -> Status:
    status, message = element.get("status"), element.get("message")
    return Status(
        status if isinstance(status, str) else "",
        message if isinstance(message, str) else "" if message is None else json.dumps(message),
    )


def _trade(element: Element) -> WireTrade:
    return WireTrade(
        key=_symbol(element, "sym"),
        price=_price(element, "p"),
        size=_trade_size(element),
        conditions=_numbers(element, "c"),
        exchange=_integer(element, "x"),
        trade_id=_trade_id(element.get("i")),
        stamp=_stamp(element, "t"),
        sequence=_integer(element, "q"),
    )


def _trade_size(element: Element) -> float:
    """Return the decimal size where there is one: the other is cut to whole shares."""
    decimal = _amount(element, "ds")
    size = _amount(element, "s") if decimal is None else decimal
    if size is None:
        raise Unusable("a trade without a size")
    return size


def _trade_id(value: object) -> str | None:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else None


def _quote(element: Element) -> WireQuote:
    return WireQuote(
        key=_symbol(element, "sym"),
        bid=_price_or_none(element, "bp"),
        bid_size=_amount(element, "bs"),
        ask=_price_or_none(element, "ap"),
        ask_size=_amount(element, "as"),
        stamp=_stamp(element, "t"),
        sequence=_integer(element, "q"),
    )


def _bar(element: Element) -> WireMinuteBar | WireSecondBar:
    start, end = _stamp(element, "s"), _stamp(element, "e")
    build = WireSecondBar if element["ev"] == "A" else WireMinuteBar
    try:
        return build(
            key=_symbol(element, "sym"),
            open=_price(element, "o"),
            high=_price(element, "h"),
            low=_price(element, "l"),
            close=_price(element, "c"),
            volume=_amount(element, "v"),
            vwap=_price_or_none(element, "vw"),
            day_volume=_amount(element, "av"),
            day_open=_price_or_none(element, "op"),
            day_vwap=_price_or_none(element, "a"),
            stamp=start,
            ends_stamp=end if start is None or end is None or end > start else None,
        )
    except ValueError as error:
        raise Unusable(str(error)) from error


def _limits(element: Element) -> WireLimits:
    return WireLimits(
        key=_symbol(element, "T"),
        upper_limit=_price_or_none(element, "h"),
        lower_limit=_price_or_none(element, "l"),
        indicators=_numbers(element, "i"),
        stamp=_stamp(element, "t"),
    )


def _fair_value(element: Element) -> WireFairValue:
    return WireFairValue(key=_symbol(element, "sym"), value=_price(element, "fmv"), stamp=_stamp(element, "t"))


def _value(element: Element) -> WireValue:
    value = _number(element, "val")
    if value is None:
        raise Unusable("a value is missing")
    return WireValue(key=_symbol(element, "T"), value=value, stamp=_stamp(element, "t"))


def _simple_tick(element: Element) -> SimpleTick:
    stamp, exchange = element.get("timestamp"), element.get("exchange")
    return SimpleTick(
        ticker=_symbol(element, "ticker"),
        price=_price(element, "price"),
        volume=_amount(element, "volume"),
        timestamp=stamp if isinstance(stamp, str | int) and not isinstance(stamp, bool) else None,
        exchange=exchange if isinstance(exchange, str) else None,
    )


_READERS: Final[dict[str, Callable[[Element], Meaning]]] = {
    "T": _trade,
    "Q": _quote,
    "A": _bar,
    "AM": _bar,
    "LULD": _limits,
    "FMV": _fair_value,
    "V": _value,
    "status": _status,
}


def _symbol(element: Element, name: str) -> str:
    symbol = element.get(name)
    if not isinstance(symbol, str) or not 0 < len(symbol) <= _LONGEST_SYMBOL or _REPLACEMENT in symbol:
        raise Unusable(f"`{name}` is not a symbol")
    if not symbol.isprintable() or symbol != symbol.strip():
        raise Unusable(f"`{name}` is not a symbol")
    return symbol


def _number(element: Element, name: str) -> float | None:
    """Return a finite number, None when absent or null."""
    value = element.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable(f"`{name}` is not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"`{name}` is not a number") from error
    if not math.isfinite(number):
        raise Unusable(f"`{name}` is not finite")
    return number


def _amount(element: Element, name: str) -> float | None:
    number = _number(element, name)
    if number is not None and number < 0:
        raise Unusable(f"`{name}` is negative")
    return number


def _price(element: Element, name: str) -> float:
    price = _amount(element, name)
    if not price:
        raise Unusable(f"`{name}` is not a price")
    return price


def _price_or_none(element: Element, name: str) -> float | None:
    """Return a price, None when absent, null or zero: no bid, no offer, not open yet."""
    return _amount(element, name) or None


def _integer(element: Element, name: str) -> int | None:
    """Return a whole number, None when it is anything else: these fields are extras. Digits are never lost."""
    value = element.get(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        return int(value) if value.removeprefix("-").isdecimal() and len(value) < 20 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT_FLOAT else None
    return value if isinstance(value, int) else None


def _stamp(element: Element, name: str) -> int | None:
    """Return a time, None when it is missing or cannot be one. Zero is kept: the event then has no time."""
    stamp = _integer(element, name)
    return stamp if stamp is not None and 0 <= stamp <= _LATEST_STAMP else None


def _numbers(element: Element, name: str) -> tuple[int, ...] | None:
    """Return a list of ids, from a list or a single one."""
    value = element.get(name)
    if not isinstance(value, list):
        value = [] if value is None else [value]
    ids = [_integer({name: entry}, name) for entry in value]
    return tuple(number for number in ids if number is not None) or None
