"""Reads the data of the other endpoints: analysis, alerts, portfolio. What cannot be true is named, never dropped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeAlias

from marketwatch.domain.events import AnalysisReport, InvalidFigure, ServerAlert, ServerPosition
from marketwatch.protocols.readings import Element, InvalidParts, flag, number, text

ORIGIN: Final = "stream service"
_RSI_RANGE: Final = (0.0, 100.0)
_GROUPS: Final = {"price_alerts": "price", "volume_alerts": "volume", "breakout_alerts": "breakout"}
_SENT_LENGTH: Final = 40
_REMEMBERED: Final = 64
_NONE: Final = ("", None)
"""Stands for all alerts of a list: it holds none."""

_Condition: TypeAlias = tuple[str, float | None]


class _Figures:
    """Reads figures of one object and remembers which of them cannot be true."""

    def __init__(self) -> None:
        self.invalid: list[InvalidFigure] = []

    def number(self, data: Element, field: str, name: str = "") -> float | None:
        """Return a figure; None when it is absent, and noted when it is no finite number."""
        value = data.get(field)
        read = number(value)
        if read is None and value is not None:
            self.reject(name or field, value, "not a number")
        return read

    def reject(self, name: str, value: object, reason: str) -> None:
        """Note a figure that cannot be true."""
        sent = value if isinstance(value, str) else _written(value)
        self.invalid.append(InvalidFigure(name, sent[:_SENT_LENGTH], reason))

    def part(self, data: Element, field: str) -> Element:
        """Return a nested object; anything else counts as empty, and as noted unless it is absent."""
        value = data.get(field)
        if value is not None and not isinstance(value, dict):
            self.reject(field, value, "not an object")
        return value if isinstance(value, dict) else {}


def read_analysis(key: str, data: Element, stamp: int | None) -> AnalysisReport:
    """Return the validated report of an analysis frame."""
    figures = _Figures()
    indicators = figures.part(data, "technical_indicators")
    risk = figures.part(data, "risk_metrics")
    macd = _macd(figures, indicators)
    bands = _bands(figures, indicators)
    volatility = figures.number(risk, "volatility")
    if volatility is not None and volatility < 0:
        figures.reject("volatility", volatility, "it cannot be negative")
        volatility = None
    return AnalysisReport(
        key=key,
        stamp=stamp,
        origin=ORIGIN,
        rsi=_rsi(figures, indicators),
        macd=macd[0],
        macd_signal=macd[1],
        macd_histogram=macd[2],
        bollinger_upper=bands[0],
        bollinger_middle=bands[1],
        bollinger_lower=bands[2],
        patterns=_patterns(data.get("patterns")),
        volatility=volatility,
        beta=figures.number(risk, "beta"),
        invalid=tuple(figures.invalid),
    )


def _rsi(figures: _Figures, indicators: Element) -> float | None:
    rsi = figures.number(indicators, "rsi")
    low, high = _RSI_RANGE
    if rsi is not None and not low <= rsi <= high:
        figures.reject("rsi", rsi, f"it lies outside {low:.0f} to {high:.0f}")
        return None
    return rsi


def _macd(figures: _Figures, indicators: Element) -> tuple[float | None, float | None, float | None]:
    value = indicators.get("macd")
    if not isinstance(value, dict):
        return figures.number(indicators, "macd"), None, None
    return (
        figures.number(value, "macd"),
        figures.number(value, "signal", "macd_signal"),
        figures.number(value, "histogram", "macd_histogram"),
    )


def _bands(figures: _Figures, indicators: Element) -> tuple[float | None, float | None, float | None]:
    value = figures.part(indicators, "bollinger_bands")
    upper = figures.number(value, "upper", "bollinger_upper")
    middle = figures.number(value, "middle", "bollinger_middle")
    lower = figures.number(value, "lower", "bollinger_lower")
    known = [band for band in (upper, middle, lower) if band is not None]
    if known != sorted(known, reverse=True):
        figures.reject("bollinger_bands", value, "the bands are not in order")
        return None, None, None
    return upper, middle, lower


def _patterns(value: object) -> tuple[str, ...]:
    """Return the names of patterns, from texts, objects with a name, or a single one of either."""
    entries = value if isinstance(value, list) else [value]
    names = (_pattern(entry) for entry in entries)
    return tuple(dict.fromkeys(name for name in names if name))


def _pattern(entry: object) -> str:
    if isinstance(entry, dict):
        return next((name for field in ("name", "pattern", "type") if (name := text(entry.get(field)))), "")
    return text(entry)


class AlertReader:
    """Reads alerts of one connection, which carry no id: they are known by symbol, list, type and threshold."""

    def __init__(self, invalid: InvalidParts) -> None:
        self._invalid = invalid
        self._lists: dict[tuple[str, str], dict[_Condition, bool]] = {}
        self._heard: set[str] = set()
        self._fired: dict[tuple[str, str], dict[_Condition, None]] = {}

    def forget(self, key: str) -> None:
        """Take the alerts of a symbol for new when they come again: nobody listened meanwhile."""
        self._heard.discard(key)
        for group in _GROUPS.values():
            self._lists.pop((key, group), None)
            self._fired.pop((key, group), None)

    def read(self, key: str, data: Element, stamp: int | None) -> list[ServerAlert]:
        """Return the alerts that are new or have changed, after those that have left a list that was sent.

        One that comes new and triggered has fired, but not in the first list of its symbol: that says what was before.
        A first list that is empty is an event too: there may have been alerts before this connection.
        """
        alerts: list[ServerAlert] = []
        is_first = key not in self._heard
        self._heard.add(key)
        for field, group in _GROUPS.items():
            entries = data.get(field)
            if entries is None:
                continue
            if not isinstance(entries, list):
                self._invalid.note("a list of alerts that is none", field)
                continue
            before, now = self._lists.get((key, group), {}), self._states(entries)
            self._lists[key, group] = now
            say = partial(_alert, key, group, stamp)
            # The real service moves its thresholds with every price: the old ones must not pile up.
            alerts.extend(say(one, was, is_withdrawn=True) for one, was in before.items() if one not in now)
            if is_first and not entries:
                alerts.append(say(_NONE, False, is_withdrawn=True))
            fired = self._remember((key, group), before, now)
            for condition, is_triggered in now.items():
                if before.get(condition) is not is_triggered:
                    was_triggered = before.get(condition, is_first or condition in fired)
                    was_triggered = _moved(condition, before, now, was_triggered)
                    alerts.append(say(condition, is_triggered, has_fired=is_triggered and not was_triggered))
                if not is_triggered:
                    fired.pop(condition, None)
        return alerts

    def _remember(
        self, place: tuple[str, str], before: Mapping[_Condition, bool], now: Mapping[_Condition, bool]
    ) -> dict[_Condition, None]:
        """Keep those that had fired and left the list: one that comes back as it was has not fired again."""
        fired = self._fired.setdefault(place, {})
        fired.update((one, None) for one, was_triggered in before.items() if was_triggered and one not in now)
        while len(fired) > _REMEMBERED:
            del fired[next(iter(fired))]
        return fired

    def _states(self, entries: list[Any]) -> dict[_Condition, bool]:
        """Return what a list says of each alert; one that is there twice has fired if either has."""
        states: dict[_Condition, bool] = {}
        for entry in entries:
            condition = text(entry.get("type")) if isinstance(entry, dict) else ""
            if not condition:
                self._invalid.note("an alert without a type", entry)
                continue
            known = (condition, number(entry.get("threshold")))
            states[known] = states.get(known, False) or flag(entry.get("triggered"))
        return states


def _moved(
    condition: _Condition, before: Mapping[_Condition, bool], now: Mapping[_Condition, bool], otherwise: bool
) -> bool:
    """Return whether an alert had been triggered whose threshold has moved; `otherwise` when it has not."""
    gone = [was for one, was in before.items() if one[0] == condition[0] and one not in now]
    new = [one for one in now if one[0] == condition[0] and one not in before]
    return gone[0] if new == [condition] and len(gone) == 1 else otherwise


def _alert(
    key: str,
    group: str,
    stamp: int | None,
    condition: _Condition,
    is_triggered: bool,
    *,
    has_fired: bool = False,
    is_withdrawn: bool = False,
) -> ServerAlert:
    return ServerAlert(
        key=key,
        stamp=stamp,
        origin=ORIGIN,
        group=group,
        condition=condition[0],
        threshold=condition[1],
        is_triggered=is_triggered,
        has_fired=has_fired,
        is_withdrawn=is_withdrawn,
    )


def read_position(key: str, data: Element, stamp: int | None) -> ServerPosition:
    """Return the position of a portfolio frame. Its `pnl` may be an object or the gain alone."""
    figures = _Figures()
    position = figures.part(data, "position")
    pnl = data.get("pnl")
    gains = pnl if isinstance(pnl, dict) else {"unrealized": pnl}
    return ServerPosition(
        key=key,
        stamp=stamp,
        origin=ORIGIN,
        quantity=_exact(figures.number(position, "quantity")),
        average_price=_exact(figures.number(position, "avg_price", "average_price")),
        current_value=_exact(figures.number(position, "current_value")),
        unrealised_pnl=_exact(figures.number(gains, "unrealized", "unrealised_pnl")),
        unrealised_pnl_pct=_exact(figures.number(gains, "unrealized_percent", "unrealised_pnl_pct")),
        invalid=tuple(figures.invalid),
    )


def _exact(value: float | None) -> Decimal | None:
    """Return the number as it was written."""
    if value is None:
        return None
    return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))


def _written(value: object) -> str:
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    return str(value)
