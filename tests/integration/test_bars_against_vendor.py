"""Minute bars that the hub builds from recorded ticks, against the bars their vendors built from the same trades."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

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


Reading = Callable[[str | None], tuple[int, ...] | None]
_VOLUME_ONLY = (37,)


def _consolidated_2013(text: str | None) -> tuple[int, ...] | None:
    return conditions_of(text, flag_words=True)


def _consolidated_2025(text: str | None) -> tuple[int, ...] | None:
    return conditions_of(text, flag_words=False)


def _vendors_2013(text: str | None) -> tuple[int, ...] | None:
    """Read flags as the vendor of 2013 does: only a regular sale (bit 0) makes a price, all count in the volume."""
    return None if text and int(text.partition("|")[0], 16) & 1 else _VOLUME_ONLY


def _minutes_from_ticks(ticks: Path, symbol: str, reading: Reading) -> dict[int, tuple[float, ...]]:
    """Play all trades of a file through the hub; return its minute bars by start."""
    clock = FakeTime()
    hub = MarketHub(clock)
    hub.add_feed(FeedFacts(id=_FEED, label="ticks", nature=FeedNature.REPLAY, market_clock=LiveMarketClock(clock)))
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
                    key=symbol,
                    stamp=ns,
                    price=price,
                    size=size,
                    conditions=reading(text),
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


def _new_york_ns(moment: str) -> int:
    return int(dt.datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("America/New_York")).timestamp()) * 10**9


def _agreement_2013(symbol: str, reading: Reading) -> Agreement:
    ours = _minutes_from_ticks(shared_data("ticks_us_2013", f"{symbol}_2013-10-08.parquet"), symbol, reading)
    bars = shared_data("bars_us", "us_1min_2013_2015.parquet")
    opens_ns, closes_ns = _new_york_ns("2013-10-08T09:30"), _new_york_ns("2013-10-08T16:00")
    return _compare(ours, _vendor_minutes(bars, symbol, opens_ns, closes_ns))


@pytest.mark.parametrize("symbol", ["IBM", "BAC"])
def test_volume_of_2013_equals_the_vendors(symbol: str, record_property: Callable[[str, object], None]) -> None:
    agreement = _agreement_2013(symbol, _consolidated_2013)
    record_property("agreement", msgspec.structs.asdict(agreement))
    assert agreement.minutes == 390
    assert agreement.missing == 0
    assert agreement.volume >= 99.0


@pytest.mark.parametrize(("symbol", "least"), [("IBM", (79, 88, 82, 84)), ("BAC", (93, 99, 98, 94))])
def test_prices_of_2013_by_the_rules_of_the_tape(symbol: str, least: tuple[float, ...]) -> None:
    """The tape lets sweeps make prices, this vendor does not: the difference is the vendor's convention."""
    agreement = _agreement_2013(symbol, _consolidated_2013)
    figures = (agreement.open, agreement.high, agreement.low, agreement.close)
    assert all(figure >= limit for figure, limit in zip(figures, least, strict=True)), agreement


@pytest.mark.parametrize("symbol", ["IBM", "BAC"])
def test_prices_of_2013_by_the_vendors_convention(symbol: str) -> None:
    agreement = _agreement_2013(symbol, _vendors_2013)
    assert min(agreement.open, agreement.high, agreement.low, agreement.close) >= 99.7


@pytest.mark.parametrize(
    ("symbol", "hours", "least"),
    [
        ("TSLA", "04:00 09:30", (96, 99, 99, 99, 99)),
        ("TSLA", "09:30 16:00", (87, 96, 99, 81, 94)),
        ("AAPL", "04:00 09:30", (99, 99, 99, 99, 99)),
        ("AAPL", "09:30 16:00", (99, 99, 99, 79, 99)),
        ("CRCL", "04:00 09:30", (99, 99, 99, 99, 99)),
        ("CRCL", "09:30 16:00", (93, 98, 99, 91, 96)),
    ],
)
def test_bars_of_2025(symbol: str, hours: str, least: tuple[float, ...]) -> None:
    """The file is ordered by the participants' time, the vendor's bars by the tape's: opens and closes differ most."""
    ours = _minutes_from_ticks(shared_data("ticks_us_2025", f"{symbol}_2025-06-27.parquet"), symbol, _consolidated_2025)
    opens, closes = hours.split()
    vendors = _vendor_minutes(
        shared_data("bars_us", "us_1min_2025.parquet"),
        symbol,
        _new_york_ns(f"2025-06-27T{opens}"),
        _new_york_ns(f"2025-06-27T{closes}"),
    )
    agreement = _compare(ours, vendors)
    figures = (agreement.open, agreement.high, agreement.low, agreement.close, agreement.within_1pct)
    assert all(figure >= limit for figure, limit in zip(figures, least, strict=True)), agreement
