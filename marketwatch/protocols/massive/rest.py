"""Massive's REST answers: day statistics, market status, errors and paging. Pure: bodies in, values out.

Bodies are plain JSON here; whoever fetches them undoes compression.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from marketwatch.domain.events import DayStatistics
from marketwatch.errors import (
    AuthenticationRefused,
    ConnectionFailed,
    EntitlementRefused,
    FeedError,
    ProtocolError,
    RateLimited,
)
from marketwatch.protocols.massive.messages import ENCODER

SNAPSHOT_PATH: Final = "/v2/snapshot/locale/us/markets/stocks/tickers"
MARKET_STATUS_PATH: Final = "/v1/marketstatus/now"
PAUSE_S: Final = 12.0
"""Pause after a 429 that names none: the free plan allows five requests a minute."""

_SERVICE: Final = "Massive's web service"
_LONGEST_REASON: Final = 300


class MarketStatus(msgspec.Struct, frozen=True):
    """What the vendor says about the markets right now. `market` is open, closed or extended-hours."""

    market: str
    is_early_hours: bool = False
    is_after_hours: bool = False
    server_time_ns: int | None = None
    exchanges: dict[str, str] = msgspec.field(default_factory=dict)


def parse_snapshot(body: bytes) -> list[DayStatistics]:
    """Read the answer of the snapshot call, of all tickers or of one. Entries without a ticker are left out.

    Raises FeedError when the answer is an error in disguise or no JSON.
    """
    answer = _object(body)
    single, several = answer.get("ticker"), answer.get("tickers")
    entries = several if isinstance(several, list) else [single]
    return [_statistics(entry) for entry in entries if isinstance(entry, dict) and isinstance(entry.get("ticker"), str)]


def _statistics(entry: Mapping[str, Any]) -> DayStatistics:
    day, previous, trade = (_part(entry, name) for name in ("day", "prevDay", "lastTrade"))
    has_traded = any(_positive(day, name) for name in ("o", "h", "l", "c", "v"))
    price = _positive(trade, "p")
    return DayStatistics(
        key=entry["ticker"],
        stamp=_time(entry, "updated"),
        prev_close=_positive(previous, "c"),
        day_open=_positive(day, "o"),
        day_high=_positive(day, "h"),
        day_low=_positive(day, "l"),
        day_volume=_number(day, "v") if has_traded else None,
        day_vwap=_positive(day, "vw"),
        last_price=_positive(day, "c") if price is None else price,
        last_size=None if price is None else _number(trade, "s"),
        last_trade_stamp=None if price is None else _time(trade, "t"),
    )


def build_snapshot(statistics: Iterable[DayStatistics], request_id: str = "") -> bytes:
    """Write the answer to the snapshot call for several tickers, as the real service does."""
    tickers = [_entry(each) for each in statistics]
    return ENCODER.encode({"status": "OK", "request_id": request_id, "count": len(tickers), "tickers": tickers})


def build_single_snapshot(statistics: DayStatistics, request_id: str = "") -> bytes:
    """Write the answer to the snapshot call for one ticker."""
    return ENCODER.encode({"status": "OK", "request_id": request_id, "ticker": _entry(statistics)})


def _entry(each: DayStatistics) -> dict[str, Any]:
    """Write one ticker; the day is all zeros while nothing is known of it, as before the session."""
    entry: dict[str, Any] = {
        "ticker": each.key,
        "day": {
            "o": each.day_open or 0,
            "h": each.day_high or 0,
            "l": each.day_low or 0,
            "c": each.last_price or 0 if each.day_volume else 0,
            "v": each.day_volume or 0,
            "vw": each.day_vwap or 0,
        },
        "prevDay": {} if each.prev_close is None else {"c": each.prev_close},
        "updated": each.event_ns or 0,
    }
    if each.last_price is not None and each.last_trade_stamp is not None:
        entry["lastTrade"] = {"p": each.last_price, "s": each.last_size or 0, "t": each.last_trade_stamp}
    if each.last_price is not None and each.prev_close:
        change = each.last_price - each.prev_close
        entry["todaysChange"] = change
        entry["todaysChangePerc"] = 100.0 * change / each.prev_close
    return entry


def parse_market_status(body: bytes) -> MarketStatus:
    """Read the market status. Raises FeedError when the answer is an error in disguise or no JSON."""
    answer = _object(body)
    market, exchanges = answer.get("market"), answer.get("exchanges")
    if not isinstance(market, str):
        raise ProtocolError(_SERVICE, "its market status says nothing about the market")
    return MarketStatus(
        market=market,
        is_early_hours=answer.get("earlyHours") is True,
        is_after_hours=answer.get("afterHours") is True,
        server_time_ns=_iso_ns(answer.get("serverTime")),
        exchanges={str(name): str(state) for name, state in exchanges.items()} if isinstance(exchanges, dict) else {},
    )


def build_market_status(status: MarketStatus, server_time: str) -> bytes:
    """Write a market status; `server_time` is ISO 8601 with an offset."""
    return ENCODER.encode(
        {
            "market": status.market,
            "earlyHours": status.is_early_hours,
            "afterHours": status.is_after_hours,
            "serverTime": server_time,
            "exchanges": status.exchanges,
            "currencies": {},
        }
    )


def error_of(http_status: int, body: bytes, retry_after_s: float | None = None) -> FeedError | None:
    """Return the error an answer stands for, None when it is a success (a delayed answer is one).

    `retry_after_s` is the pause that the answer's header asks for.
    """
    reason, status = _reason(body)
    if 200 <= http_status < 300:
        return _error_in_disguise(status, reason)
    if http_status == 401:
        return AuthenticationRefused(_SERVICE, reason or "it refused the key", "Check the key")
    if http_status == 403:
        return EntitlementRefused(_SERVICE, reason or "the plan does not include this data")
    if http_status == 429:
        return RateLimited(
            _SERVICE, reason or "too many requests", retry_after_s=PAUSE_S if retry_after_s is None else retry_after_s
        )
    if http_status >= 500 or http_status in (408, 413, 499):
        return ConnectionFailed(_SERVICE, reason or f"it answered with HTTP {http_status}")
    return ProtocolError(_SERVICE, reason or f"it answered with HTTP {http_status}")


def _error_in_disguise(status: str, reason: str) -> FeedError | None:
    if status == "NOT_AUTHORIZED":
        return EntitlementRefused(_SERVICE, reason or "the plan does not include this data")
    if status != "ERROR":
        return None
    if "api key" in reason.lower():
        return AuthenticationRefused(_SERVICE, reason, "Check the key")
    if "maximum requests" in reason.lower():
        return RateLimited(_SERVICE, reason, retry_after_s=PAUSE_S)
    return ProtocolError(_SERVICE, reason or "it reported an error without a reason")


def _reason(body: bytes) -> tuple[str, str]:
    """Return an answer's words and status, both empty when it is no JSON object (a page, nothing at all)."""
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    words = next((answer[name] for name in ("message", "error") if isinstance(answer.get(name), str)), "")
    status = answer.get("status")
    return words[:_LONGEST_REASON], status if isinstance(status, str) else ""


def next_page(next_url: str | None, seen: set[str]) -> str | None:
    """Return path and query of the next page, to be asked of our own base; None at the end or when pages repeat.

    Host and key of `next_url` are dropped: a foreign host must not be sent our key. `seen` is kept up to date.
    """
    if not next_url:
        return None
    _, separator, rest = next_url.partition("://")
    path = "/" + rest.partition("/")[2] if separator else next_url
    path, _, query = path.partition("#")[0].partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0].lower() != "apikey"]
    page = f"{path}?{'&'.join(kept)}" if kept else path
    if not page.startswith("/") or page.startswith("//") or page in seen:
        return None
    seen.add(page)
    return page


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(_SERVICE, "its answer is not a JSON object") from error
    disguised = error_of(200, body)
    if disguised is not None:
        raise disguised
    return answer


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = entry.get(name)
    return part if isinstance(part, dict) else {}


def _number(part: Mapping[str, Any], name: str) -> float | None:
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)


def _positive(part: Mapping[str, Any], name: str) -> float | None:
    return _number(part, name) or None


def _time(part: Mapping[str, Any], name: str) -> int | None:
    value = part.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _iso_ns(text: object) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else int(moment.timestamp()) * 1_000_000_000
