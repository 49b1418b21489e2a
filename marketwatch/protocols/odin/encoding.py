"""Server's messages of Odin Streamer as bytes, written the way its Go program writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from marketwatch.protocols.odin.listings import Listing
from marketwatch.protocols.odin.messages import ENCODER

IST: Final = timezone(timedelta(hours=5, minutes=30))
MARKET_HOURS: Final = "09:15 - 15:30 IST"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """State of one share: None is unknown. `stamp_ms` is the exchange's time of the last update."""

    last_price: float
    stamp_ms: int
    day_open: float | None = None
    day_high: float | None = None
    day_low: float | None = None
    prev_close: float | None = None
    volume: int = 0
    high_52w: float | None = None
    low_52w: float | None = None
    high_52w_on: str = ""
    low_52w_on: str = ""
    is_new_high_52w: bool = False
    is_new_low_52w: bool = False


def go_json(message: dict[str, Any]) -> bytes:
    """Return the JSON of a message with Go's habits: `&`, `<`, `>` escaped, a newline at the end."""
    written = ENCODER.encode(message)
    for sign in (b"&", b"<", b">"):
        written = written.replace(sign, b"\\u00%02x" % sign[0])
    return written + b"\n"


def envelope(kind: str, now_ms: int, **members: Any) -> bytes:
    """Return a message of this type; empty members are left out."""
    return go_json({"type": kind, **{name: value for name, value in members.items() if value}, "timestamp": now_ms})


def market_data(listing: Listing, figures: Figures, sent_ms: int) -> bytes:
    """Return a market_data frame. `close` is the previous close and `avg_volume_5d` a copy of the volume, as ever."""
    prev_close = figures.prev_close or 0.0
    change = (figures.last_price - prev_close) / prev_close * 100.0 if prev_close else 0.0
    data = {
        **_named(listing),
        "ltp": figures.last_price,
        "open": figures.day_open or 0.0,
        "high": figures.day_high or 0.0,
        "low": figures.day_low or 0.0,
        "close": prev_close,
        "prev_close": prev_close,
        "percent_change": change,
        "volume": figures.volume,
        "avg_volume_5d": figures.volume,
        **_year(figures),
        "day_high": figures.day_high or 0.0,
        "day_low": figures.day_low or 0.0,
        "timestamp": figures.stamp_ms,
        "last_updated": _local_text(sent_ms),
        "is_new_week_52_high": figures.is_new_high_52w,
        "is_new_week_52_low": figures.is_new_low_52w,
    }
    return go_json({"type": "market_data", **_named(listing), "data": data, "timestamp": sent_ms})


def periodic(listing: Listing, figures: Figures, sent_ms: int, *, has_recent_data: bool = True) -> bytes:
    """Return the frame of every two minutes, which like the real one puts other figures into well-known names."""
    data = {
        **_named(listing),
        **_year(figures),
        "last_close": figures.last_price,
        "day_high": figures.high_52w or 0.0,
        "day_low": figures.low_52w or 0.0,
        "data_type": "periodic_52week",
        "broadcast_time": _local_text(sent_ms),
        "last_updated": _local_text(figures.stamp_ms),
        "timestamp": figures.stamp_ms,
        "has_recent_data": has_recent_data,
        "ltp": figures.last_price,
        "volume": 0,
        "percent_change": 0.0,
    }
    return go_json({"type": "periodic_52week_data", **_named(listing), "data": data, "timestamp": sent_ms})


def clock_text(now_ms: int) -> str:
    """Return the time of day in India."""
    return _india(now_ms).strftime("%H:%M:%S")


def date_text(now_ms: int) -> str:
    """Return date and time in India."""
    return _india(now_ms).strftime("%Y-%m-%d %H:%M:%S")


def _named(listing: Listing) -> dict[str, str]:
    return {"symbol": listing.symbol, "token": listing.token, "exchange": str(listing.venue)}


def _year(figures: Figures) -> dict[str, Any]:
    return {
        "week_52_high": figures.high_52w or 0.0,
        "week_52_low": figures.low_52w or 0.0,
        "week_52_high_date": figures.high_52w_on,
        "week_52_low_date": figures.low_52w_on,
    }


def _india(at_ms: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(IST)


def _local_text(at_ms: int) -> str:
    return _india(at_ms).isoformat(timespec="milliseconds")
