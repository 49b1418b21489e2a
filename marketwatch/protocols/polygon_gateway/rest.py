"""The local Polygon server's bars by REST, its errors and its status. Pure: bodies in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from marketwatch.errors import ConnectionFailed, FeedError, ProtocolError
from marketwatch.protocols.massive.simple import stamp_of, timestamp_of
from marketwatch.protocols.polygon_gateway.messages import ENCODER
from marketwatch.protocols.readings import number, positive

BARS_PATH: Final = "/api/v1/bars"
STATUS_PATH: Final = "/ws/status"
TIMEFRAMES: Final = ("1min", "5min", "15min", "30min", "1hour", "4hour", "1day", "1week", "1month")
_SHORT_NAMES: Final = {"1d": "1day", "1h": "1hour", "4h": "4hour", "1w": "1week", "1m": "1min", "1M": "1month"}
_SERVICE: Final = "The local Polygon server"
_LONGEST_REASON: Final = 300


class HistoricalBar(msgspec.Struct, frozen=True, gc=False):
    """One bar of the past, by its start. `volume` is of the bar."""

    opens_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float | None = None
    vwap: float | None = None
    transactions: int | None = None


class Bars(msgspec.Struct, frozen=True):
    """Bars of one symbol in the order of time, each start once. `skipped` counts rows that could not be used."""

    symbol: str
    timeframe: str
    bars: tuple[HistoricalBar, ...]
    skipped: int = 0


class UpstreamStatus(msgspec.Struct, frozen=True):
    """What the server says of its own connection to Polygon; the keys of the guide's `get_status()`."""

    connected: bool = False
    authenticated: bool = False
    running: bool = False
    subscriptions: dict[str, list[str]] = msgspec.field(default_factory=dict)
    message_count: int = 0
    last_message_time: str | None = None
    uptime_seconds: float | None = None
    reconnect_attempts: int = 0


class ServerStatus(msgspec.Struct, frozen=True):
    """Who is connected to the server, and whether it is connected to Polygon."""

    active_clients: int = 0
    client_ids: list[str] = msgspec.field(default_factory=list)
    polygon_connected: bool = False
    polygon_status: UpstreamStatus | None = None


def timeframe_of(text: str) -> str | None:
    """Return the server's name of a timeframe, also of short ones such as `1d`; None when there is none."""
    name = _SHORT_NAMES.get(text, text)
    return name if name in TIMEFRAMES else None


def bars_request(
    symbol: str, timeframe: str, *, start: str | None = None, end: str | None = None, limit: int | None = None
) -> bytes:
    """Write the request for bars; dates are `2023-01-31`, and `limit` keeps the last ones.

    Raises ValueError for a timeframe that the server does not know.
    """
    name = timeframe_of(timeframe)
    if name is None:
        raise ValueError(f"unknown timeframe {timeframe}")
    values = {"symbol": symbol, "timeframe": name, "start_date": start, "end_date": end, "limit": limit}
    return ENCODER.encode({key: value for key, value in values.items() if value is not None})


def parse_bars(http_status: int, body: bytes, *, from_ns: int | None = None, to_ns: int | None = None) -> Bars:
    """Read the answer to the request for bars. Of two bars with one start the later in the answer counts.

    Bars outside `from_ns` to `to_ns` (exclusive) are left out. Raises FeedError.
    """
    if not 200 <= http_status < 300:
        raise error_of(http_status, body)
    answer = _object(body)
    rows = answer.get("data")
    if not isinstance(rows, list):
        raise ProtocolError(_SERVICE, "its answer holds no list of bars")
    found: dict[int, HistoricalBar] = {}
    skipped = 0
    for row in rows:
        bar = _bar(row)
        if bar is None:
            skipped += 1
        elif (from_ns is None or bar.opens_ns >= from_ns) and (to_ns is None or bar.opens_ns < to_ns):
            found[bar.opens_ns] = bar
    ordered = tuple(found[opens_ns] for opens_ns in sorted(found))
    return Bars(str(answer.get("symbol", "")), str(answer.get("timeframe", "")), ordered, skipped)


def _bar(row: object) -> HistoricalBar | None:
    if not isinstance(row, dict):
        return None
    opens_ns = stamp_of(row["timestamp"]) if isinstance(row.get("timestamp"), str) else None
    opened, high, low, close = (positive(row.get(name)) for name in ("open", "high", "low", "close"))
    if opens_ns is None or opened is None or high is None or low is None or close is None:
        return None
    if not low <= min(opened, close) <= max(opened, close) <= high:
        return None
    transactions = positive(row.get("transactions"))
    return HistoricalBar(
        opens_ns,
        opened,
        high,
        low,
        close,
        number(row.get("volume")),
        positive(row.get("vwap")),  # the server writes 0 for what it does not know
        None if transactions is None else int(transactions),
    )


def build_bars(answer: Bars) -> bytes:
    """Write an answer to the request for bars as the server does."""
    bars = answer.bars
    return ENCODER.encode(
        {
            "symbol": answer.symbol,
            "timeframe": answer.timeframe,
            "start_date": _date(bars[0].opens_ns) if bars else None,
            "end_date": _date(bars[-1].opens_ns) if bars else None,
            "bar_count": len(bars),
            "data": [_row(bar) for bar in bars],
            "cached": True,
            "validation": None,
        }
    )


def _row(bar: HistoricalBar) -> dict[str, Any]:
    return {
        "timestamp": timestamp_of(bar.opens_ns).replace("Z", "+00:00"),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume or 0,
        "vwap": bar.vwap or 0,
        "transactions": bar.transactions or 0,
    }


def error_of(http_status: int, body: bytes) -> FeedError:
    """Return the error that an answer stands for, in either of the server's two forms or as a page.

    The server answers 500 for an unknown symbol too: its words tell.
    """
    try:
        answer: Mapping[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = {}
    detail = answer.get("detail", answer.get("message"))
    reason = _complaints(detail) if isinstance(detail, list) else detail if isinstance(detail, str) else ""
    reason = reason[:_LONGEST_REASON] or f"it answered with HTTP {http_status}"
    is_missing = http_status == 404 or "404" in reason or "no data" in reason.lower()
    if http_status >= 500 and not is_missing:
        return ConnectionFailed(_SERVICE, reason)
    return ProtocolError(_SERVICE, reason)


def _complaints(details: Iterable[object]) -> str:
    """Join what the server's checks of a request complain about."""
    words: list[str] = []
    for detail in details:
        if isinstance(detail, dict):
            place = detail.get("loc")
            name = str(place[-1]) if isinstance(place, list) and place else ""
            words.append(": ".join(part for part in (name, str(detail.get("msg", ""))) if part))
    return "; ".join(words)


def parse_status(body: bytes) -> ServerStatus:
    """Read the server's status. Raises ProtocolError when it is none."""
    try:
        return msgspec.json.decode(body, type=ServerStatus)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(_SERVICE, "its status is not in the form that is documented") from error


def build_status(status: ServerStatus) -> bytes:
    """Write a status as the server does."""
    return ENCODER.encode(status)


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(_SERVICE, "its answer is not a JSON object") from error


def _date(stamp_ns: int) -> str:
    return datetime.fromtimestamp(stamp_ns // 1_000_000_000, UTC).date().isoformat()
