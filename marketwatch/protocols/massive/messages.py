"""Massive's wire objects: each is the domain event, with the wire's field names.

Only the fields in use are declared, the rest is skipped while decoding. A constraint that fails (a price of zero, a
size of zero) is not necessarily an error: it sends that element to `lenient`, which decides.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta, field

from marketwatch.domain.events import (
    FairValue,
    PriceLimits,
    PriceValue,
    Quote,
    SecondBar,
    TradeTick,
    VendorBar,
)

_LATEST = 4_102_444_800_000_000_000  # the year 2100 in nanoseconds

Price = Annotated[float, Meta(gt=0)]
Positive = Annotated[float, Meta(gt=0)]
Amount = Annotated[float, Meta(ge=0)]
Stamp = Annotated[int, Meta(ge=0, le=_LATEST)]
WholeNumber = Annotated[str, Meta(pattern=r"^\d+(\.0*)?$")]
Symbol = Annotated[str, Meta(min_length=1, max_length=64)]


class WireTrade(TradeTick, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="T", omit_defaults=True):
    """`T`: a trade. A size of 0 and a `decimal_size` with a fraction take the lenient way, which knows which counts."""

    key: Symbol = field(name="sym")
    exchange: int | None = field(name="x", default=None)
    trade_id: str | None = field(name="i", default=None)
    price: Price = field(name="p")
    size: Positive = field(name="s")
    decimal_size: WholeNumber | None = field(name="ds", default=None)
    conditions: tuple[int, ...] | None = field(name="c", default=None)
    stamp: Stamp | None = field(name="t", default=None)
    sequence: int | None = field(name="q", default=None)


class WireQuote(Quote, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="Q", omit_defaults=True):
    """`Q`: best bid and ask; a side given as 0 takes the lenient way and becomes None."""

    key: Symbol = field(name="sym")
    bid: Price | None = field(name="bp", default=None)
    bid_size: Amount | None = field(name="bs", default=None)
    ask: Price | None = field(name="ap", default=None)
    ask_size: Amount | None = field(name="as", default=None)
    stamp: Stamp | None = field(name="t", default=None)
    sequence: int | None = field(name="q", default=None)


def _check_bar(bar: VendorBar) -> None:
    if not bar.low <= bar.open <= bar.high or not bar.low <= bar.close <= bar.high:
        raise ValueError("open or close lies outside low and high")
    if bar.ends_stamp is not None and bar.stamp is not None and bar.ends_stamp <= bar.stamp:
        raise ValueError("the bar ends before it starts")


class WireMinuteBar(VendorBar, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="AM", omit_defaults=True):
    """`AM`: a bar of one minute. Here `s` is the start, `z` an average size and `c` the close."""

    sequence: ClassVar[None] = None

    key: Symbol = field(name="sym")
    volume: Amount | None = field(name="v", default=None)
    day_volume: Amount | None = field(name="av", default=None)
    day_open: Price | None = field(name="op", default=None)
    vwap: Price | None = field(name="vw", default=None)
    open: Price = field(name="o")
    close: Price = field(name="c")
    high: Price = field(name="h")
    low: Price = field(name="l")
    day_vwap: Price | None = field(name="a", default=None)
    stamp: Stamp | None = field(name="s", default=None)
    ends_stamp: Stamp | None = field(name="e", default=None)

    def __post_init__(self) -> None:
        _check_bar(self)


class WireSecondBar(SecondBar, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="A", omit_defaults=True):
    """`A`: a bar of one second, otherwise as `AM`."""

    sequence: ClassVar[None] = None

    key: Symbol = field(name="sym")
    volume: Amount | None = field(name="v", default=None)
    day_volume: Amount | None = field(name="av", default=None)
    day_open: Price | None = field(name="op", default=None)
    vwap: Price | None = field(name="vw", default=None)
    open: Price = field(name="o")
    close: Price = field(name="c")
    high: Price = field(name="h")
    low: Price = field(name="l")
    day_vwap: Price | None = field(name="a", default=None)
    stamp: Stamp | None = field(name="s", default=None)
    ends_stamp: Stamp | None = field(name="e", default=None)

    def __post_init__(self) -> None:
        _check_bar(self)


class WireLimits(PriceLimits, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="LULD", omit_defaults=True):
    """`LULD`: limit up, limit down. The symbol is in `T`."""

    sequence: ClassVar[None] = None

    key: Symbol = field(name="T")
    upper_limit: Price | None = field(name="h", default=None)
    lower_limit: Price | None = field(name="l", default=None)
    indicators: tuple[int, ...] | None = field(name="i", default=None)
    stamp: Stamp | None = field(name="t", default=None)


class WireFairValue(FairValue, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="FMV", omit_defaults=True):
    """`FMV`: the vendor's estimate of a fair value."""

    sequence: ClassVar[None] = None

    key: Symbol = field(name="sym")
    value: Price = field(name="fmv")
    stamp: Stamp | None = field(name="t", default=None)


class WireValue(PriceValue, frozen=True, gc=False, kw_only=True, tag_field="ev", tag="V", omit_defaults=True):
    """`V`: an index level. The symbol is in `T`."""

    sequence: ClassVar[None] = None

    key: Symbol = field(name="T")
    value: float = field(name="val")
    stamp: Stamp | None = field(name="t", default=None)


WireEvent = WireTrade | WireQuote | WireMinuteBar | WireSecondBar | WireLimits | WireFairValue | WireValue

FRAME_DECODER: Final = msgspec.json.Decoder(list[WireEvent])
"""Decodes a whole frame that holds nothing but well-formed market data, at full speed."""

ELEMENT_DECODER: Final = msgspec.json.Decoder(WireEvent)
"""Decodes one well-formed element."""

UNUSED_EVENTS: Final = frozenset({"NOI", "LV", "C", "CA", "CAS", "XA", "XAS", "XT", "XQ", "XL2"})
"""Events that a connection may legally carry and that we have no use for."""


class Status(msgspec.Struct, frozen=True, tag_field="ev", tag="status"):
    """A server's remark. Every status on the wire has a message: official clients read it without asking."""

    status: str
    message: str


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """A client's request; `params` in the native dialect, `tickers` in the simple one."""

    action: str
    params: str | None = None
    tickers: list[str] | None = None


class SimpleTick(msgspec.Struct, frozen=True, omit_defaults=True):
    """Market data of the simple dialect. `volume` is cumulative or a size: the far end does not say."""

    ticker: Symbol
    price: Price
    volume: Amount | None = None
    timestamp: str | int | None = None
    exchange: str | None = None


ENCODER: Final = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """Return the JSON of one wire object."""
    return ENCODER.encode(message)
