"""Columns of a watchlist: title, text, sort value, colour role; and the sets they come in."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from marketwatch.domain.watchlist import STANDARD_SET, ColumnLayout
from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.models.watchlist_words import range_tooltip, symbol_tooltip, time_text, time_tooltip

SortValue = float | str | None
_NS_PER_S = 1_000_000_000
_SPREAD_NS = 61_803_399


class CellKind(enum.IntEnum):
    """How a cell is painted."""

    SYMBOL = 0
    SPARK = 1
    FIGURE = 2
    RANGE = 3
    TIME = 4


class Tone(enum.IntEnum):
    """What gives a figure its colour."""

    PLAIN = 0
    STRONG = 1
    CHANGE = 2
    EXTENDED = 3
    EXTENDED_CHANGE = 4


class Column(NamedTuple):
    """One column: `value` is compared to see whether the cell changed, `write` makes its text.

    A price column's `width` is for two decimals. `yields`: in which turn a column leaves a list that is too narrow for
    all, 0 never. `is_price`: aligned on the point. `sort_by`: what to sort by when it is not the value.
    """

    key: str
    title: str
    width: int
    kind: CellKind
    tone: Tone
    value: Callable[[WatchRow], object]
    write: Callable[[WatchRow, Any], str]
    tooltip: Callable[[WatchRow], str]
    is_price: bool = False
    yields: int = 0
    sort_by: Callable[[WatchRow], SortValue] | None = None

    @property
    def is_number(self) -> bool:
        """Numbers and times stand at the right."""
        return self.kind in (CellKind.FIGURE, CellKind.TIME)

    def text(self, row: WatchRow) -> str:
        """Return the text of a row's cell."""
        return self.write(row, self.value(row))

    def sort_value(self, row: WatchRow) -> SortValue:
        """Return what the row is sorted by, None for blank."""
        value = self.value(row) if self.sort_by is None else self.sort_by(row)
        return value if isinstance(value, float | int | str) else None


def _price(key: str, title: str, width: int, tone: Tone = Tone.PLAIN, yields: int = 0) -> Column:
    value, tooltip = _figure(key), _withheld(key)
    return Column(key, title, width, CellKind.FIGURE, tone, value, _write_price, tooltip, is_price=True, yields=yields)


def _quantity(key: str, title: str, width: int, yields: int = 0) -> Column:
    value, tooltip = _figure(key), _whole_quantity(key)
    return Column(key, title, width, CellKind.FIGURE, Tone.PLAIN, value, _write_volume, tooltip, yields=yields)


def _percent(key: str, title: str, width: int, tone: Tone) -> Column:
    return Column(key, title, width, CellKind.FIGURE, tone, _figure(key), _write_percent, _withheld(key))


def _write_price(row: WatchRow, value: float | None) -> str:
    return row.price(value)


def _write_average(row: WatchRow, value: float | None) -> str:
    last = None if row.snapshot is None else row.snapshot.last_price
    return fmt.average(value, row.decimals, row.currency, last)


def _write_change(row: WatchRow, value: float | None) -> str:
    return row.change(value)


def _write_percent(row: WatchRow, value: float | None) -> str:
    return fmt.percent(value)


def _write_volume(row: WatchRow, value: float | None) -> str:
    return fmt.volume(value, row.currency)


def _write_text(row: WatchRow, value: str) -> str:
    return value


def _write_missing(row: WatchRow, value: None) -> str:
    return fmt.MISSING


def _write_place(row: WatchRow, place: float | None) -> str:
    return fmt.MISSING if place is None else f"{place * 100:.0f}% of range"


def _write_spark(row: WatchRow, value: tuple[int, int] | None) -> str:
    if value is None:
        return fmt.MISSING
    return "1 point" if value[0] == 1 else f"{value[0]} points"


def _shown(key: str, figure: str) -> Callable[[WatchRow], str]:
    """Say why a shown figure is missing, or that it is not of the regular session."""
    withheld = _withheld(key)

    def tooltip(row: WatchRow) -> str:
        snapshot = row.snapshot
        why = withheld(row)
        is_extended = snapshot is not None and snapshot.last_price is None and getattr(snapshot, figure) is not None
        return f"Extended hours: {why}" if is_extended and why else why

    return tooltip


def _figure(key: str) -> Callable[[WatchRow], float | None]:
    read = operator.attrgetter(key)

    def value(row: WatchRow) -> float | None:
        snapshot = row.snapshot
        if snapshot is None:
            return None
        figure: float | None = read(snapshot)
        return figure

    return value


def _withheld(key: str) -> Callable[[WatchRow], str]:
    def tooltip(row: WatchRow) -> str:
        snapshot = row.snapshot
        if snapshot is None:
            return ""
        return snapshot.withheld(key) or snapshot.caveat(key) or ""

    return tooltip


def _whole_quantity(key: str) -> Callable[[WatchRow], str]:
    """Say a shortened quantity in full, or why there is none."""
    value, withheld = _figure(key), _withheld(key)

    def tooltip(row: WatchRow) -> str:
        figure = value(row)
        return withheld(row) if figure is None else fmt.quantity(figure, row.currency)

    return tooltip


def _volume_tooltip(row: WatchRow) -> str:
    snapshot = row.snapshot
    if snapshot is None or snapshot.volume is None:
        return ""
    parts = (f"Volume {fmt.quantity(snapshot.volume, row.currency)}", snapshot.caveat("volume"))
    return "\n".join(part for part in parts if part)


def _symbol(row: WatchRow) -> str:
    return (row.heading or "") if row.instrument is None else row.instrument.symbol


def _place_in_range(row: WatchRow) -> float | None:
    """Where the last price stands between low and high, 0 to 1."""
    snapshot = row.snapshot
    if snapshot is None:
        return None
    last, high, low = snapshot.last_price, snapshot.day_high, snapshot.day_low
    if last is None or high is None or low is None:
        return None
    return (last - low) / (high - low) if high > low else 0.5


def _spark_change(row: WatchRow) -> tuple[int, int] | None:
    """Changes once a second and not with every tick, each row at its own moment: lines are dear to draw."""
    snapshot = row.snapshot
    if snapshot is None or snapshot.spark_ns is None:
        return None
    return len(snapshot.spark_ns), ((snapshot.last_trade_ns or 0) + hash(row) * _SPREAD_NS) // _NS_PER_S


def _no_tooltip(row: WatchRow) -> str:
    return ""


def _lot(row: WatchRow) -> float | None:
    return None if row.instrument is None else row.instrument.lot_size


def _never_known(row: WatchRow) -> float | None:
    return None


def _why_no_interest_change(row: WatchRow) -> str:
    return "No feed states the open interest of the day before, and it is not stored yet"


def _why_no_relative_volume(row: WatchRow) -> str:
    return "Relative volume compares with the same time of past sessions, whose volumes are not stored yet"


SYMBOL = Column("symbol", "Symbol", 110, CellKind.SYMBOL, Tone.STRONG, _symbol, _write_text, symbol_tooltip)
SPARK = Column(
    "sparkline", "Today", 50, CellKind.SPARK, Tone.PLAIN, _spark_change, _write_spark, _no_tooltip,
    yields=3, sort_by=_figure("shown_change_pct"),
)  # fmt: skip
LAST = _price("last_price", "Last", 78, Tone.STRONG)._replace(
    value=_figure("shown_price"), tooltip=_shown("last_price", "shown_price")
)
CHANGE = _price("day_change", "Chg", 64, Tone.CHANGE, yields=5)._replace(
    value=_figure("shown_change"), tooltip=_shown("day_change", "shown_change"), write=_write_change
)
CHANGE_PCT = _percent("day_change_pct", "Chg %", 56, Tone.CHANGE)._replace(
    value=_figure("shown_change_pct"), tooltip=_shown("day_change_pct", "shown_change_pct")
)
BID = _price("bid", "Bid", 72, yields=1)
ASK = _price("ask", "Ask", 72, yields=1)
VOLUME = Column(
    "volume", "Volume", 66, CellKind.FIGURE, Tone.PLAIN, _figure("volume"), _write_volume, _volume_tooltip, yields=4
)
RANGE = Column(
    "day_range", "Day range", 63, CellKind.RANGE, Tone.PLAIN, _place_in_range, _write_place, range_tooltip, yields=2
)
TIME = Column(
    "time", "Time", 96, CellKind.TIME, Tone.PLAIN, time_text, _write_text, time_tooltip,
    sort_by=_figure("last_trade_ns"),
)  # fmt: skip
OPEN = _price("day_open", "Open", 76)
HIGH = _price("day_high", "High", 76)
LOW = _price("day_low", "Low", 76)
PREV_CLOSE = _price("prev_close", "Prev close", 76)
VWAP = _price("vwap", "Avg price", 76)._replace(write=_write_average)
# The column stands in its set as traders know it; without the volumes of past sessions it withholds the figure.
REL_VOLUME = Column(
    "relative_volume",
    "Rel. vol",
    56,
    CellKind.FIGURE,
    Tone.PLAIN,
    _never_known,
    _write_missing,
    _why_no_relative_volume,
)
BID_SIZE = _quantity("bid_size", "Bid qty", 60)
ASK_SIZE = _quantity("ask_size", "Ask qty", 60)
TOTAL_BID = _quantity("total_bid_size", "Total buy", 66, yields=2)
TOTAL_ASK = _quantity("total_ask_size", "Total sell", 66, yields=2)
OPEN_INTEREST = _quantity("open_interest", "OI", 66)
INTEREST_CHANGE = Column(
    "open_interest_change", "OI chg", 60, CellKind.FIGURE, Tone.PLAIN, _never_known, _write_missing,
    _why_no_interest_change,
)  # fmt: skip
LOT = Column("lot_size", "Lot", 52, CellKind.FIGURE, Tone.PLAIN, _lot, _write_volume, _no_tooltip)
EXT_LAST = _price("ext_last", "Ext. last", 76, Tone.EXTENDED)
EXT_CHANGE_PCT = _percent("ext_change_pct", "Ext. chg %", 66, Tone.EXTENDED_CHANGE)

COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        SYMBOL, SPARK, LAST, CHANGE, CHANGE_PCT, BID, ASK, VOLUME, RANGE, TIME,
        OPEN, HIGH, LOW, PREV_CLOSE, VWAP, REL_VOLUME, EXT_LAST, EXT_CHANGE_PCT,
        BID_SIZE, ASK_SIZE, TOTAL_BID, TOTAL_ASK, OPEN_INTEREST, INTEREST_CHANGE, LOT,
    )
}  # fmt: skip

_STANDARD = (SYMBOL, SPARK, LAST, CHANGE, CHANGE_PCT, BID, ASK, VOLUME, RANGE, TIME)
# Here it is all about the best prices: they never leave, and the time, which says how a row is, leaves last.
_DEPTH = (
    *(SYMBOL, LAST, BID_SIZE, BID._replace(yields=0), ASK._replace(yields=0), ASK_SIZE),
    *(TOTAL_BID, TOTAL_ASK, TIME._replace(yields=3)),
)
_DERIVATIVES = (SYMBOL, LAST, CHANGE_PCT, OPEN_INTEREST, INTEREST_CHANGE, VOLUME, LOT, TIME)


class ColumnSet(NamedTuple):
    """Columns that are chosen with one click."""

    key: str
    title: str
    columns: tuple[Column, ...]


COLUMN_SETS: dict[str, ColumnSet] = {
    one.key: one
    for one in (
        ColumnSet("compact", "Compact", (SYMBOL, LAST, CHANGE_PCT)),
        ColumnSet(STANDARD_SET, "Standard", _STANDARD),
        ColumnSet("intraday", "Intraday", (*_STANDARD, OPEN, HIGH, LOW, PREV_CLOSE, VWAP, REL_VOLUME)),
        ColumnSet("depth", "Depth", _DEPTH),
        ColumnSet("derivatives", "Derivatives", _DERIVATIVES),
        ColumnSet("us_extended", "US extended", (SYMBOL, LAST, CHANGE_PCT, EXT_LAST, EXT_CHANGE_PCT, VOLUME, TIME)),
    )
}


def columns_of(layout: ColumnLayout) -> tuple[Column, ...]:
    """Return the columns of a layout; keys no version knows are left out, the symbol is always there."""
    if not layout.columns:
        return COLUMN_SETS.get(layout.set_name, COLUMN_SETS[STANDARD_SET]).columns
    chosen = [COLUMNS[key] for key in dict.fromkeys(layout.columns) if key in COLUMNS]
    if SYMBOL not in chosen:
        chosen.insert(0, SYMBOL)
    # Who chose columns one by one wants to see them, however narrow the list.
    return tuple(column._replace(yields=0) for column in chosen)


def set_title(layout: ColumnLayout) -> str:
    """Return what the columns of a layout are called."""
    if layout.columns:
        return "Own columns"
    return f"{COLUMN_SETS.get(layout.set_name, COLUMN_SETS[STANDARD_SET]).title} columns"
