"""Minute bars that the hub builds from recorded ticks, against the bars their vendors built from the same trades."""

from __future__ import annotations

from pathlib import Path

import duckdb
import msgspec
import pytest
from fake_time import FakeTime
from shared_data import shared_data

from marketwatch.domain.events import TradeTick
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.recorded.flags import conditions_of
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

pytestmark = pytest.mark.slow

_FEED = FeedId("recorded")
_MINUTE_NS = 60_000_000_000
_COLUMNS = ("open", "high", "low", "close", "volume")


class Agreement(msgspec.Struct):
    """Share of minutes, in percent, in which a column equals the vendor's; `within_1pct` is of the volume."""

    minutes: int
    missing: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    within_1pct: float


def _minutes_from_ticks(ticks: Path, symbol: str, *, flag_words: bool) -> dict[int, tuple[float, ...]]:
    """Play all trades of a file through the hub; return its minute bars by start."""
    clock = FakeTime()
    hub = MarketHub(clock)
    hub.add_feed(
        FeedFacts(id=_FEED, label="ticks", nature=FeedNature.REPLAY, market_clock=LiveMarketClock(clock))
    )
    instrument = Instrument(id=InstrumentId(Venue("XNYS"), CASH, symbol), currency="USD")
    hub.track(instrument, _FEED, symbol)
    rows = duckdb.connect().execute(
        "SELECT ts_ns, price, size, conditions FROM read_parquet(?) WHERE kind = 'T' ORDER BY ts_ns", [str(ticks)]
    )
    while piece := rows.fetchmany(20_000):
        hub.publish(
            _FEED,
            [
                TradeTick(
                    key=symbol, stamp=ns, price=price, size=size, conditions=conditions_of(text, flag_words=flag_words)
                )
                for ns, price, size, text in piece
            ],
        )
    bars = hub.bars(instrument.id)
    assert bars is not None
    minutes = bars[1]
    columns = (minutes.opens_ns, minutes.open, minutes.high, minutes.low, minutes.close, minutes.volume)
    return {start: figures for start, *figures in zip(*columns, strict=True)}  # type: ignore[misc]


def _vendor_minutes(bars: Path, symbol: str, from_ns: int, to_ns: int) -> dict[int, tuple[float, ...]]:
    rows = duckdb.connect().execute(
        "SELECT epoch_us(ts::TIMESTAMPTZ) * 1000 AS start, open, high, low, close, volume FROM read_parquet(?) "
        "WHERE symbol = ? AND start >= ? AND start < ? ORDER BY start",
        [str(bars), symbol, from_ns, to_ns],
    )
    return {start: tuple(figures) for start, *figures in rows.fetchall()}


def _compare(ours: dict[int, tuple[float, ...]], vendors: dict[int, tuple[float, ...]]) -> Agreement:
    common = sorted(ours.keys() & vendors.keys())
    equal = [0] * len(_COLUMNS)
    near = 0
    for start in common:
        pairs = list(zip(ours[start], vendors[start], strict=True))
        for column, (mine, theirs) in enumerate(pairs):
            equal[column] += abs(mine - theirs) < 1e-6
        near += abs(pairs[4][0] - pairs[4][1]) <= 0.01 * pairs[4][1]
    shares = [100.0 * count / len(common) for count in equal]
    return Agreement(len(common), len(vendors) - len(common), *shares, within_1pct=100.0 * near / len(common))
