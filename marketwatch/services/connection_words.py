"""Measured values of a connection test in words."""

from __future__ import annotations

import datetime
import zoneinfo

from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue, Quote, TradeTick, VendorBar

_NS = 1_000_000_000
_NOTABLY_LATE_S = 60.0
_CLOCKS_AGREE_S = 0.1  # two clocks that agree are apart by as much


def age_words(seconds: float) -> str:
    """Say a duration: `0.4 s`, `41 s`, `15 min 1 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def clock_words(ahead_s: float) -> str:
    """Say how far the server's clock is ahead of this computer's."""
    if abs(ahead_s) < 2:
        return "less than 2 s apart"
    side = "behind" if ahead_s > 0 else "ahead of"
    return f"this computer is {age_words(abs(ahead_s))} {side} the server"


def price_words(event: MarketEvent, age_s: float | None, zone: str = "UTC") -> str:
    """Say what came first: symbol, figure, the venue's time in its zone, and how old it is."""
    figure = figure_words(event)
    said = f"{event.key} {figure}" if figure else event.key
    if event.event_ns is None or age_s is None:
        return f"{said}, without a time"
    at = datetime.datetime.fromtimestamp(event.event_ns // _NS, zoneinfo.ZoneInfo(zone))
    is_ahead = age_s < -_CLOCKS_AGREE_S
    old = f"{age_words(-age_s)} in the future" if is_ahead else f"{age_words(max(0.0, age_s))} old"
    return f"{said}, stamped {at:%H:%M:%S} {at.tzname()}, {old}"


def figure_words(event: MarketEvent) -> str:
    """Return the figure of an event, empty for one that has none."""
    if isinstance(event, TradeTick):
        return f"{event.price:,}"
    if isinstance(event, Quote):
        sides = [f"{side:,}" for side in (event.bid, event.ask) if side is not None]
        return " / ".join(sides)
    if isinstance(event, VendorBar):
        return f"{event.close:,}"
    if isinstance(event, DayStatistics):
        return "" if event.last_price is None else f"{event.last_price:,}"
    return f"{event.value:,}" if isinstance(event, PriceValue) else ""


def works_words(age_s: float | None, delay_s: float, *, sends_bars: bool = False) -> str:
    """Say that the feed works, and how late its prices are against what was chosen."""
    if sends_bars:
        newest = "" if age_s is None else f"; the first bar began {age_words(max(0.0, age_s))} ago"
        return f"The feed works. It sends bars on request, not live prices{newest}."
    if age_s is None:
        return "The feed works. Its prices carry no time, so their age is not known."
    if delay_s > 0:
        if abs(age_s - delay_s) <= _NOTABLY_LATE_S:
            return f"The feed works. Prices arrive {delay_s / 60:.0f} minutes late, as chosen."
        age = age_words(max(0.0, age_s))
        return f"The feed works. The first price is {age} old; a delay of {delay_s / 60:.0f} min is chosen."
    if age_s > _NOTABLY_LATE_S:
        return f"The feed works, but its first price is {age_words(age_s)} old although real time is chosen."
    return f"The feed works. The first price is {age_words(max(0.0, age_s))} old."
