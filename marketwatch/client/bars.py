"""Bars on request, as a client of the Data Provider Server sets them and gets them: options, frames, the local list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict

from marketwatch.client.streams import EventStream, FrameStream
from marketwatch.domain.events import BarBatch, RequestFailed
from marketwatch.errors import ConfigurationError, ConnectionFailed, FeedError
from marketwatch.feeds.http import HttpClient
from marketwatch.protocols.data_provider.address import web_url
from marketwatch.protocols.data_provider.keys import zone_of
from marketwatch.protocols.data_provider.requests import PERIODS, RESOLUTIONS, BarQuery, DataOptions
from marketwatch.protocols.data_provider.rest import LOCAL_INSTRUMENTS, LONGEST_ANSWER, parse_local_instruments
from marketwatch.runtime.executors import WorkerPool

if TYPE_CHECKING:
    from pandas import DataFrame

Day = str | dt.date | dt.datetime
MakeBarFrame = Callable[[BarBatch], Awaitable[Any]]
_COLUMNS: Final = ("Open", "High", "Low", "Close", "Volume")
_RESOLUTION_NAMES: Final = {
    **{f"MINUTE_{count:02}": f"{count}m" for count in (1, 2, 5, 15, 30, 60, 90)},
    **{"HOUR_01": "1h", "DAY_01": "1d", "DAY_05": "5d", "WEEK": "1wk", "MONTH_01": "1mo", "MONTH_03": "3mo"},
}
_PERIOD_NAMES: Final = {
    **{"DAY_01": "1d", "DAY_05": "5d", "MONTH_01": "1mo", "MONTH_03": "3mo", "MONTH_06": "6mo"},
    **{f"YEAR_{count:02}": f"{count}y" for count in (1, 2, 5, 10)},
    **{"YEAR_YTD": "ytd", "YEAR_MAX": "max"},
}


class BarOptions(TypedDict, total=False):
    """The keywords of `FeedClient` that only a feed of bars takes; `ClientOptions` says what they mean."""

    resolution: str
    period: str
    limit: int | None
    local_only: bool
    start: Day | None
    end: Day | None
    timeout_s: float
    batch_timeout_s: float
    refresh_s: float | None


def data_options(given: BarOptions) -> DataOptions:
    """Return what the protocol takes. Raises ConfigurationError for what the server would silently misread."""
    usual = DataOptions()
    resolution = _known("resolution", given.get("resolution", "1d"), _RESOLUTION_NAMES, RESOLUTIONS)
    period = _known("period", given.get("period", "max"), _PERIOD_NAMES, PERIODS)
    limit = given.get("limit") or None
    refresh_s = given.get("refresh_s")
    for name in ("limit", "timeout_s", "batch_timeout_s", "refresh_s"):
        value = given.get(name)
        if value is not None and (not isinstance(value, int | float) or value < 0):
            raise ConfigurationError(f"Option {name}", "it is not a number above zero")
    return DataOptions(
        bars=BarQuery(resolution=resolution, period=period, limit=limit),
        minutes=BarQuery(resolution="1m", period=period, limit=limit, is_batched=False),
        local_only=given.get("local_only", True),
        first=_day("start", given.get("start")),
        last=_day("end", given.get("end")),
        single_timeout_s=given.get("timeout_s") or usual.single_timeout_s,
        batch_timeout_s=given.get("batch_timeout_s") or usual.batch_timeout_s,
        refresh_s=None if refresh_s is None else max(1.0, refresh_s),
    )


def _known(option: str, value: str, names: dict[str, str], codes: frozenset[str]) -> str:
    code = names.get(value, value)
    if code not in codes:
        raise ConfigurationError(
            f"Option {option}", f"the server knows no “{value}”", f"Choose from {', '.join(names.values())}"
        )
    return code


def _day(option: str, value: Day | None) -> dt.date | None:
    if not isinstance(value, str):
        return value
    try:
        return dt.date.fromisoformat(value) if len(value) <= len("2024-01-31") else dt.datetime.fromisoformat(value)
    except ValueError:
        raise ConfigurationError(f"Option {option}", f"“{value}” is no date", "Write it like 2024-01-31") from None


class BarFrameStream(FrameStream):
    """The answers of a feed of bars as pandas frames, one per symbol and answer."""

    def __init__(self, events: EventStream, make: MakeBarFrame) -> None:
        self._events = events
        self._make_bars = make

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DataFrame:
        while True:
            event = await anext(self._events)
            if isinstance(event, BarBatch):
                return await self._make_bars(event)
            if isinstance(event, RequestFailed):
                raise FeedError(f"Bars of {event.key}", event.reason, "Go on with the next frame, or ask for others")


def make_bar_frame(batch: BarBatch) -> DataFrame:
    """Return bars as a frame. Imports pandas, which is slow: call it in a worker.

    The index is of dates without a zone for daily bars and longer, else of instants in the exchange's zone.
    """
    import pandas

    index = pandas.to_datetime([bar.opens_ns for bar in batch.bars], unit="ns", utc=True)
    if batch.is_dated:
        index = index.tz_localize(None).rename("Date")
    else:
        index = index.tz_convert(zone_of(batch.key)).rename("Datetime")
    columns = {name: [getattr(bar, name.lower()) for bar in batch.bars] for name in _COLUMNS}
    frame = pandas.DataFrame(columns, index=index, dtype=float)
    frame.attrs.update(symbol=batch.key, resolution=batch.resolution, period=batch.period)
    return frame


async def local_instruments(url: str, pool: WorkerPool, proxy: str | None) -> dict[str, list[str]]:
    """Ask the server whose stream is at `url` for the tickers it has, by resolution. Raises FeedError.

    `proxy` as in `ClientOptions`.
    """

    def make_tls() -> Any:
        from marketwatch.feeds.transport import make_tls_context

        return make_tls_context()

    http = HttpClient(pool, make_tls, proxy=lambda: proxy)
    try:
        answer = await http.get(f"{web_url(url)}{LOCAL_INSTRUMENTS}", {}, limit=LONGEST_ANSWER)
    except (OSError, TimeoutError) as error:
        raise ConnectionFailed("The Data Provider Server", "its web service does not answer") from error
    finally:
        await http.close()
    return parse_local_instruments(answer.status, answer.body)
