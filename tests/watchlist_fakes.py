"""Rows of every state for tests and pictures of the watchlist, without a hub."""

from __future__ import annotations

import math
import random
from array import array
from decimal import Decimal
from typing import Any, cast

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.domain.snapshot import Snapshot
from marketwatch.services.presentation import RowState, RowStateKind

# 2025-09-04 14:41:07 IST
NOW_NS = 1_756_977_067_000_000_000


class FakeSnapshot:
    """Has what rows read of a snapshot."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.last_price: float | None = None
        self.bid: float | None = None
        self.ask: float | None = None
        self.prev_close: float | None = None
        self.day_open: float | None = None
        self.day_high: float | None = None
        self.day_low: float | None = None
        self.volume: float | None = None
        self.vwap: float | None = None
        self.bid_size: float | None = None
        self.ask_size: float | None = None
        self.total_bid_size: float | None = None
        self.total_ask_size: float | None = None
        self.open_interest: float | None = None
        self.ext_last: float | None = None
        self.last_trade_ns: int | None = None
        self.ext_trade_ns: int | None = None
        self.quote_ns: int | None = None
        self.received_ns: int | None = None
        self.tick_direction = 0
        self.version = 0
        self.is_extended = False
        self.spark_ns: array[int] | None = None
        self.sparkline: list[tuple[int, float]] = []

    @property
    def day_change(self) -> float | None:
        """Last minus previous close."""
        if self.last_price is None or self.prev_close is None:
            return None
        return self.last_price - self.prev_close

    @property
    def day_change_pct(self) -> float | None:
        """The same in percent."""
        change = self.day_change
        return None if change is None or not self.prev_close else change / self.prev_close * 100

    @property
    def shown_price(self) -> float | None:
        """Last price, else the extended one."""
        return self.ext_last if self.last_price is None else self.last_price

    @property
    def shown_change(self) -> float | None:
        """Shown price minus previous close."""
        if self.shown_price is None or self.prev_close is None:
            return None
        return self.shown_price - self.prev_close

    @property
    def shown_change_pct(self) -> float | None:
        """The same in percent."""
        change = self.shown_change
        return None if change is None or not self.prev_close else change / self.prev_close * 100

    @property
    def ext_change_pct(self) -> float | None:
        """Extended change in percent."""
        if self.ext_last is None or not self.last_price:
            return None
        return (self.ext_last - self.last_price) / self.last_price * 100

    @property
    def updated_ns(self) -> int | None:
        """Venue time of the newest event."""
        return self.last_trade_ns

    def withheld(self, figure: str) -> str | None:
        """Say why a figure is missing."""
        return None if getattr(self, figure) is not None else f"no {figure.replace('_', ' ')} yet"

    def caveat(self, figure: str) -> str | None:
        """Nothing to say."""
        return None


class FakeSource:
    """A RowSource over dictionaries. Snapshots are written by the test."""

    def __init__(self) -> None:
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.snapshots: dict[InstrumentId, FakeSnapshot] = {}
        self.states: dict[InstrumentId, RowState] = {}

    def instrument(self, instrument_id: InstrumentId) -> Instrument:
        return self.instruments.get(instrument_id) or Instrument(id=instrument_id)

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        return cast("Snapshot | None", self.snapshots.get(instrument_id))

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        return self.states.get(instrument_id) or state(RowStateKind.LIVE)

    def zone(self, instrument_id: InstrumentId) -> str:
        return "Asia/Kolkata" if instrument_id.venue in ("NSE", "BSE") else "America/New_York"

    def add(self, symbol: str, price: float | None = 100.0, *, venue: str = "NSE", **facts: Any) -> InstrumentId:
        """Make an instrument with a snapshot; `facts` are attributes of either."""
        instrument_id = InstrumentId(Venue(venue), Segment("EQ"), symbol)
        known = {name: facts.pop(name) for name in list(facts) if name in Instrument.__struct_fields__}
        known.setdefault("currency", "INR" if venue in ("NSE", "BSE") else "USD")
        known.setdefault("tick_size", Decimal("0.05"))
        self.instruments[instrument_id] = Instrument(id=instrument_id, **known)
        snapshot = self.snapshots[instrument_id] = FakeSnapshot(self.instruments[instrument_id])
        snapshot.last_price = price
        for name, value in facts.items():
            setattr(snapshot, name, value)
        return instrument_id

    def tick(self, instrument_id: InstrumentId, price: float, received_ns: int | None = None) -> Snapshot:
        """Let a trade happen and return the changed snapshot."""
        snapshot = self.snapshots[instrument_id]
        before = snapshot.last_price
        snapshot.tick_direction = 0 if before is None else (price > before) - (price < before)
        snapshot.last_price = price
        snapshot.received_ns = received_ns
        snapshot.version += 1
        return cast("Snapshot", snapshot)


def state(kind: RowStateKind, word: str = "", *tags: str, explanation: str = "") -> RowState:
    """Make a row state."""
    return RowState(primary=kind, word=word, tags=tags, explanation=explanation, age_s=None)


def numbered(count: int, source: FakeSource | None = None) -> tuple[FakeSource, list[InstrumentId]]:
    """Make many live instruments S00000, S00001, …"""
    source = source or FakeSource()
    rng = random.Random(7)
    ids = []
    for number in range(count):
        price = round(rng.uniform(50, 4000), 2)
        ids.append(
            source.add(
                f"S{number:05d}", price, prev_close=price * rng.uniform(0.97, 1.03), day_open=price,
                day_high=price * 1.02, day_low=price * 0.98, volume=rng.uniform(1e4, 1e8), last_trade_ns=NOW_NS,
                bid=price - 0.05, ask=price + 0.05,
            )
        )  # fmt: skip
    return source, ids


def course(seed: str, start: float, end: float, count: int = 30) -> list[tuple[int, float]]:
    """Invent the course of a day."""
    rng = random.Random(seed)
    span = abs(end - start) or start * 0.002
    walk = [start + (end - start) * n / (count - 1) + rng.gauss(0, span / 5) * math.sin(n) for n in range(count)]
    return [(NOW_NS - (count - n) * 600_000_000_000, price) for n, price in enumerate(walk)]


def every_state(source: FakeSource) -> list[InstrumentId | str]:
    """Fill a source with the NSE list of the design pictures; strings are headings."""
    rows: list[Any] = [
        "Index",
        ("NIFTY 50", "IDX", 24715.05, 24780, 24690.5, 24820, 24742.30, None, RowStateKind.LIVE, "", "0.05"),
        ("BANKNIFTY", "IDX", 54067.55, 54200, 54010, 54290, 54112.90, None, RowStateKind.LIVE, "", "0.05"),
        "Energy and metals",
        ("RELIANCE", "NSE", 1372.60, 1371.8, 1360.3, 1374, 1362.40, 10214386, RowStateKind.LIVE, "", "0.05"),
        ("TATASTEEL", "NSE", 167.88, 168.4, 168, 171, 170.36, 48200000, RowStateKind.LIVE, "", "0.01"),
        ("NTPC", "NSE", 334.15, 335.2, 333, 337, 334.15, 7215000, RowStateKind.LIVE, "", "0.05"),
        ("SUZLON", "NSE", 57.62, 57.7, 57.5, 60.5, 60.50, 214600000, RowStateKind.HALTED, "14:02:31", "0.01", "UC"),
        ("VEDL", "NSE", 430.0, 431, 428, 436, 429.15, 9214386, RowStateKind.DELAYED, "14:26:07", "0.05", "D15"),
        "Banks",
        ("HDFCBANK", "NSE", 954.60, 955, 950, 960, 951.85, 13900000, RowStateKind.LIVE, "", "0.05"),
        ("ICICIBANK", "NSE", 1403.2, 1404, 1400, 1412, 1409.50, 8836000, RowStateKind.LIVE, "", "0.05"),
        ("CUB", "NSE", 203.41, 204, 202.5, 205.5, 203.05, 418000, RowStateKind.QUIET, "quiet 0:48", "0.01"),
        ("KVB", "NSE", 223.41, 224, 222.5, 225.5, 223.05, 318000, RowStateKind.CLOSED, "closed 3 Sep", "0.01"),
        "Technology",
        ("TCS", "NSE", 3097.3, 3100, 3090, 3118, 3112.90, 2310000, RowStateKind.LIVE, "", "0.05", "SIM"),
        ("SENSEX", "BSE", 80567.71, 80700, 80600, 80790, 80688.12, None, RowStateKind.STALE, "stale 2:14", "0.01"),
        ("USDINR SEP", "CDS", 88.2025, 88.21, 88.1, 88.25, 88.1175, 1284000, RowStateKind.LIVE, "", "0.0025"),
        ("AAPL", "NSDQ", 229.72, 229, 228, 239.9, 238.47, 41280, RowStateKind.PRE, "04:56:07", "0.01", "PRE", "D15"),
        ("NIFTY 24800CE", "NFO", None, None, None, None, None, None, RowStateKind.NO_DATA, "no permission", "0.05"),
    ]  # fmt: skip
    return [row if isinstance(row, str) else _state_row(source, row) for row in rows]


def _state_row(source: FakeSource, row: tuple[Any, ...]) -> InstrumentId:
    symbol, tag, prev, opened, low, high, last, volume, kind, word, tick, *tags = row
    venue = "BSE" if tag == "BSE" else "XNAS" if tag == "NSDQ" else "NSE"
    instrument_id = source.add(
        symbol, last, venue=venue, exchange_tag=tag, tick_size=Decimal(tick), name=f"{symbol.title()} Ltd",
        kind=InstrumentKind.STOCK, prev_close=prev, day_open=opened, day_low=low, day_high=high, volume=volume,
        last_trade_ns=None if last is None else NOW_NS,
    )  # fmt: skip
    snapshot = source.snapshots[instrument_id]
    if last is not None:
        snapshot.sparkline = course(symbol, opened, last)
        snapshot.spark_ns = array("q", [at for at, _ in snapshot.sparkline])
        snapshot.bid, snapshot.ask = last - float(tick), last + float(tick)
        snapshot.ext_last = last * 1.0027
    source.states[instrument_id] = state(kind, word, *tags, explanation=f"{kind.name.lower()} {word}".strip())
    return instrument_id
