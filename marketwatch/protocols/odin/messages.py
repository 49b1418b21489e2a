"""Wire shapes of Odin Streamer. Unknown is 0 on the wire and None here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from marketwatch.protocols.readings import flag, name, number, positive, stamp_ms, text


class LiveData(msgspec.Struct, frozen=True, gc=False):
    """`data` of a market_data or periodic frame. `close` means the previous close here."""

    ltp: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    prev_close: float | None = None
    volume: float | None = None
    week_52_high: float | None = None
    week_52_low: float | None = None
    last_close: float | None = None
    timestamp: int | None = None
    last_updated: str = ""
    is_new_week_52_high: bool = False
    is_new_week_52_low: bool = False
    symbol: str = ""
    token: str = ""
    exchange: str = ""


class LiveFrame(msgspec.Struct, frozen=True, tag_field="type", tag="market_data"):
    """Price and day figures of one share. `timestamp` is when it was sent, in ms."""

    data: LiveData
    symbol: str = ""
    token: str = ""
    exchange: str = ""
    timestamp: int | None = None


class PeriodicFrame(msgspec.Struct, frozen=True, tag_field="type", tag="periodic_52week_data"):
    """Extremes of the year, every two minutes. Its `ltp`, `volume` and day range are not what they say."""

    data: LiveData
    symbol: str = ""
    token: str = ""
    exchange: str = ""
    timestamp: int | None = None


DataFrame = LiveFrame | PeriodicFrame

DATA_DECODER: Final = msgspec.json.Decoder(DataFrame)
"""Decodes a well-formed frame of market data; everything else is looked at one by one."""

_PRICES: Final = ("open", "high", "low", "close", "prev_close", "week_52_high", "week_52_low", "last_close")


def read_frame(element: Mapping[str, Any], build: type[LiveFrame] | type[PeriodicFrame]) -> DataFrame | None:
    """Read a frame that the strict decoder refused; None when it has no `data`."""
    data = element.get("data")
    if not isinstance(data, dict):
        return None
    prices: dict[str, float | None] = {field: positive(data.get(field)) for field in _PRICES}
    live = LiveData(
        ltp=number(data.get("ltp")),
        volume=number(data.get("volume")),
        timestamp=stamp_ms(data.get("timestamp")),
        last_updated=text(data.get("last_updated")),
        is_new_week_52_high=flag(data.get("is_new_week_52_high")),
        is_new_week_52_low=flag(data.get("is_new_week_52_low")),
        symbol=name(data.get("symbol")),
        token=name(data.get("token")),
        exchange=name(data.get("exchange")),
    )
    return build(
        data=msgspec.structs.replace(live, **prices),
        symbol=name(element.get("symbol")),
        token=name(element.get("token")),
        exchange=name(element.get("exchange")),
        timestamp=stamp_ms(element.get("timestamp")),
    )


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client says."""

    action: str
    type: str = ""
    stocks: list[str] | None = None


ENCODER: Final = msgspec.json.Encoder()


def request(action: str, stocks: list[str] | None = None) -> str:
    """Return the JSON of a request. Every stock is a text: numbers make the real server hang up."""
    return ENCODER.encode(Request(action, "request", stocks)).decode()
