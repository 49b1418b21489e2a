"""The simple dialect: `{"ticker", "price", "volume", "timestamp", "exchange"}`, without greeting or acknowledgement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from marketwatch.domain.events import DayStatistics, MarketEvent, TradeTick
from marketwatch.protocols.massive.messages import SimpleTick

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp_of(timestamp: str | int | None) -> int | None:
    """Turn an ISO 8601 text (UTC when it names no zone) into ns UTC; a number stays as sent; None when unreadable."""
    if not isinstance(timestamp, str):
        return timestamp if timestamp is None or timestamp >= 0 else None
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    elapsed = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    stamp = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000_000 + elapsed.microseconds * 1_000
    return stamp if stamp >= 0 else None


def timestamp_of(stamp_ns: int) -> str:
    """Write ns UTC as the dialect does, to the microsecond."""
    seconds, rest = divmod(stamp_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1_000)
    return moment.isoformat().replace("+00:00", "Z")


class _Volume:
    """What is known of one ticker's `volume` field."""

    __slots__ = ("day", "is_cumulative", "latest", "total")

    def __init__(self) -> None:
        self.day: str | None = None
        self.is_cumulative = True
        self.latest: float | None = None
        self.total = 0.0


class SimpleReader:
    """Turns simple ticks into events.

    `volume` does not say whether it is of the day or of the trade: it counts as the day's while it never decreases
    within a day, and as a size from the first decrease on. The day's volume is then restated from the sizes seen.
    """

    def __init__(self) -> None:
        self._volumes: dict[str, _Volume] = {}

    def events(self, tick: SimpleTick) -> Iterator[MarketEvent]:
        """Yield the trade, after the day's volume whenever that is (re)stated."""
        stamp = stamp_of(tick.timestamp)
        size, day_volume = self._sizes(tick)
        if day_volume is not None:
            yield DayStatistics(key=tick.ticker, stamp=stamp, day_volume=day_volume - size)
        yield TradeTick(key=tick.ticker, stamp=stamp, price=tick.price, size=size)

    def _sizes(self, tick: SimpleTick) -> tuple[float, float | None]:
        """Return the trade's size, and the day's volume including it when it must be (re)stated."""
        if tick.volume is None:
            return 0.0, None
        known = self._volumes.setdefault(tick.ticker, _Volume())
        latest, known.latest = known.latest, tick.volume
        known.total += tick.volume
        day = tick.timestamp[:10] if isinstance(tick.timestamp, str) else known.day
        is_new_day = day != known.day
        known.day = day
        if not known.is_cumulative:
            return tick.volume, None
        if latest is None or is_new_day:
            known.total = tick.volume
            return 0.0, tick.volume
        if tick.volume < latest:
            known.is_cumulative = False
            return tick.volume, known.total
        return tick.volume - latest, None
