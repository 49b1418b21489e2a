"""Server's messages of the stream service as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from marketwatch.domain.events import AnalysisReport, ServerAlert, ServerPosition
from marketwatch.protocols.stream_service.endpoints import Endpoint

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LISTS: Final = {"price": "price_alerts", "volume": "volume_alerts", "breakout": "breakout_alerts"}


class PriceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """State of one share for the main endpoint: None is unknown and left out."""

    price: float
    volume: int | None = None
    prev_close: float | None = None
    day_open: float | None = None
    day_high: float | None = None
    day_low: float | None = None


def time_text(now_ms: int) -> str:
    """Return an instant as the guide writes it: UTC, milliseconds, `Z`."""
    moment = _EPOCH + timedelta(milliseconds=now_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(kind: str, endpoint: Endpoint, now_ms: int, **members: Any) -> bytes:
    """Return a message of this type from an endpoint."""
    return msgspec.json.encode({"type": kind, **members, "endpoint": endpoint.value, "timestamp": time_text(now_ms)})


def price_data(figures: PriceFigures) -> dict[str, Any]:
    """Return `data` of the main endpoint. `close` is the previous close, and change is counted from it."""
    prev_close = figures.prev_close
    change = None if prev_close is None else figures.price - prev_close
    return _known(
        price=figures.price,
        volume=figures.volume,
        change=None if change is None else round(change, 4),
        change_percent=None if change is None or not prev_close else round(change / prev_close * 100.0, 2),
        open=figures.day_open,
        high=figures.day_high,
        low=figures.day_low,
        close=prev_close,
    )


def analysis_data(report: AnalysisReport) -> dict[str, Any]:
    """Return `data` of the analysis endpoint. With a signal or a histogram `macd` is an object, else a number."""
    macd: float | dict[str, Any] | None = report.macd
    if report.macd_signal is not None or report.macd_histogram is not None:
        macd = _known(macd=report.macd, signal=report.macd_signal, histogram=report.macd_histogram)
    bands = _known(upper=report.bollinger_upper, middle=report.bollinger_middle, lower=report.bollinger_lower)
    return {
        "technical_indicators": _known(rsi=report.rsi, macd=macd, bollinger_bands=bands or None),
        "patterns": list(report.patterns),
        "risk_metrics": _known(volatility=report.volatility, beta=report.beta),
    }


def alerts_data(alerts: Iterable[ServerAlert]) -> dict[str, Any]:
    """Return `data` of the alerts endpoint: the states of all alerts of one symbol, in three lists."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS.values()}
    for alert in alerts:
        entry = _known(type=alert.condition, threshold=alert.threshold, triggered=alert.is_triggered)
        lists[_LISTS[alert.group]].append(entry)
    return lists


def position_data(position: ServerPosition) -> dict[str, Any]:
    """Return `data` of the portfolio endpoint."""
    return {
        "position": _known(
            quantity=_plain(position.quantity),
            avg_price=_plain(position.average_price),
            current_value=_plain(position.current_value),
        ),
        "pnl": _known(
            unrealized=_plain(position.unrealised_pnl), unrealized_percent=_plain(position.unrealised_pnl_pct)
        ),
    }


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _known(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
